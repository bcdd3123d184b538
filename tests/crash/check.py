"""What must hold after the kills: everything that was acknowledged is there, and nothing twice."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text

from crash import place, traffic
from handrail import codec, outbox
from handrail.adapters.sql import SqlStore
from handrail.core import ledger, record
from handrail.core.ownership import COMMANDS, Ownership, Status, fold, owner
from handrail.core.sla import Kind
from handrail.engine import Engine, Reply
from handrail.errors import HandrailError
from handrail.ports import Case, Channel, Delivery, Effect, Entry, Line

SETTLED = {Delivery.SENT, Delivery.CANCELLED}
NEEDS = {Status.PROPOSED: Kind.PROPOSAL, Status.DELEGATED: Kind.MANDATE}
_COMMANDS = {one.name: one for one in COMMANDS}


@dataclass(slots=True)
class Journals:
    """What all lives of all workers wrote."""

    calls: dict[str, traffic.Call] = field(default_factory=dict)
    answers: dict[str, Reply] = field(default_factory=dict)
    errors: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)

    @property
    def open(self) -> list[traffic.Call]:
        """Calls that were begun and never acknowledged."""
        return [call for name, call in self.calls.items() if name not in self.answers]


def journals(folder: Path) -> Journals:
    """Read them; each as far as it was written."""
    found = Journals()
    for path in sorted(folder.glob("*.journal")):
        for line in place.records(path):
            if "call" in line:
                found.calls[line["call"]["id"]] = line["call"]
            elif "answered" in line:
                found.answers[line["answered"]] = codec.load(Reply, line["reply"])
            elif "error" in line:
                found.errors[f"{line['error']}: {line['says']}"] += 1
            elif "broken" in line:
                found.broken.append(f"{path.name}: {line['where']}: {line['broken']}")
    return found


@dataclass(slots=True, kw_only=True)
class Seen:
    """One case as it is stored."""

    case: Case
    entries: Sequence[Entry]
    lines: Sequence[Line]
    effects: Sequence[Effect]
    clocks: tuple[Any, ...]


def read(store: SqlStore, names: Sequence[str]) -> dict[str, Seen]:
    """The cases that there are."""
    found: dict[str, Seen] = {}
    for name in names:
        with store.unit() as unit:
            case = unit.case(name)
            if case is not None:
                found[name] = Seen(
                    case=case,
                    entries=unit.entries(name),
                    lines=unit.lines(name),
                    effects=unit.effects(name),
                    clocks=unit.deadlines(name),
                )
    return found


def whole(store: SqlStore, found: Journals) -> Iterator[str]:
    """Law 18: a call that was never acknowledged is absent or complete."""
    for call in found.open:
        with store.unit() as unit:
            answer = unit.answer(call["case"], traffic.key(call))
            times = len(traces(call, unit.lines(call["case"]), unit.entries(call["case"])))
        if answer is None and times:
            yield f"`{call['id']}` was never answered, and left {times} traces"
        if answer is not None and not times and '"refused":null' not in answer:
            continue
        if answer is not None and times > 1:
            yield f"`{call['id']}` left {times} traces"


def traces(call: traffic.Call, lines: Sequence[Line], entries: Sequence[Entry]) -> list[object]:
    """What a call that changed something left: the turn that it was, or its entry."""
    if "command" in call:
        wanted = call["command"]["name"]
        return [
            one for one in entries if one.name == wanted and one.body.get("reason") == call["id"]
        ]
    return [one for one in lines if one.turn.text.endswith(f"({call['id']})")]


def catch_up(engine: Engine, found: Journals, channel: Channel, later: list[int]) -> list[str]:
    """Make what was not acknowledged again, then let time pass until all effects are settled.

    `later` has one number: how many milliseconds the store's time is ahead. What the calls
    answer now is acknowledged too.
    """
    wrong = []
    for call in found.open:
        try:
            found.answers[call["id"]] = traffic.make(engine, call)
        except HandrailError as problem:
            wrong.append(f"`{call['id']}` again: {type(problem).__name__}: {problem}")
    engine.fire()
    for _ in range(outbox.TRIES + 2):
        try:
            while outbox.drain(engine.store, channel, limit=1000):
                pass
        except HandrailError as problem:
            wrong.append(f"an effect could not be settled: {type(problem).__name__}: {problem}")
        later[0] += 600_000
    return wrong


def again(engine: Engine, found: Journals) -> Iterator[str]:
    """A call that is repeated gets the reply that it got, and changes nothing."""
    for name, reply in found.answers.items():
        repeated = traffic.make(engine, found.calls[name])
        if codec.dump(repeated) != codec.dump(reply):
            yield f"`{name}` was answered {reply}, and now {repeated}"


def applied(found: Journals, seen: dict[str, Seen]) -> Iterator[str]:
    """Every acknowledged call left exactly one trace, or none when it was refused."""
    held = {name: set(_owners(one)) for name, one in seen.items()}
    records = {
        (name, entry.body["line"]): json.loads(entry.body["record"])["decision"]
        for name, one in seen.items()
        for entry in one.entries
        if entry.name == "decision"
    }
    for name, reply in found.answers.items():
        call, one = found.calls[name], seen.get(reply.case)
        if one is None:
            yield f"`{name}` was acknowledged, and there is no case `{reply.case}`"
            continue
        left = traces(call, one.lines, one.entries)
        if len(left) != (0 if reply.refused else 1):
            yield f"`{name}` was answered {reply.why or 'yes'}, and left {len(left)} traces"
        for line in left:
            if isinstance(line, Line) and reply.decision is not None:
                kept = records.get((reply.case, line.number))
                if kept != record.plain(reply.decision):
                    yield f"`{name}` was decided {reply.decision}, kept is {kept}"
        if (reply.epoch, reply.owner) not in held[reply.case]:
            yield f"`{name}` was told {reply.owner} in {reply.epoch}, which the ledger never says"
        if reply.message and reply.message not in {effect.key for effect in one.effects}:
            yield f"`{name}` was told that `{reply.message}` will be sent, and it is not there"


def _command(entry: Entry) -> dict[str, Any]:
    """What an entry says of its command: besides it, the entry commits to texts."""
    return {name: value for name, value in entry.body.items() if name != "payloads"}


def _commands(one: Seen) -> list[Any]:
    return [
        record.build(_COMMANDS[entry.name], _command(entry))
        for entry in one.entries
        if entry.name in _COMMANDS
    ]


def _start(one: Seen) -> Ownership:
    return Ownership(workflow=one.case.workflow, at=one.entries[0].at)


def _owners(one: Seen) -> Iterator[tuple[Any, Any]]:
    """Who had the case in each epoch, as its ledger tells it."""
    own = _start(one)
    yield own.epoch, owner(own)
    for cmd in _commands(one):
        own = fold(own, [cmd])
        yield own.epoch, owner(own)


def laws(seen: dict[str, Seen]) -> Iterator[str]:
    """Laws 11, 12, 16 and 19 on what is stored."""
    for name, one in seen.items():
        own = one.case.ownership
        folded = fold(_start(one), _commands(one))
        if replace(folded, at=own.at) != own:
            yield f"`{name}`: the entries come to {folded}, stored is {own}"
        if (owner(own) is None) != (own.status is Status.CLOSED):
            yield f"`{name}` is {own.status} and owned by {owner(own)}"
        for what, numbers, count in (
            ("entries", [entry.number for entry in one.entries], one.case.entries),
            ("turns", [line.number for line in one.lines], one.case.lines),
        ):
            if numbers != list(range(1, count + 1)):
                yield f"`{name}` counts {count} {what}, there are {numbers}"
        if len(one.effects) != one.case.effects:
            yield f"`{name}` counts {one.case.effects} effects, there are {len(one.effects)}"
        armed = {clock.kind for clock in one.clocks if clock.armed}
        if bool(armed) == (own.status is Status.CLOSED):
            yield f"`{name}` is {own.status}, armed are {armed}"
        if NEEDS.get(own.status, Kind.PROPOSAL) not in armed and own.status in NEEDS:
            yield f"`{name}` is {own.status}, armed are only {armed}"
        fired = Counter(
            (b["kind"], b["started"], b["what"], b.get("level"), b["at"])
            for b in (entry.body for entry in one.entries if entry.name == "clock")
            if "what" in b
        )
        for firing, times in fired.items():
            if times > 1:
                yield f"`{name}`: {firing} fired {times} times"


def delivered(seen: dict[str, Seen], log: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Law 19: every effect is settled, what was sent was applied once, and nothing else was."""
    firsts = Counter(line["key"] for line in log if line["first"])
    effects = {effect.key: effect for one in seen.values() for effect in one.effects}
    for key, effect in effects.items():
        if effect.status not in SETTLED:
            yield f"`{key}` is {effect.status} after {effect.attempts} tries: {effect.error}"
        if effect.status is Delivery.SENT and firsts[key] != 1:
            yield f"`{key}` was sent, and applied {firsts[key]} times"
    for key, times in firsts.items():
        if key not in effects:
            yield f"`{key}` was applied, and no unit that committed had written it"
        if times > 1:
            yield f"`{key}` was applied {times} times"


def chained(store: SqlStore) -> Iterator[str]:
    """Law 21: the hash of every entry follows from the one before, and the case has the last."""
    engine = create_engine(store.url)
    columns = '"case", number, at, name, actor, incarnation, epoch, body, hash'
    asked = f'select {columns} from entries where workspace = :w order by "case", number'  # noqa: S608
    heads: dict[str, str] = {}
    with engine.connect() as connection:
        for row in connection.execute(text(asked), {"w": store.workspace}):
            name, number, at, what, actor, incarnation, epoch, body, mark = row
            before = heads.get(name, ledger.genesis(store.workspace, name))
            entry = ledger.canonical(
                {
                    "case": name,
                    "number": number,
                    "at": at,
                    "name": what,
                    "actor": actor,
                    "epoch": [incarnation, epoch],
                    "body": json.loads(body),
                }
            )
            if mark != hashlib.sha256(before.encode() + b"\n" + entry).hexdigest():
                yield f"entry {number} of `{name}` has not the hash that it must have"
            heads[name] = mark
        stored = connection.execute(
            text("select id, head from cases where workspace = :w"), {"w": store.workspace}
        )
        for name, head in stored:
            if heads.get(name, "") != head:
                yield f"`{name}` says that its chain ends in {head}, it ends in {heads.get(name)}"
    engine.dispose()
