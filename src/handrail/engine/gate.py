"""Whether a message or a tool effect may leave: the one gate for both (laws 14 and 15)."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Any

from handrail.core import ownership
from handrail.core.ownership import Actor, Epoch, Party, Refused
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


def code(refused: Refused | Barred) -> str:
    """The code of a refusal, as it is written."""
    return refused.value if isinstance(refused, Barred) else refused.code.value


def digest(tool: str, args: Mapping[str, Any]) -> str:
    """What an approval is bound to: the tool and exactly these arguments, in canonical JSON."""
    text = json.dumps(
        [tool, args], sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def pass_gate(
    unit: Unit,
    case: Case,
    by: Actor,
    epoch: Epoch,
    action: str,
    approval: str = "",
    mark: str = "",
) -> Refused | Barred | None:
    """None when it may leave now; an approval is used up by that. `mark` is the action's digest.

    Without a change of anything when it may not.
    """
    if refused := ownership.admit(case.ownership, by, epoch, action, unit.now()):
        return refused
    if by.kind is Party.AI and unit.stopped(case.workflow):
        return Barred.STOPPED
    if approval:
        return _use(unit, case, unit.approval(approval), mark)
    # What was asked for is not done without a yes, whether or not the caller names the request.
    asked = [one for one in unit.approvals(case.id) if mark and one.digest == mark]
    if not asked:
        return None
    granted = [one for one in asked if one.status is ApprovalStatus.GRANTED]
    return _use(unit, case, (granted or asked)[-1], mark)


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
