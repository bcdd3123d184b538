"""What a law looks at: one case after a call, with what was known of it before."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from handrail.core.ownership import Party
from handrail.core.sla import Deadline
from handrail.engine import Deployment, Reply
from handrail.ports import Case, Effect, Entry, Line
from handrail.testing.faults import Carried
from handrail.testing.laws.fold import Fold, after
from handrail.testing.trace import Step


class Move(NamedTuple):
    """An entry of the ledger, and how the second reading saw the case before and after it."""

    before: Fold
    entry: Entry
    after: Fold


ANY_CASE = "*"
"""The case of a command on many."""


class Issued(NamedTuple):
    """A command that somebody of the world really gave."""

    case: str
    name: str
    who: str


@dataclass(slots=True)
class Track:
    """What was seen of a case so far."""

    fold: Fold = field(default_factory=Fold)
    entries: int = 0
    last: Entry | None = None
    lines: int = 0
    first_line: int = 1
    version: int = 0
    arrived: int = 0
    clocks: set[tuple[object, ...]] = field(default_factory=set)
    proposals: int = 0


@dataclass(slots=True, kw_only=True)
class Call:
    """A call that came back: `value` what it gave, `echo` what the same call gave once more.

    `fresh` are entries that the repetition wrote. `torn`: it died after its commit, and when it
    was tried again it changed something all the same.
    """

    step: Step
    value: Any = None
    echo: Any = None
    fresh: list[Entry] = field(default_factory=list)
    torn: bool = False


class Place(Protocol):
    """What the laws may know of the world besides the case."""

    @property
    def now(self) -> int:
        """The time, without any fault of the clock."""

    @property
    def issued(self) -> AbstractSet[Issued]:
        """What people really did."""

    @property
    def carried(self) -> Sequence[Carried]:
        """What arrived, of all cases."""

    @property
    def deployments(self) -> Sequence[Deployment]:
        """All that were active so far; the last one is."""

    @property
    def final(self) -> bool:
        """Whether this is the last look."""

    def payload(self, key: str) -> str | None:
        """The text of that key."""


@dataclass(slots=True, kw_only=True)
class Sight:
    """One case after one call. `reply` only where the call was about this case."""

    place: Place
    call: Call
    case: Case
    track: Track
    entries: Sequence[Entry]
    lines: Sequence[Line]
    deadlines: tuple[Deadline, ...]
    effects: Sequence[Effect]
    moves: list[Move]
    arrived: Sequence[Carried]
    last_line: Line | None = None

    @property
    def fold(self) -> Fold:
        """Where the second reading has arrived."""
        return self.moves[-1].after if self.moves else self.track.fold

    @property
    def on(self) -> Deployment:
        """The deployment of now."""
        return self.place.deployments[-1]

    @property
    def reply(self) -> Reply | None:
        """What the call answered, where it was about this case."""
        value = self.call.value
        return value if isinstance(value, Reply) and value.case == self.case.id else None


def moves_of(track: Track, fresh: Sequence[Entry]) -> list[Move]:
    """The new entries as moves."""
    found: list[Move] = []
    fold = track.fold
    for entry in fresh:
        then = after(fold, entry)
        found.append(Move(fold, entry, then))
        fold = then
    return found


def person_of(actor: str) -> str:
    """The human of an entry's actor; empty for machines, customers and the AI."""
    kind, _, name = actor.partition(":")
    return name if kind == Party.HUMAN.value else ""
