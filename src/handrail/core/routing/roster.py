"""Who is there: people, what they can do and when. Apart from the pack, edited by supervisors.

How many cases a person holds is not in the roster; it is told with each question.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

from handrail.core.calendar import Calendar, is_open
from handrail.core.model import Strict


class Availability(StrEnum):
    """What a person says of the moment. Busy: here, and takes nothing new."""

    ONLINE = "online"
    BUSY = "busy"
    OFFLINE = "offline"


class Away(StrEnum):
    """Why a person cannot be asked now, or should not hold a case any longer."""

    LEFT = "left"
    ABSENT = "absent"
    OFFLINE = "offline"
    OFF_SHIFT = "off shift"
    BUSY = "busy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence(Strict):
    """Away in [start, end), in milliseconds; `delegate` stands in, empty = nobody."""

    start: int
    end: int
    delegate: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person(Strict):
    """A human agent. Skills are levels 1 to 10; `capacity` is how many cases at a time.

    `shifts` None: see `at_work`. `languages` empty: any. `left`: not with us any more; the name
    stays, because old cases and rows have it.
    """

    id: str
    name: str = ""
    queues: tuple[str, ...] = ()
    skills: tuple[tuple[str, int], ...] = ()
    tags: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    capacity: int = 1
    shifts: Calendar | None = None
    absences: tuple[Absence, ...] = ()
    availability: Availability = Availability.ONLINE
    left: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure(Strict):
    """A queue that a supervisor closed in [start, end), in milliseconds."""

    queue: str
    start: int
    end: int


class _Index(NamedTuple):
    people: Mapping[str, Person]
    members: Mapping[str, tuple[Person, ...]]
    closures: Mapping[str, tuple[Closure, ...]]


class _Indexed(Strict):
    """A place beside the fields for what is derived from them, made when first asked for."""

    __slots__ = ("_index",)
    _index: _Index


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster(_Indexed):
    """All people, and what was closed by hand. `version` grows with every edit."""

    version: int = 0
    people: tuple[Person, ...] = ()
    closures: tuple[Closure, ...] = ()

    @property
    def index(self) -> _Index:
        """People by id and by queue, closures by queue in order of time; made once."""
        try:
            return self._index
        except AttributeError:
            object.__setattr__(self, "_index", _indexed(self))
            return self._index

    def person(self, name: str) -> Person | None:
        """The person of that id, also one who left."""
        return self.index.people.get(name)

    def members(self, queue: str) -> tuple[Person, ...]:
        """The people of a queue, without those who left."""
        return self.index.members.get(queue, ())

    def shut_until(self, queue: str, at: int) -> int:
        """When the closures that cover `at` end; `at` itself when there is none."""
        for closure in self.index.closures.get(queue, ()):
            if closure.start <= at < closure.end:
                at = closure.end
        return at


def changed(roster: Roster, person: Person) -> Roster:
    """The next version of the roster, with this person in place of the one of that id."""
    found = tuple(person if one.id == person.id else one for one in roster.people)
    if roster.person(person.id) is None:
        found = (*found, person)
    return replace(roster, version=roster.version + 1, people=found)


def absence(person: Person, at: int) -> Absence | None:
    """The absence that a person is in."""
    return next((one for one in person.absences if one.start <= at < one.end), None)


def stand_in(roster: Roster, person: Person, at: int) -> Person | None:
    """The person, or while absent the delegate; the delegate's own absence is followed once."""
    for _ in range(2):
        gone = absence(person, at)
        if gone is None:
            return person
        found = roster.person(gone.delegate)
        if found is None or found.left:
            return None
        person = found
    return None if absence(person, at) else person


def at_work(person: Person, queue: str, calendars: Mapping[str, Calendar], at: int) -> bool:
    """Whether it is a person's time to work: by the own shifts; without them while `queue`, where
    the case is, or an own queue is open. A closure by hand sends nobody home.
    """
    if person.shifts is not None:
        return is_open(person.shifts, at)
    return any(
        is_open(calendars[name], at) for name in (queue, *person.queues) if name in calendars
    )


def away(person: Person, queue: str, calendars: Mapping[str, Calendar], at: int) -> Away | None:
    """Why a person cannot be asked; None: can. `queue` is where the case is.

    To be asked of holders too: at the end of a shift, when they go offline or leave, and before
    a reopened case goes back to them. All but busy means that the case needs another home.
    """
    if person.left:
        return Away.LEFT
    if absence(person, at) is not None:
        return Away.ABSENT
    if person.availability is Availability.OFFLINE:
        return Away.OFFLINE
    if not at_work(person, queue, calendars, at):
        return Away.OFF_SHIFT
    return Away.BUSY if person.availability is Availability.BUSY else None


def _indexed(roster: Roster) -> _Index:
    people: dict[str, Person] = {}
    members: dict[str, list[Person]] = {}
    closures: dict[str, list[Closure]] = {}
    for person in roster.people:
        if people.setdefault(person.id, person) is not person or person.left:
            continue
        for queue in dict.fromkeys(person.queues):
            members.setdefault(queue, []).append(person)
    for closure in sorted(roster.closures, key=lambda one: one.start):
        closures.setdefault(closure.queue, []).append(closure)
    return _Index(
        people,
        {queue: tuple(found) for queue, found in members.items()},
        {queue: tuple(found) for queue, found in closures.items()},
    )
