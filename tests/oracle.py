"""A second opinion: the decision matrix as one table, from the playbook and the docstrings alone.

It shares only the nouns with the product. Faults are left out; they have tests of their own.
"""

from collections.abc import Iterator

from handrail.core.case import CaseState
from handrail.core.decision.rules import Rules
from handrail.core.model import Context, Outcome, Role, Signals, Trigger

T = Trigger
GO_ON, OFFER, HANDOFF = Outcome
Row = tuple[T, object, object, Outcome, tuple[str, ...]]  # trigger, fired, hard, action, unless


def grade(rules: Rules, st: CaseState, ctx: Context, risk: int) -> int:
    """The handoff score, 0..1000."""
    s, who = rules.score, ctx.attributes
    worth = max(dict(s.tier_values).get(who.tier, 0), dict(s.stage_values).get(who.stage, 0))
    slow = min(1000, st.no_progress_turns * 1000 // s.progress_turns) if s.progress_turns else 0
    doubt = 1000 - st.confidence if st.confidence >= 0 else 0
    anger = st.level if st.sentiment_known else 0
    parts, weights = (doubt, anger, worth, risk, slow), (s.confidence, s.sentiment, s.value, s.risk)
    return min(1000, sum(v * w // 1000 for v, w in zip(parts, (*weights, s.progress), strict=True)))


def table(rules: Rules, st: CaseState, sig: Signals, ctx: Context) -> Iterator[Row]:
    """Every row of the matrix that the rules have, in no particular order."""
    known = [t for t in rules.topics if t.name in st.topics]
    risk, now = max((t.risk for t in known), default=0), max(st.now, ctx.at or 0)
    score, top, low = grade(rules, st, ctx, risk), rules.score.handoff_at, rules.score.offer_at
    yield T.EXPLICIT_REQUEST, sig.explicit_request or sig.offer_accepted, True, HANDOFF, ()
    yield T.OPERATOR_TAKEOVER, sig.operator_takeover, True, HANDOFF, ()
    yield T.HANDOFF_SCORE, 0 < top <= score, False, HANDOFF, ()
    yield T.HANDOFF_SCORE, 0 < low <= score and not 0 < top <= score, False, OFFER, ()
    yield from ((T.SENSITIVE_TOPIC, True, t.hard, t.action, ()) for t in known)
    for c in rules.conditions:
        yield T.CUSTOM_CONDITION, (c.name, True) in ctx.conditions, c.hard, c.action, ()
    if v := rules.vip:
        new = st.whole and (st.episode, st.customer_turns, sig.role) == (1, 1, Role.CUSTOMER)
        must = (v.first_touch and new) or (v.on_sensitive and known)
        act = HANDOFF if must else OFFER if v.offer else GO_ON
        yield T.VIP, ctx.attributes.tier in v.tiers, must, act, ()
    if a := rules.agent_request:
        yield T.AGENT_REQUEST, sig.agent_request and score >= a.min_score, False, a.action, a.unless
    tests = {  # the name of the rule is the name of its trigger
        T.POLICY_VIOLATION: lambda r: sig.policy_violation,
        T.MISSING_PERMISSION: lambda r: sig.permission_missing,
        T.MISSING_DATA: lambda r: sig.data_missing,
        T.APPROVAL_EXPIRED: lambda r: sig.approval_expired,
        T.BLOCKED_APPROVAL: lambda r: st.approvals_open > 0 < st.approval_since
        and (now - st.approval_since) // 60_000 >= r.minutes,
        T.TOOL_FAILURE: lambda r: st.tool_failures >= r.consecutive,
        T.LOW_CONFIDENCE: lambda r: sig.role == Role.AGENT and sig.confidence is not None
        and sig.confidence < max(r.below, r.below_high_risk if risk >= r.high_risk else 0),
        T.NEGATIVE_SENTIMENT: lambda r: st.sentiment_known and st.level >= r.level
        and (st.no_progress_turns >= r.stall_turns or st.repeats or st.stalled
             or (st.sentiment_run and st.level - st.run_start >= r.escalating)),
        T.LATE_STAGE: lambda r: ctx.attributes.stage in r.stages,
        T.NO_PROGRESS: lambda r: 0 < r.turns <= st.no_progress_turns or 0 < r.repeats <= st.repeats
        or (st.progress_at > 0 and 0 < r.minutes <= (now - st.progress_at) // 60_000),
    }  # fmt: skip
    yield from ((t, test(r), r.hard, r.action, r.unless)
                for t, test in tests.items() if (r := getattr(rules, t)))  # fmt: skip


def expect(rules: Rules, st: CaseState, sig: Signals, ctx: Context) -> tuple[Outcome, list[T], int]:
    """The outcome, the triggers of its reasons by precedence, and the score."""
    true, long = {n for n, v in ctx.conditions if v}, 0 < rules.max_wait < (ctx.forecast.wait or 0)
    found, o = [], rules.offers
    for trigger, fired, hard, action, unless in table(rules, st, sig, ctx):
        firm = hard and action == HANDOFF
        if fired and action != GO_ON and (firm or not true & set(unless)):
            found.append((trigger, OFFER if long and not firm else action))
    hot, early = max((a for _, a in found), default=GO_ON), st.turns_since_offer < o.cooldown_turns
    if hot < HANDOFF and (st.offer_open or st.offers >= o.max_per_episode or (st.offers and early)):
        hot, found = GO_ON, []
    risk = max((t.risk for t in rules.topics if t.name in st.topics), default=0)
    return hot, sorted((t for t, _ in found), key=list(T).index), grade(rules, st, ctx, risk)
