"""The tables of the store in memory, and what is looked up in them by other things than an id."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from handrail.core.ownership import Status
from handrail.core.sla import Deadline
from handrail.ports import Approval, Case, Effect, Entry, Line

HELD = frozenset({Status.HELD, Status.DELEGATED})
_HAVE = HELD | {Status.PROPOSED}
IDLE = frozenset({Status.QUEUED, Status.FALLBACK})


@dataclass(slots=True)
class Tables:
    """What is stored, or what one unit has changed of it."""

    cases: dict[str, Case] = field(default_factory=dict)
    answers: dict[tuple[str, str], str] = field(default_factory=dict)
    lines: dict[str, list[Line]] = field(default_factory=lambda: defaultdict(list))
    entries: dict[str, list[Entry]] = field(default_factory=lambda: defaultdict(list))
    payloads: dict[str, str] = field(default_factory=dict)
    deadlines: dict[str, tuple[Deadline, ...]] = field(default_factory=dict)
    effects: dict[str, Effect] = field(default_factory=dict)
    approvals: dict[str, Approval] = field(default_factory=dict)
    stopped: dict[str, bool] = field(default_factory=dict)
    effects_of: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    approvals_of: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    queued: dict[str, None] = field(default_factory=dict)
    fires: dict[str, int] = field(default_factory=dict)
    idle: dict[str, dict[str, None]] = field(default_factory=lambda: defaultdict(dict))
    held: dict[str, None] = field(default_factory=dict)
    load: Counter[str] = field(default_factory=Counter)
    waiting: Counter[str] = field(default_factory=Counter)


def first(deadlines: Sequence[Deadline]) -> int | None:
    """When the next thing happens."""
    return min((one.fires for one in deadlines if one.armed), default=None)


def place(tables: Tables, before: Case | None, after: Case) -> None:
    """Bring up to date where a case is found: among the idle of its queue, among the held."""
    if before is not None and before.ownership.status in IDLE:
        tables.idle[before.ownership.queue].pop(after.id, None)
    if after.ownership.status in IDLE:
        tables.idle[after.ownership.queue][after.id] = None
    if after.ownership.status in HELD:
        tables.held[after.id] = None
    else:
        tables.held.pop(after.id, None)


def holder(case: Case) -> str:
    """Who has the case, or is asked to take it."""
    return case.ownership.human if case.ownership.status in _HAVE else ""


def queue_of(case: Case) -> str:
    """The queue that the case waits in."""
    return case.ownership.queue if case.ownership.status in IDLE else ""


def urgency(case: Case) -> tuple[int, int, str]:
    """What waiting cases are sorted by: the highest priority first, then who waits longest."""
    return -case.ownership.priority, case.since, case.id


def count(
    counts: Counter[str], key: Callable[[Case], str], before: Case | None, after: Case
) -> None:
    """Bring a count up to date with one case."""
    if before is not None and (old := key(before)):
        counts[old] -= 1
    if new := key(after):
        counts[new] += 1
