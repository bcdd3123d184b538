"""The closed lists that a policy pack chooses from."""

from enum import StrEnum


class Kind(StrEnum):
    """What a workflow's agent does."""

    CONVERSATION = "conversation"
    OPERATIONS = "operations"


class Fallback(StrEnum):
    """What runs when no human was found."""

    CALLBACK = "callback"
    TICKET = "ticket"


class Clock(StrEnum):
    """Which hours an SLA counts."""

    BUSINESS = "business"
    CALENDAR = "calendar"


class Speaker(StrEnum):
    """Who a notice says is speaking."""

    AI = "ai"
    HUMAN = "human"


class NoticeEvent(StrEnum):
    """When a customer is told something."""

    OFFER = "offer"
    PAUSE = "pause"
    WAITING = "waiting"
    NOBODY_AVAILABLE = "nobody_available"
    HANDBACK = "handback"
    CLOSURE = "closure"
    HOLDING = "holding"
    STOPPED = "stopped"


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

    SECRET = "secret"  # noqa: S105  # a class of data, not a secret
    CARD = "card"
    IBAN = "iban"
    NATIONAL_ID = "national_id"
    EMAIL = "email"
    PHONE = "phone"
    IP = "ip"
