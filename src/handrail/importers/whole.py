"""Elements of one large JSON document, without holding the document.

The text comes in through a window; the end of an element is found by decoding it. Where the text
is no JSON there is nowhere to go on from, so the first error ends the file.
"""

import codecs
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

LISTS = frozenset({"simulations"})  # keys of an object whose list is read element by element
_CHUNK = 1024 * 1024
_HEADER = 4  # what stands beside the list may be this many times as long as an element
_SPACE = re.compile(r"[ \t\r\n]*")


class _BrokenError(ValueError):
    """The text is no JSON, or too long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """The text of an element and the line where it begins; or what is wrong there."""

    line: int
    text: str = ""
    problem: str = ""
    header: Mapping[str, object] = field(default_factory=dict)


class _Window:
    """The part of the text that is being looked at."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._decode = json.JSONDecoder().raw_decode
        self._text = ""
        self._at = 0
        self._ended = False
        self.line = 1

    def fill(self) -> bool:
        """Read on, at least as much as there is already; False at the end of the file."""
        if self._ended:
            return False
        rest = self._text[self._at :]
        data = self._stream.read(max(_CHUNK, len(rest)))
        self._ended = not data
        try:
            more = self._decoder.decode(data, final=self._ended)
        except UnicodeDecodeError as error:
            raise _BrokenError(f"not UTF-8: {error.reason}") from error
        self._text, self._at = rest + more, 0
        return not self._ended

    def peek(self) -> str:
        """The next character that is no space, or "" at the end."""
        while True:
            match = _SPACE.match(self._text, self._at)
            end = match.end() if match else self._at
            self.line += self._text.count("\n", self._at, end)
            self._at = end
            if end < len(self._text):
                return self._text[end]
            if not self.fill():
                return ""

    def take(self, wanted: str) -> None:
        """Step over one character."""
        found = self.peek()
        if found not in wanted or not found:
            said = f"`{found}`" if found else "the end of the file"
            raise _BrokenError(f"not JSON: {said} where one of `{wanted}` should be")
        self._at += 1

    def value(self, limit: int) -> tuple[object, str]:
        """The next value and its text, at most `limit` characters of it."""
        if not self.peek():
            raise _BrokenError("not JSON: the file ends where a value should be")
        while True:
            try:
                found, end = self._decode(self._text, self._at)
            except RecursionError:
                raise _BrokenError("nested too deeply") from None
            except ValueError as error:
                reason = getattr(error, "msg", "a number is too long")
            else:
                # A number at the edge of the window may go on beyond it.
                if end < len(self._text) or self._ended:
                    return found, self._step(end)
                reason = ""
            if reason and len(self._text) - self._at > limit:
                raise _BrokenError(f"not JSON, or longer than {limit >> 20} MiB: {reason}")
            if not self.fill() and reason:
                raise _BrokenError(f"not JSON: {reason}")

    def _step(self, end: int) -> str:
        text = self._text[self._at : end]
        self.line += text.count("\n")
        self._at = end
        return text


def elements(stream: BinaryIO, limit: int) -> Iterator[Element]:
    """The elements of the values of a file: of its lists, and of the lists named in `LISTS`.

    `limit` is the greatest length of an element, in characters.
    """
    window = _Window(stream)
    try:
        while start := window.peek():
            if start == "[":
                yield from _list(window, limit, {})
            elif start == "{":
                yield from _object(window, limit)
            else:
                line = window.line
                yield Element(line=line, text=window.value(limit)[1])
    except _BrokenError as error:
        yield Element(line=window.line, problem=str(error))


def _list(window: _Window, limit: int, header: Mapping[str, object]) -> Iterator[Element]:
    window.take("[")
    if window.peek() == "]":
        window.take("]")
        return
    while True:
        window.peek()
        line = window.line
        text = window.value(limit)[1]
        yield Element(line=line, text=text, header=header)
        if window.peek() == "]":
            window.take("]")
            return
        window.take(",]")


def _object(window: _Window, limit: int) -> Iterator[Element]:
    line = window.line
    header: dict[str, object] = {}
    texts: list[str] = []
    streamed = False
    size = 0
    window.take("{")
    while window.peek() != "}":
        if window.peek() != '"':
            raise _BrokenError("not JSON: a key must be a text")
        key, key_text = window.value(limit)
        window.take(":")
        if key in LISTS and window.peek() == "[":
            streamed = True
            yield from _list(window, limit, header)
        else:
            found, text = window.value(limit * _HEADER)
            size += len(text)
            if size > limit * _HEADER:
                raise _BrokenError(f"an object longer than {limit * _HEADER >> 20} MiB")
            header[str(key)] = found
            if not streamed:
                texts.append(f"{key_text}:{text}")
        if window.peek() != "}":
            window.take(",")
    window.take("}")
    if not streamed:
        yield Element(line=line, text="{" + ",".join(texts) + "}")
