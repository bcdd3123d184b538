"""Who owns a case: the states, the owner that each of them implies, and what a closure says.

Law 11: the owner is derived from the state, so there is one by construction.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

from handrail.core.model import Strict, value
from handrail.core.ownership.settings import Fallback


class Status(StrEnum):
    """Where a case is; all else is a command."""

    AI = "ai"
    QUEUED = "queued"
    PROPOSED = "proposed"
    HELD = "held"
    DELEGATED = "delegated"
    FALLBACK = "fallback"
    CLOSED = "closed"


class Party(StrEnum):
    """Kinds of those who act and own."""

    AI = "ai"
    HUMAN = "human"
    QUEUE = "queue"
    CUSTOMER = "customer"
    SYSTEM = "system"


ASK_ONLY = frozenset({Party.AI, Party.CUSTOMER})
"""Who may ask for a person, and has no say in where the case goes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor(Strict):
    """Who gives a command. `id` is the person's own, for humans never empty.

    `supervisor`: with the right to act on cases of others, which the edge has checked.
    """

    kind: Party
    id: str = ""
    supervisor: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Routed(Strict):
    """Why a case was sent to a queue: the row of the matrix that won, as shown, the reasons in
    words, and the version of the roster.
    """

    row: str
    why: tuple[str, ...]
    roster: int


class Owner(NamedTuple):
    """Who must act now: the AI, a queue (its steward is accountable) or a human."""

    kind: Party
    id: str = ""


class Epoch(NamedTuple):
    """The number that fences off all but the present owner.

    `incarnation` is raised when a store is restored from a backup, so no epoch is issued twice.
    """

    incarnation: int = 1
    number: int = 1

    def __str__(self) -> str:
        return f"{self.incarnation}.{self.number}"


FIRST = Epoch()
"""The epoch that every case begins with."""


class Progress(StrEnum):
    """How far a step of a plan is. `unknown`: begun, and nobody knows whether it took effect."""

    PENDING = "pending"
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanStep(Strict):
    """One step of the plan that a human confirmed: an action that the agent may take once."""

    id: str
    action: str
    progress: Progress = Progress.PENDING


@dataclass(frozen=True, slots=True, kw_only=True)
class Mandate(Strict):
    """What the AI may do while a case is delegated: the plan, further actions, until when.

    `actions` may be repeated ("message"); the action of a step only until the step is done.
    `earlier` are steps of plans before that nobody has reported yet; they are not to be done.
    `epoch` is the one that the plan began with: who reports under one before means another plan.
    """

    sponsor: str
    expires: int
    steps: tuple[PlanStep, ...]
    actions: tuple[str, ...] = ("message",)
    earlier: tuple[PlanStep, ...] = ()
    epoch: Epoch = FIRST

    @property
    def finished(self) -> bool:
        """Whether every step is done."""
        return all(step.progress is Progress.DONE for step in self.steps)


class Timing(StrEnum):
    """Whether a handoff came at the right moment."""

    RIGHT = "right"
    EARLY = "early"
    LATE = "late"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict(Strict):
    """The human's judgement of the handoff, in one tap; None = not said, and never counted as yes.

    `missing` names fields of the bundle that were needed and not there.
    """

    helpful: bool | None = None
    right_reviewer: bool | None = None
    missing: tuple[str, ...] = ()
    timing: Timing | None = None


UNJUDGED = Verdict()
"""Nothing said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure(Strict):
    """How a case ended. `note` is the key of the note: texts are stored apart from the ledger.

    `judged_by` gave the verdict, at `judged_at`; nobody = there is none yet.
    """

    disposition: str
    note: str = ""
    by: Actor
    at: int
    verdict: Verdict = UNJUDGED
    judged_by: Actor | None = None
    judged_at: int = 0
    merged_into: str = ""


@value
class Ownership:
    """Who owns one case, and what the next command needs to know.

    `human` is the holder, while proposed the person asked, while delegated the sponsor. `tried`
    are people who will not be asked again in this handoff. `handoff` and `proposal` count; times
    are milliseconds since the epoch, 0 = none. `previous` held the case last. `mandate` outlives
    its plan, because what was done stays done.
    """

    status: Status = Status.AI
    epoch: Epoch = FIRST
    at: int = 0
    workflow: str = ""
    episode: int = 1
    handoff: int = 0
    queue: str = ""
    steward: str = ""
    human: str = ""
    previous: str = ""
    proposal: int = 0
    proposed_until: int = 0
    tried: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    priority: int = 0
    level: int = 0
    bounces: int = 0
    mandate: Mandate | None = None
    fallback: Fallback | None = None
    fallback_due: int = 0
    closure: Closure | None = None


_OF_AI = frozenset({Status.AI, Status.DELEGATED})
OF_A_HUMAN = frozenset({Status.HELD, Status.DELEGATED})
"""A person answers for the case: its holder, or the sponsor of the plan."""


def owner(own: Ownership) -> Owner | None:
    """Who must act now; None exactly when the case is closed."""
    if own.status is Status.CLOSED:
        return None
    if own.status in _OF_AI:
        return Owner(Party.AI)
    if own.status is Status.HELD:
        return Owner(Party.HUMAN, own.human)
    return Owner(Party.QUEUE, own.queue)


def accountable(own: Ownership) -> str:
    """The person who answers for the case: holder, sponsor or steward; nobody while the AI has
    never handed it over, or once it is closed.
    """
    if own.status in OF_A_HUMAN:
        return own.human
    return own.steward if own.status in WAITING else ""


WAITING = frozenset({Status.QUEUED, Status.PROPOSED, Status.FALLBACK})
"""The case is with a queue, and no person has taken it."""


def has_open_handoff(own: Ownership) -> bool:
    """Whether a handoff is under way: from its opening until the closure, plans included."""
    return own.status not in {Status.AI, Status.CLOSED}


def restored(own: Ownership, incarnation: int) -> Ownership:
    """The same case in a store that came back from a backup, under an epoch never issued."""
    risen = max(incarnation, own.epoch.incarnation)  # never falls, whatever the store says
    return replace(own, epoch=Epoch(risen, own.epoch.number))
