"""The roster as supervisors change it: each edit a version, an entry, and in force at once."""

from typing import Any

import pytest

from engine import policies as p
from engine.policies import ANA, BO
from engine.world import ASK, World
from handrail.core.ownership import Actor, Party, Status
from handrail.core.routing import Availability
from handrail.errors import Conflict, InputError, NotFound, PackError, Refused
from handrail.wiring.policies import policies


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    p.quick(monkeypatch)


def test_who_leaves_loses_their_cases_at_once_and_keeps_the_name() -> None:
    world = World()
    made = p.begun(world)
    name = world.held()
    assert made.roster.remove(name, BO) == 2
    assert world.own().human != name
    assert world.own().status in {Status.QUEUED, Status.PROPOSED}
    assert world.entries(name="release")[0].body["reason"] == "left"
    found = world.engine.deployment.roster.person(name)
    assert found is not None
    assert found.left
    assert world.engine.deployment.roster.version == 2


def test_every_edit_is_a_version_and_an_entry_with_who_and_what_and_no_names() -> None:
    world = World()
    made = p.begun(world)
    roster = made.roster
    assert roster.put("zoe", {"name": "Zoe Secret", "queues": ["frontline"]}, BO) == 2
    assert roster.available("zoe", Availability.BUSY, BO) == 3
    assert roster.away("zoe", "2026-11-23", "2026-11-24", BO, delegate="ana") == 4
    assert roster.back("zoe", BO) == 5
    assert roster.close("frontline", "2026-11-23 14:00", "2026-11-23 16:00", BO) == 6
    assert roster.reopen("frontline", BO) == 7
    assert roster.set(p.people(), BO) == 8
    told = roster.history()
    assert [one.body["version"] for one in told] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert [one.name for one in told[1:]] == [
        "roster_person",
        "roster_available",
        "roster_away",
        "roster_back",
        "roster_closed",
        "roster_reopened",
        "roster_set",
    ]
    assert {one.actor for one in told[1:]} == {"human:bo"}
    assert told[1].body == {"version": 2, "person": "zoe", "fields": ["name", "queues"]}
    assert "Secret" not in str([dict(one.body) for one in told])
    assert roster.show(2)[1]["people"]["zoe"]["name"] == "Zoe Secret"
    assert "zoe" not in roster.show()[1]["people"]
    assert world.engine.deployment.roster.version == 8
    with pytest.raises(NotFound, match="no version 9"):
        roster.show(9)


def test_absences_and_closures_are_of_the_moment_and_end_early() -> None:
    world = World()
    made = p.begun(world)

    def gone(name: str) -> bool:
        person = world.engine.deployment.roster.person(name)
        assert person is not None
        return any(one.start <= world.now < one.end for one in person.absences)

    made.roster.away("ana", "2026-11-20", "2026-11-21", BO)
    made.roster.away("ana", "2026-11-23", "2026-11-25", BO, delegate="luis")
    assert gone("ana")
    made.roster.back("ana", BO)
    assert not gone("ana")
    assert [one["start"] for one in made.roster.show()[1]["people"]["ana"]["absences"]] == [
        "2026-11-20"  # what was, stays
    ]
    made.roster.close("frontline", "2026-11-23", "2026-11-23", BO)
    roster = world.engine.deployment.roster
    assert roster.shut_until("frontline", world.now) > world.now
    world.customer(ASK)
    assert world.own().queue != "frontline"
    made.roster.reopen("frontline", BO)
    assert world.engine.deployment.roster.shut_until("frontline", world.now) == world.now
    world.customer(ASK, "c2")
    assert world.own("c2").queue == "frontline"


@pytest.mark.parametrize(
    ("person", "fields"),
    [
        ("zoe", {"queues": ["nowhere"]}),
        ("zoe", {"capacity": -1}),
        ("zoe", {"colour": "red"}),
        ("zoe", {"shifts": {"mon-fri": "25:00-26:00"}}),
        (" ", {"capacity": 1}),
    ],
)
def test_what_no_roster_could_say_changes_nothing(person: str, fields: dict[str, Any]) -> None:
    made = p.begun(World())
    with pytest.raises(PackError):
        made.roster.put(person, fields, BO)
    assert made.roster.show()[0] == 1
    assert len(made.roster.history()) == 1


def test_edits_that_cannot_be_meant_are_refused() -> None:
    world = World()
    bare = policies(world.store, world.engine)
    with pytest.raises(Refused, match="no pack is in force"):
        bare.roster.put("zoe", {}, BO)
    made = p.begun(world)
    with pytest.raises(NotFound, match="nobody `zoe`"):
        made.roster.remove("zoe", BO)
    with pytest.raises(NotFound, match="nobody `zoe`"):
        made.roster.back("zoe", BO)
    with pytest.raises(InputError, match="nobody is named"):
        made.roster.remove("ana", Actor(kind=Party.HUMAN))
    with pytest.raises(PackError, match="is not after the start"):
        made.roster.away("ana", "2026-12-02", "2026-12-01", ANA)
    made.roster.available("ana", Availability.BUSY, BO, version=1)
    with pytest.raises(Conflict, match="at version 2 by now, not 1"):
        made.roster.available("ana", Availability.ONLINE, BO, version=1)
