"""Who says and does what: one call after another, each with an id of its own that marks its trace.

A call is plain data, so that it can be written down before it is made and made again as it was.
"""

from random import Random
from typing import Any

from handrail.core.model import Role, Turn
from handrail.core.ownership import Actor, Command, Ownership, Party, PlanStep, Progress, Status
from handrail.core.ownership import commands as c
from handrail.engine import Engine, Reply
from handrail.errors import NotFound
from handrail.testing.trace import command_data, command_of, epoch_of, turn_data, turn_of

ASK = "I want to talk to a human."
PEOPLE = ("ana", "luis", "marta", "support-lead", "shift-lead")
DAY = 86_400_000
AI = Actor(kind=Party.AI)

Call = dict[str, Any]


def make(engine: Engine, call: Call) -> Reply:
    """Make a call, for the first time or again."""
    if "command" in call:
        return engine.act(call["case"], command_of(call["command"]), id=call["id"])
    return engine.turn(
        call["case"],
        turn_of(call["turn"]),
        id=call["id"],
        by=call.get("by", ""),
        epoch=epoch_of(call.get("epoch")),
        deliver=call.get("deliver", False),
    )


def key(call: Call) -> str:
    """Under what the store keeps the answer to a call."""
    return f"{'act' if 'command' in call else 'turn'}:{call['id']}"


def next_call(random: Random, engine: Engine, case: str, name: str) -> Call:
    """What happens next on a case. `name` is the id of the call."""
    try:
        own = engine.case(case).ownership
    except NotFound:
        return _said(case, name, Role.CUSTOMER, "Hello, my parcel has not come yet.")
    return _ways(random, own, case, name)


def _ways(random: Random, own: Ownership, case: str, name: str) -> Call:
    chance = random.random()
    if chance < 0.2 or own.status is Status.CLOSED:
        return _said(case, name, Role.CUSTOMER, "It is the blue one.")
    if own.status is Status.AI:
        if chance < 0.45:
            return _said(case, name, Role.CUSTOMER, ASK)
        if chance < 0.55:
            return _act(case, name, c.Resolve, AI, disposition="answered", note="")
        stale = chance < 0.6 and own.epoch.number > 1
        return _answer(case, name, own, behind=1 if stale else 0)
    if own.status is Status.HELD:
        return _held(chance, own, case, name)
    if own.status is Status.DELEGATED:
        return _delegated(chance, own, case, name)
    if own.status is Status.PROPOSED and chance < 0.3:
        return _act(case, name, c.Decline, _person(own.human))
    asked = own.status is Status.PROPOSED and chance < 0.9
    return _act(case, name, c.Accept, _person(own.human if asked else random.choice(PEOPLE)))


def _held(chance: float, own: Ownership, case: str, name: str) -> Call:
    me = _person(own.human)
    if chance < 0.6:
        return _said(case, name, Role.HUMAN, "Let me see.", by=own.human, deliver=True)
    if chance < 0.8:
        return _act(case, name, c.Resolve, me, disposition="solved", note="n1")
    if chance < 0.9:
        return _act(case, name, c.Release, me)
    steps = (PlanStep(id=f"s{name}", action="refund"),)
    return _act(case, name, c.Handback, me, steps=steps, expires=own.at + DAY)


def _delegated(chance: float, own: Ownership, case: str, name: str) -> Call:
    steps = own.mandate.steps if own.mandate else ()
    step = next((one for one in steps if one.progress is not Progress.DONE), None)
    if step is None or chance < 0.4:
        return _answer(case, name, own)
    if step.progress is Progress.PENDING:
        return _act(case, name, c.Begin, AI, step=step.id)
    return _act(case, name, c.Report, AI, step=step.id, progress=Progress.DONE)


def _answer(case: str, name: str, own: Ownership, behind: int = 0) -> Call:
    """The AI speaks, under the epoch that it saw or an older one."""
    epoch = [own.epoch.incarnation, own.epoch.number - behind]
    said = _said(case, name, Role.AGENT, "It is on its way.", epoch=epoch, deliver=True)
    said["turn"]["confidence"] = 0.95
    return said


def _said(case: str, name: str, role: Role, text: str, **more: object) -> Call:
    turn = turn_data(Turn(role=role, text=f"{text} ({name})"))
    return {"id": name, "case": case, "turn": turn, **more}


def _act(case: str, name: str, kind: type[Command], by: Actor, **said: Any) -> Call:
    cmd = kind(at=0, by=by, reason=name, **said)
    return {"id": name, "case": case, "command": command_data(cmd)}


def _person(name: str) -> Actor:
    return Actor(kind=Party.HUMAN, id=name)
