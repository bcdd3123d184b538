"""The stores that a test can run on, by name: each gives a workspace that nobody else uses."""

import atexit
import itertools
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

from handrail.adapters.memory import MemoryStore
from handrail.adapters.sql import SqlStore
from handrail.ports import Store
from postgres import fresh_database, server_or_skip

KINDS = ("memory", "sqlite", "postgresql")
_NAMES = itertools.count(1)


@cache
def database(kind: str) -> SqlStore:
    """One database that all tests of this process share."""
    if kind == "postgresql":
        store = SqlStore(fresh_database(server_or_skip()))
    else:
        folder = Path(tempfile.mkdtemp(prefix="handrail-"))
        store = SqlStore(f"sqlite:///{folder / 'store.db'}", durable=False)
    atexit.register(store.close)
    return store


def new_store(kind: str, clock: Callable[[], int]) -> Store:
    """An empty store of this kind: for SQL a new workspace in the shared database."""
    if kind == "memory":
        return MemoryStore(clock)
    return database(kind).within(f"w{next(_NAMES)}", clock)
