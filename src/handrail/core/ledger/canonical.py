"""Canonical JSON: one value, one text, so that a hash over it means something.

Keys sorted by code point, no spaces, characters as they are, in UTF-8. Half a character (a lone
surrogate) is written as its escape, and two halves that belong together as the character, so the
bytes are always valid UTF-8 and reading them back gives the same text again. There are no
floats: measured numbers are integers in thousandths.
"""

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from json.encoder import encode_basestring as _quote
from operator import itemgetter
from typing import Any

_MOST = (1 << 63) - 1
_NAME = itemgetter(0)
_HALF = re.compile("[\ud800-\udfff]")


class Uncanonical(ValueError):
    """A value or a line that has no canonical form, or is not in it."""

    def __init__(self, what: str, path: tuple[str, ...] = ()) -> None:
        self.what, self.path = what, path
        super().__init__(f"{what} at `{'.'.join(path)}`" if path else what)


def text(value: object) -> str:
    """The canonical JSON of a value. Raises `Uncanonical`, which says what is wrong and where."""
    try:
        return _write(value)
    except Uncanonical as error:
        raise Uncanonical(error.what, _path(value)) from None
    except RecursionError:
        raise Uncanonical("nested too deeply") from None


def canonical(value: object) -> bytes:
    """The canonical JSON of a value as it is hashed and signed."""
    return text(value).encode()


def whole(words: str) -> str:
    """A text in which two halves of a character that stand together are one."""
    return words.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def read(line: bytes) -> Any:
    """The value of a canonical line. Raises `Uncanonical` when it is not byte for byte its own
    canonical form: a key twice, a space, a float, another way to write the same.
    """
    try:
        value = json.loads(line.decode())
        same = canonical(value) == line
    except Uncanonical:
        raise
    except (ValueError, RecursionError) as error:
        raise Uncanonical("not JSON in UTF-8") from error
    if not same:
        raise Uncanonical("not in canonical form")
    return value


def _write(value: Any) -> str:
    kind = type(value)
    if kind is str:
        return _string(value)
    if kind is int and -_MOST <= value <= _MOST:
        return repr(value)
    if kind is dict:
        return _object(value)
    if value is None:
        return "null"
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, list | tuple):
        return f"[{','.join([_write(item) for item in value])}]"
    return _rare(value)


def _string(words: str) -> str:
    if words.isascii():
        return _quote(words)
    try:
        words.encode()
    except UnicodeEncodeError:
        return _HALF.sub(lambda half: f"\\u{ord(half[0]):04x}", _quote(whole(words)))
    return _quote(words)


@lru_cache(maxsize=4096)  # the same few names, thousands of times
def _key(name: str) -> str:
    try:
        name.encode()
    except UnicodeEncodeError:
        raise Uncanonical(f"half a character in the key `{name!a}`") from None
    return _quote(name)


def _object(value: Mapping[Any, Any]) -> str:
    try:
        parts = [
            f"{_key(name)}:{_quote(item) if type(item) is str and item.isascii() else _write(item)}"
            for name, item in sorted(value.items(), key=_NAME)
        ]
    except (TypeError, AttributeError):
        odd = next((name for name in value if not isinstance(name, str)), None)
        raise Uncanonical(f"the key `{odd!r}` is no text") from None
    return f"{{{','.join(parts)}}}"


def _rare(value: Any) -> str:
    """Members of closed lists, views of objects; and all that has no canonical form."""
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, Mapping):
        return _object(value)
    if isinstance(value, int):
        if -_MOST <= value <= _MOST:
            return int.__repr__(value)
        raise Uncanonical("an integer of more than 64 bits")
    if isinstance(value, float):
        raise Uncanonical(f"the float `{value!r}`: write an integer, such as thousandths")
    raise Uncanonical(f"a value of type `{type(value).__name__}`")


def _path(value: Any) -> tuple[str, ...]:
    """Where in a value that is which has no canonical form."""
    if not isinstance(value, Mapping | list | tuple):
        return ()
    for name, item in value.items() if isinstance(value, Mapping) else enumerate(value):
        try:
            _write(item)
        except Uncanonical:
            return (str(name), *_path(item))
    return ()
