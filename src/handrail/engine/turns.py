"""A turn of a case: measured, folded, decided, and what follows from the decision."""

from dataclasses import replace

from handrail.codec import changed
from handrail.core import case as cases
from handrail.core import record
from handrail.core.decision import decide
from handrail.core.model import (
    Context,
    Decision,
    Event,
    Forecast,
    Mode,
    Outcome,
    Role,
    Signals,
    Trigger,
    Turn,
)
from handrail.core.ownership import Actor, Epoch, Party, Refused, Status
from handrail.core.ownership import commands as c
from handrail.core.policy import NoticeEvent
from handrail.engine import speaking, transfer
from handrail.engine.gate import Barred, code
from handrail.engine.work import SYSTEM, Work
from handrail.ports import Line, OfferStatus
from handrail.signals import Memory

_OF_AI = frozenset({Status.AI, Status.DELEGATED})
_ANSWERS = (
    ("offer_accepted", OfferStatus.ACCEPTED),
    ("offer_declined", OfferStatus.DECLINED),
    ("offer_expired", OfferStatus.EXPIRED),
)


def arrive(work: Work, turn: Turn, by: str) -> Refused | None:
    """What a turn does to the owner before it is looked at: people step in, customers return."""
    status = work.own.status
    if turn.role is Role.HUMAN and work.deployment.knows(by):
        return _step_in(work, by)
    if comes_back(turn) and status is Status.CLOSED:
        return _come_back(work)
    return None


def comes_back(turn: Turn) -> bool:
    """Whether a turn begins a closed case anew: the customer's, or one that asks for a person."""
    return turn.role is Role.CUSTOMER or Event.HUMAN_REQUESTED in turn.events


def _step_in(work: Work, by: str) -> Refused | None:
    """A known human who writes on a case that nobody holds has it from now on."""
    own, me = work.own, Actor(kind=Party.HUMAN, id=by)
    mine = own.status is Status.PROPOSED and own.human == by
    if own.status in {Status.QUEUED, Status.FALLBACK} or mine:
        return work.do(c.Accept(at=work.now, by=me))
    if own.status in {Status.PROPOSED, Status.DELEGATED}:
        return work.do(c.Takeover(at=work.now, by=me, queue=own.queue, steward=own.steward))
    if own.status is not Status.AI or _mode(work) is Mode.OBSERVE:
        return None
    return take_over(work, c.Takeover(at=work.now, by=me))


def take_over(work: Work, cmd: c.Takeover) -> Refused | None:
    """A human takes a case of the AI: a handoff that nothing had triggered, with its bundle."""
    transfer.began(work)
    found = transfer.place(work)
    queue = cmd.queue or found.queue or transfer.UNROUTED
    named = transfer.steward(work, queue) or found.steward
    refused = work.do(replace(cmd, queue=queue, steward=named or transfer.NOBODY))
    if refused is None:
        work.opened = True
        transfer.hand_over(work, transfer.because(work, Trigger.OPERATOR_TAKEOVER))
    return refused


def _mode(work: Work) -> Mode:
    return work.deployment.mode(work.case.workflow, work.case.id)


def _come_back(work: Work) -> Refused | None:
    """A customer within the window: a new episode, routed if a human had had the case."""
    window = work.deployment.workflow(work.case.workflow).reopen_window
    me = Actor(kind=Party.CUSTOMER)
    return reopen(work, c.Reopen(at=work.now, by=me, reason="reopened", window=window))


def reopen(work: Work, cmd: c.Reopen) -> Refused | None:
    """A closed case goes on: with a human if one had it, else with the AI."""
    if work.own.handoff:
        hard = work.case.hard
        transfer.began(work)
        found = transfer.place(work)
        why = None if cmd.queue else transfer.routed(found)
        queue = cmd.queue or found.queue or transfer.UNROUTED
        who = transfer.steward(work, queue) or found.steward or transfer.NOBODY
        priority = max(cmd.priority, found.priority)
        cmd = replace(cmd, queue=queue, steward=who, priority=priority, routed=why)
        refused = work.do(cmd)
        if refused is not None:
            work.change(hard=hard)
            return refused
    elif refused := work.do(cmd):
        return refused
    fresh_episode(work)
    return None


def returned(work: Work, decision: Decision | None) -> None:
    """The customer of a closed case is back, and what was said now is known: the handoff goes on
    with its bundle and its notices.
    """
    if work.own.status is not Status.QUEUED:
        return
    if decision is None or not decision.reasons:
        decision = transfer.because(work, Trigger.NO_PROGRESS, "reopened", hard=False)
    transfer.opened(work, decision)


def fresh_episode(work: Work) -> None:
    """Law 7: what was said before does not fire again."""
    work.change(state=cases.boundary(work.case.state), first_line=work.case.lines + 1)


def take(work: Work, turn: Turn, by: str, *, decides: bool = True) -> Decision | None:
    """Measure a turn and fold it into the case; then decide, unless it is only history.

    Time is the store's: what a caller says of it is kept with the turn, and decides nothing. What
    is history happened before now.
    """
    on, case = work.deployment, work.case
    compiled = on.workflows[case.workflow]
    memory = Memory.load(case.memory) if case.memory else Memory()
    signals = compiled.extractor.extract(turn, memory, offer_open=case.state.offer_open)
    past = signals.at if signals.at is not None and not decides else work.now
    named, faults = compiled.conditions.evaluate(case.values) if case.values else compiled.untold
    signals = changed(signals, at=min(past, work.now), faults=(*signals.faults, *faults))
    number = case.lines + 1
    line = Line(case=case.id, number=number, at=work.now, turn=turn, signals=signals, by=by)
    work.kept[line.key] = work.unit.add_line(line)
    work.change(
        state=cases.observe(case.state, signals),
        memory=memory.dump(),
        lines=number,
        language=turn.language or case.language or signals.language,
    )
    if signals.episode_started:
        work.change(first_line=number)
    if not decides:
        return None
    known = frozenset(case.state.topics)
    _answer_offer(work, signals)
    decision = _decide(work, signals, named)
    speaking.tick(work, turn, by)
    _follow(work, decision, signals, known)
    return decision


def cut(work: Work, turn: Turn, epoch: Epoch | None, barred: Refused | Barred) -> bool:
    """Keep what the customer saw of a streamed answer before it was cut: it is a turn, and nothing
    follows from it. Not what nobody let through, or what is of no AI.
    """
    if turn.role is not Role.AGENT or epoch is None or epoch > work.own.epoch:
        return False
    take(work, turn, "", decides=False)
    work.entry("cut", Actor(kind=Party.AI), {"line": work.case.lines, "why": code(barred)})
    return True


def _decide(work: Work, signals: Signals, named: tuple[tuple[str, bool], ...]) -> Decision:
    """Decide, with the entry that the decision replays from. The wait to expect only ever cools a
    decision, so it is looked up for those that would not just let the AI go on.
    """
    on, state = work.deployment, work.case.state
    rules = on.workflows[work.case.workflow].rules
    context = Context(attributes=work.case.attributes, conditions=named, roster=on.roster.version)
    decision = decide(rules, state, signals, context)
    if decision.outcome is not Outcome.CONTINUE and rules.max_wait:
        context = replace(context, forecast=_forecast(work))
        decision = decide(rules, state, signals, context)
    given = record.Input(state=state, signals=signals, context=context)
    told = record.dump(given, decision).decode("utf-8", "surrogatepass")
    work.entry("decision", SYSTEM, {"line": work.case.lines, "record": told})
    return decision


def _forecast(work: Work) -> Forecast:
    """The wait to expect, as long as nobody has been asked to come."""
    if work.own.status is not Status.AI:
        return Forecast()
    return transfer.expected(work, transfer.place(work))


def _answer_offer(work: Work, signals: Signals) -> None:
    """What became of the offer that was open."""
    if not work.case.state.offer_open:
        status = next((end for name, end in _ANSWERS if getattr(signals, name)), OfferStatus.LAPSED)
        work.end_offer(status)


def _follow(work: Work, decision: Decision, signals: Signals, known: frozenset[str]) -> None:
    """What a decision leads to, as far as the mode lets it. `known` topics were there before."""
    mode, before = _mode(work), work.own.status
    _catch(work, decision, signals)
    if mode is not Mode.ENFORCE and before is Status.AI:
        if mode is Mode.ADVISE and decision.reasons:
            advise(work, decision.outcome, [one.trigger.value for one in decision.reasons])
        return
    asks = before is Status.AI or (before is Status.DELEGATED and not _cooling(work, decision))
    if decision.outcome is Outcome.HANDOFF and (asks or _is_new(work, decision, known)):
        transfer.hand_off(work, decision, known=known)
    elif decision.outcome is Outcome.OFFER and before is Status.AI:
        _offer(work, decision)
    elif decision.outcome is Outcome.HANDOFF and before is Status.DELEGATED:
        work.cooldown = True
        work.entry("cooldown", SYSTEM, {"line": work.case.lines})
    if work.own.status not in _OF_AI:
        return
    if signals.announced_transfer and signals.role is Role.AGENT:
        # The customer was promised a person: whatever the gate said, the promise is kept.
        transfer.hand_off(work, transfer.because(work, Trigger.AGENT_REQUEST, hard=False))
    elif signals.role is Role.CUSTOMER and work.unit.stopped(work.case.workflow):
        stopped(work)


def stopped(work: Work) -> None:
    """A customer waits for an AI that may not answer any more: a human does."""
    transfer.hand_off(work, transfer.because(work, Trigger.OPERATOR_TAKEOVER, "stopped"))


def advise(work: Work, outcome: Outcome, codes: list[str]) -> None:
    """A private note to the humans; the same one is not sent twice running in an episode."""
    body = {"outcome": outcome.code, "reasons": codes, "episode": work.case.state.episode}
    before = [one for one in work.unit.effects(work.case.id) if one.kind == "advice"]
    if not before or before[-1].body != body:
        work.effect("advice", body)


def _catch(work: Work, decision: Decision, signals: Signals) -> None:
    """What the agent says about a transfer, against what happens."""
    if signals.role is not Role.AGENT or work.own.status not in _OF_AI:
        return
    hands_off = decision.outcome is Outcome.HANDOFF
    if signals.announced_transfer and not hands_off:
        work.caught.append("announced_without_transfer")
    elif signals.agent_request and hands_off and not signals.announced_transfer:
        work.caught.append("silent_transfer")
    if work.caught:
        work.entry("caught", SYSTEM, {"line": work.case.lines, "what": work.caught[-1]})


def _cooling(work: Work, decision: Decision) -> bool:
    """Whether a soft reason comes too soon after a handback: the AI has hardly begun."""
    bound = work.deployment.workflow(work.case.workflow).handback.cooldown_turns
    hard = any(reason.hard for reason in decision.reasons)
    return not hard and work.case.state.customer_turns < bound


def _is_new(work: Work, decision: Decision, known: frozenset[str]) -> bool:
    """Whether a hard reason comes to a handoff that did not have it yet."""
    return work.own.status is not Status.CLOSED and any(
        reason.hard
        and (
            reason.trigger.value not in work.own.reasons
            or (reason.trigger is Trigger.SENSITIVE_TOPIC and reason.detail not in known)
        )
        for reason in decision.reasons
    )


def _offer(work: Work, decision: Decision) -> None:
    """Offer the customer a human: a row with an id, that ends."""
    work.offer(work.now + work.deployment.workflow(work.case.workflow).offer_expires * 1000)
    work.change(state=cases.offered(work.case.state))
    work.tell(NoticeEvent.OFFER, decision.trigger)


def ops(event: Event, tool: str = "") -> Turn:
    """A turn of the operations side: something happened that nobody said."""
    return Turn(role=Role.OPS, events=(event,), tool=tool)
