"""How single values are written in a pack, and what they become: thousandths and seconds."""

import re
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from handrail.core.model import FULL

NAME = r"^[A-Za-z][A-Za-z0-9_-]{0,63}$"
LABEL = r"^\S(.{0,98}\S)?$"
LANGUAGE = r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$"
_DAY = "(mon|tue|wed|thu|fri|sat|sun)"
_TIME = "([01][0-9]|2[0-3]):[0-5][0-9]"
DAYS = f"^{_DAY}(-{_DAY})?$"
TIMES = f"^{_TIME}-({_TIME}|24:00)$"
_UNITS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_DURATION = re.compile(r"(\d{1,9}[dhms])( ?\d{1,9}[dhms])*", re.ASCII)
_LONGEST = 3_650 * _UNITS["d"]


def share(value: object) -> int:
    """Thousandths of a share 0..1 that has at most three decimals."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError(f"should be a share from 0 to 1, such as `0.6`, not {shown(value)}")
    if not 0 <= value <= 1:
        raise ValueError(f"should be a share from 0 to 1, not {shown(value)}")
    milli = value * FULL
    if milli != int(milli):
        raise ValueError(f"should have at most three decimals, not {shown(value)}")
    return int(milli)


def threshold(value: object) -> int:
    """A share, or 0 for `off`."""
    return 0 if off(value) else share(value)


def duration(value: object) -> int:
    """Seconds of a duration such as `1h 30m`."""
    if not isinstance(value, str) or not _DURATION.fullmatch(value):
        raise ValueError(
            f"should be a duration with its unit, such as `30s`, `5m`, `2h` or `7d`, "
            f"not {shown(value)}"
        )
    seconds = sum(
        int(number) * _UNITS[unit] for number, unit in re.findall(r"(\d+)([dhms])", value)
    )
    if seconds > _LONGEST:
        raise ValueError(f"should be at most 3650d, not {shown(value)}")
    return seconds


def duration_or_off(value: object) -> int:
    """Seconds, or 0 for `off`."""
    return 0 if off(value) else duration(value)


def count_or_off(value: object) -> object:
    """A count, or 0 for `off`; a written 0 would be ambiguous."""
    if off(value):
        return 0
    if value == 0 and not isinstance(value, bool):
        raise ValueError("should be 1 or more, or `off`")
    return value


def off(value: object) -> bool:
    """Whether a value switches something off: `off`, or `false`."""
    return value is False or value == "off"


def switch(value: object) -> object:
    """None for `off`, the defaults for `on`; anything else as it is. Nothing is an error."""
    if off(value):
        return None
    if value is True or value == "on":
        return {}
    if value is None:
        raise ValueError("is empty; write `on` for its defaults or `off`")
    if not isinstance(value, dict):
        raise ValueError(f"should be `on`, `off` or settings, not {shown(value)}")
    return value


def as_list(value: object) -> object:
    """A list, also of one value that stands alone."""
    return [value] if isinstance(value, str) else value


def shown(value: object) -> str:
    """A value as a message quotes it."""
    if value is None:
        return "nothing"
    if isinstance(value, dict | list):
        return "a map" if isinstance(value, dict) else "a list"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"`{text[:60]}…`" if len(text) > 60 else f"`{text}`"


_ShareJson = Annotated[float, Field(ge=0, le=1)]
_DurationJson = Annotated[str, Field(pattern=r"^([0-9]+[dhms])( ?[0-9]+[dhms])*$")]
_Off = Literal["off", False]

Share = Annotated[int, BeforeValidator(share, json_schema_input_type=_ShareJson)]
Threshold = Annotated[int, BeforeValidator(threshold, json_schema_input_type=_ShareJson | _Off)]
Duration = Annotated[int, BeforeValidator(duration, json_schema_input_type=_DurationJson)]
DurationOrOff = Annotated[
    int, BeforeValidator(duration_or_off, json_schema_input_type=_DurationJson | _Off)
]
Count = Annotated[int, Field(ge=0, le=1_000_000)]
Positive = Annotated[int, Field(ge=1, le=1_000_000)]
CountOrOff = Annotated[int, BeforeValidator(count_or_off, json_schema_input_type=Positive | _Off)]
Percent = Annotated[int, Field(ge=0, le=100)]
Name = Annotated[str, Field(pattern=NAME)]
Label = Annotated[str, Field(pattern=LABEL)]
Language = Annotated[str, Field(pattern=LANGUAGE)]
Days = Annotated[str, Field(pattern=DAYS)]
TimeSpan = Annotated[str, Field(pattern=TIMES)]
Phrase = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]
Text = Annotated[str, Field(max_length=2_000)]
Message = Annotated[str, Field(min_length=1, max_length=20_000)]
Action = Literal["offer", "handoff"]
TopicAction = Literal["score", "offer", "handoff"]
ConditionAction = Literal["none", "offer", "handoff"]
