"""The clocks of a case, one story at a time. All times are minutes after `T`."""

from dataclasses import replace
from datetime import UTC
from zoneinfo import ZoneInfo

import pytest

from handrail.core.calendar import ALWAYS, Calendar, Hours, Span
from handrail.core.sla import (
    STEWARD,
    TABLE,
    Clock,
    Deadline,
    Event,
    Firing,
    Happened,
    Kind,
    Level,
    Result,
    Settled,
    SlaPolicy,
    Update,
    fire,
    on,
)
from handrail.core.sla.deadline import PATHS

MINUTE = 60_000
DAY = 1440
T = 1_767_571_200_000  # Monday 5 January 2026, 00:00 UTC
ANY_TIME = Calendar(hours=ALWAYS, zone=UTC)
NOTHING = SlaPolicy(name="nothing")
CHAT = SlaPolicy(
    name="chat",
    time_to_accept=10 * 60,
    first_response=20 * 60,
    next_response=30 * 60,
    resolution=600 * 60,
    ai_silence=4 * 60,
    holder_silence=15 * 60,
    clock=Clock.CALENDAR,
    escalation=(Level(after=300, to=STEWARD), Level(after=900, to="overflow")),
)


class Case:
    """A case as the engine would drive it: events in, what was told and settled noted."""

    def __init__(self, policy: SlaPolicy, calendar: Calendar | None = ANY_TIME) -> None:
        self.policy, self.calendar = policy, calendar
        self.deadlines: tuple[Deadline, ...] = ()
        self.last = Update(deadlines=())

    def on(self, event: Event, status: str, at: float, until: float = 0) -> Update:
        then = T + int(until * MINUTE) if until else 0
        self.last = on(event, status, self.policy, self.calendar, self.deadlines, minute(at), then)
        self.deadlines = self.last.deadlines
        return self.last

    def fire(self, at: float) -> list[tuple[str, str, float, str]]:
        fired, self.deadlines = fire(self.policy, self.calendar, self.deadlines, minute(at))
        return [(one.kind, one.what, (one.at - T) / MINUTE, one.to) for one in fired]

    def at(self, kind: Kind) -> float | None:
        """When a kind fires next; None when there is no such deadline."""
        one = next((one for one in self.deadlines if one.kind is kind), None)
        return None if one is None else (one.fires - T) / MINUTE if one.fires else -1

    def get(self, kind: Kind) -> Deadline:
        return next(one for one in self.deadlines if one.kind is kind)

    @property
    def kinds(self) -> list[str]:
        return [one.kind for one in self.deadlines]

    @property
    def settled(self) -> list[tuple[str, str]]:
        return [(one.kind, one.result) for one in self.last.settled]


def minute(at: float) -> int:
    return T + int(at * MINUTE)


def test_the_table_knows_every_event_and_the_paths_every_kind() -> None:
    assert set(TABLE) == set(Event)
    assert set(PATHS) == set(Kind)


def test_a_handoff_starts_its_clocks_and_each_is_met_in_turn() -> None:
    case = Case(CHAT)
    case.on(Event.OPENED, "queued", 0)
    assert case.kinds == ["accept", "first_response", "resolution"]
    assert case.at(Kind.ACCEPT) == 8  # the warning, at 800 thousandths
    case.on(Event.PROPOSED, "proposed", 1, until=3)
    assert case.at(Kind.PROPOSAL) == 3
    case.on(Event.ACCEPTED, "held", 2)
    assert case.settled == [("accept", "hit")]
    assert case.kinds == ["first_response", "resolution", "holder_silence"]
    case.on(Event.CUSTOMER_TURN, "held", 3)
    assert "next_response" not in case.kinds  # the first answer is still owed
    case.on(Event.HUMAN_MESSAGE, "held", 5)
    assert case.settled == [("first_response", "hit")]
    assert case.kinds == ["resolution"]
    case.on(Event.CUSTOMER_TURN, "held", 6)
    assert case.kinds == ["next_response", "resolution", "holder_silence"]
    case.on(Event.HUMAN_MESSAGE, "held", 40)
    assert case.settled == [("next_response", "missed")]
    case.on(Event.RESOLVED, "closed", 60)
    assert case.settled == [("resolution", "hit")]
    assert case.deadlines == ()


def test_all_offline_nobody_notices() -> None:
    case = Case(CHAT)
    case.on(Event.OPENED, "queued", 0)
    accept = [one for one in case.fire(35) if one[0] == "accept"]
    assert accept == [
        ("accept", "warning", 8, ""),
        ("accept", "breach", 10, ""),
        ("accept", "escalation", 15, STEWARD),
        ("accept", "escalation", 25, "overflow"),
        ("accept", "exhausted", 35, STEWARD),
    ]
    case.on(Event.FELL_BACK, "fallback", 35, until=95)
    assert case.settled == [("accept", "missed")]
    assert case.at(Kind.CALLBACK) == 83
    case.on(Event.ACCEPTED, "held", 60)
    assert ("callback", "hit") in case.settled


def test_without_levels_the_steward_hears_at_the_breach_and_can_still_act() -> None:
    case = Case(replace(CHAT, escalation=(), warn_at=0))
    case.on(Event.OPENED, "queued", 0)
    assert case.fire(10) == [
        ("accept", "breach", 10, ""),
        ("accept", "escalation", 10, STEWARD),
    ]
    assert case.at(Kind.ACCEPT) == 20
    assert case.fire(19.9) == []
    assert case.fire(20)[0] == ("accept", "exhausted", 20, STEWARD)
    assert case.at(Kind.ACCEPT) == -1


def test_an_item_stays_without_limit_with_a_person_who_turned_busy() -> None:
    case = Case(CHAT)
    case.on(Event.OPENED, "queued", 0)
    case.on(Event.ACCEPTED, "held", 1)
    assert [one for one in case.fire(16) if one[0] == "holder_silence"] == [
        ("holder_silence", "warning", 13, ""),
        ("holder_silence", "lapse", 16, ""),
    ]
    case.on(Event.RELEASED, "queued", 16)
    assert case.at(Kind.ACCEPT) == 24
    assert "holder_silence" not in case.kinds


def test_a_holder_who_answered_and_then_turned_busy_has_a_limit_too() -> None:
    case = Case(CHAT)
    case.on(Event.TAKEN_OVER, "held", 0)
    case.on(Event.HUMAN_MESSAGE, "held", 1)
    assert case.kinds == ["resolution"]  # the customer has the word: no silence of the holder
    case.on(Event.HOLDER_AWAY, "held", 2)
    case.on(Event.HOLDER_AWAY, "held", 3)
    assert case.get(Kind.HOLDER_AWAY).due == minute(17)  # since the first
    case.on(Event.HOLDER_BACK, "held", 9)
    assert case.kinds == ["resolution"]
    case.on(Event.HOLDER_AWAY, "held", 10)
    assert case.fire(25)[-1] == ("holder_away", "lapse", 25, "")


def test_a_held_case_with_no_clock_at_all_still_comes_to_the_steward() -> None:
    case = Case(NOTHING)
    case.on(Event.OPENED, "queued", 0)
    case.on(Event.ACCEPTED, "held", 1)
    assert case.kinds == ["check_back"]
    assert case.fire(2 * DAY) == [("check_back", "check_back", DAY, STEWARD)]
    assert case.at(Kind.CHECK_BACK) == 3 * DAY


@pytest.mark.parametrize("seconds", [240, 3600, 3 * 86_400])
def test_idle_check_in_fixed_at_4_minutes_and_1_hour_too_early_for_slow_inboxes(
    seconds: int,
) -> None:
    policy = SlaPolicy(name="own", ai_silence=seconds, holder_silence=seconds, warn_at=0)
    case = Case(policy)
    case.on(Event.CUSTOMER_TURN, "ai", 0)
    assert case.fire((seconds - 1) / 60) == []
    assert case.fire(seconds / 60) == [("ai_silence", "lapse", seconds / 60, "")]
    case = Case(policy)
    case.on(Event.TAKEN_OVER, "held", 0)
    assert case.fire((seconds - 1) / 60) == []
    assert case.fire(seconds / 60) == [("holder_silence", "lapse", seconds / 60, "")]


def test_an_ai_that_is_silent_after_a_customer_turn_has_a_deadline() -> None:
    case = Case(CHAT)
    case.on(Event.CUSTOMER_TURN, "ai", 0)
    case.on(Event.CUSTOMER_TURN, "ai", 3)  # asking again gives the AI no more time
    assert case.get(Kind.AI_SILENCE).due == minute(4)
    assert case.get(Kind.AI_SILENCE).fires == minute(3.2)
    case.on(Event.AI_TURN, "ai", 3.5)
    assert case.kinds == ["check_back"]


def test_an_ai_without_a_time_of_its_own_has_that_of_the_check_back_and_no_office_hours() -> None:
    case = Case(replace(NOTHING, check_back=600), calendar=None)
    case.on(Event.CUSTOMER_TURN, "ai", 0)
    own = case.get(Kind.AI_SILENCE)
    assert (own.due, own.clock, own.fell_back) == (minute(10), Clock.CALENDAR, False)


def test_a_pause_stops_the_clock_and_leaves_a_check_back() -> None:
    case = Case(replace(CHAT, warn_at=0))
    case.on(Event.OPENED, "queued", 0)
    case.on(Event.ACCEPTED, "held", 1)
    case.on(Event.HUMAN_MESSAGE, "held", 2)
    case.on(Event.PAUSED, "held", 5, until=100)
    assert case.kinds == ["resolution", "check_back"]
    assert [one.armed for one in case.deadlines] == [False, True]
    assert case.fire(100) == [("check_back", "check_back", 100, STEWARD)]
    assert case.at(Kind.CHECK_BACK) == 100 + DAY
    case.on(Event.CUSTOMER_TURN, "held", 200)
    assert case.get(Kind.RESOLUTION).due == minute(795)
    assert "check_back" not in case.kinds


def test_a_pause_stops_no_clock_on_what_is_owed_to_the_customer_nor_on_an_absent_holder() -> None:
    case = Case(replace(CHAT, warn_at=0))
    case.on(Event.OPENED, "queued", 0)
    case.on(Event.ACCEPTED, "held", 1)
    case.on(Event.HOLDER_AWAY, "held", 2)
    case.on(Event.PAUSED, "held", 5, until=100)
    assert [one.kind for one in case.deadlines if one.paused_at] == [Kind.RESOLUTION]
    assert case.fire(20) == [
        ("holder_silence", "lapse", 16, ""),
        ("holder_away", "lapse", 17, ""),
        ("first_response", "breach", 20, ""),
    ]
    case = Case(replace(CHAT, warn_at=0))
    case.on(Event.TAKEN_OVER, "held", 0)
    case.on(Event.HUMAN_MESSAGE, "held", 1)
    case.on(Event.CUSTOMER_TURN, "held", 2)
    case.on(Event.PAUSED, "held", 3, until=100)
    assert case.at(Kind.NEXT_RESPONSE) == 32


@pytest.mark.parametrize(
    ("event", "status"),
    [
        (Event.ACCEPTED, "held"),
        (Event.RELEASED, "queued"),
        (Event.REROUTED, "queued"),
        (Event.MOVED_ON, "queued"),
        (Event.FELL_BACK, "fallback"),
        (Event.HANDED_BACK, "delegated"),
        (Event.CUSTOMER_TURN, "held"),
        (Event.RESUMED, "held"),
    ],
)
def test_a_pause_ends_when_the_case_goes_on_or_is_no_longer_the_holder_s(
    event: Event, status: str
) -> None:
    case = Case(replace(CHAT, warn_at=0))
    case.on(Event.TAKEN_OVER, "held", 0)
    case.on(Event.HUMAN_MESSAGE, "held", 1)
    case.on(Event.PAUSED, "held", 5, until=100)
    case.on(event, status, 25, until=99)
    own = case.get(Kind.RESOLUTION)
    assert (own.paused_at, own.due, own.armed) == (0, minute(620), True)


def test_what_the_holder_and_the_machine_do_meanwhile_leaves_the_pause_as_it_is() -> None:
    case = Case(replace(CHAT, warn_at=0))
    case.on(Event.TAKEN_OVER, "held", 0)
    case.on(Event.PAUSED, "held", 5, until=100)
    for event in (Event.HUMAN_MESSAGE, Event.HOLDER_AWAY, Event.HOLDER_BACK):
        case.on(event, "held", 6)
        assert case.get(Kind.RESOLUTION).paused_at == minute(5)
        assert case.at(Kind.CHECK_BACK) == 100


def test_hours_of_london_are_counted_as_they_pass_when_its_clocks_change() -> None:
    """Its offset is nought until that night, like that of a machine that runs on UTC."""
    night = Hours(spans=(Span(day=6, start=0, end=360), Span(day=0, start=0, end=360)))
    start = 1_774_699_200_000  # Saturday 28 March 2026, 12:00 UTC
    own = on(
        Event.TAKEN_OVER,
        "held",
        replace(NOTHING, resolution=6 * 3600, warn_at=0),
        Calendar(hours=night, zone=ZoneInfo("Europe/London")),
        (),
        start,
    ).deadlines[0]
    assert own.due == start + 36 * 60 * MINUTE  # five hours of Sunday, one of Monday


def test_a_customer_who_keeps_writing_does_not_put_off_the_check_back() -> None:
    case = Case(NOTHING)
    case.on(Event.TAKEN_OVER, "held", 0)
    for hour in range(1, 24):
        case.on(Event.CUSTOMER_TURN, "held", 60 * hour)
    assert case.fire(DAY) == [("check_back", "check_back", DAY, STEWARD)]


def test_a_check_back_that_a_pause_put_off_comes_sooner_when_the_customer_writes() -> None:
    case = Case(NOTHING)
    case.on(Event.TAKEN_OVER, "held", 0)
    case.on(Event.PAUSED, "held", 1, until=9 * DAY)
    assert case.at(Kind.CHECK_BACK) == 9 * DAY
    case.on(Event.CUSTOMER_TURN, "held", 5)
    assert case.at(Kind.CHECK_BACK) == DAY + 5
    case.on(Event.CUSTOMER_TURN, "held", 5.5)
    assert case.at(Kind.CHECK_BACK) == DAY + 5


def test_a_check_back_that_is_near_enough_stays_the_one_that_it_was() -> None:
    case = Case(NOTHING)
    case.on(Event.TAKEN_OVER, "held", 0)
    case.on(Event.PAUSED, "held", 1, until=DAY + 5)
    before = case.deadlines
    case.on(Event.CUSTOMER_TURN, "held", 5)
    assert case.deadlines == before


def test_a_pause_without_a_date_is_looked_at_after_the_default() -> None:
    case = Case(replace(NOTHING, resolution=3600, check_back=120))
    case.on(Event.TAKEN_OVER, "held", 0)
    case.on(Event.PAUSED, "held", 7)
    assert case.at(Kind.CHECK_BACK) == 9
    case.on(Event.PAUSED, "held", 8)  # paused twice is paused once
    case.on(Event.RESUMED, "held", 10)
    assert case.get(Kind.RESOLUTION).due == minute(63)


def test_a_clock_is_paused_in_business_hours_only() -> None:
    hours = Hours(spans=tuple(Span(day=day, start=540, end=1020) for day in range(5)))
    case = Case(replace(NOTHING, resolution=4 * 3600, warn_at=0), Calendar(hours=hours, zone=UTC))
    case.on(Event.TAKEN_OVER, "held", 16 * 60)
    assert case.get(Kind.RESOLUTION).clock is Clock.BUSINESS
    assert case.at(Kind.RESOLUTION) == DAY + 12 * 60
    case.on(Event.PAUSED, "held", 16 * 60 + 30)
    case.on(Event.RESUMED, "held", DAY + 16 * 60)
    assert case.at(Kind.RESOLUTION) == 2 * DAY + (9 * 60 + 150)


def test_a_clock_of_all_hours_is_paused_in_all_hours_whatever_the_queue_s_are() -> None:
    office = Hours(spans=tuple(Span(day=day, start=540, end=1020) for day in range(5)))
    case = Case(CHAT, Calendar(hours=office, zone=UTC))
    case.on(Event.OPENED, "queued", 0)
    case.on(Event.PAUSED, "queued", 5)
    case.on(Event.RESUMED, "queued", 6)
    assert (case.at(Kind.ACCEPT), case.get(Kind.ACCEPT).due) == (9, minute(11))


def test_a_pause_of_no_length_leaves_every_clock_as_it_was() -> None:
    office = Hours(spans=tuple(Span(day=day, start=540, end=1020) for day in range(5)))
    for clock in Clock:
        case = Case(replace(CHAT, clock=clock), Calendar(hours=office, zone=UTC))
        case.on(Event.OPENED, "queued", 10 * 60)
        before = case.deadlines
        case.on(Event.PAUSED, "queued", 10 * 60 + 3)
        still = [one.kind for one in case.deadlines if one.armed]
        assert still == [Kind.FIRST_RESPONSE, Kind.CHECK_BACK]
        case.on(Event.RESUMED, "queued", 10 * 60 + 3)
        assert case.deadlines == before


def test_the_due_time_of_a_paused_clock_moves_by_business_hours_too() -> None:
    office = Hours(spans=tuple(Span(day=day, start=540, end=1020) for day in range(5)))
    case = Case(replace(NOTHING, resolution=4 * 3600), Calendar(hours=office, zone=UTC))
    case.on(Event.TAKEN_OVER, "held", 16 * 60)
    case.on(Event.PAUSED, "held", 16 * 60 + 30)
    case.on(Event.RESUMED, "held", DAY + 16 * 60)
    assert case.get(Kind.RESOLUTION).due == minute(2 * DAY + 9 * 60 + 150)


def test_a_pause_after_the_breach_moves_the_levels_and_not_the_breach() -> None:
    case = Case(replace(CHAT, warn_at=0))
    case.on(Event.OPENED, "queued", 0)
    case.fire(10)
    case.on(Event.PAUSED, "queued", 12)
    case.on(Event.RESUMED, "queued", 112)
    assert case.get(Kind.ACCEPT).due == minute(10)
    assert case.fire(117)[0] == ("accept", "escalation", 115, STEWARD)
    case.on(Event.ACCEPTED, "held", 117)
    assert case.settled == [("accept", "missed")]


def test_what_was_paused_in_time_is_met_in_time() -> None:
    case = Case(CHAT)
    case.on(Event.OPENED, "queued", 0)
    case.on(Event.PAUSED, "queued", 5)
    case.on(Event.ACCEPTED, "held", 50)
    assert case.settled == [("accept", "hit")]
    assert case.get(Kind.FIRST_RESPONSE).missed  # it went on meanwhile
    assert case.get(Kind.RESOLUTION).due == minute(645)


def test_a_queue_that_never_opens_again_falls_back_to_all_hours_and_says_so() -> None:
    never = Calendar(hours=Hours(), zone=UTC)
    for calendar in (None, never):
        case = Case(replace(CHAT, clock=Clock.BUSINESS), calendar)
        case.on(Event.OPENED, "queued", 0)
        own = case.get(Kind.ACCEPT)
        assert (own.clock, own.fell_back, own.due) == (Clock.CALENDAR, True, minute(10))
        assert own.fires == minute(8)


def test_a_queue_that_stops_opening_after_the_start_falls_back_then() -> None:
    for calendar in (None, Calendar(hours=Hours(), zone=UTC)):
        case = Case(replace(CHAT, clock=Clock.BUSINESS, warn_at=0))
        case.on(Event.OPENED, "queued", 0)
        assert not case.get(Kind.ACCEPT).fell_back
        case.calendar = calendar
        assert case.fire(10) == [("accept", "breach", 10, "")]
        own = case.get(Kind.ACCEPT)
        assert (own.clock, own.fell_back, own.fires) == (Clock.CALENDAR, True, minute(15))


def test_the_levels_are_counted_in_business_hours_too() -> None:
    hours = Hours(spans=tuple(Span(day=day, start=540, end=1020) for day in range(5)))
    case = Case(
        replace(CHAT, clock=Clock.BUSINESS, resolution=0, first_response=0),
        Calendar(hours=hours, zone=UTC),
    )
    case.on(Event.OPENED, "queued", 16 * 60 + 48)
    assert case.fire(2 * DAY) == [
        ("accept", "warning", 16 * 60 + 56, ""),
        ("accept", "breach", 16 * 60 + 58, ""),
        ("accept", "escalation", DAY + 9 * 60 + 3, STEWARD),
        ("accept", "escalation", DAY + 9 * 60 + 13, "overflow"),
        ("accept", "exhausted", DAY + 9 * 60 + 23, STEWARD),
    ]


def test_levels_are_numbered_and_taken_in_order_of_time() -> None:
    levels = (Level(after=600, to="b"), Level(after=60, to="a"))
    case = Case(replace(CHAT, escalation=levels, first_response=0, resolution=0))
    case.on(Event.OPENED, "queued", 0)
    fired, _ = fire(case.policy, ANY_TIME, case.deadlines, minute(20))
    assert [(one.level, one.to) for one in fired] == [(0, ""), (0, ""), (1, "a"), (2, "b")]
    assert fired[2] == Firing(
        kind=Kind.ACCEPT, started=T, what=Happened.ESCALATION, at=minute(11), level=1, to="a"
    )


def test_a_pack_with_fewer_levels_ends_the_path_and_repeats_none() -> None:
    case = Case(replace(CHAT, first_response=0, resolution=0))
    case.on(Event.OPENED, "queued", 0)
    case.fire(25)
    case.policy = replace(case.policy, escalation=())
    assert case.fire(35) == [("accept", "exhausted", 35, STEWARD)]


def test_a_person_gives_a_new_queue_its_time_and_a_machine_goes_on_up_the_levels() -> None:
    case = Case(CHAT)
    case.on(Event.OPENED, "queued", 0)
    case.fire(15)
    case.on(Event.MOVED_ON, "queued", 15)
    assert case.at(Kind.ACCEPT) == 25
    assert case.settled == []
    case.on(Event.REROUTED, "queued", 20)
    assert case.settled == [("accept", "missed")]
    assert case.at(Kind.ACCEPT) == 28


def test_opening_again_changes_nothing() -> None:
    case = Case(CHAT)
    case.on(Event.OPENED, "queued", 0)
    before = case.deadlines
    case.on(Event.OPENED, "queued", 5)
    assert case.deadlines == before


def test_a_handback_gives_the_plan_a_deadline_and_the_ai_one_for_each_step() -> None:
    case = Case(CHAT)
    case.on(Event.TAKEN_OVER, "held", 0)
    case.on(Event.HANDED_BACK, "delegated", 2, until=60)
    assert case.settled == [("first_response", "cancelled")]
    assert case.kinds == ["resolution", "ai_silence", "mandate"]
    case.on(Event.PLAN_STEP, "delegated", 5)
    assert case.get(Kind.AI_SILENCE).due == minute(9)
    case.on(Event.AI_TURN, "delegated", 6)
    assert [one for one in case.fire(60) if one[0] == "mandate"] == [("mandate", "lapse", 60, "")]
    case.on(Event.RETURNED, "held", 60)
    assert case.kinds == ["next_response", "resolution", "holder_silence"]


def test_a_proposal_ends_and_an_offer_lapses_when_the_customer_goes_on() -> None:
    case = Case(CHAT)
    case.on(Event.OFFERED, "ai", 0, until=10)
    assert case.kinds == ["offer"]
    case.on(Event.CUSTOMER_TURN, "ai", 1)
    assert case.kinds == ["ai_silence"]
    case.on(Event.OFFERED, "ai", 2, until=10)
    case.on(Event.OFFER_ENDED, "ai", 3)
    assert case.kinds == ["ai_silence"]
    case.on(Event.OPENED, "queued", 4)
    case.on(Event.PROPOSED, "proposed", 4, until=6)
    case.on(Event.PROPOSAL_ENDED, "queued", 5)
    assert case.kinds == ["accept", "first_response", "resolution"]


def test_of_approvals_that_overlap_the_first_to_end_counts() -> None:
    case = Case(NOTHING)
    case.on(Event.APPROVAL_ASKED, "ai", 0, until=60)
    case.on(Event.APPROVAL_ASKED, "ai", 1, until=90)
    assert case.at(Kind.APPROVAL) == 60
    case.on(Event.APPROVAL_ASKED, "ai", 2)
    assert case.at(Kind.APPROVAL) == 60
    case.on(Event.APPROVAL_ASKED, "ai", 3, until=30)
    assert case.fire(30) == [("approval", "lapse", 30, "")]
    case.on(Event.APPROVAL_ASKED, "ai", 31, until=90)
    assert case.at(Kind.APPROVAL) == 90
    update = case.on(Event.APPROVAL_ASKED, "ai", 91, until=99)
    assert [(one.kind, one.what) for one in update.fired] == [("approval", "lapse")]
    case.on(Event.APPROVAL_SETTLED, "ai", 92)
    assert case.kinds == ["check_back"]


def test_what_fell_due_before_an_event_is_told_unless_the_event_ended_it() -> None:
    case = Case(replace(CHAT, resolution=15 * 60, first_response=0))
    case.on(Event.OPENED, "queued", 0)
    update = case.on(Event.ACCEPTED, "held", 13)
    assert update.settled == (
        Settled(kind=Kind.ACCEPT, started=T, due=minute(10), at=minute(13), result=Result.MISSED),
    )
    assert [(one.kind, one.what, one.at) for one in update.fired] == [
        (Kind.RESOLUTION, Happened.WARNING, minute(12))
    ]
    assert case.fire(13) == []


def test_an_answer_at_the_very_instant_is_late_and_one_before_is_not() -> None:
    for late, result in ((0, "missed"), (1, "hit")):
        case = Case(CHAT)
        case.on(Event.OPENED, "queued", 0)
        update = on(Event.ACCEPTED, "held", CHAT, ANY_TIME, case.deadlines, minute(10) - late)
        assert [one.result for one in update.settled] == [result]


def test_a_withdrawal_cancels_and_a_reopening_starts_anew() -> None:
    case = Case(CHAT)
    case.on(Event.OPENED, "queued", 0)
    case.on(Event.WITHDRAWN, "closed", 1)
    assert case.settled == [
        ("accept", "cancelled"),
        ("first_response", "cancelled"),
        ("resolution", "cancelled"),
    ]
    assert case.deadlines == ()
    case.on(Event.REOPENED, "queued", 100)
    assert case.kinds == ["accept", "first_response", "resolution"]
    case.on(Event.WITHDRAWN, "closed", 101)
    case.on(Event.REOPENED, "ai", 200)
    assert case.kinds == ["ai_silence"]


def test_closing_after_the_time_is_a_miss_even_when_nothing_had_fired() -> None:
    case = Case(CHAT)
    case.on(Event.OPENED, "queued", 0)
    update = case.on(Event.RESOLVED, "closed", 700)
    assert case.settled == [
        ("accept", "missed"),
        ("first_response", "missed"),
        ("resolution", "missed"),
    ]
    assert update.fired == ()


def test_an_instant_that_has_passed_fires_at_once_and_a_warning_is_never_after_it() -> None:
    case = Case(replace(NOTHING, check_back=60))
    case.on(Event.FELL_BACK, "fallback", 10, until=5)
    assert [one[:3] for one in case.fire(10)][:2] == [
        ("callback", "warning", 10),
        ("callback", "breach", 10),
    ]


@pytest.mark.parametrize(("warn_at", "first"), [(0, 10), (1, 0.01), (999, 9.99), (1000, 10)])
def test_a_warning_comes_at_its_share_and_without_one_not_at_all(
    warn_at: int, first: float
) -> None:
    case = Case(replace(CHAT, warn_at=warn_at))
    case.on(Event.OPENED, "queued", 0)
    assert case.at(Kind.ACCEPT) == first


def test_a_check_back_of_zero_is_that_of_a_day() -> None:
    case = Case(replace(NOTHING, check_back=0))
    case.on(Event.OPENED, "queued", 0)
    assert case.at(Kind.CHECK_BACK) == DAY


def test_a_check_back_may_be_as_short_as_a_second() -> None:
    case = Case(replace(NOTHING, check_back=1))
    case.on(Event.OPENED, "queued", 0)
    assert case.get(Kind.CHECK_BACK).due == T + 1000
    assert case.get(Kind.CHECK_BACK).limit == 1000


def test_a_deadline_knows_its_start_its_end_and_whether_it_was_missed() -> None:
    case = Case(NOTHING)
    case.on(Event.PROPOSED, "proposed", 1, until=3)
    before = case.get(Kind.PROPOSAL)
    assert (before.started, before.due, before.missed) == (minute(1), minute(3), False)
    case.fire(3)
    after = case.get(Kind.PROPOSAL)
    assert (after.started, after.due, after.missed) == (minute(1), minute(3), True)
    case.fire(3 + DAY)
    assert case.get(Kind.CHECK_BACK).due == minute(3 + 2 * DAY)


def test_an_event_without_an_end_brings_no_deadline_that_needs_one() -> None:
    proposed = on(Event.PROPOSED, "proposed", NOTHING, None, (), T)
    assert [one.kind for one in proposed.deadlines] == [Kind.CHECK_BACK]


def test_what_an_event_finds_due_is_counted_in_the_hours_of_the_queue() -> None:
    office = Hours(spans=tuple(Span(day=day, start=540, end=1020) for day in range(5)))
    case = Case(replace(NOTHING, resolution=3600), Calendar(hours=office, zone=UTC))
    case.on(Event.TAKEN_OVER, "held", 16 * 60)
    case.on(Event.HUMAN_MESSAGE, "held", DAY)
    case.on(Event.HUMAN_MESSAGE, "held", DAY + 1)
    own = case.get(Kind.RESOLUTION)
    assert (own.clock, own.fires) == (Clock.BUSINESS, minute(DAY + 10 * 60))


def test_a_warning_at_the_whole_of_the_time_is_none() -> None:
    case = Case(replace(CHAT, warn_at=1000))
    case.on(Event.OPENED, "queued", 0)
    assert case.fire(10)[0] == ("accept", "breach", 10, "")


def test_a_pause_leaves_a_check_back_even_where_something_else_is_armed() -> None:
    case = Case(replace(CHAT, first_response=0))
    case.on(Event.OPENED, "queued", 0)
    case.on(Event.PROPOSED, "proposed", 1, until=3)
    case.on(Event.PAUSED, "proposed", 2, until=50)
    assert [one.kind for one in case.deadlines if one.armed] == [Kind.PROPOSAL, Kind.CHECK_BACK]


def test_an_unknown_state_is_watched_like_any_that_is_not_closed() -> None:
    case = Case(CHAT)
    case.on(Event.OPENED, "lost", 0)
    assert case.kinds == ["check_back"]


def test_a_customer_who_writes_again_gives_the_human_no_more_time() -> None:
    case = Case(CHAT)
    case.on(Event.TAKEN_OVER, "held", 0)
    case.on(Event.HUMAN_MESSAGE, "held", 1)
    case.on(Event.CUSTOMER_TURN, "held", 2)
    case.on(Event.CUSTOMER_TURN, "held", 9)
    assert case.get(Kind.NEXT_RESPONSE).due == minute(32)
    assert case.get(Kind.HOLDER_SILENCE).due == minute(17)
    case.on(Event.ACCEPTED, "held", 10)  # a colleague takes it
    assert case.get(Kind.NEXT_RESPONSE).due == minute(32)
    assert case.get(Kind.HOLDER_SILENCE).due == minute(25)
