"""`simulate`: a world of a seed, from its first customer to its end; `replay`: its trace again."""

from handrail.adapters.memory import MemoryStore
from handrail.core.policy import Pack
from handrail.core.routing import Roster
from handrail.engine import Deployment, deploy
from handrail.testing import vary
from handrail.testing.actors.stage import HOUR, MINUTE
from handrail.testing.cast import Cast
from handrail.testing.faults import Faults
from handrail.testing.result import Result, Tally
from handrail.testing.trace import Step
from handrail.testing.world import MakeStore, World

_MONDAY = 1_795_420_800_000  # 2026-11-23 08:00 UTC
_DAYS = 38  # worlds begin on one of so many days, the holidays of the year's end among them
_LAST = 12  # looks at the end, eleven minutes apart: longer than any effect waits to be tried
_MOST = 2000  # calls: a world that does not end has an actor that never stops


def simulate(
    pack: Pack,
    roster: Roster,
    *,
    seed: int,
    store: MakeStore = MemoryStore,
    hours: int = 30,
    cases: int = 6,
    faults: Faults = Faults(),  # noqa: B008  # a frozen value
    varied: bool = False,
) -> Result:
    """Play a world of `cases` customers through `hours`, and check the laws after every call.

    The same arguments give the same trace. `store` makes a store from a clock. `varied`: the
    seed also chooses a variation of the pack (modes, percentages, a merged queue, no overflow).
    It stops after the call in which the first law breaks.
    """
    return play(compiled(pack, roster), seed, store, hours, cases, faults, varied=varied)


def replay(
    pack: Pack,
    roster: Roster,
    trace: tuple[Step, ...],
    *,
    seed: int,
    store: MakeStore = MemoryStore,
    faults: Faults = Faults(),  # noqa: B008
    varied: bool = False,
) -> Result:
    """Play a trace again, call by call, with the same mishaps: its actors are not asked."""
    world = _world(compiled(pack, roster), seed, store, faults, varied=varied)
    tally = Tally(world)
    world.seen = tally.see
    for step in trace:
        world.now = step.at
        world.final = step.args.get("final", False)
        world.play(step.call, falls=step.falls, **step.args)
        if world.broken:
            break
    return tally.result(seed)


_COMPILED: list[tuple[Pack, Roster, Deployment]] = []


def compiled(pack: Pack, roster: Roster) -> Deployment:
    """The deployment of a pack and roster, compiled once in a process."""
    for one in _COMPILED:
        if one[0] is pack and one[1] is roster:
            return one[2]
    _COMPILED.append((pack, roster, deploy(pack, roster)))
    return _COMPILED[-1][2]


def _world(on: Deployment, seed: int, store: MakeStore, faults: Faults, *, varied: bool) -> World:
    world = World(on, seed=seed, start=_MONDAY, store=store, faults=faults)
    world.now += world.random.randrange(_DAYS) * 24 * HOUR + world.random.randrange(10) * HOUR
    if varied:
        on = vary.varied(on, world.random)
        world.engine.deployment, world.deployments = on, [on]
    return world


def play(
    on: Deployment,
    seed: int,
    store: MakeStore,
    hours: int,
    cases: int,
    faults: Faults,
    *,
    varied: bool,
) -> Result:
    """See `simulate`, for a deployment that is compiled already."""
    world = _world(on, seed, store, faults, varied=varied)
    cast = Cast(world, cases)
    end = world.now + hours * HOUR
    while not world.broken and world.now < end and len(world.steps) < _MOST:
        if not cast.next(end):
            break
    world.falls.quiet = True
    world.play("down", ms=0)
    for place in range(_LAST):
        if world.broken:
            break
        world.now += 11 * MINUTE
        world.play("fire")
        world.final = place == _LAST - 1
        world.play("drain", final=world.final)
    return cast.tally.result(seed)
