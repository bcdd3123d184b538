"""What could not be told to the service, kept on disk until it can be: in order, under its id.

One SQLite file, for any number of threads and processes. It holds what customers have said, so its
folder is its owner's only.
"""

import json
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from handrail.agents.calls import Call, written
from handrail.core.model import Attributes, Turn
from handrail.core.ownership import Epoch
from handrail.errors import Failed

FILE = "spool.db"
BUSY = 10.0
"""Seconds for which another process may keep it busy."""
_BROKEN = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_LOG = logging.getLogger("handrail.client")
_TABLES = """
create table if not exists calls (
    seq integer primary key autoincrement, at real not null, name text not null,
    "case" text not null, key text not null, part text not null, body text not null,
    problem text not null default ''
);
create table if not exists kept (name text primary key, body text not null);
"""
_Made = TypeVar("_Made")


@dataclass(frozen=True, slots=True)
class Kept:
    """A call that waits; `problem` is why the service will never take it."""

    seq: int
    call: Call
    problem: str = ""


class Spool:
    """See the module. `limit`: calls that are kept at the most."""

    def __init__(self, folder: Path, limit: int) -> None:
        self.file, self._limit = folder / FILE, limit
        self._lock = threading.Lock()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(self.file, os.O_CREAT | os.O_RDWR, 0o600))
        try:
            self._open()
        except sqlite3.DatabaseError as problem:
            if not isinstance(problem, _Damaged) and _code(problem) not in _BROKEN:
                raise self._unusable(problem) from problem  # in use or out of reach, and whole
            aside = self.file.with_name(f"{FILE}.broken-{time.time_ns()}")
            self.file.rename(aside)
            _LOG.error("the spool `%s` is broken (%s); it is kept as `%s`", FILE, problem, aside)
            os.close(os.open(self.file, os.O_CREAT | os.O_RDWR, 0o600))
            self._open()

    def _open(self) -> None:
        self._connection = sqlite3.connect(
            self.file, timeout=BUSY, isolation_level=None, check_same_thread=False
        )
        try:
            _check(self._connection)
            self._connection.execute("pragma synchronous = full")
            self._connection.executescript(_TABLES)
        except sqlite3.DatabaseError:
            self._connection.close()
            raise

    def add(self, call: Call) -> None:
        """Keep a call, on disk when this returns. Failed when it cannot be: nothing is dropped."""
        body = written(call)
        row = (time.time(), call.name, call.case, call.key, call.part, body)

        def work(connection: sqlite3.Connection) -> None:
            count = connection.execute("select count(*) from calls").fetchone()[0]
            if count >= self._limit:
                raise Failed(
                    f"{count:,} calls wait for the service, and no more are kept",
                    hint="see that it can be reached, or give a larger `spool_limit`",
                )
            connection.execute(
                'insert into calls (at, name, "case", key, part, body) values (?, ?, ?, ?, ?, ?)',
                row,
            )

        self._do(work)

    def waiting(self, case: str = "", *, behind: int = 0, limit: int = 1000) -> Sequence[Kept]:
        """What waits, of a case or of all, in order; `behind`: the number before the first."""
        text = (
            "select seq, name, \"case\", body, key, part from calls where problem = '' "
            "and seq > ? and (? = '' or \"case\" = ?) order by seq limit ?"
        )
        rows = self._do(lambda made: made.execute(text, (behind, case, case, limit)).fetchall())
        return [Kept(row[0], Call(row[1], row[2], _body(row[3]), row[4], row[5])) for row in rows]

    def refused(self) -> Sequence[Kept]:
        """What the service has refused for good: it stays until somebody has looked at it."""
        text = "select seq, name, \"case\", body, key, part, problem from calls where problem <> ''"
        rows = self._do(lambda made: made.execute(text).fetchall())
        return [
            Kept(row[0], Call(row[1], row[2], _body(row[3]), row[4], row[5]), row[6])
            for row in rows
        ]

    def done(self, seq: int) -> None:
        """It was told."""
        self._do(lambda made: made.execute("delete from calls where seq = ?", (seq,)))

    def aside(self, seq: int, problem: str) -> None:
        """The service will never take it: keep it, and go on."""
        _LOG.error("the service refuses a call that was kept for it: %s", problem)
        self._do(
            lambda made: made.execute("update calls set problem = ? where seq = ?", (problem, seq))
        )

    def put(self, name: str, value: Any) -> None:
        """Keep a small thing by its name."""
        text = (
            "insert into kept values (?, ?) on conflict (name) do update set body = excluded.body"
        )
        self._do(lambda made: made.execute(text, (name, json.dumps(value))))

    def get(self, name: str) -> Any:
        """What was kept by that name; None: nothing."""
        text = "select body from kept where name = ?"
        row = self._do(lambda made: made.execute(text, (name,)).fetchone())
        return None if row is None else json.loads(row[0])

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def _do(self, work: Callable[[sqlite3.Connection], _Made]) -> _Made:
        try:
            with self._lock:
                return work(self._connection)
        except sqlite3.Error as problem:
            raise self._unusable(problem) from problem

    def _unusable(self, problem: sqlite3.Error) -> Failed:
        return Failed(f"the spool cannot be used: {problem}", hint=f"look at `{self.file}`")


class _Damaged(sqlite3.DatabaseError):
    """Its pages are."""


def _code(problem: sqlite3.Error) -> int:
    return getattr(problem, "sqlite_errorcode", 0) & 0xFF  # the rest says more about the same


def _check(connection: sqlite3.Connection) -> None:
    if connection.execute("pragma quick_check(1)").fetchone() != ("ok",):
        raise _Damaged("its pages are damaged")


def _body(text: str) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(text)
    if "turn" in body:
        body["turn"] = msgspec.convert(body["turn"], Turn)
    if "attributes" in body:
        body["attributes"] = msgspec.convert(body["attributes"], Attributes)
    if "epoch" in body:
        body["epoch"] = Epoch(*body["epoch"])
    return body
