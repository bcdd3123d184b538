"""Worker processes of the tests, and what they have written."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

WORKER = Path(__file__).with_name("worker.py")


class Note(NamedTuple):
    what: str
    key: str
    pid: int
    at: float


def begin(url: str, workspace: str, log: Path, seconds: float, *name: str) -> subprocess.Popen[str]:
    """A process, which is up when it has written `ready`."""
    args = [sys.executable, str(WORKER), url, workspace, str(log), str(seconds), *name]
    made = subprocess.Popen(args, stdin=subprocess.PIPE, text=True)
    up = Note("ready", "-", made.pid, 0.0)[:3]
    until(lambda: made.poll() is not None or any(one[:3] == up for one in notes(log)), 60)
    assert made.poll() is None
    return made


def notes(log: Path) -> list[Note]:
    if not log.exists():
        return []
    rows = [line.split() for line in log.read_text().splitlines()]
    return [Note(row[0], row[1], int(row[2]), float(row[3])) for row in rows if len(row) == 4]


def ended(log: Path) -> set[str]:
    return {one.key for one in notes(log) if one.what == "end"}


def open_of(log: Path, pid: int) -> set[str]:
    """What this process has begun and not ended."""
    mine = [one for one in notes(log) if one.pid == pid and one.key != "-"]
    return {one.key for one in mine} - {one.key for one in mine if one.what == "end"}


def until(true: Callable[[], object], seconds: float) -> float:
    """Wait for something; gives how long it took. Fails when it takes longer than that."""
    begun = time.monotonic()
    while not true():
        assert time.monotonic() - begun < seconds, "it did not happen in time"
        time.sleep(0.02)
    return time.monotonic() - begun
