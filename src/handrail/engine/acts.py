"""What follows from a command that a person, the AI or a caller gave."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from handrail.core.model import Event, Trigger
from handrail.core.ownership import (
    ASK_ONLY,
    Actor,
    Command,
    Epoch,
    Ownership,
    Party,
    Refusal,
    Refused,
    Status,
    has_open_handoff,
)
from handrail.core.ownership import commands as c
from handrail.core.policy import NoticeEvent
from handrail.core.routing import Queue
from handrail.engine import gate, timers, transfer, turns
from handrail.engine.work import SYSTEM, Work
from handrail.errors import NotFound
from handrail.ports import Case, Unit

_LOOKS = (c.Decline, c.Release, c.Reroute, c.Escalate)


def act(work: Work, cmd: Command) -> gate.Answer:
    """Give a command and do all that belongs to it."""
    bound = _barred(work, cmd) or _bound(work, replace(cmd, at=work.now))
    if isinstance(bound, Refused | gate.Barred):
        return bound
    cmd, before = bound, work.own.status
    if before is Status.AI and isinstance(cmd, c.Takeover):
        return turns.take_over(work, cmd)
    if before is Status.AI and isinstance(cmd, c.Open):
        return _open(work, cmd)
    if before is Status.CLOSED and isinstance(cmd, c.Reopen):
        return _reopen(work, cmd)
    exhausted = work.case.exhausted
    if isinstance(cmd, c.Reroute):
        work.change(exhausted=())
    refused = work.do(cmd)
    if refused is not None:
        work.change(exhausted=exhausted)
        return refused
    _after(work, cmd, before)
    return None


def _barred(work: Work, cmd: Command) -> gate.Answer:
    """While the AI of a workflow is stopped it may ask for a person and say how a step ended, and
    gives no other command.
    """
    free = cmd.by.kind is not Party.AI or isinstance(cmd, c.Report | c.Open)
    return None if free or not work.unit.stopped(work.case.workflow) else gate.Barred.STOPPED


def _after(work: Work, cmd: Command, before: Status) -> None:
    """What a command that was applied leads to."""
    if isinstance(cmd, c.Handback):
        turns.fresh_episode(work)
        work.tell(NoticeEvent.HANDBACK)
    elif isinstance(cmd, c.Move):
        work.change(workflow=cmd.workflow)
        transfer.settle(work)
    elif isinstance(cmd, c.Resolve) and cmd.by.kind is not Party.SYSTEM:
        work.tell(NoticeEvent.CLOSURE)
    elif isinstance(cmd, c.Merge):
        _merged(work, cmd)
    elif isinstance(cmd, c.Propose):
        work.effect("proposal", {"human": cmd.human, "why": ["assigned"], "for": ""})
    elif isinstance(cmd, c.Open) and before is Status.DELEGATED:
        transfer.hand_over(work, transfer.because(work, _trigger(cmd)))
        work.tell(NoticeEvent.PAUSE)
    elif isinstance(cmd, (*_LOOKS, c.Open)):
        transfer.settle(work)
    moved = isinstance(cmd, c.Reroute | c.Move | c.Escalate | c.Open)
    if moved and work.own.status is Status.FALLBACK:
        timers.call(work)


def _open(work: Work, cmd: c.Open) -> Refused | None:
    """A handoff that somebody asks for: the whole of it, as if a turn had led to it."""
    why = transfer.because(work, _trigger(cmd), hard=cmd.hard or cmd.by.kind is not Party.AI)
    transfer.began(work, hard=why.reasons[0].hard)
    found = transfer.place(work)
    routed = None if cmd.queue else transfer.routed(found)
    queue = cmd.queue or found.queue or transfer.UNROUTED
    who = transfer.steward(work, queue) or found.steward or transfer.NOBODY
    reason = cmd.reason or _trigger(cmd).value
    priority = max(cmd.priority, found.priority)
    cmd = replace(cmd, queue=queue, steward=who, reason=reason, priority=priority)
    refused = work.do(replace(cmd, routed=routed))
    if refused is None:
        transfer.opened(work, why)
    return refused


def _trigger(cmd: c.Open) -> Trigger:
    """The trigger that the reason of a command names; else who gives it says it."""
    if cmd.reason in set(Trigger):
        return Trigger(cmd.reason)
    if cmd.by.kind is Party.CUSTOMER:
        return Trigger.EXPLICIT_REQUEST
    return Trigger.AGENT_REQUEST if cmd.by.kind is Party.AI else Trigger.OPERATOR_TAKEOVER


def _reopen(work: Work, cmd: c.Reopen) -> Refused | None:
    refused = turns.reopen(work, cmd)
    if refused is None and work.own.status is Status.QUEUED:
        work.opened = True
        transfer.settle(work)
    return refused


def _bound(work: Work, cmd: Command) -> Command | Refused:
    """The command with what the pack and the store settle about it."""
    own = work.deployment.workflow(work.case.workflow)
    if isinstance(cmd, c.Open) and cmd.by.kind in ASK_ONLY:
        cmd = replace(cmd, queue="", steward="", hard=False, priority=work.own.priority)
    if isinstance(cmd, c.Handback):
        bound = work.now + own.handback.plan_expires * 1000  # whatever was wished
        expires = min(cmd.expires or bound, bound)
        return replace(cmd, max_bounces=own.handback.max_bounces, expires=expires)
    if isinstance(cmd, c.Reopen):
        cmd = replace(cmd, window=own.reopen_window)
    if isinstance(cmd, c.Merge):
        return _target(work, cmd)
    if isinstance(cmd, c.Propose) and not cmd.until:
        queue = work.deployment.queues.get(work.own.queue, Queue(name=""))
        return replace(cmd, until=work.now + queue.proposal_expires * 1000)
    if isinstance(cmd, c.Move):
        work.deployment.workflow(cmd.workflow)  # NotFound, before anything is done
    if isinstance(cmd, c.Reroute | c.Move | c.Open | c.Takeover | c.Reopen | c.Escalate):
        return _placed(work, cmd)
    return cmd


def _placed(
    work: Work, cmd: c.Reroute | c.Move | c.Open | c.Takeover | c.Reopen | c.Escalate
) -> Command | Refused:
    """With the queue's own steward. A queue that is not of the pack is none: nothing waits there.
    Why the case goes there is for the engine to say.

    A case that waits and is moved to another workflow without a queue goes where that routes it.
    """
    if isinstance(cmd, c.Open | c.Reroute | c.Reopen):
        cmd = replace(cmd, routed=None)
    if cmd.queue:
        who = transfer.steward(work, cmd.queue)
        return replace(cmd, steward=who) if who else Refused(code=Refusal.NO_QUEUE)
    if isinstance(cmd, c.Open) and work.own.status is not Status.AI:
        return replace(cmd, queue=work.own.queue, steward=work.own.steward)
    if isinstance(cmd, c.Move) and work.own.status not in {Status.AI, Status.HELD}:
        found = transfer.place(work)
        return replace(cmd, queue=found.queue, steward=found.steward or transfer.NOBODY)
    return cmd


def _target(work: Work, cmd: c.Merge) -> Command | Refused:
    """The case that survives is there, unclosed, and another one."""
    target = survivor(work.unit, work.unit.case(cmd.into))
    if target is None:
        raise NotFound(f"no case `{cmd.into}`", hint="merge into a case that is there")
    if target.id == work.case.id:
        return Refused(code=Refusal.SAME_CASE)
    if target.ownership.status is Status.CLOSED:
        return Refused(code=Refusal.CLOSED)
    return replace(cmd, case=work.case.id, into=target.id)


def survivor(unit: Unit, case: Case | None) -> Case | None:
    """The case that goes on for one that was merged: itself, when it was not."""
    while case is not None and case.ownership.closure and case.ownership.closure.merged_into:
        case = unit.case(case.ownership.closure.merged_into)
    return case


def _merged(work: Work, cmd: c.Merge) -> None:
    """The survivor's ledger says what came to it. A handoff goes on there: its reasons, where it
    was, and who had it is asked first.
    """
    target, before = work.unit.case(cmd.into), work.before
    if target is None:
        return
    other = Work(work.unit, work.on, target)
    other.entry("merged", cmd.by, {"from": work.case.id})
    if has_open_handoff(before):
        _brought(other, before, hard=work.case.hard)
    timers.run(other)
    other.close()


def _brought(work: Work, before: Ownership, *, hard: bool) -> None:
    """The handoff of a case that was merged into this one, which may have one of its own."""
    opens = work.own.status is Status.AI
    first = before.reasons[0] if before.reasons else Trigger.OPERATOR_TAKEOVER.value
    if opens:
        transfer.began(work, hard=hard)
    for reason in before.reasons or (first,):
        place = before if opens and reason == first else work.own
        who = transfer.steward(work, place.queue) or place.steward
        work.do(
            c.Open(
                at=work.now,
                by=SYSTEM,
                reason=reason,
                queue=place.queue,
                steward=who,
                priority=max(before.priority, work.own.priority),
            )
        )
    if not opens:
        return
    if before.status in {Status.HELD, Status.DELEGATED}:
        _ask_again(work, before.human)
    why = Trigger(first) if first in set(Trigger) else Trigger.OPERATOR_TAKEOVER
    transfer.opened(work, transfer.because(work, why, "merged", hard=hard))


def _ask_again(work: Work, human: str) -> None:
    """Who had the case that was merged is asked first; nobody has said yes to this one."""
    queue = work.deployment.queues.get(work.own.queue, Queue(name=""))
    until = work.now + queue.proposal_expires * 1000
    if work.do(c.Propose(at=work.now, by=SYSTEM, human=human, until=until)) is None:
        work.effect("proposal", {"human": human, "why": ["had the merged case"], "for": ""})


def rehome(work: Work) -> None:
    """A case whose workflow the pack no longer has goes on under the pack's first one.

    Activation is refused while there is such a case; this is for a pack that came another way.
    """
    on = work.deployment
    if work.case.workflow in on.workflows:
        return
    work.change(workflow=on.workflow("").name)
    if work.own.status is Status.DELEGATED:
        work.do(c.Return(at=work.now, by=SYSTEM, reason="workflow_gone"))
    queue = who = ""
    if work.own.status not in {Status.AI, Status.HELD, Status.CLOSED}:
        found = transfer.place(work)
        queue, who = found.queue or transfer.UNROUTED, found.steward or transfer.NOBODY
    move = c.Move(at=work.now, by=SYSTEM, workflow=work.case.workflow, queue=queue, steward=who)
    work.do(replace(move, reason="workflow_gone"))
    transfer.settle(work)


def admit(
    work: Work, who: Actor, epoch: Epoch, action: str, args: Mapping[str, Any], approval: str
) -> gate.Answer:
    """Ask the gate for a tool effect, with the entry that says how it went."""
    mark = gate.digest(action, args)
    barred = gate.pass_gate(work.unit, work.case, who, epoch, action, approval, mark)
    why = {"why": gate.code(barred)} if barred else {}
    work.entry("barred" if barred else "admitted", who, {"action": action, **why})
    leave(work, action, barred)
    return barred


def leave(work: Work, action: str, barred: object) -> None:
    """An AI that tries what its plan does not have has left the plan: the sponsor has the case.

    A step that is done, or has not been begun, is of the plan; it is refused, and no more.
    """
    plan = work.own.mandate
    if work.own.status is not Status.DELEGATED or plan is None or not isinstance(barred, Refused):
        return
    if barred.code is Refusal.NOT_IN_PLAN and all(one.action != action for one in plan.steps):
        work.do(c.Return(at=work.now, by=SYSTEM, reason="left_plan"))


def note(work: Work, event: Event, tool: str) -> None:
    """Observe something that happened outside the conversation, and decide on it."""
    turns.take(work, turns.ops(event, tool), "")


def human(name: str) -> Actor:
    """The person of that id as an actor."""
    return Actor(kind=Party.HUMAN, id=name)
