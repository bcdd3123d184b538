"""What forbids a command in a state that allows it in general. Several may apply at once."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from handrail.core.ownership import commands as c
from handrail.core.ownership.plans import ended, planned, unreported
from handrail.core.ownership.refusals import Refusal as R  # noqa: N817  # a long list
from handrail.core.ownership.state import (
    OF_A_HUMAN,
    UNJUDGED,
    Ownership,
    Party,
    PlanStep,
    Progress,
    Status,
)


def _place(queue: str, steward: str) -> Iterator[R]:
    """A handoff is never put where nobody answers for it (law 8)."""
    if not queue or not steward:
        yield R.NO_QUEUE


def _foreign(own: Ownership, cmd: c.Command) -> bool:
    """Whether a human who is no supervisor touches what another human has."""
    by = cmd.by
    other = by.kind is Party.HUMAN and not by.supervisor and by.id != own.human
    return other and own.status in OF_A_HUMAN


def _open(own: Ownership, cmd: c.Open) -> Iterator[R]:
    if own.status is not Status.DELEGATED:
        yield from _place(cmd.queue, cmd.steward)
    if cmd.by.kind is Party.AI and own.status not in {Status.AI, Status.DELEGATED}:
        yield R.NOT_OWNER


def _propose(own: Ownership, cmd: c.Propose) -> Iterator[R]:
    if not cmd.human:
        yield R.NO_PERSON
    if cmd.human in own.tried and cmd.by.kind is Party.SYSTEM:
        yield R.ALREADY_TRIED


def _accept(own: Ownership, cmd: c.Accept) -> Iterator[R]:
    if own.status is Status.PROPOSED and cmd.by.id != own.human:
        yield R.PROPOSED_TO_OTHER


def _decline(own: Ownership, cmd: c.Decline) -> Iterator[R]:
    if cmd.by.id != own.human:
        yield R.PROPOSED_TO_OTHER


def _expire(own: Ownership, cmd: c.Expire) -> Iterator[R]:
    if cmd.proposal != own.proposal:
        yield R.STALE_PROPOSAL
    if max(own.at, cmd.at) < own.proposed_until:
        yield R.NOT_DUE


def _owned(own: Ownership, cmd: c.Command) -> Iterator[R]:
    if _foreign(own, cmd):
        yield R.NOT_OWNER


def _fall_back(own: Ownership, cmd: c.FallBack) -> Iterator[R]:
    yield from _owned(own, cmd)
    if own.status is Status.HELD and cmd.by.kind is Party.SYSTEM:
        yield R.ALREADY_HELD  # it was found that nobody takes it, and then somebody did


def _reroute(own: Ownership, cmd: c.Reroute) -> Iterator[R]:
    yield from _place(cmd.queue, cmd.steward)
    yield from _owned(own, cmd)


def _takeover(own: Ownership, cmd: c.Takeover) -> Iterator[R]:
    if own.status is Status.AI:
        yield from _place(cmd.queue, cmd.steward)
    if own.status is Status.HELD and cmd.by.id == own.human:
        yield R.ALREADY_YOURS
    if own.status is Status.HELD:  # from the AI, also while it is delegated, anybody may
        yield from _owned(own, cmd)


def _escalate(own: Ownership, cmd: c.Escalate) -> Iterator[R]:
    if cmd.level <= own.level:
        yield R.STALE_LEVEL
    if cmd.queue:
        yield from _place(cmd.queue, cmd.steward)


def _handback(own: Ownership, cmd: c.Handback) -> Iterator[R]:
    if cmd.by.id != own.human:
        yield R.NOT_OWNER
    if not _is_plan(own, cmd):
        yield R.NO_PLAN
    if cmd.max_bounces and own.bounces >= cmd.max_bounces:
        yield R.TOO_MANY_BOUNCES
    done = _done(own)
    if any(done.get(step.id, step.action) != step.action for step in cmd.steps):
        yield R.STEP_DONE  # another step under its id would pass for done
    begun = unreported(own)
    if any(not ended(one) and begun.get(one.id, one).action != one.action for one in cmd.steps):
        yield R.STEP_BEGUN  # nobody has said how the one under this id ended


def _is_plan(own: Ownership, cmd: c.Handback) -> bool:
    names = [step.id for step in cmd.steps]
    named = all(step.id and step.action for step in cmd.steps)
    new = any(one.progress is Progress.PENDING for one in planned(own, cmd.steps))
    return named and new and len(set(names)) == len(names) and cmd.expires > max(cmd.at, own.at)


def _done(own: Ownership) -> dict[str, str]:
    """The steps that are done, by id, and what they did."""
    steps = own.mandate.steps if own.mandate else ()
    return {step.id: step.action for step in steps if step.progress is Progress.DONE}


def _step_of(own: Ownership, name: str) -> PlanStep | None:
    steps = own.mandate.steps if own.mandate else ()
    return next((step for step in steps if step.id == name), None)


def _begin(own: Ownership, cmd: c.Begin) -> Iterator[R]:
    if own.mandate is not None and max(own.at, cmd.at) >= own.mandate.expires:
        yield R.MANDATE_EXPIRED
    step = _step_of(own, cmd.step)
    if step is None:
        yield R.STEP_BEGUN if cmd.step in unreported(own) else R.UNKNOWN_STEP
    elif step.progress is Progress.DONE:
        yield R.STEP_DONE
    elif step.progress is not Progress.PENDING:
        yield R.STEP_BEGUN


def _report(own: Ownership, cmd: c.Report) -> Iterator[R]:
    if own.mandate is None:
        yield R.NOT_DELEGATED
    earlier = own.mandate.earlier if own.mandate else ()
    step = _step_of(own, cmd.step)
    if step is None and all(one.id != cmd.step for one in earlier):
        yield R.UNKNOWN_STEP
    elif step is not None and step.progress is Progress.DONE:
        yield R.STEP_DONE
    elif step is not None and own.mandate and cmd.epoch and cmd.epoch < own.mandate.epoch:
        yield R.STALE_EPOCH  # it is of a plan before, which had a step of that name
    if cmd.progress is Progress.PENDING:
        yield R.STEP_BEGUN  # it tells no end, and would let the step begin again


def _resolve(own: Ownership, cmd: c.Resolve) -> Iterator[R]:
    kind = cmd.by.kind
    if kind is Party.HUMAN:
        if _foreign(own, cmd):
            yield R.NOT_OWNER
        asked = own.status is Status.PROPOSED and not cmd.by.supervisor
        if asked and cmd.by.id != own.human:
            yield R.PROPOSED_TO_OTHER
        if not cmd.note:
            yield R.NO_NOTE
    else:
        if own.status is not Status.AI and (kind is Party.AI or not _plan_is_done(own)):
            yield R.NOT_OWNER
        if cmd.verdict != UNJUDGED:
            yield R.NOT_ALLOWED  # a verdict is a human's
    if cmd.verdict != UNJUDGED and not own.handoff:
        yield R.NOT_HANDED_OFF
    if not cmd.disposition:
        yield R.NO_DISPOSITION


def _plan_is_done(own: Ownership) -> bool:
    """Whether the holder sponsored a plan that is done, so that a rule of the pack may close."""
    plan = own.mandate if own.status is Status.HELD else None
    return plan is not None and plan.finished and plan.sponsor == own.human


def _reopen(own: Ownership, cmd: c.Reopen) -> Iterator[R]:
    closed = own.closure
    if closed is not None:
        if closed.merged_into:
            yield R.MERGED
        if max(own.at, cmd.at) - closed.at > cmd.window * 1000:
            yield R.WINDOW_OVER
    if cmd.queue or own.handoff:
        yield from _place(cmd.queue, cmd.steward)


def _merge(own: Ownership, cmd: c.Merge) -> Iterator[R]:
    yield from _owned(own, cmd)
    if cmd.case == cmd.into or not cmd.into:
        yield R.SAME_CASE


def _move(own: Ownership, cmd: c.Move) -> Iterator[R]:
    if own.status not in {Status.AI, Status.HELD}:
        yield from _place(cmd.queue, cmd.steward)
    if cmd.by.kind is Party.AI and own.status is not Status.AI:
        yield R.NOT_OWNER
    yield from _owned(own, cmd)


def _judge(own: Ownership, _: c.Judge) -> Iterator[R]:
    if own.closure is not None and own.closure.merged_into:
        yield R.MERGED
    if not own.handoff:
        yield R.NOT_HANDED_OFF


GUARDS: Mapping[type[c.Command], Callable[[Ownership, Any], Iterator[R]]] = {
    c.Open: _open,
    c.Propose: _propose,
    c.Accept: _accept,
    c.Decline: _decline,
    c.Expire: _expire,
    c.Release: _owned,
    c.Reroute: _reroute,
    c.Takeover: _takeover,
    c.Escalate: _escalate,
    c.FallBack: _fall_back,
    c.Handback: _handback,
    c.Recall: _owned,
    c.Begin: _begin,
    c.Report: _report,
    c.Resolve: _resolve,
    c.Withdraw: _owned,
    c.Reopen: _reopen,
    c.Merge: _merge,
    c.Move: _move,
    c.Judge: _judge,
}
"""What is asked of each command besides the state; those that are not here have nothing."""
