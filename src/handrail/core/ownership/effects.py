"""What a command does to a case, once nothing forbids it. Each effect says where it leads."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from handrail.core.ownership import commands as c
from handrail.core.ownership.state import (
    ASK_ONLY,
    OF_A_HUMAN,
    UNJUDGED,
    Closure,
    Ownership,
    Party,
    Status,
)

_Effect = TypeVar("_Effect", bound=Callable[..., Ownership])
LEADS: dict[str, tuple[Status | None, ...]] = {}
"""The states that each effect can lead to, by its name; None: the one that the case is in."""


def leads(*statuses: Status | None) -> Callable[[_Effect], _Effect]:
    """Note where an effect can lead; the documentation is made of it, and a test holds it."""

    def note(effect: _Effect) -> _Effect:
        LEADS[effect.__name__] = statuses
        return effect

    return note


def _queued(own: Ownership, queue: str, steward: str, tried: tuple[str, ...]) -> Ownership:
    """Waiting in a queue, with nobody asked."""
    return replace(
        own,
        status=Status.QUEUED,
        queue=queue,
        steward=steward,
        previous=own.human if own.status in OF_A_HUMAN else own.previous,
        human="",
        tried=tried,
        proposed_until=0,
        fallback=None,
        fallback_due=0,
    )


def _sent_on(own: Ownership, queue: str, steward: str, tried: tuple[str, ...]) -> Ownership:
    """Waiting in another queue. A promise to the customer goes with the case."""
    there = _queued(own, queue, steward, tried)
    if own.fallback is None:
        return there
    return replace(
        there, status=Status.FALLBACK, fallback=own.fallback, fallback_due=own.fallback_due
    )


def held(own: Ownership, human: str) -> Ownership:
    """With a human; a plan that was under way is over."""
    left = own.status in OF_A_HUMAN and own.human != human
    return replace(
        own,
        status=Status.HELD,
        human=human,
        previous=own.human if left else own.previous,
        proposed_until=0,
        fallback=None,
        fallback_due=0,
    )


def _closed(own: Ownership, closure: Closure) -> Ownership:
    return replace(
        own,
        status=Status.CLOSED,
        previous=own.human if own.status in OF_A_HUMAN else own.previous,
        human="",
        proposed_until=0,
        fallback=None,
        fallback_due=0,
        closure=closure,
    )


def _also(names: tuple[str, ...], name: str) -> tuple[str, ...]:
    return names if not name or name in names else (*names, name)


def _asked(own: Ownership) -> tuple[str, ...]:
    """Who is not asked again when a machine moves the case: machines would circle."""
    return _also(own.tried, own.human) if own.status is Status.PROPOSED else own.tried


@leads(Status.QUEUED)
def hand_off(own: Ownership, cmd: c.Open) -> Ownership:
    """The AI's case goes to a queue."""
    return replace(
        _queued(own, cmd.queue, cmd.steward, ()),
        handoff=own.handoff + 1,
        reasons=_also((), cmd.reason),
        priority=cmd.priority,
        level=0,
    )


@leads(None, Status.QUEUED, Status.FALLBACK)
def add_reason(own: Ownership, cmd: c.Open) -> Ownership:
    """Never a second handoff: one more reason, and for a hard one of another queue a new place."""
    if cmd.hard and cmd.queue != own.queue and cmd.by.kind not in ASK_ONLY:
        own = _sent_on(own, cmd.queue, cmd.steward, _asked(own))
    return _with_reason(own, cmd)


def _with_reason(own: Ownership, cmd: c.Open) -> Ownership:
    priority = own.priority if cmd.by.kind in ASK_ONLY else max(own.priority, cmd.priority)
    return replace(own, reasons=_also(own.reasons, cmd.reason), priority=priority)


@leads(Status.HELD)
def end_mandate(own: Ownership, cmd: c.Open) -> Ownership:
    """Something came up while the AI carried out the plan: the sponsor has the case again."""
    return _with_reason(held(own, own.human), cmd)


@leads(Status.PROPOSED)
def propose(own: Ownership, cmd: c.Propose) -> Ownership:
    """One person is asked. A fallback that was due stays in force until somebody accepts."""
    return replace(
        own,
        status=Status.PROPOSED,
        human=cmd.human,
        proposal=own.proposal + 1,
        proposed_until=cmd.until,
    )


@leads(Status.HELD)
def hold(own: Ownership, cmd: c.Accept | c.Takeover) -> Ownership:
    """The human has it."""
    return held(own, cmd.by.id)


@leads(Status.HELD)
def take_from_ai(own: Ownership, cmd: c.Takeover) -> Ownership:
    """A human steps in: a handoff that nothing had triggered."""
    return replace(
        held(own, cmd.by.id),
        handoff=own.handoff + 1,
        queue=cmd.queue,
        steward=cmd.steward,
        tried=(),
        reasons=("operator_takeover",),
        priority=0,
        level=0,
    )


@leads(Status.QUEUED, Status.FALLBACK)
def go_on(own: Ownership, cmd: c.Decline | c.Expire) -> Ownership:  # noqa: ARG001
    """The person asked is not asked again; the case waits as it did before."""
    return replace(
        own,
        status=Status.QUEUED if own.fallback is None else Status.FALLBACK,
        tried=_also(own.tried, own.human),
        human="",
        proposed_until=0,
    )


@leads(Status.QUEUED)
def release(own: Ownership, cmd: c.Release) -> Ownership:  # noqa: ARG001
    """Back into the queue, for others."""
    return _queued(own, own.queue, own.steward, _also(own.tried, own.human))


@leads(Status.QUEUED, Status.FALLBACK)
def reroute(own: Ownership, cmd: c.Reroute) -> Ownership:
    """To another queue or steward. Only a person may have everybody asked again."""
    asked = () if cmd.by.kind is Party.HUMAN else _asked(own)
    return _sent_on(own, cmd.queue, cmd.steward, asked)


@leads(None)
def prioritise(own: Ownership, cmd: c.Prioritise) -> Ownership:
    """Another place in the queue."""
    return replace(own, priority=cmd.priority)


@leads(None, Status.QUEUED, Status.FALLBACK)
def escalate(own: Ownership, cmd: c.Escalate) -> Ownership:
    """One level up, and perhaps to another queue with it."""
    if cmd.queue and cmd.queue != own.queue:
        own = _sent_on(own, cmd.queue, cmd.steward, _asked(own))
    return replace(own, level=cmd.level)


@leads(None)
def rise(own: Ownership, cmd: c.Escalate) -> Ownership:
    """One level up; nobody who has the case loses it by that."""
    return replace(own, level=cmd.level)


@leads(Status.FALLBACK)
def fall_back(own: Ownership, cmd: c.FallBack) -> Ownership:
    """The steward sees to it by the time it is due: of two promises, the earlier."""
    return replace(
        _queued(own, own.queue, own.steward, _asked(own)),
        status=Status.FALLBACK,
        fallback=cmd.kind,
        fallback_due=min(filter(None, (cmd.due, own.fallback_due)), default=0),
    )


@leads(Status.CLOSED)
def resolve(own: Ownership, cmd: c.Resolve) -> Ownership:
    """The end, with a disposition."""
    closure = Closure(disposition=cmd.disposition, note=cmd.note, by=cmd.by, at=cmd.at)
    return _closed(own, _judged(closure, cmd))


def _judged(closure: Closure, cmd: c.Resolve | c.Judge) -> Closure:
    """With a verdict, and whose it is; without one nobody has judged."""
    if cmd.verdict == UNJUDGED:
        return replace(closure, verdict=UNJUDGED, judged_by=None, judged_at=0)
    return replace(closure, verdict=cmd.verdict, judged_by=cmd.by, judged_at=cmd.at)


@leads(Status.CLOSED)
def withdraw(own: Ownership, cmd: c.Withdraw) -> Ownership:
    """The customer's own end, counted apart."""
    return _closed(own, Closure(disposition="withdrawn", by=cmd.by, at=cmd.at))


@leads(Status.CLOSED)
def merge(own: Ownership, cmd: c.Merge) -> Ownership:
    """Closed here, alive in another case."""
    closure = Closure(disposition="merged", by=cmd.by, at=cmd.at, merged_into=cmd.into)
    return _closed(own, closure)


@leads(Status.QUEUED, Status.AI)
def reopen(own: Ownership, cmd: c.Reopen) -> Ownership:
    """A new episode; bounces and the steps that were done count on, for they are the case's."""
    fresh = replace(
        own,
        episode=own.episode + 1,
        closure=None,
        mandate=replace(own.mandate, sponsor="") if own.mandate else None,
        reasons=(),
        priority=cmd.priority,
        level=0,
    )
    if not cmd.queue:
        return replace(fresh, status=Status.AI)
    waiting = _queued(fresh, cmd.queue, cmd.steward, ())
    return replace(waiting, handoff=own.handoff + 1, reasons=(cmd.reason or "reopened",))


@leads(None)
def move(own: Ownership, cmd: c.Move) -> Ownership:
    """Another workflow, under the same owner."""
    return replace(own, workflow=cmd.workflow)


@leads(Status.QUEUED, Status.FALLBACK)
def move_queue(own: Ownership, cmd: c.Move) -> Ownership:
    """Another workflow, and so another queue."""
    asked = () if cmd.by.kind is Party.HUMAN else _asked(own)
    return replace(_sent_on(own, cmd.queue, cmd.steward, asked), workflow=cmd.workflow)


@leads(None)
def judge(own: Ownership, cmd: c.Judge) -> Ownership:
    """A verdict after the fact."""
    if own.closure is None:  # the table refuses this
        return own
    return replace(own, closure=_judged(own.closure, cmd))
