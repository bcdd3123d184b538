"""What fired: each trigger looked at on its own, before anything is weighed.

A reason is hard only if it hands off, so that nothing soft can pass for hard.
"""

from handrail.core.case import MINUTE, CaseState
from handrail.core.decision.rules import Gate, NoProgress, Rules, Topic
from handrail.core.model import Context, Outcome, Reason, Role, Signals, Trigger

CONTINUE, OFFER, HANDOFF = Outcome.CONTINUE, Outcome.OFFER, Outcome.HANDOFF
_AGENT, _CUSTOMER = Role.AGENT, Role.CUSTOMER


def stated(rules: Rules, signals: Signals, found: list[Reason]) -> None:
    """Triggers that this turn states outright. A request or a takeover has no rule: always hard."""
    if signals.explicit_request or signals.offer_accepted:
        found.append(Reason(trigger=Trigger.EXPLICIT_REQUEST, outcome=HANDOFF, hard=True))
    if signals.policy_violation:
        _gate(Trigger.POLICY_VIOLATION, rules.policy_violation, found)
    if signals.permission_missing:
        _gate(Trigger.MISSING_PERMISSION, rules.missing_permission, found)
    if signals.approval_expired:
        _gate(Trigger.APPROVAL_EXPIRED, rules.approval_expired, found)
    if signals.data_missing:
        _gate(Trigger.MISSING_DATA, rules.missing_data, found)
    if signals.agent_request and rules.agent_request is not None:
        found.append(Reason(trigger=Trigger.AGENT_REQUEST, outcome=rules.agent_request.action))
    if signals.operator_takeover:
        found.append(Reason(trigger=Trigger.OPERATOR_TAKEOVER, outcome=HANDOFF, hard=True))


def _gate(trigger: Trigger, gate: Gate | None, found: list[Reason]) -> None:
    if gate is not None:
        hard = gate.hard and gate.action is HANDOFF
        found.append(Reason(trigger=trigger, outcome=gate.action, hard=hard))


def sensitive(active: tuple[Topic, ...], found: list[Reason]) -> None:
    """One reason for each active topic that asks for more than a higher score."""
    for topic in active:
        if topic.action is CONTINUE:
            continue
        found.append(
            Reason(
                trigger=Trigger.SENSITIVE_TOPIC,
                outcome=topic.action,
                hard=topic.hard and topic.action is HANDOFF,
                detail=topic.name,
                value=topic.risk,
                threshold=0,
            )
        )


def mood(rules: Rules, state: CaseState, signals: Signals, risk: int, found: list[Reason]) -> None:
    """What is measured of the conversation: confidence and the dual signal of sentiment."""
    low = rules.low_confidence
    confidence = signals.confidence
    if low is not None and confidence is not None and signals.role is _AGENT:
        limit = max(low.below, low.below_high_risk) if risk >= low.high_risk else low.below
        if confidence < limit:
            found.append(
                Reason(
                    trigger=Trigger.LOW_CONFIDENCE,
                    outcome=low.action,
                    hard=low.hard and low.action is HANDOFF,
                    value=confidence,
                    threshold=limit,
                )
            )
    mad = rules.negative_sentiment
    if mad is not None and state.sentiment_known and state.level >= mad.level:
        stall = state.no_progress_turns >= mad.stall_turns or state.repeats or state.stalled
        rising = state.sentiment_run and state.level - state.run_start >= mad.escalating
        if stall or rising:
            found.append(
                Reason(
                    trigger=Trigger.NEGATIVE_SENTIMENT,
                    outcome=mad.action,
                    hard=mad.hard and mad.action is HANDOFF,
                    value=state.level,
                    threshold=mad.level,
                )
            )


def stuck(rules: Rules, state: CaseState, now: int, found: list[Reason]) -> None:
    """What does not move: failing tools, waiting approvals, turns and minutes in vain."""
    tool = rules.tool_failure
    if tool is not None and state.tool_failures >= tool.consecutive:
        found.append(
            Reason(
                trigger=Trigger.TOOL_FAILURE,
                outcome=tool.action,
                hard=tool.hard and tool.action is HANDOFF,
                value=state.tool_failures,
                threshold=tool.consecutive,
            )
        )
    wait = rules.blocked_approval
    if wait is not None and state.approvals_open and state.approval_since:
        age = (now - state.approval_since) // MINUTE
        if age >= wait.minutes:
            found.append(
                Reason(
                    trigger=Trigger.BLOCKED_APPROVAL,
                    outcome=wait.action,
                    hard=wait.hard and wait.action is HANDOFF,
                    value=age,
                    threshold=wait.minutes,
                )
            )
    rule = rules.no_progress
    if rule is not None:
        if rule.turns and state.no_progress_turns >= rule.turns:
            found.append(_idle(rule, "turns", state.no_progress_turns, rule.turns))
            return
        minutes = (now - state.progress_at) // MINUTE if state.progress_at else 0
        if rule.minutes and minutes >= rule.minutes:
            found.append(_idle(rule, "minutes", minutes, rule.minutes))
        elif rule.repeats and state.repeats >= rule.repeats:
            found.append(_idle(rule, "repeats", state.repeats, rule.repeats))


def _idle(rule: NoProgress, measure: str, value: int, limit: int) -> Reason:
    """No progress, by the first measure that is over its line."""
    return Reason(
        trigger=Trigger.NO_PROGRESS,
        outcome=rule.action,
        hard=rule.hard and rule.action is HANDOFF,
        detail=measure,
        value=value,
        threshold=limit,
    )


def valued(
    rules: Rules,
    state: CaseState,
    signals: Signals,
    context: Context,
    active: tuple[Topic, ...],
    found: list[Reason],
) -> None:
    """Who the customer is: VIPs and late stages."""
    who = context.attributes
    vip = rules.vip
    if vip is not None and who.tier in vip.tiers:
        first = (
            state.whole
            and state.episode == 1
            and state.customer_turns == 1
            and signals.role is _CUSTOMER
        )
        if (vip.first_touch and first) or (vip.on_sensitive and active):
            found.append(Reason(trigger=Trigger.VIP, outcome=HANDOFF, hard=True, detail=who.tier))
        elif vip.offer:
            found.append(Reason(trigger=Trigger.VIP, outcome=OFFER, detail=who.tier))
    late = rules.late_stage
    if late is not None and who.stage in late.stages:
        hard = late.hard and late.action is HANDOFF
        found.append(
            Reason(trigger=Trigger.LATE_STAGE, outcome=late.action, hard=hard, detail=who.stage)
        )


def named(rules: Rules, context: Context, found: list[Reason]) -> None:
    """Conditions of the pack that the shell found true; one that continues is for exceptions."""
    true = set()
    for name, value in context.conditions:
        if value:
            true.add(name)
    if not true:
        return
    for condition in rules.conditions:
        if condition.name in true and condition.action is not CONTINUE:
            found.append(
                Reason(
                    trigger=Trigger.CUSTOM_CONDITION,
                    outcome=condition.action,
                    hard=condition.hard and condition.action is HANDOFF,
                    detail=condition.name,
                )
            )
