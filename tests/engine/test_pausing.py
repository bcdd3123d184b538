"""A holder who waits for others pauses the clock of the resolution, with a check-back."""

import pytest

from engine.world import ASK, HOUR, MINUTE, World, human
from handrail.core.model import Role, Turn
from handrail.core.ownership import Release, Status
from handrail.core.sla import Deadline, Kind
from handrail.errors import InputError

ASKED = Turn(role=Role.HUMAN, text="I have asked the carrier.")


def held() -> World:
    world = World()
    world.customer(ASK)
    world.engine.turn("c1", ASKED, id="h", by=world.own().human)
    return world


def resolution(world: World) -> Deadline:
    with world.engine.store.unit() as unit:
        return next(one for one in unit.deadlines("c1") if one.kind is Kind.RESOLUTION)


def test_a_holder_pauses_and_the_check_back_is_heard_while_the_clock_stands() -> None:
    world = held()
    me, due = world.own().human, resolution(world).due
    until = world.now + 2 * HOUR
    reply = world.engine.pause("c1", me, id="p", check_back=until, reason="third_party")
    assert reply.refused is None
    assert reply.status is Status.HELD
    assert world.engine.pause("c1", me, id="p", check_back=until, reason="third_party") == reply
    world.wait(2 * HOUR)
    told = [one for one in world.entries(name="clock") if one.body.get("kind") == "check_back"]
    assert [one.body["at"] for one in told] == [until]
    assert resolution(world).paused_at
    world.engine.unpause("c1", me, id="u")
    assert resolution(world).due == due + 2 * HOUR
    assert [one.name for one in world.entries() if "pause" in one.name] == ["pause", "unpause"]


def test_the_customer_s_next_turn_and_a_change_of_hands_end_the_pause() -> None:
    for end in ("turn", "release"):
        world = held()
        me = world.own().human
        world.engine.pause("c1", me, id="p", check_back=world.now + 9 * HOUR)
        world.now += 10 * MINUTE
        if end == "turn":
            world.customer("Any news?")
        else:
            world.engine.act("c1", Release(at=0, by=human(me)), id="r")
        assert not resolution(world).paused_at


def test_only_the_holder_pauses_and_only_until_an_instant_to_come() -> None:
    world = held()
    other = world.engine.pause("c1", "somebody", id="p", check_back=world.now + HOUR)
    assert other.why == "not_owner"
    with pytest.raises(InputError, match="has passed"):
        world.engine.pause("c1", world.own().human, id="q", check_back=world.now)
    assert not resolution(world).paused_at
