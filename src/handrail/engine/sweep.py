"""What no event announces: people come, go and become free; queues open, close and merge."""

from collections.abc import Collection
from dataclasses import replace

from handrail.core import routing
from handrail.core.ownership import Status
from handrail.core.ownership import commands as c
from handrail.core.routing import Away
from handrail.core.routing.route import required
from handrail.core.sla import Event, Kind
from handrail.engine import acts, timers, transfer
from handrail.engine.deployment import Deployment
from handrail.engine.work import SYSTEM, Work
from handrail.ports import Case, Store

_GONE = frozenset({Away.LEFT, Away.ABSENT, Away.OFF_SHIFT})
_WAITS = frozenset({Status.QUEUED, Status.FALLBACK})


def nudge(store: Store, on: Deployment, queues: Collection[str] | None = None) -> None:
    """Propose waiting cases again, the most urgent first: in all queues, or in these."""
    with store.unit() as unit:
        found = [unit.case(name) for name in unit.waiting_cases(queues)]
    waiting = [case for case in found if case and case.ownership.status in _WAITS]
    waiting.sort(key=lambda case: (-case.ownership.priority, case.since, case.id))
    in_vain: set[object] = set()
    for case in waiting:
        with store.unit() as unit:
            wanted = _wanted(on, case, unit.now())
            if wanted in in_vain:
                continue
            work = Work(unit, on, unit.case(case.id) or case)
            if work.own.status not in _WAITS:
                continue
            acts.rehome(work)
            _merge(work)
            if work.own.status is Status.FALLBACK:
                if work.own.at < work.now:  # what has just fallen back is not asked for at once
                    timers.call(work)
            else:
                transfer.settle(work)
            if work.case == case:
                in_vain.add(wanted)
                continue
            timers.run(work)
            work.close()


def freed(on: Deployment, name: str) -> frozenset[str]:
    """The queues that somebody whose hands are free may be asked in: as a member, as a reviewer
    of a row, or for another who is away.
    """
    person = on.roster.person(name)
    if person is None:
        return frozenset()
    row = {one.queue for one in on.pack.matrix if name in one.reviewers}
    found = {*person.queues, *row}
    for other in on.roster.people:
        if any(one.delegate == name for one in other.absences):
            found.update(other.queues)
            found.update(one.queue for one in on.pack.matrix if other.id in one.reviewers)
    return frozenset(found)


def _wanted(on: Deployment, case: Case, at: int) -> object:
    """What two cases have in common of which one could not be given to anybody, nor the other."""
    own = case.ownership
    queue = on.queues.get(own.queue)
    skills = required(queue, case.since or at, at) if queue else ()
    return (
        own.queue,
        own.status,
        case.workflow,
        case.state.topics,
        case.attributes,
        own.tried,
        skills,
    )


def _merge(work: Work) -> None:
    """A queue that went away: its cases go where it was merged into. So they do, to another
    steward, when the one who answers for them has left.
    """
    on, own = work.deployment, work.own
    queue = on.queues.get(own.queue)
    person = on.roster.person(own.steward)
    if queue is not None and not queue.merged_into and not (person and person.left):
        return
    name, why = own.queue, None
    if queue is None or queue.merged_into:
        row = on.pack.matrix if queue is None else (routing.MatrixRow(queue=own.queue),)
        found = routing.route(on.queues, row, on.calendars, on.roster, transfer.request(work))
        name, why = found.queue, transfer.routed(found)
    who = transfer.steward(work, name)
    if who and (name, who) != (own.queue, own.steward):
        reason = "steward_left" if name == own.queue else "queue_merged"
        move = c.Reroute(at=work.now, by=SYSTEM, queue=name, steward=who, reason=reason)
        work.do(replace(move, routed=why))


def holders(store: Store, on: Deployment) -> None:
    """Cases of people who are gone go back to their queue; of those who are offline a clock runs.

    Of somebody whom the roster does not know nothing is known: the clock of silence runs anyway.
    """
    with store.unit() as unit:
        now = unit.now()
        found = [unit.case(name) for name in unit.held_cases()]
        watched = {
            case.id
            for case in found
            if case and any(one.kind is Kind.HOLDER_AWAY for one in unit.deadlines(case.id))
        }
    for case in found:
        if case is None:
            continue
        what = _away(on, case, now)
        if what is None and case.id not in watched:
            continue
        if case.ownership.status is Status.DELEGATED and what is not Away.LEFT:
            continue
        with store.unit() as unit:
            work = Work(unit, on, unit.case(case.id) or case)
            if work.own != case.ownership:
                continue
            acts.rehome(work)
            before = work.deadlines
            if what in _GONE:
                work.do(c.Release(at=work.now, by=SYSTEM, reason=what.value.replace(" ", "_")))
                transfer.settle(work)
            else:
                work.clocks(Event.HOLDER_AWAY if what else Event.HOLDER_BACK)
            if work.case == case and work.deadlines == before:
                continue
            timers.run(work)
            work.close()


def _away(on: Deployment, case: Case, now: int) -> Away | None:
    """Why the holder should not have the case any longer. Who is busy has it all the same, and
    who took it outside the shift did so knowingly.
    """
    own = case.ownership
    person = on.roster.person(own.human)
    if person is None:
        return None
    what = routing.away(person, own.queue, on.calendars, now)
    then = routing.away(person, own.queue, on.calendars, own.at)
    if what is Away.OFF_SHIFT and then is Away.OFF_SHIFT:
        return None
    return None if what is Away.BUSY else what
