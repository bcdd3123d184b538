"""The shape of a test case in a pack."""

from typing import Annotated, Any, Literal

from pydantic import Field

from handrail.core.model import Event, Fault, Trigger
from handrail.packs.shape.base import Shape
from handrail.packs.shape.values import Duration, Label, Language, Message, Name, Positive, Share

AnEvent = Annotated[Event, Field(strict=False)]
Text = Annotated[str, Field(max_length=20_000)]


class Turn(Shape):
    """One turn: exactly one of `customer`, `agent`, `human`, `tool` or `event`."""

    customer: Message | None = None
    """What the customer says."""
    agent: Text | None = None
    """What the AI agent says."""
    human: Text | None = None
    """What a human agent says."""
    tool: Label | None = None
    """The name of a tool that answered."""
    event: AnEvent | None = None
    """Something that happened outside the conversation."""
    text: Text | None = None
    """What a tool answered."""
    at: Duration | None = None
    """When, since the start."""
    events: list[AnEvent] = []
    """What the caller knows to have happened with this turn."""
    topics: list[Name] | None = None
    """Topics that the caller names."""
    sentiment: Share | None = None
    """Dissatisfaction that the caller measured."""
    confidence: Share | None = None
    """Confidence of the agent."""
    error: bool | None = None
    """Whether the tool failed."""
    calls: list[Label] = []
    """Tools that the agent called."""
    language: Language | None = None
    """The turn's language."""


class Expect(Shape):
    """What the case must lead to, at the first turn with the hottest outcome."""

    outcome: Literal["continue", "offer", "handoff"]
    """The hottest outcome."""
    trigger: Annotated[Trigger, Field(strict=False)] | None = None
    """*The* trigger: the first by precedence."""
    reasons: list[Annotated[Trigger, Field(strict=False)]] | None = None
    """All triggers that acted, by precedence."""
    topics: list[Name] = []
    """Topics that must be active."""
    faults: list[Annotated[Fault, Field(strict=False)]] = []
    """Faults that must be listed."""
    at_turn: Positive | None = None
    """The turn that led to it; 1 = first."""


class Case(Shape):
    """A test case."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    """What it shows."""
    workflow: Name
    """The workflow that is played."""
    tier: Label = ""
    """The customer's tier."""
    stage: Label = ""
    """The deal's stage."""
    language: Language = ""
    """Of all turns that do not say."""
    attributes: dict[str, dict[str, Any]] = {}
    """For conditions, such as `{order: {amount: 6000}}`."""
    whole: bool = True
    """Whether the case is seen from its first turn."""
    wait: Duration | None = None
    """The forecast wait for a human."""
    turns: Annotated[list[Turn], Field(min_length=1)]
    """What happens."""
    expect: Expect
    """What it must lead to."""
