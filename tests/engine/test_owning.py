"""Who has a case: reopening, plans, people who come and go, queues that go away, merging."""

from dataclasses import replace

import pytest

from engine.world import (
    AI,
    ASK,
    BOSS,
    CUSTOMER,
    DAY,
    HOUR,
    MINUTE,
    World,
    human,
    told,
    with_people,
)
from handrail import errors
from handrail.core.model import Event
from handrail.core.ownership import PlanStep, Progress, Refusal, Refused, Status
from handrail.core.ownership import commands as c
from handrail.core.routing import Availability, Person, changed
from handrail.engine import Reply
from handrail.errors import NotFound


def code(reply: Reply) -> Refusal:
    assert isinstance(reply.refused, Refused)
    return reply.refused.code


def set_person(world: World, name: str, **change: object) -> None:
    def one(person: Person) -> Person:
        return replace(person, **change) if person.id == name else person  # type: ignore[arg-type]

    world.engine.activate(with_people(world.engine.deployment, one))


def test_a_customer_who_is_back_in_time_gets_the_previous_human_with_a_bundle() -> None:
    world = World()
    name = world.closed()
    world.wait(HOUR)
    reply = world.customer("It is broken again.")
    assert reply.opened
    own = world.own()
    assert (own.status, own.human, own.episode, own.handoff) == (Status.PROPOSED, name, 2, 2)
    assert told(reply) == ["pause"]
    assert len(world.effects("bundle")) == 2


def test_the_previous_human_is_not_asked_while_away() -> None:
    world = World()
    name = world.closed()
    set_person(world, name, availability=Availability.OFFLINE)
    world.customer("It is broken again.")
    assert world.own().human not in {"", name}


def test_a_customer_who_is_back_too_late_gets_a_new_linked_case_with_the_ai() -> None:
    world = World()
    world.closed()
    world.wait(8 * DAY)
    reply = world.customer("Hello again", id="t")
    assert (reply.case, reply.status) == ("c1+", Status.AI)
    assert world.case("c1+").linked == "c1"
    assert world.case().next == "c1+"
    assert world.customer("And?").case == "c1+"
    assert world.customer("Hello again", id="t") == reply


def test_a_linked_case_never_takes_the_place_of_another() -> None:
    world = World()
    world.customer("Hello", "c1+")
    world.closed()
    world.wait(8 * DAY)
    assert world.customer("Hello again").case == "c1++"


def test_a_case_that_only_the_ai_had_goes_back_to_the_ai() -> None:
    world = World()
    world.customer("Thanks")
    world.act(c.Resolve, AI, disposition="answered")
    assert world.customer("One more thing").status is Status.AI
    assert world.own().episode == 2


def test_while_a_human_has_the_case_a_new_topic_moves_it_and_opens_no_second_handoff() -> None:
    world = World()
    world.held()
    reply = world.customer("And I think my account was hacked.")
    own = world.own()
    assert (reply.opened, own.handoff, own.queue) == (False, 1, "specialists")
    assert own.reasons == ("explicit_request", "sensitive_topic")
    assert own.status is Status.PROPOSED
    queue = own.queue
    world.act(c.Accept, human(own.human))
    world.customer("My account was hacked, as I said.")
    assert (world.own().queue, world.own().status) == (queue, Status.HELD)


def test_a_hard_reason_of_the_same_row_raises_the_priority_and_leaves_the_holder() -> None:
    world = World()
    world.customer("Hi")
    name = "ana"
    world.person(name)
    world.customer(ASK)
    own = world.own()
    assert (own.status, own.human, own.priority) == (Status.HELD, name, 1)
    assert own.reasons == ("operator_takeover", "explicit_request")


def test_a_reason_that_comes_while_delegated_ends_the_plan_and_the_sponsor_has_the_case() -> None:
    world = World()
    name = world.delegated()
    reply = world.customer(ASK)
    assert (reply.status, reply.accountable, told(reply)) == (Status.HELD, name, ["pause"])
    assert world.effects("returned")[0].body["human"] == name


def test_a_soft_reason_right_after_a_handback_does_not_end_the_plan() -> None:
    world = World()
    world.delegated()
    assert world.ai("Perhaps.", confidence=0.3).status is Status.DELEGATED
    world.customer("Fine.")
    world.customer("And?")
    assert world.ai("Perhaps so.", confidence=0.3).status is Status.HELD


def test_a_customer_who_leaves_has_withdrawn() -> None:
    world = World()
    world.held()
    world.act(c.Withdraw, CUSTOMER)
    closure = world.own().closure
    assert closure
    assert (closure.disposition, closure.by) == ("withdrawn", CUSTOMER)
    assert not world.deadlines()


def test_a_known_human_who_writes_on_a_case_of_the_ai_takes_it_over_first() -> None:
    world = World()
    epoch = world.customer("Hello").epoch
    reply = world.person("ana", epoch=epoch)
    assert (reply.status, reply.accountable, reply.opened) == (Status.HELD, "ana", True)
    assert [one.name for one in world.entries()][1:4] == ["takeover", "bundle", "decision"]
    assert code(world.ai("Hello!", epoch=epoch)) is Refusal.STALE_EPOCH


def test_a_human_who_writes_on_a_case_that_another_holds_is_refused_and_told_who() -> None:
    world = World()
    name = world.held()
    reply = world.person("luis", "I have it.")
    assert isinstance(reply.refused, Refused)
    assert (reply.refused.code, reply.refused.who) == (Refusal.NOT_OWNER, name)
    assert world.payload(world.entries(name="refused")[0].body["text"]) == "I have it."


def test_a_holder_who_is_silent_is_warned_and_the_case_goes_on() -> None:
    world = World()
    policies = tuple(replace(one, holder_silence=600) for one in world.engine.deployment.pack.sla)
    on = world.engine.deployment
    world.engine.deployment = replace(on, pack=replace(on.pack, sla=policies))
    name = world.held()
    world.wait(9 * MINUTE)
    warned = [one for one in world.effects("clock") if one.body["kind"] == "holder_silence"]
    assert [one.body["to"] for one in warned] == [name]
    world.wait(2 * MINUTE)
    own = world.own()
    assert (own.status, own.human != name) == (Status.PROPOSED, True)
    assert name in own.tried


def test_who_is_busy_keeps_the_case_and_who_has_left_loses_it_at_once() -> None:
    world = World()
    name = world.held()
    set_person(world, name, availability=Availability.BUSY)
    assert "holder_away" not in world.deadlines()
    assert world.own().human == name
    set_person(world, name, left=True)
    own = world.own()
    assert own.human != name
    assert world.entries(name="release")[0].body["reason"] == "left"


def test_the_end_of_a_shift_rehomes_and_who_took_a_case_at_night_keeps_it() -> None:
    world = World()
    world.customer("Hi", "c2")
    world.person("ana", case="c2")
    world.wait(4 * HOUR)  # 16:30, ana went home at 16:00
    assert world.own("c2").human != "ana"
    world.person("ana", case="c3")
    world.wait(MINUTE)
    assert world.own("c3").human == "ana"


@pytest.mark.parametrize("stranger", ["nobody-we-know", ""])
def test_whom_the_roster_does_not_know_may_have_spoken_and_gets_no_case(stranger: str) -> None:
    world = World()
    world.customer("Hi")
    assert world.person(stranger).refused is None  # it was said elsewhere: it is on record
    assert world.own().status is Status.AI
    refused = world.person(stranger, deliver=True).refused
    assert refused == Refused(code=Refusal.NOT_OWNER)


@pytest.mark.parametrize("stranger", ["gus", "nobody-we-know"])
def test_nobody_outside_the_roster_takes_or_is_given_a_case(stranger: str) -> None:
    world = World()
    away = [one.id for one in world.engine.deployment.roster.people]
    for name in away:
        set_person(world, name, availability=Availability.OFFLINE)
    gus = Person(id="gus", name="Gus", queues=("frontline",), left=True)
    world.engine.activate(
        replace(world.engine.deployment, roster=changed(world.engine.deployment.roster, gus))
    )
    world.customer(ASK)
    before = world.own()
    unknown = Refused(code=Refusal.UNKNOWN_PERSON, who=stranger)
    assert world.act(c.Accept, human(stranger)).refused == unknown
    assert world.act(c.Propose, BOSS, human=stranger).refused == unknown
    approval = world.engine.ask_approval("c1", "refund", {}, id="a")
    with pytest.raises(errors.Refused, match=stranger):
        world.engine.answer_approval(approval.id, stranger, granted=True)
    assert (before.status, world.own()) == (Status.FALLBACK, before)
    assert world.act(c.Takeover, BOSS).refused is None  # whose right is another matter


def test_an_accept_that_comes_after_the_proposal_is_over_is_told_who_is_asked() -> None:
    world = World()
    world.customer(ASK)
    late = world.own().human
    world.now += 3 * MINUTE
    reply = world.act(c.Accept, human(late))
    assert code(reply) is Refusal.PROPOSED_TO_OTHER
    assert world.entries(name="expire")[0].actor == "system"


def test_whoever_becomes_free_is_asked_for_the_next_case_of_those_queues() -> None:
    world = World()
    for number in range(14):
        world.customer(ASK, f"c{number}")
    waiting = [f"c{n}" for n in range(14) if world.own(f"c{n}").status is Status.QUEUED]
    held = next(f"c{n}" for n in range(14) if world.own(f"c{n}").human == "ana")
    world.act(c.Accept, human("ana"), held)
    world.act(c.Resolve, human("ana"), held, disposition="solved", note="n")
    assert (world.own(waiting[0]).status, world.own(waiting[0]).human) == (Status.PROPOSED, "ana")


def test_a_case_that_nobody_can_take_now_does_not_hold_up_those_behind_it() -> None:
    world = World()
    for name in ("counsel", "privacy-officer"):
        set_person(world, name, availability=Availability.BUSY)
    set_person(world, "risk-lead", capacity=1)
    set_person(world, "risk-analyst", capacity=1)
    world.customer("My lawyer will write to you.", "legal")
    for name in ("s1", "s2", "s3"):
        world.customer("I think my account was hacked.", name)
    assert world.own("s3").status is Status.QUEUED
    who = world.own("s1").human
    world.act(c.Accept, human(who), "s1")
    world.act(c.Resolve, human(who), "s1", disposition="solved", note="n")
    assert world.own("s3").human == who
    assert world.own("legal").status is Status.QUEUED


def test_a_plan_is_done_step_by_step_and_its_sponsor_closes() -> None:
    world = World()
    name = world.delegated("refund", "mail")
    epoch = world.own().epoch
    assert isinstance(world.engine.admit("c1", epoch, "refund"), Refused)  # not begun
    for step in ("refund", "mail"):
        world.act(c.Begin, AI, step=step)
        assert world.engine.admit("c1", epoch, step) is None
        reply = world.act(c.Report, AI, step=step, progress=Progress.DONE)
    assert (reply.status, reply.accountable) == (Status.HELD, name)
    assert world.effects("returned")[0].body["steps"] == {"refund": "done", "mail": "done"}
    again = (PlanStep(id="refund", action="refund"),)
    reply = world.act(c.Handback, human(name), steps=again, expires=0)
    assert code(reply) is Refusal.NO_PLAN  # a done step never repeats


def test_leaving_the_plan_a_failure_and_the_expiry_return_the_case_to_the_sponsor() -> None:
    world = World()
    name = world.delegated()
    assert isinstance(world.engine.admit("c1", world.own().epoch, "delete"), Refused)
    assert (world.own().status, world.own().human) == (Status.HELD, name)
    world = World()
    name = world.delegated()
    world.act(c.Begin, AI, step="refund")
    assert world.act(c.Report, AI, step="refund", progress=Progress.FAILED).accountable == name
    world = World()
    name = world.delegated(expires=World().now + HOUR)
    epoch = world.own().epoch
    world.now += 2 * HOUR
    assert isinstance(world.engine.admit("c1", epoch, "message"), Refused)
    assert (world.own().status, world.own().human) == (Status.HELD, name)


def test_a_case_is_of_one_workflow_and_a_change_of_it_is_an_entry() -> None:
    world = World("ops-agent")
    world.customer("Hi")
    with pytest.raises(NotFound):
        world.act(c.Move, BOSS, workflow="nothing")
    world.act(c.Move, BOSS, workflow="operations")
    assert len(world.entries(name="move")) == 1


def test_of_merged_cases_one_survives_and_hears_the_customer() -> None:
    world = World()
    world.customer("Hello", "c1")
    world.customer(ASK, "c2")
    world.act(c.Merge, BOSS, "c1", case="", into="c2")
    assert world.own("c1").closure.disposition == "merged"  # type: ignore[union-attr]
    assert world.entries("c2", "merged")[0].body == {"from": "c1"}
    reply = world.customer("Are you there?", "c1")
    assert (reply.case, len(world.lines("c2"))) == ("c2", 2)
    assert code(world.act(c.Merge, BOSS, "c2", case="", into="c1")) is Refusal.SAME_CASE
    with pytest.raises(NotFound):
        world.act(c.Merge, BOSS, "c2", case="", into="c9")


def test_a_queue_that_is_not_of_the_pack_is_no_place_to_wait() -> None:
    world = World()
    world.customer(ASK)
    reply = world.act(c.Reroute, BOSS, queue="nowhere", steward="me")
    assert code(reply) is Refusal.NO_QUEUE
    assert world.own().queue == "frontline"


def test_a_queue_that_is_merged_hands_on_the_cases_that_wait_in_it() -> None:
    world = World()
    for number in range(14):
        world.customer(ASK, f"c{number}")
    waiting = next(f"c{n}" for n in range(14) if world.own(f"c{n}").status is Status.QUEUED)
    on = world.engine.deployment
    gone = replace(on.queues["frontline"], merged_into="vip-desk")
    world.engine.activate(replace(on, queues={**on.queues, "frontline": gone}))
    assert world.own(waiting).queue != "frontline"
    assert world.entries(waiting, "reroute")[0].body["reason"] == "queue_merged"


def test_a_steward_who_left_is_followed_by_another() -> None:
    world = World()
    for number in range(14):
        world.customer(ASK, f"c{number}")
    waiting = next(f"c{n}" for n in range(14) if world.own(f"c{n}").status is Status.QUEUED)
    set_person(world, "support-lead", left=True)
    assert world.own(waiting).steward not in {"", "support-lead"}


def test_hard_events_reach_a_case_that_a_human_holds() -> None:
    world = World()
    name = world.held()
    world.ops(Event.POLICY_VIOLATION)
    assert world.own().human == name
    assert "policy_violation" in world.own().reasons
