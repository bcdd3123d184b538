"""Variations of a pack, so that a world meets more than one: tiny, harsh, half switched on."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random

from handrail.core import policy
from handrail.core.model import Mode
from handrail.core.policy import Pack
from handrail.core.routing import Queue
from handrail.engine import Deployment
from handrail.packs import roster as rosters

Change = Callable[[Pack], Pack]


def _each(pack: Pack, **fields: object) -> Pack:
    return replace(
        pack,
        workflows=tuple(replace(one, **fields) for one in pack.workflows),  # type: ignore[arg-type]
    )


def _queues(pack: Pack, change: Callable[[Queue], Queue]) -> Pack:
    return replace(pack, queues=tuple(change(queue) for queue in pack.queues))


def _observe(pack: Pack) -> Pack:
    return _each(pack, mode=Mode.OBSERVE)


def _advise(pack: Pack) -> Pack:
    return _each(pack, mode=Mode.ADVISE)


def _half(pack: Pack) -> Pack:
    return _each(pack, percentage=50)


def _no_overflow(pack: Pack) -> Pack:
    return _queues(pack, lambda queue: replace(queue, overflow=""))


def _merged(pack: Pack) -> Pack:
    """The first queue that another one is left beside goes away."""
    if len(pack.queues) < 2:
        return pack
    gone, into = pack.queues[0].name, pack.queues[-1].name
    return _queues(
        pack, lambda queue: replace(queue, merged_into=into) if queue.name == gone else queue
    )


def _hasty(pack: Pack) -> Pack:
    return _queues(pack, lambda queue: replace(queue, proposal_expires=20))


def _short_window(pack: Pack) -> Pack:
    return _each(pack, reopen_window=3600)


def _one_bounce(pack: Pack) -> Pack:
    return replace(
        pack,
        workflows=tuple(
            replace(one, handback=replace(one.handback, max_bounces=1)) for one in pack.workflows
        ),
    )


def _impatient(pack: Pack) -> Pack:
    """The AI and the holders have minutes."""
    return replace(
        pack,
        sla=tuple(replace(one, ai_silence=300, holder_silence=900) for one in pack.sla),
    )


def _same(pack: Pack) -> Pack:
    return pack


CHANGES: Mapping[str, Change] = {
    "same": _same,
    "observe": _observe,
    "advise": _advise,
    "half": _half,
    "no overflow": _no_overflow,
    "merged queue": _merged,
    "hasty proposals": _hasty,
    "short window": _short_window,
    "one bounce": _one_bounce,
    "impatient": _impatient,
}
"""What can be changed, by name."""
LIVE = ("merged queue", "hasty proposals", "no overflow", "impatient", "short window")
"""Changes that a board may activate while cases are open."""


def repacked(on: Deployment, pack: Pack) -> Deployment:
    """The deployment with another version of its pack, whose words and patterns are the same."""
    return replace(
        on,
        pack=pack,
        digest=policy.digest(pack),
        queues={one.name: one for one in pack.queues},
        calendars=rosters.calendars(pack, on.roster),
        workflows={
            name: replace(one, rules=policy.rules(pack, name)) for name, one in on.workflows.items()
        },
    )


def varied(on: Deployment, random: Random) -> Deployment:
    """The deployment as it is, or changed in one to three ways, people too."""
    pack = on.pack
    for name in random.sample(sorted(CHANGES), random.randint(0, 3)):
        if name not in {"observe", "advise"} or random.random() < 0.5:
            pack = CHANGES[name](pack)
    on = repacked(on, pack) if pack is not on.pack else on
    if random.random() < 0.3:
        people = tuple(replace(one, capacity=1) for one in on.roster.people)
        on = replace(on, roster=replace(on.roster, people=people))
    return on
