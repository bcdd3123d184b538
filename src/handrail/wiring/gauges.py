"""What is counted of a workspace when its metrics are asked for: by the indexes, and bounded."""

from dataclasses import dataclass
from typing import cast

from handrail.adapters.sql.unit import SqlUnit
from handrail.wiring.desk import Desk

MOST = 10_000
"""What is more than this is told as this: nobody does anything else about it."""
_WAITING = (  # the condition of the index in its words
    "select queue, status, count(*) from cases where workspace = ? "
    "and status in ('queued', 'proposed', 'fallback') group by queue, status"
)
_HANDOFFS = (
    "select count(*) from (select 1 from handoffs where workspace = ? and ended is null limit ?) "
    "as found"
)
_OVERDUE = (
    "select count(*) from (select 1 from cases where workspace = ? and fires <= ? limit ?) as found"
)
_QUEUED = (
    "select count(*), coalesce(min(due), 0) from (select due from effects where workspace = ? "
    "and status = 'queued' and due <= ? order by due limit ?) as found"
)
_DEAD = (
    "select count(*) from (select 1 from effects where workspace = ? and status = 'failed' "
    "limit ?) as found"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauges:
    """`waiting`: cases that wait, by queue and status; `backlog`: effects that are due, and for how
    many milliseconds the oldest of them; `dead`: those that are not tried any more; `lag`: how long
    the oldest change waits that cannot be shown yet.
    """

    waiting: dict[tuple[str, str], int]
    handoffs: int
    overdue: int
    backlog: int
    oldest: int
    dead: int
    lag: int


def gauges(desk: Desk) -> Gauges:
    """Count."""
    with desk.store.view() as made:
        unit = cast("SqlUnit", made)
        now = unit.now()
        backlog, oldest = unit.ask(_QUEUED, now, MOST)[0]
        found = {(queue, status): int(count) for queue, status, count in unit.ask(_WAITING)}
        handoffs = int(unit.ask(_HANDOFFS, MOST)[0][0])
        overdue = int(unit.ask(_OVERDUE, now, MOST)[0][0])
        dead = int(unit.ask(_DEAD, MOST)[0][0])
    return Gauges(
        waiting=found,
        handoffs=handoffs,
        overdue=overdue,
        backlog=int(backlog),
        oldest=max(0, now - int(oldest)) if backlog else 0,
        dead=dead,
        lag=desk.feed.lag(),
    )
