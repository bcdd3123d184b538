"""What goes wrong on purpose: crashes of the process, and messages that do not get through."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any, NamedTuple

from handrail.core.model import FULL
from handrail.core.ownership import Epoch
from handrail.ports import Effect, Sent, Store, Unit

_CALLS = 24
"""A crash within a unit comes at one of its first calls, or else just before it commits."""


class Crash(BaseException):
    """The process died here. No `Exception`: nothing may catch it, as nothing survives kill -9."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """How often each thing goes wrong, in thousandths; 0 = never."""

    crash: int = 12
    """Per unit of work: the process dies within it, or right after its commit."""
    failed: int = 150
    """Per delivery: the message does not arrive."""
    unheard: int = 60
    """Per delivery: it arrives, and the channel says that it did not, or the process dies."""
    accepted: int = 60
    """Per delivery: the channel takes it, and says only later that it arrived."""
    again: int = 80
    """Per turn and command: the caller sends it once more."""
    skew: int = 30
    """Per call: the clock of the machine is behind, by up to two minutes."""
    late: int = 150
    """Per alarm: it comes late, by up to an hour."""
    twice: int = 150
    """Per alarm: it comes twice."""


NONE = Faults(crash=0, failed=0, unheard=0, accepted=0, again=0, skew=0, late=0, twice=0)
"""Nothing goes wrong."""


class Falls:
    """How the dice fall for the faults of one call: drawn from chance, or given by a trace."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._given: Mapping[int, int] | None = None
        self._asked = 0
        self.quiet = False
        self.hits: dict[int, int] = {}

    def begin(self, given: Mapping[int, int] | None) -> None:
        """A new call; `given` is what fell when it was recorded."""
        self._given, self._asked, self.hits = given, 0, {}

    def draw(self, chance: int) -> int:
        """0, or with the chance (thousandths) a number from 1 to 1000."""
        self._asked += 1
        if self._given is not None:
            value = self._given.get(self._asked, 0)
        elif self.quiet or not chance or self._random.randrange(FULL) >= chance:
            value = 0
        else:
            value = self._random.randint(1, FULL)
        if value:
            self.hits[self._asked] = value
        return value


class BreakingStore:
    """A store whose process dies now and then: within a unit, or after the commit."""

    def __init__(self, store: Store, falls: Falls, chance: int) -> None:
        self._store, self._falls, self._chance = store, falls, chance

    @contextmanager
    def unit(self) -> Iterator[Unit]:
        """A unit of work, which may end in a `Crash`."""
        drawn = self._falls.draw(self._chance)
        after = drawn % 2 == 1
        with self._store.unit() as unit:
            if drawn and not after:
                yield _Breaking(unit, drawn % _CALLS)
                raise Crash
            yield unit
        if after:
            raise Crash

    @contextmanager
    def view(self) -> Iterator[Unit]:
        """To look is safe: a process that dies over it leaves what was there."""
        with self._store.view() as unit:
            yield unit


class _Breaking:
    """A unit that dies at its n-th call."""

    def __init__(self, unit: Unit, left: int) -> None:
        self._unit, self._left = unit, left

    def __getattr__(self, name: str) -> Any:
        self._left -= 1
        if self._left < 0:
            raise Crash
        return getattr(self._unit, name)


class Carried(NamedTuple):
    """A message that arrived: when, and where its case was at that instant."""

    effect: Effect
    text: str
    at: int
    epoch: Epoch | None


@dataclass(slots=True)
class FlakyChannel:
    """A channel that loses messages, answers wrongly and is down at times. Notes what arrived."""

    falls: Falls
    faults: Faults
    now: Callable[[], int]
    epoch: Callable[[str], Epoch | None]
    down_until: int = 0
    arrived: list[Carried] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)

    def deliver(self, effect: Effect, text: str) -> Sent:
        """See `handrail.ports.Channel`."""
        lost = self.falls.draw(self.faults.failed)
        if self.now() < self.down_until or lost % 2:
            raise ConnectionError("the channel is down")
        if lost:
            return Sent.FAILED
        self.arrived.append(Carried(effect, text, self.now(), self.epoch(effect.case)))
        if self.falls.draw(self.faults.accepted):
            self.accepted.append(effect.key)
            return Sent.QUEUED
        unheard = self.falls.draw(self.faults.unheard)
        if unheard % 2:
            raise Crash
        return Sent.FAILED if unheard else Sent.SENT
