"""The yardstick: what a programmer would write by hand for the rules of `cases`, and no others.

One function with every threshold as a literal. It makes the same decisions, objects and faults
as `decide`, which a test holds it to; so what `decide` takes longer is the price of rules as data.
"""

from functools import partial

from handrail.core.case import CaseState
from handrail.core.model import (
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

CONTINUE, OFFER, HANDOFF = Outcome
part = partial(tuple.__new__, Contribution)  # as `decide` makes them
AGENT, CUSTOMER = Role.AGENT, Role.CUSTOMER
DIGEST = "sha256:" + "0" * 64
ORDER = {trigger: place for place, trigger in enumerate(Trigger)}
FAULTS = {fault: place for place, fault in enumerate(Fault)}
TIERS = {"silver": 300, "gold": 800, "platinum": 1000}
STAGES = {"trial": 200, "contract": 700, "closing": 900}
TAGS = ("legal", "security", "finance", "privacy", "safety", "sales")
TOPICS = {  # place, risk, whether it hands off, whether that is hard, reviewer tag, name
    name: (n, 400 + n % 7 * 100, n % 4 != 3, n % 2 == 0, TAGS[n % 6], name)
    for n, name in enumerate(f"topic_{n}" for n in range(40))
}


def decide(state: CaseState, signals: Signals, context: Context) -> Decision:
    """Decide on the turn that `signals` are of."""
    now = state.now
    if context.at is not None and context.at > now:
        now = context.at
    topics = []
    risk = 0
    if state.topics:
        topics = sorted([TOPICS[name] for name in set(state.topics) if name in TOPICS])
        if topics:
            risk = max([topic[1] for topic in topics])

    score = 0
    parts = []
    if state.confidence >= 0:
        points = (1000 - state.confidence) * 300 // 1000
        if points:
            score += points
            parts.append(part(("confidence", 1000 - state.confidence, 300, points)))
    if state.sentiment_known:
        points = state.level * 250 // 1000
        if points:
            score += points
            parts.append(part(("sentiment", state.level, 250, points)))
    tier, stage = context.attributes.tier, context.attributes.stage
    if tier or stage:
        value = max(TIERS.get(tier, 0), STAGES.get(stage, 0))
        if value:
            score += value * 100 // 1000
            parts.append(part(("value", value, 100, value * 100 // 1000)))
    if risk:
        score += risk * 200 // 1000
        parts.append(part(("risk", risk, 200, risk * 200 // 1000)))
    if state.no_progress_turns:
        slow = min(1000, state.no_progress_turns * 1000 // 8)
        score += slow * 150 // 1000
        parts.append(part(("progress", slow, 150, slow * 150 // 1000)))
    score = min(score, 1000)

    rehearsal = ("rehearsal", True) in context.conditions
    scarce = context.forecast.wait is not None and context.forecast.wait > 900
    soft = OFFER if scarce else HANDOFF
    acting: list[Reason] = []
    held: list[Reason] = []
    if signals.explicit_request or signals.offer_accepted:
        acting.append(Reason(trigger=Trigger.EXPLICIT_REQUEST, outcome=HANDOFF, hard=True))
    if signals.policy_violation:
        acting.append(Reason(trigger=Trigger.POLICY_VIOLATION, outcome=HANDOFF, hard=True))
    for _, danger, acts, hard, _, name in topics:
        if acts:
            acting.append(
                Reason(
                    trigger=Trigger.SENSITIVE_TOPIC,
                    outcome=HANDOFF if hard else soft,
                    hard=hard,
                    detail=name,
                    value=danger,
                    threshold=0,
                )
            )
    if signals.permission_missing:
        acting.append(Reason(trigger=Trigger.MISSING_PERMISSION, outcome=HANDOFF, hard=True))
    if state.approvals_open and state.approval_since:
        age = (now - state.approval_since) // 60_000
        if age >= 30:
            acting.append(
                Reason(trigger=Trigger.BLOCKED_APPROVAL, outcome=soft, value=age, threshold=30)
            )
    if signals.approval_expired:
        acting.append(Reason(trigger=Trigger.APPROVAL_EXPIRED, outcome=HANDOFF, hard=True))
    failures = state.tool_failures
    if failures >= 3:
        acting.append(
            Reason(trigger=Trigger.TOOL_FAILURE, outcome=soft, value=failures, threshold=3)
        )
    if signals.data_missing:
        (held if rehearsal else acting).append(Reason(trigger=Trigger.MISSING_DATA, outcome=OFFER))
    confidence = signals.confidence
    if confidence is not None and confidence < 800 and signals.role is AGENT:
        limit = 800 if risk >= 700 else 600
        if confidence < limit:
            (held if rehearsal else acting).append(
                Reason(
                    trigger=Trigger.LOW_CONFIDENCE,
                    outcome=OFFER,
                    value=confidence,
                    threshold=limit,
                )
            )
    level = state.level
    if (
        level >= 500
        and state.sentiment_known
        and (
            state.no_progress_turns >= 2
            or state.repeats
            or state.stalled
            or (state.sentiment_run and level - state.run_start >= 250)
        )
    ):
        acting.append(
            Reason(trigger=Trigger.NEGATIVE_SENTIMENT, outcome=soft, value=level, threshold=500)
        )
    if tier in {"gold", "platinum"}:
        if topics or (
            state.customer_turns == 1
            and state.episode == 1
            and state.whole
            and signals.role is CUSTOMER
        ):
            acting.append(Reason(trigger=Trigger.VIP, outcome=HANDOFF, hard=True, detail=tier))
        else:
            acting.append(Reason(trigger=Trigger.VIP, outcome=OFFER, detail=tier))
    if stage in {"contract", "closing"}:
        (held if rehearsal else acting).append(
            Reason(trigger=Trigger.LATE_STAGE, outcome=OFFER, detail=stage)
        )
    if idle := _idle(state, now, soft):
        acting.append(idle)
    if signals.agent_request:
        if score < 150:
            held.append(Reason(trigger=Trigger.AGENT_REQUEST, outcome=HANDOFF))
        else:
            acting.append(Reason(trigger=Trigger.AGENT_REQUEST, outcome=soft))
    if ("big_order", True) in context.conditions:
        acting.append(Reason(trigger=Trigger.CUSTOM_CONDITION, outcome=OFFER, detail="big_order"))
    if score >= 600:
        acting.append(
            Reason(trigger=Trigger.HANDOFF_SCORE, outcome=soft, value=score, threshold=600)
        )
    elif score >= 450:
        acting.append(
            Reason(trigger=Trigger.HANDOFF_SCORE, outcome=OFFER, value=score, threshold=450)
        )
    if signals.operator_takeover:
        acting.append(Reason(trigger=Trigger.OPERATOR_TAKEOVER, outcome=HANDOFF, hard=True))

    faults = _faults(state, signals, context, len(topics), now)
    tags = tuple(sorted({topic[4] for topic in topics})) if topics else ()
    if not acting and not held:
        return Decision(
            outcome=CONTINUE,
            faults=faults,
            score=score,
            contributions=tuple(parts),
            reviewer_tags=tags,
            digest=DIGEST,
        )
    outcome = max([reason.outcome for reason in acting]) if acting else CONTINUE
    if outcome is OFFER and (
        state.offer_open or state.offers >= 2 or (state.offers and state.turns_since_offer < 3)
    ):
        outcome = CONTINUE
        held = sorted(held + acting, key=lambda reason: ORDER[reason.trigger])
        acting = []
    return Decision(
        outcome=outcome,
        reasons=tuple(acting),
        suppressed=tuple(held),
        faults=faults,
        score=score,
        contributions=tuple(parts),
        reviewer_tags=tags,
        digest=DIGEST,
    )


def _idle(state: CaseState, now: int, outcome: Outcome) -> Reason | None:
    turns = state.no_progress_turns
    if turns >= 8:
        name, value, limit = "turns", turns, 8
    elif state.progress_at and now - state.progress_at >= 45 * 60_000:
        name, value, limit = "minutes", (now - state.progress_at) // 60_000, 45
    elif state.repeats >= 4:
        name, value, limit = "repeats", state.repeats, 4
    else:
        return None
    return Reason(
        trigger=Trigger.NO_PROGRESS, outcome=outcome, detail=name, value=value, threshold=limit
    )


def _faults(
    state: CaseState, signals: Signals, context: Context, known: int, now: int
) -> tuple[Fault, ...]:
    faults = signals.faults
    if signals.role is AGENT:
        if signals.confidence is None:
            faults += (Fault.MISSING_CONFIDENCE,)
    elif signals.role is CUSTOMER and signals.dissatisfaction is None:
        faults += (Fault.MISSING_SENTIMENT,)
    if not now:
        faults += (Fault.MISSING_TIME,)
    if known < len(state.topics):
        faults += (Fault.UNKNOWN_TOPIC,)
    told = dict(context.conditions)
    if "big_order" not in told or "rehearsal" not in told:
        faults += (Fault.UNKNOWN_CONDITION,)
    if len(faults) > 1:
        return tuple(sorted(set(faults), key=FAULTS.__getitem__))
    return faults
