"""A small desk to route to, and generated packs and rosters. Times are UTC: Monday is day 0."""

from dataclasses import replace
from datetime import UTC, datetime
from random import Random
from typing import Any

from hypothesis import strategies as st

from handrail.core.calendar import ALWAYS, Calendar, Hours, Span
from handrail.core.routing import (
    Absence,
    Availability,
    Closure,
    MatrixRow,
    Person,
    Queue,
    Request,
    Roster,
)

HOUR = 3_600_000
DAY = 24 * HOUR
MONDAY = int(datetime(2026, 3, 2, tzinfo=UTC).timestamp()) * 1000
NOON = MONDAY + 12 * HOUR
OPEN = Calendar(hours=ALWAYS, zone=UTC)
WEEK = tuple(Span(day=day, start=540, end=1020) for day in range(5))
OFFICE = Calendar(hours=Hours(spans=WEEK), zone=UTC)
NEVER = Calendar(hours=Hours(), zone=UTC)


def at(day: int, hour: int, minute: int = 0) -> int:
    """A time of that week."""
    return MONDAY + day * DAY + hour * HOUR + minute * 60_000


def person(name: str, /, **settings: Any) -> Person:
    return Person(**{"id": name, "queues": ("desk",), **settings})


def roster(*people: Person, **settings: Any) -> Roster:
    return Roster(version=7, people=people, **settings)


def request(**settings: Any) -> Request:
    return Request(**{"at": NOON, "since": NOON, **settings})


QUEUES = ("billing", "desk", "night", "security")
TOPICS = ("fraud", "legal")
TIERS = ("basic", "gold")
PEOPLE = tuple(f"p{number}" for number in range(8))
TAGS = ("fraud", "legal")
MOMENTS = tuple(NOON + hours * HOUR for hours in (-30, -5, -1, 0, 1, 5, 24, 60))


def some(names: tuple[str, ...], most: int = 3) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(names), max_size=most, unique=True).map(tuple)


SKILLS = ("spanish", "support")
skills = st.lists(
    st.tuples(st.sampled_from(SKILLS), st.integers(1, 10)),
    max_size=2,
    unique_by=lambda one: one[0],
).map(tuple)
stretches = st.tuples(st.sampled_from(MOMENTS), st.sampled_from(MOMENTS))
week = st.sampled_from((OPEN, OFFICE, NEVER))


def somebody(chance: Random) -> Person:
    """Anybody. From a menu made once: drawing each field of eight people takes too long."""

    def pick(names: tuple[str, ...], most: int) -> tuple[str, ...]:
        return tuple(chance.sample(names, chance.randint(0, most)))

    gone = [sorted(chance.sample(MOMENTS, 2)) for _ in range(chance.choice((0, 0, 0, 1, 2)))]
    return Person(
        id="",
        queues=pick(QUEUES, 3),
        skills=tuple((name, chance.randint(1, 10)) for name in pick(SKILLS, 2)),
        tags=pick(TAGS, 2),
        languages=pick(("en", "es"), 2),
        capacity=chance.randint(0, 3),
        shifts=chance.choice((None, None, OPEN, OFFICE, NEVER)),
        absences=tuple(
            Absence(start=start, end=end, delegate=chance.choice(("", "nobody", *PEOPLE)))
            for start, end in gone
        ),
        availability=chance.choice((Availability.ONLINE, Availability.ONLINE, *Availability)),
        left=chance.random() < 0.15,
    )


ANYBODY = tuple(somebody(Random(seed)) for seed in range(500))


def people(name: str) -> st.SearchStrategy[Person]:
    """Somebody of that name."""
    return st.sampled_from(ANYBODY).map(lambda one: replace(one, id=name))


rosters = st.builds(
    Roster,
    version=st.integers(0, 9),
    people=st.tuples(*(people(name) for name in PEOPLE)),
    closures=st.lists(
        st.builds(
            lambda queue, when: Closure(queue=queue, start=when[0], end=when[1]),
            st.sampled_from(QUEUES),
            stretches,
        ),
        max_size=2,
    ).map(tuple),
)
requests = st.builds(
    Request,
    at=st.sampled_from(MOMENTS),
    since=st.sampled_from(MOMENTS),
    topics=st.lists(
        st.tuples(st.sampled_from(TOPICS), st.sampled_from((0, 500, 1000))), max_size=2
    ).map(tuple),
    tier=st.sampled_from(("", *TIERS)),
    vip=st.booleans(),
    hard=st.booleans(),
    preferred=st.sampled_from(("", "nobody", *PEOPLE)),
    tried=some(PEOPLE),
    language=st.sampled_from(("", "en", "es-MX")),
)
loads = st.dictionaries(st.sampled_from(PEOPLE), st.integers(0, 3))


def queues(name: str, *, whole: bool = False) -> st.SearchStrategy[Queue]:
    """A queue of that name; anything may be wrong with it unless it is `whole`."""
    others = tuple(one for one in QUEUES if one < name) if whole else (*QUEUES, "nowhere")
    return st.builds(
        Queue,
        name=st.just(name),
        steward=st.sampled_from(PEOPLE if whole else ("", "stranger", *PEOPLE)),
        skills=skills,
        relax_every=st.sampled_from((0, 600)),
        hours=st.just(ALWAYS),
        overflow=st.sampled_from(("", *others)),
        merged_into=st.just("") if whole else st.sampled_from(("", "", "", *others)),
        vip_priority=st.booleans(),
    )


rows = st.builds(
    MatrixRow,
    queue=st.sampled_from((*QUEUES, "nowhere")),
    topic=st.sampled_from(("*", *TOPICS)),
    tier=st.sampled_from(("*", *TIERS)),
    reviewers=some((*PEOPLE, "nobody")),
    tags=some(TAGS, 1),
)
matrices = st.lists(rows, max_size=5).map(tuple)
desks = st.lists(st.sampled_from(QUEUES), unique=True).flatmap(
    lambda names: st.fixed_dictionaries({name: queues(name) for name in names})
)
hours = st.fixed_dictionaries({}, optional=dict.fromkeys(QUEUES, week))
