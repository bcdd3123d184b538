"""Every entry of a workspace in the order of the commits: what streams and webhooks read.

A cursor names a place in that order. In SQLite it is the row, as there is one writer at a time. In
PostgreSQL transactions commit in another order than they began, so an entry is shown once every
transaction that began before its own has ended: `held` says that some are not shown yet.
"""

import base64
import binascii
from collections.abc import Sequence
from typing import Any, NamedTuple, cast

import msgspec

from handrail import codec
from handrail.adapters.sql import rows
from handrail.adapters.sql.store import SqlStore
from handrail.adapters.sql.unit import SqlUnit
from handrail.core.ownership import Status
from handrail.errors import Conflict, InputError
from handrail.ports import Entry

_FIELDS = 'e."case", e.number, e.at, e.name, e.actor, e.incarnation, e.epoch, e.body'
_NOW = "c.workflow, c.status, c.owner, c.queue, c.body"
_FROM = 'from entries e join cases c on c.workspace = e.workspace and c.id = e."case"'
_SQLITE = (  # `+`: by the row, not through the key, which would sort all there is
    f"select {_FIELDS}, {_NOW}, e.rowid, 0 {_FROM} "
    "where +e.workspace = ? and e.rowid > ? and e.rowid <= ? order by e.rowid limit ?"
)
_SQLITE_END = "select coalesce(max(rowid), 0) from entries where ? <> ''"
_XMIN = "pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
_KEY = '(e.place, e."case" collate "C", e.number)'  # as tuples compare here too
_POSTGRESQL = (
    f"select {_FIELDS}, {_NOW}, e.place, (e.place >= {_XMIN})::int {_FROM} "
    f"where e.workspace = ? and e.place >= ? and {_KEY} > (?, ?, ?) and {_KEY} <= (?, ?, ?) "
    f"order by {_KEY} limit ?"
)
_POSTGRESQL_END = f"select {_XMIN} where ? <> ''"
_LAG = f"select coalesce(min(at), 0) from entries where workspace = ? and place >= {_XMIN} limit 1"
_FAR = (1 << 62, "", 0)  # after everything that is and will be


Place = tuple[int, str, int]
"""What a cursor says. The later change has the greater one."""


class Change(NamedTuple):
    """An entry with its cursor, and where its case is by now: what may be seen goes by that."""

    cursor: str
    place: Place
    entry: Entry
    workflow: str
    status: str
    owner: str
    queue: str
    topics: tuple[str, ...]


class Page(NamedTuple):
    """A part of the changes. `cursor`: where to go on; `more`: there are more already; `held`:
    there are some that cannot be shown before a transaction that still runs has ended.
    """

    changes: Sequence[Change]
    cursor: str
    more: bool
    held: bool


class Feed:
    """The changes of the workspace of a store."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store
        self._rows = store.url.startswith("sqlite")

    def last(self) -> str:
        """The cursor behind everything that can be shown now."""
        with self._store.view() as made:
            return self._cursor((self._end(cast("SqlUnit", made)), "", 0))

    def first(self) -> str:
        """The cursor before everything."""
        return self._cursor((0, "", 0))

    def read(self, after: str, limit: int = 500, *, until: str = "") -> Page:
        """At most `limit` changes behind a cursor, none behind `until`. Conflict for a cursor of
        before a restore, or of another store: whoever has it must begin anew.
        """
        place = self.place(after)
        last = self.place(until) if until else _FAR
        with self._store.view() as made:
            unit = cast("SqlUnit", made)
            if self._rows:
                end = self._end(unit)
                if place[0] > end:
                    raise _other(after)
                found = unit.ask(_SQLITE, place[0], min(last[0], end), limit)
            else:  # no question more than is needed: each is a way to the server and back
                end = 0
                found = unit.ask(_POSTGRESQL, place[0], *place, *last, limit)
        ready = [row for row in found if not row[14]]
        topics: dict[str, tuple[str, ...]] = {}
        changes = [self._change(row, topics) for row in ready]
        more = len(ready) == limit
        cursor = changes[-1].cursor if changes else after
        if self._rows and not more and not until:
            cursor = self._cursor((end, "", 0))  # rows of others are not looked at again
        return Page(changes, cursor, more, held=len(ready) < len(found))

    def check(self, cursor: str) -> None:
        """Errors as of `read`, also for a cursor that lies in the future."""
        place = self.place(cursor)
        with self._store.view() as made:
            if place[0] > self._end(cast("SqlUnit", made)):
                raise _other(cursor)

    def lag(self) -> int:
        """For how long, in milliseconds, the oldest entry that cannot be shown yet has waited."""
        if self._rows:
            return 0
        with self._store.view() as made:
            found = int(cast("SqlUnit", made).ask(_LAG)[0][0])
            return max(0, made.now() - found) if found else 0

    def _end(self, unit: SqlUnit) -> int:
        return int(unit.ask(_SQLITE_END if self._rows else _POSTGRESQL_END)[0][0])

    def _change(self, row: Sequence[Any], topics: dict[str, tuple[str, ...]]) -> Change:
        entry, case = rows.read_entry(row[:8]), row[0]
        if case not in topics:
            topics[case] = codec.load(_Topics, row[12]).state.topics
        place = (row[13], "" if self._rows else case, 0 if self._rows else entry.number)
        workflow, status, owner, queue = row[8:12]
        queue = "" if status == Status.AI else queue  # it is with nobody who waits
        cursor = self._cursor(place)
        return Change(cursor, place, entry, workflow, status, owner, queue, topics[case])

    def _cursor(self, place: Place) -> str:
        row, case, number = place
        if self._rows:
            return f"{self._store.incarnation}-{row}"
        mark = base64.urlsafe_b64encode(case.encode("utf-8", "surrogatepass")).decode().rstrip("=")
        return f"{self._store.incarnation}-{row}-{mark}-{number}"

    def place(self, cursor: str) -> Place:
        """What a cursor says. InputError when it says nothing, Conflict when it is not of here."""
        head, _, rest = cursor.partition("-")
        row, _, rest = rest.partition("-")
        mark, _, number = rest.rpartition("-")
        numbers = (head, row) if self._rows else (head, row, number)
        if (self._rows and (mark or number)) or not all(
            one.isascii() and one.isdigit() and len(one) < 19 for one in numbers
        ):
            raise InputError("this is no cursor of the changes", hint="give one as it was given")
        if int(head) != self._store.incarnation:
            raise _other(cursor)
        if self._rows:
            return int(row), "", 0
        try:
            case = base64.urlsafe_b64decode(mark + "=" * (-len(mark) % 4)).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise InputError("this is no cursor of the changes") from None
        return int(row), case.replace("\0", ""), int(number)


def _other(cursor: str) -> Conflict:
    return Conflict(
        f"the cursor `{cursor}` is of another store, or of before it was restored",
        hint="read what there is, and begin anew without a cursor",
    )


class _State(msgspec.Struct):
    topics: tuple[str, ...] = ()


class _Topics(msgspec.Struct):
    """Of the body of a case, what says who may see it."""

    state: _State
