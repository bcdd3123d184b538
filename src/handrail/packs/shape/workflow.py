"""The shape of a workflow, and of the defaults for all of them."""

from typing import Annotated

from pydantic import Field

from handrail.core.model import Mode, Trigger
from handrail.core.policy import Fallback, Kind, NoticeEvent, Speaker
from handrail.packs.shape.base import Shape
from handrail.packs.shape.triggers import Switch, Triggers
from handrail.packs.shape.values import (
    ConditionAction,
    Count,
    CountOrOff,
    Duration,
    DurationOrOff,
    Label,
    Language,
    Name,
    Percent,
    Phrase,
    Positive,
    Share,
    Text,
    Threshold,
    TopicAction,
)


class Topic(Shape):
    """A sensitive topic: active from the turn that names it until the episode ends."""

    risk: Share = 1000
    """How much it adds to the score, and whether it asks for high-risk confidence."""
    action: TopicAction = "handoff"
    """`score` only adds the risk to the score."""
    hard: bool | None = None
    """Whether its handoff is hard; true unless said otherwise."""
    reviewer_tag: Label = ""
    """A tag that the reviewer must have."""
    phrases: dict[Language, list[Phrase]] = {}
    """Words that name it, by language; any case."""
    patterns: list[Phrase] = []
    """RE2 expressions that find it, in any language and case."""
    caller: bool = False
    """It is named by the caller or a classifier, and needs no phrases."""


class Condition(Shape):
    """A named condition on attributes."""

    name: Name
    """How `unless` and decisions name it."""
    when: Annotated[str, Field(min_length=1)]
    """A CEL expression, such as `order.amount >= 5000`."""
    action: ConditionAction = "none"
    """What it asks for when true; `none` = only for `unless`."""
    hard: bool = False
    """Hands off whatever the score, an arm or an exception says."""


class Score(Shape):
    """Weights and thresholds of the handoff score."""

    confidence: Share = 300
    """Weight of the agent's doubt."""
    sentiment: Share = 250
    """Weight of the customer's dissatisfaction."""
    value: Share = 100
    """Weight of the customer's tier or the deal's stage, whichever is worth more."""
    risk: Share = 200
    """Weight of the riskiest active topic."""
    progress: Share = 150
    """Weight of turns without progress."""
    progress_turns: Positive = 8
    """Turns without progress that count in full."""
    offer_at: Threshold = 0
    """Score from which a human is offered."""
    handoff_at: Threshold = 0
    """Score from which the case is handed off."""
    tiers: dict[Label, Share] = {}
    """What each tier is worth."""
    stages: dict[Label, Share] = {}
    """What each stage is worth."""


class Offers(Shape):
    """How often a human may be offered."""

    max_per_episode: Count = 1
    """At most so often until the owner changes."""
    cooldown_turns: Count = 3
    """Customer turns between two offers."""
    expires: Duration = 600
    """How long an offer stands."""


class Handback(Shape):
    """Bounds against ping-pong between AI and humans."""

    max_bounces: CountOrOff = 2
    """How often a case may come back to the AI."""
    cooldown_turns: Count = 2
    """Customer turns before it may come back."""
    plan_expires: Duration = 86_400
    """How long a confirmed plan may be carried out."""


class Notice(Shape):
    """What the customer is told at an event."""

    event: Annotated[NoticeEvent, Field(strict=False)]
    """When it is told."""
    trigger: Annotated[str, Field(json_schema_extra={"enum": ["*", *Trigger]})] = "*"
    """Only when this trigger led to it; `*` = any."""
    speaker: Annotated[Speaker, Field(strict=False)] = Speaker.AI
    """Whether a person or an AI speaks."""
    text: dict[Language, Text]
    """The words, by language; `{wait}`, `{queue}`, `{person}`, `{case}` are filled in."""


class Workflow(Shape):
    """One kind of work of an agent, and the policy it is under."""

    kind: Annotated[Kind, Field(strict=False)] = Kind.CONVERSATION
    """A conversation with a customer, or operations on systems."""
    mode: Annotated[Mode, Field(strict=False)] = Mode.ENFORCE
    """How far decisions act: they are recorded, told to humans, or enforced."""
    percentage: Percent = 100
    """Share of cases, in percent, that the mode holds for; the others are observed."""
    language: Language = ""
    """When a turn does not tell its language; default: the first of `languages`."""
    triggers: Triggers = Triggers()
    """What fires; a trigger that is not written holds its default."""
    topics: dict[Name, Switch[Topic]] = {}
    """Sensitive topics by name; `off` removes one of the defaults."""
    conditions: list[Condition] = []
    """Named conditions on attributes."""
    score: Score = Score()
    """The handoff score: weights, values and thresholds."""
    offers: Offers = Offers()
    """How often, and for how long, a human is offered."""
    max_wait: DurationOrOff = 0
    """While humans are scarcer than this, soft handoffs become offers of a callback."""
    reopen_window: Duration = 604_800
    """A turn this soon after closure opens a new routed episode."""
    sla: Name = ""
    """An SLA policy; that of the queue wins."""
    bundle: Name = ""
    """A bundle template."""
    fallback: Annotated[Fallback | None, Field(strict=False)] = None
    """What runs when no human was found."""
    handback: Handback = Handback()
    """Bounds against ping-pong."""
    transfer_tools: list[Label] = []
    """Tools whose call is the AI's own wish to transfer; default: a built-in list."""
    notices: list[Notice] = []
    """Go before the pack's notices."""
