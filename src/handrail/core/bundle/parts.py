"""The parts of a bundle: what a person reads, each with the turns that it rests on."""

from enum import StrEnum

from handrail.core.bundle.settings import BundleField
from handrail.core.model import Contribution, Reason, Strict, Trigger, value

MAX_WORDS = 120
"""Words that a summary may have."""
MIN_STEPS, MAX_STEPS = 2, 3


class Status(StrEnum):
    """Whether all that the pack requires is there."""

    COMPLETE = "complete"
    DEGRADED = "degraded"


class TrendWay(StrEnum):
    """Where the customer's mood goes."""

    CALM = "calm"
    STEADY = "steady"
    WORSENING = "worsening"


@value
class Claim(Strict):
    """One sentence and the numbers of the turns that it rests on: never none (law 10)."""

    text: str
    evidence: tuple[int, ...]


@value
class Step(Strict):
    """What to do next. `source` says whence: action, trigger, playbook, question, promise,
    constraint, or writer.
    """

    text: str
    evidence: tuple[int, ...]
    source: str


@value
class Action(Strict):
    """What the agent did: a tool and what came of it, or (`tool` empty) a reply.

    `failed` None: nothing is known of the outcome.
    """

    tool: str
    detail: str
    result: str
    failed: bool | None
    evidence: tuple[int, ...]


@value
class CustomerValue(Strict):
    """Who the customer is; `value` is what the score made of it, in thousandths."""

    tier: str = ""
    stage: str = ""
    value: int = 0


@value
class Trend(Strict):
    """Dissatisfaction now and before the present run of unhappy turns, in thousandths."""

    way: TrendWay
    level: int
    before: int
    turns: int


@value
class Bundle(Strict):
    """What is handed over. All of it is private to the humans but `customer_visible`.

    `transcript` is a link. `faults` says what went wrong while it was made.
    """

    status: Status
    missing: tuple[BundleField, ...]
    language: str
    goal: Claim | None = None
    summary: tuple[Claim, ...] = ()
    last_actions: tuple[Action, ...] = ()
    transcript: str = ""
    sources: tuple[Claim, ...] = ()
    constraints: tuple[Claim, ...] = ()
    next_steps: tuple[Step, ...] = ()
    trigger: Trigger | None = None
    reasons: tuple[Reason, ...] = ()
    score: int = 0
    contributions: tuple[Contribution, ...] = ()
    customer_value: CustomerValue | None = None
    sentiment_trend: Trend | None = None
    customer_visible: tuple[Claim, ...] = ()
    writer: str = "extractive"
    faults: tuple[str, ...] = ()
