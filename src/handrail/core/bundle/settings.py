"""What a pack settles about the context that is handed over."""

from dataclasses import dataclass
from enum import StrEnum

from handrail.core.model import Strict


class BundleField(StrEnum):
    """What a bundle can be required to hold."""

    GOAL = "goal"
    SUMMARY = "summary"
    LAST_ACTIONS = "last_actions"
    TRANSCRIPT = "transcript"
    SOURCES = "sources"
    CONSTRAINTS = "constraints"
    NEXT_STEPS = "next_steps"
    TRIGGER = "trigger"
    SCORE = "score"
    CUSTOMER_VALUE = "customer_value"
    SENTIMENT_TREND = "sentiment_trend"


class Masked(StrEnum):
    """Classes of secrets and personal data that a bundle can hide."""

    SECRET = "secret"  # noqa: S105  # nosec B105  # a class of data
    CARD = "card"
    IBAN = "iban"
    NATIONAL_ID = "national_id"
    EMAIL = "email"
    PHONE = "phone"
    IP = "ip"


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


PLACEHOLDERS = ("reference", "tool", "topic")
"""What a step of a playbook can name in braces; a step is left out where the case has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaybookEntry(Strict):
    """What a person does next in one kind of case: `steps` by language, most urgent first.

    It holds where all that it names is there; it names at least one of the three, because a step
    that is the same for every case says nothing.
    """

    steps: tuple[tuple[str, tuple[str, ...]], ...]
    trigger: str = ""
    topic: str = ""
    tool: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleTemplate(Strict):
    """What a handoff must bring, what is hidden in it, and what the playbook says to do next."""

    name: str = ""
    required: tuple[BundleField, ...] = REQUIRED
    masked: tuple[Masked, ...] = MASKED
    playbook: tuple[PlaybookEntry, ...] = ()
