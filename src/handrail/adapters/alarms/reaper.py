"""Work of a process that died is taken over by another, within seconds.

Each process holds a lock in the database under its name for as long as its connection lives.
Whoever gets the lock of another knows that it is dead.
"""

import hashlib
import logging
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

_LOG = logging.getLogger("handrail.alarms")
_EVERY = 1.0
_CLASS = 0x48726C  # our own room among the locks of the database


class Reaper:
    """`unfinished` gives the work of other processes by their name, `resume` takes it over."""

    def __init__(
        self,
        url: str,
        executor: str,
        unfinished: Callable[[], Mapping[str, list[str]]],
        resume: Callable[[list[str]], None],
    ) -> None:
        self._url = url.replace("postgresql+psycopg://", "postgresql://", 1)
        self._executor = executor
        self._unfinished, self._resume = unfinished, resume
        self._stop = threading.Event()
        self._connection: Any = None
        self._held = False
        self._thread = threading.Thread(target=self._watch, name="handrail-reaper", daemon=True)

    def start(self) -> None:
        """Take the lock of this process, and begin to watch over the others."""
        self._hold()
        self._thread.start()

    def stop(self) -> None:
        """Give the lock back: what this process has not finished is anybody's."""
        self._stop.set()
        self._thread.join(10)
        if self._connection is not None:
            self._connection.close()

    def _watch(self) -> None:
        while not self._stop.wait(_EVERY):
            try:
                self._hold()
                for name, ids in self._unfinished().items():
                    self._reap(name, ids)
            except Exception as problem:  # noqa: BLE001  # the database may be away for a while
                _LOG.warning("watching over other processes failed: %s", type(problem).__name__)
                with suppress(Exception):
                    self._connection.close()
                self._connection, self._held = None, False

    def _hold(self) -> None:
        """Have our own lock. Another may hold it for an instant, to see whether we live."""
        import psycopg

        if self._connection is None:
            self._connection = psycopg.connect(self._url, autocommit=True)
        if not self._held:
            self._held = self._try(self._executor)
            if not self._held:
                _LOG.warning("the name `%s` is taken: each process needs its own", self._executor)

    def _reap(self, name: str, ids: list[str]) -> None:
        if self._try(name):
            try:
                self._resume(ids)
            finally:
                self._connection.execute("select pg_advisory_unlock(%s, %s)", _lock(name))

    def _try(self, name: str) -> bool:
        found = self._connection.execute("select pg_try_advisory_lock(%s, %s)", _lock(name))
        return bool(found.fetchone()[0])


def _lock(name: str) -> tuple[int, int]:
    mark = hashlib.blake2b(name.encode(), digest_size=4).digest()
    return _CLASS, int.from_bytes(mark, signed=True)
