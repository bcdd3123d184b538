"""What no event announces: people come, go and become free; queues open, close and merge."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field, replace

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
FIRST, IN_TURN, VAIN = 100, 500, 20
"""Of each queue, in each call: how many cases are looked at from the most urgent on, how many more
in turn, and for how many of them somebody is looked for in vain. `IN_TURN` also of the held.
"""


@dataclass(slots=True)
class Rounds:
    """How far was looked: in each queue at those that wait, and at those that somebody has."""

    waiting: dict[str, Case] = field(default_factory=dict)
    held: str = ""


def nudge(
    store: Store,
    on: Deployment,
    queues: Collection[str] | None = None,
    rounds: Rounds | None = None,
) -> None:
    """Propose waiting cases again, the most urgent first: in all queues, or in these.

    Of a queue the first are looked at, and with `rounds` those behind them in turn, so that
    everybody's turn comes: among `n` cases after at most `n / VAIN` calls.
    """
    in_vain: set[object] = set()
    first: dict[str, Case] = {}
    _look(store, on, in_vain, queues, first, FIRST)
    if rounds is None or not first:
        return
    for queue, last in first.items():
        rounds.waiting[queue] = max(rounds.waiting.get(queue, last), last, key=_urgency)
    _look(store, on, in_vain, first, rounds.waiting, IN_TURN)


def _look(
    store: Store,
    on: Deployment,
    in_vain: set[object],
    queues: Collection[str] | None,
    after: dict[str, Case],
    limit: int,
) -> None:
    """Look at some cases of each queue, from the one behind `after`, which is moved on; it has no
    place any more once all were looked at. After `VAIN` different needs that nobody could be asked
    for, the rest of a queue is left alone.
    """
    vain: Counter[str] = Counter()
    ended: set[str] = set()
    waiting: list[Case] = []
    with store.view() as unit:
        now = unit.now()
        for queue in unit.waiting_queues() if queues is None else sorted(queues):
            found = unit.urgent(queue, limit, after.get(queue))
            waiting.extend(found)
            if len(found) < limit:
                ended.add(queue)
    waiting.sort(key=_urgency)
    for case in waiting:
        queue, wanted = case.ownership.queue, _wanted(on, case, now)
        if vain[queue] == VAIN:
            continue
        after[queue] = case
        if wanted in in_vain or _propose(store, on, case):
            continue
        in_vain.add(wanted)
        vain[queue] += 1
    for queue in ended:
        if vain[queue] < VAIN:
            after.pop(queue, None)


def _urgency(case: Case) -> tuple[int, int]:
    return -case.ownership.priority, case.since


def _propose(store: Store, on: Deployment, case: Case) -> bool:
    """Look for somebody for a case; False when that was in vain."""
    with store.unit() as unit:
        work = Work(unit, on, unit.case(case.id) or case)
        if work.own.status not in _WAITS:
            return True
        acts.rehome(work)
        _merge(work)
        if work.own.status is Status.FALLBACK:
            if work.own.at >= work.now and work.case == case:
                return True  # what has just fallen back is not asked for at once, nor in vain
            timers.call(work)
        else:
            transfer.settle(work)
        if work.case == case:
            return False
        timers.run(work)
        work.close()
        return True


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
    on, own = on.of(case.id), case.ownership
    queue = on.queues.get(own.queue)
    skills = required(queue, case.since or at, at) if queue else ()
    return (
        on.digest,
        own.queue,
        own.status,
        case.workflow,
        case.state.topics,
        case.attributes,
        case.language,
        case.hard,
        own.previous,
        own.tried,
        case.exhausted,
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


def holders(store: Store, on: Deployment, rounds: Rounds | None = None) -> None:
    """Cases of people who are gone go back to their queue; of those who are offline a clock runs.
    With `rounds` some of them are looked at, in turn.

    Of somebody whom the roster does not know nothing is known: the clock of silence runs anyway.
    """
    with store.view() as unit:
        now, names = unit.now(), sorted(unit.held_cases())
        if rounds is not None:
            at = bisect_right(names, rounds.held)
            names = names[at : at + IN_TURN]
            rounds.held = names[-1] if len(names) == IN_TURN else ""
        found = [unit.case(name) for name in names]
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
    on, own = on.of(case.id), case.ownership
    person = on.roster.person(own.human)
    if person is None:
        return None
    what = routing.away(person, own.queue, on.calendars, now)
    then = routing.away(person, own.queue, on.calendars, own.at)
    if what is Away.OFF_SHIFT and then is Away.OFF_SHIFT:
        return None
    return None if what is Away.BUSY else what
