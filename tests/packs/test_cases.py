"""A pack's own cases: they pass when the pack does what they say, and else say what it did."""

from pathlib import Path

import pytest

from handrail import packs
from handrail.core import policy
from handrail.core.model import Attributes, Forecast, Outcome
from handrail.packs import cases
from handrail.packs.loader import load, loads
from handrail.session import Session, compile_workflow

CLEAN = Path(__file__).parent / "clean.yaml"
PACK = """\
handrail: 1
name: x
version: "1"
tiers: [vip]
workflows:
  chat:
    triggers: {low_confidence: on, vip: {tiers: [vip]}, blocked_approval: {minutes: 10}}
    topics: {legal: {phrases: {en: [my lawyer]}}}
    conditions: [{name: large, when: order.amount > 100, action: handoff}]
    max_wait: 5m
cases:
  - name: c
    workflow: chat
"""


def play(text: str) -> cases.Result:
    indented = "".join(f"    {line}\n" for line in text.strip().splitlines())
    (result,) = cases.run(loads(PACK + indented).pack)
    return result


PASSING = {
    "an explicit request": """
turns: [{customer: I want to talk to a human}]
expect: {outcome: handoff, trigger: explicit_request, reasons: [explicit_request], at_turn: 1}""",
    "nothing happens": """
turns: [{customer: hello, sentiment: 0}, {agent: Hello!, confidence: 0.95}]
expect: {outcome: continue}""",
    "an offer, then a handoff": """
turns: [{customer: hello}, {agent: Hm., confidence: 0.3}, {customer: I will ask my lawyer}]
expect: {outcome: handoff, trigger: sensitive_topic, topics: [legal], at_turn: 3}""",
    "an accepted offer": """
turns: [{agent: Hm., confidence: 0.3}, {customer: fine, events: [offer_accepted]}]
expect: {outcome: handoff, trigger: explicit_request, at_turn: 2}""",
    "minutes": """
turns: [{event: approval_requested, at: 0s}, {tool: find, error: true, at: 9m},
        {tool: find, error: true, at: 10m}]
expect: {outcome: handoff, reasons: [blocked_approval], at_turn: 3}""",
    "a condition": """
attributes: {order: {amount: 100.5}}
turns: [{customer: hello}]
expect: {outcome: handoff, reasons: [custom_condition]}""",
    "a condition without data": """
turns: [{customer: hello, sentiment: 0}]
expect: {outcome: continue, faults: [condition_failed]}""",
    "humans are scarce": """
attributes: {order: {amount: 101}}
wait: 6m
turns: [{customer: hello}]
expect: {outcome: offer, trigger: custom_condition}""",
    "mid-conversation": """
tier: vip
whole: false
turns: [{customer: hello}]
expect: {outcome: offer, trigger: vip}""",
    "topics of the caller": """
turns: [{customer: hello, topics: [legal]}]
expect: {outcome: handoff, topics: [legal]}""",
    "the AI's own wish": """
turns: [{agent: One moment., calls: [transfer_to_human]}]
expect: {outcome: handoff, trigger: agent_request}""",
}


@pytest.mark.parametrize("kind", PASSING)
def test_a_case_that_is_met_passes(kind: str) -> None:
    assert play(PASSING[kind]).differences == ()


FAILING = {
    """
turns: [{customer: I want to talk to a human}]
expect: {outcome: continue}""": [
        (
            "outcome: expected `continue`, got `handoff` because of `explicit_request` at turn 1: "
            "customer “I want to talk to a human”"
        )
    ],
    """
turns: [{customer: hello, sentiment: 0}]
expect: {outcome: handoff, trigger: vip}""": [
        "outcome: expected `handoff`, got `continue` with score 0.018 at turn 1: customer “hello”",
        "trigger: expected `vip`, got `none`",
    ],
    """
turns: [{customer: hello}, {customer: I will ask my lawyer}]
expect: {outcome: handoff, at_turn: 1, reasons: [vip], faults: [missing_time]}""": [
        "at_turn: expected 1, got 2",
        "reasons: expected `vip`, got `sensitive_topic`",
        "faults: expected `missing_time` too, got `condition_failed`",
    ],
    """
turns: [{customer: I want to talk to a human}]
expect: {outcome: handoff, topics: [legal]}""": ["topics: expected `legal` too, got none"],
}


@pytest.mark.parametrize("text", FAILING)
def test_a_case_that_is_not_met_says_what_happened(text: str) -> None:
    result = play(text)
    assert not result.passed
    assert list(result.differences) == FAILING[text]


def test_play_stops_at_the_first_handoff() -> None:
    result = play("""
turns: [{customer: I want to talk to a human}, {customer: I will ask my lawyer}]
expect: {outcome: handoff, reasons: [explicit_request]}""")
    assert result.passed
    assert result.turn == 1


@pytest.mark.parametrize("name", packs.starters())
def test_cases_are_decided_as_a_session_decides(name: str) -> None:
    """Two players of the same rules: what users test is what runs."""
    import json

    pack = packs.load(name)
    for case in pack.cases:
        own = Session(
            workflow=compile_workflow(pack, case.workflow),
            attributes=Attributes(tier=case.tier, stage=case.stage),
            values=json.loads(case.attributes),
            forecast=Forecast(wait=case.wait),
            language=case.language,
            whole=case.whole,
        )
        played = cases.play_one(pack, case)
        steps = [own.turn(cases._turn(turn, case)) for turn in case.turns[: len(played)]]
        assert [one.decision for one in played] == [step.decision for step in steps]


def test_every_decision_of_a_case_carries_the_digest() -> None:
    pack = load(CLEAN).pack
    results = cases.run(pack)
    assert [result.name for result in results] == [case.name for case in pack.cases]
    assert all(result.passed for result in results)
    assert {result.decision.digest for result in results} == {policy.digest(pack)}
    assert {result.decision.outcome for result in results} == {Outcome.OFFER, Outcome.HANDOFF}
