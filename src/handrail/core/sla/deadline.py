"""A deadline, the kinds there are, and how its time is counted."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from enum import StrEnum
from typing import NamedTuple

from handrail.core.calendar import Calendar, after, between
from handrail.core.model import FULL, Strict, value
from handrail.core.sla.settings import DAY, STEWARD, Clock, Level, SlaPolicy

SECOND = 1000
WARN, BREACH, FIRST_LEVEL = 0, 1, 2
"""What a deadline does next: its `stage`. Past the last level it is exhausted."""


class Kind(StrEnum):
    """What is waited for. A case has at most one deadline of a kind."""

    ACCEPT = "accept"
    FIRST_RESPONSE = "first_response"
    NEXT_RESPONSE = "next_response"
    RESOLUTION = "resolution"
    CALLBACK = "callback"
    AI_SILENCE = "ai_silence"
    HOLDER_SILENCE = "holder_silence"
    HOLDER_AWAY = "holder_away"
    PROPOSAL = "proposal"
    MANDATE = "mandate"
    OFFER = "offer"
    APPROVAL = "approval"
    CHECK_BACK = "check_back"


@value
class Deadline(Strict):
    """A clock of a case. Times are milliseconds since the epoch, 0 = none; `limit` is a length.

    `due` is when it is missed, `fires` when the next thing happens: 0 when it is paused or all
    has happened. `clock` is the one that it runs on; `fell_back` says that this should have been
    the business clock, and that the queue never opens.
    """

    kind: Kind
    started: int
    limit: int
    due: int
    fires: int
    stage: int = BREACH
    clock: Clock = Clock.CALENDAR
    fell_back: bool = False
    paused_at: int = 0
    left: int = 0
    left_due: int = 0

    @property
    def armed(self) -> bool:
        """Whether anything is still to happen by itself."""
        return self.fires > 0

    @property
    def missed(self) -> bool:
        """Whether its breach has fired."""
        return self.stage >= FIRST_LEVEL


class Path(NamedTuple):
    """How a kind behaves, and in which states of a case it may run.

    `seconds` is its length in the policy; None: it ends at an instant that the event brings.
    `escalates`: its breach goes through the levels, and how it ended is measured. Any other kind
    just lapses. `pauses`: whoever waits for others may stop it; no clock on an answer that is
    owed to the customer, or on a holder who is silent or away, can be stopped. `human`: people's
    hours count, if the policy says so.
    """

    runs: frozenset[str]
    seconds: Callable[[SlaPolicy], int] | None = None
    warns: bool = False
    escalates: bool = False
    pauses: bool = False
    human: bool = True


_WAITS = frozenset({"queued", "proposed"})
_HUMAN = _WAITS | {"held", "fallback"}
_HANDED = _HUMAN | {"delegated"}
OPEN = _HANDED | {"ai"}
CLOSED = "closed"

PATHS: Mapping[Kind, Path] = {
    Kind.ACCEPT: Path(_WAITS, lambda p: p.time_to_accept, True, True, True),
    Kind.FIRST_RESPONSE: Path(_HUMAN, lambda p: p.first_response, True, True),
    Kind.NEXT_RESPONSE: Path(_HUMAN, lambda p: p.next_response, True, True),
    Kind.RESOLUTION: Path(_HANDED, lambda p: p.resolution, True, True, True),
    Kind.CALLBACK: Path(frozenset({"fallback", "proposed"}), None, True, True),
    Kind.AI_SILENCE: Path(
        frozenset({"ai", "delegated"}),
        lambda p: p.ai_silence or check_back(p) // SECOND,
        warns=True,
        pauses=True,
        human=False,
    ),
    Kind.HOLDER_SILENCE: Path(frozenset({"held"}), lambda p: p.holder_silence, warns=True),
    Kind.HOLDER_AWAY: Path(frozenset({"held"}), lambda p: p.holder_silence, warns=True),
    Kind.PROPOSAL: Path(frozenset({"proposed"})),
    Kind.MANDATE: Path(frozenset({"delegated"})),
    Kind.OFFER: Path(frozenset({"ai"})),
    Kind.APPROVAL: Path(OPEN),
    Kind.CHECK_BACK: Path(OPEN),
}


def check_back(policy: SlaPolicy) -> int:
    """How long after nothing else watches a case the steward looks at it, in milliseconds."""
    return (policy.check_back if policy.check_back > 0 else DAY) * SECOND


def levels(policy: SlaPolicy) -> tuple[Level, ...]:
    """The levels in order of time; without any, the steward at once: somebody always hears."""
    return tuple(sorted(policy.escalation, key=lambda one: one.after)) or (
        Level(after=0, to=STEWARD),
    )


def arm(
    policy: SlaPolicy, calendar: Calendar | None, kind: Kind, at: int, until: int
) -> Deadline | None:
    """The deadline of a kind that starts at `at`; None when the policy has no such clock.

    `until` is when it ends, for the kinds that the policy sets no length for; 0 = unknown.
    """
    path = PATHS[kind]
    warns = path.warns and 0 < policy.warn_at < FULL
    stage = WARN if warns else BREACH
    if path.seconds is None:
        if not until:
            return None
        until = max(until, at)
        limit = check_back(policy) if kind is Kind.CHECK_BACK else until - at
        made = Deadline(kind=kind, started=at, limit=limit, due=until, fires=until, stage=stage)
    else:
        limit = path.seconds(policy) * SECOND
        if limit <= 0:
            return None
        business = path.human and policy.clock is Clock.BUSINESS
        due = after(calendar, at, limit) if business and calendar is not None else None
        made = Deadline(
            kind=kind,
            started=at,
            limit=limit,
            due=at + limit if due is None else due,
            fires=at + limit if due is None else due,
            stage=stage,
            clock=Clock.CALENDAR if due is None else Clock.BUSINESS,
            fell_back=business and due is None,
        )
    return later(made, calendar, at, limit * policy.warn_at // FULL) if warns else made


def later(own: Deadline, calendar: Calendar | None, at: int, ms: int) -> Deadline:
    """The deadline when it fires next after `ms` of its own time from `at`.

    Where the queue never opens again it counts all time from now on, and says so.
    """
    if own.clock is Clock.CALENDAR:
        return replace(own, fires=at + ms)
    then = None if calendar is None else after(calendar, at, ms)
    if then is None:
        return replace(own, fires=at + ms, clock=Clock.CALENDAR, fell_back=True)
    return replace(own, fires=then)


def pause(own: Deadline, calendar: Calendar | None, at: int) -> Deadline:
    """The clock stopped at `at`; one at which nothing more happens is as it was."""
    if not own.armed:
        return own
    return replace(
        own,
        fires=0,
        paused_at=at,
        left=_passed(own, calendar, at, own.fires),
        left_due=_passed(own, calendar, at, own.due),
    )


def resume(own: Deadline, calendar: Calendar | None, at: int) -> Deadline:
    """The clock going on from where it was stopped. What was missed stays so, and when."""
    if not own.paused_at:
        return own
    due = own.due if own.missed else later(own, calendar, at, own.left_due).fires
    own = replace(later(own, calendar, at, own.left), paused_at=0, left=0, left_due=0)
    return replace(own, due=due)


def _passed(own: Deadline, calendar: Calendar | None, start: int, end: int) -> int:
    if own.clock is Clock.BUSINESS and calendar is not None:
        return between(calendar, start, end)
    return end - start
