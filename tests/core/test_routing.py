"""Which queue, and whom to ask: the rules one by one, and the complaints that they answer."""

from dataclasses import replace

import pytest

from handrail.core.calendar import Calendar
from handrail.core.routing import (
    Absence,
    Availability,
    Closure,
    MatrixRow,
    Nomination,
    Person,
    Queue,
    Request,
    Roster,
    Route,
    assign,
    callback,
    match,
    nominate,
    route,
    written,
)
from handrail.core.routing.route import relaxes_at
from rosters import DAY, HOUR, NEVER, NOON, OFFICE, OPEN, at, person, request, roster

DESK = Queue(name="desk", steward="lead")
NIGHT = Queue(name="night", steward="owl")
ANYTHING = (MatrixRow(queue="desk"),)
LEAD = person("lead", queues=())
OWL = person("owl", queues=())


def way(
    asked: Request | None = None,
    *queues: Queue,
    matrix: tuple[MatrixRow, ...] = ANYTHING,
    hours: dict[str, Calendar] | None = None,
    people: Roster | None = None,
) -> Route:
    known = {one.name: one for one in queues or (DESK,)}
    open_now = dict.fromkeys(known, OPEN) if hours is None else hours
    return route(known, matrix, open_now, people or roster(LEAD, OWL), asked or request())


def ask(
    *people: Person,
    asked: Request | None = None,
    queue: Queue = DESK,
    row: MatrixRow | None = None,
    held: dict[str, int] | None = None,
    hours: Calendar = OPEN,
) -> Nomination:
    """Route to one queue and nominate in it."""
    queues, calendars, asked = {"desk": queue}, {"desk": hours}, asked or request()
    there = roster(LEAD, *people)
    found = route(queues, (row or MatrixRow(queue="desk"),), calendars, there, asked)
    return nominate(queues, there, calendars, found, asked, held or {})


# The matrix

ROWS = (
    MatrixRow(queue="any"),
    MatrixRow(queue="gold", tier="gold"),
    MatrixRow(queue="legal", topic="legal"),
    MatrixRow(queue="legal-gold", topic="legal", tier="gold"),
    MatrixRow(queue="pricing-gold", topic="pricing", tier="gold"),
    MatrixRow(queue="second", topic="legal"),
)


@pytest.mark.parametrize(
    ("topics", "tier", "queue"),
    [
        ((), "", "any"),
        ((), "gold", "gold"),
        ((("other", 900),), "gold", "gold"),
        ((("legal", 1),), "", "legal"),
        ((("legal", 1),), "silver", "legal"),
        ((("legal", 1),), "gold", "legal-gold"),
        ((("pricing", 900),), "silver", "any"),
        ((("pricing", 1), ("legal", 2)), "gold", "legal-gold"),
        ((("pricing", 2), ("legal", 1)), "gold", "pricing-gold"),
        ((("pricing", 5), ("legal", 5)), "gold", "legal-gold"),
        ((("pricing", 900), ("legal", 5)), "silver", "legal"),
        ((("pricing", 1), ("pricing", 9), ("legal", 5)), "gold", "pricing-gold"),
        ((("*", 1000),), "*", "any"),
    ],
)
def test_the_riskiest_topic_that_has_a_row_decides_then_the_tier(
    topics: tuple[tuple[str, int], ...], tier: str, queue: str
) -> None:
    found = match(ROWS, topics, tier)
    assert found is not None
    assert found.row.queue == queue
    assert found.topic == ("" if found.row.topic == "*" else found.row.topic)


def test_no_row_is_no_match() -> None:
    assert match(ROWS[1:], (("other", 1),), "") is None
    assert match((), (), "") is None


def test_the_answer_says_which_row_won_and_why() -> None:
    row = MatrixRow(queue="q", topic="legal", tier="gold", reviewers=("a", "b"), tags=("t", "u"))
    asked = request(topics=(("legal", 9), ("other", 10)), tier="gold", trigger="vip", hard=True)
    found = way(asked, replace(DESK, name="q"), matrix=(row,))
    assert found.row == (
        '{topic: "legal", tier: "gold", queue: q, reviewers: [a, b], tags: [t, u]}'
    )
    assert found.why == (
        "hard trigger `vip`",
        "the row of topic `legal`, the riskiest that has a row and tier `gold`",
    )
    assert (found.reviewers, found.tags, found.roster_version) == (("a", "b"), ("t", "u"), 7)
    assert written(MatrixRow(queue="q")) == '{topic: "*", tier: "*", queue: q}'
    one = match(ROWS, (("legal", 1),), "")
    assert one is not None
    assert one.why == "the row of topic `legal` and any tier"
    plain = match(ROWS, (), "gold")
    assert plain is not None
    assert plain.why == "the row for any topic and tier `gold`"
    assert way(request(trigger="agent_request")).why[0] == "soft trigger `agent_request`"


def test_tags_of_the_trigger_are_asked_for_besides_those_of_the_row() -> None:
    row = MatrixRow(queue="desk", tags=("b",))
    assert way(request(tags=("a", "b")), matrix=(row,)).tags == ("a", "b")


# The queue


def test_an_open_queue_takes_the_case() -> None:
    found = way()
    assert found == Route(
        queue="desk",
        steward="lead",
        row='{topic: "*", tier: "*", queue: desk}',
        why=("the row for any topic and any tier",),
        is_open=True,
        opens_at=NOON,
        roster_version=7,
    )


def test_a_closed_queue_overflows_and_says_so() -> None:
    desk = replace(DESK, overflow="night")
    hours = {"desk": OFFICE, "night": OPEN}
    by_day = way(request(at=at(0, 12)), desk, NIGHT, hours=hours)
    assert (by_day.queue, by_day.overflowed, by_day.steward) == ("desk", (), "lead")
    by_night = way(request(at=at(0, 22)), desk, NIGHT, hours=hours)
    assert (by_night.queue, by_night.overflowed, by_night.steward) == ("night", ("desk",), "owl")
    assert by_night.is_open
    assert by_night.why[-1] == "`desk` is closed"


def test_when_nothing_is_open_the_queue_that_opens_first_keeps_the_case() -> None:
    desk = replace(DESK, overflow="night")
    hours = {"desk": OFFICE, "night": NEVER}
    found = way(request(at=at(4, 17)), desk, NIGHT, hours=hours)
    assert (found.queue, found.is_open, found.opens_at) == ("desk", False, at(7, 9))
    turned = way(request(at=at(4, 17)), desk, NIGHT, hours={"desk": NEVER, "night": OFFICE})
    assert (turned.queue, turned.opens_at, turned.overflowed) == ("night", at(7, 9), ("desk",))
    late = Calendar(hours=OFFICE.hours, zone=OFFICE.zone, closed=((at(4, 17), at(8, 0)),))
    other = way(request(at=at(4, 17)), desk, NIGHT, hours={"desk": late, "night": OFFICE})
    assert (other.queue, other.opens_at) == ("night", at(7, 9))
    same = way(request(at=at(4, 17)), desk, NIGHT, hours={"desk": OFFICE, "night": OFFICE})
    assert same.queue == "desk"


def test_a_queue_that_never_opens_is_reported() -> None:
    found = way(None, replace(DESK, overflow="night"), NIGHT, hours={"night": NEVER})
    assert (found.queue, found.is_open, found.opens_at) == ("desk", False, None)
    assert found.missing == ("neither `desk` nor its overflow has hours",)
    assert way().missing == ()


def test_a_closure_by_hand_shuts_a_queue_that_has_hours() -> None:
    desk = replace(DESK, overflow="night")
    shut = roster(
        LEAD,
        OWL,
        closures=(
            Closure(queue="desk", start=NOON + HOUR, end=NOON + 2 * HOUR),
            Closure(queue="desk", start=NOON, end=NOON + HOUR),
        ),
    )
    there = way(None, desk, NIGHT, people=shut)
    assert (there.queue, there.overflowed) == ("night", ("desk",))
    alone = way(people=shut)
    assert (alone.queue, alone.is_open, alone.opens_at) == ("desk", False, NOON + 2 * HOUR)
    assert way(request(at=NOON + 2 * HOUR), people=shut).is_open
    assert way(request(at=NOON - 1), people=shut).is_open
    office = way(
        request(at=at(0, 16)),
        hours={"desk": OFFICE},
        people=replace(shut, closures=(Closure(queue="desk", start=at(0, 16), end=at(0, 18)),)),
    )
    assert office.opens_at == at(1, 9)


def test_a_queue_that_went_away_is_followed_to_the_one_that_took_over() -> None:
    old = Queue(name="old", steward="x", merged_into="older")
    older = Queue(name="older", merged_into="desk")
    found = way(None, old, older, DESK, matrix=(MatrixRow(queue="old"),))
    assert (found.queue, found.steward, found.missing) == ("desk", "lead", ())
    assert found.why[1:] == ("`old` was merged into `older`", "`older` was merged into `desk`")


@pytest.mark.parametrize("target", ["nowhere", "desk"])
def test_a_merge_into_nothing_or_itself_stays_and_is_reported(target: str) -> None:
    found = way(None, replace(DESK, merged_into=target))
    assert (found.queue, found.steward) == ("desk", "lead")
    assert found.missing == (f"`desk` is merged into `{target}`, no queue",)


def test_a_circle_of_merges_that_is_entered_from_outside_ends() -> None:
    circle = [
        Queue(name=name, steward="lead", merged_into=to)
        for name, to in (("desk", "a"), ("a", "b"), ("b", "a"))
    ]
    assert way(None, *circle).queue == "b"


def test_the_same_person_as_member_and_as_two_delegates_is_asked_once() -> None:
    team = (person("a", absences=gone("sub")), person("b", absences=gone("sub")), person("sub"))
    assert ask(*team).person == "sub"
    asked = ask(*team, asked=request(tried=("sub",)))
    assert asked.why == ("3 asked already", "steward `lead` answers for the case")


def test_those_who_were_passed_over_are_counted() -> None:
    desk = replace(DESK, skills=(("a", 3),))
    able = (("a", 3),)
    team = (
        *(person(f"u{n}", skills=()) for n in range(2)),
        *(person(f"s{n}", skills=able, shifts=NEVER) for n in range(2)),
        *(person(f"v{n}", skills=able, absences=gone("")) for n in range(2)),
    )
    assert ask(*team, queue=desk).why[:-1] == ("2 absent", "2 off shift", "2 without the skill")


def test_an_overflow_circle_ends() -> None:
    circle = [
        Queue(name=name, steward="lead", overflow=to)
        for name, to in (("desk", "b"), ("b", "c"), ("c", "desk"))
    ]
    found = way(None, *circle, hours={"c": OPEN})
    assert (found.queue, found.overflowed) == ("c", ("desk", "b"))
    assert way(None, *circle, hours={}).queue == "desk"


def test_queues_with_nobody_left_are_passed_over_until_the_way_ends() -> None:
    desk = replace(DESK, overflow="night")
    first = way(request(exhausted=("desk",)), desk, NIGHT)
    assert (first.queue, first.overflowed, first.exhausted) == ("night", ("desk",), False)
    assert "nobody is left to ask in `desk`" in first.why
    last = way(request(exhausted=("night", "desk")), desk, NIGHT)
    assert (last.queue, last.overflowed, last.exhausted, last.is_open) == ("desk", (), True, True)
    assert not any("left to ask" in one for one in last.why)


@pytest.mark.parametrize(
    ("vip_priority", "vip", "hard", "priority"),
    [
        (True, True, True, 3),
        (True, True, False, 2),
        (True, False, False, 0),
        (False, True, False, 0),
        (False, True, True, 1),
    ],
)
def test_vips_go_first_where_the_queue_says_so(
    vip_priority: bool, vip: bool, hard: bool, priority: int
) -> None:
    desk = replace(DESK, vip_priority=vip_priority)
    assert way(request(vip=vip, hard=hard), desk).priority == priority


def test_skills_are_relaxed_with_the_wait() -> None:
    desk = replace(DESK, skills=(("a", 3), ("b", 1)), relax_every=60)

    def then(seconds: int) -> tuple[tuple[str, int], ...]:
        return way(request(since=NOON - seconds * 1000), desk).skills

    assert then(-5) == then(0) == then(59) == (("a", 3), ("b", 1))
    quick = replace(desk, relax_every=1)
    assert way(request(since=NOON - 1000), quick).skills == (("a", 2),)
    assert relaxes_at(quick, NOON, NOON) == NOON + 1000
    assert relaxes_at(desk, NOON, NOON - 5) == NOON + 60_000
    assert relaxes_at(desk, NOON, NOON + 60_000) == NOON + 120_000
    assert relaxes_at(desk, NOON, NOON + 180_000) is None
    assert relaxes_at(replace(desk, relax_every=0), NOON, NOON) is None
    assert then(60) == then(119) == (("a", 2),)
    assert then(120) == (("a", 1),)
    assert then(180) == ()
    firm = replace(desk, relax_every=0)
    assert way(request(since=0), firm).skills == desk.skills


# Broken settings are said, and lose no case


def test_without_a_row_the_case_goes_to_a_queue_with_a_steward() -> None:
    found = way(
        request(topics=(("b", 1), ("a", 2)), tier="gold"),
        Queue(name="bare"),
        Queue(name="gone", steward="x", merged_into="night"),
        NIGHT,
        matrix=(),
    )
    assert (found.queue, found.steward, found.row) == ("night", "owl", "")
    assert found.missing == ("no row for topics `a, b` and tier `gold`",)
    assert found.why == ("`night` takes what has no other place",)
    steward_less = way(None, Queue(name="b"), Queue(name="a"), matrix=())
    assert (steward_less.queue, steward_less.steward) == ("a", "")
    twins = way(None, Queue(name="b", steward="lead"), Queue(name="a", steward="owl"), matrix=())
    assert (twins.queue, twins.steward) == ("a", "owl")
    assert way(matrix=()).missing == ("no row for topics `none` and tier `none`",)


def test_assigned_to_a_queue_that_does_not_exist_the_case_is_not_stranded() -> None:
    found = way(matrix=(MatrixRow(queue="invented"),))
    assert (found.queue, found.steward) == ("desk", "lead")
    assert found.missing == ("there is no queue `invented`",)
    lost = way(None, replace(DESK, overflow="invented"), matrix=())
    assert lost.missing[1:] == ("there is no queue `invented`",)
    beyond = way(None, replace(DESK, overflow="invented"), hours={})
    assert (beyond.queue, beyond.steward) == ("desk", "lead")
    assert "there is no queue `invented`" in beyond.missing


def test_a_pack_without_any_queue_has_no_way_and_says_so() -> None:
    found = route({}, (), {}, Roster(), request())
    assert (found.queue, found.steward, found.is_open, found.exhausted) == ("", "", False, True)
    assert found.missing == ("no row for topics `none` and tier `none`", "there is no queue")


def test_a_queue_without_a_steward_borrows_one() -> None:
    bare = Queue(name="desk", overflow="night")
    found = way(None, bare, NIGHT, Queue(name="a", steward="lead"))
    assert (found.queue, found.steward) == ("desk", "owl")
    assert found.missing == ("`desk` has no steward",)
    assert way(None, Queue(name="desk"), Queue(name="z", steward="owl")).steward == "owl"
    assert way(None, Queue(name="desk")).steward == ""


# Stewards


def test_a_steward_who_is_away_is_stood_in_for() -> None:
    gone = replace(LEAD, absences=(Absence(start=NOON, end=NOON + 1, delegate="owl"),))
    found = way(people=roster(gone, OWL))
    assert found.steward == "owl"
    assert found.why[-1] == "`owl` stands in for steward `lead`"
    assert way(request(at=NOON + 1), people=roster(gone, OWL)).steward == "lead"
    alone = way(people=roster(gone))
    assert alone.steward == "lead"
    assert alone.missing == ("steward `lead` is absent, and nobody stands in",)


def test_the_steward_left_the_firm() -> None:
    left = replace(LEAD, left=True)
    found = way(None, DESK, NIGHT, people=roster(left, OWL))
    assert (found.queue, found.steward) == ("desk", "owl")
    assert found.missing == ("steward `lead` of `desk` has left",)
    assert way(people=roster(left)).steward == ""


def test_a_steward_that_only_the_pack_knows_is_better_than_nobody() -> None:
    found = way(people=Roster())
    assert (found.steward, found.missing) == ("lead", ("steward `lead` is not in the roster",))


# Whom to ask


def test_the_least_loaded_goes_first_then_the_most_skilled_then_by_id() -> None:
    desk = replace(DESK, skills=(("a", 2), ("b", 1)))
    both = (("a", 2), ("b", 5))
    team = (
        person("d", skills=both, capacity=4),
        person("c", skills=(("a", 9), ("b", 1)), capacity=2),
        person("b", skills=both, capacity=4),
        person("z", skills=(("a", 10),), capacity=9),
    )
    first = ask(*team, queue=desk)
    assert first == Nomination(person="c", why=("`c` is free, and first in `desk`",))
    assert ask(*team, queue=desk, held={"c": 1}).person == "b"
    assert ask(*team, queue=desk, held={"c": 1, "b": 1}).person == "d"
    assert ask(*team, queue=desk, held={"c": 1, "b": 2, "d": 3}).person == "c"
    assert ask(*team, queue=desk, held={"c": 1, "b": 3, "d": 3}).person == "c"


def test_who_speaks_the_language_goes_before_who_does_not_and_nobody_is_shut_out() -> None:
    team = (
        person("a", languages=("en",)),
        person("b", languages=("en", "es-ES"), capacity=2),
        person("c", capacity=2),
    )
    assert ask(*team, asked=request(language="es-MX"), held={"b": 1, "c": 1}).person == "b"
    assert ask(*team[:2], asked=request(language="es"), held={"b": 1}).person == "b"
    assert ask(*team[:2], asked=request(language="de-AT")).person == "a"
    assert ask(*team, asked=request(language="es"), held={"b": 1}).person == "c"
    assert ask(*team, asked=request(language="fr")).person == "c"
    assert ask(team[0], asked=request(language="fr")).person == "a"
    assert ask(*team, held={"b": 1, "c": 1}).person == "a"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"left": True}, "nobody is in `desk`"),
        ({"availability": Availability.OFFLINE}, "1 offline"),
        ({"shifts": NEVER}, "1 off shift"),
        ({"absences": (Absence(start=NOON, end=NOON + 1),)}, "1 absent"),
        ({"capacity": 0}, "1 without capacity"),
        ({"tags": ()}, "1 without the tags"),
        ({"skills": (("a", 2),)}, "1 without the skill"),
        ({"queues": ("night",)}, "nobody is in `desk`"),
    ],
)
def test_who_cannot_take_it_is_not_asked(change: dict[str, object], told: str) -> None:
    row = MatrixRow(queue="desk", tags=("legal",))
    desk = replace(DESK, skills=(("a", 3),))
    able = person("ana", skills=(("a", 3),), tags=("legal", "more"))
    assert ask(able, queue=desk, row=row).person == "ana"
    found = ask(replace(able, **change), queue=desk, row=row)
    assert found == Nomination(why=(told, "steward `lead` answers for the case"), exhausted=True)


@pytest.mark.parametrize(
    ("ana", "held"),
    [
        (person("ana", availability=Availability.BUSY), {}),
        (person("ana", capacity=2), {"ana": 2}),
        (person("ana", capacity=2), {"ana": 3}),
    ],
)
def test_full_hands_are_waited_for(ana: Person, held: dict[str, int]) -> None:
    found = ask(ana, held=held)
    assert found == Nomination(why=("1 with full hands",), waiting=1)
    home = ask(replace(ana, shifts=NEVER), held=held)
    assert (home.waiting, home.exhausted) == (0, True)


def test_skill_that_will_be_asked_for_no_longer_is_waited_for() -> None:
    desk = replace(DESK, skills=(("a", 3),), relax_every=60)
    late = request(since=NOON - 30_000)
    found = ask(person("ana"), person("bob", shifts=NEVER), queue=desk, asked=late)
    assert (found.person, found.waiting, found.exhausted) == (None, 1, False)
    assert found.again_at == NOON + 30_000
    assert ask(person("ana"), queue=desk, asked=request(at=NOON + 60_000)).again_at == (
        NOON + 120_000
    )
    assert ask(person("ana"), queue=desk, asked=request(since=NOON - 180_000)).person == "ana"
    off = person("ana", availability=Availability.OFFLINE)
    assert ask(off, queue=desk, asked=late).exhausted
    full = ask(person("ana", skills=(("a", 3),)), queue=desk, asked=late, held={"ana": 1})
    assert (full.waiting, full.again_at) == (1, None)


def test_only_who_would_be_asked_later_is_waited_for() -> None:
    """Not those that the roster or the shift keeps away; the delegate instead of an absent one."""
    desk = replace(DESK, skills=(("a", 3),), relax_every=60)
    team = (
        person("z", skills=(("a", 3),), shifts=NEVER),
        person("a", availability=Availability.OFFLINE),
        person("b"),
        person("c", absences=gone("sub")),
        person("d", absences=gone("")),
        person("e"),
    )
    found = ask(*team, person("sub", queues=()), queue=desk)
    assert (found.waiting, found.again_at) == (3, NOON + 60_000)


def test_reviewers_are_asked_in_their_order_and_need_no_membership() -> None:
    row = MatrixRow(queue="desk", reviewers=("zoe", "yan", "lost"), tags=("legal",))
    zoe, yan = (person(name, queues=(), tags=("legal",)) for name in ("zoe", "yan"))
    member = person("ana", tags=("legal",))
    found = ask(member, yan, zoe, row=row)
    assert found == Nomination(person="zoe", why=("`zoe` is a reviewer of the row",))
    assert ask(member, yan, zoe, row=row, held={"zoe": 1}).person == "yan"
    assert ask(member, yan, zoe, row=row, asked=request(tried=("zoe", "yan"))).person == "ana"
    assert ask(member, yan, replace(zoe, tags=()), row=row).person == "yan"
    assert ask(member, yan, replace(zoe, shifts=NEVER), row=row).person == "yan"
    nobody = ask(row=row)
    assert nobody.why == ("3 not in the roster", "steward `lead` answers for the case")
    waited = ask(zoe, row=row, held={"zoe": 1})
    assert (waited.waiting, waited.exhausted) == (1, False)


def test_the_previous_human_goes_first_of_all_when_free() -> None:
    row = MatrixRow(queue="desk", reviewers=("rev",))
    rev, old, new = person("rev", queues=()), person("old", capacity=5), person("new")
    again = request(preferred="old")
    found = ask(rev, old, new, row=row, asked=again, held={"old": 4})
    assert found == Nomination(person="old", why=("`old` had the case before",))
    assert ask(rev, old, new, row=row, asked=again, held={"old": 5}).person == "rev"
    assert ask(rev, replace(old, queues=()), row=row, asked=again).person == "rev"
    assert ask(rev, old, row=row, asked=request(preferred="rev")).person == "rev"
    assert ask(rev, old, row=row, asked=request(preferred="lost")).person == "rev"
    skilled = replace(DESK, skills=(("a", 5),))
    assert ask(old, new, queue=skilled, asked=again).person == "old"
    tagged = MatrixRow(queue="desk", tags=("t",))
    assert ask(old, replace(new, tags=("t",)), row=tagged, asked=again).person == "new"
    away = replace(old, absences=(Absence(start=NOON, end=NOON + 1, delegate="rev"),))
    assert ask(away, new, rev, asked=again).person == "new"
    assert ask(replace(old, shifts=NEVER), new, asked=again).person == "new"


def test_nobody_is_asked_while_the_queue_is_closed() -> None:
    found = ask(person("ana"), hours=OFFICE, asked=request(at=at(5, 12)))
    assert found == Nomination(
        exhausted=True, why=("`desk` is closed", "steward `lead` answers for the case")
    )
    lost = nominate({}, Roster(), {}, Route(queue="gone"), request(), {})
    assert lost == Nomination(exhausted=True, why=("`gone` is closed",))


def test_own_shifts_go_before_the_hours_of_the_queue() -> None:
    ana = person("ana", shifts=OFFICE)
    assert ask(ana, asked=request(at=at(0, 9))).person == "ana"
    assert ask(ana, asked=request(at=at(0, 17))).person is None


@pytest.mark.parametrize(
    ("hour", "queues", "asked"),
    [
        (20, (), None),  # at night the case overflows, and the reviewer is at home
        (20, ("desk",), None),
        (20, ("late",), "zoe"),
        (12, (), "zoe"),
    ],
)
def test_a_reviewer_without_shifts_is_at_work_while_the_queue_of_the_row_or_an_own_one_is_open(
    hour: int, queues: tuple[str, ...], asked: str | None
) -> None:
    row = MatrixRow(queue="desk", reviewers=("zoe",))
    known = {"desk": replace(DESK, overflow="night"), "night": NIGHT}
    calendars = {"desk": OFFICE, "night": OPEN, "late": OPEN}
    there = roster(LEAD, OWL, person("zoe", queues=queues))
    found = assign(known, (row,), calendars, there, request(at=at(0, hour)), {})
    assert found.nomination.person == asked
    again = request(at=at(0, hour), preferred="zoe")
    assert assign(known, (row,), calendars, there, again, {}).nomination.person == asked
    busy = assign(known, (row,), calendars, there, request(at=at(0, hour)), {"zoe": 1})
    assert busy.nomination.exhausted == (asked is None)


# Delegates


def gone(delegate: str) -> tuple[Absence, ...]:
    return (Absence(start=NOON, end=NOON + DAY, delegate=delegate),)


def test_delegation_when_the_approver_is_away() -> None:
    row = MatrixRow(queue="desk", reviewers=("boss",), tags=("approver",))
    boss = person("boss", queues=(), tags=("approver",), absences=gone("vice"))
    vice = person("vice", queues=(), tags=("approver",))
    found = ask(boss, vice, row=row)
    assert (found.person, found.delegate_for) == ("vice", "boss")
    assert found.why == (
        "`boss` is a reviewer of the row",
        "`vice` stands in for `boss`, who is absent",
    )
    assert ask(boss, vice, row=row, asked=request(at=NOON + DAY, tried=())).person == "boss"
    assert ask(boss, replace(vice, tags=()), row=row).person is None
    third = person("third", queues=(), tags=("approver",))
    once = ask(boss, replace(vice, absences=gone("third")), third, row=row)
    assert (once.person, once.delegate_for) == ("third", "boss")
    twice = ask(
        boss,
        replace(vice, absences=gone("third")),
        replace(third, absences=gone("lead")),
        row=row,
    )
    assert (twice.person, twice.exhausted) == (None, True)
    circle = ask(boss, replace(vice, absences=gone("boss")), row=row)
    assert circle.person is None
    assert ask(boss, replace(vice, left=True), row=row).person is None


def test_the_delegate_of_a_member_needs_no_skill_and_stands_at_the_own_place() -> None:
    desk = replace(DESK, skills=(("a", 5),))
    ana = person("ana", skills=(("a", 5),), absences=gone("sub"))
    sub = person("sub", queues=(), capacity=2)
    found = ask(ana, sub, queue=desk)
    assert (found.person, found.delegate_for) == ("sub", "ana")
    bob = person("bob", skills=(("a", 5),), capacity=4)
    assert ask(ana, sub, bob, queue=desk, held={"sub": 1, "bob": 1}).person == "bob"
    assert ask(replace(ana, skills=()), sub, queue=desk).person is None


# What people complain about elsewhere


def test_a_reopened_conversation_does_not_go_back_to_a_person_who_is_offline() -> None:
    old = person("old", availability=Availability.OFFLINE)
    assert ask(old, person("new"), asked=request(preferred="old")).person == "new"


def assigned(
    *people: Person, asked: Request, held: dict[str, int] | None = None, overflow: str = "night"
) -> tuple[Route, Nomination, tuple[str, ...]]:
    desk = replace(DESK, overflow=overflow)
    queues = {"desk": desk, "night": NIGHT}
    there = roster(LEAD, OWL, *people)
    found = assign(queues, ANYTHING, dict.fromkeys(queues, OPEN), there, asked, held or {})
    return found.route, found.nomination, found.exhausted


def test_when_all_are_offline_the_case_is_not_left_unassigned_unnoticed() -> None:
    off = person("ana", availability=Availability.OFFLINE)
    there, asked, exhausted = assigned(
        off, replace(off, id="bob", queues=("night",)), asked=request()
    )
    assert (there.queue, there.exhausted, there.steward) == ("desk", True, "lead")
    assert (asked.person, asked.exhausted) == (None, True)
    assert exhausted == ("desk", "night")
    assert asked.why == ("1 offline", "steward `lead` answers for the case")


def test_a_handoff_is_not_left_unassigned_while_somebody_is_online() -> None:
    """Alone and unskilled, busy elsewhere, or in the overflow: each time somebody has it next."""
    off = person("ana", availability=Availability.OFFLINE)
    there, asked, exhausted = assigned(off, person("bob", queues=("night",)), asked=request())
    assert (there.queue, asked.person, exhausted) == ("night", "bob", ("desk",))
    assert there.overflowed == ("desk",)
    there, asked, _ = assigned(person("ana"), asked=request(), held={"ana": 1})
    assert (there.queue, asked.person, asked.waiting) == ("desk", None, 1)
    assert assigned(person("ana"), asked=request(), held={})[1].person == "ana"


def test_a_declined_case_is_not_proposed_to_the_only_person_again_but_goes_on() -> None:
    ana, bob = person("ana"), person("bob", queues=("desk", "night"))
    there, asked, _ = assigned(ana, bob, asked=request())
    assert (there.queue, asked.person) == ("desk", "ana")
    there, asked, _ = assigned(ana, asked=request(tried=("ana",)))
    assert (there.exhausted, asked.person, asked.exhausted) == (True, None, True)
    assert asked.why == ("1 asked already", "steward `lead` answers for the case")
    there, asked, _ = assigned(ana, bob, asked=request(tried=("ana", "bob")))
    assert (there.exhausted, asked.exhausted) == (True, True)


def test_a_person_without_a_seat_does_not_strand_the_case() -> None:
    """Named in a row, and not in the roster; the previous human, and not in the queue any more."""
    row = MatrixRow(queue="desk", reviewers=("invented",))
    assert ask(person("ana"), row=row, asked=request(preferred="stranger")).person == "ana"


def test_the_person_left_the_firm() -> None:
    left = person("boss", left=True)
    row = MatrixRow(queue="desk", reviewers=("boss",))
    assert ask(left, person("ana"), row=row, asked=request(preferred="boss")).person == "ana"
    assert ask(left, row=row).why == ("1 left", "steward `lead` answers for the case")
    ana = person("ana", absences=gone("boss"))
    assert ask(ana, left).person is None


# Callbacks


def test_a_callback_has_a_time_an_owner_and_a_deadline() -> None:
    found = way(request(at=at(4, 16, 30)), hours={"desk": OFFICE})
    asked = callback(found, OFFICE, at(4, 16, 30), wait=3600, within=1800)
    assert asked is not None
    assert (asked.queue, asked.owner) == ("desk", "lead")
    assert (asked.at, asked.due) == (at(7, 9, 30), at(7, 10))
    at_once = callback(found, OFFICE, at(4, 16), wait=-5, within=3600)
    assert at_once is not None
    assert (at_once.at, at_once.due) == (at(4, 16), at(4, 17))
    closed = callback(found, OFFICE, at(5, 3), wait=0, within=60)
    assert closed is not None
    assert (closed.at, closed.due) == (at(7, 9), at(7, 9, 1))


def test_no_callback_is_promised_that_nobody_can_make() -> None:
    found = way(hours={})
    assert callback(found, None, NOON, wait=0, within=60) is None
    assert callback(found, NEVER, NOON, wait=0, within=60) is None
    assert callback(found, NEVER, NOON, wait=60, within=60) is None
    assert callback(found, OFFICE, NOON, wait=60, within=10**9) is None
