"""What the engine needs of the world: a store of cases, and who carries messages to people.

A `Store` gives units of work. What is done in one is committed as a whole or not at all; while it
is open no other unit changes the same case. Adapters implement it, `adapters.memory` first.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from handrail.core.case import CaseState
from handrail.core.model import Attributes, Role, Signals, Strict, Turn, value
from handrail.core.ownership import Epoch, Ownership
from handrail.core.sla import Deadline


class OfferStatus(StrEnum):
    """What became of an offer to talk to a human."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    LAPSED = "lapsed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """An offer made to the customer. At most one of a case is open."""

    id: str
    at: int
    expires: int
    status: OfferStatus = OfferStatus.OPEN


class ApprovalStatus(StrEnum):
    """What became of a request for approval. A time-out is `expired`, never `rejected`."""

    OPEN = "open"
    GRANTED = "granted"
    REJECTED = "rejected"
    EXPIRED = "expired"
    USED = "used"


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A request to do one exact action once. `digest` is of the tool and its arguments."""

    id: str
    case: str
    tool: str
    digest: str
    at: int
    expires: int
    status: ApprovalStatus = ApprovalStatus.OPEN
    by: str = ""


@value
class Case:
    """One case as it is stored. `version` rises with every save; a save of an old one conflicts.

    `memory` is what the signals remember between turns. `first_line` is where the episode began,
    `since` when the handoff did, `hard` whether a hard trigger is among its reasons, `exhausted`
    the queues where nobody was left to ask. `linked` is the case before this one, `next` the one
    that took its place when the customer came back late. `customer` is whose case it is, where
    the caller says so: all that is kept of a person is found by it.
    """

    id: str
    workflow: str
    ownership: Ownership
    state: CaseState
    customer: str = ""
    memory: Mapping[str, object] = field(default_factory=dict)
    attributes: Attributes = field(default_factory=Attributes)
    values: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    transcript: str = ""
    language: str = ""
    offer: Offer | None = None
    lines: int = 0
    first_line: int = 1
    entries: int = 0
    effects: int = 0
    since: int = 0
    hard: bool = False
    exhausted: tuple[str, ...] = ()
    linked: str = ""
    next: str = ""
    version: int = 0


class Delivery(StrEnum):
    """How far a message to the customer is. `accepted`: the channel has it, and will report.
    `quarantined`: it was queued in a backup that was restored, and may have left before.
    """

    QUEUED = "queued"
    ACCEPTED = "accepted"
    SENT = "sent"
    FAILED = "failed"
    CANCELLED = "cancelled"
    QUARANTINED = "quarantined"


@value
class Line:
    """One turn as it is stored, numbered from 1 within the case. `at` is the store's time."""

    case: str
    number: int
    at: int
    turn: Turn
    signals: Signals
    by: str = ""

    @property
    def key(self) -> str:
        """The key of what was said, which is kept apart."""
        return f"{self.case}#t{self.number}"

    @property
    def role(self) -> Role:
        """Who made the turn."""
        return self.turn.role


@value
class Entry:
    """One fact about a case, numbered from 1 within it: what the ledger is made of.

    `body` is plain data without free text; texts are payloads that it names by their key.
    """

    case: str
    number: int
    at: int
    name: str
    actor: str
    epoch: Epoch
    body: Mapping[str, Any] = field(default_factory=dict)


@value
class Effect(Strict):
    """Something to do outside, written in the same unit as its cause and delivered at least once.

    `key` is stable, so a receiver can tell a repetition; `number` counts within the case.
    `fence`: output of the AI, which leaves only while the case is still in this epoch.
    """

    key: str
    case: str
    kind: str
    body: Mapping[str, Any]
    at: int
    number: int = 0
    due: int = 0
    fence: Epoch | None = None
    status: Delivery = Delivery.QUEUED
    attempts: int = 0
    error: str = ""


class Unit(Protocol):
    """One unit of work. Every read sees what this unit wrote."""

    def now(self) -> int:
        """The store's time, in milliseconds since the epoch."""

    def case(self, name: str) -> Case | None:
        """The case of that id, locked until the unit ends."""

    def look(self, names: Collection[str]) -> Sequence[Case]:
        """Those of these cases that there are; not locked, so look again before a change."""

    def save(self, case: Case) -> Case:
        """Store a case; gives it back with its new version. Conflict when it is not the latest."""

    def first_epoch(self) -> Epoch:
        """The epoch that a new case begins with: in a restored store a later one."""

    def answer(self, case: str, key: str) -> str | None:
        """What was answered to this turn or command before."""

    def remember(self, case: str, key: str, answer: str) -> None:
        """Keep an answer, for when the same turn or command comes again."""

    def add_line(self, line: Line) -> str:
        """Append a turn; gives the commitment to what was said in it, for the ledger."""

    def lines(self, case: str, *, first: int = 1, last: int | None = None) -> Sequence[Line]:
        """Turns of a case by number, both ends included."""

    def append(self, entry: Entry) -> None:
        """Append to the ledger."""

    def entries(self, case: str) -> Sequence[Entry]:
        """The ledger of one case, in order."""

    def keep(self, case: str, key: str, text: str) -> str:
        """Store a text apart, under a key; gives the commitment that the ledger holds of it."""

    def payload(self, key: str) -> str | None:
        """The text of that key; None when it was erased or never there."""

    def deadlines(self, case: str) -> tuple[Deadline, ...]:
        """The armed deadlines of a case."""

    def arm(self, case: str, deadlines: Sequence[Deadline]) -> None:
        """Replace the armed deadlines of a case."""

    def overdue(self, at: int, limit: int) -> Sequence[str]:
        """Cases with a deadline that is due, the longest overdue first."""

    def put_effect(self, effect: Effect) -> None:
        """Write or rewrite an effect."""

    def effect(self, key: str) -> Effect | None:
        """The effect of that key, locked until the unit ends."""

    def effects(self, case: str, *, queued: bool = False) -> Sequence[Effect]:
        """The effects of a case, or the queued ones, in the order in which they were written."""

    def undelivered(self, at: int, limit: int) -> Sequence[Effect]:
        """Effects that are queued and due, oldest first."""

    def failed(self, limit: int) -> Sequence[Effect]:
        """Effects that have failed for good, the latest first."""

    def put_approval(self, approval: Approval) -> None:
        """Write or rewrite an approval."""

    def approval(self, name: str) -> Approval | None:
        """The approval of that id."""

    def approvals(self, case: str) -> Sequence[Approval]:
        """The approvals of a case."""

    def load(self) -> Mapping[str, int]:
        """How many cases each person holds or is asked to take."""

    def waiting(self, queue: str) -> int:
        """How many cases wait in a queue, and nobody is asked to take them."""

    def waiting_cases(self, queues: Collection[str] | None = None) -> Sequence[str]:
        """Ids of the cases that are with one of these queues (None = any), and nobody is asked."""

    def waiting_queues(self) -> Sequence[str]:
        """The queues that any such case is with."""

    def urgent(self, queue: str, limit: int, after: Case | None = None) -> Sequence[Case]:
        """Such cases of a queue by priority, then by age, from behind `after`; not locked."""

    def held_cases(self) -> Sequence[str]:
        """Ids of the cases that a human holds or sponsors."""

    def cases_of(self, *, workflow: str = "", queue: str = "", human: str = "") -> Sequence[str]:
        """Ids of the unclosed cases that match all that is given."""

    def stopped(self, workflow: str) -> bool:
        """Whether the AI of a workflow is stopped."""

    def stop(self, workflow: str, *, stopped: bool) -> None:
        """Stop the AI of a workflow, or let it go on."""


class Store(Protocol):
    """Where cases live."""

    def unit(self) -> AbstractContextManager[Unit]:
        """Begin a unit of work; it commits at the end of the block, or not at all."""

    def view(self) -> AbstractContextManager[Unit]:
        """What was committed last, to be read: nothing is locked, and nothing is kept."""


class Sent(StrEnum):
    """What a channel said about a message. `queued`: it will report later how that ended."""

    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"


class Channel(Protocol):
    """Who carries an effect to where it belongs. May be called twice with the same key."""

    def deliver(self, effect: Effect, text: str) -> Sent:
        """Deliver, and say how it went. Any exception counts as failed, to be tried again."""
