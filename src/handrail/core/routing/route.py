"""Which queue a handoff goes to. Law 8: there is always one, and somebody accountable for it.

Broken settings are no reason to lose a case: what is missing is said, and the case goes on.
"""

from collections.abc import Mapping, Sequence

from handrail.core.calendar import Calendar, next_open
from handrail.core.model import value
from handrail.core.routing.matrix import match, written
from handrail.core.routing.roster import Roster, stand_in
from handrail.core.routing.settings import MatrixRow, Queue

_SECOND = 1000

Queues = Mapping[str, Queue]
Calendars = Mapping[str, Calendar]


@value
class Request:
    """A handoff that looks for a human, at `at`; it began at `since` (milliseconds).

    `topics` are (name, risk). `preferred` is the human who had the case before. `tried` are the
    people asked already in this handoff, `exhausted` the queues where nobody is left to ask.
    `tags` are asked for besides those of the row.
    """

    at: int
    since: int
    topics: tuple[tuple[str, int], ...] = ()
    tier: str = ""
    vip: bool = False
    trigger: str = ""
    hard: bool = False
    preferred: str = ""
    tried: tuple[str, ...] = ()
    exhausted: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    language: str = ""


@value
class Route:
    """Where to, and why. `row` is the winning row as written.

    `steward` is accountable now: the queue's, or while away the one who stands in. `overflowed`
    are queues passed over. `opens_at` is when somebody is there: now when `is_open`, None = never.
    `missing` is what the pack or the roster lacks. `exhausted`: all queues of the way have been
    tried, so the fallback is next. `queue` is empty only when the pack has none.
    """

    queue: str
    steward: str = ""
    row: str = ""
    why: tuple[str, ...] = ()
    overflowed: tuple[str, ...] = ()
    is_open: bool = False
    opens_at: int | None = None
    reviewers: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    skills: tuple[tuple[str, int], ...] = ()
    priority: int = 0
    roster_version: int = 0
    missing: tuple[str, ...] = ()
    exhausted: bool = False


class _Notes:
    """What is told with the answer."""

    def __init__(self) -> None:
        self.why: list[str] = []
        self.missing: list[str] = []


def route(
    queues: Queues,
    matrix: Sequence[MatrixRow],
    calendars: Calendars,
    roster: Roster,
    request: Request,
) -> Route:
    """The queue for a request. It never fails: see `missing`.

    The row's queue, what that was merged into, and while it is closed or exhausted what it
    overflows to, each at most once. When none is open: the one that opens first.
    """
    notes, at = _Notes(), request.at
    if request.trigger:
        notes.why.append(f"{'hard' if request.hard else 'soft'} trigger `{request.trigger}`")
    found = match(matrix, request.topics, request.tier)
    if found is None:
        notes.missing.append(
            f"no row for topics `{', '.join(sorted(name for name, _ in request.topics)) or 'none'}`"
            f" and tier `{request.tier or 'none'}`"
        )
    else:
        notes.why.append(found.why)
    path = _path(queues, found.row.queue if found else "", notes)
    if not path:
        path = _anywhere(queues, notes)
    queue, opens_at = _choose(path, calendars, roster, request, notes)
    overflowed = tuple(one.name for one in path[: path.index(queue)]) if queue else ()
    return Route(
        queue=queue.name if queue else "",
        steward=_steward(path[len(overflowed) :], queues, roster, at, notes),
        row=written(found.row) if found else "",
        why=tuple(notes.why),
        overflowed=overflowed,
        is_open=opens_at == at,
        opens_at=opens_at,
        reviewers=found.row.reviewers if found else (),
        tags=tuple(sorted({*(found.row.tags if found else ()), *request.tags})),
        skills=required(queue, request.since, at) if queue else (),
        priority=_priority(queue, request),
        roster_version=roster.version,
        missing=tuple(dict.fromkeys(notes.missing)),
        exhausted=all(one.name in request.exhausted for one in path),
    )


def required(queue: Queue, since: int, at: int) -> tuple[tuple[str, int], ...]:
    """The skills that a queue asks for now: levels fall with the wait; at 0 none is asked for."""
    steps = max(0, at - since) // (queue.relax_every * _SECOND) if queue.relax_every else 0
    return tuple((name, level - steps) for name, level in queue.skills if level > steps)


def relaxes_at(queue: Queue, since: int, at: int) -> int | None:
    """When the skills fall next; None when they do not."""
    if not queue.relax_every or not required(queue, since, at):
        return None
    every = queue.relax_every * _SECOND
    return since + (max(0, at - since) // every + 1) * every


def opening(name: str, calendars: Calendars, roster: Roster, at: int) -> int | None:
    """When a queue is open next: `at` itself while it is; None = never, as far as is known."""
    calendar = calendars.get(name)
    if calendar is None:
        return None
    opens = next_open(calendar, at)
    while opens is not None and (later := roster.shut_until(name, opens)) > opens:
        opens = next_open(calendar, later)
    return opens


def _path(queues: Queues, name: str, notes: _Notes) -> list[Queue]:
    """The queues that a case may go through, in order. A circle ends where it would begin."""
    walked: dict[str, Queue] = {}
    while name:
        if name not in queues:
            notes.missing.append(f"there is no queue `{name}`")
            break
        queue = _merged(queues, queues[name], notes)
        if queue.name in walked:
            break
        walked[queue.name] = queue
        name = queue.overflow
    return list(walked.values())


def _merged(queues: Queues, queue: Queue, notes: _Notes) -> Queue:
    """The queue that took over from one that went away."""
    seen = {queue.name}
    while queue.merged_into:
        if queue.merged_into not in queues or queue.merged_into in seen:
            notes.missing.append(f"`{queue.name}` is merged into `{queue.merged_into}`, no queue")
            break
        notes.why.append(f"`{queue.name}` was merged into `{queue.merged_into}`")
        queue = queues[queue.merged_into]
        seen.add(queue.name)
    return queue


def _anywhere(queues: Queues, notes: _Notes) -> list[Queue]:
    """The way of the first queue with a steward; without one of any; [] when there is none."""
    if not queues:
        notes.missing.append("there is no queue")
        return []
    order = sorted(queues.values(), key=lambda one: (not one.steward, one.merged_into, one.name))
    notes.why.append(f"`{order[0].name}` takes what has no other place")
    return _path(queues, order[0].name, notes)


def _choose(
    path: list[Queue], calendars: Calendars, roster: Roster, request: Request, notes: _Notes
) -> tuple[Queue | None, int | None]:
    """The first queue that is open, else the one that opens first, and when."""
    usable = [one for one in path if one.name not in request.exhausted]
    for queue in path if usable else ():
        if queue not in usable:
            notes.why.append(f"nobody is left to ask in `{queue.name}`")
    best, first = None, None
    for queue in usable or path:
        opens = opening(queue.name, calendars, roster, request.at)
        if opens == request.at:
            return queue, opens
        notes.why.append(f"`{queue.name}` is closed")
        if best is None or (opens is not None and (first is None or opens < first)):
            best, first = queue, opens
    if best is not None and first is None:
        notes.missing.append(f"neither `{path[0].name}` nor its overflow has hours")
    return best, first


def _priority(queue: Queue | None, request: Request) -> int:
    """Higher goes first: a VIP (2) where the queue says so, a hard trigger (1), both (3)."""
    vip = queue is not None and queue.vip_priority and request.vip
    return 2 * vip + request.hard


def _steward(path: list[Queue], queues: Queues, roster: Roster, at: int, notes: _Notes) -> str:
    """Who is accountable: the steward of the queue, of its overflow, of any, in this order.

    One who is absent is stood in for, and stays accountable when nobody does.
    """
    for queue in (*path, *(queues[name] for name in sorted(queues))):
        if not queue.steward:
            notes.missing.append(f"`{queue.name}` has no steward")
            continue
        person = roster.person(queue.steward)
        if person is None:  # a name that only the pack knows is better than nobody
            notes.missing.append(f"steward `{queue.steward}` is not in the roster")
            return queue.steward
        if person.left:
            notes.missing.append(f"steward `{queue.steward}` of `{queue.name}` has left")
            continue
        standing = stand_in(roster, person, at)
        if standing is None:
            notes.missing.append(f"steward `{person.id}` is absent, and nobody stands in")
            return person.id
        if standing is not person:
            notes.why.append(f"`{standing.id}` stands in for steward `{person.id}`")
        return standing.id
    return ""
