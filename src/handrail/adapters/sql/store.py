"""Cases in SQLite or PostgreSQL: the same tables, the same unit of work."""

import copy
import hashlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, Self

from sqlalchemy import Engine, create_engine, select

from handrail.adapters.salts import salt
from handrail.adapters.sql import dialects, migrate
from handrail.adapters.sql.dialects import Dialect
from handrail.adapters.sql.schema import META
from handrail.adapters.sql.turnstile import Turnstile
from handrail.adapters.sql.unit import SqlUnit
from handrail.ports import Unit

INCARNATION = "incarnation"
DEFAULT = "default"
"""The workspace of who has only one."""

_NOBODY = nullcontext()  # whom nobody has to wait for


@dataclass(slots=True)
class Kept:
    """The one connection that SQLite is written with; guarded by the writer's lock."""

    connection: Any = None


def wall_clock() -> int:
    """The time in milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


class SqlStore:
    """See `handrail.ports.Store`. `url` is `sqlite:///file` or `postgresql://…`.

    The tables are made, or brought up to date, when the store is opened. `durable=False` lets
    SQLite lose the last commits when the power fails, never when a process does.
    """

    def __init__(
        self,
        url: str,
        *,
        clock: Callable[[], int] = wall_clock,
        workspace: str = DEFAULT,
        durable: bool = True,
        salt: Callable[[], bytes] = salt,
        pool: int = 10,
    ) -> None:
        self._dialect: Dialect = dialects.of(url)
        self.url, self.workspace = dialects.address(url), workspace
        self.clock, self._salt = clock, salt
        with self._dialect.told():
            migrate.bring_up(self.url, self._dialect)
        self._engine: Engine = create_engine(
            self.url,
            pool_size=pool,
            max_overflow=-1 if self._dialect.one_writer else pool,
            connect_args=dict(self._dialect.arguments),
        )
        self._dialect.listen(self._engine, durable=durable)
        one = self._dialect.one_writer
        self._writer: AbstractContextManager[Any] = Turnstile() if one else _NOBODY
        self._kept = Kept()
        self._here = threading.local()
        self.incarnation = self._incarnation()

    def unit(self) -> AbstractContextManager[Unit]:
        """One unit of work: committed at the end of the block, or not at all."""
        return self._transaction(self._dialect.begin, self._writer)

    def view(self) -> AbstractContextManager[Unit]:
        """What was committed last, to be read: nothing is locked, nothing is kept."""
        return self._transaction(self._dialect.begin_view, keep=False)

    @contextmanager
    def _transaction(
        self, begin: str, writer: AbstractContextManager[Any] = _NOBODY, *, keep: bool = True
    ) -> Iterator[Unit]:
        if getattr(self._here, "open", False):
            raise RuntimeError("a unit of work inside another: it would wait for itself")
        self._here.open = True
        try:
            with writer:
                try:
                    connection, cursor = self._begun(begin, keep=keep)
                except Exception:
                    with self._dialect.told():
                        raise
                yield from self._run(connection, cursor, keep=keep)
        finally:
            self._here.open = False

    def _run(self, connection: Any, cursor: Any, *, keep: bool) -> Iterator[Unit]:
        """The unit itself, from its first statement to its end."""
        try:
            unit = SqlUnit(
                cursor,
                self._dialect.statements if keep else self._dialect.reads,
                workspace=self.workspace,
                now=self.clock(),
                incarnation=self.incarnation,
                salt=self._salt,
                lock=self._lock if keep and self._dialect.locks else None,
            )
            yield unit
            if keep:
                unit.flush()
            cursor.execute("commit" if keep else "rollback")
        except self._dialect.errors as problem:
            self._undo(connection)
            raise self._dialect.error(problem) from problem
        except BaseException:
            self._undo(connection)
            raise
        finally:
            if connection is not self._kept.connection:
                connection.close()

    def _incarnation(self) -> int:
        """How often this store came back from a backup; it is offline while it does."""
        with self._dialect.told(), self._engine.connect() as connection:
            found = connection.execute(select(META.c.value).where(META.c.name == INCARNATION))
            return int(found.scalar() or 1)

    def _begun(self, begin: str, *, keep: bool) -> tuple[Any, Any]:
        """A connection in a transaction, and its cursor. One that broke while it lay idle is
        replaced once.
        """
        stays = keep and self._dialect.one_writer
        for last in (False, True):
            connection = self._kept.connection if stays else None
            connection = connection or self._engine.raw_connection()
            try:
                cursor = connection.cursor()
                cursor.execute(begin)
            except BaseException as problem:
                self._drop(connection)
                if last or not isinstance(problem, self._dialect.errors):
                    raise
                self._engine.dispose()
            else:
                if stays:
                    self._kept.connection = connection
                return connection, cursor
        raise AssertionError  # the second try returns or raises

    def _undo(self, connection: Any) -> None:
        """Nothing of the unit stays; a connection that cannot say so is thrown away."""
        try:
            connection.cursor().execute("rollback")
        except self._dialect.errors:
            self._drop(connection)

    def _drop(self, connection: Any) -> None:
        """Never use this connection again."""
        self._kept.connection = None
        connection.invalidate()
        connection.close()

    def _lock(self, cursor: Any, name: str) -> None:
        """Make the id of a case that is not there yet ours until the unit ends."""
        mark = hashlib.blake2b(f"{self.workspace}\n{name}".encode(), digest_size=8).digest()
        cursor.execute(self._dialect.lock, (int.from_bytes(mark, signed=True),))

    def within(self, workspace: str, clock: Callable[[], int] | None = None) -> Self:
        """The same database, for another workspace: they see nothing of one another."""
        other = copy.copy(self)
        other.workspace = workspace
        other.clock = clock or self.clock
        return other

    def close(self) -> None:
        """Give all connections back."""
        if self._kept.connection is not None:
            self._kept.connection.close()
            self._kept.connection = None
        self._engine.dispose()
