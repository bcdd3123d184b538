"""People and programs of a workspace, and what each was granted. Every change is an entry of the
book `@access`, with ids and roles only: neither names nor secrets.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, cast

from handrail import books
from handrail.adapters.sql.store import SqlStore
from handrail.adapters.sql.unit import SqlUnit
from handrail.core.access import ALL, Grant, Identity, Kind, Role, fits
from handrail.core.ownership import Actor, Party
from handrail.errors import Conflict, InputError, NotFound, Refused

CONSOLE = Actor(kind=Party.SYSTEM, id="console")
"""Who does what is done on the machine itself, where nobody says who they are."""

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@+-]{0,127}")
_LONGEST, _LONGEST_SUBJECT = 200, 600
_ADD = "insert into identities (workspace, id, kind, name, at) values (?, ?, ?, ?, ?)"
_FIND = "select id, kind, name, at, disabled from identities where workspace = ?"
_GRANTS = "select identity, role, workflow, queue, topic from grants where workspace = ?"
_GRANT = (
    'insert into grants (workspace, identity, role, workflow, queue, topic, "by", at) '
    "values (?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing"
)
_UNGRANT = (
    "delete from grants where workspace = ? and identity = ? and role = ? and workflow = ? "
    "and queue = ? and topic = ?"
)
_BY_SUBJECT = f"{_FIND} and subject = ? and subject <> '' and disabled = 0"
_SESSIONS = (
    "select id from tokens where workspace = ? and identity = ? and kind = 'session' "
    "and revoked = 0"
)
_ADMINS = (
    "select count(*) from identities i join grants g on g.workspace = i.workspace "
    "and g.identity = i.id where i.workspace = ? and i.disabled = 0 and g.role = 'admin' "
    "and g.workflow = '*' and g.queue = '*' and g.topic = '*'"
)


_LAST = [object()]


def last_change() -> object:
    """What stays the same as long as this process has not changed who may do what, anywhere."""
    return _LAST[0]


class People:
    """Who is known in the workspace of a store. `by` is always who does it.

    InputError for what cannot be meant, NotFound for nobody, Conflict for what is taken.
    """

    def __init__(self, store: SqlStore) -> None:
        self._store = store

    @contextmanager
    def _changing(self) -> Iterator[SqlUnit]:
        """A unit in which nobody else changes who may do what in this workspace."""
        try:
            with self._store.unit() as unit:
                unit.case(books.ACCESS)
                yield cast("SqlUnit", unit)
        finally:
            _LAST[0] = object()  # after the commit; also when nobody knows whether it was one

    @contextmanager
    def _seeing(self) -> Iterator[SqlUnit]:
        with self._store.view() as unit:
            yield cast("SqlUnit", unit)

    def add_identity(
        self, name: str, kind: Kind = Kind.PERSON, *, shown: str = "", by: Actor = CONSOLE
    ) -> Identity:
        """Make somebody known by the id `name`; `shown` is their name as people read it. They may
        do nothing yet.
        """
        with self._changing() as unit:
            return self._add(unit, name, Kind(kind), shown, by)

    @staticmethod
    def _add(unit: SqlUnit, name: str, kind: Kind, shown: str, by: Actor) -> Identity:
        if not _ID.fullmatch(name):
            raise InputError(
                f"`{name[:_LONGEST]}` cannot be the id of anybody",
                hint="letters, digits and _ . @ + - from a letter or digit on, at most 128",
            )
        if len(shown) > _LONGEST or not shown.isprintable():
            raise InputError(f"a name is one line of at most {_LONGEST} characters")
        if found(unit, name):
            raise Conflict(f"`{name}` is there already", hint="choose another id")
        unit.ask(_ADD, name, kind.value, shown, unit.now())
        note(unit, "identity_added", by, identity=name, kind=kind.value)
        return Identity(id=name, kind=kind, name=shown, at=unit.now())

    def identity(self, name: str) -> Identity:
        """Who has that id."""
        with self._seeing() as unit:
            return known(unit, name)

    def identities(self) -> list[Identity]:
        """All of them, by id."""
        with self._seeing() as unit:
            granted: dict[str, list[Grant]] = {}
            for name, *row in unit.ask(_GRANTS):
                granted.setdefault(name, []).append(_grant(row))
            everybody = unit.ask(f"{_FIND} order by id")
            return [_identity(row, granted.get(row[0], [])) for row in everybody]

    def disable(self, name: str, *, by: Actor = CONSOLE) -> None:
        """Refuse all keys of somebody until `enable`, and end their sessions for good."""
        with self._changing() as unit:
            who = known(unit, name)
            if who.disabled:
                return
            put(unit, "identities", name, "disabled", unit.now())
            _keep_an_admin(unit, who.grants)
            end_sessions(unit, name)
            note(unit, "identity_disabled", by, identity=name)

    def enable(self, name: str, *, by: Actor = CONSOLE) -> None:
        """Accept their keys again."""
        with self._changing() as unit:
            self._enable(unit, name, by)

    @staticmethod
    def _enable(unit: SqlUnit, name: str, by: Actor) -> None:
        if known(unit, name).disabled:
            put(unit, "identities", name, "disabled", 0)
            note(unit, "identity_enabled", by, identity=name)

    def grant(self, name: str, grant: Grant, *, by: Actor = CONSOLE) -> None:
        """Give somebody a role. Given twice it is given once."""
        with self._changing() as unit:
            self._grant(unit, name, grant, by)

    @staticmethod
    def _grant(unit: SqlUnit, name: str, grant: Grant, by: Actor) -> None:
        who = known(unit, name)
        if not fits(who.kind, grant.role):
            raise InputError(
                f"`{name}` is a {who.kind} and cannot be {grant.role}",
                hint="a program is the AI agent; a human agent, a supervisor or a member of the "
                "board is a person",
            )
        for reach in (grant.workflow, grant.queue, grant.topic):
            if not reach or len(reach) > _LONGEST or not reach.isprintable():
                raise InputError("a grant names a workflow, queue or topic, or `*` for all")
        if grant not in who.grants:
            unit.ask(_GRANT, name, *_columns(grant), by.id, unit.now())
            note(unit, "granted", by, identity=name, **_told(grant))

    def ungrant(self, name: str, grant: Grant, *, by: Actor = CONSOLE) -> None:
        """Take exactly this grant back."""
        with self._changing() as unit:
            if grant not in known(unit, name).grants:
                raise NotFound(
                    f"`{name}` was not granted {grant.role} like that",
                    hint="name its workflow, queue and topic as they were granted",
                )
            unit.ask(_UNGRANT, name, *_columns(grant))
            _keep_an_admin(unit, [grant])
            note(unit, "ungranted", by, identity=name, **_told(grant))

    def grants(self, name: str) -> tuple[Grant, ...]:
        """What somebody was granted."""
        return self.identity(name).grants

    def set_subject(self, name: str, issuer: str, subject: str, *, by: Actor = CONSOLE) -> None:
        """Who an OpenID provider says they are: its address, and their id (`sub`) there. An empty
        `subject`: nobody, from now on.
        """
        whole = _subject(issuer, subject) if subject else ""
        if subject and (not issuer or " " in issuer or not whole.isprintable()):
            raise InputError("a subject is an issuer without spaces, and who it is there")
        if len(whole) > _LONGEST_SUBJECT:
            raise InputError(f"a subject has at most {_LONGEST_SUBJECT} characters")
        with self._changing() as unit:
            if known(unit, name).kind is not Kind.PERSON:
                raise InputError(f"`{name}` is a program", hint="only people sign in")
            held = unit.ask(f"{_FIND} and subject = ? and id <> ?", whole, name)
            if whole and held:
                raise Conflict(f"`{held[0][0]}` has this subject", hint="take it from there first")
            put(unit, "identities", name, "subject", whole)
            end_sessions(unit, name)
            note(unit, "subject_set" if whole else "subject_removed", by, identity=name)

    def by_subject(self, issuer: str, subject: str) -> Identity | None:
        """Who that is, unless they are disabled; None: nobody."""
        whole = _subject(issuer, subject)
        if not (issuer and subject and whole.isprintable()):
            return None
        with self._seeing() as unit:
            row = next(iter(unit.ask(_BY_SUBJECT, whole)), None)
            return known(unit, row[0]) if row else None


def _subject(issuer: str, subject: str) -> str:
    """As it is kept: an id means something only together with its issuer, which has no space."""
    return f"{issuer} {subject}"


def known(unit: SqlUnit, name: str) -> Identity:
    """Who has that id, with their grants. NotFound when nobody has."""
    row = found(unit, name)
    if row is None:
        raise NotFound(f"nobody has the id `{name[:_LONGEST]}`", hint="look at the list of people")
    granted = unit.ask(f"{_GRANTS} and identity = ?", name)
    return _identity(row, [_grant(one[1:]) for one in granted])


def end_sessions(unit: SqlUnit, name: str) -> None:
    """Whoever is signed in as them is not any more."""
    for (token,) in unit.ask(_SESSIONS, name):
        put(unit, "tokens", token, "revoked", unit.now())


def put(unit: SqlUnit, table: str, name: str, column: str, value: str | int) -> None:
    """Change one column of an identity or a token."""
    kind = "bigint" if isinstance(value, int) else "text"
    unit.ask(
        f"update {table} set {column} = q.v from (select cast(? as text) as w, "
        f"cast(? as text) as n, cast(? as {kind}) as v) as q where workspace = q.w and id = q.n",
        *(name, value),
    )


def found(unit: SqlUnit, name: str) -> Any:
    """The row of somebody, None when nobody has that id; it may be any text."""
    return next(iter(unit.ask(f"{_FIND} and id = ?", name)), None) if _ID.fullmatch(name) else None


def _identity(row: Any, granted: list[Grant]) -> Identity:
    name, kind, shown, at, disabled = row
    return Identity(
        id=name,
        kind=Kind(kind),
        name=shown,
        grants=tuple(sorted(granted)),
        at=at,
        disabled=disabled,
    )


def _grant(row: Any) -> Grant:
    role, workflow, queue, topic = row
    return Grant(role=Role(role), workflow=workflow, queue=queue, topic=topic)


def _columns(grant: Grant) -> tuple[str, ...]:
    return grant.role.value, grant.workflow, grant.queue, grant.topic


def _told(grant: Grant) -> dict[str, str]:
    """A grant for the ledger, without what it does not narrow."""
    reach = {"workflow": grant.workflow, "queue": grant.queue, "topic": grant.topic}
    return {"role": grant.role.value} | {k: v for k, v in reach.items() if v != ALL}


def _keep_an_admin(unit: SqlUnit, lost: Iterable[Grant]) -> None:
    """Nobody locks everybody out."""
    lose = any(one.role is Role.ADMIN and one.everywhere for one in lost)
    if lose and not unit.ask(_ADMINS)[0][0]:
        raise Refused(
            "nobody would be left who may administer this workspace",
            hint="grant `admin` to somebody else first",
        )


def note(unit: SqlUnit, name: str, by: Actor, **body: Any) -> None:
    """An entry of the book."""
    books.write(unit, books.ACCESS, name, by, body)
