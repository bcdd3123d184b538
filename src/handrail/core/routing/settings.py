"""What a pack settles about who gets a case: queues and the reviewer matrix."""

from dataclasses import dataclass

from handrail.core.calendar import Hours
from handrail.core.model import Strict

ANY = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue(Strict):
    """Where handoffs wait. `steward` is accountable for whatever nobody has taken.

    `skills` are levels 1 to 10; each `relax_every` seconds (0 = never) they fall by one.
    `hours` None: never staffed.
    """

    name: str
    steward: str = ""
    skills: tuple[tuple[str, int], ...] = ()
    relax_every: int = 0
    hours: Hours | None = None
    overflow: str = ""
    vip_priority: bool = False
    sla: str = ""
    proposal_expires: int = 120
    merged_into: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixRow(Strict):
    """Who handles what: `*` matches any. Reviewers are asked in order and must have all tags."""

    queue: str
    topic: str = ANY
    tier: str = ANY
    reviewers: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
