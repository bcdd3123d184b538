"""What the simulation has found, each as the few calls that it comes down to.

A seed means something else as soon as an actor changes; these do not.
"""

from dataclasses import replace
from functools import cache

import pytest

from handrail import packs
from handrail.adapters.memory import MemoryStore
from handrail.core.model import Role, Turn
from handrail.core.ownership import Accept, Actor, Merge, Party, Resolve, Status
from handrail.core.routing import Availability, Roster
from handrail.engine import Deployment, Engine, deploy
from handrail.packs import roster
from handrail.ports import Entry

MONDAY = 1_795_424_400_000  # 2026-11-23 09:00 UTC
ASKS = Turn(role=Role.CUSTOMER, text="I want to talk to a human.")
HELLO = Turn(role=Role.CUSTOMER, text="Hello, where is my order?")
ANSWER = Turn(role=Role.AGENT, text="It is on its way.", confidence=0.9)
ANA = Actor(kind=Party.HUMAN, id="ana", supervisor=True)


class Clock:
    """A clock that stands until it is moved."""

    now = MONDAY

    def __call__(self) -> int:
        return self.now


@cache
def deployment() -> Deployment:
    pack = packs.load("support-chat")
    return deploy(pack, roster.load("support-chat", pack))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def engine(clock: Clock) -> Engine:
    return Engine(MemoryStore(clock), deployment())


def test_what_the_agent_says_while_it_is_stopped_is_refused_and_no_error(engine: Engine) -> None:
    epoch = engine.turn("c1", HELLO, id="1").epoch
    engine.stop("support", "ana")
    reply = engine.turn("c1", ANSWER, id="2", epoch=epoch)
    assert reply.refused is not None
    assert "refused" in [entry.name for entry in entries(engine, "c1")]


def test_who_asks_for_a_person_on_a_merged_case_is_heard_on_the_one_that_goes_on(
    engine: Engine,
) -> None:
    engine.turn("c1", HELLO, id="1")
    engine.turn("c2", HELLO, id="1")
    assert engine.act("c1", Merge(at=0, by=ANA, case="c1", into="c2"), id="m").refused is None
    reply = engine.turn("c1", ASKS, id="2")
    assert reply.case == "c2"
    assert reply.status in {Status.QUEUED, Status.PROPOSED}


def test_an_epoch_of_a_closed_case_lets_nobody_speak_on_the_one_that_follows_it(
    engine: Engine, clock: Clock
) -> None:
    """Both count from one: the late answer of the old case must not pass for one of the new."""
    late = engine.turn("c1", HELLO, id="1").epoch
    engine.act("c1", Resolve(at=0, by=Actor(kind=Party.AI), disposition="answered"), id="r")
    clock.now += 40 * 86_400_000
    fresh = engine.turn("c1", HELLO, id="2")
    assert fresh.case != "c1"
    assert engine.turn("c1", ANSWER, id="3", epoch=late).refused is not None


def test_of_three_who_accept_at_once_the_losers_hear_who_has_it(engine: Engine) -> None:
    engine.turn("c1", ASKS, id="1")
    asked = engine.case("c1").ownership.human
    people = [asked, "luis", "pau"]
    replies = [
        engine.act("c1", Accept(at=0, by=Actor(kind=Party.HUMAN, id=who)), id=who) for who in people
    ]
    assert [bool(reply.refused) for reply in replies] == [False, True, True]
    assert {getattr(reply.refused, "who", "") for reply in replies[1:]} == {asked}


def entries(engine: Engine, name: str) -> list[Entry]:
    with engine.store.unit() as unit:
        return list(unit.entries(name))


def test_who_answers_for_a_case_that_falls_back_has_not_left_the_firm(
    engine: Engine, clock: Clock
) -> None:
    """Seeds 14786 and 15523 of twenty thousand: the reply named a steward who was gone."""
    steward = engine.turn("c1", ASKS, id="1").accountable
    on = engine.deployment
    people = tuple(
        replace(one, left=one.id == steward, availability=Availability.OFFLINE)
        for one in on.roster.people
    )
    engine.deployment = replace(on, roster=Roster(version=2, people=people))
    clock.now += 3_600_000
    reply = engine.turn("c1", HELLO, id="2")
    assert reply.status is Status.FALLBACK
    assert reply.accountable not in {"", steward}
