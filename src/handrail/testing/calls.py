"""The calls that a world makes, by name, from plain data: the same when played and replayed."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from handrail import outbox
from handrail.core.ownership import Accept, Actor, Epoch, Party
from handrail.core.routing import Availability, Closure, changed
from handrail.engine import Deployment, Reply
from handrail.packs import roster as rosters
from handrail.ports import Sent
from handrail.testing import vary
from handrail.testing.laws import Issued
from handrail.testing.laws.sight import ANY_CASE
from handrail.testing.trace import attributes_of, command_of, epoch_of, turn_of

if TYPE_CHECKING:
    from handrail.testing.world import World

Data = Mapping[str, Any]


def _turn(world: "World", data: Data) -> Reply:
    return world.engine.turn(
        data["case"],
        turn_of(data["turn"]),
        id=data["id"],
        workflow=data.get("workflow", ""),
        epoch=epoch_of(data.get("epoch")),
        by=data.get("by", ""),
        attributes=attributes_of(data.get("attributes")),
        history=tuple(turn_of(one) for one in data.get("history", ())),
        transcript=data.get("transcript", ""),
        deliver=data.get("deliver", False),
    )


def _act(world: "World", data: Data) -> Reply:
    return world.engine.act(data["case"], command_of(data["command"]), id=data["id"])


def _act_all(world: "World", data: Data) -> dict[str, Reply]:
    return dict(world.engine.act_all(data["cases"], command_of(data["command"]), id=data["id"]))


def _preview(world: "World", data: Data) -> dict[str, Reply]:
    return dict(world.engine.preview(data["cases"], command_of(data["command"])))


def _pause(world: "World", data: Data) -> Reply:
    return world.engine.pause(
        data["case"], data["by"], id=data["id"], check_back=data["check_back"]
    )


def _unpause(world: "World", data: Data) -> Reply:
    return world.engine.unpause(data["case"], data["by"], id=data["id"])


def _accepts(world: "World", data: Data) -> list[tuple[str, Reply]]:
    """Several people accept at the same instant."""
    quiet, world.falls.quiet = world.falls.quiet, True
    try:
        return [
            (
                who,
                world.engine.act(
                    data["case"],
                    Accept(at=0, by=Actor(kind=Party.HUMAN, id=who)),
                    id=f"{data['id']}/{who}",
                ),
            )
            for who in data["people"]
        ]
    finally:
        world.falls.quiet = quiet


def _admit(world: "World", data: Data) -> Any:
    epoch = Epoch(*data["epoch"])
    return world.engine.admit(
        data["case"],
        epoch,
        data["action"],
        args=data.get("args"),
        approval=data.get("approval", ""),
    )


def _ask(world: "World", data: Data) -> Any:
    return world.engine.ask_approval(
        data["case"], data["tool"], data["args"], id=data["id"], expires_in=data["expires_in"]
    )


def _answer(world: "World", data: Data) -> Any:
    return world.engine.answer_approval(data["id"], data["by"], granted=data["granted"])


def _fire(world: "World", _: Data) -> int:
    return world.engine.fire()


def _drain(world: "World", _: Data) -> int:
    for key in world.channel.accepted:
        outbox.report(world.engine.store, key, Sent.SENT)
    world.channel.accepted.clear()
    count = 0
    while done := outbox.drain(world.engine.store, world.channel):
        count += done
    return count


def _stop(world: "World", data: Data) -> int:
    return world.engine.stop(data["workflow"], data["by"])


def _resume(world: "World", data: Data) -> None:
    world.engine.resume(data["workflow"], data["by"])


def _person(world: "World", data: Data) -> None:
    """A person goes offline, comes back, or leaves the firm."""
    on = world.engine.deployment
    person = on.roster.person(data["id"])
    if person is None:
        return
    given: dict[str, Any] = dict(data["set"])
    if "availability" in given:
        given["availability"] = Availability(given["availability"])
    _deploy(world, replace(on, roster=changed(on.roster, replace(person, **given))))


def _close(world: "World", data: Data) -> None:
    """A supervisor closes a queue: a holiday, a broken telephone system."""
    on = world.engine.deployment
    closure = Closure(queue=data["queue"], start=data["start"], end=data["end"])
    roster = replace(
        on.roster, version=on.roster.version + 1, closures=(*on.roster.closures, closure)
    )
    _deploy(world, replace(on, roster=roster, calendars=rosters.calendars(on.pack, roster)))


def _pack(world: "World", data: Data) -> None:
    """The board activates another pack while cases are open."""
    changed_pack = vary.CHANGES[data["change"]](world.engine.deployment.pack)
    _deploy(world, vary.repacked(world.engine.deployment, changed_pack))


def _deploy(world: "World", on: Deployment) -> None:
    world.deployments.append(on)  # what it does while it is made active is under it already
    world.engine.activate(on)


def _down(world: "World", data: Data) -> None:
    """The channel is down for a time."""
    world.channel.down_until = world.now + data["ms"]


CALLS: Mapping[str, Callable[["World", Data], Any]] = {
    "turn": _turn,
    "act": _act,
    "act_all": _act_all,
    "preview": _preview,
    "pause": _pause,
    "unpause": _unpause,
    "accepts": _accepts,
    "admit": _admit,
    "ask": _ask,
    "answer": _answer,
    "fire": _fire,
    "drain": _drain,
    "stop": _stop,
    "resume": _resume,
    "person": _person,
    "close": _close,
    "pack": _pack,
    "down": _down,
}
"""Every call there is."""


_ENTRIES = {"stop": "stopped", "resume": "resumed"}


def issued(name: str, data: Data) -> Iterator[Issued]:
    """What people do with a call: the commands that may be written under their names."""
    case = str(data.get("case", "")).rstrip("+")
    if name == "turn" and data.get("by"):
        for what in ("accept", "takeover", "refused"):
            yield Issued(case, what, data["by"])
    elif name in {"act", "act_all"}:
        by = data["command"]["by"]
        if by["kind"] == Party.HUMAN.value:
            for one in data.get("cases", (case,)):
                yield Issued(one.rstrip("+"), data["command"]["name"], by.get("id", ""))
            yield Issued(ANY_CASE, "merged", by.get("id", ""))
    elif name in {"pause", "unpause"}:
        yield Issued(case, name, data["by"])
    elif name == "accepts":
        for who in data["people"]:
            yield Issued(case, "accept", who)
    elif name == "answer":
        yield Issued(ANY_CASE, "approval", data["by"])
    elif name in {"stop", "resume"}:
        yield Issued(ANY_CASE, _ENTRIES[name], data["by"])


def told(value: Any) -> str:
    """What came of a call, in a few words."""
    if isinstance(value, Reply):
        words = [value.case, value.status.value, str(value.epoch)]
        words += [value.why] if value.why else []
        words += [value.decision.outcome.code] if value.decision else []
        return " ".join([*words, *value.caught])
    if isinstance(value, dict):
        value = list(value.items())
    if isinstance(value, list):
        return ", ".join(f"{who}: {told(one)}" for who, one in value)
    return str(getattr(value, "code", getattr(value, "status", value)))
