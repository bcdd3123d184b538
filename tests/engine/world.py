"""A small world for the tests of the engine: a clock that is set by hand, a store in memory, a
starter pack with its roster, and a channel that keeps what it was given.
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from handrail import outbox, packs
from handrail.core.model import Event, Mode, Role, Turn
from handrail.core.ownership import Actor, Command, Ownership, Party, PlanStep
from handrail.core.ownership import commands as c
from handrail.core.routing import Person, Roster
from handrail.core.sla import Deadline
from handrail.engine import Deployment, Engine, Reply, deploy
from handrail.packs import roster as rosters
from handrail.ports import Case, Effect, Entry, Line, Sent
from stores import new_store

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
MONDAY = int(datetime(2026, 11, 23, 12, 30, tzinfo=ZoneInfo("Europe/Madrid")).timestamp()) * 1000
NIGHT = int(datetime(2026, 11, 23, 22, 30, tzinfo=ZoneInfo("Europe/Madrid")).timestamp()) * 1000
AI = Actor(kind=Party.AI)
CUSTOMER = Actor(kind=Party.CUSTOMER)
BOSS = Actor(kind=Party.HUMAN, id="boss", supervisor=True)
STORE = ContextVar("STORE", default="memory")
"""The kind of store that worlds are made on."""
ASK = "I want to talk to a human."


def human(name: str) -> Actor:
    return Actor(kind=Party.HUMAN, id=name)


@cache
def deployment(name: str) -> Deployment:
    """A starter pack with its roster, compiled once for all tests."""
    pack = packs.load(name)
    return deploy(pack, rosters.load(name, pack))


def with_mode(on: Deployment, mode: Mode, percentage: int = 100) -> Deployment:
    flows = tuple(replace(one, mode=mode, percentage=percentage) for one in on.pack.workflows)
    return replace(on, pack=replace(on.pack, workflows=flows))


def with_people(on: Deployment, change: Callable[[Person], Person]) -> Deployment:
    people = tuple(change(one) for one in on.roster.people)
    return replace(on, roster=Roster(version=on.roster.version + 1, people=people))


class World:
    """Everything of one test. Calls are given ids of their own."""

    def __init__(self, pack: str = "support-chat", at: int = MONDAY) -> None:
        self.now = at
        self.store = new_store(STORE.get(), lambda: self.now)
        self.engine = Engine(self.store, deployment(pack))
        self.ids = itertools.count(1)
        self.sent: list[tuple[Effect, str]] = []
        self.answer: Callable[[Effect], Sent] = lambda effect: Sent.SENT

    # What happens.

    def turn(self, turn: Turn, case: str = "c1", **said: Any) -> Reply:
        return self.engine.turn(case, turn, **{"id": f"t{next(self.ids)}", **said})

    def customer(self, text: str, case: str = "c1", **said: Any) -> Reply:
        return self.turn(Turn(role=Role.CUSTOMER, text=text), case, **said)

    def ai(self, text: str, case: str = "c1", confidence: float = 0.95, **said: Any) -> Reply:
        if "epoch" not in said:
            said["epoch"] = self.own(case).epoch
        return self.turn(Turn(role=Role.AGENT, text=text, confidence=confidence), case, **said)

    def person(self, by: str, text: str = "Let me see.", case: str = "c1", **said: Any) -> Reply:
        return self.turn(Turn(role=Role.HUMAN, text=text), case, by=by, **said)

    def ops(self, *events: Event, case: str = "c1", **said: Any) -> Reply:
        return self.turn(Turn(role=Role.OPS, events=events), case, **said)

    def act(self, kind: type[Command], by: Actor, case: str = "c1", /, **said: Any) -> Reply:
        name = said.pop("id", f"a{next(self.ids)}")
        return self.engine.act(case, kind(**{"at": 0, "by": by, **said}), id=name)

    def wait(self, ms: int, *, step: int = 0) -> None:
        """Time passes; with `step` the deadlines are fired on the way."""
        end = self.now + ms
        while step and self.now + step <= end:
            self.now += step
            self.engine.fire()
        self.now = end
        self.engine.fire()

    def deliver(self, effect: Effect, text: str) -> Sent:
        found = self.answer(effect)
        if found is not Sent.FAILED:
            self.sent.append((effect, text))
        return found

    def drain(self) -> int:
        return outbox.drain(self.store, self)

    # Shortcuts into a state.

    def held(self, case: str = "c1") -> str:
        """A case that a customer asked a person for, and the one who took it."""
        self.customer(ASK, case)
        name = self.own(case).human
        assert self.act(c.Accept, human(name), case).refused is None
        return name

    def delegated(self, *actions: str, case: str = "c1", **said: Any) -> str:
        """A case with a plan under way, and its sponsor."""
        name = self.held(case)
        steps = tuple(PlanStep(id=one, action=one) for one in actions or ("refund",))
        reply = self.act(c.Handback, human(name), case, **{"steps": steps, "expires": 0, **said})
        assert reply.refused is None
        return name

    def closed(self, case: str = "c1") -> str:
        name = self.held(case)
        reply = self.act(c.Resolve, human(name), case, disposition="solved", note="n1")
        assert reply.refused is None
        return name

    # What can be seen.

    def case(self, case: str = "c1") -> Case:
        return self.engine.case(case)

    def own(self, case: str = "c1") -> Ownership:
        return self.engine.case(case).ownership

    def entries(self, case: str = "c1", name: str = "") -> Sequence[Entry]:
        with self.store.unit() as unit:
            return [one for one in unit.entries(case) if name in {"", one.name}]

    def lines(self, case: str = "c1") -> Sequence[Line]:
        with self.store.unit() as unit:
            return unit.lines(case)

    def effects(self, kind: str = "", case: str = "c1") -> Sequence[Effect]:
        with self.store.unit() as unit:
            return [one for one in unit.effects(case) if kind in {"", one.kind}]

    def deadlines(self, case: str = "c1") -> Mapping[str, Deadline]:
        with self.store.unit() as unit:
            return {one.kind.value: one for one in unit.deadlines(case)}

    def payload(self, key: str) -> str | None:
        with self.store.unit() as unit:
            return unit.payload(key)


def told(reply: Reply) -> list[str]:
    """The notices that a reply tells the customer."""
    return [one.event for one in reply.told]
