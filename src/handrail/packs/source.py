"""A YAML file as plain maps, lists and values, and where each of them stands.

Read from the parser's events, so that nothing is constructed, repeated or nested without bound:
aliases and tags are refused, decimals stay exact, `no` and `1:30` stay text (YAML 1.2).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

from handrail.errors import PackError, Problem

KeyPath = tuple[str | int, ...]
MAX_BYTES = 1_000_000
MAX_DEPTH = 30
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
_DECIMAL = re.compile(r"[-+]?([0-9]{1,18}\.[0-9]{0,18}|\.[0-9]{1,18})([eE][-+]?[0-9]{1,2})?")
_WORDS: dict[str, object] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """A file, a line and a column, from 1."""

    file: str
    line: int
    column: int


Places = dict[KeyPath, Place]


@dataclass(slots=True)
class Source:
    """A file that was read: its tree, the place of each path in it, what is wrong already."""

    file: str
    tree: dict[str, Any]
    places: Places
    problems: list[Problem] = field(default_factory=list)

    def problem(self, path: KeyPath, message: str) -> Problem:
        """A problem at a path, or at the closest place around it that is known."""
        return at(self.places, path, message, self.file)


def at(places: Mapping[KeyPath, Place], path: KeyPath, message: str, file: str) -> Problem:
    """A problem at the place of a path, or of the closest thing around it."""
    around = (path[:end] for end in range(len(path), 0, -1))
    place = next((places[one] for one in around if one in places), Place(file, 0, 0))
    return Problem(
        file=place.file,
        line=place.line,
        column=place.column,
        path=dotted(path),
        message=message,
    )


def dotted(path: KeyPath) -> str:
    """A path as messages write it: `workflows.chat.topics`."""
    return ".".join(str(part) for part in path)


def read(path: Path, shown: str = "") -> Source:
    """Read a file. Raises PackError when it is no usable YAML."""
    file = shown or path.name
    try:
        data = path.read_bytes()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise _broken(file, 0, 0, f"cannot be read: {reason}") from error
    return parse(data, file)


def parse(data: bytes, file: str) -> Source:
    """The tree and places of the bytes of a file. Raises PackError when there is no tree."""
    if len(data) > MAX_BYTES:
        raise _broken(file, 0, 0, f"is larger than {MAX_BYTES:,} bytes; split the pack")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        raise _broken(file, line, column, "is not UTF-8 text; save the file as UTF-8") from error
    builder = _Builder(file)
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            builder.take(event)
    except MarkedYAMLError as error:
        raise PackError([*builder.problems, _syntax(file, error, text)]) from error
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise _broken(
            file, line, 1, "has a character that YAML does not allow; remove it"
        ) from error
    if builder.root is None and not builder.problems:
        raise _broken(file, 0, 0, "is empty; a pack starts with `handrail: 1`")
    if not isinstance(builder.root, dict):
        raise _broken(file, 1, 1, "should be a map that starts with `handrail: 1`")
    return Source(file=file, tree=builder.root, places=builder.places, problems=builder.problems)


@dataclass(slots=True)
class _Open:
    """A map or list whose end has not come yet."""

    value: dict[str, Any] | list[Any]
    path: KeyPath
    key: str | None = None
    skip: bool = False
    flow: bool = False


@dataclass(slots=True)
class _Builder:
    """Builds the tree from events and notes the place of everything."""

    file: str
    root: Any = None
    places: dict[KeyPath, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    stack: list[_Open] = field(default_factory=list)
    documents: int = 0

    def take(self, event: Any) -> None:
        """One event of the parser."""
        if isinstance(event, DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                self._fail(event, (), "has a second document (`---`); a file holds one pack")
        elif isinstance(event, AliasEvent):
            self._fail(event, (), f"alias `*{event.anchor}` is not allowed; write it out")
            self._value(event, None, scalar=False)
        elif isinstance(event, ScalarEvent):
            self._scalar(event)
        elif isinstance(event, MappingStartEvent | SequenceStartEvent):
            self._open(event)
        elif isinstance(event, MappingEndEvent | SequenceEndEvent):
            self.stack.pop()

    def _scalar(self, event: Any) -> None:
        top = self.stack[-1] if self.stack else None
        if event.tag is not None and not event.implicit[0] and not event.implicit[1]:
            self._fail(event, (), f"tag `{event.tag}` is not allowed; remove it")
        if top is not None and isinstance(top.value, dict) and top.key is None:
            self._key(top, event)
            return
        value = _resolve(event.value) if event.implicit[0] else event.value
        self._value(event, value, scalar=True)

    def _key(self, top: _Open, event: Any) -> None:
        key = str(event.value)
        top.key = key
        path = (*top.path, key)
        top.skip = key in top.value
        if top.skip:
            first = self.places[path]
            self._fail(event, path, f"duplicate key; it is also in line {first.line}")
        else:
            self.places[path] = self._place(event)

    def _open(self, event: Any) -> None:
        value: dict[str, Any] | list[Any] = {} if isinstance(event, MappingStartEvent) else []
        if event.tag is not None and not event.implicit:
            self._fail(event, (), f"tag `{event.tag}` is not allowed; remove it")
        if len(self.stack) >= MAX_DEPTH:
            place = self._place(event)
            raise _broken(
                self.file, place.line, place.column, f"is nested deeper than {MAX_DEPTH} levels"
            )
        path = self._value(event, value, scalar=False)
        self.stack.append(_Open(value=value, path=path, flow=bool(event.flow_style)))

    def _value(self, event: Any, value: Any, *, scalar: bool) -> KeyPath:
        """Put a value where it belongs and return its path."""
        if not self.stack:
            if self.documents <= 1:
                self.root = value
            return ()
        top = self.stack[-1]
        if isinstance(top.value, list):
            path = (*top.path, len(top.value))
            top.value.append(value)
            self.places[path] = self._place(event)
        elif top.key is None:
            self._fail(event, top.path, "a map or list cannot be a key")
            top.key = ""
            return (*top.path, "")
        else:
            path = (*top.path, top.key)
            if not top.skip:
                top.value[top.key] = value
            top.key = None
        if scalar and value is None and "attributes" not in path:
            comma = "; text with a comma needs quotes here" if top.flow else ""
            self._fail(event, path, f"is empty; give it a value, or remove it{comma}")
        return path

    def _place(self, event: Any) -> Place:
        mark = event.start_mark
        return Place(self.file, mark.line + 1, mark.column + 1)

    def _fail(self, event: Any, path: KeyPath, message: str) -> None:
        place = self._place(event)
        self.problems.append(_problem(self.file, place.line, place.column, message, dotted(path)))


def _resolve(text: str) -> object:
    """The value of a plain scalar by YAML 1.2; decimals exactly."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text):
        return Decimal(text)
    return text


def _syntax(file: str, error: MarkedYAMLError, text: str) -> Problem:
    """What the parser says, in our words where the cause is common."""
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
    lines = text.splitlines()
    if line and line <= len(lines) and "\t" in lines[line - 1][: column + 1]:
        return _problem(file, line, column, "tab; indent with spaces")
    what = str(error.problem or "is no YAML").strip()
    where = f" ({error.context.strip()})" if error.context else ""
    return _problem(file, line, column, f"not valid YAML: {what}{where}")


def _problem(file: str, line: int, column: int, message: str, path: str = "") -> Problem:
    return Problem(file=file, line=line, column=column, path=path, message=message)


def _broken(file: str, line: int, column: int, message: str) -> PackError:
    return PackError([_problem(file, line, column, message)])
