"""Who is asked when people come, go and become free."""

from dataclasses import replace

from engine.world import ASK, BOSS, MINUTE, NIGHT, World, deployment, with_people
from handrail.core.ownership import Fallback, Status
from handrail.core.ownership import commands as c
from handrail.core.routing import Availability, Person


def all_busy(person: Person) -> Person:
    return replace(person, availability=Availability.BUSY)


def one_free(person: Person) -> Person:
    """Only the shift lead has a hand free, and none of the skills."""
    if person.id != "shift-lead":
        return all_busy(person)
    return replace(person, skills=())


def test_a_case_that_knows_somebody_is_not_given_up_with_one_that_knows_nobody() -> None:
    world = World()
    start = deployment("support-chat")
    world.engine.deployment = with_people(start, all_busy)
    for case in ("c1", "c2", "c3"):
        world.customer(ASK, case)
        assert world.own(case).status is Status.QUEUED
    with world.store.unit() as unit:
        case = unit.case("c2")
        assert case is not None
        unit.save(replace(case, ownership=replace(case.ownership, previous="shift-lead")))
    world.engine.deployment = with_people(start, one_free)
    world.engine.fire()
    assert [world.own(case).human for case in ("c1", "c2", "c3")] == ["", "shift-lead", ""]


def test_a_case_that_has_just_fallen_back_holds_up_no_other() -> None:
    world = World(at=NIGHT)
    start = deployment("support-chat")
    world.engine.deployment = with_people(
        start, lambda one: replace(one, availability=Availability.OFFLINE)
    )
    for case in ("c1", "c2"):
        world.customer(ASK, case)
        assert world.own(case).status is Status.FALLBACK
    world.now += MINUTE
    due = world.own().fallback_due
    assert world.act(c.FallBack, BOSS, kind=Fallback.CALLBACK, due=due).refused is None
    assert world.own().at == world.now
    world.engine.deployment = start
    world.engine.fire()
    assert [bool(world.own(case).human) for case in ("c1", "c2")] == [False, True]
    world.now += MINUTE
    world.engine.fire()
    assert world.own().human
