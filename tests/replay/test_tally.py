"""The counts of a replay, held against conversations counted by hand."""

import statistics
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from handrail.core.model import Decision, Fault, Outcome, Reason, Role, Trigger, Turn
from handrail.importers import Conversation, Truth
from handrail.replay import Tally, report
from handrail.replay.counts import LISTED, Agreement, Examples, Histogram, wilson

GO = Decision(outcome=Outcome.CONTINUE)


def decided(trigger: Trigger, outcome: Outcome = Outcome.HANDOFF) -> Decision:
    return Decision(outcome=outcome, reasons=(Reason(trigger=trigger, outcome=outcome),))


def talk(name: str, truth: Truth | None = None, turns: int = 6) -> Conversation:
    said = tuple(Turn(role=Role.CUSTOMER, text=str(turn)) for turn in range(turns))
    return Conversation(id=name, turns=said, truth=truth)


ASKED = decided(Trigger.EXPLICIT_REQUEST)
OFFER = decided(Trigger.MISSING_DATA, Outcome.OFFER)
WISH = decided(Trigger.AGENT_REQUEST)


def test_outcomes_triggers_and_turns_are_counted_by_conversation_and_by_turn() -> None:
    tally = Tally()
    tally.add(talk("a"), [GO, GO, ASKED])
    tally.add(talk("b"), [GO, OFFER, GO, GO, GO, GO])
    tally.add(talk("c"), [OFFER, ASKED])
    tally.add(talk("d"), [GO] * 6)
    assert (tally.conversations, tally.turns, tally.decided) == (4, 24, 17)
    assert dict(tally.outcomes) == {Outcome.HANDOFF: 2, Outcome.OFFER: 1, Outcome.CONTINUE: 1}
    assert dict(tally.by_turn) == {Outcome.CONTINUE: 13, Outcome.OFFER: 2, Outcome.HANDOFF: 2}
    asked = tally.triggers[Trigger.EXPLICIT_REQUEST]
    assert (asked.handoffs, asked.offers, asked.turns.median()) == (2, 0, 1)
    assert tally.triggers[Trigger.MISSING_DATA].offers == 2
    assert tally.handoff_turns.counts == {2: 1, 1: 1}


def test_agreement_is_by_conversation_with_all_and_before_the_transfer() -> None:
    right = Truth(should_handoff=True, turn=1, agent_handoff=True, agent_handoff_turn=3)
    tally = Tally()
    tally.add(talk("earlier", right), [GO, GO, ASKED])
    tally.add(talk("on it", right), [GO, GO, GO, WISH])
    tally.add(talk("missed", right), [GO] * 6)
    wrong = replace(right, should_handoff=False, turn=None)
    tally.add(talk("followed wrongly", wrong), [GO, GO, GO, WISH])
    tally.add(talk("held back rightly", wrong), [GO] * 6)
    quiet = Truth(should_handoff=False, agent_handoff=False)
    tally.add(talk("quiet", quiet), [GO] * 6)
    tally.add(talk("no truth"), [ASKED])
    everything, before, recorded = (
        tally.should.everything, tally.should.before, tally.should.recorded,
    )  # fmt: skip
    assert everything == Agreement(true_yes=2, false_yes=1, false_no=1, true_no=2)
    assert before == Agreement(true_yes=1, false_yes=0, false_no=2, true_no=3)
    assert recorded == Agreement(true_yes=3, false_yes=2, false_no=0, true_no=1)
    assert tally.gate == Agreement(true_yes=2, false_yes=1, false_no=1, true_no=1)
    assert everything.precision == (2, 3)
    assert everything.recall == (2, 3)
    assert [one["id"] for one in tally.earlier.first] == ["earlier"]
    assert [one["id"] for one in tally.missed.first] == ["missed"]
    assert [one["id"] for one in tally.not_followed.first] == ["missed", "held back rightly"]
    assert dict(tally.against_truth.counts) == {1: 1, 2: 1}
    assert dict(tally.against_agent.counts) == {-1: 1, 0: 2}
    wish = tally.triggers[Trigger.AGENT_REQUEST]
    assert (wish.judged, wish.right) == (2, 1)


def test_whether_the_agent_would_fail_is_judged_on_its_own() -> None:
    tally = Tally()
    tally.add(talk("a", Truth(would_fail=True)), [ASKED])
    tally.add(talk("b", Truth(would_fail=True)), [GO])
    tally.add(talk("c", Truth(would_fail=False)), [ASKED])
    assert tally.fails.everything == Agreement(true_yes=1, false_yes=1, false_no=1, true_no=0)
    assert tally.should.everything.total == 0


def test_another_reason_than_the_expected_one_is_named() -> None:
    tally = Tally()
    truth = Truth(should_handoff=True, turn=0, trigger="vip")
    tally.add(talk("a", truth), [ASKED])
    tally.add(talk("b", truth), [decided(Trigger.VIP)])
    assert (tally.expected.true_yes, tally.expected.false_yes) == (1, 1)
    assert tally.other_trigger.first[0]["fired"] == "explicit_request"


def test_faults_and_what_was_held_back_are_counted() -> None:
    held = Decision(
        outcome=Outcome.CONTINUE,
        suppressed=(Reason(trigger=Trigger.VIP, outcome=Outcome.OFFER),),
        faults=(Fault.MISSING_TIME,),
    )
    tally = Tally()
    tally.add(talk("a"), [held, held])
    assert tally.suppressed[Trigger.VIP] == 2
    assert tally.faults[Fault.MISSING_TIME] == 2


def test_lists_of_examples_are_bounded_and_their_counts_are_not() -> None:
    found = Examples()
    for number in range(LISTED * 3):
        found.add(id=str(number))
    assert (found.count, len(found.first)) == (LISTED * 3, LISTED)


@given(numbers=st.lists(st.integers(-50, 50), max_size=60))
def test_the_median_of_a_histogram_is_the_lower_median(numbers: list[int]) -> None:
    found = Histogram()
    for number in numbers:
        found.add(number)
    assert found.median() == (statistics.median_low(numbers) if numbers else None)
    assert found.total == len(numbers)
    assert found.between(-10, 10) == sum(-10 <= number <= 10 for number in numbers)


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [(0, 0, 0.0, 1.0), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (8, 10, 0.4902, 0.9433)],
)
def test_intervals_are_those_of_wilson(part: int, whole: int, low: float, high: float) -> None:
    assert wilson(part, whole) == pytest.approx((low, high), abs=1e-4)


def full() -> Tally:
    tally = Tally()
    truth = Truth(should_handoff=True, turn=1, agent_handoff=True, agent_handoff_turn=5,
                  would_fail=True, trigger="vip")  # fmt: skip
    for number in range(12):
        tally.add(talk(f"early-{number}", truth), [GO, GO, ASKED])
    tally.add(talk("lost", truth), [GO] * 6)
    tally.add(talk("offered"), [OFFER, GO])
    return tally


def test_the_table_says_what_was_counted_within_eighty_columns() -> None:
    console = Console(width=80, record=True, color_system=None)
    with console.capture() as caught:
        report.show(full(), console)
    text = caught.get()
    assert all(len(line) <= 80 for line in text.splitlines())
    for part in (
        "explicit_request",
        "1.00 (0.76-1.00)",
        "0.92 (0.67-0.99)",
        "Handrail, before",
        "missed, should be handed off: 1: lost",
        "early-0 (turn 2, not 5)",
        "and 4 more",
        "fired for the expected reason: 0 of 12",
    ):
        assert part in text, part
    assert "…" not in text


def test_an_empty_replay_has_a_table_too() -> None:
    console = Console(width=80, color_system=None)
    with console.capture() as caught:
        report.show(Tally(), console)
    assert "handoff" in caught.get()


def test_the_data_of_a_tally_is_json_and_complete() -> None:
    found = report.as_dict(full())
    assert found["outcomes"] == {"continue": 1, "offer": 1, "handoff": 12}
    assert found["median_handoff_turn"] == 2
    should = found["should_handoff"]
    assert isinstance(should, dict)
    assert should["everything"]["true_positive"] == 12
    assert should["everything"]["recall"] == pytest.approx(12 / 13)
    assert found["turns_against_agent"] == {
        "count": 12, "earlier": 12, "same": 0, "later": 0, "median": -3,
    }  # fmt: skip
    assert should["everything"]["precision_interval"][0] == pytest.approx(0.7575, abs=1e-3)
