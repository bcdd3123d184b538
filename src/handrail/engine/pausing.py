"""A holder who waits for others stops the clock of the resolution, and says when to look again.

It goes on when the customer writes, when the case changes hands, and when the holder says so. No
clock on an answer that is owed to the customer stops. Until then the steward hears at the
check-back, and again each day.
"""

from dataclasses import dataclass

from handrail.core.ownership import Actor, Refusal, Refused, Status
from handrail.core.sla import Event
from handrail.engine import acts, timers
from handrail.engine.bulk import found
from handrail.engine.deployment import Deployment
from handrail.engine.reply import Reply
from handrail.engine.work import Work
from handrail.errors import InputError
from handrail.ports import Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Whom is waited for: a code, such as `customer` or `third_party`. `check_back` is when to look
    again, in milliseconds since the epoch; 0 = the clock goes on.
    """

    reason: str = ""
    check_back: int = 0


def pause(unit: Unit, on: Deployment, name: str, by: str, said: Pause) -> Reply:
    """Stop the clock of the case that `by` holds, or let it go on."""
    work = Work(unit, on, found(unit, name))
    acts.rehome(work)
    work.fire()
    timers.run(work)
    refused = _barred(work, by)
    if refused is None and said.check_back:
        _stop(work, acts.human(by), said)
    elif refused is None:
        work.clocks(Event.RESUMED)
        work.entry("unpause", acts.human(by), {})
    timers.run(work)
    work.close()
    return work.reply(refused=refused)


def _stop(work: Work, by: Actor, said: Pause) -> None:
    if said.check_back <= work.now:
        raise InputError(
            f"`check_back` {said.check_back} of a pause has passed",
            hint="give an instant to come, in milliseconds since the epoch",
        )
    work.clocks(Event.PAUSED, said.check_back)
    stopped = [one.kind.value for one in work.deadlines if one.paused_at]
    if not stopped:
        raise InputError(
            f"case `{work.case.id}` has no clock that a pause would stop",
            hint="set `resolution` in the SLA policy of its queue",
        )
    body = {"reason": said.reason, "check_back": said.check_back, "clocks": stopped}
    work.entry("pause", by, body)


def _barred(work: Work, by: str) -> Refused | None:
    """Only who holds the case waits with it."""
    own = work.own
    if own.status is Status.CLOSED:
        return Refused(code=Refusal.CLOSED)
    if own.status is not Status.HELD:
        return Refused(code=Refusal.NOT_HELD)
    return None if own.human == by else Refused(code=Refusal.NOT_OWNER, who=own.human)
