"""Approvals, the outbox, stopping the AI, bulk commands, and a change of the pack."""

from dataclasses import replace
from typing import Any

import pytest

from engine.world import AI, ASK, BOSS, HOUR, MINUTE, World, human, told
from handrail import outbox
from handrail.core.model import Role, Turn
from handrail.core.ownership import Actor, Epoch, Party, Refusal, Refused, Status
from handrail.core.ownership import commands as c
from handrail.engine import Barred
from handrail.errors import Conflict, InputError, NotFound
from handrail.errors import Refused as NotAllowed
from handrail.ports import ApprovalStatus, Delivery, Effect, Sent, Unit

FIRST = Epoch(1, 1)
ARGS = {"sum": 80, "to": "c1"}


def asked(**said: int) -> World:
    world = World("ops-agent")
    world.customer("Please raise the limit.")
    world.engine.ask_approval("c1", "raise_limit", ARGS, id="p", **said)
    return world


def test_what_was_asked_for_passes_only_when_granted_exactly_so_and_once() -> None:
    world = asked()
    admit = world.engine.admit
    assert admit("c1", FIRST, "raise_limit", args=ARGS, approval="p") is Barred.NOT_GRANTED
    assert admit("c1", FIRST, "raise_limit", args=ARGS) is Barred.NOT_GRANTED  # unnamed
    world.engine.answer_approval("p", "ops-lead", granted=True)
    other = {**ARGS, "sum": 800}
    assert admit("c1", FIRST, "raise_limit", args=other, approval="p") is Barred.ACTION_CHANGED
    assert admit("c1", FIRST, "raise_limit", args=ARGS, approval="p") is None
    assert admit("c1", FIRST, "raise_limit", args=ARGS, approval="p") is Barred.APPROVAL_USED
    assert admit("c1", FIRST, "raise_limit", args=ARGS) is Barred.APPROVAL_USED
    assert admit("c1", FIRST, "x", approval="none") is Barred.NO_APPROVAL


def test_a_time_out_is_expired_and_never_a_rejection_and_a_late_answer_changes_nothing() -> None:
    world = asked(expires_in=10 * MINUTE)
    world.wait(11 * MINUTE)
    late = world.engine.answer_approval("p", "ops-lead", granted=True)
    assert (late.status, late.by) == (ApprovalStatus.EXPIRED, "")
    found = world.entries(name="approval")
    assert [(one.actor, one.body["status"]) for one in found] == [
        ("system", "open"),
        ("system", "expired"),
    ]
    assert world.own().reasons == ("approval_expired",)


def test_an_answer_that_comes_late_before_anything_was_fired_is_late_all_the_same() -> None:
    world = asked(expires_in=10 * MINUTE)
    world.now += 11 * MINUTE
    found = world.engine.answer_approval("p", "ops-lead", granted=False)
    assert found.status is ApprovalStatus.EXPIRED


def test_a_rejection_is_a_persons_and_stays_one() -> None:
    world = asked()
    assert world.engine.answer_approval("p", "ops-lead", granted=False).by == "ops-lead"
    again = world.engine.answer_approval("p", "platform-senior", granted=True)
    assert (again.status, again.by) == (ApprovalStatus.REJECTED, "ops-lead")
    world.wait(2 * HOUR)
    assert world.engine.admit("c1", FIRST, "raise_limit", args=ARGS) is not None


def test_a_request_that_waits_is_blocked_by_time_alone() -> None:
    world = asked(expires_in=8 * HOUR)
    world.wait(31 * MINUTE)
    assert world.own().reasons == ("blocked_approval",)
    assert "approval" in world.deadlines()


def test_an_answer_needs_a_name_and_an_id_is_of_one_request() -> None:
    world = asked()
    with pytest.raises(InputError):
        world.engine.answer_approval("p", "", granted=True)
    with pytest.raises(NotFound):
        world.engine.answer_approval("q", "ops-lead", granted=True)
    assert world.engine.ask_approval("c1", "raise_limit", ARGS, id="p").id == "p"
    with pytest.raises(Conflict):
        world.engine.ask_approval("c1", "raise_limit", {}, id="p")


def test_a_closure_ends_what_was_asked_for() -> None:
    world = asked()
    world.engine.answer_approval("p", "ops-lead", granted=True)
    world.act(c.Resolve, AI, disposition="done")
    with world.store.unit() as unit:
        found = unit.approval("p")
    assert found
    assert found.status is ApprovalStatus.EXPIRED
    with pytest.raises(NotAllowed):
        world.engine.ask_approval("c1", "raise_limit", ARGS, id="q")


def speaking() -> World:
    world = World()
    world.customer("Where is my parcel?")
    world.engine.send("c1", "On its way.", id="s", epoch=FIRST, confidence=0.9)
    return world


def message(world: World) -> Effect:
    return world.effects("message")[0]


def test_what_the_ai_said_is_cancelled_with_an_entry_when_the_owner_changes() -> None:
    world = speaking()
    world.customer(ASK)
    assert message(world).status is Delivery.CANCELLED
    assert world.entries(name="delivery")[0].body["error"] == "owner_changed"
    world.drain()
    assert "On its way." not in [text for _, text in world.sent]


def test_the_outbox_looks_at_the_epoch_itself_before_anything_leaves() -> None:
    world = speaking()
    case = world.case()
    with world.store.unit() as unit:
        later = replace(case.ownership, epoch=Epoch(1, 2))
        unit.save(replace(case, ownership=later))
    world.drain()
    assert (message(world).status, message(world).error) == (Delivery.CANCELLED, "owner_changed")


def test_the_last_words_of_an_ai_that_closes_its_case_still_leave() -> None:
    world = speaking()
    world.act(c.Resolve, AI, disposition="answered")
    world.drain()
    assert message(world).status is Delivery.SENT


def test_a_message_is_tried_again_later_each_time_and_fails_with_an_entry() -> None:
    world = speaking()
    world.answer = lambda effect: Sent.FAILED
    for _ in range(outbox.TRIES):
        world.drain()
        world.drain()
        world.now += HOUR
    assert (message(world).status, message(world).attempts) == (Delivery.FAILED, outbox.TRIES)
    assert world.entries(name="delivery")[0].body["status"] == "failed"


def test_a_channel_that_reports_later_is_believed_once() -> None:
    world = speaking()
    world.answer = lambda effect: Sent.QUEUED
    world.drain()
    key = message(world).key
    assert message(world).status is Delivery.ACCEPTED
    assert outbox.report(world.store, key, Sent.FAILED)
    assert not outbox.report(world.store, key, Sent.SENT)
    assert message(world).status is Delivery.FAILED
    assert [one.body["status"] for one in world.entries(name="delivery")] == ["accepted", "failed"]


def test_a_message_that_was_cancelled_while_it_was_under_way_and_failed_stays_cancelled() -> None:
    world = speaking()

    def lose(effect: Effect) -> Sent:
        if effect.kind == "message":
            world.customer(ASK)
        return Sent.FAILED

    world.answer = lose
    world.drain()
    assert message(world).status is Delivery.CANCELLED


def test_stopping_a_workflow_shuts_the_gate_cancels_what_waits_and_tells_the_customers() -> None:
    world = speaking()
    world.customer("Hello", "c2")
    sponsor = world.delegated(case="c3")
    epoch = world.own("c3").epoch
    assert world.engine.stop("support", by="boss") == 3
    assert message(world).status is Delivery.CANCELLED
    assert world.engine.admit("c1", FIRST, "refund") is Barred.STOPPED
    reply = world.ai("Hello!", "c1")
    assert (reply.refused, reply.why, reply.paused) == (Barred.STOPPED, "stopped", True)
    assert isinstance(world.engine.admit("c3", epoch, "refund"), Refused)
    assert (world.own("c3").status, world.own("c3").human) == (Status.HELD, sponsor)
    assert world.own("c2").status is Status.PROPOSED  # was waiting for an answer
    events = [one.body.get("event") for one in world.effects("notice", "c2")]
    assert events == ["stopped", "pause"]
    assert world.customer("Hello?", "c1").opened  # a human answers
    world.engine.resume("support", by="boss")
    assert world.engine.send("c9", "x", id="n", epoch=FIRST).refused is None


def test_a_message_that_waits_does_not_leave_after_the_stop_even_if_nobody_cancelled_it() -> None:
    world = speaking()
    with world.store.unit() as unit:
        unit.stop("support", stopped=True)
    world.drain()
    assert (message(world).status, message(world).error) == (Delivery.CANCELLED, "stopped")


def test_a_bulk_command_is_previewed_exactly_and_then_one_entry_a_case() -> None:
    world = World()
    names = [f"c{number}" for number in range(3)]
    for name in names:
        world.customer(ASK, name)
    command = c.Reroute(at=0, by=BOSS, queue="vip-desk", steward="")
    before = {name: world.case(name) for name in names}
    seen = world.engine.preview(names, command)
    assert {name: world.case(name) for name in names} == before
    assert {one.queue for one in seen.values()} == {"vip-desk"}
    done = world.engine.act_all(names, command, id="b")
    assert {name: one.accountable for name, one in done.items()} == {
        name: one.accountable for name, one in seen.items()
    }
    assert [len(world.entries(name, "reroute")) for name in names] == [1, 1, 1]
    assert world.engine.act_all(names, command, id="b") == done
    with pytest.raises(NotFound):
        world.engine.act_all([*names, "none"], c.Withdraw(at=0, by=BOSS), id="w")
    assert all(world.own(name).status is not Status.CLOSED for name in names)


def test_a_preview_tells_what_would_be_refused() -> None:
    world = World()
    world.customer("Hi", "c1")
    world.customer(ASK, "c2")
    seen = world.engine.preview(["c1", "c2"], c.Prioritise(at=0, by=BOSS, priority=3))
    assert [one.why for one in seen.values()] == ["not_handed_off", ""]


def test_a_pack_without_a_place_for_an_open_case_is_not_activated() -> None:
    world = World()
    world.customer(ASK)
    on = world.engine.deployment
    queues = {name: one for name, one in on.queues.items() if name != "frontline"}
    with pytest.raises(NotAllowed, match="would have no place"):
        world.engine.activate(replace(on, queues=queues))
    assert world.engine.deployment is on
    with pytest.raises(NotAllowed):
        world.engine.activate(World("ops-agent").engine.deployment)


@pytest.mark.parametrize("state", ["ai", "queued", "held", "delegated", "closed"])
def test_a_case_whose_workflow_is_gone_all_the_same_goes_on_under_the_first(state: str) -> None:
    world = World()
    {
        "ai": lambda: world.customer("Hi"),
        "queued": lambda: world.customer(ASK),
        "held": world.held,
        "delegated": world.delegated,
        "closed": world.closed,
    }[state]()
    world.engine.deployment = World("ops-agent").engine.deployment
    world.wait(HOUR)
    world.customer("Hello?")
    assert world.case().workflow == "operations"
    assert world.own().status is not Status.CLOSED
    if world.own().status not in {Status.AI, Status.HELD}:
        assert world.own().queue in world.engine.deployment.queues


def test_one_case_that_fails_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    world.customer(ASK, "bad")
    world.customer(ASK, "good")
    world.now += HOUR
    whole = world.engine._fire

    def fail(unit: Unit, name: str, *rest: Any) -> None:
        if name == "bad":
            raise RuntimeError(name)
        whole(unit, name, *rest)

    monkeypatch.setattr(world.engine, "_fire", fail)
    with pytest.raises(RuntimeError):
        world.engine.fire()
    assert world.entries("good", "expire")


def test_a_person_who_answers_is_told_nothing_that_needs_no_telling() -> None:
    world = World()
    name = world.held()
    reply = world.person(name)
    assert told(reply) == []
    assert world.turn(Turn(role=Role.CUSTOMER, text="Thanks")).opened is False
    gone = Actor(kind=Party.HUMAN, id="luis")
    refused = world.act(c.Resolve, gone, disposition="x", note="n").refused
    assert isinstance(refused, Refused)
    assert refused.code is Refusal.NOT_OWNER
    assert human(name) == Actor(kind=Party.HUMAN, id=name)
