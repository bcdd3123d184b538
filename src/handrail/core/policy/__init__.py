"""Step 1, Define: the policy pack as data, its digest, and what may only be tightened.

This room composes the settings of the others.
"""

from handrail.core.bundle.settings import (
    PLACEHOLDERS,
    BundleField,
    BundleTemplate,
    Masked,
    PlaybookEntry,
)
from handrail.core.calendar import ALWAYS, Hours, Span
from handrail.core.ownership.settings import Fallback, Handback
from handrail.core.policy.digest import digest
from handrail.core.policy.example import Case, CaseTurn, Expect
from handrail.core.policy.kinds import Kind, NoticeEvent, Speaker
from handrail.core.policy.pack import Metrics, Notice, Pack, TopicText, Workflow
from handrail.core.policy.read import bundle, holding, notice, queue, row, rules, sla, workflow
from handrail.core.routing.settings import ANY, MatrixRow, Queue
from handrail.core.sla.settings import Clock, Level, SlaPolicy

__all__ = [
    "ALWAYS",
    "ANY",
    "PLACEHOLDERS",
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
    "PlaybookEntry",
    "Queue",
    "SlaPolicy",
    "Span",
    "Speaker",
    "TopicText",
    "Workflow",
    "bundle",
    "digest",
    "holding",
    "notice",
    "queue",
    "row",
    "rules",
    "sla",
    "workflow",
]
