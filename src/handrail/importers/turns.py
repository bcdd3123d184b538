"""Turns from a pipe: JSON objects of the uniform format, or plain `customer: ...` lines."""

import difflib
from collections.abc import Iterator, Mapping
from typing import BinaryIO

import orjson

from handrail.core.model import Turn
from handrail.errors import InputError
from handrail.importers import uniform, values
from handrail.importers.base import MalformedError, not_json
from handrail.importers.stream import MAX_LINE

Lines = Iterator[Turn]


def lines(stream: BinaryIO, name: str) -> Lines:
    """The turns of a stream, one a line, as they come. InputError with the line on a bad one.

    `at` is in seconds since the epoch.
    """
    number = 0
    while line := stream.readline(MAX_LINE + 1):
        number += 1
        if not line.strip(b"\xef\xbb\xbf \t\r\n"):
            continue
        try:
            yield _turn(line)
        except MalformedError as error:
            raise InputError(
                str(error),
                hint='write {"role": "customer", "text": "..."} or `customer: ...`',
                file=name,
                line=number,
            ) from None


_KEYS = frozenset(
    {"role", "text", "at", "events", "tool", "tool_name", "tool_calls", "tool_error", "error"}
    | {"confidence", "logprobs", "sentiment", "topics", "language"}
)


def _known(found: Mapping[str, object]) -> None:
    """Refuse a key that would be passed over: here a person writes the turns, not a recorder."""
    for key in found:
        if key not in _KEYS:
            close = difflib.get_close_matches(key, _KEYS, n=1)
            meant = f"; did you mean `{close[0]}`?" if close else ""
            raise MalformedError(f"unknown key `{key}`{meant}")


def _turn(line: bytes) -> Turn:
    if len(line) > MAX_LINE:
        raise MalformedError(f"the line is longer than {MAX_LINE >> 20} MiB")
    line = line.removeprefix(b"\xef\xbb\xbf").strip()
    if line.startswith(b"{"):
        try:
            found = values.mapping(orjson.loads(line), "a turn")
        except orjson.JSONDecodeError as error:
            raise MalformedError(not_json(error)) from None
        _known(found)
        return uniform.turn(found, 0, 0)
    try:
        role, colon, text = line.decode().partition(":")
    except UnicodeDecodeError:
        raise MalformedError("not UTF-8 text") from None
    if not colon:
        raise MalformedError("a line is neither JSON nor `role: text`")
    return Turn(role=uniform.role_of(role.strip().lower()), text=text.strip())
