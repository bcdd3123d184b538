"""Who may do what to a case that people have, and what becomes of a handoff that is merged."""

import pytest

from engine.world import AI, ASK, BOSS, CUSTOMER, DAY, World, human
from handrail.core.model import Event
from handrail.core.ownership import PlanStep, Status
from handrail.core.ownership import commands as c
from handrail.errors import Conflict, InputError
from handrail.ports import Case

NOWHERE = {"queue": "", "steward": ""}


def where(case: Case) -> tuple[object, ...]:
    own = case.ownership
    return own.status, own.queue, own.human, own.epoch, own.priority


@pytest.mark.parametrize("who", [AI, CUSTOMER])
@pytest.mark.parametrize("status", [Status.HELD, Status.PROPOSED])
def test_neither_the_ai_nor_a_customer_takes_a_case_from_the_person_who_has_it(
    who: object, status: Status
) -> None:
    world = World()
    if status is Status.HELD:
        world.held()
    else:
        world.customer(ASK)
    assert world.own().status is status
    before = where(world.case())
    wish = {"queue": "specialists", "steward": "x", "hard": True, "priority": 99}
    reply = world.act(c.Open, who, **wish)
    assert where(world.case()) == before
    assert reply.why == ("not_owner" if who is AI else "")


@pytest.mark.parametrize("who", [AI, CUSTOMER])
def test_the_matrix_says_where_a_case_goes_and_not_who_asks(who: object) -> None:
    named, plain = World(), World()
    for world in (named, plain):
        world.customer("Where is my order?")
    named.act(c.Open, who, queue="vip-desk", steward="x", hard=True, priority=99)
    plain.act(c.Open, who, **NOWHERE)
    assert where(named.case()) == where(plain.case())
    assert named.own().queue != "vip-desk"
    assert named.case().hard is (who is CUSTOMER)


def test_a_handoff_goes_on_in_the_case_that_it_is_merged_into() -> None:
    world = World()
    world.customer(ASK, "a")
    world.customer("Where is my order?", "b")
    asked = world.own("a")
    world.act(c.Merge, BOSS, "a", case="a", into="b")
    kept = world.own("b")
    assert kept.status in {Status.QUEUED, Status.PROPOSED}
    assert set(asked.reasons) <= set(kept.reasons)
    assert kept.queue == asked.queue
    assert world.customer("Hello?", "a").paused
    assert world.ai("It is on its way.", "b", epoch=None).refused is not None
    assert any(one.name == "bundle" for one in world.entries("b"))


def test_who_held_a_case_that_was_merged_is_asked_first_and_has_said_yes_to_nothing() -> None:
    world = World()
    me = world.held("a")
    world.customer("Where is my order?", "b")
    world.act(c.Merge, human(me), "a", case="a", into="b")
    assert (world.own("b").status, world.own("b").human) == (Status.PROPOSED, me)
    assert world.act(c.Accept, human(me), "b").status is Status.HELD
    assert world.own("a").status is Status.CLOSED


def test_a_customer_who_comes_back_late_to_a_merged_case_gets_one_new_case() -> None:
    world = World()
    world.customer("Where is my order?", "a")
    world.customer("Where is my parcel?", "b")
    world.act(c.Merge, human("boss"), "a", case="a", into="b")
    world.act(c.Resolve, AI, "b", disposition="answered")
    world.now += 30 * DAY
    names = {world.customer("Hello again", "a").case for _ in range(4)}
    assert names == {"b+"}


def test_the_ai_of_a_stopped_workflow_gives_no_commands_but_may_ask_for_a_person() -> None:
    world = World()
    world.customer("Where is my order?")
    world.engine.stop("support", "nuria")
    before = where(world.case())
    for kind, said in ((c.Resolve, {"disposition": "answered"}), (c.Move, {"workflow": "support"})):
        if world.own().status is Status.AI:
            assert world.act(kind, AI, **said).why == "stopped"
    assert where(world.case()) == before
    if world.own().status is Status.AI:
        assert world.act(c.Open, AI, **NOWHERE).opened


def test_a_flagged_request_opens_a_closed_case_again() -> None:
    world = World()
    world.customer("Where is my order?")
    world.act(c.Resolve, AI, disposition="answered")
    reply = world.ops(Event.HUMAN_REQUESTED)
    assert reply.opened
    assert reply.status in {Status.QUEUED, Status.PROPOSED}


@pytest.mark.parametrize("name", ["", "x" * 201, "a\x00b", "a\nb", "\ud83d"])
def test_what_cannot_be_an_id_is_refused(name: str) -> None:
    world = World()
    with pytest.raises(InputError, match="cannot be the id of a case"):
        world.customer("Hello", name)
    world.customer("Hello")
    with pytest.raises(InputError, match="cannot be the id of a call"):
        world.customer("Hello", id=name)
    with pytest.raises(InputError, match="cannot be the id of a call"):
        world.act(c.Open, CUSTOMER, **NOWHERE, id=name)
    assert len(world.lines()) == 1


def test_the_note_of_a_closure_is_kept_apart_and_the_ledger_commits_to_it() -> None:
    world = World()
    me = world.held()
    done = c.Resolve(at=0, by=human(me), disposition="solved")
    assert world.engine.act("c1", done, id="r1").why == "no_note"
    assert world.engine.act("c1", done, id="r2", note="Told Ana.").refused is None
    assert world.engine.act("c1", done, id="r2", note="Told Ana.").refused is None
    closure, (entry,) = world.own().closure, world.entries(name="resolve")
    assert closure is not None
    assert world.payload(closure.note) == "Told Ana."
    assert entry.body["payloads"][0]["key"] == closure.note
    assert "Ana" not in str([one.body for one in world.entries()])
    with pytest.raises(Conflict):
        world.engine.act("c1", done, id="r2", note="Something else.")
    with pytest.raises(InputError, match="takes no note"):
        world.engine.act("c1", c.Accept(at=0, by=human(me)), id="a9", note="x")


def test_no_plan_lasts_longer_than_the_pack_allows() -> None:
    world = World()
    me = world.held()
    steps = (PlanStep(id="1", action="refund"),)
    world.act(c.Handback, human(me), steps=steps, expires=10**17)
    plan = world.own().mandate
    assert plan is not None
    bound = world.engine.deployment.workflow("support").handback.plan_expires * 1000
    assert plan.expires == world.now + bound


def test_who_owns_is_told_to_an_ai_that_asks_too_late() -> None:
    world = World()
    name = world.held()
    refused = world.act(c.Open, AI, **NOWHERE).refused
    assert refused is not None
    assert (refused.who, world.own().human) == (name, name)
