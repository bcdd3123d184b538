"""What a bundle is made of, and the bounded part of it that is read."""

from collections.abc import Iterator, Sequence
from operator import attrgetter

from handrail.core.bundle.mask import Mask
from handrail.core.bundle.settings import BundleTemplate
from handrail.core.case import CaseState
from handrail.core.model import (
    Attributes,
    Decision,
    Event,
    Role,
    Signals,
    ToolCall,
    Turn,
    value,
)

HEAD, TAIL = 10, 30
"""Lines that are read of an episode, first and last: a case of any length costs the same."""
_READ, _MARGIN = 1_400, 200
_RESULT = 500
"""Characters that are read of a text and of a tool's result, and how many of those are dropped
after masking: what the cut left of a secret lies in them.
"""


@value
class Line:
    """A turn as the bundle reads it. `number` is its place in the case, from 1.

    `events` also hold what was measured of the turn (see `line`). `private`: an internal note.
    """

    number: int
    role: Role
    text: str = ""
    at: int = 0
    tool: str = ""
    calls: tuple[ToolCall, ...] = ()
    failed: bool | None = None
    events: tuple[Event, ...] = ()
    private: bool = False


@value
class Material:
    """All that a bundle is made of. The last of `lines` is the turn that was decided on.

    `lines` are those of the current episode, in order; `transcript` is a link to all of them.
    """

    lines: tuple[Line, ...]
    decision: Decision
    state: CaseState
    template: BundleTemplate = BundleTemplate()
    attributes: Attributes = Attributes()
    language: str = "en"
    transcript: str = ""


_MEASURED = (
    ("explicit_request", Event.HUMAN_REQUESTED),
    ("policy_violation", Event.POLICY_VIOLATION),
    ("permission_missing", Event.PERMISSION_MISSING),
    ("data_missing", Event.DATA_MISSING),
    ("approval_expired", Event.APPROVAL_EXPIRED),
    ("agent_request", Event.TRANSFER_REQUESTED),
    ("announced_transfer", Event.TRANSFER_REQUESTED),
)
_EVENTS = tuple(event for _, event in _MEASURED)
_measures = attrgetter(*(name for name, _ in _MEASURED))


def line(number: int, turn: Turn, signals: Signals | None = None, *, private: bool = False) -> Line:
    """The line of a turn, with what was measured of it."""
    events, failed = turn.events, turn.error
    if signals is not None:
        measured = _measures(signals)
        if any(measured):
            found = [event for event, is_so in zip(_EVENTS, measured, strict=True) if is_so]
            events = (*events, *found)
        if len(events) > 1:
            events = tuple(dict.fromkeys(events))
        if signals.tool_failed:
            failed = True
        elif signals.tool_succeeded:
            failed = False
    return Line(
        number=number,
        role=turn.role,
        text=turn.text,
        at=turn.at or 0,
        tool=turn.tool,
        calls=turn.tool_calls,
        failed=failed,
        events=events,
        private=private,
    )


def window(material: Material, mask: Mask) -> tuple[Line, ...]:
    """The lines that are read, their texts and arguments masked before anything is cut."""
    lines = material.lines
    if len(lines) > HEAD + TAIL:
        lines = (*lines[:HEAD], *lines[-TAIL:])
    shown = [_shown(one) for one in lines]
    masked = iter(mask.all([text for texts in shown for text in texts]))
    return tuple([_masked(one, texts, masked) for one, texts in zip(lines, shown, strict=True)])


def _shown(one: Line) -> list[str]:
    """The texts of a line of which something may be shown. What a tool gave is told only where it
    failed or found nothing.
    """
    if one.role is Role.TOOL:
        telling = one.failed or Event.DATA_MISSING in one.events
        return [one.text[:_RESULT]] if telling else []
    return [one.text[:_READ], *[call.args[:_RESULT] for call in one.calls]]


def _masked(one: Line, shown: Sequence[str], masked: Iterator[str]) -> Line:
    """The line with the next texts of `masked`, which stand for those of it that are shown."""
    texts = [
        next(masked)[:-_MARGIN] if len(text) in (_READ, _RESULT) else next(masked) for text in shown
    ]
    if one.role is not Role.TOOL and texts == [one.text, *[call.args for call in one.calls]]:
        return one
    calls = zip(one.calls, texts[1:], strict=True) if one.role is not Role.TOOL else ()
    return Line(
        number=one.number,
        role=one.role,
        text=texts[0] if texts else "",
        at=one.at,
        tool=one.tool,
        calls=tuple([ToolCall(name=call.name, args=args) for call, args in calls]),
        failed=one.failed,
        events=one.events,
        private=one.private,
    )
