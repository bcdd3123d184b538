"""The shape of a whole pack file."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from handrail.core.model import Trigger
from handrail.core.policy import BundleField, Clock, Masked
from handrail.packs.shape.base import Shape
from handrail.packs.shape.case import Case
from handrail.packs.shape.values import (
    Days,
    Duration,
    DurationOrOff,
    Label,
    Language,
    Name,
    Share,
    Text,
    TimeSpan,
    as_list,
)
from handrail.packs.shape.workflow import Notice, Workflow

Spans = Annotated[
    list[TimeSpan], BeforeValidator(as_list, json_schema_input_type=TimeSpan | list[TimeSpan])
]
SkillLevel = Annotated[int, Field(ge=1, le=10)]


class Hours(Shape):
    """When a queue is staffed."""

    time_zone: str
    """An IANA name, such as `Europe/Madrid`."""
    weekly: dict[Days, Spans]
    """Days or ranges of days, each with one or more `HH:MM-HH:MM`."""


def _always(value: object) -> object:
    if value == "always":
        return {"time_zone": "UTC", "weekly": {"mon-sun": ["00:00-24:00"]}}
    return value


class Queue(Shape):
    """Where handoffs wait for a person."""

    steward: Label = ""
    """The person accountable for whatever nobody has taken."""
    skills: dict[Name, SkillLevel] = {}
    """Levels 1 to 10 that a person needs."""
    relax_every: DurationOrOff = 0
    """The levels asked for fall by one each time this has passed."""
    hours: Annotated[
        Hours | None, BeforeValidator(_always, json_schema_input_type=Literal["always"] | Hours)
    ] = None
    """When it is staffed; not at all if it does not say."""
    overflow: Name = ""
    """Where to when nobody is here."""
    vip_priority: bool = False
    """VIPs go first."""
    sla: Name = ""
    """An SLA policy; goes before the workflow's."""
    proposal_expires: Duration = 120
    """How long a person has to answer a proposal."""
    merged_into: Name = ""
    """The queue that takes over what is open when this one goes away."""


class Row(Shape):
    """A row of the reviewer matrix; the most specific one wins, topic before tier."""

    topic: Label = "*"
    """A sensitive topic, or `*` for any and none."""
    tier: Label = "*"
    """A tier, or `*` for any and none."""
    queue: Name
    """Where to."""
    reviewers: list[Label] = []
    """People, in the order of asking."""
    tags: list[Label] = []
    """Tags that a reviewer must have, all of them."""


class Level(Shape):
    """A level of escalation."""

    after: Duration
    """Since the breach."""
    to: Name
    """`steward`, `overflow` or a queue."""


class Sla(Shape):
    """How fast; each time is optional."""

    time_to_accept: Duration = 0
    """Until a person has accepted."""
    first_response: Duration = 0
    """Until the customer has heard from the person."""
    next_response: Duration = 0
    """Until each later answer."""
    resolution: Duration = 0
    """Until it is done."""
    ai_silence: Duration = 0
    """Until the AI has answered a customer; 0: as `check_back`."""
    holder_silence: Duration = 0
    """How long who holds a case may be silent or away, until it goes back to its queue."""
    check_back: Duration = 86_400
    """Until the steward looks at a case that no other clock watches."""
    clock: Annotated[Clock, Field(strict=False)] = Clock.BUSINESS
    """The queue's hours, or all hours."""
    warn_at: Share = 800
    """A warning when this share of the time has gone."""
    escalation: list[Level] = []
    """Who is told after a breach, level by level."""


class When(Shape):
    """Which cases an entry of a playbook is for: all that it names must be there."""

    trigger: Annotated[Trigger, Field(strict=False)] | None = None
    """A reason of the handoff."""
    topic: Name = ""
    """A sensitive topic."""
    tool: Label = ""
    """A tool that failed or was called."""


class PlaybookEntry(Shape):
    """What a person does next in one kind of case."""

    when: When
    """Names at least one of the three."""
    steps: dict[Language, Annotated[list[Text], Field(min_length=1, max_length=5)]]
    """Steps by language; `{tool}`, `{topic}` and `{reference}` are filled in."""


class Bundle(Shape):
    """What a handoff must bring, what is hidden in it, and what to do next."""

    required: list[Annotated[BundleField, Field(strict=False)]] | None = None
    """Fields without which a bundle is degraded."""
    masked: list[Annotated[Masked, Field(strict=False)]] | None = None
    """Classes of data that are hidden."""
    playbook: list[PlaybookEntry] = []
    """Steps for one kind of case each; the most specific entry comes first."""


class Metrics(Shape):
    """Targets of the KPIs."""

    handoff_precision: Share = 800
    """Helpful handoffs of all handoffs."""
    time_to_human: Duration = 300
    """From the transfer until the human joins."""
    post_handoff_resolution: Share = 0
    """Resolved handoffs of all handoffs."""
    context_completeness: Share = 1000
    """Complete bundles of all handoffs."""
    escalation_accuracy: Share = 950
    """Handoffs that reached the right reviewer, of all handoffs."""
    verdict_coverage: Share = 500
    """Handoffs with a verdict; below it nothing is certified."""


class Pack(Shape):
    """A policy pack: when an AI agent hands over to a human, to whom, with what, how fast."""

    handrail: Literal[1]
    """Version of this format."""
    name: Name
    """The pack's name."""
    version: Annotated[str, Field(min_length=1, max_length=100)]
    """The pack's own version; any text, in quotes."""
    description: Text = ""
    """What it is for."""
    owner: Text = ""
    """Who approves changes."""
    extends: Annotated[str, Field(min_length=1)] | None = None
    """A base pack that this one tightens: a file, or the name of a starter pack."""
    single_person: bool = False
    """For evaluation: one person may approve it."""
    languages: Annotated[list[Language], Field(min_length=1)] = ["en"]
    """Languages that customers are served in; the first is the default."""
    tiers: list[Label] = []
    """Tiers of customers, as callers name them."""
    stages: list[Label] = []
    """Stages of deals, as callers name them."""
    defaults: Workflow = Workflow()
    """Holds for every workflow that does not say otherwise."""
    workflows: dict[Name, Workflow] = {}
    """Workflows by name."""
    queues: dict[Name, Queue] = {}
    """Queues by name."""
    matrix: list[Row] = []
    """Reviewer matrix: topic and tier to queue and reviewers."""
    sla: dict[Name, Sla] = {}
    """SLA policies by name."""
    bundles: dict[Name, Bundle] = {}
    """Bundle templates by name."""
    notices: list[Notice] = []
    """What customers are told."""
    metrics: Metrics = Metrics()
    """What the KPIs should reach."""
    cases: list[Case] = []
    """Test cases, run by `handrail pack test`."""
