"""What all processes of a rig agree on: where things are, what time it is, which pack is active."""

import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from handrail import packs
from handrail.adapters.sql import SqlStore
from handrail.core.routing import Availability, Roster
from handrail.core.sla import SlaPolicy
from handrail.core.sla.settings import Clock
from handrail.engine import Deployment, deploy
from handrail.packs import roster as rosters

NOON = int(datetime(2026, 11, 23, 12, 30, tzinfo=ZoneInfo("Europe/Madrid")).timestamp()) * 1000
TESTS = Path(__file__).resolve().parent.parent
OK, BROKEN = 0, 3  # how a worker ends: as it was told to, or because of what must not happen


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """One rig. `offset` is what its time is ahead of the wall's; `receiver` a port of loopback;
    `jobs`: its workers do slow jobs, too.
    """

    folder: str
    url: str
    receiver: int
    offset: int
    cases: int
    jobs: bool = False

    def save(self) -> None:
        """Leave it where the workers look."""
        (Path(self.folder) / "setup.json").write_text(json.dumps(asdict(self)))

    def clock(self) -> int:
        """The time of the store, in milliseconds since the epoch."""
        return now() + self.offset

    def store(self) -> SqlStore:
        """The store, opened by its address as every process does."""
        return SqlStore(self.url, clock=self.clock)

    def names(self) -> list[str]:
        """The cases that there may be."""
        return [f"c{number}" for number in range(self.cases)]


def setup(folder: str) -> Setup:
    """What `save` left."""
    return Setup(**json.loads((Path(folder) / "setup.json").read_text()))


def now() -> int:
    """The wall's time in milliseconds."""
    return time.time_ns() // 1_000_000


def noon() -> int:
    """The offset that makes it a working day's noon now, when all queues are open."""
    return NOON - now()


def chance(seed: object) -> Random:
    """Chance that can be repeated: nothing secret depends on it."""
    return Random(str(seed))  # see above


def deployment(*, people: bool = True, crowd: Sequence[str] = ()) -> Deployment:
    """The starter pack for chat with clocks of seconds, so that they run out while a rig runs.

    Its people have all day and many hands; without `people` all are busy, and nobody is asked.
    `crowd`: ids of more of them.
    """
    pack = packs.load("support-chat")
    found = rosters.load("support-chat", pack)
    state = Availability.ONLINE if people else Availability.BUSY
    able = [replace(o, capacity=60, shifts=None, availability=state) for o in found.people]
    able += [replace(able[0], id=name) for name in crowd]
    hasty = replace(pack, sla=tuple(_hasty(one) for one in pack.sla))
    return deploy(hasty, Roster(version=found.version, people=tuple(able)))


def _hasty(policy: SlaPolicy) -> SlaPolicy:
    return replace(
        policy,
        time_to_accept=20,
        first_response=30,
        next_response=40,
        ai_silence=20,
        holder_silence=90,
        check_back=300,
        clock=Clock.CALENDAR,
    )


def records(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of a journal. The last one may be torn: who wrote it was killed."""
    if not path.exists():
        return
    for line in path.read_bytes().splitlines(keepends=True):
        if line.endswith(b"\n"):
            yield json.loads(line)


def command(module: str, *args: object) -> list[str]:
    """What starts a module of the rig as a process of its own."""
    return [sys.executable, "-m", f"crash.{module}", *map(str, args)]
