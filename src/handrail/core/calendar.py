"""When people work: weekly hours in a time zone, and time counted in them only."""

from dataclasses import dataclass

from handrail.core.model import Strict


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
