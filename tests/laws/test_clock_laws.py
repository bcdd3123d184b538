"""Laws 16, 17 and 20, as far as the clocks keep them, on generated lives of a case."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC
from typing import NamedTuple
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from handrail.core import ownership
from handrail.core.calendar import ALWAYS, Calendar, Hours, Span
from handrail.core.ownership import Actor, Ownership, Party, Refusal, Refused, Status
from handrail.core.sla import (
    Clock,
    Deadline,
    Event,
    Firing,
    Happened,
    Kind,
    Level,
    SlaPolicy,
    fire,
    on,
)
from handrail.core.sla.deadline import CLOSED, OPEN, PATHS

T = 1_774_569_600_000  # Friday 27 March 2026: the clocks of Madrid change in two days
HOUR = 3_600_000
_OFFICE = Hours(spans=tuple(Span(day=day, start=540, end=1020) for day in range(5)))
CALENDARS = (
    None,
    Calendar(hours=ALWAYS, zone=UTC),
    Calendar(hours=Hours(), zone=UTC),
    Calendar(hours=_OFFICE, zone=ZoneInfo("Europe/Madrid")),
    Calendar(hours=_OFFICE, zone=ZoneInfo("Europe/Madrid"), closed=((T, T + 99 * HOUR),)),
)
seconds = st.sampled_from((0, 60, 600, 3600, 86_400))
policies = st.builds(
    SlaPolicy,
    name=st.just("p"),
    time_to_accept=seconds,
    first_response=seconds,
    next_response=seconds,
    resolution=seconds,
    ai_silence=seconds,
    holder_silence=seconds,
    check_back=st.sampled_from((0, 7200, 86_400)),
    clock=st.sampled_from(Clock),
    warn_at=st.sampled_from((0, 500, 800, 1000)),
    escalation=st.lists(
        st.builds(Level, after=seconds, to=st.sampled_from(("steward", "overflow", "other"))),
        max_size=3,
    ).map(tuple),
)
gaps = st.one_of(st.integers(0, 2 * HOUR), st.integers(0, 72 * HOUR))


class Step(NamedTuple):
    """An event, the state it leaves the case in, and how long after the one before."""

    event: Event
    status: str
    gap: int
    until: int


steps = st.builds(
    Step,
    event=st.sampled_from(Event),
    status=st.sampled_from((*sorted(OPEN), CLOSED)),
    gap=gaps,
    until=st.one_of(st.just(0), gaps),
)
lives = st.lists(steps, min_size=1, max_size=12)


class World(NamedTuple):
    policy: SlaPolicy
    calendar: Calendar | None


worlds = st.builds(World, policy=policies, calendar=st.sampled_from(CALENDARS))


pauses = st.sampled_from((Event.PAUSED, Event.PAUSED, Event.RESUMED))
lives_with_pauses = st.lists(
    st.one_of(st.builds(Step, pauses, st.just("held"), gaps, st.one_of(st.just(0), gaps)), steps),
    min_size=1,
    max_size=12,
)
_OWED = frozenset({Kind.FIRST_RESPONSE, Kind.NEXT_RESPONSE, Kind.HOLDER_SILENCE, Kind.HOLDER_AWAY})


def live(world: World, life: Sequence[Step]) -> tuple[int, tuple[Deadline, ...]]:
    """The time and the deadlines after a life."""
    at, deadlines = T, ()
    for one in life:
        at += one.gap
        until = at + one.until if one.until else 0
        deadlines = on(one.event, one.status, *world, deadlines, at, until).deadlines
    return at, deadlines


def once(fired: Sequence[Firing]) -> list[Firing]:
    """Without check-backs, which are told once however many were missed."""
    return [one for one in fired if one.kind is not Kind.CHECK_BACK]


# Law 16


def test_the_clocks_know_the_states_that_there_are() -> None:
    assert {*OPEN, CLOSED} == set(Status)


@given(worlds, lives, st.lists(gaps, max_size=3))
def test_an_unclosed_case_has_an_armed_deadline_and_a_closed_one_none(
    world: World, life: list[Step], looks: list[int]
) -> None:
    for end in range(1, len(life) + 1):
        at, deadlines = live(world, life[:end])
        status = life[end - 1].status
        if status == CLOSED:
            assert deadlines == ()
            continue
        for look in (0, *looks):
            at += look
            assert any(one.armed for one in deadlines)
            assert all(status in PATHS[one.kind].runs for one in deadlines)
            kinds = [one.kind for one in deadlines]
            assert len(kinds) == len(set(kinds))
            if any(one.paused_at for one in deadlines):
                assert any(one.kind is Kind.CHECK_BACK and one.armed for one in deadlines)
            deadlines = fire(*world, deadlines, at)[1]


@given(worlds, lives_with_pauses, gaps)
def test_a_paused_clock_leaves_a_check_back_that_fires(
    world: World, life: list[Step], until: int
) -> None:
    world = world._replace(policy=replace(world.policy, resolution=90 * 86_400))
    at, deadlines = live(world, [one._replace(status="held") for one in life])
    deadlines = on(Event.OPENED, "held", *world, deadlines, at).deadlines
    deadlines = on(Event.PAUSED, "held", *world, deadlines, at, at + until + 1).deadlines
    paused = [one for one in deadlines if one.paused_at]
    assert not any(one.kind in _OWED for one in paused)
    assert Kind.RESOLUTION in {one.kind for one in paused}
    assert not any(one.armed for one in paused)
    look = next(one for one in deadlines if one.kind is Kind.CHECK_BACK)
    assert look.armed
    assert look.fires == at + until + 1
    fired, after = fire(*world, deadlines, look.fires)
    assert (Kind.CHECK_BACK, Happened.CHECK_BACK, look.fires) in [
        (one.kind, one.what, one.at) for one in fired
    ]
    assert [one for one in after if one.paused_at] == paused  # nobody has ended the pause
    again = next(one for one in after if one.kind is Kind.CHECK_BACK)
    assert look.fires < again.fires <= look.fires + again.limit


@given(worlds, lives_with_pauses, st.lists(gaps, max_size=3))
def test_no_order_of_events_pauses_and_resumptions_leaves_an_unclosed_case_unwatched(
    world: World, life: list[Step], looks: list[int]
) -> None:
    for end in range(1, len(life) + 1):
        at, deadlines = live(world, life[:end])
        if life[end - 1].status == CLOSED:
            assert deadlines == ()
            continue
        for look in (0, *looks):
            at += look
            fired, deadlines = fire(*world, deadlines, at)
            assert any(one.armed and one.fires > at for one in deadlines)
            stopped = {one.kind for one in deadlines if one.paused_at}
            assert not stopped & {one.kind for one in fired}
            if stopped:
                assert any(one.kind is Kind.CHECK_BACK and one.armed for one in deadlines)


@given(st.lists(st.tuples(gaps, gaps), min_size=1, max_size=6), st.integers(0, 1000))
def test_a_clock_runs_for_its_own_time_however_often_it_is_paused(
    spans: list[tuple[int, int]], warn_at: int
) -> None:
    limit = sum(running for running, _ in spans) + HOUR
    policy = SlaPolicy(name="p", resolution=limit // 1000 + 1, warn_at=warn_at)
    world = World(replace(policy, clock=Clock.CALENDAR), None)
    at, deadlines = T, on(Event.TAKEN_OVER, "held", *world, (), T).deadlines
    for running, stopped in spans:
        for event, gap in ((Event.PAUSED, running), (Event.RESUMED, stopped)):
            at += gap
            deadlines = on(event, "held", *world, deadlines, at, at + 1).deadlines
    (own,) = [one for one in deadlines if one.kind is Kind.RESOLUTION]
    assert own.due == T + policy.resolution * 1000 + sum(stopped for _, stopped in spans)
    assert not own.missed


@given(worlds, lives, st.sampled_from(("ai", "delegated")), gaps, gaps)
def test_an_ai_that_is_silent_after_a_customer_turn_has_a_deadline(
    world: World, life: list[Step], status: str, gap: int, more: int
) -> None:
    at, deadlines = live(world, life)
    at += gap
    turn = Event.CUSTOMER_TURN
    deadlines = on(turn, status, *world, deadlines, at).deadlines
    silence = [one for one in deadlines if one.kind is Kind.AI_SILENCE]
    assert silence
    assert not silence[0].paused_at
    again = on(turn, status, *world, deadlines, at + more).deadlines
    assert [one.due for one in again if one.kind is Kind.AI_SILENCE] == [silence[0].due]


# Law 17


@given(worlds, lives, gaps)
def test_firing_a_deadline_twice_changes_nothing_twice(
    world: World, life: list[Step], gap: int
) -> None:
    at, deadlines = live(world, life)
    fired, after = fire(*world, deadlines, at + gap)
    assert fire(*world, after, at + gap) == ((), after)
    names = [(one.kind, one.started, one.what, one.level, one.at) for one in fired]
    assert len(names) == len(set(names))


@given(worlds, lives, st.lists(gaps, min_size=1, max_size=4))
def test_firing_late_is_firing_on_time_and_then_the_others_in_order(
    world: World, life: list[Step], gaps: list[int]
) -> None:
    at, deadlines = live(world, life)
    late, end = fire(*world, deadlines, at + sum(gaps))
    prompt: list[Firing] = []
    for gap in gaps:
        at += gap
        fired, deadlines = fire(*world, deadlines, at)
        prompt += fired
    assert deadlines == end
    assert once(late) == once(prompt)
    assert [one.at for one in late] == sorted(one.at for one in late)
    assert any(one.kind is Kind.CHECK_BACK for one in late) is any(
        one.kind is Kind.CHECK_BACK for one in prompt
    )


@given(worlds, lives, st.sampled_from(Event), st.sampled_from(sorted(OPEN)), gaps)
def test_an_event_after_the_deadlines_fired_leads_where_it_leads_before_they_did(
    world: World, life: list[Step], event: Event, status: str, gap: int
) -> None:
    at, deadlines = live(world, life)
    at += gap
    _, fired = fire(*world, deadlines, at)
    late = on(event, status, *world, deadlines, at, at + HOUR)
    prompt = on(event, status, *world, fired, at, at + HOUR)
    assert late.deadlines == prompt.deadlines
    assert late.settled == prompt.settled


# Law 20


def test_what_time_brings_about_names_no_person_and_no_decision() -> None:
    decisions = {"accept", "accepted", "decline", "declined", "released", "resolved"}
    assert not decisions & {one.value for one in Happened}
    assert set(Firing.__slots__) == {"kind", "started", "what", "at", "level", "to"}


def test_a_proposal_that_lapsed_is_expired_by_the_system_and_declined_by_nobody() -> None:
    person, system = Actor(kind=Party.HUMAN, id="ana"), Actor(kind=Party.SYSTEM)
    asked = Ownership(
        status=Status.PROPOSED, at=T, queue="q", steward="sam", human="ana", proposal=1
    )
    policy = SlaPolicy(name="p")
    clocks = on(Event.PROPOSED, asked.status, policy, None, (), T, T + HOUR).deadlines
    fired, _ = fire(policy, None, clocks, T + HOUR)
    assert [(one.kind, one.what) for one in fired] == [(Kind.PROPOSAL, Happened.LAPSE)]
    lapse = ownership.Expire(at=fired[0].at, by=system, proposal=asked.proposal)
    after = ownership.apply(asked, lapse)
    assert isinstance(after, Ownership)
    assert after.status is Status.QUEUED
    refused = ownership.apply(asked, replace(lapse, by=person))
    assert isinstance(refused, Refused)
    assert refused.code is Refusal.NOT_ALLOWED
