"""The shape of a roster file, and how dates and times are written in it."""

import re
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from handrail.core.routing import Availability
from handrail.packs.shape.base import Shape
from handrail.packs.shape.pack import SkillLevel, Spans
from handrail.packs.shape.values import Days, Label, Language, Name, Text, shown

_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d", re.ASCII)


def day(value: object) -> date:
    """A date."""
    if isinstance(value, str) and _DATE.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise ValueError(f"should be a date, such as `2026-12-25`, not {shown(value)}")


def moment(value: object) -> date:
    """A date, or a date and a time."""
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        return day(value)
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        raise ValueError(
            f"should be a date and time, such as `2026-12-24 14:00`, not {shown(value)}"
        ) from None


Day = Annotated[date, BeforeValidator(day)]
Moment = Annotated[datetime | date, BeforeValidator(moment)]


class Absence(Shape):
    """Away, and who stands in."""

    start: Moment
    """The first day, or a date and time."""
    end: Moment
    """The last day, included; or the date and time of being back."""
    delegate: Label = ""
    """Who stands in; nobody if it does not say."""


class Closure(Shape):
    """A queue that is closed for once; times are of the queue's zone."""

    queue: Name
    """Which."""
    start: Moment
    """The first day, or a date and time."""
    end: Moment
    """The last day, included; or the date and time of opening again."""


class Person(Shape):
    """A human agent."""

    name: Text = ""
    """For the reader."""
    queues: list[Name] = []
    """Where the person takes cases from."""
    skills: dict[Name, SkillLevel] = {}
    """Levels 1 to 10."""
    tags: list[Label] = []
    """What the person may decide; rows of the matrix ask for them."""
    languages: list[Language] = []
    """Spoken ones; any if it does not say."""
    capacity: Annotated[int, Field(ge=0, le=1000)] = 1
    """Cases at a time."""
    time_zone: Annotated[str, Field(min_length=1)] = ""
    """Of shifts, holidays and absences; the roster's if it does not say."""
    shifts: dict[Days, Spans] | None = None
    """Days and times, as in a queue's week; the queue's hours if it does not say."""
    holidays: list[Day] = []
    """Days off, for which nobody stands in."""
    absences: list[Absence] = []
    """Longer ones, with delegates."""
    availability: Annotated[Availability, Field(strict=False)] = Availability.ONLINE
    """`online`, `busy` or `offline`, to begin with."""
    left: bool = False
    """Not with us any more."""


class Roster(Shape):
    """Who takes cases: people, holidays and closures of queues."""

    handrail: Literal[1]
    """Version of this format."""
    version: Annotated[int, Field(ge=0, le=1_000_000_000)] = 1
    """Of this roster; every routing decision records it."""
    time_zone: Annotated[str, Field(min_length=1)] = "UTC"
    """Of people who say no other."""
    people: dict[Label, Person] = {}
    """People by the id that packs name them by."""
    holidays: dict[Name, list[Day]] = {}
    """Days on which a queue is closed, in its time zone."""
    closures: list[Closure] = []
    """Other times at which a queue is closed."""
