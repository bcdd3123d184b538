"""The decision in examples: every row of the playbook's matrix, its answers, and the edges."""

from dataclasses import replace
from typing import Any

import pytest

from handrail.core.case import CaseState
from handrail.core.decision import (
    AgentRequest,
    BlockedApproval,
    Condition,
    Gate,
    LateStage,
    LowConfidence,
    NegativeSentiment,
    NoProgress,
    Offers,
    Rules,
    Score,
    ToolFailure,
    Topic,
    Vip,
    decide,
)
from handrail.core.model import (
    Attributes,
    Context,
    Contribution,
    Decision,
    Fault,
    Forecast,
    Outcome,
    Reason,
    Role,
    Signals,
    Trigger,
)
from strategies import MINUTE, START

CONTINUE, OFFER, HANDOFF = Outcome
OFF = Rules(
    policy_violation=None,
    missing_permission=None,
    approval_expired=None,
    tool_failure=None,
    missing_data=None,
    negative_sentiment=None,
    no_progress=None,
    agent_request=None,
)
CUSTOMER = Signals(role=Role.CUSTOMER, dissatisfaction=0)
AGENT = Signals(role=Role.AGENT, confidence=1000)
LEGAL = Topic(name="legal", risk=900, reviewer_tag="counsel")


def ask(
    state: CaseState | None = None, said: Signals = CUSTOMER, *, c: Context | None = None, **on: Any
) -> Decision:
    """Decide with the rules named, and no others."""
    return decide(replace(OFF, **on), state or CaseState(), said, c or Context())


def why(trigger: Trigger, outcome: Outcome, **more: Any) -> Reason:
    return Reason(trigger=trigger, outcome=outcome, **more)


def part(name: str, value: int, weight: int, points: int) -> Contribution:
    return Contribution(part=name, value=value, weight=weight, points=points)


def who(tier: str = "", stage: str = "", **more: Any) -> Context:
    return Context(attributes=Attributes(tier=tier, stage=stage), **more)


def true(*names: str) -> Context:
    return Context(conditions=tuple((name, True) for name in names))


# The matrix, row 1: low confidence


def test_an_unknown_topic_is_a_fault_even_beside_one_that_is_listed_twice() -> None:
    rules = Rules(topics=(Topic(name="a"), Topic(name="a")))
    state = CaseState(topics=("a", "zzz"))
    decision = decide(rules, state, Signals(role=Role.AGENT), Context())
    assert Fault.UNKNOWN_TOPIC in decision.faults


def test_low_confidence_fires_below_its_line_and_not_on_it() -> None:
    rule = LowConfidence(below=600, action=HANDOFF)
    below = ask(said=replace(AGENT, confidence=599), low_confidence=rule)
    assert below.reasons == (why(Trigger.LOW_CONFIDENCE, HANDOFF, value=599, threshold=600),)
    assert ask(said=replace(AGENT, confidence=600), low_confidence=rule).outcome is CONTINUE


def test_an_agent_that_is_quite_sure_of_nothing_is_low_in_confidence() -> None:
    assert ask(said=replace(AGENT, confidence=0), low_confidence=LowConfidence()).outcome is OFFER


def test_only_the_agents_own_turn_shows_its_confidence() -> None:
    said = replace(CUSTOMER, confidence=0)
    assert ask(said=said, low_confidence=LowConfidence()).outcome is CONTINUE


# Row 2: high risk topic


def test_a_sensitive_topic_hands_off_with_its_reviewer_tag() -> None:
    decision = ask(CaseState(topics=("legal",)), topics=(LEGAL,))
    assert decision.reasons == (
        why(Trigger.SENSITIVE_TOPIC, HANDOFF, hard=True, detail="legal", value=900, threshold=0),
    )
    assert decision.reviewer_tags == ("counsel",)


def test_every_active_topic_is_a_reason_in_the_order_of_the_pack() -> None:
    topics = (Topic(name="security", reviewer_tag="soc"), LEGAL, Topic(name="billing"))
    decision = ask(CaseState(topics=("billing", "legal", "security")), topics=topics)
    assert [reason.detail for reason in decision.reasons] == ["security", "legal", "billing"]
    assert decision.reviewer_tags == ("counsel", "soc")


def test_two_topics_are_in_the_order_of_the_pack_too() -> None:
    topics = (Topic(name="security"), LEGAL)
    decision = ask(CaseState(topics=("legal", "security")), topics=topics)
    assert [reason.detail for reason in decision.reasons] == ["security", "legal"]


def test_a_topic_stays_sensitive_until_the_episode_ends_though_this_turn_does_not_name_it() -> None:
    assert ask(CaseState(topics=("legal",)), AGENT, topics=(LEGAL,)).outcome is HANDOFF


def test_a_topic_that_continues_adds_only_its_risk_and_asks_for_more_confidence() -> None:
    mild = replace(LEGAL, action=CONTINUE, hard=True, risk=700)
    state = CaseState(topics=("legal",))
    assert ask(state, topics=(mild,)).reasons == ()
    rule = LowConfidence(below=600, below_high_risk=800, high_risk=700)
    unsure = replace(AGENT, confidence=799)
    assert ask(state, unsure, topics=(mild,), low_confidence=rule).outcome is OFFER
    milder = replace(mild, risk=699)
    assert ask(state, unsure, topics=(milder,), low_confidence=rule).outcome is CONTINUE


def test_the_riskiest_active_topic_counts() -> None:
    topics = tuple(Topic(name=n, risk=r, action=CONTINUE) for n, r in (("a", 10), ("b", 400)))
    score = Score(risk=1000)
    both, one = CaseState(topics=("a", "b")), CaseState(topics=("a",))
    assert ask(both, topics=topics, score=score).score == 400
    assert ask(one, topics=topics, score=score).score == 10


# Row 3: negative sentiment, the dual signal

ANGRY = CaseState(sentiment_known=True, level=500, run_start=500)


@pytest.mark.parametrize(
    "stall",
    [
        {"no_progress_turns": 2},
        {"repeats": 1},
        {"stalled": 1},
        {"run_start": 250, "sentiment_run": 1},
    ],
)
def test_negative_sentiment_needs_a_stall_or_an_escalation_besides_the_level(
    stall: dict[str, int],
) -> None:
    rule = NegativeSentiment(level=500, stall_turns=2, escalating=250)
    state = replace(ANGRY, **stall)
    assert ask(ANGRY, negative_sentiment=rule).outcome is CONTINUE
    assert ask(state, negative_sentiment=rule).reasons == (
        why(Trigger.NEGATIVE_SENTIMENT, HANDOFF, value=500, threshold=500),
    )
    calmer = replace(state, level=499, run_start=0)
    assert ask(calmer, negative_sentiment=rule).outcome is CONTINUE
    assert ask(replace(state, sentiment_known=False), negative_sentiment=rule).outcome is CONTINUE


@pytest.mark.parametrize(
    "almost", [{"no_progress_turns": 1}, {"run_start": 251, "sentiment_run": 1}, {"run_start": 0}]
)
def test_almost_a_stall_or_an_escalation_is_neither(almost: dict[str, int]) -> None:
    rule = NegativeSentiment(level=500, stall_turns=2, escalating=250)
    assert ask(replace(ANGRY, **almost), negative_sentiment=rule).outcome is CONTINUE


# Row 4: VIP and late stage

GOLD = Vip(tiers=("gold",))


def test_a_vip_gets_a_human_at_first_touch() -> None:
    decision = ask(CaseState(customer_turns=1), c=who("gold"), vip=GOLD)
    assert decision.reasons == (why(Trigger.VIP, HANDOFF, hard=True, detail="gold"),)


@pytest.mark.parametrize(
    "state",
    [
        CaseState(customer_turns=2),
        CaseState(customer_turns=1, whole=False),
        CaseState(customer_turns=1, episode=2),
    ],
)
def test_after_the_first_touch_a_vip_gets_the_offer(state: CaseState) -> None:
    decision = ask(state, c=who("gold"), vip=GOLD)
    assert decision.reasons == (why(Trigger.VIP, OFFER, detail="gold"),)


def test_the_agents_turn_is_not_the_first_touch() -> None:
    assert ask(CaseState(customer_turns=1), AGENT, c=who("gold"), vip=GOLD).outcome is OFFER


def test_a_vip_gets_a_human_on_any_sensitive_topic_even_a_mild_one() -> None:
    mild = replace(LEGAL, action=CONTINUE)
    state = CaseState(topics=("legal",))
    decision = ask(state, c=who("gold"), vip=GOLD, topics=(mild,))
    assert decision.reasons == (why(Trigger.VIP, HANDOFF, hard=True, detail="gold"),)
    assert ask(state, c=who("gold"), vip=GOLD).outcome is OFFER  # unknown to the pack


def test_each_promise_to_a_vip_can_be_switched_off() -> None:
    state, mild = CaseState(customer_turns=1, topics=("legal",)), replace(LEGAL, action=CONTINUE)
    rule = replace(GOLD, first_touch=False, on_sensitive=False)
    assert ask(state, c=who("gold"), vip=rule, topics=(mild,)).outcome is OFFER
    rule = replace(rule, offer=False)
    assert ask(state, c=who("gold"), vip=rule, topics=(mild,)).outcome is CONTINUE


def test_who_is_no_vip_gets_none_of_it() -> None:
    assert ask(CaseState(customer_turns=1), c=who("basic"), vip=GOLD).outcome is CONTINUE


def test_a_late_stage_does_what_the_pack_says() -> None:
    rule = LateStage(stages=("closing",))
    assert ask(c=who(stage="closing"), late_stage=rule).reasons == (
        why(Trigger.LATE_STAGE, OFFER, detail="closing"),
    )
    assert ask(c=who(stage="lead"), late_stage=rule).outcome is CONTINUE


# Row 5: no progress and tool failures


@pytest.mark.parametrize(
    ("rule", "under", "over", "detail", "value"),
    [
        (NoProgress(turns=8), {"no_progress_turns": 7}, {"no_progress_turns": 8}, "turns", 8),
        (NoProgress(turns=0, repeats=2), {"repeats": 1}, {"repeats": 2}, "repeats", 2),
        (
            NoProgress(turns=0, minutes=5),
            {"now": START + 5 * MINUTE - 1, "progress_at": START},
            {"now": START + 5 * MINUTE, "progress_at": START},
            "minutes",
            5,
        ),
    ],
)
def test_no_progress_fires_on_its_line_in_turns_minutes_or_repeats(
    rule: NoProgress, under: dict[str, int], over: dict[str, int], detail: str, value: int
) -> None:
    assert ask(CaseState(**under), no_progress=rule).outcome is CONTINUE
    limit = rule.turns or rule.minutes or rule.repeats
    assert ask(CaseState(**over), no_progress=rule).reasons == (
        why(Trigger.NO_PROGRESS, HANDOFF, detail=detail, value=value, threshold=limit),
    )


def test_the_clock_of_the_caller_counts_when_it_is_ahead() -> None:
    state, rule = CaseState(now=START, progress_at=START), NoProgress(turns=0, minutes=5)
    assert ask(state, c=Context(at=START + 5 * MINUTE), no_progress=rule).outcome is HANDOFF
    ahead = replace(state, now=START + 5 * MINUTE)
    assert ask(ahead, c=Context(at=START), no_progress=rule).outcome is HANDOFF


def test_no_progress_is_one_reason_by_turns_then_minutes_then_repeats() -> None:
    state = CaseState(no_progress_turns=9, repeats=9, now=START + 9 * MINUTE, progress_at=START)
    rule = NoProgress(turns=1, minutes=1, repeats=1)
    for measure in ("turns", "minutes", "repeats"):
        assert [reason.detail for reason in ask(state, no_progress=rule).reasons] == [measure]
        rule = replace(rule, **{measure: 0})


def test_minutes_are_whole_minutes() -> None:
    state = CaseState(now=START + 6 * MINUTE - 1, progress_at=START)
    idle = ask(state, no_progress=NoProgress(turns=0, minutes=5))
    assert [reason.value for reason in idle.reasons] == [5]
    state = replace(state, approvals_open=1, approval_since=START)
    blocked = ask(state, blocked_approval=BlockedApproval(minutes=4))
    assert [reason.value for reason in blocked.reasons] == [5]


def test_no_clock_of_progress_means_no_minutes_without_it() -> None:
    assert ask(CaseState(now=START), no_progress=NoProgress(minutes=1)).outcome is CONTINUE


def test_tool_failures_fire_on_their_line() -> None:
    rule = ToolFailure(consecutive=3)
    assert ask(CaseState(tool_failures=2), tool_failure=rule).outcome is CONTINUE
    assert ask(CaseState(tool_failures=3), tool_failure=rule).reasons == (
        why(Trigger.TOOL_FAILURE, HANDOFF, value=3, threshold=3),
    )


# What operations agents escalate


@pytest.mark.parametrize(
    ("flag", "rule", "trigger"),
    [
        ("policy_violation", "policy_violation", Trigger.POLICY_VIOLATION),
        ("permission_missing", "missing_permission", Trigger.MISSING_PERMISSION),
        ("data_missing", "missing_data", Trigger.MISSING_DATA),
        ("approval_expired", "approval_expired", Trigger.APPROVAL_EXPIRED),
    ],
)
def test_a_gate_fires_on_the_turn_that_shows_the_evidence_if_the_pack_has_it(
    flag: str, rule: str, trigger: Trigger
) -> None:
    said = Signals(role=Role.OPS, **{flag: True})
    for gate in (Gate(), Gate(hard=True), Gate(action=OFFER)):
        decision = ask(said=said, **{rule: gate})
        assert decision.reasons == (why(trigger, gate.action, hard=gate.hard),)
    assert ask(said=said).outcome is CONTINUE
    assert ask(said=Signals(role=Role.OPS), **{rule: Gate()}).outcome is CONTINUE


def test_an_approval_that_waits_too_long_fires_by_the_minute() -> None:
    rule = BlockedApproval(minutes=30)
    state = CaseState(approvals_open=1, approval_since=START, now=START + 30 * MINUTE)
    assert ask(state, blocked_approval=rule).reasons == (
        why(Trigger.BLOCKED_APPROVAL, HANDOFF, value=30, threshold=30),
    )
    for not_yet in (
        replace(state, now=state.now - 1),
        replace(state, approvals_open=0),
        replace(state, approval_since=0),
    ):
        assert ask(not_yet, blocked_approval=rule).outcome is CONTINUE


# People decide


@pytest.mark.parametrize("flag", ["explicit_request", "offer_accepted"])
def test_a_request_for_a_human_hands_off_with_every_rule_off(flag: str) -> None:
    decision = ask(said=replace(CUSTOMER, **{flag: True}))
    assert decision.reasons == (why(Trigger.EXPLICIT_REQUEST, HANDOFF, hard=True),)


def test_a_takeover_hands_off_with_every_rule_off() -> None:
    decision = ask(said=Signals(role=Role.HUMAN, operator_takeover=True))
    assert decision.reasons == (why(Trigger.OPERATOR_TAKEOVER, HANDOFF, hard=True),)


def test_the_wish_of_the_agent_is_soft_and_held_back_below_its_score() -> None:
    said, score = replace(AGENT, agent_request=True), Score(confidence=1000)
    rule = AgentRequest(min_score=500)
    low = ask(CaseState(confidence=501), said, agent_request=rule, score=score)
    assert (low.outcome, low.reasons) == (CONTINUE, ())
    assert low.suppressed == (why(Trigger.AGENT_REQUEST, HANDOFF),)
    enough = ask(CaseState(confidence=500), said, agent_request=rule, score=score)
    assert enough.reasons == (why(Trigger.AGENT_REQUEST, HANDOFF),)
    assert ask(said=said).outcome is CONTINUE


# Conditions


def test_a_true_condition_of_the_pack_does_what_the_pack_says() -> None:
    conditions = (
        Condition(name="a", when="x", action=OFFER, hard=True),
        Condition(name="b", when="x", action=HANDOFF, hard=True),
        Condition(name="c", when="x"),
    )
    decision = ask(c=true("a", "b", "c", "unnamed"), conditions=conditions)
    assert decision.reasons == (
        why(Trigger.CUSTOM_CONDITION, OFFER, detail="a"),
        why(Trigger.CUSTOM_CONDITION, HANDOFF, hard=True, detail="b"),
    )
    false = Context(conditions=(("a", False), ("b", False), ("c", False)))
    assert ask(c=false, conditions=conditions).outcome is CONTINUE


EXCEPTED: list[tuple[str, Any, CaseState, Signals, Context]] = [
    ("policy_violation", Gate(), CaseState(), replace(AGENT, policy_violation=True), Context()),
    ("missing_permission", Gate(), CaseState(), replace(AGENT, permission_missing=True), Context()),
    ("missing_data", Gate(), CaseState(), replace(AGENT, data_missing=True), Context()),
    ("approval_expired", Gate(), CaseState(), replace(AGENT, approval_expired=True), Context()),
    (
        "blocked_approval",
        BlockedApproval(minutes=0),
        CaseState(approvals_open=1, approval_since=1, now=1),
        AGENT,
        Context(),
    ),
    ("tool_failure", ToolFailure(), CaseState(tool_failures=3), AGENT, Context()),
    (
        "low_confidence",
        LowConfidence(action=HANDOFF),
        CaseState(),
        replace(AGENT, confidence=0),
        Context(),
    ),
    ("negative_sentiment", NegativeSentiment(), replace(ANGRY, repeats=1), AGENT, Context()),
    (
        "late_stage",
        LateStage(stages=("closing",), action=HANDOFF),
        CaseState(),
        AGENT,
        who(stage="closing"),
    ),
    ("no_progress", NoProgress(), CaseState(no_progress_turns=8), AGENT, Context()),
    ("agent_request", AgentRequest(), CaseState(), replace(AGENT, agent_request=True), Context()),
]


@pytest.mark.parametrize(("name", "rule", "state", "said", "context"), EXCEPTED)
def test_a_true_exception_holds_a_soft_rule_back_and_never_a_hard_one(
    name: str, rule: Any, state: CaseState, said: Signals, context: Context
) -> None:
    excepted = replace(rule, unless=("other", "known_bug"))
    known = replace(context, conditions=(("night", True), ("known_bug", True)))
    false = replace(context, conditions=(("night", True), ("known_bug", False)))
    assert ask(state, said, c=false, **{name: excepted}).outcome is HANDOFF
    held = ask(state, said, c=known, **{name: excepted})
    assert (held.outcome, held.reasons) == (CONTINUE, ())
    assert [reason.trigger for reason in held.suppressed] == [Trigger(name)]
    if hasattr(rule, "hard"):
        hard = ask(state, said, c=known, **{name: replace(excepted, hard=True)})
        assert (hard.outcome, hard.reasons[0].hard) == (HANDOFF, True)


def test_hard_means_hard_only_for_a_handoff() -> None:
    said = replace(AGENT, policy_violation=True)
    gate = Gate(action=OFFER, hard=True, unless=("a",))
    assert ask(said=said, policy_violation=gate).reasons[0].hard is False
    assert ask(said=said, policy_violation=gate, c=true("a")).outcome is CONTINUE


def test_a_rule_that_continues_never_fires_and_is_not_recorded() -> None:
    said = replace(AGENT, policy_violation=True, agent_request=True)
    rules = {
        "policy_violation": Gate(action=CONTINUE),
        "agent_request": AgentRequest(action=CONTINUE),
    }
    decision = ask(said=said, c=true("a"), **rules)
    assert (decision.reasons, decision.suppressed) == ((), ())


# The score

RATED = CaseState(
    confidence=400, sentiment_known=True, level=500, no_progress_turns=3, topics=("legal",)
)


def test_the_score_is_the_sum_of_its_explained_parts() -> None:
    score = Score(
        confidence=300,
        sentiment=250,
        value=100,
        risk=200,
        progress=150,
        progress_turns=8,
        tier_values=(("basic", 1), ("gold", 700)),
        stage_values=(("closing", 900),),
    )
    topics = (replace(LEGAL, action=CONTINUE),)
    decision = ask(RATED, c=who("gold", "closing"), score=score, topics=topics)
    assert decision.contributions == (
        part("confidence", 600, 300, 180),
        part("sentiment", 500, 250, 125),
        part("value", 900, 100, 90),
        part("risk", 900, 200, 180),
        part("progress", 375, 150, 56),
    )
    assert decision.score == 180 + 125 + 90 + 180 + 56


def test_the_score_is_at_most_one() -> None:
    score = Score(confidence=1000, sentiment=1000)
    state = CaseState(confidence=0, sentiment_known=True, level=1000)
    assert ask(state, score=score).score == 1000


def test_a_part_without_signal_counts_nothing() -> None:
    score = Score(confidence=1000, sentiment=1000, value=1000, progress=1000)
    assert ask(CaseState(level=900), score=score).score == 0
    assert ask(CaseState(level=900), score=score).contributions == ()
    assert ask(CaseState(), score=replace(score, tier_values=(("gold", 9),)), c=who("x")).score == 0
    assert ask(c=who(stage="x"), score=replace(score, risk=1000)).score == 0


def test_the_tier_or_the_stage_alone_is_value_enough() -> None:
    score = Score(value=1000, tier_values=(("gold", 7),), stage_values=(("closing", 5),))
    assert ask(c=who("gold"), score=score).score == 7
    assert ask(c=who(stage="closing"), score=score).score == 5
    assert ask(c=who("gold", "closing"), score=score).score == 7


def test_turns_without_progress_count_as_a_share_up_to_all() -> None:
    score = Score(progress=1000, progress_turns=4)
    shares = [ask(CaseState(no_progress_turns=n), score=score).score for n in (0, 1, 3, 4, 5)]
    assert shares == [0, 250, 750, 1000, 1000]


def test_the_score_offers_at_one_line_and_hands_off_at_another() -> None:
    score = Score(confidence=1000, offer_at=300, handoff_at=600)
    found = [ask(CaseState(confidence=1000 - s), score=score) for s in (299, 300, 599, 600)]
    assert [d.outcome for d in found] == [CONTINUE, OFFER, OFFER, HANDOFF]
    assert found[1].reasons == (why(Trigger.HANDOFF_SCORE, OFFER, value=300, threshold=300),)
    assert found[3].reasons == (why(Trigger.HANDOFF_SCORE, HANDOFF, value=600, threshold=600),)
    only_offer = ask(CaseState(confidence=0), score=replace(score, handoff_at=0))
    assert only_offer.outcome is OFFER
    assert ask(CaseState(confidence=0), score=Score(confidence=1000)).outcome is CONTINUE
    only_handoff = replace(score, offer_at=0)
    assert ask(CaseState(confidence=400), score=only_handoff).outcome is HANDOFF
    assert ask(CaseState(confidence=401), score=only_handoff).outcome is CONTINUE


# How often it is offered, and scarce humans


@pytest.mark.parametrize(
    ("state", "outcome"),
    [
        (CaseState(), OFFER),
        (CaseState(offers=1, turns_since_offer=3), OFFER),
        (CaseState(offers=1, turns_since_offer=2), CONTINUE),
        (CaseState(offers=2, turns_since_offer=9), CONTINUE),
        (CaseState(offers=1, turns_since_offer=9, offer_open=True), CONTINUE),
    ],
)
def test_a_human_is_offered_at_most_as_often_as_the_pack_says(
    state: CaseState, outcome: Outcome
) -> None:
    offers = Offers(max_per_episode=2, cooldown_turns=3)
    decision = ask(state, c=who("gold"), vip=GOLD, offers=offers)
    reason = (why(Trigger.VIP, OFFER, detail="gold"),)
    assert decision.outcome is outcome
    held = outcome is CONTINUE
    assert (decision.reasons, decision.suppressed) == (((), reason) if held else (reason, ()))


def test_an_offer_too_many_still_explains_a_handoff() -> None:
    state = CaseState(offers=9, offer_open=True, tool_failures=3)
    decision = ask(state, c=who("gold"), vip=GOLD, tool_failure=ToolFailure())
    assert [reason.trigger for reason in decision.reasons] == [Trigger.TOOL_FAILURE, Trigger.VIP]
    assert decision.suppressed == ()


def test_what_is_held_back_is_in_order_of_precedence_too() -> None:
    state = CaseState(offer_open=True)
    said = replace(AGENT, agent_request=True, data_missing=True)
    decision = ask(
        state,
        said,
        c=who("gold", conditions=(("a", True),)),
        vip=GOLD,
        agent_request=AgentRequest(unless=("a",)),
        missing_data=Gate(action=OFFER),
    )
    held = [reason.trigger for reason in decision.suppressed]
    assert held == [Trigger.MISSING_DATA, Trigger.VIP, Trigger.AGENT_REQUEST]


@pytest.mark.parametrize(
    ("wait", "outcome"), [(None, HANDOFF), (0, HANDOFF), (60, HANDOFF), (61, OFFER)]
)
def test_while_humans_are_scarce_a_soft_handoff_becomes_an_offer(
    wait: int | None, outcome: Outcome
) -> None:
    state = CaseState(no_progress_turns=9)
    scarce = Context(forecast=Forecast(wait=wait))
    decision = ask(state, c=scarce, no_progress=NoProgress(), max_wait=60)
    assert decision.reasons == (
        why(Trigger.NO_PROGRESS, outcome, detail="turns", value=9, threshold=8),
    )
    hard = ask(state, c=scarce, no_progress=NoProgress(hard=True), max_wait=60)
    assert hard.outcome is HANDOFF


def test_one_second_is_a_limit_of_the_wait_too() -> None:
    scarce, state = Context(forecast=Forecast(wait=2)), CaseState(no_progress_turns=9)
    assert ask(state, c=scarce, no_progress=NoProgress(), max_wait=1).outcome is OFFER


def test_no_limit_of_the_wait_means_that_no_wait_is_too_long() -> None:
    scarce = Context(forecast=Forecast(wait=1_000_000))
    state = CaseState(no_progress_turns=9)
    assert ask(state, c=scarce, no_progress=NoProgress()).outcome is HANDOFF


# Precedence, faults, the answers of the playbook


def test_the_first_by_precedence_is_the_trigger_and_the_others_are_told() -> None:
    said = replace(AGENT, explicit_request=True, operator_takeover=True, agent_request=True)
    decision = ask(
        CaseState(tool_failures=3, topics=("legal",)),
        said,
        tool_failure=ToolFailure(),
        topics=(LEGAL,),
        agent_request=AgentRequest(),
    )
    assert decision.trigger is Trigger.EXPLICIT_REQUEST
    assert [reason.trigger for reason in decision.reasons] == [
        Trigger.EXPLICIT_REQUEST,
        Trigger.SENSITIVE_TOPIC,
        Trigger.TOOL_FAILURE,
        Trigger.AGENT_REQUEST,
        Trigger.OPERATOR_TAKEOVER,
    ]


def test_two_reasons_are_in_order_of_precedence_too() -> None:
    state, said = CaseState(no_progress_turns=8), replace(AGENT, agent_request=True)
    decision = ask(state, said, no_progress=NoProgress(), agent_request=AgentRequest())
    triggers = [reason.trigger for reason in decision.reasons]
    assert triggers == [Trigger.NO_PROGRESS, Trigger.AGENT_REQUEST]


@pytest.mark.parametrize(
    ("state", "at", "rules", "missing"),
    [
        (CaseState(), None, {"no_progress": NoProgress(minutes=1)}, True),
        (CaseState(), None, {"no_progress": NoProgress(minutes=0)}, False),
        (CaseState(), None, {"blocked_approval": BlockedApproval()}, False),
        (CaseState(approvals_open=1), None, {"blocked_approval": BlockedApproval()}, True),
        (CaseState(approvals_open=1), None, {}, False),
        (CaseState(now=START), None, {"no_progress": NoProgress(minutes=1)}, False),
        (CaseState(), START, {"no_progress": NoProgress(minutes=1)}, False),
    ],
)
def test_an_unknown_time_is_a_fault_where_a_rule_needs_it(
    state: CaseState, at: int | None, rules: dict[str, Any], missing: bool
) -> None:
    assert ask(state, c=Context(at=at), **rules).faults == (Fault.MISSING_TIME,) * missing


def test_faults_are_listed_once_in_the_order_of_the_list() -> None:
    said = replace(
        AGENT, confidence=None, faults=(Fault.TEXT_CUT, Fault.MISSING_CONFIDENCE, Fault.TEXT_CUT)
    )
    decision = ask(
        CaseState(topics=("unmapped",), approvals_open=1),
        said,
        low_confidence=LowConfidence(),
        blocked_approval=BlockedApproval(),
        conditions=(Condition(name="a", when="x"), Condition(name="b", when="x")),
    )
    assert decision.outcome is CONTINUE
    assert decision.faults == (
        Fault.MISSING_CONFIDENCE,
        Fault.MISSING_TIME,
        Fault.UNKNOWN_TOPIC,
        Fault.UNKNOWN_CONDITION,
        Fault.TEXT_CUT,
    )


def test_two_faults_are_in_the_order_of_the_list_too() -> None:
    twice = replace(AGENT, faults=(Fault.TEXT_CUT, Fault.TEXT_CUT))
    assert ask(said=twice).faults == (Fault.TEXT_CUT,)
    both = replace(AGENT, confidence=None, faults=(Fault.TEXT_CUT,))
    assert ask(said=both, low_confidence=LowConfidence()).faults == (
        Fault.MISSING_CONFIDENCE,
        Fault.TEXT_CUT,
    )


def test_an_agent_turn_without_confidence_is_a_fault_where_confidence_decides() -> None:
    said = Signals(role=Role.AGENT)
    assert ask(said=said, low_confidence=LowConfidence()).faults == (Fault.MISSING_CONFIDENCE,)
    assert ask(said=said).faults == ()
    assert ask(said=CUSTOMER, low_confidence=LowConfidence()).faults == ()


def test_a_customer_turn_without_sentiment_is_a_fault_where_sentiment_decides() -> None:
    said = Signals(role=Role.CUSTOMER)
    assert ask(said=said, negative_sentiment=NegativeSentiment()).faults == (
        Fault.MISSING_SENTIMENT,
    )
    assert ask(said=said).faults == ()
    assert ask(said=AGENT, negative_sentiment=NegativeSentiment()).faults == ()


def test_a_decision_carries_the_digest_of_its_pack() -> None:
    assert ask(digest="abc").digest == "abc"
    assert ask(said=replace(CUSTOMER, explicit_request=True), digest="abc").digest == "abc"


def test_faq_confidence_starts_conservative_for_high_risk_topics() -> None:
    rule = LowConfidence()
    assert rule.below_high_risk > rule.below
    mild = (replace(LEGAL, action=CONTINUE),)
    said = replace(AGENT, confidence=700)
    risky = CaseState(topics=("legal",))
    assert ask(risky, said, low_confidence=rule, topics=mild).outcome is OFFER
    assert ask(CaseState(), said, low_confidence=rule, topics=mild).outcome is CONTINUE


def test_faq_no_limit_for_high_risk_is_laxer_than_the_usual_one() -> None:
    rule = LowConfidence(below=900, below_high_risk=100)
    topics = (replace(LEGAL, action=CONTINUE),)
    said = replace(AGENT, confidence=899)
    assert (
        ask(CaseState(topics=("legal",)), said, low_confidence=rule, topics=topics).outcome is OFFER
    )


def test_faq_a_vip_always_gets_a_human_first_or_on_sensitive_topics_else_a_clear_offer() -> None:
    touch, later = CaseState(customer_turns=1), CaseState(customer_turns=5)
    sensitive = replace(later, topics=("legal",))
    outcomes = [
        ask(state, c=who("gold"), vip=GOLD, topics=(LEGAL,)).outcome
        for state in (touch, sensitive, later)
    ]
    assert outcomes == [HANDOFF, HANDOFF, OFFER]


def test_faq_after_a_handback_the_agent_works_under_the_same_rules() -> None:
    state = CaseState(episode=2, whole=False, topics=("legal",))
    assert ask(state, topics=(LEGAL,)).outcome is HANDOFF
    assert ask(replace(state, topics=()), topics=(LEGAL,)).outcome is CONTINUE
