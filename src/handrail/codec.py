"""Values of the core as JSON text and back, as stores keep them; and how they are changed.

A field that is missing gets its default, so what an older version wrote stays readable.
"""

import json
from collections import deque
from collections.abc import Callable
from dataclasses import fields
from functools import cache
from itertools import repeat
from operator import attrgetter
from typing import Any, TypeVar

import msgspec

_Value = TypeVar("_Value")
_ENCODE = msgspec.json.Encoder().encode


def dump(value: Any) -> str:
    """A value as JSON. Half a character, which a turn may hold, is written escaped."""
    try:
        return _ENCODE(value).decode()
    except UnicodeEncodeError:
        return json.dumps(msgspec.to_builtins(value), separators=(",", ":"))


def plain(value: Any) -> Any:
    """A value as JSON types, with all its fields."""
    return msgspec.to_builtins(value)


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


def changed(one: _Value, **given: Any) -> _Value:
    """`dataclasses.replace` of a value of the core, at a third of its cost: every turn does it."""
    kind: Any = one.__class__
    made: _Value = kind.__new__(kind)
    names, read = _members(kind)
    deque(map(setattr, repeat(made), names, read(one)), maxlen=0)  # a loop in C
    for name, new in given.items():
        setattr(made, name, new)  # one that is unknown has no slot: AttributeError
    return made


@cache
def _members(kind: Any) -> tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]:
    """The fields of a dataclass that has two or more, and how to read all of them at once."""
    names = tuple(one.name for one in fields(kind))
    return names, attrgetter(*names)
