"""When people work: weekly hours in a time zone, and time counted in them only.

An instant is open when the clock on the wall shows a time within a span of that weekday, and no
closure covers it. So a span in the hour that daylight saving skips is shorter, one in the hour it
doubles is longer, and what is counted is time that really passes.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from operator import itemgetter

from handrail.core.model import Strict

MINUTE = 60_000
DAY = 1440 * MINUTE
HORIZON = 400 * DAY  # over a year: what has not opened by then never will
FARTHEST = 10 * HORIZON  # a sum of open time is sought no farther
_THURSDAY = 3  # of the first day of the epoch
_MILLISECOND = timedelta(milliseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Stretch = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span(Strict):
    """Hours of one weekday (0 = Monday), in minutes since midnight, end excluded."""

    day: int
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours(Strict):
    """When a queue is staffed, in the local time of `time_zone`."""

    time_zone: str = "UTC"
    spans: tuple[Span, ...] = ()


ALWAYS = Hours(spans=tuple(Span(day=day, start=0, end=1440) for day in range(7)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Hours made ready to count in.

    The shell looks the `zone` up, as the time zone database is a file. `closed` are holidays and
    closures, [start, end) in milliseconds; `day_span` makes one of a date.
    """

    hours: Hours
    zone: tzinfo
    closed: tuple[Stretch, ...] = ()
    days: tuple[tuple[Stretch, ...], ...] = field(init=False, repr=False, compare=False)
    shut: tuple[Stretch, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        spans = self.hours.spans
        days = tuple(
            _union((s.start * MINUTE, min(s.end * MINUTE, DAY)) for s in spans if s.day == day)
            for day in range(7)
        )
        object.__setattr__(self, "days", days)
        object.__setattr__(self, "shut", _union(self.closed))


def day_span(zone: tzinfo, day: date) -> Stretch:
    """The instants of a local date, [start, end); empty for a date that the zone skipped."""
    first, last = (
        (datetime.combine(d, time(), tzinfo=zone) - _EPOCH) // _MILLISECOND
        for d in (day, day + timedelta(days=1))
    )
    return first, last


def is_open(calendar: Calendar, at: int) -> bool:
    """Whether people work at `at`."""
    day, wall = divmod(at + _offset(calendar.zone, at), DAY)
    if not any(start <= wall < end for start, end in calendar.days[(day + _THURSDAY) % 7]):
        return False
    before = bisect_right(calendar.shut, at, key=itemgetter(0))
    return before == 0 or at >= calendar.shut[before - 1][1]


def next_open(calendar: Calendar, at: int) -> int | None:
    """The first open instant from `at` on; None when there is none within `HORIZON`."""
    return next((start for start, _ in _open(calendar, at, at + HORIZON)), None)


def closes(calendar: Calendar, at: int) -> int | None:
    """The end of the open stretch that contains `at`, None when it is not open.

    Spans that meet at midnight are one stretch. One that never ends is cut at `HORIZON`.
    """
    until = at
    for start, end in _open(calendar, at, at + HORIZON):
        if start > until:
            break
        until = end
    return until if until > at else None


def after(calendar: Calendar, at: int, ms: int) -> int | None:
    """The first instant by which `ms` of open time have passed since `at`.

    None when there is not so much: nothing opens for `HORIZON`, or `FARTHEST` is reached.
    """
    if ms <= 0:
        return at
    last = at
    for start, end in _open(calendar, at, at + FARTHEST):
        if start - last >= HORIZON:
            break
        if end - start >= ms:
            return start + ms
        ms -= end - start
        last = end
    return None


def between(calendar: Calendar, start: int, end: int) -> int:
    """How much open time, in milliseconds, is in [start, end)."""
    return sum(b - a for a, b in _open(calendar, start, end))


def _open(calendar: Calendar, start: int, end: int) -> Iterator[Stretch]:
    """The open time of [start, end) in order, in parts that may touch but never overlap."""
    staffed = _staffed(calendar, start, end)
    return _without(staffed, calendar.shut) if calendar.shut else staffed


def _without(staffed: Iterator[Stretch], shut: tuple[Stretch, ...]) -> Iterator[Stretch]:
    """What the closures leave of the hours."""
    for lo, hi in staffed:
        since = lo
        for a, b in shut[max(0, bisect_right(shut, (lo, lo)) - 1) :]:
            if a >= hi:
                break
            if since < a:
                yield since, a
            since = max(since, b)
        if since < hi:
            yield since, hi


def _staffed(calendar: Calendar, start: int, end: int) -> Iterator[Stretch]:
    """The weekly hours of [start, end) as instants, whatever closures there are."""
    if not any(calendar.days):
        return
    for lo, hi, offset in _even(calendar.zone, start, end):
        for day in range((lo + offset) // DAY, (hi + offset - 1) // DAY + 1):
            midnight = day * DAY - offset
            for opens, shuts in calendar.days[(day + _THURSDAY) % 7]:
                a, b = max(lo, midnight + opens), min(hi, midnight + shuts)
                if a < b:
                    yield a, b


def _even(zone: tzinfo, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """[start, end) in parts of at most a day, each with its one offset from UTC."""
    offset = _offset(zone, start)
    while start < end:
        stop = min(start + DAY, end)
        then = _offset(zone, stop)
        if then != offset:
            low = start  # where the offset is still the old one; at `stop` it is another
            while stop - low > 1:
                middle = (low + stop) // 2
                if _offset(zone, middle) == offset:
                    low = middle
                else:
                    stop = middle
            then = _offset(zone, stop)
        yield start, stop, offset
        start, offset = stop, then


@lru_cache(maxsize=1024)  # a handoff asks for the same few instants over and over
def _offset(zone: tzinfo, at: int) -> int:
    """How far the wall clock of `zone` is ahead of UTC at `at`, in milliseconds."""
    moment = _EPOCH + timedelta(milliseconds=at)
    return (moment.astimezone(zone).utcoffset() or timedelta()) // _MILLISECOND


def _union(spans: Iterable[Stretch]) -> tuple[Stretch, ...]:
    """The same time in sorted stretches that neither overlap nor touch."""
    made: list[Stretch] = []
    for start, end in sorted(spans):
        if start >= end:
            continue
        if made and start <= made[-1][1]:
            made[-1] = made[-1][0], max(made[-1][1], end)
        else:
            made.append((start, end))
    return tuple(made)
