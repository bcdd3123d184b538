"""What falls due. Law 17: firing late or twice gives nothing twice, and loses nothing.

Every instant follows from the one before it on the deadline and never from the time of firing.
Law 20: what fires says that time has passed, and names no person who decided anything.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from handrail.core.calendar import Calendar
from handrail.core.model import Strict
from handrail.core.sla.deadline import (
    BREACH,
    FIRST_LEVEL,
    PATHS,
    SECOND,
    WARN,
    Deadline,
    Kind,
    arm,
    check_back,
    later,
    levels,
)
from handrail.core.sla.settings import STEWARD, SlaPolicy

_ORDER = {kind: place for place, kind in enumerate(Kind)}


class Happened(StrEnum):
    """What came of a deadline. `lapse`: the time of something that is no SLA is over."""

    WARNING = "warning"
    BREACH = "breach"
    ESCALATION = "escalation"
    EXHAUSTED = "exhausted"
    LAPSE = "lapse"
    CHECK_BACK = "check_back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Firing(Strict):
    """One thing that time brought about. (kind, started, what, level, at) never comes twice.

    `at` is when it was due to happen, however late it was noticed. `to` is whom to tell:
    `steward`, `overflow`, a queue, or nobody. `level` counts from 1.
    """

    kind: Kind
    started: int
    what: Happened
    at: int
    level: int = 0
    to: str = ""


def fire(
    policy: SlaPolicy, calendar: Calendar | None, deadlines: Iterable[Deadline], at: int
) -> tuple[tuple[Firing, ...], tuple[Deadline, ...]]:
    """All that has fallen due by `at`, in order, and the deadlines after it.

    Late gives the same as on time, but that check-backs which were missed are told once.
    """
    deadlines = tuple(deadlines)
    if not any(0 < one.fires <= at for one in deadlines):  # almost always
        return (), in_order(deadlines)
    own = {one.kind: one for one in deadlines}
    fired: list[Firing] = []
    while due := [one for one in own.values() if one.armed and one.fires <= at]:
        first = min(due, key=lambda one: (one.fires, _ORDER[one.kind]))
        told, own[first.kind] = _step(policy, calendar, first, at)
        fired.append(told)
        own = {one.kind: one for one in watched(policy, own.values(), first.fires)}
    return tuple(fired), in_order(own.values())


def watched(policy: SlaPolicy, deadlines: Iterable[Deadline], at: int) -> tuple[Deadline, ...]:
    """Law 16, for an unclosed case: with a check-back where something is paused or nothing else is
    armed, and without one otherwise.
    """
    own = {one.kind: one for one in deadlines}
    before = own.pop(Kind.CHECK_BACK, None)
    paused = any(one.paused_at for one in own.values())
    if paused or not any(one.armed for one in own.values()):
        made = before or arm(policy, None, Kind.CHECK_BACK, at, at + check_back(policy))
        own |= {made.kind: made} if made else {}
    return in_order(own.values())


def in_order(deadlines: Iterable[Deadline]) -> tuple[Deadline, ...]:
    """In the order of the kinds, so that equal deadlines are equal values."""
    own = tuple(deadlines)
    return own if len(own) < 2 else tuple(sorted(own, key=_place))


def _place(one: Deadline) -> int:
    return _ORDER[one.kind]


def _step(
    policy: SlaPolicy, calendar: Calendar | None, own: Deadline, at: int
) -> tuple[Firing, Deadline]:
    """The next thing that happens to a deadline, and the deadline after it."""

    def told(what: Happened, to: str = "", level: int = 0) -> Firing:
        return Firing(
            kind=own.kind, started=own.started, what=what, at=own.fires, to=to, level=level
        )

    if own.kind is Kind.CHECK_BACK:
        missed = (at - own.fires) // own.limit
        then = own.fires + (missed + 1) * own.limit
        return told(Happened.CHECK_BACK, STEWARD), replace(own, due=then, fires=then)
    if own.stage == WARN:
        return told(Happened.WARNING), replace(own, fires=own.due, stage=BREACH)
    if not PATHS[own.kind].escalates:
        return told(Happened.LAPSE), replace(own, fires=0, stage=FIRST_LEVEL)
    path = levels(policy)
    level = own.stage - BREACH  # 0 is the breach itself
    times = [0, *(one.after * SECOND for one in path)]
    if level > len(path):
        return told(Happened.EXHAUSTED, STEWARD), replace(own, fires=0)
    # After the last level, the clock's own time once more: whoever was told can still act.
    gap = own.limit if level == len(path) else max(0, times[level + 1] - times[level])
    after = replace(later(own, calendar, own.fires, gap), stage=own.stage + 1)
    if level == 0:
        return told(Happened.BREACH), after
    return told(Happened.ESCALATION, path[level - 1].to, level), after
