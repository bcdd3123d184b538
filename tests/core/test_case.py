"""The fold of turns into the state of a case: examples first, then what always holds."""

from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail.core.case import CaseState, boundary, observe, offered, start
from handrail.core.model import Role, Signals
from strategies import MINUTE, SHARES, START, fold, free_states, histories, signals

HUGE = 1_000_000_000
COUNTERS = (
    "turns",
    "customer_turns",
    "no_progress_turns",
    "repeats",
    "stalled",
    "tool_failures",
    "sentiment_run",
    "turns_since_offer",
    "agent_requests",
    "approvals_open",
)


def customer(**said: Any) -> Signals:
    return Signals(role=Role.CUSTOMER, **said)


def agent(**said: Any) -> Signals:
    return Signals(role=Role.AGENT, **said)


def tool(**said: Any) -> Signals:
    return Signals(role=Role.TOOL, **said)


def ops(**said: Any) -> Signals:
    return Signals(role=Role.OPS, **said)


# Turns and time


def test_only_the_turns_of_the_customer_count_as_customer_turns() -> None:
    state = fold([customer(), agent(), customer(), tool()])
    assert (state.turns, state.customer_turns) == (4, 2)


def test_a_case_that_was_not_seen_from_its_beginning_stays_not_whole() -> None:
    assert start().whole
    assert not fold([customer(), agent()], start(whole=False)).whole


def test_a_late_turn_counts_as_now() -> None:
    assert fold([customer(at=START + 5), agent(at=START)]).now == START + 5


def test_a_turn_without_a_time_leaves_the_clock_where_it_was() -> None:
    assert fold([customer(at=START), agent()]).now == START


def test_the_clock_of_progress_starts_with_the_first_known_time() -> None:
    state = fold([customer(), customer(at=START + 7), customer(at=START + MINUTE)])
    assert state.progress_at == START + 7


# Progress


@pytest.mark.parametrize("turn", [agent(progress=True), tool(tool_succeeded=True)])
def test_progress_ends_every_count_of_turns_in_vain(turn: Signals) -> None:
    before = fold([customer(repeated=True, stalled=True, at=START), customer(repeated=True)])
    assert (before.no_progress_turns, before.repeats, before.stalled) == (2, 2, 1)
    after = observe(before, replace(turn, at=START + MINUTE))
    assert (after.no_progress_turns, after.repeats, after.stalled) == (0, 0, 0)
    assert (before.progress_at, after.progress_at) == (START, START + MINUTE)


def test_a_repeat_counts_only_when_the_customer_repeats_and_a_stall_whoever_shows_it() -> None:
    state = fold([agent(repeated=True, stalled=True), customer(repeated=True, stalled=True)])
    assert (state.repeats, state.stalled, state.no_progress_turns) == (1, 2, 1)


def test_stalled_turns_are_counted_one_by_one() -> None:
    turns = [agent(), agent(stalled=True), agent(), agent(stalled=True), agent(stalled=True)]
    assert [fold(turns[: n + 1]).stalled for n in range(5)] == [0, 1, 1, 2, 3]


# Tools


def test_only_a_success_breaks_a_row_of_tool_failures() -> None:
    row = [tool(tool_failed=True), customer(progress=True), tool(tool_failed=True)]
    assert fold(row).tool_failures == 2
    assert fold([*row, tool(tool_succeeded=True)]).tool_failures == 0
    assert fold([*row, tool(tool_succeeded=True), tool(tool_failed=True)]).tool_failures == 1


def test_a_turn_with_a_failure_and_a_success_counts_as_a_failure() -> None:
    assert fold([tool(tool_failed=True, tool_succeeded=True)]).tool_failures == 1


# Sentiment


def test_the_first_dissatisfaction_is_the_level_and_later_ones_are_mixed_in_by_half() -> None:
    assert fold([customer(dissatisfaction=800)]).level == 800
    assert fold([customer(dissatisfaction=800), customer(dissatisfaction=201)]).level == 500


def test_a_content_first_turn_is_mixed_in_too() -> None:
    turns = [customer(dissatisfaction=0), customer(dissatisfaction=800)]
    assert fold(turns).level == 400


def test_a_run_counts_dissatisfied_turns_and_keeps_the_level_before_it() -> None:
    turns = [customer(dissatisfaction=d) for d in (200, 500, 900)]
    state = fold(turns)
    assert (state.level, state.sentiment_run, state.run_start) == (625, 2, 200)
    calmer = observe(state, customer(dissatisfaction=499))
    assert (calmer.level, calmer.sentiment_run, calmer.run_start) == (562, 0, 562)
    assert calmer.sentiment_known


def test_a_customer_turn_without_sentiment_makes_it_unknown_and_keeps_the_level() -> None:
    state = fold([customer(dissatisfaction=700), customer()])
    assert (state.sentiment_known, state.level, state.sentiment_run) == (False, 700, 1)
    again = observe(state, customer(dissatisfaction=900))
    assert (again.sentiment_known, again.level, again.sentiment_run) == (True, 800, 2)


def test_nobody_else_changes_the_sentiment_of_the_customer() -> None:
    state = fold([customer(dissatisfaction=700), agent(dissatisfaction=0), agent()])
    assert (state.sentiment_known, state.level, state.sentiment_run) == (True, 700, 1)


# Confidence


def test_confidence_is_that_of_the_last_turn_of_the_agent() -> None:
    assert start().confidence == -1
    assert fold([agent(confidence=0), customer(confidence=900)]).confidence == 0
    assert fold([agent(confidence=300), agent()]).confidence == -1


# Topics and language


def test_a_topic_is_active_from_the_turn_that_names_it_and_topics_are_sorted() -> None:
    state = fold([customer(topics=("security",)), customer(), customer(topics=("legal",))])
    assert state.topics == ("legal", "security")


def test_the_last_known_language_counts() -> None:
    assert (start().language, start(language="de").language) == ("", "de")
    assert fold([customer(language="de"), customer(language="en"), agent()]).language == "en"


# Approvals


def test_an_approval_waits_from_its_request_until_all_are_settled() -> None:
    asked = fold([ops(at=START, approvals_requested=1), ops(at=START + 9, approvals_requested=1)])
    assert (asked.approvals_open, asked.approval_since) == (2, START)
    one = observe(asked, ops(approvals_settled=1))
    assert (one.approvals_open, one.approval_since) == (1, START)
    none = observe(one, ops(approvals_settled=5))
    assert (none.approvals_open, none.approval_since) == (0, 0)


def test_an_approval_asked_for_while_the_last_one_is_settled_waits_from_now() -> None:
    asked = fold([ops(at=START, approvals_requested=1)])
    swapped = observe(asked, ops(at=START + 9, approvals_settled=1, approvals_requested=1))
    assert (swapped.approvals_open, swapped.approval_since) == (1, START + 9)


# Offers


@pytest.mark.parametrize("answer", ["offer_accepted", "offer_declined", "offer_expired"])
def test_an_offer_is_open_until_it_is_answered(answer: str) -> None:
    state = offered(fold([customer(), customer()]))
    assert (state.offers, state.turns_since_offer, state.offer_open) == (1, 0, True)
    state = observe(state, agent())
    assert (state.turns_since_offer, state.offer_open) == (0, True)
    state = observe(state, agent(**{answer: True}))
    assert (state.offers, state.turns_since_offer, state.offer_open) == (1, 0, False)


def test_an_offer_lapses_when_the_customer_goes_on_to_something_else() -> None:
    state = fold([agent(), customer()], offered(fold([customer()])))
    assert (state.offers, state.turns_since_offer, state.offer_open) == (1, 1, False)


def test_every_offer_is_counted_and_starts_its_own_cooldown() -> None:
    state = offered(fold([customer()], offered(start())))
    assert (state.offers, state.turns_since_offer) == (2, 0)


def test_the_wishes_of_the_agent_are_counted() -> None:
    wish = agent(agent_request=True)
    assert fold([agent(), wish, agent(), wish, wish]).agent_requests == 3


# Law 7: an episode starts anew.


def test_a_new_episode_keeps_only_the_clock_the_language_and_its_number() -> None:
    before = fold(
        [
            customer(
                at=START, topics=("legal",), dissatisfaction=900, repeated=True, language="de"
            ),
            agent(confidence=10, agent_request=True, stalled=True),
            tool(tool_failed=True, approvals_requested=2),
        ],
        offered(start()),
    )
    after = boundary(before)
    assert (after.episode, after.whole, after.now, after.language) == (2, False, START, "de")
    rest = {f.name for f in fields(CaseState)} - {"episode", "whole", "now", "language"}
    fresh = CaseState()
    kept = {name for name in rest if getattr(after, name) != getattr(fresh, name)}
    assert kept <= {"progress_at"}
    assert boundary(after).episode == 3


def test_the_turn_that_starts_an_episode_belongs_to_it() -> None:
    before = fold([customer(dissatisfaction=900, repeated=True), tool(tool_failed=True)])
    state = observe(before, customer(episode_started=True, dissatisfaction=400, repeated=True))
    assert (state.episode, state.turns, state.customer_turns, state.repeats) == (2, 1, 1, 1)
    assert (state.level, state.tool_failures) == (400, 0)


def test_the_clock_of_progress_starts_with_the_episode_not_with_the_turns_before_it() -> None:
    before = fold([customer(at=START), agent(at=START + MINUTE)])
    state = observe(before, customer(at=START + 90 * MINUTE, episode_started=True))
    assert state.progress_at == START + 90 * MINUTE


@given(histories, signals)
def test_whatever_was_before_an_episode_starts_the_same(
    history: list[Signals], first: Signals
) -> None:
    first = replace(first, episode_started=True, at=START + 90 * MINUTE, language="en")
    history = [replace(turn, episode_started=False) for turn in history]
    assert fold([*history, first]) == fold([first])


# Always


@given(histories, signals)
def test_time_never_runs_back(history: list[Signals], last: Signals) -> None:
    before = fold(history)
    after = observe(before, last)
    assert after.now == max(before.now, last.at or 0)
    assert after.progress_at <= after.now
    assert after.approval_since <= after.now


@given(free_states, signals)
def test_every_number_of_the_state_stays_in_its_range(state: CaseState, turn: Signals) -> None:
    state = replace(state, **dict.fromkeys(COUNTERS, HUGE))
    after = observe(state, turn)
    assert all(0 <= getattr(after, name) <= HUGE for name in COUNTERS)
    assert 0 <= after.level <= 1000
    assert 0 <= after.run_start <= 1000
    assert -1 <= after.confidence <= 1000


@given(st.lists(signals, min_size=1, max_size=4))
def test_the_state_of_a_long_case_is_no_larger_than_that_of_a_short_one(
    turns: list[Signals],
) -> None:
    turns = [replace(turn, episode_started=False) for turn in turns]
    once = fold(turns)
    long = fold(turns * 250, once)
    assert long.topics == once.topics
    assert len(repr(long)) <= len(repr(once)) + 4 * len(fields(CaseState))


@given(st.lists(st.sampled_from(SHARES), min_size=1, max_size=20))
def test_the_level_lies_between_the_calmest_and_the_angriest_turn(shares: list[int]) -> None:
    state = fold([customer(dissatisfaction=share) for share in shares])
    assert min(shares) <= state.level <= max(shares)
    run = 0
    for share in shares:
        run = run + 1 if share >= 500 else 0
    assert state.sentiment_run == run
