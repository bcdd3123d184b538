"""The smallest change that would have flipped an outcome, found by asking `decide` again.

Worse evidence never cools an outcome (law 3), so along each piece of evidence the outcome
changes at one point, which bisection finds without knowing any rule.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from handrail.core.case import CaseState
from handrail.core.decision.decide import decide
from handrail.core.decision.rules import Rules
from handrail.core.model import FULL, Attributes, Change, Context, Decision, Outcome, Role, Signals

World = tuple[CaseState, Signals, Context]
_COUNT = 64  # as far up as a count of turns is tried

# Flags of a turn, by field name of Signals: 1 = raised. Only ever lowered: that somebody might
# have asked for a human would flip every decision, and tells nothing.
FLAGS = (
    "explicit_request",
    "offer_accepted",
    "policy_violation",
    "permission_missing",
    "approval_expired",
    "data_missing",
    "agent_request",
    "operator_takeover",
)
COUNTS = ("no_progress_turns", "tool_failures", "repeats", "stalled")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Dial:
    """One piece of evidence: its value now, the mildest and the worst, and how to set it."""

    name: str
    now: int
    best: int
    worst: int
    put: Callable[[World, int], World]


def flip(
    rules: Rules, state: CaseState, signals: Signals, context: Context, decision: Decision
) -> tuple[Change, ...]:
    """The fewest, then smallest, changes that together give another outcome.

    `Change.signal` is a graded piece of evidence (`confidence` of this agent turn, `level` of
    sentiment, a name of `COUNTS`), a flag of this turn (`FLAGS`), `approval_minutes`,
    `idle_minutes`, or a label now there that would be absent (`topic:NAME`, `condition:NAME`,
    `tier:NAME`, `stage:NAME`; 1 to 0).
    A continue or an offer is heated by graded evidence only; () when that cannot flip it.
    """
    world = (state, signals, context)
    heat = decision.outcome is not Outcome.HANDOFF
    dials = _graded(world) if heat else (*_graded(world), *_labels(world))
    ends = {dial.name: dial.worst if heat else dial.best for dial in dials}

    def flips(values: dict[str, int]) -> bool:
        changed = apply(world, dials, values)
        return decide(rules, *changed).outcome is not decision.outcome

    single = _smallest(dials, ends, flips)
    if single is not None:
        return (single,)
    if not flips(ends):
        return ()
    ends = _needed(ends, flips)
    kept = [dial for dial in dials if dial.name in ends]
    for dial in kept:
        ends[dial.name] = _bisect(dial, ends[dial.name], ends, flips)
    return tuple(Change(signal=d.name, before=d.now, after=ends[d.name]) for d in kept)


def apply(world: World, dials: tuple[_Dial, ...], values: dict[str, int]) -> World:
    """The world with some dials set to other values."""
    for dial in dials:
        if dial.name in values:
            world = dial.put(world, values[dial.name])
    return world


def _smallest(
    dials: tuple[_Dial, ...], ends: dict[str, int], flips: Callable[[dict[str, int]], bool]
) -> Change | None:
    """The smallest change of one dial that flips, as a share of the dial's whole range.

    Once one is found, another dial is only tried as far as it would be the smaller change.
    """
    best: Change | None = None
    size, whole = 0, 1  # of the best: its steps, of so many
    for dial in dials:
        reach, end = abs(dial.worst - dial.best), ends[dial.name]
        if best is not None:
            steps = min(abs(end - dial.now), (size * reach - 1) // whole)
            end = dial.now + (steps if end > dial.now else -steps)
        if end != dial.now and flips({dial.name: end}):
            value = _bisect(dial, end, {}, flips)
            best = Change(signal=dial.name, before=dial.now, after=value)
            size, whole = abs(value - dial.now), reach
    return best


def _needed(ends: dict[str, int], flips: Callable[[dict[str, int]], bool]) -> dict[str, int]:
    """Changes that flip together, without those that are not needed for it.

    Over again until nothing goes: a condition that is left alone may be the exception that holds
    back what was still needed before.
    """
    kept = ends
    for name in ends:
        rest = {other: value for other, value in kept.items() if other != name}
        if flips(rest):
            kept = rest
    return kept if len(kept) == len(ends) else _needed(kept, flips)


def _bisect(
    dial: _Dial, end: int, others: dict[str, int], flips: Callable[[dict[str, int]], bool]
) -> int:
    """The value nearest to now that still flips; `end` is known to flip."""
    near, far = dial.now, end
    while abs(far - near) > 1:
        middle = (near + far) // 2
        if flips({**others, dial.name: middle}):
            far = middle
        else:
            near = middle
    return far


def _graded(world: World) -> tuple[_Dial, ...]:
    """Evidence that is measured in degrees."""
    state, signals, context = world
    dials = [
        _Dial(name=n, now=getattr(state, n), best=0, worst=_COUNT, put=_state(n)) for n in COUNTS
    ]
    if state.sentiment_known:
        dials.append(_Dial(name="level", now=state.level, best=0, worst=FULL, put=_state("level")))
    if signals.role is Role.AGENT and signals.confidence is not None:
        dials.append(
            _Dial(name="confidence", now=signals.confidence, best=FULL, worst=0, put=_confidence)
        )
    now = max(state.now, context.at or 0)
    waiting = state.approval_since if state.approvals_open else 0
    for name, since in (("approval_minutes", waiting), ("idle_minutes", state.progress_at)):
        if since:
            age = (now - since) // 60_000
            field = "approval_since" if name == "approval_minutes" else "progress_at"
            dials.append(_Dial(name=name, now=age, best=0, worst=10_080, put=_age(field, now)))
    return tuple(dial for dial in dials if dial.now not in (dial.worst, None))


def _labels(world: World) -> tuple[_Dial, ...]:
    """Evidence that is there or not, where it is there."""
    state, signals, context = world
    found: list[tuple[str, Callable[[World, int], World]]] = [
        (name, _flag(name)) for name in FLAGS if getattr(signals, name)
    ]
    found += [(f"topic:{name}", _topic(name)) for name in state.topics]
    found += [(f"condition:{n}", _condition(n)) for n, true in context.conditions if true]
    who = context.attributes
    found += [
        (f"{field}:{value}", _attribute(field))
        for field, value in (("tier", who.tier), ("stage", who.stage))
        if value
    ]
    return tuple(_Dial(name=name, now=1, best=0, worst=1, put=put) for name, put in found)


def _state(name: str) -> Callable[[World, int], World]:
    return lambda world, value: (replace(world[0], **_one(name, value)), world[1], world[2])


def _age(field: str, now: int) -> Callable[[World, int], World]:
    """Sets how many whole minutes ago something began."""
    return lambda world, value: (
        replace(world[0], **_one(field, max(1, now - value * 60_000))),
        world[1],
        world[2],
    )


def _confidence(world: World, value: int) -> World:
    return replace(world[0], confidence=value), replace(world[1], confidence=value), world[2]


def _flag(name: str) -> Callable[[World, int], World]:
    return lambda world, value: (world[0], replace(world[1], **_one(name, bool(value))), world[2])


def _topic(name: str) -> Callable[[World, int], World]:
    return lambda world, _: (
        replace(world[0], topics=tuple(t for t in world[0].topics if t != name)),
        world[1],
        world[2],
    )


def _condition(name: str) -> Callable[[World, int], World]:
    def put(world: World, _: int) -> World:
        kept = tuple((n, n != name and true) for n, true in world[2].conditions)
        return world[0], world[1], replace(world[2], conditions=kept)

    return put


def _attribute(field: str) -> Callable[[World, int], World]:
    def put(world: World, _: int) -> World:
        who: Attributes = replace(world[2].attributes, **_one(field, ""))
        return world[0], world[1], replace(world[2], attributes=who)

    return put


def _one(field: str, value: object) -> dict[str, Any]:
    """One field to replace, by a name that is only known here."""
    return {field: value}
