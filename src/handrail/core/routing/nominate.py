"""Which person a case is proposed to next, and when there is nobody left to ask.

Nobody is asked twice in one handoff, so the questions come to an end, and then the overflow, the
fallback and the steward take over. Nothing waits for a person who is not there.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from handrail.core.model import FULL, value
from handrail.core.routing.roster import (
    Availability,
    Person,
    Roster,
    absence,
    at_work,
    stand_in,
)
from handrail.core.routing.route import (
    Calendars,
    Queues,
    Request,
    Route,
    opening,
    relaxes_at,
    required,
    route,
)
from handrail.core.routing.settings import MatrixRow


@value
class Nomination:
    """Whom to ask: `person`, perhaps as the delegate of `delegate_for`; None = nobody now.

    `waiting` people are at work and could take it later: their hands are full, or the queue asks
    for more skill now than after `again_at` (milliseconds). With nobody waiting it is `exhausted`.
    """

    person: str | None = None
    delegate_for: str = ""
    why: tuple[str, ...] = ()
    waiting: int = 0
    again_at: int | None = None
    exhausted: bool = False


@value
class Assignment:
    """A route and a nomination in it. `exhausted`: the queues where nobody was left to ask."""

    route: Route
    nomination: Nomination
    exhausted: tuple[str, ...] = ()


class _Found(NamedTuple):
    """Somebody who may be asked, and why."""

    person: Person
    delegate_for: str
    why: str


def assign(
    queues: Queues,
    matrix: Sequence[MatrixRow],
    calendars: Calendars,
    roster: Roster,
    request: Request,
    held: Mapping[str, int],
) -> Assignment:
    """Route, nominate, and go on through the overflow until somebody is found or the way ends."""
    while True:
        found = route(queues, matrix, calendars, roster, request)
        asked = nominate(queues, roster, calendars, found, request, held)
        if found.exhausted or not asked.exhausted:
            return Assignment(route=found, nomination=asked, exhausted=request.exhausted)
        request = replace(request, exhausted=(*request.exhausted, found.queue))


def nominate(
    queues: Queues,
    roster: Roster,
    calendars: Calendars,
    route: Route,
    request: Request,
    held: Mapping[str, int],
) -> Nomination:
    """The next person to propose a case to; `held` is how many each holds or is asked about.

    First the previous human, if free; then the reviewers of the row in their order; then who is
    in the queue and has the skills: speaks the language, least loaded, most skilled, by id.
    All must have all tags. An absent person's place is taken by the delegate, who needs no skill.
    """
    queue = queues.get(route.queue)
    if queue is None or opening(route.queue, calendars, roster, request.at) != request.at:
        return Nomination(exhausted=True, why=(f"`{route.queue}` is closed", *_steward(route)))
    search = _Search(roster, calendars, route, request, held)
    skills = required(queue, request.since, request.at)
    for found in search.candidates(skills):
        why = [found.why]
        if found.delegate_for:
            why.append(f"`{found.person.id}` stands in for `{found.delegate_for}`, who is absent")
        return Nomination(person=found.person.id, delegate_for=found.delegate_for, why=tuple(why))
    unskilled = queue.relax_every > 0 and search.unskilled(skills)
    waiting = search.busy + unskilled
    told = tuple(f"{count} {what}" for what, count in sorted(search.passed.items()))
    return Nomination(
        why=(*(told or (f"nobody is in `{queue.name}`",)), *(() if waiting else _steward(route))),
        waiting=waiting,
        again_at=relaxes_at(queue, request.since, request.at) if unskilled else None,
        exhausted=not waiting,
    )


def _steward(route: Route) -> tuple[str, ...]:
    return (f"steward `{route.steward}` answers for the case",) if route.steward else ()


class _Search:
    """One search for a person, and who was passed over for what.

    Reviewers are asked in the name of the queue of the `row`, wherever the case has gone since.
    """

    def __init__(
        self,
        roster: Roster,
        calendars: Calendars,
        route: Route,
        request: Request,
        held: Mapping[str, int],
    ) -> None:
        self.roster = roster
        self.calendars = calendars
        self.row = (*route.overflowed, route.queue)[0]
        self.route = route
        self.request = request
        self.held = held
        self.tags = frozenset(route.tags)
        self.passed: Counter[str] = Counter()
        self.shifts: dict[int, bool] = {}
        self.full: dict[str, tuple[Person, str]] = {}
        self.members = roster.members(route.queue)

    @property
    def busy(self) -> int:
        """How many are at work with their hands full."""
        return sum(self.on_shift(person, queue) for person, queue in self.full.values())

    def candidates(self, skills: tuple[tuple[str, int], ...]) -> Iterator[_Found]:
        """Who may be asked, in the order of asking."""
        yield from self.previous()
        for name in self.route.reviewers:
            yield from self.reviewer(name)
        ranked = []
        for person in self.members:
            if not _skilled(person, skills):
                self.passed["without the skill"] += 1
                continue
            standing = self.standing(person)
            if standing is not None and self.free(standing, self.route.queue):
                ranked.append((self.rank(standing, skills), standing, person))
        # In the own right before standing in for somebody: the order of the roster never decides.
        ranked.sort(key=lambda one: (one[0], one[1] is not one[2], one[2].id))
        for _, standing, person in ranked:
            if self.on_shift(standing, self.route.queue):
                instead = "" if standing is person else person.id
                why = f"`{standing.id}` is free, and first in `{self.route.queue}`"
                yield _Found(standing, instead, why)
            else:
                self.passed["off shift"] += 1

    def previous(self) -> Iterator[_Found]:
        """The human who had the case before, if it is one of the queue or the row, and free now."""
        person = self.roster.person(self.request.preferred)
        if person is None:
            return
        here = self.route.queue in person.queues
        queue = self.route.queue if here else self.row
        known = here or person.id in self.route.reviewers
        if known and absence(person, self.request.at) is None and self.ready(person, queue):
            yield _Found(person, "", f"`{person.id}` had the case before")

    def reviewer(self, name: str) -> Iterator[_Found]:
        """A reviewer that the row names, or the delegate."""
        person = self.roster.person(name)
        if person is None:
            self.passed["not in the roster"] += 1
            return
        standing = self.standing(person)
        if standing is not None and self.ready(standing, self.row):
            instead = "" if standing is person else person.id
            yield _Found(standing, instead, f"`{name}` is a reviewer of the row")

    def standing(self, person: Person) -> Person | None:
        """The person or the delegate."""
        found = person if not person.absences else stand_in(self.roster, person, self.request.at)
        if found is None:
            self.passed["absent"] += 1
        return found

    def ready(self, person: Person, queue: str) -> bool:
        """Whether a person could take the case at once."""
        return self.free(person, queue) and self.on_shift(person, queue)

    def free(self, person: Person, queue: str) -> bool:
        """Whether a person may be asked, as far as the roster says; shifts apart."""
        what = self.hindrance(person, queue)
        if what:
            self.passed[what] += 1
        return not what

    def hindrance(self, person: Person, queue: str) -> str:
        """What keeps a person from being asked."""
        if person.left:
            return "left"
        if person.id in self.request.tried:
            return "asked already"
        if not self.tags.issubset(person.tags):
            return "without the tags"
        if person.availability is Availability.OFFLINE:
            return "offline"
        if self.held.get(person.id, 0) < person.capacity:
            if person.availability is Availability.ONLINE:
                return ""
        elif person.capacity <= 0:
            return "without capacity"
        self.full[person.id] = person, queue
        return "with full hands"

    def on_shift(self, person: Person, queue: str) -> bool:
        """Whether it is a person's time to work; the queue of the route is known to be open. Many
        share a shift.
        """
        shifts, at = person.shifts, self.request.at
        if shifts is None:
            return queue == self.route.queue or at_work(person, queue, self.calendars, at)
        found = self.shifts.get(id(shifts))
        if found is None:
            found = self.shifts[id(shifts)] = at_work(person, queue, self.calendars, at)
        return found

    def rank(
        self, person: Person, skills: tuple[tuple[str, int], ...]
    ) -> tuple[bool, int, int, str]:
        """Lower goes first."""
        load = FULL * self.held.get(person.id, 0) // person.capacity
        own = dict(person.skills)
        skill = sum(own.get(name, 0) for name, _ in skills)
        return not _speaks(person, self.request.language), load, -skill, person.id

    def unskilled(self, skills: tuple[tuple[str, int], ...]) -> int:
        """How many would be asked if their skill were enough."""
        count = 0
        for person in self.members:
            if not _skilled(person, skills):
                standing = stand_in(self.roster, person, self.request.at)
                if standing is not None and not self.hindrance(standing, self.route.queue):
                    count += self.on_shift(standing, self.route.queue)
        return count


def _skilled(person: Person, skills: tuple[tuple[str, int], ...]) -> bool:
    if not skills:
        return True
    own = dict(person.skills)
    return all(own.get(name, 0) >= level for name, level in skills)


def _speaks(person: Person, language: str) -> bool:
    """Whether a person speaks a language; one who names none, or a case without one: yes."""
    if not language or not person.languages:
        return True
    spoken = language.partition("-")[0]
    return any(one.partition("-")[0] == spoken for one in person.languages)
