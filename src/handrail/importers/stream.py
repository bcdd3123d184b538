"""Documents of a file, one by one, so that memory does not grow with the file.

JSON lines are read line by line. A file of plain JSON (a list, or an object that holds one under
`simulations`) is read element by element. Limits: a line or an element of 16 MiB; what stands
beside the list of elements, and an object that holds no such list, 64 MiB. Gzip is told by content.
"""

import gzip
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast

import orjson

from handrail.errors import InputError
from handrail.importers.base import Problem, not_json
from handrail.importers.whole import elements

MAX_LINE = 16 * 1024 * 1024
_BOM = b"\xef\xbb\xbf"
_LINES = frozenset({".jsonl", ".ndjson"})

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One JSON value of a file. `header` is what stands beside the list that holds it."""

    line: int
    value: object
    header: Mapping[str, object] = field(default_factory=dict)


def documents(path: Path, progress: Progress | None = None) -> Iterator[Document | Problem]:
    """The documents of a file, and what is wrong in it. `progress` is told the bytes read.

    Raises InputError when the file cannot be opened or read.
    """
    try:
        with path.open("rb") as raw:
            packed = raw.peek(2)[:2] == b"\x1f\x8b"
            stream = cast("BinaryIO", gzip.GzipFile(fileobj=raw)) if packed else raw
            for found in _safely(path, stream):
                yield found
                if progress is not None:
                    progress(raw.tell())
    except OSError as error:
        raise InputError(
            f"cannot read `{path}`: {error.strerror or error}", hint="check the path"
        ) from error


def _safely(path: Path, stream: BinaryIO) -> Iterator[Document | Problem]:
    """All documents; a broken gzip stream ends them with a problem."""
    line = 0
    try:
        inner = path.suffixes[-2] if path.suffix == ".gz" and path.suffixes[1:] else path.suffix
        first = stream.peek(64)[:64] if hasattr(stream, "peek") else b""
        as_lines = inner in _LINES or (
            inner != ".json" and not first.removeprefix(_BOM).lstrip().startswith(b"[")
        )
        for found in _lines(path, stream) if as_lines else _whole(path, stream):
            line = found.line
            yield found
    except EOFError:
        yield _problem(path, line + 1, "the gzip file is cut off here; the rest is missing")
    except (gzip.BadGzipFile, zlib.error) as error:
        yield _problem(path, line + 1, f"the gzip file is damaged: {error}")


def _lines(path: Path, stream: BinaryIO) -> Iterator[Document | Problem]:
    number = 0
    while line := stream.readline(MAX_LINE + 1):
        number += 1
        if len(line) > MAX_LINE:
            while line and not line.endswith(b"\n"):
                line = stream.readline(MAX_LINE)
            yield _problem(path, number, f"the line is longer than {MAX_LINE >> 20} MiB")
            continue
        if number == 1:
            line = line.removeprefix(_BOM)
        if not line.isspace() and line:
            yield parse(path, number, line)


def parse(path: Path, number: int, line: bytes | str) -> Document | Problem:
    """The document of one line or element."""
    try:
        return Document(line=number, value=orjson.loads(line))
    except orjson.JSONDecodeError as error:
        return _problem(path, number, not_json(error))


def _whole(path: Path, stream: BinaryIO) -> Iterator[Document | Problem]:
    for element in elements(stream, MAX_LINE):
        if element.problem:
            yield _problem(path, element.line, element.problem)
            continue
        found = parse(path, element.line, element.text)
        if isinstance(found, Document) and element.header:
            found = Document(line=found.line, value=found.value, header=element.header)
        yield found


def _problem(path: Path, line: int, message: str) -> Problem:
    return Problem(file=str(path), line=line, message=message)
