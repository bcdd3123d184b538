"""What SQLite and PostgreSQL do differently."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from handrail.adapters.sql.statements import POSTGRESQL, POSTGRESQL_VIEW, SQLITE, Statements
from handrail.errors import AdapterError, Conflict, InputError, Unavailable

_AGAIN = "nothing was changed; the call is safe to repeat under its id"
_BUSY_MS = 30_000
_CACHE_KB = 16_000
_LOG_PAGES = 4_000
"""How long SQLite's log grows before it is copied into the file: a page that many commits have
changed is copied once.
"""


@dataclass(frozen=True, slots=True)
class Dialect:
    """One kind of database. `errors` are the driver's own; `one_writer`: a process writes with one
    connection at a time; `locks`: a row can be locked, so what is not there needs a lock too.
    """

    name: str
    statements: Statements
    reads: Statements
    begin: str
    begin_view: str
    one_writer: bool
    locks: bool
    errors: tuple[type[Exception], ...]
    lock: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)

    def listen(self, engine: Engine, *, durable: bool) -> None:
        """What is said to every new connection."""

        @event.listens_for(engine, "connect")
        def _connect(connection: Any, _: Any) -> None:
            if self.name != "sqlite":
                connection.autocommit = True  # a unit begins and ends its own transaction
                return
            connection.execute(f"pragma busy_timeout = {_BUSY_MS}")
            connection.execute("pragma journal_mode = wal")
            connection.execute(f"pragma wal_autocheckpoint = {_LOG_PAGES}")
            connection.execute(f"pragma cache_size = -{_CACHE_KB}")
            connection.execute(f"pragma synchronous = {'full' if durable else 'normal'}")

    @contextmanager
    def told(self) -> Iterator[None]:
        """What the database says, as an error of ours that says what to do."""
        try:
            yield
        except PoolTimeout as problem:
            raise Unavailable("all connections to the store are in use", hint=_AGAIN) from problem
        except DBAPIError as problem:  # while the tables are made
            raise self.error(problem.orig or problem) from problem
        except self.errors as problem:
            raise self.error(problem) from problem

    def error(self, problem: BaseException) -> Exception:
        """The error that stands for one of the driver's."""
        if self.name == "sqlite":
            return _sqlite(problem)
        return _postgresql(problem)


_SQLITE_ARGS = {"check_same_thread": False, "isolation_level": None, "cached_statements": 256}


def _sqlite(problem: BaseException) -> Exception:
    text = str(problem)
    code = getattr(problem, "sqlite_errorname", "")
    if "FULL" in code or "disk is full" in text:
        return Unavailable(f"the disk of the store is full ({text})", hint=f"make room; {_AGAIN}")
    if "IOERR" in code or "READONLY" in code or "CANTOPEN" in code:
        return Unavailable(f"the file of the store cannot be used ({text})", hint=_AGAIN)
    if "NOTADB" in code:
        return InputError("this file is no store: it is not even a database", hint=_HOW)
    if "BUSY" in code or "LOCKED" in code:
        return Unavailable("another process writes to the store", hint=_AGAIN)
    if isinstance(problem, sqlite3.IntegrityError):
        return Conflict(f"the store refuses this: {text}", hint="read the case again")
    return AdapterError(f"the store failed: {text}", hint=_AGAIN)


def _postgresql(problem: BaseException) -> Exception:
    import psycopg
    from psycopg import errors

    text = str(problem).splitlines()[0] if str(problem) else type(problem).__name__
    again = (errors.DeadlockDetected, errors.SerializationFailure, errors.LockNotAvailable)
    if isinstance(problem, again):
        return Unavailable(f"two calls got in each other's way ({text})", hint=_AGAIN)
    if isinstance(problem, errors.DiskFull | errors.OutOfMemory | errors.ReadOnlySqlTransaction):
        return Unavailable(f"the database cannot write now ({text})", hint=_AGAIN)
    if isinstance(problem, psycopg.IntegrityError):
        return Conflict(f"the store refuses this: {text}", hint="read the case again")
    if isinstance(problem, psycopg.OperationalError | psycopg.InterfaceError):
        return Unavailable(f"the database cannot be reached ({text})", hint=_AGAIN)
    return AdapterError(f"the store failed: {text}", hint=_AGAIN)


SQLITE_DIALECT = Dialect(
    name="sqlite",
    statements=SQLITE,
    reads=SQLITE,
    begin="begin immediate",
    begin_view="begin",
    one_writer=True,
    locks=False,
    errors=(sqlite3.Error,),
    arguments=_SQLITE_ARGS,
)


def _postgresql_dialect() -> Dialect:
    try:
        import psycopg
    except ImportError as problem:
        raise InputError(
            "a PostgreSQL store needs its driver", hint="install `handrail[postgres]`"
        ) from problem
    return Dialect(
        name="postgresql",
        statements=POSTGRESQL,
        reads=POSTGRESQL_VIEW,
        begin="begin",
        begin_view="begin isolation level repeatable read read only",
        one_writer=False,
        locks=True,
        errors=(psycopg.Error,),
        lock="select pg_advisory_xact_lock(%s)",
    )


def of(url: str) -> Dialect:
    """The dialect of a URL. InputError for one that is no store's."""
    try:
        name = make_url(url).get_backend_name()
    except (ArgumentError, NoSuchModuleError) as problem:
        raise InputError(f"`{url}` is no address of a store", hint=_HOW) from problem
    if name == "sqlite":
        return SQLITE_DIALECT
    if name == "postgresql":
        return _postgresql_dialect()
    raise InputError(f"a store in `{name}` is not known", hint=_HOW)


_HOW = "give `sqlite:///handrail.db` or `postgresql://user@host/name`"


def address(url: str) -> str:
    """The URL as SQLAlchemy wants it, with the driver that we use."""
    made = make_url(url)
    if made.get_backend_name() == "postgresql":
        made = made.set(drivername="postgresql+psycopg")
    elif made.database and made.database != ":memory:":
        folder = Path(made.database).parent
        if not folder.is_dir():
            raise InputError(f"there is no folder `{folder}`", hint="make it first")
    return made.render_as_string(hide_password=False)
