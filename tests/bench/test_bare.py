"""The hand-written yardstick of the benchmark decides what `decide` decides, and passes the oracle.

Otherwise it would be no yardstick, and a table of ratios would compare two different things.
"""

import sys
from dataclasses import replace
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handrail.core.decision import decide
from handrail.core.model import Attributes, Outcome
from oracle import expect
from strategies import contexts, free_states, signals

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from bench.cases import MIX, RULES, TAGS, World, topic, worlds

from bench import bare

NAMES = tuple(rule.name for rule in RULES.topics)
TIERS = st.sampled_from(("", "basic", "silver", "gold", "platinum"))
STAGES = st.sampled_from(("", "lead", "trial", "contract", "closing"))
CONDITIONS = st.sets(st.sampled_from(("big_order", "rehearsal", "unmapped"))).flatmap(
    lambda names: st.tuples(*(st.tuples(st.just(n), st.booleans()) for n in sorted(names)))
)


@st.composite
def measured(draw: st.DrawFn) -> World:
    """Any state, turn and context, with names that the measured rules know."""
    topics = draw(st.sets(st.sampled_from((*NAMES, "unmapped")), max_size=3))
    context = replace(
        draw(contexts),
        attributes=Attributes(tier=draw(TIERS), stage=draw(STAGES)),
        conditions=draw(CONDITIONS),
    )
    context = replace(
        context, forecast=replace(context.forecast, wait=draw(st.sampled_from((None, 900, 901))))
    )
    state = replace(draw(free_states), topics=tuple(sorted(topics)))
    return World(state, draw(signals), context)


def agree(world: World) -> None:
    decision = bare.decide(*world)
    assert decision == decide(RULES, *world)
    found = (decision.outcome, [reason.trigger for reason in decision.reasons], decision.score)
    assert found == expect(RULES, *world)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(measured())
def test_the_bare_function_equals_decide_and_passes_the_oracle(world: World) -> None:
    agree(world)


def test_it_does_so_on_the_turns_that_are_measured() -> None:
    for world in worlds(1000):
        agree(world)


def test_the_measured_turns_have_the_mix_that_the_table_names() -> None:
    outcomes = [decide(RULES, *world).outcome for world in worlds(1000)]
    assert {outcome: outcomes.count(outcome) for outcome in Outcome} == MIX


def test_the_literals_are_those_of_the_rules() -> None:
    assert RULES.digest == bare.DIGEST
    assert bare.TAGS == TAGS
    assert dict(RULES.score.tier_values) == bare.TIERS
    assert dict(RULES.score.stage_values) == bare.STAGES
    assert tuple(bare.TOPICS) == NAMES
    assert RULES.topics == tuple(topic(number) for number in range(len(NAMES)))


@given(measured())
def test_a_bare_function_with_another_line_would_be_noticed(world: World) -> None:
    """The comparison can fail: other rules give another decision on some turn."""
    other = replace(RULES, score=replace(RULES.score, progress=151))
    world = world._replace(state=replace(world.state, no_progress_turns=8))
    assert bare.decide(*world) != decide(other, *world)
