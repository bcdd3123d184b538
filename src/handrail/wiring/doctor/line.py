"""What the doctor says, a line at a time; and a check that fails is something that is wrong."""

from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from typing import NamedTuple

from handrail.errors import HandrailError

NAMED = 5
"""Of many that have the same, so many are named."""


class Level(StrEnum):
    """Look: it works, and somebody should look at it. Wrong: something does not work."""

    OK = "ok"
    LOOK = "look"
    WRONG = "wrong"


class Line(NamedTuple):
    """One thing that was looked at: its name, how it is, and the command that mends it."""

    name: str
    level: Level
    note: str
    mend: str = ""


def ok(name: str, note: str) -> Line:
    """All is well."""
    return Line(name, Level.OK, note)


def look(name: str, note: str, mend: str) -> Line:
    """Somebody should look at it."""
    return Line(name, Level.LOOK, note, mend)


def wrong(name: str, note: str, mend: str) -> Line:
    """It does not work."""
    return Line(name, Level.WRONG, note, mend)


def tried(name: str, work: Callable[[], Iterable[Line]]) -> Iterator[Line]:
    """The lines of a check; one that cannot be made is wrong itself."""
    try:
        yield from work()
    except HandrailError as problem:
        yield wrong(name, problem.message, problem.hint)
    except Exception as problem:  # noqa: BLE001  # whatever it is, the other checks go on
        yield wrong(name, f"this could not be looked at: {type(problem).__name__}", "")


def span(milliseconds: float) -> str:
    """A length of time as people say it."""
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1000)):
        if milliseconds >= size:
            return f"{milliseconds / size:.0f} {unit}"
    return f"{milliseconds:.0f} ms"


def listed(names: Iterable[object]) -> str:
    """Names in backticks, not too many."""
    found = [f"`{one}`" for one in names]
    more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
    return ", ".join(found[:NAMED]) + more


def size(count: float) -> str:
    """Bytes as people say them."""
    for unit in ("bytes", "KiB", "MiB"):
        if count < 1024:
            return f"{count:.0f} {unit}"
        count /= 1024
    return f"{count:.1f} GiB"
