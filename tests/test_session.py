"""One case decided turn by turn, from the loaded pack."""

import pytest

from handrail import packs
from handrail.core.model import Attributes, Fault, Role, Turn
from handrail.session import Session, compile_workflow

WORKFLOW = compile_workflow(packs.load("sales-assist"))
HELLO = Turn(role=Role.CUSTOMER, text="hello, what does the small plan cost?", at=1_700_000_000_000)


@pytest.mark.parametrize(
    ("attributes", "fault"),
    [
        (Attributes(tier="goldd"), Fault.UNKNOWN_TIER),
        (Attributes(stage="closingg"), Fault.UNKNOWN_STAGE),
    ],
)
def test_a_tier_or_stage_that_the_pack_does_not_declare_is_a_fault(
    attributes: Attributes, fault: Fault
) -> None:
    decision = Session(workflow=WORKFLOW, attributes=attributes).turn(HELLO).decision
    assert fault in decision.faults


def test_a_declared_tier_and_stage_are_no_fault() -> None:
    tier, stage = min(WORKFLOW.tiers), min(WORKFLOW.stages)
    session = Session(workflow=WORKFLOW, attributes=Attributes(tier=tier, stage=stage))
    assert not {Fault.UNKNOWN_TIER, Fault.UNKNOWN_STAGE} & set(session.turn(HELLO).decision.faults)
