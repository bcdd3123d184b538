"""Who has spoken, what that means to the clocks, and how a turn leaves."""

from typing import Any

from handrail.core.model import Role, Turn
from handrail.core.ownership import Status
from handrail.core.sla import Event as ClockEvent
from handrail.core.sla import Kind
from handrail.engine.work import Work

_WORKS = frozenset({Role.AGENT, Role.TOOL})


def tick(work: Work, turn: Turn, by: str) -> None:
    """Tell the clocks who has spoken. Only a text without a call of a tool answers the customer."""
    if turn.role is Role.CUSTOMER:
        work.clocks(ClockEvent.CUSTOMER_TURN)
    elif turn.role is Role.AGENT and turn.text.strip() and not turn.tool_calls:
        work.clocks(ClockEvent.AI_TURN)
    elif turn.role in _WORKS and waits(work):
        work.clocks(ClockEvent.AI_WORKS)
    elif turn.role is Role.HUMAN and by == work.own.human and work.own.status is Status.HELD:
        work.clocks(ClockEvent.HUMAN_MESSAGE)


def waits(work: Work) -> int:
    """The milliseconds that the customer was to wait for the AI; 0 when nobody waits for it."""
    return next((one.limit for one in work.deadlines if one.kind is Kind.AI_SILENCE), 0)


def say(work: Work, turn: Turn, waited: int) -> None:
    """Let a turn leave by the outbox. `waited` as `waits` gave it before the turn: an answer that
    is never delivered is owed again.
    """
    fenced = turn.role is Role.AGENT
    body: dict[str, Any] = {"role": turn.role.value, "line": work.case.lines}
    if fenced and waited and not waits(work):
        body["waited"] = waited
    work.message = work.effect("message", body, text=turn.text, fenced=fenced)
