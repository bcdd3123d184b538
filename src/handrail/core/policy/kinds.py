"""The closed lists that a policy pack chooses from."""

from enum import StrEnum


class Kind(StrEnum):
    """What a workflow's agent does."""

    CONVERSATION = "conversation"
    OPERATIONS = "operations"


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
