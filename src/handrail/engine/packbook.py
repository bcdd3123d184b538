"""What is known of packs in a workspace: which is in force, every one that was, what was done."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from handrail import books
from handrail.core import policy
from handrail.engine import versions
from handrail.engine.force import Force, none_yet
from handrail.engine.versions import State, Version
from handrail.errors import InputError, NotFound
from handrail.packs import compare, loader
from handrail.packs.stored import Stored
from handrail.ports import Entry, Unit

_SHORTEST = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """What is in force, and all packs, the latest submitted last."""

    state: State
    packs: tuple[Version, ...]

    @property
    def active(self) -> Version | None:
        """The pack in force."""
        return self.state.packs.get(self.state.current)

    @property
    def candidate(self) -> Version | None:
        """The pack that is ramped."""
        return self.state.packs.get(self.state.candidate)


class PackBook:
    """The packs of a workspace, to be read. A pack is named by its digest, or by as much of it as
    is enough, without `sha256:` if you like. NotFound when there is none.
    """

    def __init__(self, force: Force) -> None:
        self.force = force

    def overview(self) -> Overview:
        """What is in force, and every pack with its stage."""
        with self.force.store.view() as unit:
            state = of(unit)
        return Overview(
            state=state, packs=tuple(sorted(state.packs.values(), key=lambda one: one.at))
        )

    def history(self) -> Sequence[Entry]:
        """Every step that was taken, in order."""
        with self.force.store.view() as unit:
            return books.read(unit, books.PACKS)

    def stored(self, digest: str) -> Stored:
        """A pack with its files."""
        with self.force.store.view() as unit:
            name = find(of(unit), digest).digest
            return self.kept(unit, name)

    def pack(self, digest: str) -> policy.Pack:
        """A pack, loaded: the one that made a decision, by the digest that the decision names."""
        return loader.load_sources(self.stored(digest).sources).pack

    def diff(self, old: str, new: str) -> tuple[compare.Difference, ...]:
        """What differs, key by key. An empty name is the pack in force."""
        current = self.overview().state.current
        if not current and not (old and new):
            raise none_yet()
        return compare.compare(self.pack(old or current), self.pack(new or current))

    @contextmanager
    def changing(self) -> Iterator[tuple[Unit, State]]:
        """A unit in which nobody else takes a step, and what the packs are at by then."""
        with self.force.store.unit() as unit:
            unit.case(books.PACKS)
            yield unit, of(unit)

    def kept(self, unit: Unit, digest: str) -> Stored:
        """The pack of exactly this digest, in a unit."""
        found = self.force.registry.pack(unit, digest)
        if found is None:
            raise NotFound(f"no pack `{digest}`")
        return found

    def version(self, digest: str) -> Version:
        """Where a pack is in its life."""
        return find(self.overview().state, digest)


def of(unit: Unit) -> State:
    """What the book says in this unit."""
    return versions.fold(books.read(unit, books.PACKS))


def find(state: State, name: str) -> Version:
    """The pack of a digest, or of the beginning of one."""
    if name in state.packs:
        return state.packs[name]
    short = name.removeprefix("sha256:")
    found = [one for one in state.packs.values() if one.digest[7:].startswith(short)]
    if len(short) < _SHORTEST or not found:
        raise NotFound(f"no pack `{name}`", hint="`handrail pack history` has their digests")
    if len(found) > 1:
        raise InputError(f"`{name}` begins {len(found)} digests", hint="give more of it")
    return found[0]
