"""What an approval is for, who may let a message leave, and what still counts as an answer."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from engine.world import ASK, DAY, HOUR, MINUTE, NIGHT, World, deployment, told, with_people
from handrail import outbox
from handrail.core.model import Role, ToolCall, Turn
from handrail.core.ownership import Epoch, Refusal, Refused, Status
from handrail.core.routing import Availability
from handrail.engine import Barred
from handrail.engine.gate import digest
from handrail.errors import InputError
from handrail.ports import Delivery, Effect, Sent

FIRST = Epoch(1, 1)
CALL = Turn(role=Role.AGENT, tool_calls=(ToolCall(name="look_up"),))
RESULT = Turn(role=Role.TOOL, tool="look_up", text="shipped", error=False)


# Approvals


def asked() -> World:
    world = World("ops-agent")
    world.customer("Please make the machine larger.")
    world.engine.ask_approval("c1", "resize", {"n": 1}, id="p")
    return world


OTHERS = ({"n": 2}, {"n": 1.5}, {"n": True}, {"n": "1"}, {"n": 1, "x": None}, {"N": 1}, {})


@pytest.mark.parametrize("args", OTHERS)
@pytest.mark.parametrize("answer", [None, False, True])
def test_another_argument_does_not_get_around_an_approval(
    args: Mapping[str, Any], answer: bool | None
) -> None:
    world = asked()
    if answer is not None:
        world.engine.answer_approval("p", "ops-lead", granted=answer)
    assert world.engine.admit("c1", FIRST, "resize", args=args) is Barred.ACTION_CHANGED
    assert world.engine.admit("c1", FIRST, "restart", args=args) is None  # nobody asked for that


def test_one_number_in_two_spellings_is_one_argument() -> None:
    world = asked()
    admit = world.engine.admit
    assert admit("c1", FIRST, "resize", args={"n": 1.0}) is Barred.NOT_GRANTED
    world.engine.answer_approval("p", "ops-lead", granted=True)
    assert admit("c1", FIRST, "resize", args={"n": 1.0}) is None
    assert admit("c1", FIRST, "resize", args={"n": 1}) is Barred.APPROVAL_USED
    assert digest("x", {"a": [{"b": -0.0}]}) == digest("x", {"a": ({"b": 0},)})
    assert digest("x", {"a": 1}) != digest("x", {"a": True})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1, 2}, b"x"])
def test_what_is_no_json_has_no_digest(value: object) -> None:
    with pytest.raises(InputError, match="the arguments of `resize` are no JSON"):
        digest("resize", {"n": value})


def test_each_request_is_for_its_own_arguments() -> None:
    world = asked()
    world.engine.ask_approval("c1", "resize", {"n": 2}, id="q")
    world.engine.answer_approval("q", "ops-lead", granted=True)
    admit = world.engine.admit
    assert admit("c1", FIRST, "resize", args={"n": 1}) is Barred.NOT_GRANTED
    assert admit("c1", FIRST, "resize", args={"n": 3}) is Barred.ACTION_CHANGED
    assert admit("c1", FIRST, "resize", args={"n": 2}) is None
    assert admit("c1", FIRST, "resize", args={"n": 2}) is Barred.APPROVAL_USED


def test_a_yes_that_is_still_good_counts_beside_one_that_is_over() -> None:
    world = asked()
    world.engine.ask_approval("c1", "resize", {"n": 2}, id="a", expires_in=2 * HOUR)
    world.engine.ask_approval("c1", "resize", {"n": 2}, id="z", expires_in=MINUTE)
    for name in "az":
        world.engine.answer_approval(name, "ops-lead", granted=True)
    world.now += 2 * MINUTE
    assert world.engine.admit("c1", FIRST, "resize", args={"n": 2}) is None
    assert world.engine.admit("c1", FIRST, "resize", args={"n": 2}) is not None


# The silence of the AI


def waiting() -> World:
    """A customer who asked a minute ago; the AI has ten minutes."""
    world = World()
    on = deployment("support-chat")
    sla = tuple(replace(one, ai_silence=600) for one in on.pack.sla)
    world.engine.deployment = replace(on, pack=replace(on.pack, sla=sla))
    world.customer("Where is my parcel?")
    world.now += MINUTE
    return world


@pytest.mark.parametrize(
    "turn",
    [
        Turn(role=Role.AGENT, text=""),
        Turn(role=Role.AGENT, text=" \n"),
        CALL,
        replace(CALL, text="One moment."),
        RESULT,
    ],
)
def test_an_ai_that_only_works_has_not_answered_and_its_clock_begins_anew(turn: Turn) -> None:
    world = waiting()
    world.turn(turn, epoch=FIRST)
    assert world.deadlines()["ai_silence"].due == world.now + 10 * MINUTE
    world.wait(11 * MINUTE)
    assert world.own().status is Status.PROPOSED  # it crashed on the way: a person comes
    assert world.own().reasons == ("no_progress",)


def test_only_a_text_without_a_call_is_an_answer() -> None:
    world = waiting()
    for turn in (replace(CALL, text="One moment."), RESULT):
        world.turn(turn, epoch=FIRST)
        assert "ai_silence" in world.deadlines()
    world.ai("It has been shipped.")
    assert "ai_silence" not in world.deadlines()
    for turn in (CALL, RESULT):  # nobody waits for it
        world.turn(turn, epoch=FIRST)
        assert "ai_silence" not in world.deadlines()
    world.wait(HOUR)
    assert world.own().status is Status.AI


# Messages


def test_a_human_whom_nobody_knows_lets_no_message_leave_in_any_state() -> None:
    world = World()
    said = Turn(role=Role.HUMAN, text="Take my word for it.")
    world.customer("Where is my parcel?")
    world.held("c2")
    world.closed("c3")
    for case in ("c1", "c2", "c3"):
        before = world.own(case)
        reply = world.turn(said, case, deliver=True)
        assert isinstance(reply.refused, Refused)
        assert (reply.refused.code, reply.message) == (Refusal.NOT_OWNER, "")
        assert not world.effects("message", case)
        assert world.own(case) == before
    assert world.turn(said, "c1").refused is None  # was said elsewhere: it is only observed
    assert not world.effects("message", "c1")


def lost(effect: Effect) -> Sent:
    return Sent.FAILED if effect.kind in {"message", "notice"} else Sent.SENT


def give_up(world: World) -> None:
    """Try until nothing is tried any more."""
    world.answer = lost
    for _ in range(outbox.TRIES):
        world.drain()
        world.now += 11 * MINUTE
    world.drain()


def test_whoever_holds_the_case_hears_that_a_message_never_arrived() -> None:
    world = World()
    name = world.held()
    world.drain()
    key = world.engine.send("c1", "I am here.", id="s", by=name).message
    give_up(world)
    (effect,) = world.effects("undelivered")
    assert effect.body == {"key": key, "what": "message", "to": name}
    assert effect.status is Delivery.SENT
    assert "ai_silence" not in world.deadlines()


def test_the_steward_hears_of_a_notice_while_nobody_has_taken_the_case() -> None:
    world = World(at=NIGHT)
    world.engine.deployment = with_people(
        deployment("support-chat"), lambda one: replace(one, availability=Availability.OFFLINE)
    )
    world.customer(ASK)
    assert world.own().human == ""
    key = world.effects("notice")[0].key
    give_up(world)
    found = world.effects("undelivered")[0]
    assert found.body == {"key": key, "what": "notice", "to": world.own().steward}


def answered(answer: Sent) -> tuple[World, str]:
    world = waiting()
    key = world.engine.send("c1", "It is on its way.", id="s", epoch=FIRST).message
    assert "ai_silence" not in world.deadlines()
    world.answer = lambda effect: answer
    world.drain()
    return world, key


def test_an_answer_of_the_ai_that_never_arrived_is_owed_again() -> None:
    world, key = answered(Sent.QUEUED)
    world.now += MINUTE
    assert outbox.report(world.store, key, Sent.FAILED)
    (effect,) = world.effects("undelivered")
    assert effect.body == {"key": key, "what": "message", "to": "ai"}
    assert world.deadlines()["ai_silence"].due == world.now + 10 * MINUTE
    world.wait(11 * MINUTE)
    assert world.own().reasons == ("no_progress",)
    assert not outbox.report(world.store, key, Sent.FAILED)
    assert len(world.effects("undelivered")) == 1


def test_a_clock_that_runs_already_is_not_put_off_by_an_older_answer() -> None:
    world, key = answered(Sent.QUEUED)
    world.customer("Hello?")
    due = world.deadlines()["ai_silence"].due
    world.now += MINUTE
    outbox.report(world.store, key, Sent.FAILED)
    assert world.deadlines()["ai_silence"].due == due


def test_what_nobody_waited_for_starts_no_clock_and_what_arrived_neither() -> None:
    world, key = answered(Sent.QUEUED)
    more = world.engine.send("c1", "By the way.", id="s2", epoch=FIRST).message
    outbox.report(world.store, key, Sent.SENT)
    world.drain()
    outbox.report(world.store, more, Sent.FAILED)
    assert len(world.effects("undelivered")) == 1
    assert "ai_silence" not in world.deadlines()


def test_an_answer_that_failed_after_the_ai_lost_the_case_is_the_new_owners_to_hear_of() -> None:
    world, key = answered(Sent.QUEUED)
    assert told(world.customer(ASK)) == ["pause"]
    outbox.report(world.store, key, Sent.FAILED)
    (effect,) = world.effects("undelivered")
    assert effect.body["to"] == world.own().human
    assert "ai_silence" not in world.deadlines()
    world.wait(DAY)
    assert len(world.effects("undelivered")) == 1
