"""Who speaks, on which case, and what is kept of what was refused."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from handrail.core import case as cases
from handrail.core.model import Attributes, Mode, Role, Turn
from handrail.core.ownership import Actor, Ownership, Party, Refused
from handrail.engine import acts, gate, turns
from handrail.engine.deployment import Deployment
from handrail.engine.gate import Barred
from handrail.engine.work import SYSTEM, Work
from handrail.ports import Case, Unit

Values = Mapping[str, Mapping[str, object]]
_KINDS = {Role.AGENT: Party.AI, Role.HUMAN: Party.HUMAN, Role.CUSTOMER: Party.CUSTOMER}


def speaker(turn: Turn, by: str) -> Actor:
    """Who made a turn."""
    return Actor(kind=_KINDS.get(turn.role, Party.SYSTEM), id=by)


def begin(unit: Unit, on: Deployment, name: str, workflow: str, history: Sequence[Turn]) -> Case:
    """A new case, which the AI has."""
    chosen = on.of(name).workflow(workflow)
    return Case(
        id=name,
        workflow=chosen.name,
        ownership=Ownership(workflow=chosen.name, at=unit.now(), epoch=unit.first_epoch()),
        state=cases.start(whole=not history),
    )


def latest(unit: Unit, name: str, turn: Turn) -> Case | None:
    """The case, or the one that took its place; for customers also the one it was merged into.

    The AI names the case that it was told of: an epoch of the old one says nothing of the next.
    """
    found = unit.case(name)
    if turn.role is Role.AGENT:
        return found
    while found is not None and (name := _goes_on(found, turn.role)):
        found = unit.case(name)
    return found


def _goes_on(case: Case, role: Role) -> str:
    """Where a case that is over goes on."""
    closure = case.ownership.closure
    merged = closure.merged_into if closure and role is Role.CUSTOMER else ""
    return case.next or merged


def told(
    case: Case,
    attributes: Attributes | None,
    values: Values | None,
    transcript: str,
    customer: str,
) -> Case:
    """The case with what the caller knows now of the customer and the matter."""
    if attributes is not None:
        case = replace(case, attributes=attributes)
    if values is not None:
        case = replace(case, values={**case.values, **values})
    if transcript:
        case = replace(case, transcript=transcript)
    return replace(case, customer=customer) if customer else case


def bring(work: Work, history: Sequence[Turn]) -> None:
    """What was said before the case was first seen: observed, and nothing comes of it."""
    for past in history:
        turns.take(work, past, "", decides=False)
    work.entry("imported", SYSTEM, {"lines": work.case.lines})


def refuse(work: Work, who: Actor, turn: Turn, barred: Refused | Barred) -> None:
    """A turn that was not let through changes nothing; its words are kept apart, not lost."""
    body = {"what": turn.role.value, "why": gate.code(barred)}
    if turn.text:
        body["text"] = f"{work.case.id}#{work.entries + 1}"
        work.keep(body["text"], turn.text)
    work.entry("refused", who, body)
    if turn.role is Role.AGENT:
        acts.leave(work, gate.MESSAGE, barred)


def mode(work: Work) -> Mode:
    """How far a decision acts on this case."""
    return work.deployment.mode(work.case.workflow, work.case.id)
