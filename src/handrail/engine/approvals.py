"""Requests to do one exact action once. Until a person has said yes, in time, the answer is no."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from handrail.core.model import Event
from handrail.core.ownership import Status
from handrail.engine import acts, gate, timers
from handrail.engine.deployment import Deployment
from handrail.engine.work import SYSTEM, Work
from handrail.errors import Conflict, InputError, NotFound, Refused
from handrail.ports import Approval, ApprovalStatus, Case, Unit


def ask(
    unit: Unit,
    on: Deployment,
    case: Case,
    tool: str,
    args: Mapping[str, Any],
    name: str,
    expires_in: int,
) -> Approval:
    """A request under an id. The same one again gives the same; another one under it conflicts."""
    mark = gate.digest(tool, args)
    if known := unit.approval(name):
        if (known.case, known.digest) != (case.id, mark):
            raise Conflict(f"approval `{name}` is for something else", hint="give it its own id")
        return known
    work = Work(unit, on, case)
    acts.rehome(work)
    work.fire()
    timers.run(work)
    if work.own.status is Status.CLOSED:
        raise Refused(f"case `{case.id}` is closed", hint="reopen it first")
    expires = work.now + max(0, expires_in)
    asked = Approval(id=name, case=case.id, tool=tool, digest=mark, at=work.now, expires=expires)
    unit.put_approval(asked)
    work.entry("approval", SYSTEM, {"id": name, "status": "open", "digest": mark})
    work.effect("approval", {"id": name, "tool": tool, "digest": mark, "expires": expires})
    acts.note(work, Event.APPROVAL_REQUESTED, tool)
    timers.rearm(work)
    timers.run(work)
    work.close()
    return unit.approval(name) or asked


def answer(unit: Unit, on: Deployment, name: str, by: str, *, granted: bool) -> Approval:
    """A person's answer. What is settled stays as it is: whoever answers late is told how."""
    if not by:
        raise InputError(
            f"nobody is named as the one who answers `{name}`", hint="give the person's id as `by`"
        )
    if not on.knows(by):
        raise Refused(f"the roster has nobody `{by}`, or no longer", hint="add the person first")
    asked = unit.approval(name)
    if asked is None:
        raise NotFound(f"no approval `{name}`", hint="ask for it first")
    case = unit.case(asked.case)
    if asked.status is not ApprovalStatus.OPEN or case is None:
        return asked
    work = Work(unit, on, case)
    acts.rehome(work)
    work.fire()
    timers.run(work)
    asked = unit.approval(name) or asked
    if asked.status is ApprovalStatus.OPEN:
        status = ApprovalStatus.GRANTED if granted else ApprovalStatus.REJECTED
        asked = replace(asked, status=status, by=by)
        unit.put_approval(asked)
        work.entry("approval", acts.human(by), {"id": name, "status": status.value})
        event = Event.APPROVAL_GRANTED if granted else Event.APPROVAL_REJECTED
        acts.note(work, event, asked.tool)
        timers.rearm(work)
        timers.run(work)
    work.close()
    return asked
