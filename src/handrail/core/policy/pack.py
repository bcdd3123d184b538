"""Step 1, Define: one policy pack as data. What a file says, resolved: defaults are merged in.

Shares are thousandths, durations seconds (0 = none, unless said otherwise). What a file writes as
a map is a tuple here, sorted by name, so that equal policies are equal values.
"""

from dataclasses import dataclass

from handrail.core.decision.rules import Rules
from handrail.core.model import Mode, Strict
from handrail.core.policy.example import Case
from handrail.core.policy.kinds import (
    BundleField,
    Clock,
    Fallback,
    Kind,
    Masked,
    NoticeEvent,
    Speaker,
)

ANY = "*"
DAY = 86_400


REQUIRED = (
    BundleField.CONSTRAINTS,
    BundleField.GOAL,
    BundleField.LAST_ACTIONS,
    BundleField.NEXT_STEPS,
    BundleField.SOURCES,
    BundleField.SUMMARY,
    BundleField.TRANSCRIPT,
)
MASKED = (Masked.CARD, Masked.IBAN, Masked.NATIONAL_ID, Masked.SECRET)


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicText(Strict):
    """How a sensitive topic is found in text: phrases by language, patterns in any language.

    `caller`: it is named by the caller or a classifier, and needs neither.
    """

    name: str
    phrases: tuple[tuple[str, tuple[str, ...]], ...] = ()
    patterns: tuple[str, ...] = ()
    caller: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Handback(Strict):
    """Bounds against ping-pong. `max_bounces` 0 = no bound, which the linter objects to."""

    max_bounces: int = 2
    cooldown_turns: int = 2
    plan_expires: int = DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice(Strict):
    """What the customer is told at an event, in one language; `trigger` may be `*`."""

    event: NoticeEvent
    language: str
    text: str
    trigger: str = ANY
    speaker: Speaker = Speaker.AI


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow(Strict):
    """One kind of work of an agent, and the policy it is under.

    `percentage` is the share of cases that `mode` holds for; the others are observed.
    `transfer_tools` empty = the built-in list.
    """

    name: str
    rules: Rules
    kind: Kind = Kind.CONVERSATION
    mode: Mode = Mode.ENFORCE
    percentage: int = 100
    language: str = "en"
    topics: tuple[TopicText, ...] = ()
    offer_expires: int = 600
    reopen_window: int = 7 * DAY
    sla: str = ""
    bundle: str = ""
    fallback: Fallback | None = None
    handback: Handback = Handback()
    transfer_tools: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Span(Strict):
    """Hours of one weekday (0 = Monday), in minutes since midnight, end excluded."""

    day: int
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours(Strict):
    """When a queue is staffed, in the local time of `time_zone`."""

    time_zone: str = "UTC"
    spans: tuple[Span, ...] = ()


ALWAYS = Hours(spans=tuple(Span(day=day, start=0, end=1440) for day in range(7)))


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Level(Strict):
    """A level of escalation: `after` seconds since the breach, to steward, overflow, a queue."""

    after: int
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SlaPolicy(Strict):
    """How fast. Times in seconds, 0 = no such clock; `warn_at` is a share of each."""

    name: str
    time_to_accept: int = 0
    first_response: int = 0
    next_response: int = 0
    resolution: int = 0
    clock: Clock = Clock.BUSINESS
    warn_at: int = 800
    escalation: tuple[Level, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleTemplate(Strict):
    """What a handoff must bring, and what is hidden in it."""

    name: str = ""
    required: tuple[BundleField, ...] = REQUIRED
    masked: tuple[Masked, ...] = MASKED


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics(Strict):
    """Targets of the KPIs: shares, and `time_to_human` in seconds. 0 = no target.

    Below `verdict_coverage` nothing is certified.
    """

    handoff_precision: int = 800
    time_to_human: int = 300
    post_handoff_resolution: int = 0
    context_completeness: int = 1000
    escalation_accuracy: int = 950
    verdict_coverage: int = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack(Strict):
    """A policy pack. `extends` is the base as written, `base` its digest.

    `defaults` is what a workflow that says nothing would be; a child's new workflows are held
    against that of its base.
    """

    name: str
    version: str
    defaults: Workflow
    handrail: int = 1
    description: str = ""
    owner: str = ""
    extends: str = ""
    base: str = ""
    single_person: bool = False
    languages: tuple[str, ...] = ("en",)
    tiers: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    workflows: tuple[Workflow, ...] = ()
    queues: tuple[Queue, ...] = ()
    matrix: tuple[MatrixRow, ...] = ()
    sla: tuple[SlaPolicy, ...] = ()
    bundles: tuple[BundleTemplate, ...] = ()
    notices: tuple[Notice, ...] = ()
    metrics: Metrics = Metrics()
    cases: tuple[Case, ...] = ()
