"""Slow jobs under way when their process is killed: each is finished by somebody, once."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from crash import place

LASTS = 2.0  # seconds that a job takes
EVERY = 2.5  # seconds between two that a worker asks for
LAST = "no-more-jobs"  # a file of the rig that says so
_AT_ITS_END = 1_000  # milliseconds: who dies so soon after the last line has not yet said so


class Note(NamedTuple):
    """A line of a journal: a job was `asked` for, or its work reached `begin` or `end`."""

    what: str
    key: str
    worker: str
    at: int


def notes(folder: Path) -> list[Note]:
    """What all lives of all workers wrote of their jobs, oldest first."""
    found = [
        Note(line["what"], line["job"], path.stem, line["at"])
        for path in folder.glob("*.journal")
        for line in place.records(path)
        if "job" in line
    ]
    return sorted(found, key=lambda one: one.at)


def unfinished(found: Sequence[Note]) -> set[str]:
    """Jobs that were asked for, which was acknowledged, and that nobody has ended."""
    asked, ended = ({one.key for one in found if one.what == what} for what in ("asked", "end"))
    return asked - ended


def wrong(found: Sequence[Note], kills: Sequence[int]) -> Iterator[str]:
    """Lost jobs, and those that were ended twice although nobody died at the end of the first."""
    for key in sorted(unfinished(found)):
        yield f"job `{key}` was asked for, and nobody has finished it"
    ends = defaultdict(list)
    for one in found:
        if one.what == "end":
            ends[one.key].append(one.at)
    for key, times in ends.items():
        for at in times[:-1]:
            if not any(at <= kill <= at + _AT_ITS_END for kill in kills):
                yield f"job `{key}` was finished {len(times)} times"


def taken_over(found: Sequence[Note], kills: Sequence[tuple[int, str]]) -> list[int]:
    """For each kill of a worker that was at a job: the milliseconds until all of them went on."""
    took = []
    for kill, worker in kills:
        mine = [one for one in found if one.worker == worker and one.at <= kill]
        begun, ended = ({one.key for one in mine if one.what == what} for what in ("begin", "end"))
        again = [
            min((one.at for one in found if one.key == key and one.at > kill), default=None)
            for key in begun - ended
        ]
        if again and None not in again:
            took.append(max(at for at in again if at is not None) - kill)
    return took
