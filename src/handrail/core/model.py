"""The nouns that cross rooms, and the closed lists.

Numbers are integers: a probability or share in thousandths (0..1000), a time in milliseconds
since the epoch. So the scalar and the vectorised decider agree exactly, and a record is stable.
"""

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import ClassVar, NamedTuple, TypeVar, dataclass_transform

FULL = 1000
"""One, in thousandths."""

_Class = TypeVar("_Class")


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(field,))
def value(kind: type[_Class]) -> type[_Class]:
    """A dataclass whose values are made on every turn: keyword-only, with slots, frozen.

    Frozen for the type checker only. Freezing at run time triples the cost of making one, which
    was a third of a decision: see decisions/0006. Nothing may assign to a field.
    """
    return dataclass(slots=True, kw_only=True, unsafe_hash=True)(kind)


class Strict:
    """Base of the types that files and requests build: an unknown key is an error there.

    A plain attribute, so that the core needs no validation library; the edges read it.
    """

    __slots__ = ()
    __pydantic_config__: ClassVar[dict[str, object]] = {"extra": "forbid"}


class Role(StrEnum):
    """Who made a turn."""

    CUSTOMER = "customer"
    AGENT = "agent"
    HUMAN = "human"
    TOOL = "tool"
    OPS = "ops"


class Event(StrEnum):
    """What the caller knows to have happened, told with a turn instead of guessed from text."""

    HUMAN_REQUESTED = "human_requested"
    OFFER_ACCEPTED = "offer_accepted"
    OFFER_DECLINED = "offer_declined"
    OFFER_EXPIRED = "offer_expired"
    PROGRESS = "progress"
    POLICY_VIOLATION = "policy_violation"
    PERMISSION_MISSING = "permission_missing"
    DATA_MISSING = "data_missing"
    APPROVAL_REQUESTED = "approval_requested"
    APPROVAL_GRANTED = "approval_granted"
    APPROVAL_REJECTED = "approval_rejected"
    APPROVAL_EXPIRED = "approval_expired"
    TOOL_SUCCEEDED = "tool_succeeded"
    TOOL_FAILED = "tool_failed"
    TRANSFER_REQUESTED = "transfer_requested"
    OPERATOR_TAKEOVER = "operator_takeover"
    EPISODE_STARTED = "episode_started"


class Outcome(IntEnum):
    """What the agent does next, cool to hot."""

    CONTINUE = 0
    OFFER = 1
    HANDOFF = 2

    @property
    def code(self) -> str:
        """The name on the wire."""
        return self.name.lower()


class Trigger(StrEnum):
    """What can fire. The order is the precedence: the first that fired is *the* trigger."""

    EXPLICIT_REQUEST = "explicit_request"
    POLICY_VIOLATION = "policy_violation"
    SENSITIVE_TOPIC = "sensitive_topic"
    MISSING_PERMISSION = "missing_permission"
    BLOCKED_APPROVAL = "blocked_approval"
    APPROVAL_EXPIRED = "approval_expired"
    TOOL_FAILURE = "tool_failure"
    MISSING_DATA = "missing_data"
    LOW_CONFIDENCE = "low_confidence"
    NEGATIVE_SENTIMENT = "negative_sentiment"
    VIP = "vip"
    LATE_STAGE = "late_stage"
    NO_PROGRESS = "no_progress"
    AGENT_REQUEST = "agent_request"
    CUSTOM_CONDITION = "custom_condition"
    HANDOFF_SCORE = "handoff_score"
    OPERATOR_TAKEOVER = "operator_takeover"


class Fault(StrEnum):
    """What was missing or broken when a decision was made. Listed in it, never hidden."""

    MISSING_CONFIDENCE = "missing_confidence"
    MISSING_SENTIMENT = "missing_sentiment"
    MISSING_TIME = "missing_time"
    INVALID_CONFIDENCE = "invalid_confidence"
    INVALID_SENTIMENT = "invalid_sentiment"
    INVALID_TIME = "invalid_time"
    UNSUPPORTED_LANGUAGE = "unsupported_language"
    UNKNOWN_TOPIC = "unknown_topic"
    UNKNOWN_CONDITION = "unknown_condition"
    CONDITION_FAILED = "condition_failed"
    UNKNOWN_TIER = "unknown_tier"
    UNKNOWN_STAGE = "unknown_stage"
    CLASSIFIER_FAILED = "classifier_failed"
    TEXT_CUT = "text_cut"


class Source(StrEnum):
    """Where a signal comes from."""

    CALLER = "caller"
    COMPUTED = "computed"
    CLASSIFIER = "classifier"


class Mode(StrEnum):
    """How far a workflow lets a decision act."""

    OBSERVE = "observe"
    ADVISE = "advise"
    ENFORCE = "enforce"


@value
class ToolCall(Strict):
    """A tool that the AI agent called in a turn."""

    name: str
    args: str = ""


@value
class Turn(Strict):
    """One thing that happened on a case.

    `at` is the caller's time. What the caller measured itself (`confidence`, `sentiment` as
    dissatisfaction, `topics`) wins over what Handrail computes from `text`; None means unknown.
    `confidence` and `sentiment` are shares 0..1 here, as callers have them.
    """

    role: Role
    text: str = ""
    at: int | None = None
    events: tuple[Event, ...] = ()
    tool: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    error: bool | None = None
    confidence: float | None = None
    logprobs: tuple[float, ...] = ()
    sentiment: float | None = None
    topics: tuple[str, ...] | None = None
    language: str | None = None


@value
class Signals:
    """What one turn says, in numbers and labels: no free text.

    `confidence` and `dissatisfaction` are thousandths or None (no signal). `topics` are names of
    the workflow's sensitive topics. `sources` names who measured what, sorted by signal.
    """

    role: Role
    at: int | None = None
    confidence: int | None = None
    dissatisfaction: int | None = None
    topics: tuple[str, ...] = ()
    language: str = ""
    explicit_request: bool = False
    agent_request: bool = False
    announced_transfer: bool = False
    offer_accepted: bool = False
    offer_declined: bool = False
    offer_expired: bool = False
    repeated: bool = False
    stalled: bool = False
    progress: bool = False
    tool_failed: bool = False
    tool_succeeded: bool = False
    permission_missing: bool = False
    policy_violation: bool = False
    data_missing: bool = False
    operator_takeover: bool = False
    approvals_requested: int = 0
    approvals_settled: int = 0
    approval_expired: bool = False
    episode_started: bool = False
    faults: tuple[Fault, ...] = ()
    sources: tuple[tuple[str, Source], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Attributes(Strict):
    """What is known of the customer and the deal, as names the pack defines."""

    tier: str = ""
    stage: str = ""


@value
class Reason:
    """One trigger that fired: what it saw, where the line was, and what it asks for.

    `detail` is a name from the pack (a topic, tier, stage or condition), never text of a person.
    `value` and `threshold` are in the unit of the trigger: thousandths, turns, or minutes.
    """

    trigger: Trigger
    outcome: Outcome
    hard: bool = False
    detail: str = ""
    value: int = 1
    threshold: int = 1


class Contribution(NamedTuple):
    """One part of the handoff score: `points` = `weight` x `value`, all in thousandths.

    A tuple and no dataclass: some are made on every turn, and a tuple costs a quarter.
    """

    part: str
    value: int
    weight: int
    points: int


@value
class Change:
    """A change of one piece of evidence; see `Decision` and `decision.flip`."""

    signal: str
    before: int
    after: int


@value
class Decision:
    """What to do now, and why.

    `reasons` are in order of precedence; empty exactly when the outcome is continue.
    `suppressed` are reasons that fired and were held back by the pack (an offer made too often,
    a gated wish of the agent): they explain, they do not act.
    `digest` is that of the pack that made the decision.
    """

    outcome: Outcome
    reasons: tuple[Reason, ...] = ()
    suppressed: tuple[Reason, ...] = ()
    faults: tuple[Fault, ...] = ()
    score: int = 0
    contributions: tuple[Contribution, ...] = ()
    reviewer_tags: tuple[str, ...] = ()
    digest: str = ""

    @property
    def trigger(self) -> Trigger | None:
        """The first reason by precedence, or None when the agent goes on."""
        return self.reasons[0].trigger if self.reasons else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """The expected wait for a human, in seconds; None when nobody has forecast it."""

    wait: int | None = None


@value
class Context:
    """What a decision reads besides state and signals; the shell evaluated the conditions."""

    attributes: Attributes = Attributes()
    conditions: tuple[tuple[str, bool], ...] = ()
    arm: str = ""
    forecast: Forecast = Forecast()
    roster: int = 0
    at: int | None = None
