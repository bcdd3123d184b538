"""One table says for each setting of a pack which way is tighter."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from handrail.core.bundle.settings import BundleTemplate
from handrail.core.decision import rules as r
from handrail.core.model import Mode, Outcome
from handrail.core.ownership.settings import Handback
from handrail.core.policy import pack as p
from handrail.core.sla.settings import Clock, SlaPolicy

_FOREVER = 1 << 62
_RANKS: dict[StrEnum, int] = {
    Mode.OBSERVE: 0,
    Mode.ADVISE: 1,
    Mode.ENFORCE: 2,
    Clock.BUSINESS: 0,
    Clock.CALENDAR: 1,
}


class Way(StrEnum):
    """How the child's value must stand to the base's."""

    UP = "at least"
    DOWN = "at most"
    ALL = "all of"
    LISTED = "all of, where an empty list is the built-in one,"
    NONE_BUT = "only some of"
    SAME = "the same as"
    KEPT = "the same, where set, as"
    EACH_UP = "each at least"


@dataclass(frozen=True, slots=True)
class Order:
    """The way of one setting, its unit, and whether 0 means never (so it is as good as endless)."""

    way: Way
    unit: str = ""
    zero_is_never: bool = False


UP = Order(Way.UP)
SHARE_UP = Order(Way.UP, "share")
SHARE_DOWN = Order(Way.DOWN, "share")
SHARE_DOWN_OFF = Order(Way.DOWN, "share", zero_is_never=True)
DOWN = Order(Way.DOWN)
DOWN_OFF = Order(Way.DOWN, zero_is_never=True)
TIME_UP = Order(Way.UP, "time")
TIME_UP_OFF = Order(Way.UP, "time", zero_is_never=True)
TIME_DOWN = Order(Way.DOWN, "time")
TIME_DOWN_OFF = Order(Way.DOWN, "time", zero_is_never=True)
ALL = Order(Way.ALL)
LISTED = Order(Way.LISTED)
NONE_BUT = Order(Way.NONE_BUT)
SAME = Order(Way.SAME)
KEPT = Order(Way.KEPT)
EACH_UP = Order(Way.EACH_UP, "share")
_ACT = {"action": UP, "hard": UP, "unless": NONE_BUT}

TABLE: dict[type, dict[str, Order]] = {
    r.Gate: _ACT,
    r.BlockedApproval: {"minutes": DOWN, **_ACT},
    r.ToolFailure: {"consecutive": DOWN, **_ACT},
    r.LowConfidence: {
        "below": SHARE_UP, "below_high_risk": SHARE_UP, "high_risk": SHARE_DOWN, **_ACT,
    },
    r.NegativeSentiment: {
        "level": SHARE_DOWN, "stall_turns": DOWN, "escalating": SHARE_DOWN, **_ACT,
    },
    r.Vip: {"tiers": ALL, "first_touch": UP, "on_sensitive": UP, "offer": UP},
    r.LateStage: {"stages": ALL, **_ACT},
    r.NoProgress: {"turns": DOWN_OFF, "minutes": DOWN_OFF, "repeats": DOWN_OFF, **_ACT},
    r.AgentRequest: {"action": UP, "min_score": SHARE_DOWN, "unless": NONE_BUT},
    r.Topic: {"risk": SHARE_UP, "action": UP, "hard": UP, "reviewer_tag": KEPT},
    r.Condition: {"when": SAME, "action": UP, "hard": UP},
    r.Score: {
        "confidence": SHARE_UP, "sentiment": SHARE_UP, "value": SHARE_UP, "risk": SHARE_UP,
        "progress": SHARE_UP, "progress_turns": DOWN, "offer_at": SHARE_DOWN_OFF,
        "handoff_at": SHARE_DOWN_OFF, "tier_values": EACH_UP, "stage_values": EACH_UP,
    },
    r.Offers: {"max_per_episode": UP, "cooldown_turns": DOWN},
    r.Rules: {"max_wait": TIME_UP_OFF},
    p.TopicText: {"patterns": ALL},
    Handback: {"max_bounces": DOWN_OFF, "cooldown_turns": UP, "plan_expires": TIME_DOWN},
    p.Workflow: {"reopen_window": TIME_UP, "transfer_tools": LISTED},
    SlaPolicy: {
        "time_to_accept": TIME_DOWN_OFF, "first_response": TIME_DOWN_OFF,
        "next_response": TIME_DOWN_OFF, "resolution": TIME_DOWN_OFF,
        "ai_silence": TIME_DOWN_OFF, "holder_silence": TIME_DOWN_OFF,
        "check_back": TIME_DOWN_OFF, "clock": UP, "warn_at": SHARE_DOWN,
    },
    BundleTemplate: {"required": ALL, "masked": ALL},
    p.Metrics: {
        "handoff_precision": SHARE_UP, "time_to_human": TIME_DOWN_OFF,
        "post_handoff_resolution": SHARE_UP, "context_completeness": SHARE_UP,
        "escalation_accuracy": SHARE_UP, "verdict_coverage": SHARE_UP,
    },
    p.Pack: {"languages": ALL, "tiers": ALL, "stages": ALL, "single_person": DOWN},
}  # fmt: skip
# A workflow that only the child has may start cool.
ROLLOUT = {"mode": UP, "percentage": UP}


def holds(order: Order, before: Any, after: Any) -> bool:
    """Whether a value is as tight as the base's."""
    match order.way:
        case Way.UP:
            return _rank(order, after) >= _rank(order, before)
        case Way.DOWN:
            return _rank(order, after) <= _rank(order, before)
        case Way.ALL:
            return set(before) <= set(after)
        case Way.LISTED:
            return bool(before) and set(before) <= set(after)
        case Way.NONE_BUT:
            return set(after) <= set(before)
        case Way.SAME:
            return bool(before == after)
        case Way.KEPT:
            return not before or bool(before == after)
        case Way.EACH_UP:
            values = dict(after)
            return all(values.get(name, 0) >= value for name, value in before)


def _rank(order: Order, value: Any) -> int:
    if isinstance(value, StrEnum):
        return _RANKS[value]
    return _FOREVER if order.zero_is_never and value == 0 else int(value)


def said(order: Order, value: Any) -> str:
    """A value as the file writes it."""
    if isinstance(value, tuple):
        parts = (f"{one[0]}: {one[1] / 1000:g}" if isinstance(one, tuple) else one for one in value)
        return f"`[{', '.join(map(str, parts))}]`"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, int) and order.zero_is_never and value == 0:
        return "`off`"
    if isinstance(value, Outcome):
        return f"`{value.code}`"
    if order.unit == "share":
        return f"`{value / 1000:g}`"
    return f"`{_time(value)}`" if order.unit == "time" else f"`{value}`"


def _time(seconds: int) -> str:
    for unit, length in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds and seconds % length == 0:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"
