"""The shapes of triggers: field by field as in `core.decision.rules`, written for people."""

from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, GetJsonSchemaHandler
from pydantic_core import CoreSchema

from handrail.packs.shape.base import Shape
from handrail.packs.shape.values import (
    Action,
    Count,
    Label,
    Name,
    Positive,
    Share,
    switch,
)

T = TypeVar("T")


class _OnOff:
    """Tells editors that a switch may also be `on` or `off`."""

    @staticmethod
    def __get_pydantic_json_schema__(
        schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        settings = handler(schema)
        return {"anyOf": [*settings["anyOf"], {"enum": ["on", "off", True, False]}]}


Switch = Annotated[T | None, BeforeValidator(switch), _OnOff]


class Gate(Shape):
    """A trigger that needs no threshold."""

    action: Action = "handoff"
    """What it asks for."""
    hard: bool = False
    """Hands off whatever the score, an arm or an exception says."""
    unless: list[Name] = []
    """Conditions of which any true one holds a soft trigger back."""


class LowConfidence(Gate):
    """An agent turn whose confidence is too low."""

    below: Share = 600
    """Fires below this confidence."""
    below_high_risk: Share = 800
    """Fires below this one while a topic of high risk is active."""
    high_risk: Share = 700
    """From this risk on, a topic counts as of high risk."""


class NegativeSentiment(Gate):
    """The dual signal: a dissatisfied customer AND a stall, or rising dissatisfaction."""

    level: Share = 500
    """Dissatisfaction from which it counts."""
    stall_turns: Count = 2
    """Customer turns without progress that are a stall."""
    escalating: Share = 250
    """A rise by this much counts without a stall."""


class Vip(Shape):
    """A customer of a high tier: a human at first touch and on sensitive topics, else the offer."""

    tiers: list[Label] = []
    """The tiers that are VIP."""
    first_touch: bool = True
    """A human from the first turn on, always hard."""
    on_sensitive: bool = True
    """A human on any active sensitive topic, always hard."""
    offer: bool = True
    """Otherwise the offer of a human."""


class LateStage(Gate):
    """A deal in a late stage."""

    stages: list[Label] = []
    """The stages that are late."""


class NoProgress(Gate):
    """Turns, minutes or repeats in vain; 0 switches a measure off."""

    turns: Count = 8
    """Customer turns without progress."""
    minutes: Count = 0
    """Minutes without progress."""
    repeats: Count = 0
    """Turns in which the customer repeats the question."""


class ToolFailure(Gate):
    """Tool calls that fail in a row."""

    consecutive: Positive = 3
    """How many in a row."""


class BlockedApproval(Gate):
    """An approval that nobody gives."""

    minutes: Count = 30
    """For how long it has been open."""


class AgentRequest(Shape):
    """The AI's own wish to transfer: always soft."""

    action: Action = "handoff"
    """What it asks for."""
    min_score: Share = 0
    """Held back while the handoff score is lower."""
    unless: list[Name] = []
    """Conditions of which any true one holds it back."""


class Triggers(Shape):
    """The triggers of a workflow; explicit requests and takeovers are always on and hard."""

    policy_violation: Switch[Gate] = None
    """The agent broke, or is about to break, a policy. Default: on, hard."""
    missing_permission: Switch[Gate] = None
    """The agent lacks a permission. Default: on, hard."""
    blocked_approval: Switch[BlockedApproval] = None
    """An approval stays open. Default: off."""
    approval_expired: Switch[Gate] = None
    """An approval ran out. Default: on, hard."""
    tool_failure: Switch[ToolFailure] = None
    """Tools fail in a row. Default: on."""
    missing_data: Switch[Gate] = None
    """The agent lacks data. Default: on, offer."""
    low_confidence: Switch[LowConfidence] = None
    """The agent is unsure. Default: off."""
    negative_sentiment: Switch[NegativeSentiment] = None
    """The customer is dissatisfied and the case stalls, or it gets worse. Default: on."""
    vip: Switch[Vip] = None
    """A customer of a high tier. Default: off."""
    late_stage: Switch[LateStage] = None
    """A deal in a late stage. Default: off."""
    no_progress: Switch[NoProgress] = None
    """Nothing moves. Default: on."""
    agent_request: Switch[AgentRequest] = None
    """The AI itself wants to transfer. Default: on."""
