"""What an event of a case does to its deadlines: `on`, by the table."""

from collections.abc import Iterable
from enum import StrEnum

from handrail.core.calendar import Calendar
from handrail.core.model import Strict, value
from handrail.core.sla.deadline import CLOSED, PATHS, Deadline, Kind, arm, check_back, pause, resume
from handrail.core.sla.fire import Firing, fire, watched
from handrail.core.sla.settings import SlaPolicy
from handrail.core.sla.table import TABLE, Event


class Result(StrEnum):
    """How a clock that is measured ended."""

    HIT = "hit"
    MISSED = "missed"
    CANCELLED = "cancelled"


@value
class Settled(Strict):
    """A clock that came to its end at `at`: cancelled, when neither met nor missed by then."""

    kind: Kind
    started: int
    due: int
    at: int
    result: Result


@value
class Update(Strict):
    """The deadlines after an event; `fired` had fallen due before it and still holds."""

    deadlines: tuple[Deadline, ...]
    settled: tuple[Settled, ...] = ()
    fired: tuple[Firing, ...] = ()


def on(
    event: Event,
    status: str,
    policy: SlaPolicy,
    calendar: Calendar | None,
    deadlines: Iterable[Deadline],
    at: int,
    until: int = 0,
) -> Update:
    """The clocks of a case after an event that left it in `status`.

    `calendar` is that of the queue, None when it is never staffed. `until` is the end of a
    proposal, mandate, offer, approval or callback, or when to look again after a pause. Of
    approvals that overlap the first to end counts.
    """
    row = TABLE[event]
    fired, rest = fire(policy, calendar, deadlines, at)
    own = {one.kind: one for one in rest}
    given = () if row.until is None else (row.until,)
    if row.until is Kind.APPROVAL and Kind.APPROVAL in own and own[Kind.APPROVAL].armed:
        until = min(until or own[Kind.APPROVAL].due, own[Kind.APPROVAL].due)
    over = {kind for kind in own if status not in PATHS[kind].runs}
    over.update(row.meets, row.cancels, row.restarts)
    ended = [own.pop(kind) for kind in tuple(own) if kind in over or kind in given]
    if row.resumes:
        # One that was put off goes; one that is near stays, or a busy customer would put it off.
        if (look := own.get(Kind.CHECK_BACK)) and look.fires > at + check_back(policy):
            del own[Kind.CHECK_BACK]
        own = {kind: resume(one, calendar, at) for kind, one in own.items()}
    for kind in (*row.starts, *row.restarts, *given):
        answers = kind is Kind.NEXT_RESPONSE and Kind.FIRST_RESPONSE in own
        if kind in own or answers or status not in PATHS[kind].runs:
            continue
        if made := arm(policy, calendar, kind, at, until):
            own[kind] = made
    if event is Event.PAUSED:
        own = {k: pause(one, calendar, at) if PATHS[k].pauses else one for k, one in own.items()}
    return Update(
        deadlines=() if status == CLOSED else watched(policy, own.values(), at),
        settled=tuple(
            _settle(one, at, met=one.kind in row.meets)
            for one in ended
            if PATHS[one.kind].escalates
        ),
        fired=tuple(one for one in fired if one.kind not in over),
    )


def _settle(own: Deadline, at: int, *, met: bool) -> Settled:
    result = Result.MISSED if own.missed else Result.HIT if met else Result.CANCELLED
    return Settled(kind=own.kind, started=own.started, due=own.due, at=at, result=result)
