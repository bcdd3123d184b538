"""Where the webhooks of a workspace go, and what each endpoint wants. Every change is an entry of
the book `@hooks`, with ids, hosts and names of events only: neither secrets nor whole addresses.
"""

import re
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

from msgspec import Struct
from msgspec.structs import replace

from handrail import books, codec
from handrail.adapters.hooks import event, guard, signing
from handrail.adapters.sql.feed import Feed
from handrail.adapters.sql.store import SqlStore
from handrail.adapters.sql.unit import SqlUnit
from handrail.core.ownership import Actor, Party
from handrail.errors import InputError, NotFound, Refused

CURSOR = "hooks"
"""The name under which it is kept how far the changes were read for webhooks."""
ENABLED, DISABLED = "enabled", "disabled"
GONE, FAILING = "gone", "failing"
"""Why an endpoint was disabled by itself: it answered 410, or nothing has reached it for days."""
OVERLAP = 86_400_000
"""For how many milliseconds both secrets sign while one takes the place of the other."""
MOST = 50
"""Endpoints of a workspace."""
_LONGEST = 200
_ID = re.compile(r"ep_[0-9a-f]{16}")
_ALL = "select id, url, status, at, body from endpoints where workspace = ?"
_PUT = (
    "insert into endpoints (workspace, id, url, status, at, body) values (?, ?, ?, ?, ?, ?) "
    "on conflict (workspace, id) do update set url = excluded.url, status = excluded.status, "
    "body = excluded.body"
)
_POINT = (
    "insert into cursors (workspace, name, value) values (?, ?, ?) "
    "on conflict (workspace, name) do update set value = excluded.value"
)
_SYSTEM = Actor(kind=Party.SYSTEM, id="webhooks")


class Secret(Struct, frozen=True):
    """What signs, `until` a time; 0: until there is another."""

    text: str
    until: int = 0

    def __repr__(self) -> str:
        return "Secret(…)"  # wherever this comes


class Endpoint(Struct, frozen=True, kw_only=True):
    """An endpoint. `since`: when it was enabled last; `after`: the cursor of the changes then;
    `reason`: why it was disabled, if it was not a person who did it.
    """

    id: str
    url: str
    status: str
    at: int
    events: tuple[str, ...]
    description: str
    reason: str
    since: int
    after: str
    secrets: tuple[Secret, ...]

    @property
    def enabled(self) -> bool:
        """Whether anything is sent there."""
        return self.status == ENABLED

    def signing(self, now: int) -> tuple[str, ...]:
        """The secrets that sign at that time, the newest first."""
        return tuple(one.text for one in self.secrets if not one.until or now < one.until)


class _Body(Struct, omit_defaults=True):
    events: tuple[str, ...] = (event.ALL,)
    description: str = ""
    reason: str = ""
    since: int = 0
    after: str = ""
    secrets: tuple[Secret, ...] = ()


class Endpoints:
    """The endpoints of the workspace of a store. `by` is always who does it; `private`: ranges that
    webhooks may go to although they are not public.

    InputError for what cannot be meant, NotFound for an endpoint that is not there.
    """

    def __init__(self, store: SqlStore, private: Sequence[str] = ()) -> None:
        self._store, self._feed = store, Feed(store)
        self._allowed = guard.networks(private)

    @property
    def clock(self) -> Callable[[], int]:
        """The clock of the store."""
        return self._store.clock

    @contextmanager
    def _changing(self) -> Iterator[SqlUnit]:
        """A unit in which nobody else changes endpoints."""
        with self._store.unit() as unit:
            unit.case(books.HOOKS)
            yield cast("SqlUnit", unit)

    @contextmanager
    def _seeing(self) -> Iterator[SqlUnit]:
        with self._store.view() as unit:
            yield cast("SqlUnit", unit)

    def add(
        self, url: str, events: Sequence[str] = (), description: str = "", *, by: Actor
    ) -> tuple[Endpoint, str]:
        """A new endpoint, which is told of what happens from now on, and its secret, which is shown
        only here. Refused when there are too many.
        """
        guard.check(url, self._allowed)
        wants = event.checked(tuple(events))
        after, secret = self._feed.last(), signing.new_secret()
        with self._changing() as unit:
            there = everything(unit)
            if len(there) >= MOST:
                raise Refused(f"a workspace has at most {MOST} endpoints", hint="remove one first")
            made = Endpoint(
                id=f"ep_{secrets.token_hex(8)}",
                url=url,
                status=ENABLED,
                at=unit.now(),
                events=wants,
                description=_line(description),
                reason="",
                since=unit.now(),
                after=after,
                secrets=(Secret(secret),),
            )
            _begin(unit, there, after)
            _put(unit, made)
            _note(unit, "added", made, by, host=_host(url), events=list(wants))
        return made, secret

    def endpoints(self) -> list[Endpoint]:
        """All of them, the oldest first."""
        with self._seeing() as unit:
            return everything(unit)

    def endpoint(self, name: str) -> Endpoint:
        """The one of that id."""
        with self._seeing() as unit:
            return known(unit, name)

    def change(
        self,
        name: str,
        *,
        url: str | None = None,
        events: Sequence[str] | None = None,
        description: str | None = None,
        enabled: bool | None = None,
        by: Actor,
    ) -> Endpoint:
        """Change what is given. One that was disabled is told of what happens after it is enabled,
        and of what had not reached it before.
        """
        if url is not None:
            guard.check(url, self._allowed)
        after = self._feed.last()
        with self._changing() as unit:
            old = made = known(unit, name)
            told: dict[str, Any] = {}
            if url is not None and url != made.url:
                made, told["host"] = replace(made, url=url), _host(url)
            if events is not None:
                made = replace(made, events=event.checked(tuple(events)))
                told |= {"events": list(made.events)} if made.events != old.events else {}
            if description is not None:
                made = replace(made, description=_line(description))
                told |= {"description": "changed"} if made.description != old.description else {}
            if told:
                _note(unit, "changed", made, by, **told)
            if enabled is True and not made.enabled:
                _begin(unit, everything(unit), after)
                made = replace(made, status=ENABLED, reason="", since=unit.now(), after=after)
                _note(unit, "enabled", made, by)
            elif enabled is False and made.enabled:
                made = replace(made, status=DISABLED)
                _note(unit, "disabled", made, by)
            _put(unit, made)
            return made

    def disable(self, name: str, reason: str) -> None:
        """Send nothing there any more, because of what its receiver did."""
        with self._changing() as unit:
            made = next((one for one in everything(unit) if one.id == name), None)
            if made is not None and made.enabled:
                made = replace(made, status=DISABLED, reason=reason)
                _put(unit, made)
                _note(unit, "disabled", made, _SYSTEM, reason=reason)

    def rotate(self, name: str, overlap: int = OVERLAP, *, by: Actor) -> str:
        """A new secret, shown only here. For `overlap` milliseconds the old ones sign, too."""
        if overlap < 0:
            raise InputError("the overlap cannot be negative", hint="give 0 to end the old one now")
        made = signing.new_secret()
        with self._changing() as unit:
            old, now = known(unit, name), unit.now()
            until = now + overlap
            kept = [
                Secret(one.text, min(one.until or until, until))
                for one in old.secrets
                if overlap and (not one.until or now < one.until)
            ]
            _put(unit, replace(old, secrets=(Secret(made), *kept)))
            _note(unit, "rotated", old, by, until=until)
        return made

    def remove(self, name: str, *, by: Actor) -> None:
        """Forget an endpoint, and all that was or was to be sent there."""
        with self._changing() as unit:
            old = known(unit, name)
            unit.ask("delete from endpoints where workspace = ? and id = ?", name)
            unit.ask("delete from hooks where workspace = ? and endpoint = ?", name)
            _note(unit, "removed", old, by)


def everything(unit: SqlUnit) -> list[Endpoint]:
    """All endpoints, the oldest first."""
    return [_read(row) for row in unit.ask(f"{_ALL} order by at, id")]


def known(unit: SqlUnit, name: str) -> Endpoint:
    """The endpoint of that id."""
    rows = unit.ask(f"{_ALL} and id = ?", name) if _ID.fullmatch(name) else []
    if not rows:
        raise NotFound(
            f"there is no endpoint `{ascii(name[:40])[1:-1]}`", hint="look at the list of them"
        )
    return _read(rows[0])


def note(unit: SqlUnit, name: str, endpoint: str, by: Actor, **body: Any) -> None:
    """An entry of the book."""
    books.write(unit, books.HOOKS, f"endpoint_{name}", by, {"endpoint": endpoint, **body})


def _note(unit: SqlUnit, name: str, made: Endpoint, by: Actor, **body: Any) -> None:
    note(unit, name, made.id, by, **body)


def _begin(unit: SqlUnit, there: Sequence[Endpoint], after: str) -> None:
    """Where nobody was told of anything, nobody has to be told of what was before."""
    if not any(one.enabled for one in there):
        unit.ask(_POINT, CURSOR, after)


def _read(row: Any) -> Endpoint:
    name, url, status, at, body = row
    kept = codec.load(_Body, body)
    return Endpoint(
        id=name,
        url=url,
        status=status,
        at=at,
        events=kept.events,
        description=kept.description,
        reason=kept.reason,
        since=kept.since,
        after=kept.after,
        secrets=kept.secrets,
    )


def _put(unit: SqlUnit, one: Endpoint) -> None:
    body = _Body(
        events=one.events,
        description=one.description,
        reason=one.reason,
        since=one.since,
        after=one.after,
        secrets=one.secrets,
    )
    unit.ask(_PUT, one.id, one.url, one.status, one.at, codec.dump(body))


def _line(text: str) -> str:
    if len(text) > _LONGEST or not text.isprintable():
        raise InputError(f"a description is one line of at most {_LONGEST} characters")
    return text


def _host(url: str) -> str:
    """Of an address what is no secret: some have one in their path."""
    return guard.target(url).authority
