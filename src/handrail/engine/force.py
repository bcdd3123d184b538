"""What is in force in a workspace: the packs and the roster that its books name, compiled."""

from dataclasses import replace
from threading import RLock
from typing import TypeVar

from handrail import books
from handrail.core.policy import Pack
from handrail.core.routing import Roster
from handrail.engine import sweep, versions
from handrail.engine.controls import Controls
from handrail.engine.deployment import Deployment, deploy
from handrail.engine.registry import Registry, Tree
from handrail.engine.versions import State
from handrail.errors import NotFound, Refused
from handrail.packs import loader
from handrail.packs import roster as rosters
from handrail.ports import Entry, Store, Unit

_Made = TypeVar("_Made")
_KEPT = 8  # packs that were loaded, and ones that were compiled


class Force:
    """Keeps an engine under what the books say. Without an engine it only says what that is.

    May be used by many threads. `deployment` is None until a first pack was installed.
    """

    def __init__(self, store: Store, registry: Registry, engine: Controls | None = None) -> None:
        self.store, self.registry, self.engine = store, registry, engine
        self.deployment: Deployment | None = None
        self._seen: tuple[int, ...] = ()
        self._lock = RLock()
        self._packs: dict[str, Pack] = {}
        self._compiled: dict[str, Deployment] = {}

    def refresh(self) -> bool:
        """Go on under what is in force by now; whether that was anything new. One look at two rows
        when it was not, so call it each second.
        """
        with self._lock, self.store.view() as unit:
            seen = _seen(unit)
            if seen == self._seen:
                return False
            state = versions.fold(books.read(unit, books.PACKS))
            if state.current:
                self.deployment = self.compiled(unit, state, self.roster(unit)[1])
                if self.engine is not None:
                    self.engine.deployment = self.deployment
            self._seen = seen
        return True

    def settle(self) -> None:
        """Take over what was just changed here, and see to those whom it moves."""
        self.refresh()
        if self.deployment is not None:
            sweep.holders(self.store, self.deployment)
            sweep.nudge(self.store, self.deployment)

    def compiled(self, unit: Unit, state: State, tree: Tree) -> Deployment:
        """What a state of the book says, with a roster, ready to run."""
        made = self.ready(unit, state.current, tree)
        if not state.candidate:
            return made
        other = self.ready(unit, state.candidate, tree)
        return replace(made, candidate=other, share=state.share)

    def ready(self, unit: Unit, digest: str, tree: Tree) -> Deployment:
        """A pack with a roster. What the roster says of queues that the pack has not is left out:
        it is made for the next pack, or the last one.
        """
        pack = self.pack(unit, digest)
        roster = compiled_roster(tree, pack)
        with self._lock:
            found = self._compiled.get(digest)
            if found is None:
                found = _keep(self._compiled, digest, deploy(pack, roster))
        return replace(found, roster=roster, calendars=rosters.calendars(pack, roster))

    def pack(self, unit: Unit, digest: str) -> Pack:
        """The pack of a digest. NotFound when it was never submitted here."""
        with self._lock:
            if digest in self._packs:
                return self._packs[digest]
            stored = self.registry.pack(unit, digest)
            if stored is None:
                raise NotFound(f"no pack `{digest}`", hint="`handrail pack history` has them all")
            return _keep(self._packs, digest, loader.load_sources(stored.sources).pack)

    def roster(self, unit: Unit) -> tuple[int, Tree]:
        """The roster in force: its version and what it says; version 0 says nothing."""
        last = last_roster(unit)
        version = last.body["version"] if last else 0
        return version, self.registry.roster(unit, version) or {"handrail": 1, "version": 0}


def compiled_roster(tree: Tree, pack: Pack) -> Roster:
    """The roster of a tree, as far as it is about this pack."""
    return rosters.of_tree(rosters.within(tree, {one.name for one in pack.queues}), pack)


def last_roster(unit: Unit) -> Entry | None:
    """What was done to the roster last."""
    found = books.read(unit, books.ROSTER)
    return found[-1] if found else None


def none_yet() -> Refused:
    """Nothing is in force."""
    return Refused("no pack is in force here", hint="`handrail pack install` the first one")


def _seen(unit: Unit) -> tuple[int, ...]:
    counts = {one.id: one.entries for one in unit.look((books.PACKS, books.ROSTER))}
    return counts.get(books.PACKS, 0), counts.get(books.ROSTER, 0)


def _keep(kept: dict[str, _Made], digest: str, made: _Made) -> _Made:
    """Keep one more, and not too many."""
    while len(kept) >= _KEPT:
        kept.pop(next(iter(kept)))
    kept[digest] = made
    return made
