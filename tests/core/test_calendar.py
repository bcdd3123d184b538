"""Business hours: held against a clock on the wall that is read minute by minute."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail.core.calendar import (
    ALWAYS,
    DAY,
    FARTHEST,
    HORIZON,
    MINUTE,
    Calendar,
    Hours,
    Span,
    after,
    between,
    closes,
    day_span,
    is_open,
    next_open,
)

HOUR = 60 * MINUTE
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# A day before a change of the clock, or of the date line; in UTC.
CHANGES = (
    ("Europe/Madrid", datetime(2026, 3, 28, tzinfo=UTC)),
    ("Europe/Madrid", datetime(2026, 10, 24, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 3, 7, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 10, 31, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 4, 3, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 10, 2, tzinfo=UTC)),
    ("Pacific/Apia", datetime(2011, 12, 29, tzinfo=UTC)),
    ("Asia/Beirut", datetime(2024, 3, 29, tzinfo=UTC)),
    ("UTC", datetime(2026, 1, 1, tzinfo=UTC)),
)


def ms(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(milliseconds=1)


def local(zone: str, *when: int, fold: int = 0) -> int:
    return ms(datetime(*when, tzinfo=ZoneInfo(zone), fold=fold))  # type: ignore[misc,arg-type]


def calendar(
    zone: str, *spans: tuple[int, int, int], closed: tuple[tuple[int, int], ...] = ()
) -> Calendar:
    made = tuple(Span(day=day, start=start, end=end) for day, start, end in spans)
    return Calendar(hours=Hours(time_zone=zone, spans=made), zone=ZoneInfo(zone), closed=closed)


def daily(zone: str, start: int, end: int, closed: tuple[tuple[int, int], ...] = ()) -> Calendar:
    return calendar(zone, *((day, start, end) for day in range(7)), closed=closed)


def wall(own: Calendar, at: int) -> bool:
    """The oracle: does the clock on the wall show a time of work?"""
    here = (EPOCH + timedelta(milliseconds=at)).astimezone(own.zone)
    minute = here.hour * 60 + here.minute
    staffed = any(
        one.day == here.weekday() and one.start <= minute < one.end for one in own.hours.spans
    )
    return staffed and not any(a <= at < b for a, b in own.closed)


@st.composite
def calendars(draw: st.DrawFn) -> tuple[Calendar, int]:
    zone, near = draw(st.sampled_from(CHANGES))
    base = ms(near)
    half = st.integers(0, 48).map(lambda n: n * 30)
    spans = draw(st.lists(st.tuples(st.integers(0, 6), half, half), max_size=10))
    shut = draw(st.lists(st.tuples(st.integers(-500, 5000), st.integers(0, 2000)), max_size=4))
    closed = tuple((base + a * MINUTE, base + (a + n) * MINUTE) for a, n in shut)
    own = calendar(zone, *spans, closed=closed)
    return own, base + draw(st.integers(0, 2 * 1440)) * MINUTE


@given(calendars(), st.integers(0, 3 * 1440))
def test_counts_as_the_clock_on_the_wall_read_minute_by_minute(
    case: tuple[Calendar, int], minutes: int
) -> None:
    own, at = case
    opened = [wall(own, at + n * MINUTE) for n in range(minutes + 1)]
    assert is_open(own, at) is opened[0]
    assert between(own, at, at + minutes * MINUTE) == sum(opened[:minutes]) * MINUTE
    first = next((n for n, one in enumerate(opened) if one), None)
    found = next_open(own, at)
    if first is not None:
        assert found == at + first * MINUTE
    else:
        assert found is None or found > at + minutes * MINUTE
    if opened[0]:
        end = closes(own, at)
        shut = next((n for n, one in enumerate(opened) if not one), None)
        assert end is not None
        assert end == at + shut * MINUTE if shut else end > at + minutes * MINUTE
    else:
        assert closes(own, at) is None


@given(calendars(), st.integers(1, 40 * HOUR))
def test_after_and_between_are_inverse(case: tuple[Calendar, int], length: int) -> None:
    own, at = case
    end = after(own, at, length)
    if end is None:
        assert between(own, at, at + HORIZON) < length
    else:
        assert between(own, at, end) == length
        assert between(own, at, end - 1) == length - 1  # the first such instant
        assert is_open(own, end - 1)


@given(calendars(), st.integers(0, 30 * HOUR), st.integers(0, 30 * HOUR))
def test_time_counted_in_two_parts_is_time_counted_at_once(
    case: tuple[Calendar, int], one: int, two: int
) -> None:
    own, at = case
    middle = after(own, at, one)
    if middle is not None:
        assert after(own, middle, two) == after(own, at, one + two)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Madrid", (2026, 3, 29), 23),
        ("Europe/Madrid", (2026, 10, 25), 25),
        ("America/New_York", (2026, 3, 8), 23),
        ("America/New_York", (2026, 11, 1), 25),
        ("Australia/Lord_Howe", (2026, 4, 5), 24.5),
        ("Australia/Lord_Howe", (2026, 10, 4), 23.5),
        ("Pacific/Apia", (2011, 12, 30), 0),
        ("Pacific/Apia", (2011, 12, 29), 24),
        ("Asia/Beirut", (2024, 3, 31), 23),
    ],
)
def test_a_date_is_as_long_as_it_was_where_the_clocks_changed(
    zone: str, day: tuple[int, int, int], hours: float
) -> None:
    start, end = day_span(ZoneInfo(zone), date(*day))
    assert end - start == hours * HOUR
    assert between(daily(zone, 0, 1440), start, end) == hours * HOUR


def test_the_working_day_stays_at_nine_when_the_clocks_change() -> None:
    own = calendar("Europe/Madrid", *((day, 540, 1020) for day in range(5)))
    friday = local("Europe/Madrid", 2026, 3, 27, 16)
    assert after(own, friday, 2 * HOUR) == local("Europe/Madrid", 2026, 3, 30, 10)
    assert next_open(own, friday + HOUR) == local("Europe/Madrid", 2026, 3, 30, 9)
    assert next_open(own, friday) == friday
    assert closes(own, friday) == friday + HOUR
    assert closes(own, friday + HOUR) is None


def test_a_span_in_the_skipped_hour_is_shorter_and_in_the_doubled_hour_longer() -> None:
    own = daily("Europe/Madrid", 60, 180)  # 01:00 to 03:00
    for month, day, hours in ((3, 28, 2), (3, 29, 1), (10, 25, 3)):
        start, end = day_span(own.zone, date(2026, month, day))
        assert between(own, start, end) == hours * HOUR
    skipped = daily("Europe/Madrid", 130, 170)
    start, end = day_span(own.zone, date(2026, 3, 29))
    assert between(skipped, start, end) == 0


def test_the_skipped_day_of_apia_has_no_working_hours() -> None:
    own = calendar("Pacific/Apia", (3, 540, 1020), (4, 540, 1020), (5, 540, 1020))
    thursday = local("Pacific/Apia", 2011, 12, 29, 16)
    assert after(own, thursday, 2 * HOUR) == local("Pacific/Apia", 2011, 12, 31, 10)


def test_spans_that_meet_at_midnight_are_one_stretch() -> None:
    own = calendar("UTC", (0, 1320, 1440), (1, 0, 360))
    monday = local("UTC", 2026, 1, 5, 23)
    assert closes(own, monday) == local("UTC", 2026, 1, 6, 6)


def test_closures_that_overlap_or_touch_count_once() -> None:
    noon = local("UTC", 2026, 1, 5, 12)
    hours = (-1, -1), (0, 1), (1, 3), (2, 4), (3, 4), (6, 6), (9, 7)
    own = daily("UTC", 0, 1440, tuple((noon + a * HOUR, noon + b * HOUR) for a, b in hours))
    assert own.shut == ((noon, noon + 4 * HOUR),)
    assert next_open(own, noon) == noon + 4 * HOUR
    assert closes(own, noon - 1) == noon
    assert between(own, noon - HOUR, noon + 5 * HOUR) == 2 * HOUR


def test_a_span_ends_at_midnight_at_the_latest() -> None:
    monday = local("UTC", 2026, 1, 5)
    assert between(calendar("UTC", (0, 1380, 1500)), monday, monday + 2 * DAY) == HOUR


def test_what_never_opens_is_never_counted_to() -> None:
    at = local("UTC", 2026, 1, 5)
    never = calendar("UTC")
    assert next_open(never, at) is None
    assert after(never, at, 1) is None
    assert after(never, at, 0) == at
    assert after(never, at, -5) == at
    assert between(never, at, at + DAY) == 0
    assert closes(never, at) is None


def test_a_closure_as_long_as_the_horizon_is_never_and_one_shorter_is_not() -> None:
    at = local("UTC", 2026, 1, 5)
    shut = daily("UTC", 0, 1440, ((at, at + HORIZON),))
    assert next_open(shut, at) is None
    assert after(shut, at, 1) is None
    assert after(shut, at - 1, 2) is None
    almost = daily("UTC", 0, 1440, ((at, at + HORIZON - 1),))
    assert next_open(almost, at) == at + HORIZON - 1
    assert after(almost, at, 1) == at + HORIZON


def test_what_is_always_open_is_cut_at_the_horizon() -> None:
    own = Calendar(hours=ALWAYS, zone=UTC)
    at = local("UTC", 2026, 1, 5, 3)
    assert closes(own, at) == at + HORIZON
    assert after(own, at, FARTHEST) == at + FARTHEST
    assert after(own, at, FARTHEST + 1) is None


def test_a_part_of_a_minute_counts() -> None:
    own = daily("UTC", 540, 600)
    nine = local("UTC", 2026, 1, 5, 9)
    assert not is_open(own, nine - 1)
    assert is_open(own, nine)
    assert is_open(own, nine + HOUR - 1)
    assert not is_open(own, nine + HOUR)
    assert between(own, nine - 7, nine + 7) == 7
    assert between(own, nine + 5, nine + 5) == 0
    assert between(own, nine + 5, nine) == 0


def test_a_closure_to_come_takes_nothing_from_the_hours_before_it() -> None:
    nine = local("UTC", 2026, 1, 5, 9)
    own = daily("UTC", 540, 600, ((nine + 5 * DAY, nine + 6 * DAY),))
    assert between(own, nine, nine + HOUR) == HOUR
    assert between(own, nine, nine + 6 * DAY) == 5 * HOUR


def test_the_first_millisecond_of_a_day_counts() -> None:
    midnight = local("UTC", 2026, 1, 5)
    own = calendar("UTC", (0, 0, 60))
    assert is_open(own, midnight)
    assert between(own, midnight - HOUR, midnight + 1) == 1
