"""Law 8, and what a search for a person keeps to, on generated packs and rosters."""

from dataclasses import replace
from itertools import product
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from handrail.core.calendar import ALWAYS, Calendar
from handrail.core.decision import Rules, Topic
from handrail.core.lint import Severity, lint
from handrail.core.policy import Pack, Workflow
from handrail.core.routing import (
    Absence,
    Availability,
    MatrixRow,
    Person,
    Queue,
    Request,
    Roster,
    assign,
    nominate,
    route,
    staffing,
)
from rosters import (
    NOON,
    OPEN,
    PEOPLE,
    QUEUES,
    TIERS,
    TOPICS,
    desks,
    hours,
    loads,
    matrices,
    people,
    queues,
    requests,
    rosters,
    rows,
)

Desk = dict[str, Queue]
Hours = dict[str, Calendar]
Rows = tuple[MatrixRow, ...]
ROUTING = {"HR101", "HR102", "HR110", "HR111", "HR112", "HR114"}


@st.composite
def packs(draw: st.DrawFn) -> Pack:
    """Mostly whole ones; what the linter finds, the law does not hold for."""
    names = draw(st.lists(st.sampled_from(QUEUES), min_size=1, unique=True))
    good = draw(st.integers(0, 9)) > 2
    whole = st.builds(lambda row, queue: replace(row, queue=queue), rows, st.sampled_from(names))
    made = [draw(queues(name, whole=good)) for name in names]
    kept = tuple(
        replace(
            one,
            overflow=one.overflow if one.overflow in names else "",
            merged_into=one.merged_into if one.merged_into in names else "",
            hours=draw(st.sampled_from((ALWAYS, ALWAYS if good and not one.overflow else None))),
        )
        for one in made
    )
    matrix = (*draw(st.lists(whole, max_size=4)), MatrixRow(queue=names[0]))
    rules = Rules(topics=tuple(Topic(name=name) for name in TOPICS))
    chat = Workflow(name="chat", rules=rules)
    return Pack(
        name="p",
        version="1",
        defaults=Workflow(name="", rules=Rules()),
        tiers=TIERS,
        workflows=(chat,),
        queues=kept,
        matrix=matrix if good else draw(st.sampled_from((matrix, matrix[:-1]))),
    )


STAFF = Roster(people=tuple(Person(id=name) for name in (*PEOPLE, "stranger")))


# Law 8


@given(packs(), st.sampled_from((True, False)))
def test_every_topic_and_tier_has_a_queue_with_a_steward_and_hours_when_the_pack_lints_clean(
    pack: Pack, hard: bool
) -> None:
    assume(not any(one.code in ROUTING for one in lint(pack)))
    known = {one.name: one for one in pack.queues}
    calendars = {one.name: OPEN for one in pack.queues if one.hours is not None}
    for topic, tier in product(("", *TOPICS), ("", *TIERS)):
        asked = Request(at=NOON, since=NOON, topics=((topic, 1000),), tier=tier, hard=hard)
        found = route(known, pack.matrix, calendars, STAFF, asked)
        assert found.missing == ()
        assert found.is_open
        assert known[found.queue].steward == found.steward != ""


def test_packs_that_lint_clean_and_packs_that_do_not_are_both_generated() -> None:
    """Otherwise the law above would hold for nothing."""
    kinds: set[bool] = set()

    @given(packs())
    def collect(pack: Pack) -> None:
        kinds.add(any(one.code in ROUTING for one in lint(pack)))

    collect()
    assert kinds == {True, False}
    assert {one.severity for one in lint(Pack(name="p", version="1", defaults=Workflow(
        name="", rules=Rules()), workflows=(Workflow(name="chat", rules=Rules()),)
    )) if one.code in ROUTING} == {Severity.ERROR}  # fmt: skip


@given(desks, matrices, hours, rosters, requests, loads)
def test_a_handoff_always_finds_a_queue_whatever_is_broken_and_says_what_is(
    known: Desk, matrix: Rows, calendars: Hours, there: Roster, asked: Request, held: dict[str, int]
) -> None:
    found = route(known, matrix, calendars, there, asked)
    assert (found.queue in known) is bool(known)
    assert bool(found.queue) is bool(known)
    stewards = {one.steward for one in known.values()} - {""}
    left = {one.id for one in there.people if one.left}
    if stewards - left:
        assert found.steward
    if not found.steward or found.queue not in {row.queue for row in matrix}:
        assert found.missing or found.overflowed or found.why
    if not found.steward:
        assert found.missing
    assert found.is_open is (found.opens_at == asked.at)
    assert found.queue not in found.overflowed
    assert len(set(found.overflowed)) == len(found.overflowed)
    nominate(known, there, calendars, found, asked, held)


@given(desks, matrices, hours, rosters, requests, loads)
def test_the_same_question_has_the_same_answer(
    known: Desk, matrix: Rows, calendars: Hours, there: Roster, asked: Request, held: dict[str, int]
) -> None:
    turned = dict(reversed(known.items()))
    mixed = replace(there, people=tuple(reversed(there.people)))
    assert assign(known, matrix, calendars, there, asked, held) == assign(
        turned, matrix, calendars, mixed, replace(asked), dict(held)
    )


# The search for a person


@given(desks, matrices, hours, rosters, requests, loads)
def test_whoever_was_asked_is_never_asked_again_and_the_questions_come_to_an_end(
    known: Desk, matrix: Rows, calendars: Hours, there: Roster, asked: Request, held: dict[str, int]
) -> None:
    for _ in range(len(PEOPLE) + 1):
        found = assign(known, matrix, calendars, there, asked, held)
        name = found.nomination.person
        if name is None:
            break
        assert name not in asked.tried
        assert len(set(found.exhausted)) == len(found.exhausted)
        asked = replace(asked, tried=(*asked.tried, name))
    assert name is None
    assert found.nomination.exhausted or found.nomination.waiting
    assert found.nomination.why


def able(person: Person, queue: Queue, row: MatrixRow, asked: Request, held: int) -> bool:
    """The rule for a member, written again."""
    own = dict(person.skills)
    steps = 0
    if queue.relax_every:
        steps = max(0, asked.at - asked.since) // (1000 * queue.relax_every)
    return (
        not person.left
        and person.id not in asked.tried
        and queue.name in person.queues
        and person.availability is Availability.ONLINE
        and held < person.capacity
        and set(row.tags) <= set(person.tags)
        and all(own.get(name, 0) >= level - steps for name, level in queue.skills)
        and not any(one.start <= asked.at < one.end for one in person.absences)
        and (person.shifts is None or open_at(person.shifts, asked.at))
    )


def open_at(calendar: Calendar, at: int) -> bool:
    minute = (at // 60_000) % 1440
    day = (at // 86_400_000 + 3) % 7
    return any(s.day == day and s.start <= minute < s.end for s in calendar.hours.spans)


@given(queues("desk", whole=True), rosters, requests, loads, rows)
def test_everybody_who_could_take_the_case_is_asked_before_it_is_exhausted(
    queue: Queue, there: Roster, asked: Request, held: dict[str, int], row: MatrixRow
) -> None:
    queue, row = replace(queue, overflow=""), replace(row, queue="desk", topic="*", tier="*")
    there = replace(there, closures=())
    expected = {one.id for one in there.people if able(one, queue, row, asked, held.get(one.id, 0))}
    known, calendars = {"desk": queue}, {"desk": OPEN}
    nominated: list[str] = []
    while True:
        found = assign(known, (row,), calendars, there, asked, held).nomination
        if found.person is None:
            break
        nominated.append(found.person)
        asked = replace(asked, tried=(*asked.tried, found.person))
    assert expected <= set(nominated)
    assert len(set(nominated)) == len(nominated)
    for name in set(nominated) - expected:  # more only by name: row, previous human, delegate
        named = {*row.reviewers, asked.preferred}
        named |= {a.delegate for one in there.people for a in one.absences}
        assert name in named


GONE: tuple[dict[str, Any], ...] = (
    {"left": True},
    {"availability": Availability.OFFLINE},
    {"capacity": 0},
    {"queues": ()},
    {"absences": (Absence(start=0, end=1 << 50),)},
)


@given(desks, matrices, hours, rosters, requests, loads, people("new"), st.sampled_from(GONE))
def test_a_person_who_is_not_available_changes_nothing(
    known: Desk,
    matrix: Rows,
    calendars: Hours,
    there: Roster,
    asked: Request,
    held: dict[str, int],
    new: Person,
    gone: dict[str, Any],
) -> None:
    absences = tuple(replace(one, delegate="") for one in new.absences)  # who stands in is there
    away = replace(replace(new, absences=absences), **gone)
    more = replace(there, people=(*there.people, away))
    before = assign(known, matrix, calendars, there, asked, held)
    after = assign(known, matrix, calendars, more, asked, held)
    assert after.route == before.route
    assert after.exhausted == before.exhausted
    assert replace(after.nomination, why=()) == replace(before.nomination, why=())


@given(queues("desk", whole=True), rosters, requests, loads, st.sampled_from(PEOPLE))
def test_more_skill_never_takes_a_person_out(
    queue: Queue, there: Roster, asked: Request, held: dict[str, int], name: str
) -> None:
    known, calendars = {"desk": replace(queue, overflow="")}, {"desk": OPEN}
    matrix = (MatrixRow(queue="desk"),)

    def sequence(there: Roster) -> list[str]:
        found: list[str] = []
        while True:
            again = replace(asked, tried=(*asked.tried, *found))
            person = assign(known, matrix, calendars, there, again, held).nomination.person
            if person is None:
                return found
            found.append(person)

    better = replace(
        there,
        people=tuple(
            replace(one, skills=(("spanish", 10), ("support", 10))) if one.id == name else one
            for one in there.people
        ),
    )
    before, after = sequence(there), sequence(better)
    assert set(before) <= set(after)
    if name in before:
        assert after.index(name) <= before.index(name)


@given(rosters, loads, st.sampled_from(QUEUES), hours, st.data())
def test_the_forecast_counts_a_free_place_exactly_when_somebody_can_be_asked(
    roster: Roster, held: dict[str, int], name: str, calendars: Hours, data: st.DataObject
) -> None:
    calendars = {**calendars, name: OPEN}
    asked = data.draw(requests.map(lambda one: replace(one, tried=(), at=NOON, since=NOON)))
    desk = {name: Queue(name=name, steward="p0")}
    found = assign(desk, (MatrixRow(queue=name),), calendars, roster, asked, held)
    assume(found.route.is_open)
    staff = staffing(roster, calendars, name, NOON, held)
    assert (staff.places > staff.busy) == (found.nomination.person is not None)
