"""What is promised is kept, what is done is counted once, and the ledger says why."""

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
    deployment,
    human,
    told,
    with_people,
)
from handrail.core.model import Outcome, Role, Turn
from handrail.core.ownership import (
    Actor,
    Fallback,
    Party,
    PlanStep,
    Progress,
    Refusal,
    Refused,
    Routed,
    Status,
    Verdict,
)
from handrail.core.ownership import commands as c
from handrail.core.routing import Availability
from handrail.engine import Barred
from handrail.errors import Conflict
from handrail.ports import Effect, Sent

ROW = '{topic: "security", tier: "*", queue: specialists, reviewers: [risk-lead], tags: [security]}'
STRANGE = PlanStep(id="mail", action="mail")
HACKED = "I think my account was hacked."
SYSTEM = Actor(kind=Party.SYSTEM)


def fallen_back() -> World:
    """A case of the night with a callback promised, and somebody at work again."""
    world = World(at=NIGHT)
    world.engine.deployment = with_people(
        world.engine.deployment, lambda one: replace(one, availability=Availability.OFFLINE)
    )
    world.customer(ASK)
    assert world.own().status is Status.FALLBACK
    world.engine.deployment = deployment("support-chat")
    return world


# Routing


def test_a_reviewer_who_has_no_shifts_is_not_asked_at_night() -> None:
    world = World(at=NIGHT)
    world.customer(HACKED)
    assert (world.own().queue, world.own().human) == ("out-of-hours", "diego")


def test_the_ledger_says_which_row_sent_a_case_to_its_queue_and_by_which_roster() -> None:
    world = World()
    world.customer(HACKED)
    kept = world.entries(name="open")[0].body["routed"]
    assert (kept["row"], kept["roster"]) == (ROW, world.engine.deployment.roster.version)
    assert "the row of topic `security` and any tier" in kept["why"]


def test_the_ledger_says_why_a_new_topic_moved_a_case() -> None:
    world = World()
    world.held()
    world.customer(HACKED)
    assert [one.body.get("routed", {}).get("row") for one in world.entries(name="open")][1:] == [
        ROW
    ]


def test_the_ledger_says_why_a_case_overflowed() -> None:
    world = World()
    gone = {"risk-lead", "risk-analyst", "counsel", "privacy-officer"}
    world.engine.deployment = with_people(
        world.engine.deployment,
        lambda one: replace(one, queues=()) if one.id in gone else one,
    )
    world.customer(ASK)
    world.act(c.Reroute, BOSS, queue="specialists", steward="")
    found = world.entries(name="reroute")
    assert "routed" not in found[0].body  # a person said so
    assert found[1].body["reason"] == "overflow"
    assert "nobody is left to ask in `specialists`" in found[1].body["routed"]["why"]


def test_who_says_why_a_case_is_sent_somewhere_is_the_engine() -> None:
    world = World()
    world.customer(ASK)
    made_up = Routed(row="mine", why=(), roster=1)
    world.act(c.Reroute, BOSS, queue="vip-desk", steward="", routed=made_up)
    assert "routed" not in world.entries(name="reroute")[0].body


def test_a_case_that_is_proposed_is_not_counted_twice_in_the_forecast() -> None:
    world = World()
    for number in range(14):
        reply = world.customer(ASK, f"c{number}")
    assert told(reply) == ["pause", "waiting"]
    # 11 places are taken by proposals, and two others wait: 3 * 600 s / 11, and 120 s to answer.
    assert reply.told[1].text == "A person joins in about 5 min."


# The gate


def test_the_action_of_a_step_passes_the_gate_once_each_time_it_is_begun() -> None:
    world = World()
    name = world.delegated("refund", "mail")
    epoch = world.own().epoch
    world.act(c.Begin, AI, step="refund")
    assert world.engine.admit("c1", epoch, "refund", id="r1") is None
    assert world.engine.admit("c1", epoch, "refund", id="r1") is None  # again, after a crash
    assert world.engine.admit("c1", epoch, "refund", id="r2") is Barred.STEP_ADMITTED
    assert world.engine.admit("c1", epoch, "refund") is Barred.STEP_ADMITTED
    assert len(world.entries(name="admitted")) == 1
    assert world.own().status is Status.DELEGATED  # it has not left the plan
    assert [world.engine.admit("c1", epoch, "message") for _ in range(2)] == [None, None]
    world.act(c.Report, AI, step="refund", progress=Progress.UNKNOWN)
    steps = (PlanStep(id="refund", action="refund", progress=Progress.FAILED),)  # do it again
    assert world.act(c.Handback, human(name), steps=steps, expires=0).refused is None
    world.act(c.Begin, AI, step="refund")
    assert world.engine.admit("c1", world.own().epoch, "refund", id="r3") is None


def test_two_steps_of_one_action_pass_once_each() -> None:
    world = World()
    name = world.held()
    steps = (PlanStep(id="1", action="refund"), PlanStep(id="2", action="refund"))
    world.act(c.Handback, human(name), steps=steps, expires=0)
    for step in ("1", "2"):
        world.act(c.Begin, AI, step=step)
    found = [world.engine.admit("c1", world.own().epoch, "refund") for _ in range(3)]
    assert found == [None, None, Barred.STEP_ADMITTED]


def test_the_id_of_an_action_is_not_used_for_another_one() -> None:
    world = World()
    epoch = world.customer("Hello").epoch
    assert world.engine.admit("c1", epoch, "look", args={"n": 1}, id="x") is None
    with pytest.raises(Conflict):
        world.engine.admit("c1", epoch, "look", args={"n": 2}, id="x")


# Plans


def test_a_late_report_of_a_step_that_the_next_plan_leaves_out_is_on_the_case() -> None:
    world = World()
    name = world.delegated("refund")
    world.act(c.Begin, AI, step="refund")
    world.act(c.Recall, human(name))
    world.act(c.Handback, human(name), steps=(STRANGE,), expires=0)
    reply = world.act(c.Report, AI, step="refund", progress=Progress.DONE)
    assert (reply.refused, reply.status) == (None, Status.DELEGATED)
    assert world.entries(name="report")[-1].body["step"] == "refund"
    world.act(c.Recall, human(name))
    assert world.effects("returned")[-1].body["steps"] == {"refund": "done", "mail": "pending"}


# Proposals and promises


def test_a_proposal_is_not_over_before_its_time() -> None:
    world = World()
    world.customer(ASK)
    name = world.own().human
    early = world.act(c.Expire, SYSTEM, proposal=world.own().proposal)
    assert early.refused == Refused(code=Refusal.NOT_DUE)
    world.wait(5 * MINUTE)
    assert world.own().human != name
    assert len(world.entries(name="expire")) == 1


def test_a_callback_that_was_promised_is_not_put_off() -> None:
    world = fallen_back()
    due = world.own().fallback_due
    assert world.deadlines()["callback"].due == due
    world.act(c.FallBack, BOSS, kind=Fallback.CALLBACK, due=due + HOUR)
    assert (world.own().fallback_due, world.deadlines()["callback"].due) == (due, due)
    world.act(c.FallBack, BOSS, kind=Fallback.CALLBACK, due=due - MINUTE)
    assert world.deadlines()["callback"].due == due - MINUTE


@pytest.mark.parametrize("kind", [c.Reroute, c.Escalate])
def test_a_callback_that_was_promised_goes_with_the_case_to_another_queue(
    kind: type[c.Reroute] | type[c.Escalate],
) -> None:
    world = fallen_back()
    due = world.own().fallback_due
    level = {"level": 1} if kind is c.Escalate else {}
    world.act(kind, BOSS, queue="specialists", steward="", **level)
    own = world.own()
    assert (own.queue, own.fallback, own.fallback_due) == ("specialists", Fallback.CALLBACK, due)
    assert world.deadlines()["callback"].due == due
    assert own.steward == "risk-lead"


def test_whoever_is_where_the_case_was_sent_is_asked_to_call() -> None:
    world = fallen_back()
    world.act(c.Reroute, BOSS, queue="out-of-hours", steward="")
    assert (world.own().human, world.own().fallback) == ("diego", Fallback.CALLBACK)


def test_in_the_morning_those_of_the_row_are_asked_to_call() -> None:
    world = fallen_back()
    world.engine.deployment = with_people(
        deployment("support-chat"),
        lambda one: one if "frontline" in one.queues else replace(one, left=True),
    )
    world.wait(12 * HOUR)
    person = world.engine.deployment.roster.person(world.own().human)
    assert world.own().queue == "out-of-hours"
    assert person is not None
    assert "frontline" in person.queues


# Messages


def test_what_a_customer_is_told_arrives_in_the_order_in_which_it_was_said() -> None:
    world = World()
    epoch = world.customer("Where is my parcel?").epoch
    first = world.engine.send("c1", "One.", id="s1", epoch=epoch).message
    world.engine.send("c1", "Two.", id="s2", epoch=epoch)
    world.engine.send("c1", "Three.", id="s3", epoch=epoch)

    def fails_once(effect: Effect) -> Sent:
        again = effect.key != first or effect.attempts > 1
        return Sent.SENT if again else Sent.FAILED

    world.answer = fails_once
    world.drain()
    assert said(world) == []
    world.now += MINUTE
    world.drain()
    assert said(world) == ["One.", "Two.", "Three."]


def test_what_is_never_delivered_holds_up_nothing_for_ever_and_other_kinds_not_at_all() -> None:
    world = World()
    epoch = world.customer("Where is my parcel?").epoch
    first = world.engine.send("c1", "One.", id="s1", epoch=epoch).message
    name = "ana"
    world.person(name)
    world.engine.send("c1", "I am Ana.", id="s2", by=name)
    world.customer("Hello?", "c2")
    world.engine.send("c2", "Other.", id="s3", epoch=epoch)
    last = world.engine.send("c1", "Still here.", id="s4", by=name).message
    stuck = {first, world.effects("message")[1].key}
    world.answer = lambda effect: Sent.FAILED if effect.key in stuck else Sent.SENT
    world.drain()
    assert said(world) == ["Other."]
    assert "bundle" in {effect.kind for effect, _ in world.sent}
    for _ in range(10):
        world.now += 11 * MINUTE
        world.drain()
    assert said(world) == ["Other.", "Still here."]
    assert last in {effect.key for effect, _ in world.sent}


def said(world: World) -> list[str]:
    return [text for effect, text in world.sent if effect.kind == "message"]


# Verdicts and decisions


def test_a_verdict_that_comes_later_says_whose_it_is() -> None:
    world = World()
    world.closed()
    world.now += HOUR
    world.act(c.Judge, BOSS, verdict=Verdict(helpful=False))
    closure = world.own().closure
    assert closure is not None
    assert (closure.judged_by, closure.judged_at) == (BOSS, world.now)
    assert closure.by != BOSS


def test_a_soft_reason_within_the_cooldown_is_told_and_recorded_as_such() -> None:
    world = World()
    world.delegated()
    reply = world.ai("Perhaps.", confidence=0.3)
    assert reply.decision is not None
    assert (reply.decision.outcome, reply.outcome) == (Outcome.HANDOFF, Outcome.CONTINUE)
    assert reply.cooldown
    assert [one.body for one in world.entries(name="cooldown")] == [{"line": world.case().lines}]
    world.customer("Fine.")
    world.customer("And?")
    later = world.ai("Perhaps so.", confidence=0.3)
    assert (later.cooldown, later.outcome) == (False, Outcome.HANDOFF)
    assert len(world.entries(name="cooldown")) == 1


def test_a_turn_after_the_cooldown_is_of_no_cooldown() -> None:
    world = World()
    assert not world.turn(Turn(role=Role.CUSTOMER, text=ASK)).cooldown
