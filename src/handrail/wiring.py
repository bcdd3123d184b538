"""The composition root: the only place outside the adapters that knows which there are."""

from collections.abc import Callable

from handrail.adapters.memory import MemoryStore
from handrail.engine import Deployment, Engine


def in_memory(on: Deployment, clock: Callable[[], int]) -> Engine:
    """An engine whose cases live in this process. `clock` gives the time in milliseconds."""
    return Engine(MemoryStore(clock), on)
