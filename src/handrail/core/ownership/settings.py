"""What a pack settles about handbacks and about cases that nobody takes."""

from dataclasses import dataclass
from enum import StrEnum

from handrail.core.model import Strict

DAY = 86_400


class Fallback(StrEnum):
    """What runs when no human was found."""

    CALLBACK = "callback"
    TICKET = "ticket"


@dataclass(frozen=True, slots=True, kw_only=True)
class Handback(Strict):
    """Bounds against ping-pong. `max_bounces` 0 = no bound, which the linter objects to."""

    max_bounces: int = 2
    cooldown_turns: int = 2
    plan_expires: int = DAY
