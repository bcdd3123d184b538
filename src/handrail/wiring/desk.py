"""One workspace as a service runs it: its engine, its changes, its alarms."""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress

from handrail import outbox
from handrail.adapters.alarms import Alarms
from handrail.adapters.sql import listing
from handrail.adapters.sql.book import SqlBook, reading
from handrail.adapters.sql.directory import Directory, Principal
from handrail.adapters.sql.feed import Change, Feed, Place
from handrail.adapters.sql.hub import Hub, LiveStore
from handrail.adapters.sql.listing import Page, Wanted
from handrail.core.ownership import Actor, Party
from handrail.engine import Deployment, Engine
from handrail.engine.lifecycle import Simulate
from handrail.engine.registry import Tree
from handrail.errors import Conflict
from handrail.packs.loader import Sources
from handrail.ports import Case, Channel, Effect, Entry
from handrail.wiring import shelf
from handrail.wiring.hooks import Courier, Hooks, courier
from handrail.wiring.policies import policies

__all__ = ["Change", "Desk", "Directory", "Feed", "Place", "Principal", "Seen", "Wanted"]

_QUIET = 15.0  # seconds after which alarms that do not show themselves count as dead
First = tuple[Sources, Tree]
BY = Actor(kind=Party.SYSTEM, id="service")
Seen = Callable[[str, Sequence[Entry]], None]
"""Told of the entries of each commit of this process: the workspace, and they."""


class Desk:
    """What a request of one workspace works with.

    `engine` for cases, `lifecycle` for packs, `rostering` for people, `feed` for changes,
    `directory` for who may do what, `hooks` for webhooks, `store` for the rest. All of them may be
    used by many threads. `first` gives the pack and the roster that a workspace without any begins
    with.
    """

    def __init__(
        self,
        store: LiveStore,
        hub: Hub,
        first: Callable[[], First],
        *,
        simulate: Simulate | None = None,
        channel: Channel | None = None,
        carriers: int = 4,
        private_hooks: Sequence[str] = (),
        seen: Seen | None = None,
    ) -> None:
        self.workspace = store.workspace
        self.store = store
        self.feed = Feed(store)
        self.directory = Directory(store)
        made = policies(store, simulate=simulate)
        self.force, self.lifecycle, self.rostering = made.force, made.packs, made.roster
        self.engine = self.force.engine = Engine(store, self._begun(first))
        self._hub, self._seen = hub, seen
        self._post = _Post(self.store, channel or shelf.Shelf())
        self._fired = time.monotonic()
        self.alarms = Alarms(fire=self._fire, post=self._post, carriers=carriers)
        self.hooks = Hooks(store, private_hooks)
        self.courier: Courier = courier(self.hooks, private_hooks)
        store.after = self._after

    def start(self) -> None:
        """Let time pass and effects leave."""
        self._fired = self._post.looked = time.monotonic()
        self.alarms.start()
        self.courier.start()
        self._hub.join(self.workspace, self.courier.wake)

    def stop(self, timeout: float) -> bool:
        """End that; whether it was done in `timeout` seconds."""
        end = time.monotonic() + timeout
        self.courier.stop(0)  # it begins nothing while the alarms end
        done = self.alarms.stop(timeout)
        return self.courier.stop(max(0.0, end - time.monotonic())) and done

    def refresh(self) -> None:
        """Take over what other processes have changed: called each second."""
        self.force.refresh()

    def _begun(self, first: Callable[[], First]) -> Deployment:
        """What is in force, after the first pack has been installed where there was none."""
        self.force.refresh()
        if self.force.deployment is None:
            with suppress(Conflict):  # another process was quicker
                self.lifecycle.install(*first(), BY)
            self.force.refresh()
        assert self.force.deployment is not None
        return self.force.deployment

    def hear(self, wake: Callable[[], None]) -> Callable[[], None]:
        """Have `wake` called when there may be changes, and each second; see `Hub.join`."""
        return self._hub.join(self.workspace, wake)

    def effects(self, case: str, *, over: bool = True) -> Sequence[shelf.Ready]:
        """What is to be done outside for a case, with the texts. See `handrail.wiring.shelf`."""
        return shelf.fetch(self.store, case, over=over)

    def cases(
        self, wanted: Wanted, sees: Callable[[Case], bool], *, after: str, limit: int
    ) -> Page:
        """A page of cases that may be seen; see `handrail.adapters.sql.listing`."""
        return listing.cases(self.store, wanted, sees, after=after, limit=limit)

    def bundle(self, case: str) -> tuple[Effect, str] | None:
        """The latest bundle of a case and its text; None: there is none, or it was erased."""
        return listing.bundle(self.store, case)

    def ledger(self) -> AbstractContextManager[SqlBook]:
        """The ledger as of now."""
        return reading(self.store)

    @property
    def asleep(self) -> float:
        """For how many seconds deadlines or deliveries were not looked at; 0.0 = all is well."""
        quiet = time.monotonic() - min(self._fired, self._post.looked)
        return quiet if quiet > _QUIET else 0.0

    def _fire(self, limit: int) -> int:
        self._fired = time.monotonic()
        return self.engine.fire(limit)

    def _after(self, entries: Sequence[Entry]) -> None:
        """Something was committed here."""
        if not entries:
            return
        self.alarms.wake()
        self._hub.wake(self.workspace)
        if self._seen is not None:
            self._seen(self.workspace, entries)


class _Post(outbox.Post):
    """The outbox, and when it was looked at last."""

    looked = 0.0

    def due(self, limit: int) -> list[Sequence[Effect]]:
        """See `outbox.Post`."""
        self.looked = time.monotonic()
        return super().due(limit)
