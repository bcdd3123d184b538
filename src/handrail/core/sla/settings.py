"""What a pack settles about how fast people must be."""

from dataclasses import dataclass
from enum import StrEnum

from handrail.core.model import Strict


class Clock(StrEnum):
    """Which hours an SLA counts."""

    BUSINESS = "business"
    CALENDAR = "calendar"


@dataclass(frozen=True, slots=True, kw_only=True)
class Level(Strict):
    """A level of escalation: `after` seconds since the breach, to steward, overflow, a queue."""

    after: int
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SlaPolicy(Strict):
    """How fast. Times in seconds, 0 = no such clock; `warn_at` is a share of each."""

    name: str
    time_to_accept: int = 0
    first_response: int = 0
    next_response: int = 0
    resolution: int = 0
    clock: Clock = Clock.BUSINESS
    warn_at: int = 800
    escalation: tuple[Level, ...] = ()
