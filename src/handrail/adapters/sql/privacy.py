"""What is kept about a person: shown, erased, held back from erasure, and forgotten in time.

What can be erased is apart from what is chained, so after an erasure the ledger verifies, and
decisions replay from the signals that were stored.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

from sqlalchemy import NullPool, create_engine, text

from handrail.adapters.sql import dialects, erasing, person, personal
from handrail.adapters.sql.erasing import Erased
from handrail.adapters.sql.personal import Hold, Subject
from handrail.adapters.sql.schema import METADATA
from handrail.adapters.sql.store import SqlStore
from handrail.adapters.sql.unit import SqlUnit
from handrail.core.ownership import Status
from handrail.errors import Conflict, InputError, NotFound, Refused, Unavailable

REQUEST = "request"
"""Why values are erased unless something else is said: the person asked for it."""
HOLD = "legal_hold"
_CODE = re.compile(r"[a-z][a-z0-9_]{0,63}")


class Privacy:
    """What is kept about people in a store. `by` is always the person who does it, by id."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store

    subject = staticmethod(personal.subject)

    @contextmanager
    def _unit(self, *, keep: bool = True) -> Iterator[SqlUnit]:
        with self._store.unit() if keep else self._store.view() as unit:
            yield cast("SqlUnit", unit)

    def export(self, who: Subject) -> dict[str, Any]:
        """Everything that is kept about a person, as of one instant, as plain data for JSON.

        NotFound when nothing is kept.
        """
        with self._unit(keep=False) as unit:
            return person.told(unit, self._store.workspace, who)

    def erase(
        self,
        who: Subject,
        *,
        by: str,
        reason: str = REQUEST,
        open_too: bool = False,
        dry_run: bool = False,
    ) -> Erased:
        """Erase what is kept about a person, in one unit: all of it, or nothing.

        `reason` is a code. NotFound when nothing is kept; Refused while a hold forbids it, or a
        case is not closed, unless `open_too`. A second time changes nothing.
        """
        actor = _human(by)
        if not _CODE.fullmatch(reason):
            raise InputError(
                f"`{reason}` is no code of a reason",
                hint="small letters, digits and `_`; the ledger holds no free text",
            )
        with self._unit(keep=not dry_run) as unit:
            names = personal.cases_of(unit, who)
            found = [case for case in map(unit.case, names) if case is not None]
            _refuse_held(unit, names)
            is_open = [one.id for one in found if one.ownership.status is not Status.CLOSED]
            if is_open and not open_too:
                more = f", and {len(is_open) - 1} more" if is_open[1:] else ""
                raise Refused(
                    f"case `{is_open[0]}` is not closed{more}",
                    hint="close it first, or say that open cases are meant too",
                )
            done = Erased()
            for case in found:
                there = personal.trace(unit, case)
                done += erasing.counted(there)
                if there and not dry_run:
                    erasing.carry_out(unit, case, there, actor, reason)
        return done

    def hold(self, who: Subject, *, by: str, reason: str) -> None:
        """Forbid to erase what is kept about a subject, in cases that it will have too. Each case
        gets an entry. NotFound when nothing is kept; Conflict when it is on hold already.
        """
        actor = _human(by)
        if not reason:
            raise InputError("a hold needs a reason", hint="say why, for whoever is refused later")
        with self._unit() as unit:
            for name in personal.cases_of(unit, who):
                _note(unit, name, actor, who, on=True)
            for one in personal.holds(unit):
                if one.subject == who:
                    raise Conflict(f"{who} is on hold already, by `{one.by}`: {one.reason}")
            unit.ask(_PUT, *who, reason, by, unit.now())

    def release(self, who: Subject, *, by: str) -> None:
        """End a hold. NotFound when there is none."""
        actor = _human(by)
        with self._unit() as unit:
            if all(one.subject != who for one in personal.holds(unit)):
                raise NotFound(
                    f"{who} is not on hold", hint="`handrail privacy holds` lists what is"
                )
            for name in personal.cases_of(unit, who):
                _note(unit, name, actor, who, on=False)
            unit.ask("delete from holds where workspace = ? and kind = ? and subject = ?", *who)

    def holds(self) -> list[Hold]:
        """All holds, the oldest first."""
        with self._unit(keep=False) as unit:
            return personal.holds(unit)

    def purge(self, older_than: int, *, limit: int = 1000) -> Erased:
        """Erase what is kept in cases that have been closed and unchanged for `older_than`
        milliseconds, at most `limit` cases, oldest first. What is on hold stays.
        """
        return erasing.sweep(self._store, older_than, limit, whole=True)

    def forget(self, older_than: int, *, limit: int = 1000) -> Erased:
        """Only the answers of such cases: a call repeated later than that is a new one."""
        return erasing.sweep(self._store, older_than, limit, whole=False)

    def scrub(self) -> None:
        """Have the database give up what it still holds of rows that are gone: in free pages and
        the log of SQLite, in dead rows and statistics of PostgreSQL. Backups are elsewhere.

        It rewrites the file of SQLite, which needs as much room again. Unavailable while another
        process reads it.
        """
        _scrub(self._store.url)


def _human(by: str) -> str:
    if not by:
        raise InputError("nobody is named who does this", hint="give the person's id")
    return f"human:{by}"


def _refuse_held(unit: SqlUnit, names: Sequence[str]) -> None:
    for one in personal.holds_on(unit, names):
        raise Refused(
            f"{one.kind} `{one.id}` is on hold by `{one.by}`: {one.reason}",
            hint="nothing may be erased until the hold is released",
        )


_PUT = 'insert into holds (workspace, kind, subject, reason, "by", at) values (?, ?, ?, ?, ?, ?)'


def _note(unit: SqlUnit, name: str, actor: str, who: Subject, *, on: bool) -> None:
    """Note on a case that a hold begins or ends."""
    case = unit.case(name)
    if case is not None:
        erasing.note(unit, case, actor, [(HOLD, {"on": on, "subject": who.kind})])


def _scrub(url: str) -> None:
    dialect = dialects.of(url)
    arguments = dict(dialect.arguments)
    engine = create_engine(url, poolclass=NullPool, connect_args=arguments)
    tables = ", ".join(METADATA.tables)
    with dialect.told(), engine.connect() as raw:
        connection = raw.execution_options(isolation_level="AUTOCOMMIT")
        if dialect.name != "sqlite":
            connection.execute(text(f"vacuum (analyze) {tables}"))
            return
        connection.execute(text("pragma busy_timeout = 30000"))
        connection.execute(text("vacuum"))
        busy = connection.execute(text("pragma wal_checkpoint(truncate)")).fetchone()
    if busy and busy[0]:
        raise Unavailable("the log of the store is being read", hint="repeat it when it is quiet")
