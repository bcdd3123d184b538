"""The store: whether it is there, of which version, quick, writable; and the disk that it is on."""

import os
import shutil
import sqlite3
import statistics
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import cast

from sqlalchemy import NullPool, create_engine
from sqlalchemy.engine import make_url

from handrail.adapters.sql import dialects, migrate
from handrail.adapters.sql.store import SqlStore
from handrail.adapters.sql.unit import SqlUnit
from handrail.errors import InputError, NotFound
from handrail.wiring.doctor.line import Line, listed, look, ok, size, span, wrong
from handrail.wiring.spaces import clock_skew
from handrail.wiring.state import LAG, SKEW

SLOW = 100  # milliseconds that a question may take
FULL, TIGHT = 64 << 20, 1 << 30  # bytes that are free: nothing works soon; it is time to look
LOG = 64 << 20  # bytes: four times what SQLite's log grows to by itself
_PATIENCE = 5  # seconds
_BACK_UP = "handrail store backup URL FILE, then start `handrail serve`, which brings them up"
_WRITES = (
    "select current_setting('default_transaction_read_only') = 'on' or pg_is_in_recovery(), "
    "has_table_privilege('cases', 'insert') and has_table_privilege('entries', 'insert') "
    "where ? <> ''"
)
_NEWEST = "select at from entries where workspace = ? order by {} desc limit 1"


def address(url: str) -> str:
    """The URL of a store, which is given up soon when nobody answers. InputError for one that is
    none, and it is not repeated: it may hold a password.
    """
    try:
        dialects.of(url)
    except InputError as problem:
        raise InputError("this is no address of a store", hint=problem.hint) from None
    made = make_url(url)
    if made.get_backend_name() == "postgresql" and "connect_timeout" not in made.query:
        made = made.update_query_dict({"connect_timeout": str(_PATIENCE)})
    return made.render_as_string(hide_password=False)


def file_of(url: str) -> Path | None:
    """The file of a SQLite store; None for another."""
    made = make_url(url)
    if made.get_backend_name() != "sqlite":
        return None
    return Path(made.database or "").absolute()


def version(url: str) -> str:
    """The version of the tables, without bringing them up. NotFound, Unavailable."""
    file = file_of(url)
    if file is not None and not file.is_file():
        raise NotFound(f"there is no store `{file}`", hint="handrail serve")
    dialect = dialects.of(url)
    with dialect.told():
        engine = create_engine(
            dialects.address(url), poolclass=NullPool, connect_args=dict(dialect.arguments)
        )
        with engine.connect() as connection:
            return migrate.version(connection)


def tables(found: str) -> Line:
    """Whether this program and those tables fit."""
    if found == migrate.LATEST:
        return ok("tables", f"version {found}")
    if not found:
        return wrong("tables", "there are none: this is no store yet", "handrail serve")
    if found.startswith(migrate.BACKUP):
        return wrong("tables", "this is a backup, no store", "handrail store restore FILE URL")
    if found < migrate.LATEST:
        note = f"they are of version {found}, this program needs {migrate.LATEST}"
        return wrong("tables", note, _BACK_UP)
    note = f"they are of version {found}, newer than this program ({migrate.LATEST})"
    return wrong("tables", note, "pip install --upgrade handrail")


def disk(file: Path) -> Iterator[Line]:
    """Of SQLite: who may read its files, whose they are, room, the length of its log."""
    folder = file.parent
    names = (file.name, f"{file.name}-wal", f"{file.name}-shm", "serve.lock", "signing-keys.json")
    ours = [one for one in (folder / name for name in names) if one.exists()]
    yield _shut(folder, ours)
    owner = file.stat().st_uid
    others = [one.name for one in ours if one.stat().st_uid != owner]
    if others:
        mend = f"chown --reference={file} {' '.join(str(folder / one) for one in others)}"
        yield wrong("owner", f"not of the owner of the store: {listed(others)}", mend)
    free = shutil.disk_usage(folder).free
    if free < TIGHT:
        made = wrong if free < FULL else look
        yield made("disk", f"{size(free)} are free", f"make room on the disk of {folder}")
    else:
        yield ok("disk", f"{size(free)} are free")
    log = folder / f"{file.name}-wal"
    length = log.stat().st_size if log.exists() else 0
    if length > LOG:
        note = f"SQLite's log has {size(length)}: somebody reads an old state of the store"
        yield look("log", note, f"fuser {file}")
    else:
        yield ok("log", size(length))


def _shut(folder: Path, files: list[Path]) -> Line:
    if os.name != "posix":
        return ok("files", "who may read them is not looked at on this system")
    let_in = folder.stat().st_mode
    open_to = 0o006 * bool(let_in & 0o001) | 0o060 * bool(let_in & 0o010)
    bad = [one for one in files if one.stat().st_mode & open_to]
    if not bad and not let_in & 0o002:
        return ok("files", "nobody else can read them")
    made = wrong if let_in & 0o003 and any(o.stat().st_mode & 0o006 for o in files) else look
    who = "everybody on this machine" if made is wrong else "others of the group"
    if let_in & 0o002:
        made, who = wrong, "everybody on this machine"
    note = f"{who} can read or change {listed(one.name for one in bad) or 'the folder'}"
    return made("files", note, f"chmod -R go= {folder}")


def quick(store: SqlStore) -> Line:
    """How long a question takes."""
    took = []
    for _ in range(5):
        begun = time.monotonic()
        with store.view() as unit:
            unit.stopped("")
        took.append((time.monotonic() - begun) * 1000)
    middle = statistics.median(took)
    if middle > SLOW:
        mend = "bring the service and its database closer together, or look at its load"
        return look("store", f"a question takes {middle:.0f} ms", mend)
    return ok("store", f"a question takes {middle:.1f} ms")


def writable(store: SqlStore) -> Line:
    """Whether PostgreSQL takes writes, and from us."""
    with store.view() as made:
        shut, may = cast("SqlUnit", made).ask(_WRITES)[0]
    if shut:
        mend = "connect to the primary, or end its read-only mode"
        return wrong("writing", "the database takes no writes now", mend)
    if not may:
        mend = "GRANT ALL ON ALL TABLES IN SCHEMA public TO the user of the service"
        return wrong("writing", "this user of the database may not write", mend)
    return ok("writing", "it can be written")


def lockable(file: Path) -> Line:
    """Of SQLite: become the writer, and let go. What cannot be written says so."""
    try:
        with closing(
            sqlite3.connect(f"{file.as_uri()}?mode=rw", uri=True, timeout=_PATIENCE)
        ) as one:
            one.isolation_level = None
            one.execute("begin immediate")
            one.execute("rollback")
    except sqlite3.Error as problem:
        mend = f"fuser {file}" if "locked" in str(problem) else f"ls -l {file.parent}"
        return wrong("writing", f"it cannot be written: {problem}", mend)
    return ok("writing", "it can be written")


def clock(store: SqlStore) -> Line:
    """Our clock against the database's, and against what was written last."""
    skew = clock_skew(store)
    sqlite = store.url.startswith("sqlite")
    with store.view() as made:
        last = cast("SqlUnit", made).ask(_NEWEST.format("rowid" if sqlite else "place"))
        ahead = int(last[0][0]) - made.now() if last else 0
    if abs(skew) > SKEW:
        side = "ahead of" if skew > 0 else "behind"
        made_line = wrong if abs(skew) > SKEW * 12 else look
        note = f"our clock is {span(abs(skew))} {side} the database's"
        return made_line("clock", note, "timedatectl set-ntp true")
    if ahead > SKEW:
        note = f"what was written last is of {span(ahead)} from now: the clock was set back"
        return wrong("clock", note, "timedatectl set-ntp true")
    return ok("clock", "it agrees with the store")


def changes(store: SqlStore) -> Line:
    """How long the oldest change waits that cannot be shown yet."""
    from handrail.adapters.sql.feed import Feed

    lag = Feed(store).lag()
    if lag > LAG:
        mend = "select pid, query from pg_stat_activity order by xact_start: end the oldest one"
        note = f"a transaction has been open for {span(lag)} and holds all events back"
        return look("changes", note, mend)
    return ok("changes", "none is held back")
