"""A handoff is one act: route, bundle, open, clocks and notices in one unit; then a person is
looked for, until somebody has the case or the fallback runs.
"""

import json
from dataclasses import replace

import orjson

from handrail.core import bundle, routing
from handrail.core.bundle import Material
from handrail.core.model import Decision, Forecast, Outcome, Reason, Trigger
from handrail.core.ownership import Actor, Refused, Routed, Status
from handrail.core.ownership import commands as c
from handrail.core.policy import Fallback, NoticeEvent
from handrail.core.routing import Assignment, Request
from handrail.engine.work import SYSTEM, Work

_HANDLE = 600
"""Seconds that a case takes a person, while nothing better has been measured."""
_WITHIN = 3600
"""Open seconds within which a callback that was promised must have happened."""
UNROUTED = "unrouted"
"""The queue of what a pack without queues hands over."""
NOBODY = "board"
"""Who is accountable where a broken pack names nobody: its owner, else this."""


def hand_off(
    work: Work, decision: Decision, by: Actor = SYSTEM, *, known: frozenset[str] = frozenset()
) -> Refused | None:
    """Open a handoff for a decision, or add its reasons to the one that is open.

    `known` are the topics that were there before.
    """
    first = decision.reasons[0]
    hard = any(reason.hard for reason in decision.reasons)
    if work.own.status is not Status.AI:
        return _add(work, decision, by, known, hard=hard)
    began(work, hard=hard)
    found = assign(work)
    route = found.route
    refused = work.do(
        c.Open(
            at=work.now,
            by=by,
            reason=first.trigger.value,
            queue=route.queue or UNROUTED,
            steward=route.steward or work.deployment.pack.owner or NOBODY,
            hard=hard,
            priority=route.priority,
            routed=routed(route),
        )
    )
    if refused is None:
        opened(work, decision, found)
    return refused


def routed(found: routing.Route) -> Routed:
    """Why that queue, as the ledger keeps it."""
    return Routed(row=found.row, why=found.why, roster=found.roster_version)


def began(work: Work, *, hard: bool = True) -> None:
    """A handoff begins now, with everybody and every queue to be asked."""
    work.change(since=work.now, hard=hard, exhausted=())


def opened(work: Work, decision: Decision, found: Assignment | None = None) -> None:
    """What follows when a handoff was opened: bundle, notices, and a person is looked for."""
    work.opened = True
    hand_over(work, decision)
    work.tell(NoticeEvent.PAUSE, decision.trigger)
    settle(work, found)
    if work.own.status is Status.QUEUED:
        seconds = expected(work, place(work)).wait
        if seconds is not None:
            work.tell(NoticeEvent.WAITING, decision.trigger, wait=_span(max(1, seconds)))


def because(work: Work, trigger: Trigger, detail: str = "", *, hard: bool = True) -> Decision:
    """A decision that nothing but this one reason made."""
    reason = Reason(trigger=trigger, outcome=Outcome.HANDOFF, hard=hard, detail=detail)
    return Decision(outcome=Outcome.HANDOFF, reasons=(reason,), digest=work.deployment.digest)


def _add(
    work: Work, decision: Decision, by: Actor, known: frozenset[str], *, hard: bool
) -> Refused | None:
    """More reasons for a handoff that is open. Only a topic that is new can move the case."""
    before = work.own
    delegated = before.status is Status.DELEGATED
    work.change(hard=work.case.hard or hard)
    route = assign(work).route
    new = any(
        one.trigger is Trigger.SENSITIVE_TOPIC and one.hard and one.detail not in known
        for one in decision.reasons
    )
    differs = bool(route.queue) and before.queue not in {route.queue, *route.overflowed}
    moves = new and differs and not delegated
    refused = None
    for place_, reason in enumerate(decision.reasons):
        if place_ and (not reason.hard or reason.trigger.value in work.own.reasons):
            continue
        refused = refused or work.do(
            c.Open(
                at=work.now,
                by=by,
                reason=reason.trigger.value,
                queue=route.queue if moves else before.queue,
                steward=(route.steward or before.steward) if moves else before.steward,
                hard=moves,
                priority=max(before.priority, route.priority),
                routed=routed(route) if moves else None,
            )
        )
    if refused is None and (moves or delegated):
        hand_over(work, decision)
        if delegated:
            work.tell(NoticeEvent.PAUSE, decision.trigger)
        settle(work)
    return refused


def request(work: Work) -> Request:
    """What is looked for: the topics and the tier of the case, and who was asked already."""
    case, own = work.case, work.own
    rules = work.deployment.workflows[case.workflow].rules
    risks = {topic.name: topic.risk for topic in rules.topics}
    tier = case.attributes.tier
    return Request(
        at=work.now,
        since=case.since or work.now,
        topics=tuple([(name, risks[name]) for name in case.state.topics if name in risks]),
        tier=tier,
        vip=rules.vip is not None and tier in rules.vip.tiers,
        trigger=own.reasons[0] if own.reasons else "",
        hard=case.hard,
        preferred=own.previous,
        tried=own.tried,
        exhausted=case.exhausted,
        language=case.language,
    )


def assign(work: Work, wanted: Request | None = None) -> Assignment:
    """The queue by the matrix, and somebody to ask there or where it overflows to."""
    on, wanted = work.deployment, wanted or request(work)
    return routing.assign(
        on.queues, on.pack.matrix, on.calendars, on.roster, wanted, work.unit.load()
    )


def place(work: Work) -> routing.Route:
    """The queue for the case as it is, whoever may be asked there."""
    on = work.deployment
    return routing.route(on.queues, on.pack.matrix, on.calendars, on.roster, request(work))


def steward(work: Work, name: str) -> str:
    """Who answers for a queue now: its steward, or who stands in; empty for no queue of ours."""
    on = work.deployment
    queue = on.queues.get(name)
    person = on.roster.person(queue.steward) if queue else None
    if queue is None or person is None:
        return queue.steward if queue else ""
    if not person.left:
        standing = routing.stand_in(on.roster, person, work.now)
        return (standing or person).id
    row = routing.MatrixRow(queue=name)
    found = routing.route(on.queues, (row,), on.calendars, on.roster, request(work))
    return found.steward or on.pack.owner or NOBODY


def expected(work: Work, route: routing.Route) -> Forecast:
    """The wait to expect in a queue, from who is at work there and how many wait.

    A case that is proposed takes a place of the person who is asked, and so is not counted among
    those who wait. Whoever is asked may take until the proposal expires: that is added.
    """
    on, now = work.deployment, work.now
    if not route.queue or route.opens_at is None:
        return Forecast()
    load = work.unit.load()
    staff = routing.staffing(on.roster, on.calendars, route.queue, route.opens_at, load)
    return routing.wait(
        handle_seconds=_HANDLE,
        staffed=staff.places,
        busy=staff.busy,
        waiting=work.unit.waiting(route.queue),
        opens_in=(route.opens_at - now) // 1000,
        answers_in=on.queues[route.queue].proposal_expires,
    ).forecast


def _span(seconds: int) -> str:
    """A wait as customers read it, in signs that every language has."""
    minutes = -(-seconds // 60)
    return f"{minutes} min" if minutes < 90 else f"{-(-minutes // 60)} h"


def settle(work: Work, found: Assignment | None = None) -> None:
    """Propose a case that waits to somebody, move it on, or let the fallback run."""
    if work.own.status is not Status.QUEUED:
        return
    found = found or within(work, request(work))
    route, asked = found.route, found.nomination
    if found.exhausted != work.case.exhausted:
        work.change(exhausted=found.exhausted)
    if route.queue and route.queue != work.own.queue:
        who = route.steward or work.own.steward
        on_ = c.Reroute(at=work.now, by=SYSTEM, queue=route.queue, steward=who)
        work.do(replace(on_, reason="overflow", routed=routed(route)))
    if asked.person:
        wait = work.deployment.queues[route.queue].proposal_expires * 1000
        work.do(c.Propose(at=work.now, by=SYSTEM, human=asked.person, until=work.now + wait))
        body = {"human": asked.person, "why": list(asked.why), "for": asked.delegate_for}
        work.effect("proposal", body)
    elif route.exhausted:
        fall_back(work)


def within(work: Work, wanted: Request) -> Assignment:
    """An assignment that stays where a person put the case, as long as anybody is left there."""
    on, own = work.deployment, work.own
    found = assign(work, wanted)
    if own.queue in {found.route.queue, ""} or own.queue not in on.queues:
        return found
    row = routing.MatrixRow(queue=own.queue)
    return routing.assign(on.queues, (row,), on.calendars, on.roster, wanted, work.unit.load())


def fall_back(work: Work) -> None:
    """Nobody is left to ask: what the pack declares happens, and the customer is told."""
    on, own = work.deployment, work.own
    who, before = steward(work, own.queue), on.roster.person(own.steward)
    if before is not None and before.left and who not in {"", own.steward}:
        move = c.Reroute(at=work.now, by=SYSTEM, queue=own.queue, steward=who)
        work.do(replace(move, reason="steward_left"))
    kind = on.workflow(work.case.workflow).fallback or Fallback.TICKET
    found = routing.route(
        on.queues, on.pack.matrix, on.calendars, on.roster, replace(request(work), exhausted=())
    )
    promise = routing.callback(found, on.calendars.get(own.queue), work.now, wait=0, within=_WITHIN)
    due = promise.due if promise else 0
    refused = work.do(c.FallBack(at=work.now, by=SYSTEM, kind=kind, due=due, reason="exhausted"))
    if refused is None:
        body = {"kind": kind.value, "owner": work.own.steward, "due": work.own.fallback_due}
        work.effect("fallback", body | {"at": promise.at if promise else 0})
        work.tell(NoticeEvent.NOBODY_AVAILABLE)


def hand_over(work: Work, decision: Decision) -> None:
    """Make the bundle and send it where the case goes. It never delays the transfer (law 9)."""
    made = bundle.assemble(material(work, decision), work.deployment.detect)
    key = work.effect(
        "bundle", {"queue": work.own.queue, "status": made.status.value}, text=_json(made)
    )
    missing = [one.value for one in made.missing]
    work.entry("bundle", SYSTEM, {"key": key, "status": made.status.value, "missing": missing})


def _json(made: bundle.Bundle) -> str:
    """The bundle as JSON, its keys in order."""
    told = bundle.stored(made)
    try:
        return orjson.dumps(told).decode()
    except orjson.JSONEncodeError:  # half a character, which a turn may hold: law 9
        return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def material(work: Work, decision: Decision) -> Material:
    """What the bundle is made of: the ends of the episode, and the state of the case."""
    case, unit = work.case, work.unit
    first, last = case.first_line, case.lines
    head = min(last, first + bundle.HEAD - 1)
    stored = [*unit.lines(case.id, first=first, last=head)]
    stored += unit.lines(case.id, first=max(head + 1, last - bundle.TAIL + 1), last=last)
    return Material(
        lines=tuple([bundle.line(one.number, one.turn, one.signals) for one in stored]),
        decision=decision,
        state=case.state,
        template=work.deployment.bundle(case.workflow),
        attributes=case.attributes,
        language=case.language or case.state.language or "en",
        transcript=case.transcript,
    )
