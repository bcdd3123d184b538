"""A roster file: the people behind the queues of a pack, apart from it.

Local dates and times become instants here, because the time zone database is a file.
"""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from handrail.core import policy
from handrail.core.calendar import Calendar, day_span
from handrail.core.routing import Absence, Closure, Person, Roster
from handrail.errors import NotFound, PackError
from handrail.packs import build_queue, find
from handrail.packs.build import Issues
from handrail.packs.problems import check, in_order
from handrail.packs.shape import pack as pack_file
from handrail.packs.shape import roster as file
from handrail.packs.source import KeyPath, Source, parse, read

_MS = timedelta(milliseconds=1)
_EPOCH = datetime.fromisoformat("1970-01-01T00:00+00:00")


def load(given: str | Path, pack: policy.Pack) -> Roster:
    """The roster of a file, or that of the starter pack of a name, for a pack.

    Raises PackError with all that is wrong with it, NotFound when there is none.
    """
    return _finish(read(_path(given)), pack)


def _path(given: str | Path) -> Path:
    path = find.find(given)
    if path.parent == find.STARTERS and not path.name.endswith(find.ROSTER):
        path = path.with_name(path.stem + find.ROSTER)
    if not path.is_file():
        raise NotFound(f"no roster `{given}`; check the path, or copy that of a starter pack")
    return path


def loads(text: str, pack: policy.Pack, name: str = "roster.yaml") -> Roster:
    """The roster of a text. Raises PackError."""
    return _finish(parse(text.encode(), name), pack)


def of_tree(tree: dict[str, Any], pack: policy.Pack, name: str = "roster") -> Roster:
    """The roster of what is in a file, read already. Raises PackError."""
    return _finish(Source(file=name, tree=tree, places={}), pack)


def tree_of(given: str | Path, pack: policy.Pack) -> dict[str, Any]:
    """What is in the file that `load` would load, once it was found right."""
    load(given, pack)
    return read(_path(given)).tree


def within(tree: dict[str, Any], queues: Collection[str]) -> dict[str, Any]:
    """The tree of a roster without the queues that are not among these."""
    people = {
        name: {**own, "queues": [one for one in own.get("queues", ()) if one in queues]}
        for name, own in tree.get("people", {}).items()
    }
    holidays = {key: own for key, own in tree.get("holidays", {}).items() if key in queues}
    closures = [one for one in tree.get("closures", ()) if one["queue"] in queues]
    return {**tree, "people": people, "holidays": holidays, "closures": closures}


def calendars(pack: policy.Pack, roster: Roster) -> dict[str, Calendar]:
    """When each queue is open: its hours without its closures. None for one without hours."""
    closed: dict[str, list[tuple[int, int]]] = {}
    for closure in roster.closures:
        closed.setdefault(closure.queue, []).append((closure.start, closure.end))
    return {
        queue.name: Calendar(
            hours=queue.hours,
            zone=ZoneInfo(queue.hours.time_zone),
            closed=tuple(sorted(closed.get(queue.name, ()))),
        )
        for queue in pack.queues
        if queue.hours is not None
    }


def _finish(source: Source, pack: policy.Pack) -> Roster:
    shape = check(file.Roster, source.tree, source.places, source.file, source.problems)
    issues = Issues(source.places, source.file)
    reader = _Reader(shape, pack, issues)
    roster = Roster(
        version=shape.version,
        people=tuple(reader.person(name) for name in sorted(shape.people)),
        closures=reader.closures(),
    )
    if issues.found:
        raise PackError(in_order(issues.found))
    return roster


class _Reader:
    """Makes people and closures of a shape; problems go to `issues`."""

    def __init__(self, shape: file.Roster, pack: policy.Pack, issues: Issues) -> None:
        self.shape = shape
        self.issues = issues
        self.queues = {queue.name: queue for queue in pack.queues}
        self.zone = build_queue.zone(shape.time_zone, issues, ("time_zone",))
        self.calendars: dict[policy.Hours, Calendar] = {}

    def person(self, name: str) -> Person:
        """The person of that id."""
        own, path = self.shape.people[name], ("people", name)
        for place, queue in enumerate(own.queues):
            self.issues.known((*path, "queues", place), "queue", queue, self.queues)
        zone = self.zone
        if own.time_zone:
            zone = build_queue.zone(own.time_zone, self.issues, (*path, "time_zone"))
        return Person(
            id=name,
            name=own.name,
            queues=tuple(sorted(set(own.queues))),
            skills=tuple(sorted(own.skills.items())),
            tags=tuple(sorted(set(own.tags))),
            languages=tuple(own.languages),
            capacity=own.capacity,
            shifts=self.shifts(own, zone, path),
            absences=self.absences(own, zone, path),
            availability=own.availability,
            left=own.left,
        )

    def shifts(self, own: file.Person, zone: ZoneInfo, path: KeyPath) -> Calendar | None:
        """The shifts of a person; people of the same ones share a calendar, asked once for all."""
        if own.shifts is None:
            return None
        week = pack_file.Hours(time_zone=zone.key, weekly=own.shifts)
        hours = build_queue.hours(week, self.issues, path, "shifts")
        return self.calendars.setdefault(hours, Calendar(hours=hours, zone=zone))

    def absences(self, own: file.Person, zone: ZoneInfo, path: KeyPath) -> tuple[Absence, ...]:
        """Absences, and holidays as absences for which nobody stands in."""
        found = []
        for place, one in enumerate(own.absences):
            here = (*path, "absences", place)
            self.issues.known((*here, "delegate"), "person", one.delegate, self.shape.people)
            start, end = self.stretch(one.start, one.end, zone, here)
            found.append(Absence(start=start, end=end, delegate=one.delegate))
        for day in own.holidays:
            start, end = day_span(zone, day)
            found.append(Absence(start=start, end=end))
        return tuple(found)

    def closures(self) -> tuple[Closure, ...]:
        """Closures, and holidays of queues, in the zone of the queue."""
        found = []
        for name, days in self.shape.holidays.items():
            self.issues.known(("holidays", name), "queue", name, self.queues)
            for day in days:
                start, end = day_span(self.zone_of(name), day)
                found.append(Closure(queue=name, start=start, end=end))
        for place, one in enumerate(self.shape.closures):
            here = ("closures", place)
            self.issues.known((*here, "queue"), "queue", one.queue, self.queues)
            start, end = self.stretch(one.start, one.end, self.zone_of(one.queue), here)
            found.append(Closure(queue=one.queue, start=start, end=end))
        return tuple(sorted(found, key=lambda one: (one.queue, one.start, one.end)))

    def zone_of(self, name: str) -> ZoneInfo:
        """The zone of a queue's hours, else that of the roster."""
        queue = self.queues.get(name)
        return ZoneInfo(queue.hours.time_zone) if queue and queue.hours else self.zone

    def stretch(self, start: date, end: date, zone: ZoneInfo, path: KeyPath) -> tuple[int, int]:
        """Local dates and times as instants, [start, end); a last day is included."""
        found = _instants(start, zone)[0], _instants(end, zone)[1]
        if found[0] >= found[1]:
            self.issues.add((*path, "end"), f"`{end}` is not after the start, `{start}`")
        return found


def _instants(when: date, zone: ZoneInfo) -> tuple[int, int]:
    """Beginning and end of a day; of a time twice that time."""
    if not isinstance(when, datetime):
        return day_span(zone, when)
    at = (when.replace(tzinfo=zone) - _EPOCH) // _MS
    return at, at
