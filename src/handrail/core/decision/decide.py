"""The decision: a plain function from rules, state, signals and context to an outcome.

Law 1: total and deterministic. Law 2: nothing relaxes a hard reason. Law 5: the outcome is
not continue exactly when there is a reason.
"""

from collections.abc import Callable
from functools import partial

from handrail.core.case import CaseState
from handrail.core.decision import evidence
from handrail.core.decision.evidence import CONTINUE, HANDOFF, OFFER
from handrail.core.decision.rules import Rules, Topic
from handrail.core.model import (
    FULL,
    Context,
    Contribution,
    Decision,
    Fault,
    Outcome,
    Reason,
    Role,
    Signals,
    Trigger,
)

_AGENT, _CUSTOMER = Role.AGENT, Role.CUSTOMER
_AGENT_REQUEST = Trigger.AGENT_REQUEST
_PRECEDENCE = {trigger: place for place, trigger in enumerate(Trigger)}
_FAULTS = {fault: place for place, fault in enumerate(Fault)}
_Weighed = tuple[Outcome, tuple[Reason, ...], tuple[Reason, ...]]
_NOTHING: _Weighed = (CONTINUE, (), ())
# As `Contribution(...)`, at half the cost: a turn makes up to five.
_part: Callable[[tuple[str, int, int, int]], Contribution] = partial(tuple.__new__, Contribution)
# The rule behind each soft trigger that may have exceptions.
_EXCEPTIONS = {
    Trigger.POLICY_VIOLATION: "policy_violation",
    Trigger.MISSING_PERMISSION: "missing_permission",
    Trigger.BLOCKED_APPROVAL: "blocked_approval",
    Trigger.APPROVAL_EXPIRED: "approval_expired",
    Trigger.TOOL_FAILURE: "tool_failure",
    Trigger.MISSING_DATA: "missing_data",
    Trigger.LOW_CONFIDENCE: "low_confidence",
    Trigger.NEGATIVE_SENTIMENT: "negative_sentiment",
    Trigger.LATE_STAGE: "late_stage",
    Trigger.NO_PROGRESS: "no_progress",
    Trigger.AGENT_REQUEST: "agent_request",
}


def decide(rules: Rules, state: CaseState, signals: Signals, context: Context) -> Decision:
    """Decide on the turn that `signals` are of; `state` has already observed it."""
    now = state.now if context.at is None else max(state.now, context.at)
    active = known(rules, state.topics) if state.topics else ()
    risk = 0
    for topic in active:
        risk = max(risk, topic.risk)
    score, contributions = _score(rules, state, context, risk)

    found: list[Reason] = []
    evidence.stated(rules, signals, found)
    if active:
        evidence.sensitive(active, found)
    evidence.mood(rules, state, signals, risk, found)
    evidence.stuck(rules, state, now, found)
    evidence.valued(rules, state, signals, context, active, found)
    if rules.conditions:
        evidence.named(rules, context, found)
    at = rules.score
    if (at.handoff_at and score >= at.handoff_at) or (at.offer_at and score >= at.offer_at):
        found.append(_scored(rules, score))

    outcome, reasons, suppressed = (
        _weigh(rules, state, context, score, found) if found else _NOTHING
    )
    return Decision(
        outcome=outcome,
        reasons=reasons,
        suppressed=suppressed,
        faults=_faults(rules, state, signals, context, now),
        score=score,
        contributions=contributions,
        reviewer_tags=_tags(active) if active else (),
        digest=rules.digest,
    )


def known(rules: Rules, names: tuple[str, ...]) -> tuple[Topic, ...]:
    """The active topics that the rules know, in the order of the rules."""
    topics, places = rules.topics, rules.topic_places
    if len(names) == 1:  # by far the most cases: nothing to put in order
        return tuple([topics[place] for place in places.get(names[0], ())])
    found: set[int] = set()
    for name in names:
        found.update(places.get(name, ()))
    return tuple([topics[place] for place in sorted(found)])


def _tags(active: tuple[Topic, ...]) -> tuple[str, ...]:
    if len(active) == 1:
        tag = active[0].reviewer_tag
        return (tag,) if tag else ()
    return tuple(sorted({topic.reviewer_tag for topic in active if topic.reviewer_tag}))


def _score(
    rules: Rules, state: CaseState, context: Context, risk: int
) -> tuple[int, tuple[Contribution, ...]]:
    """The handoff score and what each part gave to it; parts that gave nothing are left out."""
    weights = rules.score
    who = context.attributes
    parts: list[Contribution] = []
    total = 0
    # Written out part by part: this runs on every turn, and a loop or a call costs as much again.
    if state.confidence >= 0:
        doubt = FULL - state.confidence
        if points := doubt * weights.confidence // FULL:
            total += points
            parts.append(_part(("confidence", doubt, weights.confidence, points)))
    if state.sentiment_known and (points := state.level * weights.sentiment // FULL):
        total += points
        parts.append(_part(("sentiment", state.level, weights.sentiment, points)))
    if who.tier or who.stage:
        value = _worth(weights.tier_values, who.tier) if who.tier else 0
        if who.stage:
            value = max(value, _worth(weights.stage_values, who.stage))
        if points := value * weights.value // FULL:
            total += points
            parts.append(_part(("value", value, weights.value, points)))
    if risk and (points := risk * weights.risk // FULL):
        total += points
        parts.append(_part(("risk", risk, weights.risk, points)))
    if state.no_progress_turns:
        slow = min(FULL, state.no_progress_turns * FULL // max(1, weights.progress_turns))
        if points := slow * weights.progress // FULL:
            total += points
            parts.append(_part(("progress", slow, weights.progress, points)))
    return min(FULL, total), tuple(parts)


def _worth(table: tuple[tuple[str, int], ...], name: str) -> int:
    for entry, value in table:
        if entry == name:
            return value
    return 0


def _scored(rules: Rules, score: int) -> Reason:
    """The score as a soft trigger of its own, when it is over a line."""
    at = rules.score
    if at.handoff_at and score >= at.handoff_at:
        action, threshold = HANDOFF, at.handoff_at
    else:
        action, threshold = OFFER, at.offer_at
    return Reason(trigger=Trigger.HANDOFF_SCORE, outcome=action, value=score, threshold=threshold)


def _weigh(
    rules: Rules, state: CaseState, context: Context, score: int, found: list[Reason]
) -> _Weighed:
    """The outcome, which reasons act and which are held back. Hard ones always act."""
    wait = context.forecast.wait
    scarce = 0 < rules.max_wait < (wait or 0)
    acting: list[Reason] = []
    held: list[Reason] = []
    hot = False
    for reason in found:
        if reason.outcome is CONTINUE:
            continue
        if not reason.hard:
            if _excepted(rules, reason.trigger, context, score):
                held.append(reason)
                continue
            if scarce:
                acting.append(_as_offer(reason))
                continue
        acting.append(reason)
        hot = hot or reason.outcome is HANDOFF
    if hot:
        outcome = HANDOFF
    elif acting and _may_offer(rules, state):
        outcome = OFFER
    else:
        outcome = CONTINUE
        held += acting
        acting = []
    return outcome, _ordered(acting), _ordered(held)


def _excepted(rules: Rules, trigger: Trigger, context: Context, score: int) -> bool:
    """Whether the pack holds this soft reason back."""
    request = rules.agent_request
    if trigger is _AGENT_REQUEST and request is not None and score < request.min_score:
        return True
    name = _EXCEPTIONS.get(trigger)
    unless: tuple[str, ...] = getattr(rules, name).unless if name else ()
    if unless:
        for condition, true in context.conditions:
            if true and condition in unless:
                return True
    return False


def _as_offer(reason: Reason) -> Reason:
    """The same reason, asking for an offer only: humans are scarce."""
    return Reason(
        trigger=reason.trigger,
        outcome=OFFER,
        detail=reason.detail,
        value=reason.value,
        threshold=reason.threshold,
    )


def _may_offer(rules: Rules, state: CaseState) -> bool:
    limit = rules.offers
    if state.offer_open or state.offers >= limit.max_per_episode:
        return False
    return not state.offers or state.turns_since_offer >= limit.cooldown_turns


def _ordered(reasons: list[Reason]) -> tuple[Reason, ...]:
    if len(reasons) > 1:
        reasons.sort(key=_precedence)
    return tuple(reasons)


def _precedence(reason: Reason) -> int:
    return _PRECEDENCE[reason.trigger]


def _faults(
    rules: Rules,
    state: CaseState,
    signals: Signals,
    context: Context,
    now: int,
) -> tuple[Fault, ...]:
    """What was missing or broken, in the order of the list."""
    faults = list(signals.faults)
    if signals.role is _AGENT:
        if signals.confidence is None and rules.low_confidence is not None:
            faults.append(Fault.MISSING_CONFIDENCE)
    elif (
        signals.role is _CUSTOMER
        and signals.dissatisfaction is None
        and rules.negative_sentiment is not None
    ):
        faults.append(Fault.MISSING_SENTIMENT)
    if not now and _needs_time(rules, state):
        faults.append(Fault.MISSING_TIME)
    if state.topics:
        places = rules.topic_places
        for topic in state.topics:
            if topic not in places:
                faults.append(Fault.UNKNOWN_TOPIC)
                break
    if rules.conditions:
        told = dict(context.conditions)
        for condition in rules.conditions:
            if condition.name not in told:
                faults.append(Fault.UNKNOWN_CONDITION)
                break
    if len(faults) > 1:
        return tuple(sorted(set(faults), key=_FAULTS.__getitem__))
    return tuple(faults)


def _needs_time(rules: Rules, state: CaseState) -> bool:
    waiting = rules.blocked_approval is not None and state.approvals_open > 0
    return waiting or (rules.no_progress is not None and rules.no_progress.minutes > 0)
