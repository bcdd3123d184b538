"""A store made of a backup: in one transaction, under an incarnation that no store ever had.

Nothing of it leaves by itself: what was still to be sent is in quarantine, for it may have been
sent after the backup, and the deadlines that have passed meanwhile are told as one summary a queue.
"""

import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    NullPool,
    Table,
    create_engine,
    delete,
    event,
    func,
    insert,
    inspect,
    select,
    text,
    update,
)

from handrail.adapters.sql import archive, backup, dialects, migrate, rows
from handrail.adapters.sql.dialects import SQLITE_DIALECT, Dialect
from handrail.adapters.sql.schema import CASES, EFFECTS, ENTRIES, META, METADATA, TURNS
from handrail.adapters.sql.store import INCARNATION, wall_clock
from handrail.core.ledger import Uncanonical
from handrail.core.ledger.lines import parse_witnessed
from handrail.errors import Refused
from handrail.missed import account
from handrail.ports import Delivery, Effect


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """What a workspace of a restored store has. `overdue`: cases with a deadline that has passed;
    `quarantined`: effects that wait until somebody releases or drops them.
    """

    cases: int = 0
    entries: int = 0
    turns: int = 0
    quarantined: int = 0
    overdue: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """How much more the last checkpoint outside counts than what was restored, at the least."""

    checkpoint: int
    at: int
    cases: int
    entries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What was made of a backup at `now`, and what is lost by workspace: None when no witness was
    asked, so that nobody can know. `broken` lines of the witness could not be read.
    """

    made: archive.Backup
    now: int
    incarnation: int
    spaces: Mapping[str, Space]
    lost: Mapping[str, Lost] | None
    broken: int = 0


def restore(
    path: Path,
    url: str,
    *,
    witness: Iterable[bytes] | None = None,
    clock: Callable[[], int] = wall_clock,
) -> Restored:
    """Make the store at `url` of the backup `path`, whole or not at all.

    Refused when the store is not empty, or when a server is at work on it; InputError when the file
    is damaged. `witness`: the lines that were kept of checkpoints outside.
    """
    made = archive.check(path)
    dialect = dialects.of(url)
    address = dialects.address(url)
    engine = create_engine(address, poolclass=NullPool, connect_args=dict(dialect.arguments))
    if dialect.name == "sqlite":
        event.listen(engine, "begin", lambda one: one.exec_driver_sql("begin exclusive"))
    kept = None if witness is None else _latest(witness)
    with _current(path, made) as file, dialect.told():
        with engine.connect() as connection:
            _refuse_used(connection)
        migrate.bring_up(address, dialect)
        with _alone(engine, dialect) as connection:
            _refuse_used(connection)
            for table in METADATA.sorted_tables:
                _fill(connection, table, file)
            now = clock()
            risen = _raise(connection, now)
            spaces = _spaces(connection, now)
            _hold(connection, spaces, risen, now)
    lost, broken = (None, 0) if kept is None else (_lost(kept[0], spaces), kept[1])
    return Restored(made=made, now=now, incarnation=risen, spaces=spaces, lost=lost, broken=broken)


def quarantined(url: str, workspace: str) -> list[Effect]:
    """What is in quarantine since a restore, in the order in which it was to leave."""
    held = EFFECTS.c.status == Delivery.QUARANTINED.value
    wanted = select(EFFECTS).where(EFFECTS.c.workspace == workspace, held)
    order = (EFFECTS.c.at, EFFECTS.c.case, EFFECTS.c.number)
    with backup.snapshot(url) as connection:
        return [rows.read_effect(row[1:]) for row in connection.execute(wanted.order_by(*order))]


@contextmanager
def _current(path: Path, made: archive.Backup) -> Iterator[sqlite3.Connection]:
    """The backup with tables of this version: one of an older version is brought up in a copy."""
    if made.version == migrate.LATEST:
        with archive.opened(path) as file:
            yield file
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(shutil.copy(path, Path(folder) / "backup.db"))
        with sqlite3.connect(copy) as file:
            file.execute(f"update {migrate.VERSION_TABLE} set version_num = ?", (made.version,))
        file.close()
        migrate.bring_up(f"sqlite:///{copy}", SQLITE_DIALECT)
        with archive.opened(copy) as file:
            yield file


def _refuse_used(connection: Connection) -> None:
    """A store that has anything in it is somebody's."""
    there = set(inspect(connection).get_table_names())
    for table in METADATA.sorted_tables:
        if table.name in there and connection.execute(select(1).select_from(table)).first():
            raise Refused(
                f"this store is not empty: there are rows in `{table.name}`",
                hint="restore into a new file or database",
            )


_OTHERS = """
    select count(*) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and usesysid is not null
"""


@contextmanager
def _alone(engine: Engine, dialect: Dialect) -> Iterator[Connection]:
    """The one transaction, while nobody else has the store open: a server that has would go on
    under the incarnation that it has read.
    """
    with engine.connect() as connection:
        if dialect.name == "sqlite":
            file: Any = connection.connection.dbapi_connection
            try:
                file.execute("pragma busy_timeout = 1000")
                file.execute("pragma journal_mode = delete")  # fails while another has it open
            except sqlite3.OperationalError as problem:
                raise _in_use() from problem
        with connection.begin():
            if dialect.name != "sqlite":
                names = ", ".join(f'"{one.name}"' for one in METADATA.sorted_tables)
                for said in ("select 1", f"lock table {names} in access exclusive mode"):
                    connection.execute(text(said))  # who comes after the lock waits for us
                    if connection.execute(text(_OTHERS)).scalar():
                        raise _in_use()
            yield connection


def _in_use() -> Refused:
    return Refused("somebody else is connected to this store", hint="stop every server of it first")


def _fill(connection: Connection, table: Table, file: sqlite3.Connection) -> None:
    """Copy the rows of a table, in the order in which the guards want them."""
    names = table.columns.keys()
    order = table.primary_key.columns.keys()
    raw: Any = connection.connection.dbapi_connection
    if connection.dialect.name == "sqlite":
        for some in archive.rows_of(file, table.name, names, order):
            raw.executemany(backup.inserting(table), some)
        return
    listed = ", ".join(f'"{one}"' for one in names)
    with raw.cursor() as cursor, cursor.copy(f'copy "{table.name}" ({listed}) from stdin') as into:
        for some in archive.rows_of(file, table.name, names, order):
            for row in some:
                into.write_row(row)


def _raise(connection: Connection, now: int) -> int:
    """Raise the incarnation: past the old one, and to the time, so that two restores of one
    backup differ. It is in milliseconds: nobody restores twice in one.
    """
    mine = META.c.name == INCARNATION
    before = connection.execute(select(META.c.value).where(mine)).scalar()
    risen = max(int(before or 1) + 1, now)
    connection.execute(delete(META).where(mine))
    connection.execute(insert(META).values(workspace="", name=INCARNATION, value=str(risen)))
    return risen


def _hold(connection: Connection, spaces: Mapping[str, Space], risen: int, now: int) -> None:
    """Nothing of before leaves; and each workspace gets the account of what was missed."""
    queued = EFFECTS.c.status == Delivery.QUEUED.value
    connection.execute(update(EFFECTS).where(queued).values(status=Delivery.QUARANTINED.value))
    names = [one.strip('"') for one in rows.EFFECT]
    for name in spaces:
        values = rows.effect(name, account(risen, now))
        connection.execute(insert(EFFECTS).values(dict(zip(names, values, strict=True))))


def _spaces(connection: Connection, now: int) -> Mapping[str, Space]:
    """What there is, by workspace; before the effects are held."""

    def counts(table: Table, *where: Any) -> dict[str, int]:
        name = table.c.workspace
        found = connection.execute(select(name, func.count()).where(*where).group_by(name))
        return {str(one): int(count) for one, count in found}

    cases, entries, turns = (counts(one) for one in (CASES, ENTRIES, TURNS))
    held = counts(EFFECTS, EFFECTS.c.status.in_([Delivery.QUEUED, Delivery.QUARANTINED]))
    overdue = counts(CASES, CASES.c.fires <= now)
    return {
        name: Space(
            cases=cases.get(name, 0),
            entries=entries.get(name, 0),
            turns=turns.get(name, 0),
            quarantined=held.get(name, 0),
            overdue=overdue.get(name, 0),
        )
        for name in sorted(cases.keys() | held.keys())
    }


def _latest(kept: Iterable[bytes]) -> tuple[dict[str, dict[str, int]], int]:
    """The last checkpoint of each workspace that a witness has, and how many lines are broken.
    After a restore numbers are given again, under a higher incarnation.
    """
    found: dict[str, dict[str, int]] = {}
    broken = 0
    for line in kept:
        try:
            data = parse_witnessed(line)
        except Uncanonical:
            broken += 1
            continue
        made, before = data["checkpoint"], found.get(data["workspace"])
        if before is None or _order(made) > _order(before):
            found[data["workspace"]] = made
    return found, broken


def _order(made: Mapping[str, int]) -> tuple[int, int]:
    return made["incarnation"], made["number"]


def _lost(kept: Mapping[str, Mapping[str, int]], spaces: Mapping[str, Space]) -> Mapping[str, Lost]:
    """What the witness counts more, by workspace."""
    return {
        name: Lost(
            checkpoint=made["number"],
            at=made["at"],
            cases=max(0, made["cases"] - spaces.get(name, Space()).cases),
            entries=max(0, made["entries"] - spaces.get(name, Space()).entries),
        )
        for name, made in sorted(kept.items())
    }
