"""What came of a world, and how it is counted."""

from collections import Counter
from dataclasses import dataclass, field
from statistics import median

from handrail.testing.laws import Sight
from handrail.testing.trace import Step
from handrail.testing.world import Broken, World


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of a world. Waits are milliseconds from the opening of a handoff to a person.

    `load` is the most cases that waited in a queue at one time. `laws` counts how often each law
    was checked. `trace` replays.
    """

    seed: int
    events: int
    cases: int
    handoffs: int
    load: dict[str, int]
    waits: tuple[int, ...]
    breaches: int
    exhausted: int
    crashes: int
    laws: dict[str, int]
    broken: tuple[Broken, ...]
    trace: tuple[Step, ...] = field(repr=False)

    @property
    def ok(self) -> bool:
        """Whether every law held."""
        return not self.broken

    @property
    def median_wait(self) -> int | None:
        """The median wait in milliseconds; None when nobody was helped."""
        return int(median(self.waits)) if self.waits else None


class Tally:
    """Counts what is seen."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.counts: Counter[str] = Counter()
        self.waits: list[int] = []
        self.load: dict[str, int] = {}
        self.since: dict[str, int] = {}

    def see(self, sight: Sight) -> None:
        """A case that changed."""
        for before, entry, then in sight.moves:
            if then.handoff > before.handoff:
                self.counts["handoffs"] += 1
                self.since[entry.case] = entry.at
            if then.status == "held" and entry.case in self.since:
                self.waits.append(entry.at - self.since.pop(entry.case))
            what = entry.body.get("what") if entry.name == "clock" else ""
            self.counts["breaches"] += what == "breach"
            self.counts["exhausted"] += entry.name == "fall_back"
        queue = sight.fold.queue
        if queue:
            with self.world.inner.view() as unit:
                self.load[queue] = max(self.load.get(queue, 0), unit.waiting(queue))

    def result(self, seed: int) -> Result:
        """All of it."""
        world = self.world
        return Result(
            seed=seed,
            events=len(world.steps),
            cases=len(world.cases),
            handoffs=self.counts["handoffs"],
            load=self.load,
            waits=tuple(self.waits),
            breaches=self.counts["breaches"],
            exhausted=self.counts["exhausted"],
            crashes=world.crashes,
            laws=dict(world.checked),
            broken=tuple(world.broken),
            trace=tuple(world.steps),
        )
