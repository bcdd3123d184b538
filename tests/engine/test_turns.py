"""Turns, the gate, modes, history, offers and notices."""

from dataclasses import replace

import pytest

from engine.world import (
    AI,
    ASK,
    CUSTOMER,
    DAY,
    HOUR,
    MINUTE,
    MONDAY,
    NIGHT,
    World,
    human,
    told,
    with_mode,
    with_people,
)
from handrail.core.model import Attributes, Event, Mode, Outcome, Role, ToolCall, Trigger, Turn
from handrail.core.ownership import Epoch, Refusal, Refused, Status
from handrail.core.ownership import commands as c
from handrail.core.routing import Availability
from handrail.engine import Deployment, Reply
from handrail.errors import Conflict, NotFound
from handrail.ports import OfferStatus

FIRST = Epoch(1, 1)


def code(reply: Reply) -> Refusal:
    assert isinstance(reply.refused, Refused)
    return reply.refused.code


def test_a_plain_turn_leaves_the_case_with_the_ai() -> None:
    world = World()
    reply = world.customer("Where is my parcel?")
    assert (reply.status, reply.outcome, reply.paused) == (Status.AI, Outcome.CONTINUE, False)
    assert [one.name for one in world.entries()] == ["decision"]


def test_a_request_is_routed_bundled_proposed_and_told_in_one_unit() -> None:
    world = World()
    reply = world.customer(ASK, transcript="https://desk/c1")
    assert reply.opened
    assert reply.paused
    assert (reply.status, reply.epoch) == (Status.PROPOSED, Epoch(1, 2))
    assert [one.name for one in world.entries()] == ["decision", "open", "bundle", "propose"]
    assert [one.kind for one in world.effects()] == ["bundle", "notice", "proposal"]
    assert told(reply) == ["pause"]
    assert {"accept", "first_response", "resolution", "proposal"} <= world.deadlines().keys()


def test_a_turn_that_comes_again_gets_the_same_reply_and_is_one_line() -> None:
    world = World()
    first = world.customer(ASK, id="t")
    world.wait(HOUR)
    assert world.customer(ASK, id="t") == first
    assert len(world.lines()) == 1


def test_a_turn_that_comes_again_with_another_time_is_the_same_turn() -> None:
    world = World()
    first = world.turn(Turn(role=Role.CUSTOMER, text="Hello", at=1), id="t")
    assert world.turn(Turn(role=Role.CUSTOMER, text="Hello", at=2), id="t") == first


def test_another_turn_under_a_used_id_is_a_conflict_and_changes_nothing() -> None:
    world = World()
    world.customer("Hello", id="t")
    before = world.case()
    with pytest.raises(Conflict, match="`t` was used for another turn"):
        world.customer(ASK, id="t")
    assert world.case() == before


def test_another_command_under_a_used_id_is_a_conflict() -> None:
    world = World()
    name = world.held()
    world.act(c.Prioritise, human(name), priority=3, id="x")
    with pytest.raises(Conflict):
        world.act(c.Prioritise, human(name), priority=4, id="x")
    assert world.own().priority == 3


def test_a_command_that_was_refused_is_refused_again_though_it_would_pass_now() -> None:
    world = World()
    world.customer("Hello")
    first = world.act(c.Accept, human("ana"), id="x")
    assert code(first) is Refusal.NOT_HANDED_OFF
    world.customer(ASK)
    assert world.act(c.Accept, human("ana"), id="x") == first


def test_a_late_message_of_the_ai_is_refused_and_its_words_are_kept_apart() -> None:
    world = World()
    world.customer(ASK)
    reply = world.ai("It is on its way.", epoch=FIRST)
    assert code(reply) is Refusal.STALE_EPOCH
    assert len(world.lines()) == 1
    (entry,) = world.entries(name="refused")
    assert world.payload(entry.body["text"]) == "It is on its way."


def test_an_ai_turn_without_an_epoch_passes_only_while_nobody_else_ever_had_the_case() -> None:
    world = World()
    assert world.ai("Hello!", "new", epoch=None).refused is None
    world.delegated()
    assert code(world.ai("Hello!", epoch=None)) is Refusal.STALE_EPOCH
    assert world.ai("Hello!").refused is None


def test_time_is_the_stores_and_a_callers_time_is_data() -> None:
    world = World()
    world.turn(Turn(role=Role.CUSTOMER, text="Hello", at=MONDAY + 300 * DAY))
    assert world.case().state.now == MONDAY
    assert world.lines()[0].turn.at == MONDAY + 300 * DAY


def test_time_never_runs_backwards() -> None:
    world = World()
    world.customer(ASK)
    world.now -= DAY
    world.customer("Hello?")
    assert [one.at for one in world.entries()] == sorted(one.at for one in world.entries())
    assert world.own().at == MONDAY


def test_a_unit_that_fails_half_way_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    world.customer("Hello")
    before, entries = world.case(), world.entries()
    monkeypatch.setattr("handrail.engine.transfer.bundle.assemble", None)
    with pytest.raises(TypeError):
        world.customer(ASK, id="t")
    assert (world.case(), world.entries(), len(world.lines())) == (before, entries, 1)
    monkeypatch.undo()
    assert world.customer(ASK, id="t").opened


def test_a_case_first_seen_in_mid_conversation_brings_its_history() -> None:
    world = World()
    past = (
        Turn(role=Role.CUSTOMER, text="I want to talk to a human.", at=MONDAY - MINUTE),
        Turn(role=Role.AGENT, text="How can I help?", at=MONDAY + HOUR),
    )
    reply = world.customer("Hello?", history=past, attributes=Attributes(tier="vip"))
    assert reply.outcome is Outcome.OFFER  # no first touch, no old request
    assert [one.turn.role for one in world.lines()] == [Role.CUSTOMER, Role.AGENT, Role.CUSTOMER]
    (imported,) = world.entries(name="imported")
    assert imported.body["lines"] == 2
    assert [one["key"] for one in imported.body["payloads"]] == ["c1#t1", "c1#t2"]
    assert world.case().state.now == MONDAY


def test_history_of_a_case_that_is_known_is_not_taken_again() -> None:
    world = World()
    world.customer("Hello")
    world.customer("Hello?", history=(Turn(role=Role.CUSTOMER, text="x"),))
    assert len(world.lines()) == 2


def test_observe_decides_and_touches_nothing() -> None:
    world = World()
    world.engine.deployment = with_mode(world.engine.deployment, Mode.OBSERVE)
    reply = world.customer(ASK)
    assert reply.decision
    assert (reply.decision.outcome, reply.outcome) == (Outcome.HANDOFF, Outcome.CONTINUE)
    assert world.person("ana", "I am Ana.").refused is None
    assert world.ai("Here you are.").refused is None
    world.customer("Hello?")
    world.wait(3 * DAY)
    assert world.own().status is Status.AI
    assert not world.effects()


def test_advise_tells_the_humans_once_and_a_human_who_writes_takes_over() -> None:
    world = World()
    world.engine.deployment = with_mode(world.engine.deployment, Mode.ADVISE)
    world.customer("I think my account was hacked.")
    world.customer("My account was hacked!")
    assert [one.body["reasons"] for one in world.effects("advice")] == [["sensitive_topic"]]
    assert not world.effects("notice")
    assert world.person("counsel").status is Status.HELD


def test_a_percentage_holds_for_the_same_cases_always() -> None:
    world = World()
    world.engine.deployment = with_mode(world.engine.deployment, Mode.ENFORCE, 30)
    names = [f"c{number}" for number in range(200)]
    opened = [name for name in names if world.customer(ASK, name).opened]
    assert 35 <= len(opened) <= 85
    on = with_mode(world.engine.deployment, Mode.ENFORCE, 60)
    assert all(on.mode("support", name) is Mode.ENFORCE for name in opened)  # a ramp only adds


def test_an_offer_is_a_row_that_the_customer_accepts() -> None:
    world = World()
    reply = world.customer("Hi", attributes=Attributes(tier="vip"), history=HISTORY)
    assert (told(reply), reply.offer) == (["offer"], "c1/offer/2")
    assert world.deadlines()["offer"].due == MONDAY + 10 * MINUTE
    assert world.customer("Yes please").opened
    offer = world.case().offer
    assert offer
    assert offer.status is OfferStatus.ACCEPTED
    assert world.own().reasons == ("explicit_request",)


HISTORY = (Turn(role=Role.AGENT, text="Hello."),)


def offered() -> World:
    world = World()
    world.customer("Hi", attributes=Attributes(tier="vip"), history=HISTORY)
    return world


def ended(world: World) -> OfferStatus:
    offer = world.case().offer
    assert offer
    assert not world.case().state.offer_open
    assert "offer" not in world.deadlines()
    return offer.status


def test_an_offer_is_declined() -> None:
    world = offered()
    reply = world.engine.answer_offer("c1", "c1/offer/2", id="no", accepted=False)
    assert (ended(world), reply.status) == (OfferStatus.DECLINED, Status.AI)
    assert world.engine.answer_offer("c1", "c1/offer/2", id="no", accepted=False) == reply


def test_an_offer_expires_and_nobody_has_decided_it() -> None:
    world = offered()
    world.wait(11 * MINUTE)
    assert ended(world) is OfferStatus.EXPIRED
    assert world.entries(name="offer")[-1].actor == "system"


def test_a_customer_who_says_something_else_lets_the_offer_lapse() -> None:
    world = offered()
    world.customer("Where is my invoice?")
    assert ended(world) is OfferStatus.LAPSED


def test_a_handoff_for_another_reason_ends_the_offer() -> None:
    world = offered()
    world.ops(Event.POLICY_VIOLATION)
    assert ended(world) is OfferStatus.LAPSED


def test_a_yes_to_an_offer_that_is_over_is_still_a_request() -> None:
    world = offered()
    world.wait(11 * MINUTE)
    assert world.engine.answer_offer("c1", "c1/offer/2", id="yes", accepted=True).opened


def test_a_promise_without_a_transfer_is_caught_and_kept() -> None:
    world = World()
    world.customer("Where is my parcel?")
    reply = world.ai("I am transferring you to a colleague now.")
    assert reply.opened
    assert reply.caught == ("announced_without_transfer",)
    assert world.entries(name="caught")[0].body["what"] == "announced_without_transfer"


def test_a_promise_is_caught_in_observe_too_where_nothing_is_touched() -> None:
    world = World()
    world.engine.deployment = with_mode(world.engine.deployment, Mode.OBSERVE)
    reply = world.ai("I am transferring you to a colleague now.", epoch=None)
    assert reply.caught == ("announced_without_transfer",)
    assert not reply.opened


def test_a_transfer_in_silence_is_caught_and_the_customer_is_told() -> None:
    world = World()
    world.customer("Where is my parcel?")
    calls = (ToolCall(name="transfer_to_human"),)
    turn = Turn(role=Role.AGENT, confidence=0.9, tool_calls=calls)
    reply = world.turn(turn, epoch=world.own().epoch)
    assert (reply.opened, reply.caught) == (True, ("silent_transfer",))
    assert told(reply) == ["pause"]


def test_an_answer_that_is_itself_the_reason_for_a_handoff_is_not_sent() -> None:
    world = World()
    world.customer("Does it fit?")
    reply = world.engine.send("c1", "Perhaps.", id="s", epoch=FIRST, confidence=0.2)
    assert (reply.opened, reply.message) == (True, "")
    world.drain()
    assert not [text for effect, text in world.sent if effect.kind == "message"]


def test_what_the_ai_and_the_holder_send_leaves_by_the_outbox() -> None:
    world = World()
    world.customer("Where is my parcel?")
    said = world.engine.send("c1", "On its way.", id="s1", epoch=FIRST, confidence=0.9)
    world.drain()
    name = world.held()
    answer = world.engine.send("c1", "I am Nuria.", id="s2", by=name)
    world.drain()
    sent = [(effect.key, text) for effect, text in world.sent if effect.kind == "message"]
    assert sent == [(said.message, "On its way."), (answer.message, "I am Nuria.")]
    assert world.engine.send("c1", "I am Nuria.", id="s2", by=name) == answer


def test_who_waits_is_told_how_long_and_out_of_hours_that_nobody_is_there() -> None:
    world = World()
    for number in range(14):
        reply = world.customer(ASK, f"c{number}")
    assert reply.status is Status.QUEUED
    assert told(reply) == ["pause", "waiting"]
    assert reply.told[1].text == "A person joins in about 5 min."


def test_with_nobody_to_ask_the_fallback_runs_and_the_steward_has_the_case() -> None:
    world = World(at=NIGHT + 4 * HOUR + 40 * MINUTE)
    world.engine.deployment = everybody_gone(world)
    reply = world.customer(ASK)
    assert (reply.status, reply.accountable) == (Status.FALLBACK, "support-lead")
    assert told(reply) == ["pause", "nobody_available"]
    assert "callback" in world.deadlines()


def everybody_gone(world: World) -> Deployment:
    return with_people(
        world.engine.deployment, lambda one: replace(one, availability=Availability.OFFLINE)
    )


def test_operations_events_are_turns_like_any_other() -> None:
    world = World("ops-agent")
    reply = world.ops(Event.PERMISSION_MISSING)
    assert reply.decision
    assert reply.decision.trigger is Trigger.MISSING_PERMISSION
    for number in range(3):
        reply = world.turn(Turn(role=Role.TOOL, tool="deploy", error=True), f"x{number // 3}")
    assert reply.decision
    assert reply.decision.trigger is Trigger.TOOL_FAILURE
    assert world.ops(Event.POLICY_VIOLATION, case="y").opened


def test_a_case_that_begins_with_a_tool_is_watched() -> None:
    world = World("ops-agent")
    world.turn(Turn(role=Role.TOOL, tool="status", error=False))
    assert any(one.armed for one in world.deadlines().values())


def test_an_unknown_case_or_workflow_is_not_found() -> None:
    world = World()
    with pytest.raises(NotFound, match="no case `c9`"):
        world.act(c.Accept, human("ana"), "c9")
    with pytest.raises(NotFound, match="no workflow `sales`"):
        world.customer("Hello", workflow="sales")


def test_a_customer_who_is_not_answered_is_handed_over() -> None:
    world = World()
    world.customer("Where is my parcel?")
    world.wait(2 * DAY, step=HOUR)
    assert world.own().reasons == ("no_progress",)


def test_two_engines_on_one_store_see_the_same_case() -> None:
    world, other = World(), World()
    other.store = world.store
    other.engine.store = world.store
    world.customer(ASK, id="t")
    assert other.customer(ASK, id="t") == world.customer(ASK, id="t")
    name = world.own().human
    assert other.act(c.Accept, human(name)).refused is None
    assert code(world.act(c.Accept, human("luis"))) is Refusal.ALREADY_HELD


def test_the_ai_its_customer_and_a_person_may_open_a_handoff_by_command() -> None:
    for by in (AI, CUSTOMER, human("ana")):
        world = World()
        world.customer("Hello")
        reply = world.act(c.Open, by, queue="", steward="")
        assert reply.opened
        assert world.own().queue == "frontline"
        assert world.effects("bundle")
