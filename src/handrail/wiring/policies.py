"""The packs and the roster of a store, for who is on the machine itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from handrail.engine.controls import Controls
from handrail.engine.force import Force
from handrail.engine.lifecycle import Lifecycle, Simulate
from handrail.engine.rostering import Rostering
from handrail.ports import Store
from handrail.wiring import DEFAULT


@dataclass(frozen=True, slots=True)
class Policies:
    """Of one workspace: what is in force, the steps of packs, the edits of the roster."""

    force: Force
    packs: Lifecycle
    roster: Rostering


def policies(
    store: Store, engine: Controls | None = None, simulate: Simulate | None = None
) -> Policies:
    """Those of a store; `engine` is kept under what is in force, by `force.refresh`."""
    from handrail.adapters.memory import MemoryStore
    from handrail.adapters.registry import MemoryRegistry
    from handrail.adapters.sql.registry import SqlRegistry

    registry = MemoryRegistry() if isinstance(store, MemoryStore) else SqlRegistry()
    force = Force(store, registry, engine)
    return Policies(force, Lifecycle(force, simulate), Rostering(force))


@contextmanager
def policies_of(
    url: str, workspace: str = DEFAULT, simulate: Simulate | None = None
) -> Iterator[Policies]:
    """Those of the store at `url`, which is made if it is not there, and closed at the end."""
    from handrail.adapters.sql import SqlStore

    store = SqlStore(url, workspace=workspace)
    try:
        yield policies(store, simulate=simulate)
    finally:
        store.close()
