"""Values as rows and back. What a row repeats of a body in columns is there for the database: for
its constraints, its indexes and its readers.
"""

from collections.abc import Sequence
from typing import Any

from handrail import codec
from handrail.adapters.tables import first
from handrail.core import record
from handrail.core.model import Role, Signals, Turn
from handrail.core.ownership import Epoch, Party, owner
from handrail.core.sla import Deadline
from handrail.ports import Approval, Case, Delivery, Effect, Entry, Line

Clocks = tuple[Deadline, ...]

STANDING = (
    *("workflow", "status", "owner", "queue", "human", "customer", "urgency", "since"),
    *("incarnation", "epoch", "fresh"),
)
RUNNING = ("touched", "version", "entries", "head", "fires", "clocks", "body")
CASE = STANDING + RUNNING


def standing(found: Case) -> tuple[Any, ...]:
    """The columns of `STANDING`: what most turns leave as it is."""
    own = found.ownership
    has = owner(own)
    who = "" if has is None else str(has.kind) if has.kind is Party.AI else ":".join(has)
    return (
        *(found.workflow, str(own.status), who, own.queue, own.human),
        *(found.customer, -own.priority, found.since, *own.epoch, 1),
    )


def stands(found: Case, before: Case) -> bool:
    """Whether the columns of `STANDING` are as they were."""
    same = found.ownership is before.ownership and found.customer == before.customer
    if same and found.workflow == before.workflow and found.since == before.since:
        return True
    return standing(found) == standing(before)


def running(found: Case, clocks: Clocks, head: str, touched: int) -> tuple[Any, ...]:
    """The columns of `RUNNING`: what every turn changes."""
    return (
        *(touched, found.version, found.entries, head, first(clocks)),
        *(codec.dump(clocks), codec.dump(found)),
    )


def read_case(body: str) -> Case:
    """The case of a row."""
    found: Case = codec.load(Case, body)
    return found


def read_clocks(text: str) -> Clocks:
    """The armed deadlines of a row."""
    found: Clocks = codec.load(Clocks, text)
    return found


TURN = ("workspace", '"case"', "number", "at", "role", '"by"', "signals")


def turn(workspace: str, line: Line) -> tuple[Any, ...]:
    """The columns of `TURN`; what was said is a payload."""
    seen = record.signals(line.signals)
    return (workspace, line.case, line.number, line.at, str(line.role), line.by, seen)


def said(line: Line) -> str:
    """What was said and done in a turn, as it is kept apart."""
    return codec.dump(line.turn)


def read_turn(row: Sequence[Any]) -> Line:
    """A turn from its row and its payload, which is None once it was erased."""
    name, number, at, role, by, signals, text = row
    turn_ = Turn(role=Role(role)) if text is None else codec.load(Turn, bytes(text))
    return Line(
        case=name,
        number=number,
        at=at,
        turn=turn_,
        signals=codec.load(Signals, signals),
        by=by,
    )


ENTRY = (
    *("workspace", '"case"', "number", "at", "name", "actor", "incarnation", "epoch"),
    *("body", "hash"),
)


def entry(workspace: str, one: Entry, body: str, mark: str) -> tuple[Any, ...]:
    """The columns of `ENTRY`."""
    return (workspace, one.case, one.number, one.at, one.name, one.actor, *one.epoch, body, mark)


def read_entry(row: Sequence[Any]) -> Entry:
    """An entry from its row."""
    name, number, at, what, actor, incarnation, epoch, body = row
    return Entry(
        case=name,
        number=number,
        at=at,
        name=what,
        actor=actor,
        epoch=Epoch(incarnation, epoch),
        body=codec.load(dict[str, Any], body),
    )


EFFECT = (
    *("workspace", "key", '"case"', "number", "kind", "status", "at", "due"),
    *("fence_incarnation", "fence", "attempts", "error", "body"),
)


def effect(workspace: str, one: Effect) -> tuple[Any, ...]:
    """The columns of `EFFECT`."""
    return (
        *(workspace, one.key, one.case, one.number, one.kind, one.status.value, one.at, one.due),
        *(one.fence or (None, None)),
        *(one.attempts, one.error, codec.dump(one.body)),
    )


def read_effect(row: Sequence[Any]) -> Effect:
    """An effect from its row, without the workspace."""
    key, name, number, kind, status, at, due, incarnation, fence, attempts, error, body = row
    return Effect(
        key=key,
        case=name,
        number=number,
        kind=kind,
        status=Delivery(status),
        at=at,
        due=due,
        fence=None if fence is None else Epoch(incarnation, fence),
        attempts=attempts,
        error=error,
        body=codec.load(dict[str, Any], body),
    )


def read_approval(body: str) -> Approval:
    """An approval from its row."""
    found: Approval = codec.load(Approval, body)
    return found
