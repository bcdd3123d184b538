"""Laws 1 to 7 and 23, as far as `decide` keeps them, on generated cases."""

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from typing import Any, get_args, get_type_hints

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from handrail.core import case
from handrail.core.case import CaseState
from handrail.core.decision import Gate, Rules, Score, Topic, Vip, decide
from handrail.core.model import Context, Fault, Forecast, Outcome, Role, Signals, Trigger
from handrail.core.record import Input, dump, load
from strategies import (
    MINUTE,
    START,
    TOPICS,
    World,
    contexts,
    fold,
    histories,
    quiet_worlds,
    scores,
    signals,
    wild,
    worlds,
)

# Law 1


@given(wild(Rules), wild(CaseState), wild(Signals), wild(Context))
def test_decide_never_raises_on_well_typed_input_and_always_says_the_same(
    rules: Rules, state: CaseState, turn: Signals, context: Context
) -> None:
    assert decide(rules, state, turn, context) == decide(rules, state, turn, context)


# Law 2


def _topic(world: World) -> World:
    rules = replace(world.rules, topics=(Topic(name="legal", risk=0, hard=True),))
    return world._replace(rules=rules, state=replace(world.state, topics=("legal",)))


def _first_touch(world: World) -> World:
    state = replace(world.state, whole=True, episode=1, customer_turns=1)
    return world._replace(
        rules=replace(world.rules, vip=Vip(tiers=("gold",))),
        state=state,
        signals=replace(world.signals, role=Role.CUSTOMER),
        context=_tier(world.context, "gold"),
    )


def _vip_topic(world: World) -> World:
    soft = Topic(name="legal", action=Outcome.CONTINUE, hard=False)
    return world._replace(
        rules=replace(world.rules, topics=(soft,), vip=Vip(tiers=("gold",))),
        state=replace(world.state, topics=("legal",)),
        context=_tier(world.context, "gold"),
    )


def _tier(context: Context, tier: str) -> Context:
    return replace(context, attributes=replace(context.attributes, tier=tier))


def _gate(rule: str, flag: str) -> Callable[[World], World]:
    gate = Gate(hard=True, unless=("big_order",))
    return lambda world: world._replace(
        rules=replace(world.rules, **{rule: gate}),
        signals=replace(world.signals, **{flag: True}),
        context=replace(world.context, conditions=(("big_order", True),)),
    )


def _flag(name: str) -> Callable[[World], World]:
    return lambda world: world._replace(signals=replace(world.signals, **{name: True}))


HARD: dict[Trigger, tuple[Callable[[World], World], ...]] = {
    Trigger.EXPLICIT_REQUEST: (_flag("explicit_request"), _flag("offer_accepted")),
    Trigger.OPERATOR_TAKEOVER: (_flag("operator_takeover"),),
    Trigger.SENSITIVE_TOPIC: (_topic,),
    Trigger.VIP: (_first_touch, _vip_topic),
    Trigger.POLICY_VIOLATION: (_gate("policy_violation", "policy_violation"),),
    Trigger.MISSING_PERMISSION: (_gate("missing_permission", "permission_missing"),),
    Trigger.APPROVAL_EXPIRED: (_gate("approval_expired", "approval_expired"),),
    Trigger.MISSING_DATA: (_gate("missing_data", "data_missing"),),
}
CAUSES = [(trigger, cause) for trigger, causes in HARD.items() for cause in causes]


@given(quiet_worlds(), st.sampled_from(CAUSES), scores, st.sampled_from(("", "a", "b")))
def test_a_hard_trigger_always_hands_off_whatever_the_score_arm_or_pack_weights_say(
    world: World, cause: tuple[Trigger, Callable[[World], World]], score: Score, arm: str
) -> None:
    trigger, make = cause
    made = make(world)
    made = made._replace(
        rules=replace(made.rules, score=score, max_wait=1),
        context=replace(made.context, arm=arm, forecast=Forecast(wait=1_000_000)),
    )
    decision = decide(*made)
    assert decision.outcome is Outcome.HANDOFF
    assert [r for r in decision.reasons if r.trigger is trigger and r.hard]


# Law 3: each way to make a world worse takes how much worse, 1..1000.


def _more(name: str) -> Callable[[World, int], World]:
    def worse(world: World, by: int) -> World:
        value = getattr(world.state, name) + by
        return world._replace(state=replace(world.state, **{name: value}))

    return worse


def _raise(name: str) -> Callable[[World, int], World]:
    return lambda world, _: _flag(name)(world)


def _less_sure(world: World, by: int) -> World:
    state, turn = world.state, world.signals
    if state.confidence >= 0:
        state = replace(state, confidence=max(0, state.confidence - by))
    if turn.confidence is not None:
        turn = replace(turn, confidence=max(0, turn.confidence - by))
    return world._replace(state=state, signals=turn)


def _angrier(world: World, by: int) -> World:
    level = min(1000, world.state.level + by)
    return world._replace(state=replace(world.state, level=level))


def _topic_more(world: World, by: int) -> World:
    name = TOPICS[by % len(TOPICS)]
    topics = tuple(sorted({*world.state.topics, name}))
    return world._replace(state=replace(world.state, topics=topics))


def _riskier(world: World, by: int) -> World:
    topics = tuple(replace(t, risk=min(1000, t.risk + by)) for t in world.rules.topics)
    return world._replace(rules=replace(world.rules, topics=topics))


def _later(world: World, by: int) -> World:
    at = max(world.state.now, world.context.at or 0) + by * MINUTE // 100
    return world._replace(context=replace(world.context, at=at))


WORSE: dict[str, Callable[[World, int], World]] = {
    "confidence": _less_sure,
    "dissatisfaction": _angrier,
    "topic added": _topic_more,
    "risk": _riskier,
    "waiting": _later,
    **{
        name: _more(name)
        for name in (
            "no_progress_turns",
            "repeats",
            "stalled",
            "tool_failures",
            "sentiment_run",
            "approvals_open",
        )
    },
    **{
        name: _raise(name)
        for name in (
            "explicit_request",
            "offer_accepted",
            "operator_takeover",
            "policy_violation",
            "permission_missing",
            "data_missing",
            "approval_expired",
            "agent_request",
        )
    },
}


@settings(max_examples=4 * settings().max_examples)
@given(st.sampled_from(list(WORSE)), quiet_worlds() | worlds(), st.integers(1, 1000))
def test_at_equal_state_arm_and_forecast_worse_evidence_never_cools_the_outcome(
    evidence: str, world: World, by: int
) -> None:
    before, after = decide(*world), decide(*WORSE[evidence](world, by))
    assert after.outcome >= before.outcome
    assert after.score >= before.score


# Law 4


@given(worlds())
def test_missing_or_broken_signals_are_faults_listed_in_the_decision(world: World) -> None:
    rules, state, turn, context = world
    named, given_names = {t.name for t in rules.topics}, {name for name, _ in context.conditions}
    clocks = (rules.blocked_approval is not None and state.approvals_open > 0) or (
        rules.no_progress is not None and rules.no_progress.minutes > 0
    )
    expected = set(turn.faults)
    if rules.low_confidence and turn.role is Role.AGENT and turn.confidence is None:
        expected.add(Fault.MISSING_CONFIDENCE)
    if rules.negative_sentiment and turn.role is Role.CUSTOMER and turn.dissatisfaction is None:
        expected.add(Fault.MISSING_SENTIMENT)
    if clocks and max(state.now, context.at or 0) == 0:
        expected.add(Fault.MISSING_TIME)
    if set(state.topics) - named:
        expected.add(Fault.UNKNOWN_TOPIC)
    if {c.name for c in rules.conditions} - given_names:
        expected.add(Fault.UNKNOWN_CONDITION)
    assert decide(*world).faults == tuple(fault for fault in Fault if fault in expected)


# Law 5


@given(worlds())
def test_the_outcome_is_not_continue_exactly_when_there_is_a_reason_and_the_first_is_the_trigger(
    world: World,
) -> None:
    decision = decide(*world)
    order = [list(Trigger).index(reason.trigger) for reason in decision.reasons]
    assert order == sorted(order)
    assert decision.outcome == max((r.outcome for r in decision.reasons), default=Outcome.CONTINUE)
    assert all(r.outcome is not Outcome.CONTINUE for r in decision.reasons)
    assert decision.trigger == (decision.reasons[0].trigger if decision.reasons else None)


# Law 6


@given(worlds())
def test_a_decision_replays_byte_equal_from_the_pack_digest_and_its_recorded_input(
    world: World,
) -> None:
    rules, state, turn, context = world
    line = dump(Input(state=state, signals=turn, context=context), decide(*world))
    recorded, decision = load(line)
    again = decide(rules, recorded.state, recorded.signals, recorded.context)
    assert dump(recorded, again) == line
    assert decision.digest == rules.digest


def _texts(kind: Any) -> set[str]:
    """Names of the fields that can hold text, down to the leaves."""
    if not is_dataclass(kind):
        return {"text"} if kind is str else set().union(*map(_texts, get_args(kind)))
    found = set()
    for item in fields(kind):
        hint = get_type_hints(kind)[item.name]
        below = _texts(hint)
        found |= {item.name} if below == {"text"} else below
    return found


def test_a_recorded_input_has_no_field_for_free_text() -> None:
    names = {"topics", "language", "sources", "tier", "stage", "conditions", "arm"}
    assert _texts(Input) == names


# Law 7


@given(worlds(), histories, signals, histories)
def test_signals_of_an_earlier_episode_never_fire(
    world: World, earlier: list[Signals], first: Signals, later: list[Signals]
) -> None:
    first = replace(first, at=START + 60 * MINUTE, episode_started=True, language="en")
    later = [replace(turn, episode_started=False) for turn in later]
    assume(earlier)
    earlier = [replace(turn, episode_started=False) for turn in earlier]
    states = [fold([*history, first, *later]) for history in (earlier, [])]
    turn = later[-1] if later else first
    decisions = [decide(world.rules, state, turn, world.context) for state in states]
    assert decisions[0] == decisions[1]


# Law 23


@given(
    worlds(),
    wild(Score),
    contexts,
    st.sampled_from(("explicit_request", "offer_accepted")),
)
def test_an_explicit_request_always_hands_off_and_is_the_trigger(
    world: World, score: Score, context: Context, flag: str
) -> None:
    turn = replace(world.signals, **{flag: True})
    rules = replace(world.rules, score=score, max_wait=1)
    for state in (world.state, case.offered(world.state), case.boundary(world.state)):
        decision = decide(rules, state, turn, replace(context, forecast=Forecast(wait=9999)))
        assert decision.outcome is Outcome.HANDOFF
        assert decision.trigger is Trigger.EXPLICIT_REQUEST
