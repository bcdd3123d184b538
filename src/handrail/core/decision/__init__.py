"""Room of step 1, Define: may the agent go on, offer a human, or must it hand off?"""

from handrail.core.decision.decide import decide
from handrail.core.decision.flip import flip
from handrail.core.decision.rules import (
    AgentRequest,
    BlockedApproval,
    Condition,
    Gate,
    LateStage,
    LowConfidence,
    NegativeSentiment,
    NoProgress,
    Offers,
    Rules,
    Score,
    ToolFailure,
    Topic,
    Vip,
)

__all__ = [
    "AgentRequest",
    "BlockedApproval",
    "Condition",
    "Gate",
    "LateStage",
    "LowConfidence",
    "NegativeSentiment",
    "NoProgress",
    "Offers",
    "Rules",
    "Score",
    "ToolFailure",
    "Topic",
    "Vip",
    "decide",
    "flip",
]
