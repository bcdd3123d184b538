"""One command stops the AI of a workflow: the gate is shut at once, then the customers are told."""

from handrail.core.model import Mode
from handrail.core.ownership import Status
from handrail.core.ownership import commands as c
from handrail.core.policy import NoticeEvent
from handrail.core.sla import Kind
from handrail.engine import acts, turns
from handrail.engine.deployment import Deployment
from handrail.engine.work import SYSTEM, Work
from handrail.outbox import STOPPED
from handrail.ports import Case, Unit

_NEAR = 3_600_000
"""Milliseconds since the last turn within which a customer is told; later ones are when they
write again.
"""
_OF_AI = frozenset({Status.AI, Status.DELEGATED})


def stop(unit: Unit, on: Deployment, case: Case, by: str) -> bool:
    """Stop the AI on a case, if it has the case: a plan goes back to its sponsor, who waits for an
    answer goes to a human.
    """
    work = Work(unit, on, case)
    acts.rehome(work)
    if work.own.status not in _OF_AI:
        return False
    work.entry("stopped", acts.human(by), {})
    work.silence(STOPPED)
    if work.now - work.case.state.now <= _NEAR:
        work.tell(NoticeEvent.STOPPED)
    waits = any(one.kind is Kind.AI_SILENCE for one in work.deadlines)
    if work.own.status is Status.DELEGATED:
        work.do(c.Return(at=work.now, by=SYSTEM, reason="stopped"))
    elif waits and work.deployment.mode(work.case.workflow, work.case.id) is Mode.ENFORCE:
        turns.stopped(work)
    work.close()
    return True


def resume(unit: Unit, on: Deployment, case: Case, by: str) -> None:
    """Note on a case that its AI may go on."""
    work = Work(unit, on, case)
    if work.own.status in _OF_AI:
        work.entry("resumed", acts.human(by), {})
        work.close()
