"""The smallest change that would have flipped an outcome, applied here by its name alone."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail.core.case import CaseState
from handrail.core.decision import Gate, LowConfidence, NoProgress, Rules, Topic, decide, flip
from handrail.core.model import Attributes, Change, Context, Outcome, Role, Signals, Trigger
from strategies import FLAGS, MINUTE, START, World, quiet_worlds, worlds

COUNTS = ("no_progress_turns", "tool_failures", "repeats", "stalled")
AGES = {"approval_minutes": "approval_since", "idle_minutes": "progress_at"}


def observed(world: World) -> World:
    """The world with a state that has seen its turn, as `flip` asks: they agree on confidence."""
    if world.signals.role is not Role.AGENT:
        return world
    known = world.signals.confidence
    state = replace(world.state, confidence=-1 if known is None else known)
    return world._replace(state=state)


OBSERVED = (quiet_worlds() | worlds()).map(observed)


def put(world: World, name: str, value: int) -> World:
    """The world with the evidence of one change set to a value."""
    rules, state, said, context = world
    now = max(state.now, context.at or 0)
    kind, _, label = name.partition(":")
    changed: dict[str, Any] = {}
    if name in AGES:
        state = replace(state, **{AGES[name]: now - value * MINUTE})
    elif name == "confidence":
        state, said = replace(state, confidence=value), replace(said, confidence=value)
    elif name in {*COUNTS, "level"}:  # before the flags: a turn has a flag `stalled` as well
        state = replace(state, **{name: value})
    elif name in FLAGS:
        said = replace(said, **{name: bool(value)})
    elif kind == "topic":
        state = replace(state, topics=tuple(t for t in state.topics if t != label))
    elif kind == "condition":
        left = tuple((n, v and n != label) for n, v in context.conditions)
        context = replace(context, conditions=left)
    elif kind in {"tier", "stage"}:
        changed = {kind: ""}
        context = replace(context, attributes=replace(context.attributes, **changed))
    else:
        pytest.fail(f"unknown signal `{name}`")
    return World(rules, state, said, context)


def put_all(world: World, changes: tuple[Change, ...]) -> World:
    for change in changes:
        world = put(world, change.signal, change.after)
    return world


@given(OBSERVED)
def test_all_the_changes_together_give_another_outcome(world: World) -> None:
    decision = decide(*world)
    changes = flip(*world, decision)
    assert len({change.signal for change in changes}) == len(changes)
    assert all(change.before != change.after for change in changes)
    if changes:
        assert decide(*put_all(world, changes)).outcome is not decision.outcome


@given(OBSERVED)
def test_no_change_goes_further_than_it_must_and_none_is_needless(world: World) -> None:
    decision = decide(*world)
    changes = flip(*world, decision)
    for place, change in enumerate(changes):
        others = (*changes[:place], *changes[place + 1 :])
        nearer = change.after + (1 if change.before > change.after else -1)
        fallen_short = put_all(world, (*others, replace(change, after=nearer)))
        if nearer != change.before:
            assert decide(*fallen_short).outcome is decision.outcome
        assert decide(*put_all(world, others)).outcome is decision.outcome


@given(OBSERVED)
def test_where_no_change_is_named_the_worst_that_can_be_measured_does_not_flip(
    world: World,
) -> None:
    decision = decide(*world)
    if flip(*world, decision) or decision.outcome is Outcome.HANDOFF:
        return
    worst = world
    for name in COUNTS:
        worst = put(worst, name, max(64, getattr(world.state, name)))
    if world.state.sentiment_known:
        worst = put(worst, "level", 1000)
    if world.signals.role is Role.AGENT and world.signals.confidence is not None:
        worst = put(worst, "confidence", 0)
    assert decide(*worst).outcome is decision.outcome


@given(quiet_worlds(), st.sampled_from(("explicit_request", "operator_takeover")))
def test_the_flip_of_a_handoff_that_a_person_asked_for_lowers_the_request(
    world: World, flag: str
) -> None:
    said = replace(world.signals, **{flag: True})
    asked = world._replace(signals=said, rules=Rules(topics=world.rules.topics[:0]))
    calm = asked._replace(state=CaseState())
    changes = flip(*calm, decide(*calm))
    assert changes == (Change(signal=flag, before=1, after=0),)


@pytest.mark.parametrize(
    ("rules", "state", "said", "change"),
    [
        (
            Rules(no_progress=NoProgress(turns=8)),
            CaseState(no_progress_turns=5),
            Signals(role=Role.CUSTOMER, dissatisfaction=0),
            ("no_progress_turns", 5, 8),
        ),
        (
            Rules(no_progress=NoProgress(turns=8)),
            CaseState(no_progress_turns=9),
            Signals(role=Role.CUSTOMER, dissatisfaction=0),
            ("no_progress_turns", 9, 7),
        ),
        (
            Rules(low_confidence=LowConfidence(below=600), tool_failure=None, no_progress=None),
            CaseState(confidence=640),
            Signals(role=Role.AGENT, confidence=640),
            ("confidence", 640, 599),
        ),
        (
            Rules(low_confidence=LowConfidence(below=600, action=Outcome.HANDOFF)),
            CaseState(confidence=590),
            Signals(role=Role.AGENT, confidence=590),
            ("confidence", 590, 600),
        ),
        (
            Rules(topics=(Topic(name="legal"),)),
            CaseState(topics=("legal",)),
            Signals(role=Role.AGENT, confidence=590),
            ("topic:legal", 1, 0),
        ),
        (
            Rules(no_progress=NoProgress(turns=0, minutes=5)),
            CaseState(now=START + 8 * MINUTE, progress_at=START),
            Signals(role=Role.AGENT),
            ("idle_minutes", 8, 4),
        ),
    ],
)
def test_the_one_change_that_is_nearest_is_named(
    rules: Rules, state: CaseState, said: Signals, change: tuple[str, int, int]
) -> None:
    name, before, after = change
    context = Context(attributes=Attributes())
    found = flip(rules, state, said, context, decide(rules, state, said, context))
    assert found == (Change(signal=name, before=before, after=after),)


def test_two_hard_triggers_need_two_changes() -> None:
    rules = Rules(topics=(Topic(name="legal"),), policy_violation=Gate(hard=True))
    world = World(
        rules,
        CaseState(topics=("legal",)),
        Signals(role=Role.AGENT, policy_violation=True),
        Context(),
    )
    decision = decide(*world)
    assert decision.trigger is Trigger.POLICY_VIOLATION
    assert {change.signal for change in flip(*world, decision)} == {
        "policy_violation",
        "topic:legal",
    }
