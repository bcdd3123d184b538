"""Handrail decides when an AI agent must hand over to a human, and proves why.

The names below are the public interface. Each is imported when it is first used, so that
`import handrail` costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from handrail.core.case import CaseState, observe, start
    from handrail.core.decision import Rules, decide, flip
    from handrail.core.model import (
        Attributes,
        Context,
        Decision,
        Event,
        Fault,
        Outcome,
        Reason,
        Role,
        Signals,
        Trigger,
        Turn,
    )
    from handrail.errors import HandrailError

__all__ = [
    "Attributes",
    "CaseState",
    "Context",
    "Decision",
    "Event",
    "Fault",
    "HandrailError",
    "Outcome",
    "Reason",
    "Role",
    "Rules",
    "Signals",
    "Trigger",
    "Turn",
    "decide",
    "flip",
    "observe",
    "start",
]

_HOMES = {
    "CaseState": "handrail.core.case",
    "observe": "handrail.core.case",
    "start": "handrail.core.case",
    "Rules": "handrail.core.decision",
    "decide": "handrail.core.decision",
    "flip": "handrail.core.decision",
    "HandrailError": "handrail.errors",
}
"""Where a public name lives, unless it is a noun of the model."""


def __getattr__(name: str) -> object:
    """Import a public name on first use."""
    if name not in __all__:
        raise AttributeError(f"module `handrail` has no attribute `{name}`")
    value: object = getattr(import_module(_HOMES.get(name, "handrail.core.model")), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
