"""A large desk: 10,000 people in 1,000 queues, and what it costs to find one of them."""

import random
from dataclasses import replace
from datetime import UTC
from typing import TYPE_CHECKING, Any

from bench.timing import Side, costs, spread

from handrail.core.calendar import ALWAYS, Calendar, Hours, Span
from handrail.core.routing import (
    Absence,
    Availability,
    MatrixRow,
    Person,
    Queue,
    Request,
    Roster,
    assign,
)

if TYPE_CHECKING:
    from bench.rows import Row

PEOPLE, QUEUES, CALLS = 10_000, 1_000, 300
AT = 1_773_000_000_000  # a Sunday evening in March
SKILLS = ("billing", "orders", "platform", "support")
LIMIT = 2.0
SHIFTS = tuple(
    Calendar(
        hours=Hours(spans=tuple(Span(day=day, start=0, end=60 * end) for day in range(7))),
        zone=UTC,
    )
    for end in (6, 12, 22, 24)
)


def desk(chance: random.Random) -> tuple[dict[str, Queue], tuple[MatrixRow, ...], Roster]:
    """Queues that overflow to the next, rows for each, and people in three queues each."""
    names = [f"q{number:04}" for number in range(QUEUES)]
    queues = {
        name: Queue(
            name=name,
            steward=f"p{number:05}",
            hours=ALWAYS,
            overflow=names[number + 1] if number % 4 else "",
            skills=((chance.choice(SKILLS), chance.randint(1, 6)),),
            relax_every=300,
        )
        for number, name in enumerate(names[:-1])
    } | {names[-1]: Queue(name=names[-1], steward="p00000", hours=ALWAYS)}
    rows = tuple(MatrixRow(queue=name, topic=f"t{name}", tags=("t1",)) for name in names)
    people = tuple(_person(f"p{number:05}", names, chance) for number in range(PEOPLE))
    return queues, (*rows, MatrixRow(queue=names[0])), Roster(version=1, people=people)


def _person(name: str, queues: list[str], chance: random.Random) -> Person:
    gone = (Absence(start=AT - 1, end=AT + 1, delegate=f"p{chance.randrange(PEOPLE):05}"),)
    return Person(
        id=name,
        queues=tuple(chance.sample(queues, 3)),
        skills=tuple((skill, chance.randint(1, 10)) for skill in SKILLS),
        tags=tuple(f"t{number}" for number in range(chance.randint(0, 3))),
        capacity=4,
        shifts=chance.choice(SHIFTS),
        absences=gone if chance.random() < 0.1 else (),
        availability=chance.choice((Availability.ONLINE, Availability.OFFLINE)),
    )


def requests(chance: random.Random) -> list[Request]:
    """Handoffs on any topic; some people have been asked."""
    return [
        Request(
            at=AT,
            since=AT - chance.randrange(600_000),
            topics=((f"tq{chance.randrange(QUEUES):04}", 1000),),
            preferred=f"p{chance.randrange(PEOPLE):05}",
            tried=tuple(f"p{chance.randrange(PEOPLE):05}" for _ in range(3)),
        )
        for _ in range(CALLS)
    ]


def routed() -> list["Row"]:
    """A route and a nomination, everything made; one queue of all people; making the index."""
    from bench.rows import Row

    chance = random.Random(5)
    queues, rows, roster = desk(chance)
    calendars = {name: Calendar(hours=ALWAYS, zone=UTC) for name in queues}
    held = {one.id: chance.randrange(5) for one in roster.people}
    found = requests(chance)

    def ask(request: Request) -> Any:
        return assign(queues, rows, calendars, roster, request, held)

    asked = [ask(one).nomination.person for one in found]
    crowd = replace(roster, people=tuple(replace(one, queues=("q0000",)) for one in roster.people))
    alone = [(replace(one, topics=()),) for one in found[:5]]

    def ask_all(request: Request) -> Any:
        return assign(queues, rows, calendars, crowd, request, held)

    p50, p99 = spread(Side(ask, [(one,) for one in found]), passes=9)
    ask_all(found[0])
    everybody, index = costs(
        Side(ask_all, alone), Side(lambda: replace(roster).index, [()] * 3), rounds=5
    )
    note = f"{PEOPLE:,} people, {QUEUES:,} queues; {sum(map(bool, asked))} of {CALLS} found one"
    return [
        Row(name="route and nominate, p50", value=p50 / 1000, unit="ms", bar=LIMIT, note=note),
        Row(name="route and nominate, p99", value=p99 / 1000, unit="ms", bar=LIMIT),
        Row(name="the same, all people in one queue", value=everybody / 1000, unit="ms"),
        Row(name="index of the roster", value=index / 1000, unit="ms", note="once an edit"),
    ]
