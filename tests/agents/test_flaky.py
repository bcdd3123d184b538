"""In any order of failures nothing is lost or doubled, and what is not confirmed is `pending`."""

import itertools
import tempfile
from pathlib import Path
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.world import World
from handrail.agents.calls import Away, Call, Got
from handrail.agents.client import Case, Client
from handrail.agents.local import Local
from handrail.core.model import Role

_IDS = itertools.count()
SAYS = ("Where is it?", "It is late.", "And now?", "Let me talk to a person, please.")


class Flaky(Local):
    """An engine behind a bad line: a call may not come, or its answer may be lost."""

    def __init__(self, world: World, dice: Random) -> None:
        super().__init__(world.engine)
        self.dice, self.bad, self.confirmed = dice, 0.0, set[str]()

    def __call__(self, call: Call) -> Got:
        roll = self.dice.random()
        if roll < self.bad / 2:
            raise Away("the call did not come")
        made = super().__call__(call)
        if roll < self.bad:
            raise Away("the answer was lost")
        if call.name == "turn":
            self.confirmed.add(call.body["turn"].text)
        return made


class Quiet(Client):
    """One that waits for nothing, and tells what was kept only when it is asked to."""

    def _settled(self) -> None:
        pass


def step(case: Case, line: Flaky, dice: Random, shown: list[str], said: list[str]) -> None:
    """A turn of the customer, and what the AI and the client make of it."""
    text = f"{dice.choice(SAYS)} ({next(_IDS)})"
    said.append(text)
    answer = case.heard(text)
    assert answer.pending == (text not in line.confirmed)
    assert answer.ai_may_speak <= (not answer.pending)
    if answer.pending:
        assert answer.holding
        assert answer.standing != "handed_off"
    if dice.random() < 0.8:
        reply = case.say(f"About {text}")
        assert not reply.pending or reply.refused == "pending"
    for got in case.read():
        if got.by == "agent":
            shown.append(got.text)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 1 << 32))
def test_in_any_order_of_failures_nothing_is_lost_doubled_or_said_unconfirmed(seed: int) -> None:
    dice, world = Random(seed), World("support-chat")
    line = Flaky(world, dice)
    with (
        tempfile.TemporaryDirectory() as folder,
        Quiet(engine=world.engine, spool=Path(folder)) as client,
    ):
        client._transport = line
        client._end.set()  # no pause is waited for
        case, said, shown = client.case("c"), list[str](), list[str]()
        for _ in range(dice.randint(1, 12)):
            line.bad = dice.choice((0.0, 0.0, 0.5, 1.0))
            step(case, line, dice, shown, said)
        line.bad = 0.0
        assert client.flush() == 0
        list(case.read())
        assert client.refused() == []
    with world.store.unit() as unit:
        lines = list(unit.lines("c"))
    assert [one.turn.text for one in lines if one.turn.role is Role.CUSTOMER] == said
    spoken = [one.turn.text for one in lines if one.turn.role is Role.AGENT]
    assert len(set(spoken)) == len(spoken)
    assert set(shown) <= set(spoken)  # what customers saw is known
    asked = any("person" in text for text in said)
    assert asked <= world.engine.case("c").ownership.handoff <= 1
