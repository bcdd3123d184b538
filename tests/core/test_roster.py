"""Who is there; the roster file; and the rosters that ship with the starter packs."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from handrail import packs
from handrail.core.calendar import Calendar, is_open
from handrail.core.policy import Pack
from handrail.core.routing import (
    ANY,
    Absence,
    Availability,
    Away,
    Closure,
    MatrixRow,
    Person,
    Queue,
    Request,
    Roster,
    assign,
    away,
    changed,
    gaps,
    opening,
    stand_in,
)
from handrail.errors import NotFound, PackError
from handrail.packs import roster as rosters_file
from handrail.packs.loader import loads as pack_of
from rosters import DAY, HOUR, NEVER, NOON, OFFICE, OPEN, at, person, roster

PACK = pack_of(
    'handrail: 1\nname: x\nversion: "1"\n'
    "queues:\n"
    "  desk: {steward: ana, hours: {time_zone: Europe/Madrid, weekly: {mon-fri: 09:00-17:00}}}\n"
    "  night: {steward: ana, hours: always}\n"
    "  later: {steward: ana}\n"
).pack


def read(text: str, pack: Pack = PACK) -> Roster:
    return rosters_file.loads("handrail: 1\n" + text, pack, "r.yaml")


def problems(text: str) -> list[str]:
    with pytest.raises(PackError) as caught:
        rosters_file.loads(text, PACK, "r.yaml")
    return [str(problem) for problem in caught.value.problems]


def utc(*when: int) -> int:
    return int(datetime(*when, tzinfo=UTC).timestamp()) * 1000


# In the core


def test_people_are_found_by_id_and_by_queue() -> None:
    ana, bob = person("ana", queues=("desk", "desk", "night")), person("bob", left=True)
    twin = person("ana", name="twin", queues=("night",))
    there = roster(ana, bob, twin)
    assert there.person("ana") is ana
    assert there.person("bob") is bob
    assert there.person("eve") is None
    assert there.members("desk") == there.members("night") == (ana,)
    assert there.members("none") == ()
    assert there == roster(ana, bob, twin)


def test_an_edit_makes_the_next_version_and_leaves_the_old_one_as_it_was() -> None:
    ana, bob = person("ana"), person("bob")
    before = roster(ana, bob)
    assert before.members("desk") == (ana, bob)
    gone = replace(ana, left=True)
    after = changed(before, gone)
    assert (before.version, after.version) == (7, 8)
    assert after.people == (gone, bob)
    assert (before.members("desk"), after.members("desk")) == ((ana, bob), (bob,))
    assert changed(after, person("eve")).people == (gone, bob, person("eve"))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({}, None),
        ({"left": True}, Away.LEFT),
        ({"absences": (Absence(start=NOON, end=NOON + 1),)}, Away.ABSENT),
        ({"absences": (Absence(start=NOON + 1, end=NOON + 2),)}, None),
        ({"absences": (Absence(start=NOON - 1, end=NOON),)}, None),
        ({"availability": Availability.OFFLINE}, Away.OFFLINE),
        ({"availability": Availability.BUSY}, Away.BUSY),
        ({"shifts": NEVER}, Away.OFF_SHIFT),
    ],
)
def test_a_holder_who_is_not_at_work_is_seen(change: dict[str, object], why: Away | None) -> None:
    assert away(replace(person("ana"), **change), "desk", {"desk": OPEN}, NOON) is why


def test_without_own_shifts_the_hours_of_the_queue_hold() -> None:
    assert away(person("ana"), "desk", {"desk": OFFICE}, at(0, 17)) is Away.OFF_SHIFT
    assert away(person("ana"), "desk", {}, NOON) is Away.OFF_SHIFT
    assert away(person("ana", shifts=OPEN), "desk", {"desk": NEVER}, NOON) is None


def test_without_own_shifts_a_holder_is_at_work_while_the_queue_of_the_case_or_an_own_is_open() -> (
    None
):
    hours = {"desk": OFFICE, "night": OPEN}
    assert away(person("ana"), "night", hours, at(0, 20)) is None
    assert away(person("ana", queues=("night",)), "desk", hours, at(0, 20)) is None
    assert away(person("ana"), "desk", hours, at(0, 20)) is Away.OFF_SHIFT


def test_the_absence_of_a_delegate_is_followed_once() -> None:
    def off(name: str, to: str) -> Person:
        return person(name, absences=(Absence(start=NOON, end=NOON + 1, delegate=to),))

    there = roster(off("a", "b"), off("b", "c"), person("c"), off("x", "a"), off("self", "self"))

    def instead(name: str, when: int = NOON) -> str:
        found = there.person(name)
        assert found is not None
        standing = stand_in(there, found, when)
        return standing.id if standing else ""

    assert [instead(one) for one in ("c", "b", "a", "x", "self")] == ["c", "c", "c", "", ""]
    assert instead("x", NOON + 1) == "x"


def test_closures_that_follow_each_other_are_one() -> None:
    there = roster(
        closures=(
            Closure(queue="desk", start=20, end=30),
            Closure(queue="desk", start=10, end=20),
            Closure(queue="night", start=30, end=99),
        )
    )
    assert [there.shut_until("desk", when) for when in (9, 10, 19, 20, 29, 30)] == [
        9, 30, 30, 30, 30, 30,
    ]  # fmt: skip
    assert there.shut_until("none", 10) == 10


def test_what_a_roster_lacks_for_a_pack_is_named() -> None:
    queues = (
        Queue(name="old", merged_into="desk"),
        Queue(name="desk", steward="lost", skills=(("a", 3), ("b", 3), ("c", 1))),
        Queue(name="empty", steward="left"),
        Queue(name="calm"),
    )
    matrix = (
        MatrixRow(queue="desk", topic="t", reviewers=("ana", "lost"), tags=("x", "y")),
        MatrixRow(queue="desk", tags=("x",)),
    )
    there = roster(
        person("ana", queues=(), tags=("x",)),
        person("bob", queues=("desk", "calm"), skills=(("a", 3), ("b", 2)), tags=("y",)),
        person("left", left=True, tags=("x", "y")),
    )
    row = "the row of topic `t` and tier `*`"
    assert gaps(queues, matrix, there) == (
        "nobody in queue `desk` has the skill `b` at 3",
        "nobody in queue `desk` has the skill `c` at 1",
        "steward of queue `desk`: `lost` is not in the roster",
        "queue `empty` has no people",
        "steward of queue `empty`: `left` has left",
        f"reviewer of {row}: `lost` is not in the roster",
        f"nobody has all the tags of {row}",
        "nobody has all the tags of the row of topic `*` and tier `*`",
    )
    able = roster(*there.people, person("eve", queues=("desk",), tags=("x", "y")))
    assert not any("tags" in gap for gap in gaps(queues, matrix, able))
    named = MatrixRow(queue="calm", reviewers=("ana",), tags=("x",))
    assert gaps((), (named,), there) == ()
    by_name = (MatrixRow(queue="desk", reviewers=("left",), tags=("x",)),)
    assert gaps((), by_name, there)[0].endswith("`left` has left")
    assert len(gaps((), by_name, there)) == 2


# The file


def test_a_roster_file_becomes_people() -> None:
    found = read(
        "version: 12\n"
        "people:\n"
        "  bob: {}\n"
        "  ana:\n"
        "    name: Ana Ruiz\n"
        "    queues: [night, desk]\n"
        "    skills: {support: 3, admin: 10}\n"
        "    tags: [legal, hr]\n"
        "    languages: [es, en]\n"
        "    capacity: 4\n"
        "    availability: busy\n"
        "    left: true\n"
    )
    assert found == Roster(
        version=12,
        people=(
            Person(
                id="ana",
                name="Ana Ruiz",
                queues=("desk", "night"),
                skills=(("admin", 10), ("support", 3)),
                tags=("hr", "legal"),
                languages=("es", "en"),
                capacity=4,
                availability=Availability.BUSY,
                left=True,
            ),
            Person(id="bob"),
        ),
    )


def test_shifts_are_of_the_persons_zone_and_change_with_daylight_saving() -> None:
    found = read(
        "time_zone: Europe/Madrid\n"
        "people:\n"
        "  ana: {shifts: {mon-sun: 09:00-17:00}}\n"
        "  bob: {shifts: {mon-sun: 09:00-17:00}}\n"
        "  far: {shifts: {mon-sun: 22:00-06:00}, time_zone: Asia/Tokyo}\n"
    )
    ana, bob, far = (one.shifts for one in found.people)
    assert ana is bob
    assert ana is not None
    assert far is not None
    assert [is_open(ana, utc(2026, 1, 14, hour)) for hour in (7, 8, 15, 16)] == [
        False, True, True, False,
    ]  # fmt: skip
    assert [is_open(ana, utc(2026, 7, 14, hour)) for hour in (6, 7, 14, 15)] == [
        False, True, True, False,
    ]  # fmt: skip
    assert [is_open(far, utc(2026, 7, 14, hour)) for hour in (12, 13, 20, 21)] == [
        False, True, True, False,
    ]  # fmt: skip


def test_absences_holidays_and_closures_are_local() -> None:
    found = read(
        "people:\n"
        "  ana:\n"
        "    time_zone: America/New_York\n"
        "    holidays: [2026-07-04]\n"
        "    absences:\n"
        "      - {start: 2026-03-07, end: 2026-03-08, delegate: bob}\n"
        '      - {start: "2026-05-01 12:00", end: 2026-05-01T13:30}\n'
        "  bob: {}\n"
        "holidays: {desk: [2026-12-25], night: [2026-12-25]}\n"
        "closures: [{queue: desk, start: 2026-03-02 10:00, end: 2026-03-02 12:00}]\n"
    )
    assert found.people[0].absences == (
        Absence(start=utc(2026, 3, 7, 5), end=utc(2026, 3, 9, 4), delegate="bob"),
        Absence(start=utc(2026, 5, 1, 16), end=utc(2026, 5, 1, 17, 30)),
        Absence(start=utc(2026, 7, 4, 4), end=utc(2026, 7, 5, 4)),
    )
    assert found.people[0].absences[0].end - found.people[0].absences[0].start == 2 * DAY - HOUR
    assert found.closures == (
        Closure(queue="desk", start=utc(2026, 3, 2, 9), end=utc(2026, 3, 2, 11)),
        Closure(queue="desk", start=utc(2026, 12, 24, 23), end=utc(2026, 12, 25, 23)),
        Closure(queue="night", start=utc(2026, 12, 25), end=utc(2026, 12, 26)),
    )


def test_the_calendars_of_a_pack_have_the_closures_of_the_roster() -> None:
    found = read("holidays: {desk: [2026-12-25]}\n")
    made = rosters_file.calendars(PACK, found)
    assert sorted(made) == ["desk", "night"]
    assert made["desk"] == Calendar(
        hours=made["desk"].hours,
        zone=ZoneInfo("Europe/Madrid"),
        closed=((utc(2026, 12, 24, 23), utc(2026, 12, 25, 23)),),
    )
    assert made["night"].closed == ()
    friday = utc(2026, 12, 25, 10)
    assert opening("desk", made, found, friday) == utc(2026, 12, 28, 8)
    assert opening("desk", rosters_file.calendars(PACK, Roster()), found, friday) == utc(
        2026, 12, 28, 8
    )


def test_a_roster_may_be_json() -> None:
    tree = {"handrail": 1, "people": {"ana": {"queues": ["desk"], "capacity": 2}}}
    found = rosters_file.loads(json.dumps(tree, indent=2), PACK, "r.json")
    assert found.people == (Person(id="ana", queues=("desk",), capacity=2),)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "people:\n  ana: {queues: [dsek]}\n",
            "r.yaml:3:18 people.ana.queues.0 - unknown queue `dsek`; did you mean `desk`?",
        ),
        (
            "people:\n  ana:\n    skils: {a: 1}\n",
            "r.yaml:4:5 people.ana.skils - unknown key; did you mean `skills`?",
        ),
        ("pepole: {}\n", "r.yaml:2:1 pepole - unknown key; did you mean `people`?"),
        (
            "people:\n  ana:\n    absences: [{start: 2026-01-01, end: 2026-01-02, delegate: an}]\n",
            (
                "r.yaml:4:53 people.ana.absences.0.delegate - unknown person `an`; "
                "did you mean `ana`?"
            ),
        ),
        (
            "people:\n  ana:\n    absences: [{start: 2026-01-02, end: 2026-01-01}]\n",
            (
                "r.yaml:4:36 people.ana.absences.0.end - `2026-01-01` is not after the start, "
                "`2026-01-02`"
            ),
        ),
        (
            "people:\n  ana: {holidays: [2026-02-30]}\n",
            (
                "r.yaml:3:20 people.ana.holidays.0 - should be a date, such as `2026-12-25`, "
                "not `2026-02-30`"
            ),
        ),
        (
            "people:\n  ana: {time_zone: Europe/Madird}\n",
            (
                "r.yaml:3:9 people.ana.time_zone - unknown time zone `Europe/Madird`; "
                "did you mean `Europe/Madrid`?"
            ),
        ),
        (
            "people:\n  ana: {shifts: {mon: [09:00-09:00]}}\n",
            "r.yaml:3:24 people.ana.shifts.mon.0 - `09:00-09:00` has no length",
        ),
        (
            "people:\n  ana: {skills: {a: 11}}\n",
            "r.yaml:3:18 people.ana.skills.a - should be at most 10, not `11`",
        ),
        (
            "people:\n  ana: {availability: onlin}\n",
            (
                "r.yaml:3:9 people.ana.availability - `onlin` is not allowed here; "
                "did you mean `online`?"
            ),
        ),
        (
            "holidays: {dsek: [2026-01-01]}\n",
            "r.yaml:2:12 holidays.dsek - unknown queue `dsek`; did you mean `desk`?",
        ),
        (
            "closures: [{queue: nite, start: 2026-01-01, end: 2026-01-01}]\n",
            "r.yaml:2:13 closures.0.queue - unknown queue `nite`; did you mean `night`?",
        ),
        (
            "people: {ana: {}, ana: {}}\n",
            "r.yaml:2:19 people.ana - duplicate key; it is also in line 2",
        ),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, told: str) -> None:
    assert problems("handrail: 1\n" + text) == [told]


def test_a_time_that_does_not_exist_is_refused() -> None:
    text = "closures: [{queue: desk, start: 2026-01-01 25:00, end: 2026-01-02}]\n"
    found = problems("handrail: 1\n" + text)
    assert len(found) == 1
    assert "should be a date and time, such as `2026-12-24 14:00`" in found[0]


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file() -> None:
    found = problems(
        "handrail: 1\ntime_zone: Mars\npeople:\n  ana: {queues: [x]}\n  bob: {time_zone: Moon}\n"
    )
    assert [one.split(" ")[1] for one in found] == [
        "time_zone", "people.ana.queues.0", "people.bob.time_zone",
    ]  # fmt: skip


def test_a_roster_that_is_not_there_is_not_found() -> None:
    for given in ("suport-chat", "no/such/roster.yaml"):
        with pytest.raises(NotFound, match=f"no roster `{given}`"):
            rosters_file.load(given, PACK)


# The ones that ship


@pytest.mark.parametrize("name", packs.starters())
def test_the_roster_of_a_starter_pack_lacks_nothing(name: str) -> None:
    pack = packs.load(name)
    there = rosters_file.load(name, pack)
    assert rosters_file.load(packs.find.STARTERS / f"{name}.roster.yaml", pack) == there
    assert gaps(pack.queues, pack.matrix, there) == ()
    assert len(there.people) >= 6


@pytest.mark.parametrize("name", packs.starters())
def test_every_handoff_of_a_starter_pack_finds_a_person_in_office_hours(name: str) -> None:
    pack = packs.load(name)
    there = rosters_file.load(name, pack)
    queues = {one.name: one for one in pack.queues}
    hours = rosters_file.calendars(pack, there)
    topics = {one.topic for one in pack.matrix} - {ANY}
    for at_work in (utc(2026, 12, 16, 14, 30), utc(2026, 7, 15, 14, 30)):
        for topic in ("", *topics):
            for tier in ("", *pack.tiers):
                asked = Request(at=at_work, since=at_work, topics=((topic, 1000),), tier=tier)
                found = assign(queues, pack.matrix, hours, there, asked, {})
                assert found.nomination.person, (topic, tier, found)
                assert found.route.missing == ()


@pytest.mark.parametrize("name", packs.starters())
def test_at_any_hour_of_the_week_an_explicit_request_has_a_person_or_a_steward(name: str) -> None:
    pack = packs.load(name)
    there = rosters_file.load(name, pack)
    queues = {one.name: one for one in pack.queues}
    hours = rosters_file.calendars(pack, there)
    for hour in range(168):
        when = utc(2026, 12, 14) + hour * HOUR
        asked = Request(at=when, since=when, hard=True)
        found = assign(queues, pack.matrix, hours, there, asked, {})
        assert found.nomination.person, datetime.fromtimestamp(when / 1000, UTC)
        assert found.route.steward in {one.id for one in there.people}
