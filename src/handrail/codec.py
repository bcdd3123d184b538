"""Values of the core as JSON text and back, as stores keep them.

A field that is missing gets its default, so what an older version wrote stays readable.
"""

import json
from functools import cache
from typing import Any

import msgspec

_ENCODE = msgspec.json.Encoder().encode


def dump(value: Any) -> str:
    """A value as JSON. Half a character, which a turn may hold, is written escaped."""
    try:
        return _ENCODE(value).decode()
    except UnicodeEncodeError:
        return json.dumps(msgspec.to_builtins(value), separators=(",", ":"))


def load(kind: Any, text: str | bytes) -> Any:
    """The value of a type from its JSON. Raises msgspec.ValidationError when it is none."""
    try:
        return _decoder(kind).decode(text)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:  # half a character
        return msgspec.convert(json.loads(text), kind)


@cache
def _decoder(kind: Any) -> Any:
    return msgspec.json.Decoder(kind)
