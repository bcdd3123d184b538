"""Second guards of the laws 7 to 20 and 23: in the engine, over random histories of three cases."""

import json
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
    with_people,
)
from handrail.core import ownership, record
from handrail.core.decision import decide
from handrail.core.model import Event, Mode, Role, Turn
from handrail.core.ownership import (
    COMMANDS,
    Command,
    Epoch,
    Ownership,
    Party,
    PlanStep,
    Progress,
    Refusal,
    Status,
)
from handrail.core.ownership import commands as c
from handrail.core.routing import Availability
from handrail.engine import Reply
from handrail.errors import Refused
from handrail.ports import Delivery, Effect, Entry, Sent

CASES = ("a", "b", "c")
KINDS = {kind.name: kind for kind in COMMANDS}
CARD = "4111 1111 1111 1111"
SAYS = (
    "Where is my parcel?",
    "It is still not working, this is useless.",
    "I think my account was hacked.",
    "My lawyer will write to you.",
    f"My card is {CARD}.",
    ASK,
)
ACTS: tuple[type[Command], ...] = (
    c.Accept,
    c.Accept,
    c.Decline,
    c.Release,
    c.Reroute,
    c.Takeover,
    c.Handback,
    c.Handback,
    c.Recall,
    c.Begin,
    c.Report,
    c.Resolve,
    c.Withdraw,
    c.Prioritise,
    c.Open,
)


class Story:
    """A random history: what happens next is chosen by the state that was reached."""

    def __init__(self, seed: int, pack: str = "support-chat") -> None:
        self.dice = Random(seed)  # no secret
        self.world = World(pack)
        self.world.answer = self.channel
        self.last: tuple[str, Reply] | None = None

    def channel(self, _: Effect) -> Sent:
        if self.dice.random() < 0.3:
            raise ConnectionError("the channel is down")
        return self.dice.choice((Sent.SENT, Sent.SENT, Sent.FAILED))

    def step(self) -> None:
        """One thing that happens."""
        name = self.dice.choice(CASES)
        roll = self.dice.random()
        self.last = None
        if roll < 0.35:
            self.last = (name, self.speak(name))
        elif roll < 0.65 and self.known(name):
            self.last = (name, self.command(name))
        elif roll < 0.72 and self.known(name):
            self.approve(name)
        elif roll < 0.77:
            self.people()
        elif roll < 0.85:
            self.world.drain()
        else:
            late = self.dice.choice((MINUTE, 3 * MINUTE, 20 * MINUTE, HOUR, 9 * HOUR, 3 * DAY))
            self.world.wait(late * self.dice.choice((0, 1, 1)))

    def known(self, name: str) -> bool:
        with self.world.store.unit() as unit:
            return unit.case(name) is not None

    def speak(self, name: str) -> Reply:
        pick, world = self.dice.choice, self.world
        kind = pick(("customer", "customer", "ai", "ai", "late ai", "human", "tool", "ops"))
        if kind == "customer":
            return world.customer(pick(SAYS), name)
        own = world.own(name) if self.known(name) else Ownership()
        if kind == "ai":
            sure = pick((0.95, 0.3))
            return world.ai(
                "Here you are.", name, sure, epoch=own.epoch, deliver=pick((True, False))
            )
        if kind == "late ai":
            old = Epoch(1, max(1, own.epoch.number - 1))
            return world.ai("As I said.", name, epoch=old, deliver=True)
        if kind == "human":
            return world.person(pick(("ana", "counsel", own.human or "luis")), case=name)
        if kind == "tool":
            return world.turn(Turn(role=Role.TOOL, tool="find", error=pick((True, False))), name)
        return world.ops(pick((Event.PERMISSION_MISSING, Event.POLICY_VIOLATION)), case=name)

    def command(self, name: str) -> Reply:
        pick, own = self.dice.choice, self.world.own(name)
        kind = pick(ACTS)
        who = human(pick((own.human or "ana", own.human or "ana", "ana", "counsel")))
        steps = tuple(PlanStep(id=one, action=one) for one in pick((("refund", "mail"), ("mail",))))
        said: dict[type[Command], dict[str, Any]] = {
            c.Reroute: {"queue": pick(("specialists", "frontline", "nowhere")), "steward": ""},
            c.Handback: {"steps": steps, "expires": pick((0, self.world.now + HOUR))},
            c.Begin: {"step": pick(("refund", "mail"))},
            c.Report: {"step": pick(("refund", "mail")), "progress": pick(tuple(Progress))},
            c.Resolve: {"disposition": "solved", "note": "n"},
            c.Prioritise: {"priority": 5},
            c.Open: {"queue": "", "steward": ""},
        }
        by = {c.Begin: AI, c.Report: AI, c.Withdraw: CUSTOMER, c.Open: pick((AI, who))}
        by |= {c.Reroute: pick((BOSS, who)), c.Resolve: pick((AI, who, who))}
        return self.world.act(kind, by.get(kind, who), name, **said.get(kind, {}))

    def approve(self, name: str) -> None:
        pick, world = self.dice.choice, self.world
        own = world.own(name)
        if own.status is not Status.CLOSED:
            asked = f"p{next(world.ids)}"
            world.engine.ask_approval(name, "pay", {"sum": pick((1, 2))}, id=asked)
            if pick((True, False)):
                granted = pick((True, False))
                if world.engine.deployment.knows("ana"):
                    world.engine.answer_approval(asked, "ana", granted=granted)
                else:
                    with pytest.raises(Refused, match="the roster has nobody `ana`"):
                        world.engine.answer_approval(asked, "ana", granted=granted)
        world.engine.admit(name, own.epoch, pick(("pay", "refund", "message")), args={"sum": 1})

    def people(self) -> None:
        """Somebody comes, goes, or leaves for good."""
        dice = self.dice

        def other(person: Any) -> Any:
            if dice.random() < 0.8:
                return person
            way = dice.choice(tuple(Availability))
            return replace(person, availability=way, left=dice.random() < 0.1)

        self.world.engine.activate(with_people(self.world.engine.deployment, other))


def _command(entry: Entry) -> dict[str, Any]:
    """What an entry says of its command: besides it, the entry commits to texts."""
    body: dict[str, Any] = json.loads(json.dumps(entry.body))
    body.pop("payloads", None)
    return body


def commands(world: World, name: str) -> list[Command]:
    """The commands that the entries of a case hold, read back."""
    return [
        record.build(KINDS[one.name], _command(one))
        for one in world.entries(name)
        if one.name in KINDS
    ]


stories = st.integers(0, 2**32)


@settings(max_examples=40)
@given(stories)
def test_in_any_history_every_step_leaves_one_owner_a_watch_and_a_fold_that_agrees(
    seed: int,
) -> None:
    story = Story(seed)
    for _ in range(45):
        story.step()
        for name in filter(story.known, CASES):
            own = story.world.own(name)
            # Law 11: one owner, one accountable person, at most one handoff.
            assert (ownership.owner(own) is None) == (own.status is Status.CLOSED)
            if own.status not in {Status.AI, Status.CLOSED}:
                assert ownership.accountable(own), own
                assert own.queue in story.world.engine.deployment.queues  # law 8
            # Law 12: the entries alone lead to where the case is.
            first = Ownership(workflow=own.workflow, at=story.world.case(name).ownership.at)
            folded = ownership.fold(Ownership(workflow=first.workflow), commands(story.world, name))
            assert _bare(folded) == _bare(own)
            # Law 16: watched exactly while it is unclosed.
            armed = [one for one in story.world.deadlines(name).values() if one.armed]
            assert bool(armed) == (own.status is not Status.CLOSED), own.status


def _bare(own: Ownership) -> Ownership:
    """All but the time of the first moment, which no command tells."""
    return replace(own, at=0)


@settings(max_examples=40)
@given(stories)
def test_in_any_history_the_ai_says_nothing_under_an_old_epoch_and_every_effect_ends_with_an_entry(
    seed: int,
) -> None:
    story = Story(seed)
    world = story.world
    for _ in range(45):
        before = {name: world.own(name) for name in filter(story.known, CASES)}
        sent = len(world.sent)
        story.step()
        for effect, _ in world.sent[sent:]:  # law 15, when it leaves
            if effect.fence is not None:
                assert before[effect.case].epoch == effect.fence
    world.answer = lambda effect: Sent.FAILED
    for _ in range(400):  # what is said in a case leaves one after the other
        world.now += DAY
        world.drain()
        if all(ended(world, name) for name in filter(story.known, CASES)):
            break
    for name in filter(story.known, CASES):
        ends = {
            (one.body["key"], one.body["status"])
            for one in world.entries(name)
            if one.name == "delivery"
        }
        for effect in world.effects(case=name):  # law 19
            assert effect.status in {Delivery.SENT, Delivery.FAILED, Delivery.CANCELLED}
            assert (effect.key, effect.status.value) in ends
            assert effect.status is not Delivery.CANCELLED or effect.fence is not None


def ended(world: World, name: str) -> bool:
    return all(effect.status is not Delivery.QUEUED for effect in world.effects(case=name))


@settings(max_examples=40)
@given(stories)
def test_in_any_history_time_decides_nothing_in_the_name_of_a_person(seed: int) -> None:
    story = Story(seed)
    for _ in range(30):
        story.step()
        before = {name: len(story.world.entries(name)) for name in filter(story.known, CASES)}
        story.world.wait(10 * MINUTE)
        for name, count in before.items():  # law 20
            assert {one.actor for one in story.world.entries(name)[count:]} <= {"system"}
        state = {name: story.world.case(name) for name in before}
        story.world.engine.fire()  # law 17: once more, nothing new
        assert {name: story.world.case(name) for name in before} == state


@settings(max_examples=40)
@given(stories)
def test_in_any_history_a_call_that_is_repeated_changes_nothing_and_answers_the_same(
    seed: int,
) -> None:
    story = Story(seed)
    world = story.world
    for _ in range(30):
        story.step()
        text = story.dice.choice(SAYS)
        said = Turn(role=Role.CUSTOMER, text=text)
        first = world.engine.turn("a", said, id="x" + text)
        cases, count = world.case(first.case), len(world.entries(first.case))
        assert world.engine.turn("a", said, id="x" + text) == first
        assert world.case(first.case) == cases
        assert len(world.entries(first.case)) == count


@settings(max_examples=60)
@given(stories, st.sampled_from(("support-chat", "ops-agent")))
def test_whoever_asks_for_a_human_in_any_history_has_a_handoff_or_a_human(
    seed: int, pack: str
) -> None:
    story = Story(seed, pack)
    for _ in range(story.dice.randint(0, 20)):
        if pack == "support-chat":
            story.step()
    reply = story.world.customer(ASK, "a")  # law 23
    assert reply.mode is Mode.ENFORCE
    assert reply.status not in {Status.AI, Status.DELEGATED, Status.CLOSED}
    with story.world.store.unit() as unit:
        bundles = [one for one in unit.entries(reply.case) if one.name == "bundle"]
        assert bundles  # law 9: whatever it lacks, it is there, and counted
        for one in bundles:
            made = json.loads(unit.payload(one.body["key"]) or "")
            assert made.get("missing", []) == one.body["missing"]
            assert CARD not in json.dumps(made)  # law 10


@settings(max_examples=40)
@given(stories)
def test_the_ai_has_a_case_back_only_by_a_handback_and_never_more_often_than_the_bound(
    seed: int,
) -> None:
    story = Story(seed)
    for _ in range(60):
        story.step()
    for name in filter(story.known, CASES):
        before, handed = Status.AI, 0
        own = Ownership()
        for cmd in commands(story.world, name):
            after = ownership.apply(own, cmd)
            assert isinstance(after, Ownership)
            with_ai = {Status.AI, Status.DELEGATED}
            if before not in with_ai and after.status in with_ai and after.handoff:
                assert isinstance(cmd, c.Handback)  # law 14
                assert cmd.by.kind is Party.HUMAN
                handed += 1
            own, before = after, after.status
        assert handed <= 2


@settings(max_examples=30)
@given(stories)
def test_what_a_decision_reads_is_of_its_own_episode_and_replays_byte_for_byte(seed: int) -> None:
    story = Story(seed)
    for _ in range(40):
        story.step()
    world = story.world
    rules = world.engine.deployment.workflows["support"].rules
    for name in filter(story.known, CASES):
        lines = {one.number: one for one in world.lines(name)}
        first = 1
        for entry in world.entries(name):
            if entry.name in {"handback", "reopen"}:
                taken = [
                    one.body["line"]
                    for one in world.entries(name)[: entry.number - 1]
                    if one.name == "decision"
                ]
                first = max(taken, default=0) + 1
            if entry.name != "decision":
                continue
            line = entry.body["record"].encode()
            given_, decision = record.load(line)
            again = decide(rules, given_.state, given_.signals, given_.context)
            assert record.dump(given_, again) == line  # law 6
            own = [lines[n] for n in range(first, entry.body["line"] + 1)]
            heard = {topic for one in own for topic in one.signals.topics}
            assert set(given_.state.topics) <= heard  # law 7
            assert decision.outcome == again.outcome


@pytest.mark.parametrize("count", [2, 5])
def test_of_several_who_accept_at_once_one_wins_and_the_others_are_told_who(count: int) -> None:
    world = World(at=World().now)
    world.customer(ASK)
    asked = world.own().human
    others = ["luis", "marta", "pau", "mei"][: count - 1]
    replies = [world.act(c.Accept, human(name)) for name in (asked, *others)]
    assert replies[0].refused is None
    for reply in replies[1:]:  # law 13
        assert isinstance(reply.refused, ownership.Refused)
        assert (reply.refused.code, reply.refused.who) == (Refusal.ALREADY_HELD, asked)
