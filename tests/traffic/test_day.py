"""A day of traffic: all that comes in is accounted for, and the figures are the ledgers'."""

from dataclasses import replace
from functools import cache

import pytest

from handrail import packs, samples
from handrail.core.ownership import Status
from handrail.core.routing import Availability
from handrail.engine import Deployment, deploy
from handrail.importers import Conversation
from handrail.packs import roster
from handrail.traffic import Figures, Settings, measure, percentile, play
from handrail.traffic.day import Day

MONDAY = 1_795_388_400_000  # 2026-11-23 00:00 in Madrid
MORNING = MONDAY + 8 * 3_600_000


@cache
def deployed() -> Deployment:
    pack = packs.load("support-chat")
    return deploy(pack, roster.load("support-chat", pack))


@cache
def conversations() -> tuple[Conversation, ...]:
    return tuple(one for one in samples.read() if one.workflow == "support")


def day(on: Deployment | None = None, **told: int) -> Day:
    settings = Settings(**{"start": MORNING, "hours": 4, "cases": 30, **told})
    return play(on or deployed(), conversations(), settings)


@cache
def usual() -> tuple[Day, Figures]:
    made = day()
    return made, measure(made)


def test_every_case_is_accounted_for() -> None:
    made, found = usual()
    assert found.cases == len(made.names) > 10
    assert found.by_ai + found.handoffs == found.cases
    assert found.handoffs > 5
    assert found.open == {}
    assert len(found.waits) == found.handoffs  # nothing is open, so a person had each of them


def test_the_same_seed_gives_the_same_day_and_another_another() -> None:
    assert measure(day(seed=4)) == measure(day(seed=4))
    assert measure(day(seed=4)) != measure(day(seed=5))


def test_waits_are_those_of_the_ledger() -> None:
    made, found = usual()
    waits = []
    with made.engine.store.unit() as unit:
        for name in made.names:
            times = {entry.name: entry.at for entry in reversed(unit.entries(name))}
            if "open" in times:
                waits.append(times["accept"] - times["open"])
    assert sorted(found.waits) == sorted(waits)


def test_people_take_what_they_are_asked_and_nobody_more_at_a_time_than_the_roster_says() -> None:
    made, found = usual()
    assert sum(one.took for one in found.people.values()) >= found.handoffs
    for name, one in found.people.items():
        assert one.took + one.unanswered <= one.asked, name
        assert 0 <= one.busy <= one.places, name
    assert made.engine.case(made.names[0]).ownership.status is Status.CLOSED


def test_fewer_people_make_longer_waits() -> None:
    _, many = usual()
    on = deployed()
    few = tuple(
        one if one.id in {"support-lead", "counsel"} else replace(one, left=True)
        for one in on.roster.people
    )
    tight = measure(day(deploy(on.pack, replace(on.roster, people=few)), handle=1800))
    assert sum(tight.waits) > 3 * sum(many.waits)
    assert tight.missed["accept"] > many.missed.get("accept", 0)


def test_without_anybody_the_fallback_runs_and_the_steward_has_the_cases() -> None:
    on = deployed()
    gone = tuple(replace(one, availability=Availability.OFFLINE) for one in on.roster.people)
    found = measure(day(deploy(on.pack, replace(on.roster, people=gone)), cases=10, hours=1))
    assert found.handoffs > 0
    assert found.waits == []
    assert found.fallbacks == {"callback": found.handoffs}
    assert found.open == {"fallback": found.handoffs}


def test_long_handling_fills_hands() -> None:
    quick, slow = measure(day(handle=60)), measure(day(handle=3000))
    assert sum(one.busy for one in slow.people.values()) > 5 * sum(
        one.busy for one in quick.people.values()
    )


@pytest.mark.parametrize(("share", "taken"), [(0, 0), (1000, None)])
def test_offers_are_taken_as_often_as_told(share: int, taken: int | None) -> None:
    found = measure(day(offers_taken=share, cases=40))
    assert found.offers > 0
    assert found.taken == (found.offers if taken is None else taken)


@pytest.mark.parametrize(
    ("waits", "share", "wanted"), [([], 50, None), ([7], 90, 7), ([1, 2, 3], 50, 2)]
)
def test_a_percentile_of_few(waits: list[int], share: int, wanted: int | None) -> None:
    assert percentile(waits, share) == wanted
