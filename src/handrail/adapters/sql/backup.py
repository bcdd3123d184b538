"""A backup of a store: one file, the same from SQLite and from PostgreSQL, made while it is in use.

It holds our tables as of one instant. What DBOS keeps is left out: it holds ids only, and is
derived again.
"""

import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import (
    Connection,
    NullPool,
    Table,
    create_engine,
    event,
    func,
    insert,
    literal,
    select,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from handrail.adapters.sql import dialects, migrate
from handrail.adapters.sql.archive import (
    BATCH,
    FORMAT,
    RECORD,
    Backup,
    Row,
    Tally,
    check,
    sealed,
)
from handrail.adapters.sql.dialects import SQLITE_DIALECT
from handrail.adapters.sql.schema import ENTRIES, METADATA
from handrail.adapters.sql.store import wall_clock
from handrail.errors import AdapterError, NotFound, Refused


def back_up(url: str, path: Path, *, clock: Callable[[], int] = wall_clock) -> Backup:
    """Copy the store at `url` into a new file, as of one instant; others go on writing meanwhile.

    The file is there once it is whole and checked, or not at all. Refused when there is one
    already, or when the store is not of this version; NotFound when there is no store.
    """
    if path.exists():
        raise Refused(f"there is a file `{path}` already", hint="give it another name")
    with _draft(path) as draft:
        with snapshot(url) as source:
            with _writing(path):
                migrate.bring_up(f"sqlite:///{draft}", SQLITE_DIALECT)
            made = _copy(source, draft, path, clock)
        if check(draft) != made:
            raise AdapterError(f"the backup `{path}` does not read as it was written")
        with _writing(path):
            draft.replace(path)
            _sync(path.absolute().parent)
    return made


@contextmanager
def _draft(path: Path) -> Iterator[Path]:
    """A file beside the one that is wanted, for its owner's eyes only, gone at the end."""
    with _writing(path):
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-", suffix=".part")
        os.close(handle)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Whatever goes wrong with the file is said of the file, not of the store."""
    try:
        yield
    except (OSError, sqlite3.Error, DBAPIError) as problem:
        said = getattr(problem, "orig", None) or problem
        raise AdapterError(
            f"cannot write the backup `{path}`: {getattr(said, 'strerror', None) or said}",
            hint="nothing of it is left; the store is as it was",
        ) from problem


@contextmanager
def snapshot(url: str) -> Iterator[Connection]:
    """The store as of one instant: nobody waits for whoever reads it, nor is waited for."""
    dialect = dialects.of(url)
    sqlite = dialect.name == "sqlite"
    if sqlite and not Path(make_url(url).database or "").is_file():
        raise NotFound(f"there is no store at `{url}`")
    engine = create_engine(
        dialects.address(url), poolclass=NullPool, connect_args=dict(dialect.arguments)
    )
    if sqlite:
        event.listen(engine, "begin", lambda one: one.exec_driver_sql("begin"))
    else:
        engine = engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
    with dialect.told(), engine.connect() as connection:
        version = migrate.version(connection)
        if version != migrate.LATEST:
            if not version:
                raise NotFound("there is no store in this database")
            raise Refused(
                f"the tables of the store are `{version}`, ours `{migrate.LATEST}`",
                hint="back it up with the version that it is of",
            )
        connection.rollback()
        yield connection


def _copy(source: Connection, draft: Path, path: Path, clock: Callable[[], int]) -> Backup:
    """Fill the tables of a new file, in one transaction that ends on the disk."""
    with _writing(path):
        file = sqlite3.connect(draft, isolation_level=None)
        file.execute("pragma journal_mode = off")  # a file that fails is thrown away
        file.execute("begin")
    try:
        at = clock()
        tables = {}
        for table in METADATA.sorted_tables:
            tally, statement = Tally(), inserting(table)
            for rows in _read(source, table):
                tally.add(rows)
                with _writing(path):
                    file.executemany(statement, rows)
            tables[str(table.name)] = tally.part(table.columns.keys())
        made = Backup(
            format=FORMAT,
            at=at,
            kind=source.dialect.name,
            version=migrate.LATEST,
            last=source.execute(select(func.max(ENTRIES.c.at))).scalar() or 0,
            tables=tables,
        )
        with _writing(path):
            file.execute("insert into meta values ('', ?, ?)", (RECORD, sealed(made)))
            file.execute(
                f"update {migrate.VERSION_TABLE} set version_num = ?",
                (f"{migrate.BACKUP}{migrate.LATEST}",),
            )
            file.execute("commit")
    finally:
        file.close()
    return made


def _read(source: Connection, table: Table) -> Iterator[Sequence[Row]]:
    """The rows of a table in batches, in the order of their keys."""
    places = {ENTRIES.c.place: literal(0)}  # of a database that will not be there
    columns = [places.get(one, one) for one in table.columns]
    wanted = select(*columns).order_by(*table.primary_key.columns)
    found = source.execution_options(yield_per=BATCH).execute(wanted)
    for some in found.partitions():
        yield [tuple(row) for row in some]


def inserting(table: Table) -> str:
    """The statement that appends a row to a table of an SQLite file."""
    return str(insert(table).compile(dialect=_SQLITE))


def _sync(folder: Path) -> None:
    """A new name is there after a power cut only once its folder is written."""
    with suppress(PermissionError):  # where folders cannot be opened there is nothing to do
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


_SQLITE = create_engine("sqlite://").dialect
