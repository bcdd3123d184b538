"""What follows when a clock has run out. Law 20: nothing here is anybody's decision."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from handrail.core.model import Event, Mode, Outcome, Role, Trigger, Turn
from handrail.core.ownership import Status
from handrail.core.ownership import commands as c
from handrail.core.record import plain
from handrail.core.sla import STEWARD, Firing, Happened, Kind
from handrail.core.sla import Event as ClockEvent
from handrail.engine import transfer, turns
from handrail.engine.work import SYSTEM, Work
from handrail.ports import ApprovalStatus, OfferStatus

OVERFLOW = "overflow"
_MINUTE = 60_000


def run(work: Work) -> None:
    """Act on all that has fallen due, in order; what that sets off is taken in the same unit."""
    while work.fired:
        firing = work.fired.pop(0)
        work.entry("clock", SYSTEM, plain(firing))
        if firing.what is Happened.LAPSE:
            _LAPSES[firing.kind](work)
        else:
            _told(work, firing)


def _told(work: Work, firing: Firing) -> None:
    """Warnings, breaches, levels and check-backs: somebody hears, and the case may move."""
    if firing.what is Happened.ESCALATION:
        _escalate(work, firing)
    elif firing.what is Happened.EXHAUSTED and work.own.status is Status.QUEUED:
        transfer.fall_back(work)
    elif firing.what is Happened.CHECK_BACK or firing.kind is Kind.CALLBACK:
        _look_again(work)
    if work.own.status is Status.AI:
        if work.deployment.mode(work.case.workflow, work.case.id) is Mode.OBSERVE:
            return
        if firing.what is Happened.CHECK_BACK:
            return  # nobody waits: an idle conversation is no news every day
    to = _whom(work, firing)
    body = {"kind": firing.kind.value, "what": firing.what.value, "to": to}
    work.effect("clock", body | {"level": firing.level, "queue": work.own.queue})


def _whom(work: Work, firing: Firing) -> str:
    """Who is told: a warning goes to the person who has the case or is asked to take it."""
    own = work.own
    if firing.what is Happened.WARNING and own.human:
        return own.human
    if firing.to not in {"", STEWARD}:
        return firing.to
    return own.steward or work.deployment.pack.owner or transfer.NOBODY


def _escalate(work: Work, firing: Firing) -> None:
    """Up one level; what waits goes where the level says."""
    on, own = work.deployment, work.own
    queue = on.queues.get(own.queue)
    name = firing.to
    if name == OVERFLOW:
        name = queue.overflow if queue else ""
    target = on.queues.get(name) if name != STEWARD else None
    # What the fallback has promised stays where it was promised.
    moves = target is not None and own.status in {Status.QUEUED, Status.PROPOSED}
    refused = work.do(
        c.Escalate(
            at=work.now,
            by=SYSTEM,
            level=max(own.level + 1, firing.level),
            queue=target.name if target and moves else "",
            steward=(target.steward or own.steward) if target and moves else "",
            reason=firing.kind.value,
        )
    )
    if refused is None and moves:
        transfer.settle(work)


def _look_again(work: Work) -> None:
    """A case that waits, or a callback whose time has come, is proposed again."""
    if work.own.status is Status.QUEUED:
        transfer.settle(work)
    elif work.own.status is Status.FALLBACK:
        call(work)


def call(work: Work) -> bool:
    """Ask somebody to do what the fallback promised: where the case is now, else where the matrix
    would send it. True when a person was asked.
    """
    on, own = work.deployment, work.own
    wanted = replace(transfer.request(work), exhausted=())
    found = transfer.within(work, wanted)
    if not found.nomination.person:
        found = transfer.assign(work, wanted)
    if not found.nomination.person or found.route.queue not in on.queues:
        return False
    wait = on.queues[found.route.queue].proposal_expires * 1000
    person = found.nomination.person
    asked = work.do(c.Propose(at=work.now, by=SYSTEM, human=person, until=work.now + wait))
    if asked is None:
        why = list(found.nomination.why)
        work.effect("proposal", {"human": person, "why": why, "for": "", "queue": own.queue})
    return asked is None


def _ai_silent(work: Work) -> None:
    """The customer waits for an AI that does not answer: a human takes over."""
    if work.own.status is Status.DELEGATED:
        work.do(c.Return(at=work.now, by=SYSTEM, reason="ai_silent"))
        return
    if work.own.status is not Status.AI:
        return
    mode = work.deployment.mode(work.case.workflow, work.case.id)
    if mode is Mode.ADVISE:
        turns.advise(work, Outcome.HANDOFF, ["ai_silent"])
    elif mode is Mode.ENFORCE:
        silent = transfer.because(work, Trigger.NO_PROGRESS, "ai_silent", hard=False)
        transfer.hand_off(work, silent)


def _proposal(work: Work) -> None:
    if work.own.status is Status.PROPOSED:
        work.do(c.Expire(at=work.now, by=SYSTEM, proposal=work.own.proposal))
        transfer.settle(work)


def _mandate(work: Work) -> None:
    work.do(c.Return(at=work.now, by=SYSTEM, reason="expired"))


def _offer(work: Work) -> None:
    offer = work.case.offer
    if offer is not None and offer.status is OfferStatus.OPEN:
        turns.take(work, turns.ops(Event.OFFER_EXPIRED), "", decides=False)
        work.end_offer(OfferStatus.EXPIRED)


def _approval(work: Work) -> None:
    """Nobody answered in time: expired, and never rejected. Before that, it may be blocked."""
    expired = False
    for found in work.unit.approvals(work.case.id):
        if found.status is ApprovalStatus.OPEN and found.expires <= work.now:
            expired = True
            work.unit.put_approval(replace(found, status=ApprovalStatus.EXPIRED))
            work.entry("approval", SYSTEM, {"id": found.id, "status": "expired"})
            turns.take(work, turns.ops(Event.APPROVAL_EXPIRED, found.tool), "")
    if not expired:
        turns.take(work, Turn(role=Role.OPS), "")  # time has passed: that may be a reason
    rearm(work)


def rearm(work: Work) -> None:
    """The clock of the approvals that are open: when the first expires, or is overdue by the
    pack's own line for what is blocked.
    """
    still = [
        found.expires
        for found in work.unit.approvals(work.case.id)
        if found.status is ApprovalStatus.OPEN
    ]
    work.clocks(ClockEvent.APPROVAL_SETTLED)
    if not still:
        return
    rule = work.deployment.workflows[work.case.workflow].rules.blocked_approval
    since = work.case.state.approval_since
    if rule is not None and since and since + rule.minutes * _MINUTE > work.now:
        still.append(since + rule.minutes * _MINUTE)
    work.clocks(ClockEvent.APPROVAL_ASKED, min(still))


def _release(reason: str) -> Callable[[Work], None]:
    def act(work: Work) -> None:
        if work.own.status is Status.HELD:
            work.do(c.Release(at=work.now, by=SYSTEM, reason=reason))
            transfer.settle(work)

    return act


_LAPSES: Mapping[Kind, Callable[[Work], None]] = {
    Kind.PROPOSAL: _proposal,
    Kind.MANDATE: _mandate,
    Kind.OFFER: _offer,
    Kind.APPROVAL: _approval,
    Kind.AI_SILENCE: _ai_silent,
    Kind.HOLDER_SILENCE: _release("holder_silent"),
    Kind.HOLDER_AWAY: _release("holder_away"),
}
