"""Webhooks of a workspace: each change becomes one row for each endpoint that wants it, and a row
is tried until its receiver has taken it, or has not for days.

A row has a key made of the endpoint and the entry, so that it is there once, however often and by
however many processes the changes are read; its receiver tells a repetition by it.
"""

import hashlib
import random
import secrets
from collections.abc import Sequence
from typing import NamedTuple, cast

from msgspec.structs import replace

from handrail.adapters.hooks import event
from handrail.adapters.hooks.schedule import SCHEDULE, rest
from handrail.adapters.hooks.sender import Answer
from handrail.adapters.sql.endpoints import (
    CURSOR,
    FAILING,
    GONE,
    Endpoint,
    Endpoints,
    everything,
    known,
    note,
)
from handrail.adapters.sql.feed import Change, Feed
from handrail.adapters.sql.hookrows import (
    ALL,
    FAILED,
    QUEUED,
    SENT,
    STATUSES,
    Hook,
    HookPage,
    Try,
    find,
    page,
    put,
    read,
)
from handrail.adapters.sql.unit import SqlUnit
from handrail.core.ownership import Actor
from handrail.errors import Conflict, InputError, NotFound, Refused

KEPT = 30 * 86_400_000
"""For how long it is known what became of a webhook."""
LEASE = 30_000
"""For how long nobody else tries what somebody is at: longer than a try may take."""
_PURGED = "hooks/purged"
_ELSEWHERE = (Conflict, InputError)  # a cursor of before a restore, maybe from another database
_PAGE, _TRIES, _FAR = 200, 20, 10_000
_NEW = (
    'insert into hooks (workspace, key, endpoint, "case", number, status, at, due, event) '
    "values (?, ?, ?, ?, ?, 'queued', ?, ?, ?) on conflict do nothing"
)
_VALUE = "select value from cursors where workspace = ? and name = ?"
_POINT = (
    "insert into cursors (workspace, name, value) values (?, ?, ?) "
    "on conflict (workspace, name) do update set value = excluded.value"
)
_DUE = f"{ALL} and endpoint = ? and status = 'queued' and due <= ? order by due limit ?"
_OLD = (
    "delete from hooks where workspace = ? and endpoint = ? and status = ? and at < ? returning key"
)
_FAILED = f"{ALL} and endpoint = ? and status = 'failed' and at >= ?"
_REACHED = (
    "select 1 from hooks where workspace = ? and endpoint = ? and status = 'sent' "
    "and at >= ? and due >= ? limit 1"
)


class Job(NamedTuple):
    """What is to be tried now: the row as it was taken, where it goes, what signs it."""

    hook: Hook
    url: str
    secrets: tuple[str, ...]


class Hooks(Endpoints):
    """The webhooks of the workspace of a store; see `Endpoints` for where they go."""

    def spread(self, limit: int = _PAGE) -> bool:
        """Read on in the changes, and make a row of each for each endpoint that wants it; whether
        there is more. Who does it at the same time finds nothing to do.
        """
        with self._seeing() as unit:
            if not any(one.enabled for one in everything(unit)):
                return False
            cursor = _value(unit, CURSOR) or self._feed.first()
        begin = cursor
        try:
            seen = self._feed.read(begin, limit)
        except _ELSEWHERE:  # begin anew; what is there already stays as it is
            begin = self._feed.first()
            seen = self._feed.read(begin, limit)
        far = self._feed.place(seen.cursor)[0] - self._feed.place(begin)[0] > _FAR
        if not (seen.changes or far):  # far: of other workspaces, not to be looked at again
            return False
        with self._store.unit() as made:
            unit = cast("SqlUnit", made)
            if self._locked(unit) not in {cursor, ""}:
                return True  # somebody else was quicker
            self._make(unit, seen.changes)
            unit.ask(_POINT, CURSOR, seen.cursor)
        return seen.more

    def _locked(self, unit: SqlUnit) -> str:
        """How far the changes were read, ours until the unit ends."""
        lock = "" if self._store.url.startswith("sqlite") else " for update"
        rows = unit.ask(_VALUE + lock, CURSOR)
        return str(rows[0][0]) if rows else ""

    def _make(self, unit: SqlUnit, changes: Sequence[Change]) -> None:
        purged, now = int(_value(unit, _PURGED) or 0), unit.now()
        there = [one for one in everything(unit) if one.enabled]
        for change in changes:
            entry, text = change.entry, ""
            for one in there:
                if event.wanted(one.events, entry.case, entry.name) and _begun(
                    self._feed, one, change, purged
                ):
                    text = text or event.written(self._store.workspace, change)
                    key = _key(one.id, event.identity(change))
                    unit.ask(_NEW, key, one.id, entry.case, entry.number, now, now, text)

    def ping(self, name: str) -> str:
        """Queue an event that tells of nothing; its key. Refused when the endpoint is disabled."""
        with self._store.unit() as made:
            unit = cast("SqlUnit", made)
            _enabled(known(unit, name))
            key, now = f"msg_{secrets.token_hex(16)}", unit.now()
            text = event.ping(self._store.workspace, name, key, now)
            unit.ask(_NEW, key, name, "", 0, now, now, text)
        return key

    def waiting(self) -> bool:
        """Whether anything is due. Nothing is locked."""
        with self._seeing() as unit:
            there = [one for one in everything(unit) if one.enabled]
            return any(unit.ask(_DUE, one.id, unit.now(), 1) for one in there)

    def take(self, room: int, each: int, busy: Sequence[str] = ()) -> list[Job]:
        """What is due, at most `room`, leased, and at most `each` of an endpoint, those counted
        that are `busy` with one already: one that is slow does not hold up the others.
        """
        found: list[Job] = []
        skip = "" if self._store.url.startswith("sqlite") else " for update skip locked"
        with self._store.unit() as made:
            unit = cast("SqlUnit", made)
            there = [one for one in everything(unit) if one.enabled]
            random.shuffle(there)
            for one in there:
                most = min(room - len(found), each - busy.count(one.id))
                rows = unit.ask(_DUE + skip, one.id, unit.now(), most) if most > 0 else []
                found += [_leased(unit, read(row), one) for row in rows]
        return found

    def take_one(self, key: str) -> Job | None:
        """That one, leased, if it is queued and due."""
        with self._store.unit() as made:
            unit = cast("SqlUnit", made)
            hook = self._row(unit, key)
            fine = hook and hook.status == QUEUED and hook.due <= unit.now()
            return _leased(unit, hook, known(unit, hook.endpoint)) if hook and fine else None

    def settle(self, tried: Hook, answer: Answer) -> Hook | None:
        """Mark how a try went; the row as it is now. One that failed is due again later, until the
        schedule is over. Disables the endpoint that wants nothing any more, or has taken nothing
        for as long as this was tried.
        """
        with self._store.unit() as made:
            unit = cast("SqlUnit", made)
            hook = self._row(unit, tried.key)
            ours = hook is not None and hook.attempts == tried.attempts
            if hook is None or hook.status != QUEUED or (answer.error and not ours):
                return hook  # removed, sent by somebody else, or tried by them now
            now = unit.now()
            done = Try(at=now, http=answer.http, error=answer.error, said=answer.said)
            hook = replace(hook, error=answer.error, tries=(*hook.tries, done)[-_TRIES:])
            if not answer.error:
                hook = replace(hook, status=SENT, due=now)
            elif answer.http == 410 or hook.attempts > len(SCHEDULE):
                hook = replace(hook, status=FAILED, due=0)
            else:
                hook = replace(hook, due=now + rest(hook.attempts, answer.wait))
            put(unit, hook)
            dead = hook.status == FAILED and not unit.ask(_REACHED, hook.endpoint, *_since(hook))
        if answer.http == 410:
            self.disable(hook.endpoint, GONE)
        elif dead:
            self.disable(hook.endpoint, FAILING)
        return hook

    def _row(self, unit: SqlUnit, key: str) -> Hook | None:
        lock = "" if self._store.url.startswith("sqlite") else " for update"
        return find(unit, key, lock)

    def replay(self, name: str, key: str = "", since: int = 0, *, by: Actor) -> int:
        """Try again what had failed: one by its key, which may have been sent too, or all that
        failed and were made at `since` or later; how many. Each keeps its key. Refused when the
        endpoint is disabled.
        """
        with self._changing() as unit:
            _enabled(known(unit, name))
            if key:
                one = find(unit, key)
                if one is None or one.endpoint != name:
                    raise _unknown()
                failed = [one]
            else:
                rows = unit.ask(_FAILED, name, since)
                failed = [read(row) for row in rows]
            for one in failed:
                put(unit, replace(one, status=QUEUED, attempts=0, due=unit.now(), error=""))
            if failed:
                note(unit, "replayed", name, by, count=len(failed))
        return len(failed)

    def deliveries(
        self, name: str, *, status: str = "", after: str = "", limit: int = 100
    ) -> HookPage:
        """What was or is to be sent to an endpoint, the latest first; see `hookrows.page`."""
        with self._seeing() as unit:
            known(unit, name)
            return page(unit, name, status, after, limit)

    def delivery(self, key: str) -> Hook:
        """The one of that key."""
        with self._seeing() as unit:
            found = find(unit, key)
        if found is None:
            raise _unknown()
        return found

    def purge(self) -> int:
        """Forget what is older than `KEPT`; how many rows."""
        with self._store.unit() as made:
            unit = cast("SqlUnit", made)
            end = unit.now() - KEPT
            gone = [
                row
                for one in everything(unit)
                for status in STATUSES  # each by its index
                for row in unit.ask(_OLD, one.id, status, end)
            ]
            if gone:
                unit.ask(_POINT, _PURGED, str(end))
        return len(gone)


def _begun(feed: Feed, one: Endpoint, change: Change, purged: int) -> bool:
    """Whether an endpoint is to be told of this: it was enabled then, and if the order of then is
    not known any more, after a restore, it is said by the time. What was forgotten stays so.
    """
    try:
        return change.place > feed.place(one.after)
    except _ELSEWHERE:
        return change.entry.at >= max(one.since, purged)


def _key(endpoint: str, identity: str) -> str:
    mark = hashlib.blake2b(f"{endpoint}\n{identity}".encode(), digest_size=16)
    return f"msg_{mark.hexdigest()}"


def _value(unit: SqlUnit, name: str) -> str:
    rows = unit.ask(_VALUE, name)
    return str(rows[0][0]) if rows else ""


def _unknown() -> NotFound:
    return NotFound("there is no such delivery", hint="look at the list of them")


def _enabled(one: Endpoint) -> None:
    if not one.enabled:
        raise Refused(f"the endpoint `{one.id}` is disabled", hint="enable it first")


def _since(hook: Hook) -> tuple[int, int]:
    """What reached the endpoint while this did not: made no long time before it, and sent since."""
    return hook.at - sum(SCHEDULE), hook.at


def _leased(unit: SqlUnit, hook: Hook, to: Endpoint) -> Job:
    taken = replace(hook, due=unit.now() + LEASE, attempts=hook.attempts + 1)
    put(unit, taken)
    return Job(taken, to.url, to.signing(unit.now()))
