"""What is in force and who is there: packs, roster; what should have been done by now."""

from collections.abc import Iterator
from typing import NamedTuple, cast

from handrail import books
from handrail.adapters.sql.store import SqlStore
from handrail.adapters.sql.unit import SqlUnit
from handrail.core.calendar import next_open
from handrail.core.lint import Severity, lint
from handrail.core.routing import Queue, gaps, stand_in
from handrail.core.routing.roster import at_work
from handrail.engine import versions
from handrail.engine.deployment import Deployment
from handrail.wiring.doctor.line import Line, listed, look, ok, span, wrong
from handrail.wiring.doctor.trust import Known
from handrail.wiring.policies import policies

LATE, STUCK = 15_000, 60_000
"""Milliseconds after which a deadline, or an effect, should have been looked at."""
_DAY, _STEP = 86_400_000, 900_000
_HOLDERS = (
    "select human, count(*) from cases where workspace = ? "
    "and status in ('proposed', 'held', 'delegated') group by human order by human"
)
_DUE = (
    "select count(*), coalesce(min(fires), 0) from (select fires from cases where workspace = ? "
    "and fires <= ? order by fires limit 10000) as found"
)
_QUEUED = (
    "select count(*), coalesce(min(due), 0) from (select due from effects where workspace = ? "
    "and status = 'queued' and due <= ? order by due limit 10000) as found"
)
_ENDED = (
    "select status, count(*) from (select status from effects where workspace = ? "
    "and status in ('failed', 'quarantined') limit 10000) as found group by status"
)
_STOPPED = "select workflow from stops where workspace = ? order by workflow"
_ENDPOINTS = "select id, status from endpoints where workspace = ? order by id"
_NEED_HANDS = {"failed": "were tried in vain", "quarantined": "are in quarantine since a restore"}


class Force(NamedTuple):
    """What is in force, and what waits for somebody."""

    on: Deployment
    state: versions.State


def force(store: SqlStore) -> Force | None:
    """Of a workspace; None: nothing was installed."""
    made = policies(store).force
    made.refresh()
    with store.view() as unit:
        state = versions.fold(books.read(unit, books.PACKS))
    return Force(made.deployment, state) if made.deployment else None


def pack(found: Force | None) -> Iterator[Line]:
    """What is in force, what the linter says of it, what waits for a person."""
    if found is None:
        yield wrong("pack", "none is in force", "handrail pack install PACK")
        return
    on, state = found
    named = f"`{on.pack.name}` {on.pack.version} ({on.digest[:12]})"
    for severity, made in ((Severity.ERROR, wrong), (Severity.WARNING, look)):
        bad = [one for one in lint(on.pack) if one.severity is severity]
        if bad:
            first = f"{bad[0].code} {bad[0].message}"
            more = f", and {len(bad) - 1} more" if len(bad) > 1 else ""
            yield made("pack", f"{named}: {first}{more}", "handrail pack check PACK")
            break
    else:
        yield ok("pack", f"{named} is in force")
    if state.candidate:
        name = state.packs[state.candidate]
        note = f"{state.share} % of the cases are under `{name.name}` {name.version}"
        mend = f"handrail pack activate {state.candidate[:12]}, or handrail pack rollback"
        yield look("ramp", note, mend)
    if state.review:
        yield look("review", "a roll-back waits for its review", "handrail pack review --by NAME")
    if state.single:
        note = "one person may approve what they submitted: this is for trying it alone"
        yield look("mode", note, "handrail pack mode --four-eyes")


def roster(found: Force, now: int) -> Iterator[Line]:
    """Somebody for each queue within a day; stewards that are known."""
    on, well = found.on, True
    for queue in on.pack.queues:
        if queue.merged_into:
            continue
        for one in _queue(on, queue, now):
            well = False
            yield one
    stewards = {f"steward of queue `{one.name}`" for one in on.pack.queues}
    other = [
        one
        for one in gaps(on.pack.queues, on.pack.matrix, on.roster)
        if not any(one.startswith(name) for name in stewards) and "has no people" not in one
    ]
    if other:
        more = f", and {len(other) - 1} more" if len(other) > 1 else ""
        yield look("roster", other[0] + more, "handrail route --help")
    elif well:
        yield ok("roster", f"version {on.roster.version}; every queue has somebody within a day")


def _queue(on: Deployment, queue: Queue, now: int) -> Iterator[Line]:
    steward = on.roster.person(queue.steward)
    if queue.steward and (steward is None or steward.left):
        note = f"`{queue.steward}`, the steward of queue `{queue.name}`, is not there"
        yield wrong("roster", note, f"handrail roster put {queue.steward} …")
    calendar = on.calendars.get(queue.name)
    opens = next_open(calendar, now) if calendar else None
    if opens is not None and opens >= now + _DAY:
        return  # it is closed, as it should be
    if any(_staffed(on, queue.name, at) for at in range(now, now + _DAY, _STEP)):
        return
    made, then = (
        (look, f"; what comes goes on to `{queue.overflow}`")
        if queue.overflow
        else (
            wrong,
            "",
        )
    )
    note = f"nobody of queue `{queue.name}` is at work within the next 24 h{then}"
    yield made("roster", note, "handrail roster show, then handrail roster put …")


def _staffed(on: Deployment, queue: str, at: int) -> bool:
    for member in on.roster.members(queue):
        one = stand_in(on.roster, member, at)
        if one is not None and at_work(one, queue, on.calendars, at):
            return on.roster.shut_until(queue, at) == at
    return False


def holders(store: SqlStore, who: Known) -> Iterator[Line]:
    """People who have a case, or are asked to take one, and cannot sign in."""
    with store.view() as made:
        found = [(str(name), int(count)) for name, count in cast("SqlUnit", made).ask(_HOLDERS)]
    shut_out = [(name, count) for name, count in found if name not in who.inside]
    for name, count in shut_out[:20]:
        note = f"`{name}` has {count} cases and no way to sign in"
        mend = f"handrail person add {name} --role human; handrail person password {name}"
        if name in who.people:
            one = who.people[name]
            mend = f"handrail person {'enable' if one.disabled else 'password'} {name}"
        yield look("people", note, mend)
    if not shut_out:
        yield ok("people", f"{len(found)} have cases, and can sign in")


def waiting(store: SqlStore) -> Iterator[Line]:
    """Deadlines and effects that nobody looks after."""
    with store.view() as made:
        unit, now = cast("SqlUnit", made), made.now()
        due, first = unit.ask(_DUE, now - LATE)[0]
        queued, oldest = unit.ask(_QUEUED, now - STUCK)[0]
        ended = {str(status): int(count) for status, count in unit.ask(_ENDED)}
        stopped = [str(row[0]) for row in unit.ask(_STOPPED)]
        endpoints = [(str(name), str(status)) for name, status in unit.ask(_ENDPOINTS)]
    if due:
        note = f"{due} cases have a deadline that is late, by {span(now - int(first))} at the most"
        yield wrong("deadlines", note, "handrail serve (no process fires them)")
    else:
        yield ok("deadlines", "none is late")
    if queued:
        note = f"{queued} effects should have left, the oldest {span(now - int(oldest))} ago"
        yield wrong("effects", note, "handrail serve (no process delivers them)")
    elif not ended:
        yield ok("effects", "none is late, none has failed")
    for status, count in sorted(ended.items()):
        mend = f"handrail store outbox list URL --state {status}"
        yield look("effects", f"{count} {_NEED_HANDS[status]}", mend)
    if stopped:
        mend = f"POST /v1/workflows/{stopped[0]}/resume"
        yield look("stopped", f"the AI is stopped in {listed(stopped)}", mend)
    off = [name for name, status in endpoints if status == "disabled"]
    if off:
        note = f"no webhooks go to {listed(off)}: disabled"
        yield look("endpoints", note, f"handrail hook change {off[0]} --enable")
    else:
        yield ok("endpoints", f"{len(endpoints)}, none is disabled")
