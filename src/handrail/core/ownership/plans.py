"""What handbacks and their plans do to a case."""

from dataclasses import replace

from handrail.core.ownership import commands as c
from handrail.core.ownership.effects import held, leads
from handrail.core.ownership.state import Mandate, Ownership, PlanStep, Progress, Status


@leads(Status.DELEGATED)
def hand_back(own: Ownership, cmd: c.Handback) -> Ownership:
    """The AI may carry out the plan; the holder is its sponsor. What was done stays done."""
    mandate = Mandate(
        sponsor=own.human,
        expires=cmd.expires,
        steps=_planned(own, cmd.steps),
        actions=cmd.actions,
        earlier=_unreported(own, cmd.steps),
    )
    return replace(own, status=Status.DELEGATED, bounces=own.bounces + 1, mandate=mandate)


def _planned(own: Ownership, steps: tuple[PlanStep, ...]) -> tuple[PlanStep, ...]:
    """What was done before, whether or not the new plan names it, and what is to be done."""
    before = own.mandate.steps if own.mandate else ()
    done = tuple(step for step in before if step.progress is Progress.DONE)
    known = {step.id for step in done}
    fresh = (replace(step, progress=Progress.PENDING) for step in steps if step.id not in known)
    return (*done, *fresh)


def _unreported(own: Ownership, steps: tuple[PlanStep, ...]) -> tuple[PlanStep, ...]:
    """What was begun before, may yet be reported, and is not in the new plan."""
    plan, named = own.mandate, {step.id for step in steps}
    before = (*plan.earlier, *plan.steps) if plan else ()
    return tuple(
        step for step in before if step.progress is Progress.UNKNOWN and step.id not in named
    )


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
