"""The file of a backup: an SQLite database with our tables, and in its `meta` a record of when, of
what, and of a digest over the rows of each table, so that a file in which a bit has changed is
refused.
"""

import hashlib
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from handrail import codec
from handrail.errors import HandrailError, InputError, Refused

RECORD = "backup"
"""The name of the record in `meta`, of no workspace."""
FORMAT = 1
BATCH = 2_000

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One table of a backup. The digest is over its rows, in whatever order."""

    columns: tuple[str, ...]
    rows: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """What a backup says of itself. What was committed before `at` is in it. `kind` is that of
    the store, `version` that of its tables, `last` the instant of the last ledger entry (0: none).
    """

    format: int
    at: int
    kind: str
    version: str
    last: int
    tables: Mapping[str, Part]


class Tally:
    """Counts rows and takes their digest while they pass."""

    def __init__(self) -> None:
        self.rows = self._sum = 0

    def add(self, rows: Sequence[Row]) -> None:
        """These have passed."""
        self.rows += len(rows)
        for row in rows:
            mark = hashlib.sha256(repr(row).encode("utf-8", "surrogatepass"))
            self._sum += int.from_bytes(mark.digest())

    def part(self, columns: Sequence[str]) -> Part:
        """What has passed."""
        digest = f"{self._sum % (1 << 256):064x}"
        return Part(columns=tuple(map(str, columns)), rows=self.rows, digest=digest)


def check(path: Path) -> Backup:
    """The record of a backup that is whole. InputError says what is wrong with any other file."""
    try:
        with opened(path) as file:
            made = _record(file, path)
            if (state := file.execute("pragma integrity_check(1)").fetchone()[0]) != "ok":
                raise _damaged(path, state)
            for name, part in made.tables.items():
                if _found(file, name, part.columns) != part:
                    raise _damaged(path, f"table `{name}` is not as it was written")
    except HandrailError:
        raise
    except (sqlite3.Error, msgspec.MsgspecError, ValueError) as problem:
        raise _damaged(path, str(problem)) from problem
    return made


def _damaged(path: Path, why: str) -> InputError:
    return InputError(
        f"`{path}` is no backup of Handrail, or it is damaged: {why}",
        hint="nothing was restored from it; take another one",
    )


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """A backup, to be read."""
    if not path.is_file():
        raise InputError(f"there is no file `{path}`")
    file = sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro", uri=True)
    try:
        yield file
    finally:
        file.close()


def sealed(made: Backup) -> str:
    """The record after its own digest."""
    text = codec.dump(made)
    return f"{_mark(text)} {text}"


def _mark(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _record(file: sqlite3.Connection, path: Path) -> Backup:
    """What the backup says of itself."""
    query = "select value from meta where workspace = '' and name = ?"
    found = file.execute(query, (RECORD,)).fetchone()
    if found is None:
        raise _damaged(path, "it has no record of a backup")
    mark, _, words = str(found[0]).partition(" ")
    if mark != _mark(words):
        raise _damaged(path, "its record is not as it was written")
    made: Backup = codec.load(Backup, words)
    if made.format != FORMAT:
        raise Refused(
            f"`{path}` is a backup of a newer Handrail (format {made.format}, ours {FORMAT})",
            hint="restore it with that version",
        )
    return made


def _found(file: sqlite3.Connection, name: str, columns: Sequence[str]) -> Part:
    """A table as it is in the file."""
    tally = Tally()
    for rows in rows_of(file, name, columns):
        tally.add(rows)
    return tally.part(columns)


def rows_of(
    file: sqlite3.Connection, name: str, columns: Sequence[str], order: Sequence[str] = ()
) -> Iterator[list[Row]]:
    """The rows of a table of a backup in batches, without the record."""
    listed = ", ".join(map(_quoted, columns))
    rest = f"where not (workspace = '' and name = '{RECORD}')" if name == "meta" else ""
    by = f"order by {', '.join(map(_quoted, order))}" if order else ""
    found = file.execute(f"select {listed} from {_quoted(name)} {rest} {by}")
    while rows := found.fetchmany(BATCH):
        yield rows


def _quoted(name: str) -> str:
    return f'"{name}"'
