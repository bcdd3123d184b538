"""Reading values of unknown JSON: the value of the right type, or `MalformedError`."""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import orjson

from handrail.core.model import ToolCall
from handrail.importers.base import MalformedError

EPOCH = 1_735_689_600_000  # 2025-01-01T00:00Z: the start of a conversation that tells none
_FAR = 10_000_000_000_000  # no time that people record is further away than this, in ms
_NAME = 200  # characters of a name that are kept


def mapping(value: object, what: str) -> Mapping[str, object]:
    """A JSON object."""
    if isinstance(value, dict):
        return value
    raise MalformedError(f"{what} must be an object, not {kind(value)}")


def items(value: object, what: str) -> Sequence[object]:
    """A JSON list; null is an empty one."""
    if isinstance(value, list):
        return value
    if value is None:
        return ()
    raise MalformedError(f"{what} must be a list, not {kind(value)}")


def text(value: object, what: str) -> str:
    """A text; null is an empty one."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    raise MalformedError(f"{what} must be a text, not {kind(value)}")


def name(value: object, what: str) -> str:
    """A short text that names something; a whole number counts as one, null is none."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return text(value, what)[:_NAME]


def number(value: object, what: str) -> float | None:
    """A number, or None."""
    if value is None:
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    raise MalformedError(f"{what} must be a number, not {kind(value)}")


def whole(value: object, what: str) -> int | None:
    """A whole number from 0, or None."""
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise MalformedError(f"{what} must be a whole number from 0, not {kind(value)}")


def flag(value: object, what: str) -> bool | None:
    """True, false, or None."""
    if value is None or isinstance(value, bool):
        return value
    raise MalformedError(f"{what} must be true or false, not {kind(value)}")


def seconds(value: object, start: int, what: str) -> int | None:
    """Milliseconds since the epoch, of seconds after `start` (itself in milliseconds)."""
    found = number(value, what)
    if found is None:
        return None
    return _milliseconds(found * 1000 + start, what)


def moment(value: object, what: str) -> int | None:
    """Milliseconds since the epoch, of seconds since the epoch or of an ISO 8601 time.

    A time without a zone counts as UTC.
    """
    if isinstance(value, str) and value:
        try:
            time = datetime.fromisoformat(value)
        except ValueError:
            raise MalformedError(f"{what} is not a time: `{value[:40]}`") from None
        if time.tzinfo is None:
            time = time.replace(tzinfo=UTC)
        return _milliseconds(time.timestamp() * 1000, what)
    return seconds(value or None, 0, what)


def _milliseconds(value: float, what: str) -> int:
    if not math.isfinite(value) or not 0 <= value <= _FAR:
        raise MalformedError(f"{what} is not a time between 1970 and 2286")
    return int(value)


def call(name_: object, args: object) -> ToolCall:
    """A tool call; arguments that are no text are written as JSON."""
    called = name(name_, "the name of a tool call")
    if not called:
        raise MalformedError("a tool call has no name")
    if args is None or args == {}:
        return ToolCall(name=called)
    if isinstance(args, str):
        return ToolCall(name=called, args=args)
    try:
        return ToolCall(name=called, args=orjson.dumps(args).decode())
    except orjson.JSONEncodeError:
        raise MalformedError(f"arguments of tool `{called}` are nested too deeply") from None


def groups(value: object, what: str) -> dict[str, Mapping[str, object]]:
    """Groups of values that named conditions read: {"order": {"amount": 20}}."""
    if value is None:
        return {}
    found = mapping(value, what)
    return {key: mapping(group, f"{what}.{key}") for key, group in found.items()}


def kind(value: object) -> str:
    """What a JSON value is, in words."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "a text"
    return "a list" if isinstance(value, list) else "an object"
