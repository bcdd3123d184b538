"""Whether a message or a tool effect may leave: the one gate for both (laws 14 and 15)."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Any

from handrail.core import ownership
from handrail.core.ownership import Actor, Epoch, Party, Progress, Refused
from handrail.errors import InputError
from handrail.ports import Approval, ApprovalStatus, Case, Unit

MESSAGE = "message"
"""The action of speaking to the customer."""


class Barred(StrEnum):
    """Why the gate stays shut although the owner is the right one."""

    STOPPED = "stopped"
    NO_APPROVAL = "no_approval"
    NOT_GRANTED = "not_granted"
    APPROVAL_EXPIRED = "approval_expired"
    APPROVAL_USED = "approval_used"
    ACTION_CHANGED = "action_changed"
    STEP_ADMITTED = "step_admitted"


MEANING: Mapping[Barred, str] = {
    Barred.STOPPED: "the AI of the workflow is stopped",
    Barred.NO_APPROVAL: "there is no approval of that id for this case",
    Barred.NOT_GRANTED: "an approval was asked for exactly this, and nobody has said yes",
    Barred.APPROVAL_EXPIRED: "the approval was not answered, or not used, in time",
    Barred.APPROVAL_USED: "the approval was used: it is for one time",
    Barred.ACTION_CHANGED: "tool or arguments are not those that an approval was asked for",
    Barred.STEP_ADMITTED: "the step has passed since it was begun; report how it ended",
}
"""Each in words."""

Answer = Refused | Barred | None
"""Why not; None: it may."""


def code(refused: Refused | Barred) -> str:
    """The code of a refusal, as it is written."""
    return refused.value if isinstance(refused, Barred) else refused.code.value


def digest(tool: str, args: Mapping[str, Any]) -> str:
    """What an approval is bound to: the tool and exactly these arguments, in canonical JSON.

    1 and 1.0 are one JSON number and give one digest; 1 and true do not. InputError for what is
    no JSON, NaN and infinity too.
    """
    try:
        text = json.dumps(
            [tool, _exact(args)],
            sort_keys=True,
            separators=(",", ":"),
            ensure_ascii=False,
            allow_nan=False,
        )
    except (TypeError, ValueError) as problem:
        raise InputError(
            f"the arguments of `{tool}` are no JSON: {problem}",
            hint="give numbers, strings, truth values, lists and objects",
        ) from problem
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _exact(value: Any) -> Any:
    """The value with each whole number written in one way."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {key: _exact(part) for key, part in value.items()}
    return [_exact(part) for part in value] if isinstance(value, list | tuple) else value


def pass_gate(
    unit: Unit,
    case: Case,
    by: Actor,
    epoch: Epoch,
    action: str,
    approval: str = "",
    mark: str = "",
) -> Answer:
    """None when it may leave now; an approval, or a step that was begun, is used up by that.
    `mark` is the action's digest. Without a change of anything when it may not.
    """
    if refused := ownership.admit(case.ownership, by, epoch, action, unit.now()):
        return refused
    if by.kind is Party.AI and unit.stopped(case.workflow):
        return Barred.STOPPED
    step = _step(unit, case, by, action)
    barred = step if isinstance(step, Barred) else _approved(unit, case, action, approval, mark)
    if barred is None and step:
        unit.remember(case.id, step, "admitted")
    return barred


def _step(unit: Unit, case: Case, by: Actor, action: str) -> str | Barred:
    """The key under which it is noted that a step which was begun has passed: once, until it is
    reported. Empty: the action is of no step.
    """
    plan = case.ownership.mandate
    if by.kind is not Party.AI or plan is None or action in plan.actions:
        return ""
    begun = [one for one in plan.steps if (one.action, one.progress) == (action, Progress.UNKNOWN)]
    keys = [f"step:{case.ownership.bounces}:{one.id}" for one in begun]
    return next((one for one in keys if unit.answer(case.id, one) is None), Barred.STEP_ADMITTED)


def _approved(unit: Unit, case: Case, action: str, approval: str, mark: str) -> Barred | None:
    """Whether an approval that is needed is there. Once people were asked about a tool on this
    case, each call of it needs their yes to exactly that call, whether or not it names a request.
    """
    if approval:
        return _use(unit, case, unit.approval(approval), mark)
    if not mark:
        return None
    asked = [one for one in unit.approvals(case.id) if one.tool == action]
    exact = [one for one in asked if one.digest == mark]
    if not exact:
        return Barred.ACTION_CHANGED if asked else None
    now = unit.now()
    good = [one for one in exact if one.status is ApprovalStatus.GRANTED and now < one.expires]
    return _use(unit, case, (good or sorted(exact, key=lambda one: one.at))[-1], mark)


def _use(unit: Unit, case: Case, found: Approval | None, mark: str) -> Barred | None:
    """Use an approval up. Whatever is not granted, in time and for exactly this, is a no."""
    if found is None or found.case != case.id:
        return Barred.NO_APPROVAL
    if found.status is ApprovalStatus.USED:
        return Barred.APPROVAL_USED
    if found.status is ApprovalStatus.REJECTED:
        return Barred.NOT_GRANTED
    if found.status is ApprovalStatus.EXPIRED or unit.now() >= found.expires:
        return Barred.APPROVAL_EXPIRED
    if found.status is not ApprovalStatus.GRANTED:
        return Barred.NOT_GRANTED
    if found.digest != mark:
        return Barred.ACTION_CHANGED
    unit.put_approval(replace(found, status=ApprovalStatus.USED))
    return None
