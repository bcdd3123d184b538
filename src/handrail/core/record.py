"""The recorded input of a decision, and its bytes: what law 6 replays.

One JSON object with sorted keys and no spaces. A field that has its default is left out, so a
line is short and an older line stays readable. Inputs hold numbers and names, no free text.

A line is written and read by functions that are put together once for each type: a replay writes
one for every turn, and the general encoder takes three times as long.
"""

import json
from collections.abc import Callable
from dataclasses import MISSING, fields
from enum import Enum
from functools import cache
from json.encoder import encode_basestring as _quote
from operator import attrgetter
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from handrail.core.case import CaseState
from handrail.core.model import Context, Contribution, Decision, Signals, value

VERSION = 1


@value
class Input:
    """Everything that a decision was made from, besides the pack."""

    state: CaseState
    signals: Signals
    context: Context = Context()


def dump(given: Input, decision: Decision) -> bytes:
    """The canonical line of a decision and its input, without a line end."""
    line = (
        f'{{"context":{_WRITERS[Context](given.context)},'
        f'"decision":{_WRITERS[Decision](decision)},'
        f'"signals":{_WRITERS[Signals](given.signals)},'
        f'"state":{_WRITERS[CaseState](given.state)},"v":{VERSION}}}'
    )
    return line.encode("utf-8", "surrogatepass")


def load(line: bytes) -> tuple[Input, Decision]:
    """Read a line back. Raises ValueError that says what is wrong with it."""
    try:
        data = json.loads(line)
        if data["v"] != VERSION:
            raise ValueError(f"record version `{data['v']}` is not {VERSION}")
        given = Input(
            state=build(CaseState, data["state"]),
            signals=build(Signals, data["signals"]),
            context=build(Context, data["context"]),
        )
        return given, build(Decision, data["decision"])
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a decision record: {error}") from error


def plain(value: Any) -> Any:
    """A value as JSON types; a dataclass without the fields that have their defaults."""
    kind: Any = type(value)
    if kind is int or kind is str or kind is bool or value is None:
        return value
    if isinstance(value, Enum):
        return _code(value)
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    names, defaults, read = _layout(kind)
    return {
        name: plain(item)
        for name, item, default in zip(names, read(value), defaults, strict=True)
        if item != default
    }


def build(kind: Any, value: Any) -> Any:
    """The value of a type from its JSON form. Raises ValueError, TypeError, KeyError or
    AttributeError when it is not.
    """
    return _reader(kind)(value)


def _code(item: Enum) -> str:
    """How a member of a closed list is written."""
    return item.name.lower() if isinstance(item.value, int) else str(item.value)


_Layout = tuple[tuple[str, ...], tuple[object, ...], Callable[[Any], tuple[Any, ...]]]


@cache
def _layout(kind: type) -> _Layout:
    """The fields of a dataclass, sorted: names, defaults, and how to read all of them at once."""
    members = sorted(fields(kind), key=attrgetter("name"))
    names = tuple(member.name for member in members)
    defaults = tuple(
        member.default if member.default_factory is MISSING else member.default_factory()
        for member in members
    )
    if len(names) > 1:
        return names, defaults, attrgetter(*names)
    # `attrgetter` of a single name gives no tuple.
    return names, defaults, lambda value: tuple(getattr(value, name) for name in names)


def _object(kind: type) -> Callable[[Any], str]:
    """What writes a dataclass. Most fields are their default itself, and cost one comparison."""
    names, defaults, read = _layout(kind)
    keys = [f"{_quote(name)}:" for name in names]

    def write(value: Any) -> str:
        found = []
        for key, default, item in zip(keys, defaults, read(value), strict=True):
            if item is not default and item != default:
                if type(item) is int:
                    found.append(f"{key}{item}")
                else:
                    found.append(key + _WRITERS[type(item)](item))
        return f"{{{','.join(found)}}}"

    return write


def _array(value: tuple[Any, ...]) -> str:
    return f"[{','.join([_WRITERS[type(item)](item) for item in value])}]"


def _contribution(value: Contribution) -> str:
    return f"[{_quote(value.part)},{value.value},{value.weight},{value.points}]"


class _Writers(dict[type, Callable[[Any], str]]):
    """What writes a value of a type as canonical JSON, made when first asked for."""

    def __missing__(self, kind: type) -> Callable[[Any], str]:
        if issubclass(kind, Enum):
            write: Callable[[Any], str] = {item: _quote(_code(item)) for item in kind}.__getitem__
        else:
            write = _array if issubclass(kind, tuple) else _object(kind)
        self[kind] = write
        return write


_WRITERS = _Writers(
    {
        int: int.__repr__,
        str: _quote,
        bool: {True: "true", False: "false"}.__getitem__,
        NoneType: {None: "null"}.__getitem__,
        Contribution: _contribution,
    }
)


@cache
def _reader(kind: Any) -> Callable[[Any], Any]:
    """What makes a value of a type from its JSON form."""
    origin, args = get_origin(kind), get_args(kind)
    if origin in {Union, UnionType}:
        given = _reader(next(arg for arg in args if arg is not NoneType))
        return lambda value: None if value is None else given(value)
    if origin is tuple and args[-1] is Ellipsis:
        member = _reader(args[0])
        return lambda value: tuple([member(item) for item in value])
    if origin is tuple:
        members = [_reader(arg) for arg in args]
        return lambda value: tuple([read(item) for read, item in zip(members, value, strict=True)])
    if hasattr(kind, "_fields"):
        return lambda value: kind(*value)
    if issubclass(kind, Enum):
        return {_code(item): item for item in kind}.__getitem__
    return _primitive(kind) if kind in {int, str, bool} else _dataclass(kind)


def _primitive(kind: type) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if type(value) is not kind:
            raise TypeError(f"`{value!r}` is not {kind.__name__}")
        return value

    return read


def _dataclass(kind: Any) -> Callable[[Any], Any]:
    hints = get_type_hints(kind)
    readers = {item.name: _reader(hints[item.name]) for item in fields(kind)}

    def read(value: Any) -> Any:
        unknown = value.keys() - readers.keys()
        if unknown:
            raise ValueError(f"unknown field `{min(unknown)}`")
        return kind(**{name: readers[name](item) for name, item in value.items()})

    return read
