"""What a day came to, read from the ledgers of its cases."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import quantiles

from handrail.core.ownership import Status
from handrail.core.routing import Person as Member
from handrail.core.routing import away
from handrail.engine import Deployment
from handrail.ports import Entry
from handrail.traffic.day import Day
from handrail.traffic.settings import MINUTE

_SAMPLE = 5 * MINUTE
"""How often it is looked who is at work."""
Stretch = tuple[int, int]
_TAKES = frozenset({"accept", "takeover"})
_ENDS = frozenset({"resolve", "withdraw", "merge"})


@dataclass(slots=True, kw_only=True)
class Queue:
    """A queue's day. Waits and forecasts are milliseconds from the handoff until a person had the
    case; `most` waited at one time. Of `timed` clocks of the time to accept `met` were in time.
    """

    cases: int = 0
    most: int = 0
    waits: list[int] = field(default_factory=list)
    met: int = 0
    timed: int = 0
    forecasts: list[tuple[int, int]] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Person:
    """A person's day: proposals and how they ended. `places` for cases while at work, times
    milliseconds; `busy` is what of them was used, `outside` what the person did besides, as a
    reviewer whose queue was shut, or after the shift.
    """

    asked: int = 0
    took: int = 0
    unanswered: int = 0
    places: int = 0
    busy: int = 0
    outside: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """All of a day. `missed` counts the clocks that ran out by kind, `fallbacks` by kind."""

    cases: int
    handoffs: int
    by_ai: int
    offers: int
    taken: int
    queues: Mapping[str, Queue]
    people: Mapping[str, Person]
    triggers: Mapping[str, int]
    missed: Mapping[str, int]
    fallbacks: Mapping[str, int]
    open: Mapping[str, int]

    @property
    def waits(self) -> list[int]:
        """Every wait, of all queues."""
        return [wait for queue in self.queues.values() for wait in queue.waits]

    @property
    def forecasts(self) -> list[tuple[int, int]]:
        """Every forecast with the wait that followed."""
        return [pair for queue in self.queues.values() for pair in queue.forecasts]


def percentile(waits: Sequence[int], share: int) -> int | None:
    """The wait within which `share` per cent were helped; None when nobody was."""
    if len(waits) < 2:
        return waits[0] if waits else None
    return round(quantiles(waits, n=100, method="inclusive")[share - 1])


def measure(day: Day) -> Figures:
    """Read a day that has been played."""
    reader = _Reader(day.on)
    states: Counter[str] = Counter()
    by_ai = 0
    with day.engine.store.unit() as unit:
        for name in day.names:
            case = unit.case(name)
            if case is None:
                continue
            reader.case(unit.entries(name), day.now)
            own = case.ownership
            if own.status is not Status.CLOSED:
                states[own.status.value] += 1
            elif not own.handoff:
                by_ai += 1
    for name, queue in reader.queues.items():
        queue.most = _most(reader.stretches.get(name, []))
    _at_work(day, reader)
    return Figures(
        cases=len(day.names),
        handoffs=sum(reader.triggers.values()),
        by_ai=by_ai,
        offers=day.offers,
        taken=day.taken,
        queues=reader.queues,
        people=reader.people,
        triggers=dict(reader.triggers),
        missed=dict(reader.missed),
        fallbacks=dict(reader.fallbacks),
        open=dict(states),
    )


class _Reader:
    """Adds up ledgers, one case after the other."""

    def __init__(self, on: Deployment) -> None:
        self.queues = {name: Queue() for name in on.queues}
        self.people = {one.id: Person() for one in on.roster.people if not one.left}
        self.triggers: Counter[str] = Counter()
        self.missed: Counter[str] = Counter()
        self.fallbacks: Counter[str] = Counter()
        self.stretches: dict[str, list[Stretch]] = {}
        self.held: dict[str, list[Stretch]] = {}

    def case(self, entries: Sequence[Entry], end: int) -> None:
        """One ledger: where the case waited, for how long, and who had it."""
        queue = holder = asked = ""
        opened = waits_from = held_from = forecast = 0
        waiting = False
        for entry in entries:
            name, body, at = entry.name, entry.body, entry.at
            if name == "decision":
                told = json.loads(body["record"])["context"].get("forecast", {}).get("wait")
                forecast = -1 if told is None else 1000 * told
            elif name == "open" and not opened:
                opened, queue, waiting, waits_from = at, body["queue"], True, at
                self.triggers[body["reason"]] += 1
                self.of(queue).cases += 1
            elif name == "reroute" and waiting:
                self.waited(queue, waits_from, at)
                queue, waits_from = body["queue"], at
                self.of(queue).cases += 1
            elif name in _TAKES:
                if waiting:
                    self.waited(queue, waits_from, at)
                if not holder and opened:
                    self.of(queue).waits.append(at - opened)
                    if forecast >= 0:
                        self.of(queue).forecasts.append((forecast, at - opened))
                waiting, holder, held_from = False, entry.actor.partition(":")[2], at
                self.person(holder).took += 1
            elif name == "release" or name in _ENDS:
                if holder and not waiting:
                    self.held.setdefault(holder, []).append((held_from, at))
                if waiting and name in _ENDS:
                    self.waited(queue, waits_from, at)
                waiting, waits_from = name == "release", at
            elif name == "propose":
                asked = body["human"]
                self.person(asked).asked += 1
            elif name == "expire":
                self.person(asked).unanswered += 1
            self.note(entry, queue)
        if waiting:
            self.waited(queue, waits_from, end)

    def note(self, entry: Entry, queue: str) -> None:
        """What is only counted."""
        body = entry.body
        if entry.name == "fall_back":
            self.fallbacks[body["kind"]] += 1
        elif entry.name == "clock" and body.get("what") == "breach":
            self.missed[body["kind"]] += 1
        elif entry.name == "clock" and body["kind"] == "accept" and "result" in body:
            self.of(queue).timed += body["result"] != "cancelled"
            self.of(queue).met += body["result"] == "hit"

    def waited(self, queue: str, start: int, end: int) -> None:
        """A case that waited in a queue."""
        self.stretches.setdefault(queue, []).append((start, end))

    def of(self, queue: str) -> Queue:
        """The figures of a queue."""
        return self.queues.setdefault(queue, Queue())

    def person(self, name: str) -> Person:
        """The figures of a person."""
        return self.people.setdefault(name, Person())


def _most(stretches: Sequence[Stretch]) -> int:
    """The most stretches that hold at one time; who comes at the instant of an end comes after."""
    now = most = 0
    for _, change in sorted(_changes(stretches)):
        now += change
        most = max(most, now)
    return most


def _changes(stretches: Sequence[Stretch]) -> Iterator[tuple[int, int]]:
    for start, end in stretches:
        if end > start:
            yield start, 1
            yield end, -1


def _at_work(day: Day, reader: _Reader) -> None:
    """How many places for cases each person had while the day lasted, and how many were used."""
    start, end = day.settings.start, day.settings.end
    for one in day.on.roster.people:
        own = reader.person(one.id)
        works = [_works(day.on, one, at) for at in range(start, end, _SAMPLE)]
        own.places = sum(works) * one.capacity * _SAMPLE
        for began, ended in reader.held.get(one.id, ()):
            for slot in range((began - start) // _SAMPLE, -(-(ended - start) // _SAMPLE)):
                at = start + slot * _SAMPLE
                part = max(0, min(ended, end, at + _SAMPLE) - max(began, at))
                if slot < len(works) and works[slot]:
                    own.busy += part
                else:
                    own.outside += part


def _works(on: Deployment, one: Member, at: int) -> bool:
    return any(away(one, queue, on.calendars, at) is None for queue in one.queues)
