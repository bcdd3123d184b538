"""Step 1, Define: the policy pack as data, its digest, and what may only be tightened.

This room composes the settings of the others.
"""

from handrail.core.policy.digest import digest
from handrail.core.policy.example import Case, CaseTurn, Expect
from handrail.core.policy.kinds import (
    BundleField,
    Clock,
    Fallback,
    Kind,
    Masked,
    NoticeEvent,
    Speaker,
)
from handrail.core.policy.pack import (
    ALWAYS,
    ANY,
    BundleTemplate,
    Handback,
    Hours,
    Level,
    MatrixRow,
    Metrics,
    Notice,
    Pack,
    Queue,
    SlaPolicy,
    Span,
    TopicText,
    Workflow,
)
from handrail.core.policy.read import bundle, notice, queue, row, rules, sla, workflow

__all__ = [
    "ALWAYS",
    "ANY",
    "BundleField",
    "BundleTemplate",
    "Case",
    "CaseTurn",
    "Clock",
    "Expect",
    "Fallback",
    "Handback",
    "Hours",
    "Kind",
    "Level",
    "Masked",
    "MatrixRow",
    "Metrics",
    "Notice",
    "NoticeEvent",
    "Pack",
    "Queue",
    "SlaPolicy",
    "Span",
    "Speaker",
    "TopicText",
    "Workflow",
    "bundle",
    "digest",
    "notice",
    "queue",
    "row",
    "rules",
    "sla",
    "workflow",
]
