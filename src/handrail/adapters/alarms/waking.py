"""A store that tells the alarms of its commits, so that nothing waits for the next second."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from handrail.ports import Store, Unit


class Waking:
    """Another store, and what is called after each of its commits: quick, and never raising."""

    def __init__(self, store: Store, wake: Callable[[], None]) -> None:
        self._store, self._wake = store, wake

    @contextmanager
    def unit(self) -> Iterator[Unit]:
        """One unit of work of that store."""
        with self._store.unit() as unit:
            yield unit
        self._wake()

    def view(self) -> AbstractContextManager[Unit]:
        """What that store committed last."""
        return self._store.view()
