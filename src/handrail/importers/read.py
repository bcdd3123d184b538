"""Reading files of conversations: which format, which conversation, what is wrong."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Protocol

from handrail.errors import InputError
from handrail.importers import openai_chat, rasa, tau, uniform
from handrail.importers.base import Conversation, MalformedError, Place, Problem
from handrail.importers.stream import documents


class Format(Protocol):
    """A format: a module that tells its documents from others and reads them."""

    def detect(self, value: object) -> bool:
        """Whether a document looks like this format."""

    def parse(self, value: object, place: Place) -> Conversation:
        """The conversation of a document. Raises MalformedError."""


# In this order: a trajectory has messages too, so it is asked for before plain chats.
FORMATS: dict[str, Format] = {
    "uniform": uniform,
    "tau": tau,
    "rasa": rasa,
    "openai": openai_chat,
}


def detect(value: object) -> str:
    """The name of the format of a document, "" when it is none that we know."""
    return next((name for name, known in FORMATS.items() if known.detect(value)), "")


def size(paths: Iterable[str | Path]) -> int:
    """How many bytes there are to read, for a progress bar."""
    return sum(path.stat().st_size for path in _files(paths))


def read(
    paths: Iterable[str | Path],
    format: str | None = None,  # noqa: A002 - the word that users know
    *,
    strict: bool = False,
    on_problem: Callable[[Problem], object] | None = None,
    on_progress: Callable[[int], object] | None = None,
) -> Iterator[Conversation]:
    """The conversations of files, in order, one in memory at a time.

    The format is told by the first document of each file, or by `format`. What is malformed goes
    to `on_problem` and is left out; `strict` raises InputError instead. `on_progress` is told the
    bytes read so far, of all files. Raises InputError at once for a path that is no file.
    """
    if format is not None and format not in FORMATS:
        known = ", ".join(f"`{name}`" for name in FORMATS)
        raise InputError(f"unknown format `{format}`", hint=f"use one of {known}")
    return _read(_files(paths), format or "", strict, on_problem, on_progress)


def _read(
    files: list[Path],
    format_: str,
    strict: bool,
    on_problem: Callable[[Problem], object] | None,
    on_progress: Callable[[int], object] | None,
) -> Iterator[Conversation]:
    done = 0
    for path in files:

        def progress(count: int, before: int = done) -> None:
            if on_progress is not None:
                on_progress(before + count)

        for found in _conversations(path, format_, progress):
            if isinstance(found, Conversation):
                yield found
            elif strict:
                raise InputError(found.message, file=found.file, line=found.line)
            elif on_problem is not None:
                on_problem(found)
        done += path.stat().st_size
        if on_progress is not None:
            on_progress(done)


def _conversations(
    path: Path, format_: str, progress: Callable[[int], None]
) -> Iterator[Conversation | Problem]:
    source = str(path)
    empty = True
    for found in documents(path, progress):
        empty = False
        if isinstance(found, Problem):
            yield found
            continue
        format_ = format_ or detect(found.value)
        if not format_:
            known = ", ".join(FORMATS)
            yield Problem(
                file=source, line=found.line, message=f"no format that is known ({known})"
            )
            continue
        try:
            place = Place(source=source, line=found.line, header=found.header)
            yield FORMATS[format_].parse(found.value, place)
        except MalformedError as error:
            yield Problem(file=source, line=found.line, message=f"{format_}: {error}")
    if empty:
        yield Problem(file=source, line=0, message="there is no conversation in it")


def _files(paths: Iterable[str | Path]) -> list[Path]:
    """The paths, all of them files that are there."""
    found = []
    for path in map(Path, paths):
        if path.is_dir():
            raise InputError(f"`{path}` is a folder", hint="name the files in it")
        if not path.exists():
            raise InputError(f"there is no file `{path}`", hint="check the path")
        found.append(path)
    return found
