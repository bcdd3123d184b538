"""The one way to change who owns a case: `apply`, by a table of states and commands.

Law 12: the state is the fold of the commands that were applied. Law 13: of several who accept,
the first has it, and the others are told who. Law 15: what comes under an old epoch is refused.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from handrail.core.ownership import commands as c
from handrail.core.ownership import effects as e
from handrail.core.ownership import plans as p
from handrail.core.ownership.guards import GUARDS
from handrail.core.ownership.refusals import Refusal, Refused
from handrail.core.ownership.refusals import Refusal as R  # noqa: N817  # the table is long
from handrail.core.ownership.state import (
    Actor,
    Epoch,
    Mandate,
    Ownership,
    Party,
    Progress,
    Status,
    owner,
)

Effect = Callable[[Ownership, Any], Ownership]
Cell = Effect | Refusal

_NO = (R.NOT_HANDED_OFF, R.NOT_HELD, R.NOT_HELD)
# One row a command; the columns are ai, queued, proposed, held, delegated, fallback, closed.
_ROWS: Mapping[type[c.Command], tuple[Cell, Cell, Cell, Cell, Cell, Cell, Cell]] = {
    c.Open: (
        e.hand_off,
        e.add_reason,
        e.add_reason,
        e.add_reason,
        e.end_mandate,
        e.add_reason,
        R.CLOSED,
    ),
    c.Propose: (
        R.NOT_HANDED_OFF,
        e.propose,
        R.ALREADY_WAITING,
        R.ALREADY_HELD,
        R.DELEGATED,
        e.propose,
        R.CLOSED,
    ),
    c.Accept: (
        R.NOT_HANDED_OFF,
        e.hold,
        e.hold,
        R.ALREADY_HELD,
        R.DELEGATED,
        e.hold,
        R.CLOSED,
    ),
    c.Decline: (
        R.NOT_HANDED_OFF,
        R.NOT_PROPOSED,
        e.go_on,
        R.NOT_PROPOSED,
        R.NOT_PROPOSED,
        R.NOT_PROPOSED,
        R.CLOSED,
    ),
    c.Expire: (
        R.STALE_PROPOSAL,
        R.STALE_PROPOSAL,
        e.go_on,
        R.STALE_PROPOSAL,
        R.STALE_PROPOSAL,
        R.STALE_PROPOSAL,
        R.CLOSED,
    ),
    c.Release: (*_NO, e.release, e.release, R.NOT_HELD, R.CLOSED),
    c.Reroute: (
        R.NOT_HANDED_OFF,
        e.reroute,
        e.reroute,
        e.reroute,
        R.DELEGATED,
        e.reroute,
        R.CLOSED,
    ),
    c.Prioritise: (R.NOT_HANDED_OFF, *(e.prioritise,) * 5, R.CLOSED),
    c.Takeover: (e.take_from_ai, *(e.hold,) * 5, R.CLOSED),
    c.Escalate: (
        R.NOT_HANDED_OFF,
        e.escalate,
        e.escalate,
        e.rise,
        e.rise,
        e.escalate,
        R.CLOSED,
    ),
    c.FallBack: (
        R.NOT_HANDED_OFF,
        e.fall_back,
        e.fall_back,
        e.fall_back,
        R.DELEGATED,
        e.fall_back,
        R.CLOSED,
    ),
    c.Handback: (*_NO, p.hand_back, R.DELEGATED, R.NOT_HELD, R.CLOSED),
    c.Recall: (*(R.NOT_DELEGATED,) * 4, p.give_back, R.NOT_DELEGATED, R.CLOSED),
    c.Begin: (*(R.NOT_DELEGATED,) * 4, p.begin, R.NOT_DELEGATED, R.CLOSED),
    c.Report: (
        R.NOT_DELEGATED,
        p.report_late,
        p.report_late,
        p.report_late,
        p.report,
        p.report_late,
        p.report_late,
    ),
    c.Return: (*(R.NOT_DELEGATED,) * 4, p.give_back, R.NOT_DELEGATED, R.CLOSED),
    c.Resolve: (*(e.resolve,) * 6, R.CLOSED),
    c.Withdraw: (*(e.withdraw,) * 6, R.CLOSED),
    c.Reopen: (*(R.NOT_CLOSED,) * 6, e.reopen),
    c.Merge: (*(e.merge,) * 6, R.CLOSED),
    c.Move: (e.move, e.move_queue, e.move_queue, e.move, R.DELEGATED, e.move_queue, R.CLOSED),
    c.Judge: (*(R.NOT_CLOSED,) * 6, e.judge),
}
CELLS: Mapping[tuple[Status, type[c.Command]], Cell] = {
    (status, command): row[place]
    for command, row in _ROWS.items()
    for place, status in enumerate(Status)
}
"""The answer of every state to every command: an effect, or the refusal that the state is."""

_ORDER = {refusal: place for place, refusal in enumerate(Refusal)}
_TELLS = frozenset(
    {R.STALE_EPOCH, R.ALREADY_HELD, R.ALREADY_WAITING, R.PROPOSED_TO_OTHER, R.NOT_OWNER}
)


def apply(own: Ownership, cmd: c.Command) -> Ownership | Refused:
    """The case after a command, or why nothing changed. Total: never raises.

    Time never runs backwards: a command that comes late counts as now.
    """
    cell = CELLS[own.status, type(cmd)]
    found: list[Refusal] = []
    if cmd.by.kind not in cmd.actors:
        found.append(R.NOT_ALLOWED)
    if cmd.by.kind is Party.HUMAN and not cmd.by.id:
        found.append(R.NO_PERSON)
    if isinstance(cell, Refusal):
        found.append(_refine(cell, own, cmd.by))
    elif guard := GUARDS.get(type(cmd)):
        found.extend(guard(own, cmd))
    if cmd.epoch is not None and cmd.epoch != own.epoch and not isinstance(cmd, c.Report):
        found.append(R.STALE_EPOCH)
    if found or isinstance(cell, Refusal):
        code = min(found, key=_ORDER.__getitem__)
        return Refused(code=code, who=own.human if code in _TELLS else "")
    after = cell(own, replace(cmd, at=max(own.at, cmd.at)))
    epoch = own.epoch
    if owner(after) != owner(own):
        epoch = Epoch(epoch.incarnation, epoch.number + 1)
    return replace(after, at=max(own.at, cmd.at), epoch=epoch)


def _refine(cell: Refusal, own: Ownership, by: Actor) -> Refusal:
    """What the state refuses, said as exactly as it can be."""
    if cell is R.CLOSED and own.closure is not None and own.closure.merged_into:
        return R.MERGED
    if cell is R.ALREADY_HELD and by.id == own.human:
        return R.ALREADY_YOURS
    return cell


def fold(first: Ownership, commands: Iterable[c.Command]) -> Ownership:
    """The state that commands which were applied lead to. ValueError for one that is refused."""
    own = first
    for cmd in commands:
        after = apply(own, cmd)
        if isinstance(after, Refused):
            told = f"`{cmd.name}` was never applied here: {after.message}"
            raise ValueError(told)  # noqa: TRY004  # the value is wrong, not its type
        own = after
    return own


def admit(own: Ownership, by: Actor, epoch: Epoch, action: str, at: int) -> Refused | None:
    """Whether a message or tool effect may leave now; None = it may (law 15).

    The AI speaks and acts while it owns the case, while delegated only within its mandate. A
    human acts on the case that he or she holds. `message` is the action of speaking.
    """
    if own.status is Status.CLOSED:
        return Refused(code=_refine(R.CLOSED, own, by))
    if epoch != own.epoch:
        return Refused(code=R.STALE_EPOCH, who=own.human)
    if by.kind is Party.HUMAN:
        held = own.status is Status.HELD and by.id == own.human
        return None if held else Refused(code=R.NOT_OWNER, who=own.human)
    if by.kind is not Party.AI or owner(own) != (Party.AI, ""):
        return Refused(code=R.NOT_OWNER, who=own.human)
    if own.mandate is not None:  # the AI owns a case that had a plan only while delegated
        if max(at, own.at) >= own.mandate.expires:
            return Refused(code=R.MANDATE_EXPIRED, who=own.human)
        if action not in own.mandate.actions and not _begun(own.mandate, action):
            return Refused(code=R.NOT_IN_PLAN)
    return None


def _begun(plan: Mandate, action: str) -> bool:
    """Whether a step of the plan with this action is under way."""
    return any(step.action == action and step.progress is Progress.UNKNOWN for step in plan.steps)
