"""What a pack settles about how fast people must be."""

from dataclasses import dataclass
from enum import StrEnum

from handrail.core.model import Strict

DAY = 86_400
STEWARD = "steward"


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
    """How fast. Times in seconds, 0 = no such clock; `warn_at` is a share of each.

    `ai_silence` is the AI's time to answer a customer (0 = that of `check_back`),
    `holder_silence` how long one who holds a case may be silent or away. `check_back` is when
    the steward looks at a case that no other clock watches.
    """

    name: str
    time_to_accept: int = 0
    first_response: int = 0
    next_response: int = 0
    resolution: int = 0
    ai_silence: int = 0
    holder_silence: int = 0
    check_back: int = DAY
    clock: Clock = Clock.BUSINESS
    warn_at: int = 800
    escalation: tuple[Level, ...] = ()
