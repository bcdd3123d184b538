"""What handbacks and their plans do to a case."""

from dataclasses import replace

from handrail.core.ownership import commands as c
from handrail.core.ownership.effects import held, leads
from handrail.core.ownership.state import (
    Epoch,
    Mandate,
    Ownership,
    PlanStep,
    Progress,
    Status,
)


@leads(Status.DELEGATED)
def hand_back(own: Ownership, cmd: c.Handback) -> Ownership:
    """The AI may carry out the plan; the holder is its sponsor. What was done stays done."""
    begun, given = unreported(own), {step.id: step for step in cmd.steps}
    mandate = Mandate(
        sponsor=own.human,
        expires=cmd.expires,
        steps=planned(own, cmd.steps),
        actions=cmd.actions,
        earlier=tuple(step for step in begun.values() if not ended(given.get(step.id, step))),
        epoch=Epoch(own.epoch.incarnation, own.epoch.number + 1),  # it has another owner now
    )
    return replace(own, status=Status.DELEGATED, bounces=own.bounces + 1, mandate=mandate)


def planned(own: Ownership, steps: tuple[PlanStep, ...]) -> tuple[PlanStep, ...]:
    """What was done before, whether or not the new plan names it, and what is to be done. What was
    begun is not, until the new plan says how it ended.
    """
    before, begun = own.mandate.steps if own.mandate else (), unreported(own)
    done = [step for step in before if step.progress is Progress.DONE]
    known = {step.id for step in done}
    fresh = []
    for step in steps:
        if step.id in begun and step.progress is Progress.DONE:
            done.append(replace(begun[step.id], progress=Progress.DONE))
        elif step.id not in known and (step.id not in begun or ended(step)):
            fresh.append(replace(step, progress=Progress.PENDING))
    return (*done, *fresh)


def unreported(own: Ownership) -> dict[str, PlanStep]:
    """What was begun, in any plan of the case, and may yet be reported."""
    plan = own.mandate
    before = (*plan.earlier, *plan.steps) if plan else ()
    return {step.id: step for step in before if step.progress is Progress.UNKNOWN}


def ended(step: PlanStep) -> bool:
    """Whether a plan says how a step that was begun ended."""
    return step.progress in {Progress.DONE, Progress.FAILED}


@leads(Status.HELD)
def give_back(own: Ownership, cmd: c.Recall | c.Return) -> Ownership:  # noqa: ARG001
    """The sponsor has the case again, not a new queue."""
    return held(own, own.human)


@leads(None)
def begin(own: Ownership, cmd: c.Begin) -> Ownership:
    """A step is under way; until it is reported, nobody knows."""
    return _stepped(own, cmd.step, Progress.UNKNOWN)


@leads(None, Status.HELD)
def report(own: Ownership, cmd: c.Report) -> Ownership:
    """A step has ended; what is not simply the next step is the sponsor's."""
    own = _stepped(own, cmd.step, cmd.progress)
    ended = own.mandate is not None and own.mandate.finished
    if ended or cmd.progress in {Progress.FAILED, Progress.UNKNOWN}:
        return held(own, own.human)
    return own


@leads(None)
def report_late(own: Ownership, cmd: c.Report) -> Ownership:
    """What the AI did before the plan ended, noted for whoever has the case."""
    return _stepped(own, cmd.step, cmd.progress)


def _stepped(own: Ownership, name: str, progress: Progress) -> Ownership:
    """With a step's progress. One of an earlier plan is seen among the steps from then on."""
    plan = own.mandate
    if plan is None:  # the guards refuse this
        return own
    known = (*plan.steps, *(step for step in plan.earlier if step.id == name))
    steps = tuple(replace(step, progress=progress) if step.id == name else step for step in known)
    earlier = tuple(step for step in plan.earlier if step.id != name)
    return replace(own, mandate=replace(plan, steps=steps, earlier=earlier))
