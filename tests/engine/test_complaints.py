"""What people complain about elsewhere, as tests of what happens here. The numbers are those of the
field study; each test asserts our behaviour.
"""

from dataclasses import replace

import pytest

from engine.world import (
    AI,
    ASK,
    BOSS,
    HOUR,
    MINUTE,
    NIGHT,
    World,
    human,
    told,
    with_people,
)
from handrail.core.model import Event, Role, Turn
from handrail.core.ownership import Epoch, PlanStep, Progress, Refusal, Refused, Status
from handrail.core.ownership import commands as c
from handrail.core.routing import Availability
from handrail.engine import Barred, Reply
from handrail.errors import Conflict
from handrail.ports import ApprovalStatus, Delivery

FIRST = Epoch(1, 1)


def code(reply: Reply) -> Refusal:
    assert isinstance(reply.refused, Refused)
    return reply.refused.code


def everybody(world: World, way: Availability) -> None:
    change = with_people(world.engine.deployment, lambda one: replace(one, availability=way))
    world.engine.activate(change)


# A: the AI keeps talking, or two parties answer.


def test_a_human_replies_and_the_ai_goes_on_answering() -> None:  # 1
    world = World()
    world.customer("Where is my parcel?")
    queued = world.engine.send("c1", "It is on its way.", id="s", epoch=FIRST, confidence=0.9)
    assert queued.message
    world.person("ana", "I am looking into it.")
    world.drain()  # the job that was delayed looks again
    assert world.effects("message")[0].status is Delivery.CANCELLED
    assert code(world.ai("Anything else?")) is Refusal.NOT_OWNER


def test_two_bots_answer_the_same_message() -> None:  # 2
    world = World()
    world.customer("Hello")
    world.customer(ASK)
    for words in ("From the first.", "From the second."):
        assert code(world.ai(words, epoch=FIRST)) is Refusal.STALE_EPOCH


def test_there_is_no_way_to_pause_the_bot_for_one_chat() -> None:  # 3
    world = World()
    world.customer("Hello", "c1")
    world.customer("Hello", "c2")
    world.act(c.Takeover, human("ana"), "c1")
    assert world.ai("Hello!", "c1").refused
    assert world.ai("Hello!", "c2").refused is None


def test_the_bot_answers_the_backlog_of_the_human_period() -> None:  # 4
    world = World()
    name = world.held()
    world.customer("I think my account was hacked.")
    world.act(c.Accept, human(world.own().human))
    name = world.own().human
    steps = (PlanStep(id="1", action="mail"),)
    world.act(c.Handback, human(name), steps=steps, expires=0)
    assert world.case().state.topics == ()
    assert world.customer("Fine.").status is Status.DELEGATED


def test_what_the_customer_says_while_paused_is_lost() -> None:  # 5
    world = World()
    name = world.held()
    world.customer("One more thing: the box was open.")
    assert world.lines()[-1].turn.text == "One more thing: the box was open."
    assert "next_response" in world.deadlines() or "first_response" in world.deadlines()
    assert world.own().human == name


def test_an_ai_that_is_switched_off_blocks_the_humans() -> None:  # 6
    world = World()
    world.customer("Hello")
    world.engine.stop("support", by="boss")
    assert world.person("ana").status is Status.HELD


# B: says that it transfers, and does not; or the reverse.


@pytest.mark.parametrize(
    "words",
    [
        "I am transferring you to a human agent now.",
        "Let me connect you with one of our agents.",
        "I'll hand you over to a colleague.",
    ],
)
def test_the_bot_says_that_it_transfers_and_nothing_happens(words: str) -> None:  # 7, 8, 13
    world = World()
    world.customer("Where is my parcel?")
    reply = world.ai(words)
    assert reply.opened
    assert "announced_without_transfer" in reply.caught


def test_a_required_transfer_never_happens_and_all_counts_as_a_success() -> None:  # 9
    world = World()
    world.ai("Done.", epoch=None)
    reply = world.ops(Event.POLICY_VIOLATION)
    assert reply.opened
    assert code(world.act(c.Resolve, AI, disposition="done")) is Refusal.NOT_OWNER


def test_the_transfer_happens_in_silence() -> None:  # 11
    world = World()
    reply = world.customer(ASK)
    assert told(reply) == ["pause"]
    world.drain()
    assert [text for effect, text in world.sent if effect.kind == "notice"] == [reply.told[0].text]


def test_at_the_handoff_the_user_is_told_that_there_is_no_answer() -> None:  # 12
    world = World()
    world.customer("Does it fit?")
    reply = world.engine.send("c1", "Perhaps.", id="s", epoch=FIRST, confidence=0.1)
    assert (told(reply), reply.paused) == (["pause"], True)


# C: loops, and wrong behaviour on return.


def test_after_the_closure_the_old_request_hands_off_again_without_end() -> None:  # 14
    world = World()
    world.customer(ASK)
    name = world.own().human
    world.act(c.Accept, human(name))
    world.act(c.Resolve, human(name), disposition="solved", note="n")
    world.wait(8 * 24 * HOUR)
    reply = world.customer("Thank you!")
    assert (reply.status, reply.opened) == (Status.AI, False)


def test_nothing_marks_the_end_of_the_human_stretch() -> None:  # 15
    world = World()
    world.delegated()
    assert world.case().first_line == 2
    assert world.case().state.episode == 2
    assert world.ai("I have refunded it.").refused is None


def test_a_rejection_makes_the_agent_ask_again_and_again() -> None:  # 16
    world = World("ops-agent")
    world.customer("Raise it.")
    world.engine.ask_approval("c1", "raise", {"sum": 1}, id="p")
    world.engine.answer_approval("p", "ops-lead", granted=False)
    again = world.engine.ask_approval("c1", "raise", {"sum": 1}, id="p")
    assert again.status is ApprovalStatus.REJECTED
    assert len(world.effects("approval")) == 1


def test_the_reviewer_approves_and_the_run_asks_again() -> None:  # 17
    world = World("ops-agent")
    world.customer("Raise it.")
    world.engine.ask_approval("c1", "raise", {}, id="p")
    world.engine.answer_approval("p", "ops-lead", granted=True)
    assert world.engine.ask_approval("c1", "raise", {}, id="p").status is ApprovalStatus.GRANTED
    assert world.engine.admit("c1", FIRST, "raise", args={}, approval="p") is None


def test_who_comes_back_lands_with_a_human_who_is_not_there() -> None:  # 18, 20
    world = World()
    name = world.closed()
    world.now = NIGHT
    world.customer("It is broken again.")
    assert world.own().human != name


def test_handing_back_needs_a_second_bot() -> None:  # 19
    world = World()
    name = world.delegated()
    reply = world.ai("I refund it now.")
    assert (reply.refused, reply.accountable) == (None, name)


def test_a_case_goes_to_and_fro_between_the_ai_and_people() -> None:  # 14, 16
    world = World()
    name = world.delegated("one")
    for step in ("two", "three"):
        world.customer(ASK)
        steps = (PlanStep(id=step, action=step),)
        reply = world.act(c.Handback, human(name), steps=steps, expires=0)
    assert code(reply) is Refusal.TOO_MANY_BOUNCES
    assert world.own().human == name


# D: people who are not there, hours, limbo.


def test_all_are_offline_and_nobody_notices() -> None:  # 21
    world = World()
    everybody(world, Availability.OFFLINE)
    reply = world.customer(ASK)
    assert (reply.status, reply.accountable) == (Status.FALLBACK, "support-lead")
    assert "nobody_available" in told(reply)
    assert world.deadlines()["callback"].armed


def test_people_who_switch_apps_are_taken_for_gone() -> None:  # 22
    world = World()
    name = world.held()
    everybody(world, Availability.OFFLINE)
    world.wait(5 * MINUTE)
    everybody(world, Availability.ONLINE)
    world.wait(5 * MINUTE)
    assert world.own().human == name


def test_people_are_online_and_the_handoff_stays_unassigned() -> None:  # 23
    world = World()
    everybody(world, Availability.BUSY)
    assert world.customer(ASK).status is Status.QUEUED
    everybody(world, Availability.ONLINE)
    assert world.own().status is Status.PROPOSED


def test_out_of_hours_words_are_said_on_top_of_the_bots_own() -> None:  # 23
    world = World(at=NIGHT)
    assert told(world.customer("Where is my parcel?")) == []
    reply = world.ai("On its way.")
    assert told(reply) == []


def test_an_item_stays_for_ever_with_somebody_who_is_busy() -> None:  # 24
    world = World()
    world.customer(ASK)
    first = world.own().human
    change = with_people(
        world.engine.deployment,
        lambda one: replace(one, availability=Availability.BUSY) if one.id == first else one,
    )
    world.engine.activate(change)
    world.wait(3 * MINUTE)
    assert world.own().human not in {"", first}


def test_with_one_person_there_a_declined_item_is_not_offered_again() -> None:  # 25
    world = World()
    only = "ana"
    gone = with_people(
        world.engine.deployment,
        lambda one: one if one.id == only else replace(one, availability=Availability.OFFLINE),
    )
    world.engine.activate(gone)
    world.customer(ASK)
    assert world.own().human == only
    reply = world.act(c.Decline, human(only))
    assert (reply.status, reply.accountable) == (Status.FALLBACK, "support-lead")  # no limbo
    reply = world.act(c.Reroute, BOSS, queue="frontline", steward="")  # a person may ask again
    assert reply.status is Status.PROPOSED


def test_a_customer_is_stuck_waiting_for_a_bot_that_cleans_up() -> None:  # 26
    world = World()
    everybody(world, Availability.BUSY)
    world.customer(ASK)
    world.wait(HOUR, step=5 * MINUTE)
    told_to = {one.body["to"] for one in world.effects("clock")}
    assert "support-lead" in told_to
    assert world.own().level >= 1


def test_without_a_human_target_nothing_is_offered() -> None:  # 27
    world = World()
    on = world.engine.deployment
    world.engine.deployment = replace(on, roster=replace(on.roster, people=()))
    reply = world.customer(ASK)
    assert reply.opened
    assert reply.accountable == "support-lead"


def test_the_time_to_a_handoff_is_fixed_for_all() -> None:  # 28
    times = []
    for seconds in (60, 3600):
        world = World()
        on = world.engine.deployment
        sla = tuple(replace(one, ai_silence=seconds) for one in on.pack.sla)
        world.engine.deployment = replace(on, pack=replace(on.pack, sla=sla))
        world.customer("Where is my parcel?")
        times.append(world.deadlines()["ai_silence"].due - world.now)
    assert times == [60_000, 3_600_000]


def test_what_follows_an_approval_that_ran_out_is_nobodys_choice() -> None:  # 29
    found = []
    for hard in (True, False):
        world = World("ops-agent")
        on = world.engine.deployment
        flow = on.workflows["operations"]
        rules = flow.rules if hard else replace(flow.rules, approval_expired=None)
        flows = {"operations": replace(flow, rules=rules)}
        world.engine.deployment = replace(on, workflows=flows)
        world.customer("Raise it.")
        world.engine.ask_approval("c1", "raise", {}, id="p", expires_in=MINUTE)
        world.wait(2 * MINUTE)
        found.append(world.own().status is Status.AI)
    assert found == [False, True]  # the pack says whether to stop


# E: races, duplicates, misrouting.


def test_writers_at_once_make_a_conversation_bounce_between_people() -> None:  # 30
    world = World()
    world.customer(ASK)
    asked, epoch = world.own().human, world.own().epoch
    assert world.act(c.Accept, human(asked), epoch=epoch).refused is None
    assert code(world.act(c.Accept, human("luis"), epoch=epoch)) is Refusal.STALE_EPOCH
    assert code(world.act(c.Reroute, human("luis"), queue="vip-desk", steward="")) is (
        Refusal.NOT_OWNER
    )
    assert world.own().human == asked


def test_a_message_that_comes_twice_starts_two_handoffs() -> None:  # 31
    world = World()
    world.customer(ASK, id="t")
    world.customer(ASK, id="t")
    world.customer(ASK)
    assert (world.own().handoff, len(world.entries(name="bundle"))) == (1, 1)


def test_a_person_cannot_open_a_case_that_was_handed_off() -> None:  # 32
    world = World()
    everybody(world, Availability.BUSY)
    world.customer(ASK)
    assert world.act(c.Accept, human("ana")).status is Status.HELD


def test_the_messages_of_one_handoff_show_up_in_another() -> None:  # 33
    world = World()
    world.customer("My name is Ada. " + ASK, "c1")
    world.customer(ASK, "c2")
    bundle = world.effects("bundle", "c2")[0]
    assert "Ada" not in (world.payload(bundle.key) or "")
    assert [one.case for one in world.lines("c2")] == ["c2"]


def test_a_case_goes_to_whatever_queue_the_model_names() -> None:  # 34
    world = World()
    world.customer("Hello")
    world.act(c.Open, AI, queue="the best team", steward="me", priority=99, hard=True)
    assert not world.case().hard
    assert (world.own().queue, world.own().steward) == ("frontline", "support-lead")


def test_a_change_of_status_is_not_told_when_somebody_is_assigned_in_the_same_save() -> None:  # 35
    world = World()
    world.customer(ASK)
    names = [one.name for one in world.entries()]
    assert {"open", "propose"} <= set(names)
    assert [one.kind for one in world.effects()] == ["bundle", "notice", "proposal"]


# F: approval gates that fail unsafe.


def test_a_human_approves_and_the_tool_runs_never_or_twice() -> None:  # 36
    world = World("ops-agent")
    world.customer("Raise it.")
    world.engine.ask_approval("c1", "raise", {}, id="p")
    world.engine.answer_approval("p", "ops-lead", granted=True)
    found = [world.engine.admit("c1", FIRST, "raise", args={}, approval="p") for _ in range(3)]
    assert found == [None, Barred.APPROVAL_USED, Barred.APPROVAL_USED]
    admitted = [one.body["action"] for one in world.entries(name="admitted")]
    assert admitted == ["raise"]


def test_a_tool_that_needs_a_yes_is_done_without_when_the_case_hands_off_too() -> None:  # 37
    world = World("ops-agent")
    world.customer("Raise it.")
    world.engine.ask_approval("c1", "raise", {}, id="p")
    world.customer(ASK)
    assert isinstance(world.engine.admit("c1", FIRST, "raise", args={}, approval="p"), Refused)
    assert world.engine.answer_approval("p", "ops-lead", granted=True).by == "ops-lead"
    assert isinstance(world.engine.admit("c1", FIRST, "raise", args={}, approval="p"), Refused)


def test_a_handoff_and_an_approval_together_double_the_messages() -> None:  # 38
    world = World("ops-agent")
    world.customer("Raise it.")
    world.engine.ask_approval("c1", "raise", {}, id="p")
    world.customer(ASK, id="t")
    world.customer(ASK, id="t")
    assert [one.turn.role for one in world.lines()] == [Role.CUSTOMER, Role.OPS, Role.CUSTOMER]
    assert len(world.effects("notice")) == 1


def test_one_rejection_throws_away_what_was_approved_beside_it() -> None:  # 39
    world = World("ops-agent")
    world.customer("Raise both.")
    for name in ("p", "q"):
        world.engine.ask_approval("c1", "raise", {"who": name}, id=name)
    world.engine.answer_approval("p", "ops-lead", granted=False)
    world.engine.answer_approval("q", "ops-lead", granted=True)
    admit = world.engine.admit
    assert admit("c1", FIRST, "raise", args={"who": "p"}, approval="p") is Barred.NOT_GRANTED
    assert admit("c1", FIRST, "raise", args={"who": "q"}, approval="q") is None


def test_a_rejection_is_ignored_when_the_caller_no_longer_asks_for_a_yes() -> None:  # 40
    world = World("ops-agent")
    world.customer("Raise it.")
    world.engine.ask_approval("c1", "raise", {}, id="p")
    world.engine.answer_approval("p", "ops-lead", granted=False)
    assert world.engine.admit("c1", FIRST, "raise", args={}) is Barred.NOT_GRANTED


def test_a_poll_that_times_out_is_recorded_as_a_rejection_by_a_human() -> None:  # 41
    world = World("ops-agent")
    world.customer("Raise it.")
    world.engine.ask_approval("c1", "raise", {}, id="p", expires_in=MINUTE)
    world.wait(2 * MINUTE)
    late = world.engine.answer_approval("p", "ops-lead", granted=True)  # no error
    assert late.status is ApprovalStatus.EXPIRED
    assert {one.actor for one in world.entries(name="approval")} == {"system"}


def test_what_a_person_does_in_the_inbox_has_no_effect_on_later_turns() -> None:  # 42
    world = World()
    name = world.held()
    world.act(c.Resolve, human(name), disposition="solved", note="n")
    assert code(world.ai("Anything else?")) is Refusal.CLOSED


# G: no routing, no approver, no evidence.


def test_nobody_can_say_who_approved() -> None:  # 43
    world = World("ops-agent")
    world.customer("Raise it.")
    world.engine.ask_approval("c1", "raise", {}, id="p")
    assert world.engine.answer_approval("p", "ops-lead", granted=True).by == "ops-lead"
    assert world.entries(name="approval")[-1].actor == "human:ops-lead"


def test_nobody_stands_in_for_a_person_who_is_away() -> None:  # 44
    from datetime import datetime
    from zoneinfo import ZoneInfo

    when = datetime(2026, 12, 23, 11, 0, tzinfo=ZoneInfo("Europe/London"))
    world = World("ops-agent", at=int(when.timestamp()) * 1000)
    world.customer("Drop the database of the old shop.")
    own = world.own()
    assert (own.human, own.steward) == ("platform-senior", "platform-senior")
    assert world.effects("proposal")[0].body["for"] == "ops-lead"


def test_nobody_can_tell_afterwards_who_had_the_case_and_why() -> None:  # 45, as far as ownership
    world = World()
    name = world.delegated()
    world.act(c.Begin, AI, step="refund")
    world.act(c.Report, AI, step="refund", progress=Progress.DONE)
    world.act(c.Resolve, human(name), disposition="solved", note="n")
    told_by = {one.name: one.actor for one in world.entries() if one.name != "clock"}
    assert told_by["open"] == "system"
    assert told_by["handback"] == told_by["resolve"] == f"human:{name}"
    assert told_by["report"] == "ai"
    numbers = [one.number for one in world.entries()]
    assert numbers == list(range(1, len(numbers) + 1))


def test_an_id_is_used_for_two_things() -> None:  # 31, 39
    world = World()
    world.customer("Hello", id="t")
    with pytest.raises(Conflict):
        world.turn(Turn(role=Role.CUSTOMER, text="Bye"), id="t")
