"""The disk of a SQLite store is full: refused with a clear error, nothing half-written, and it
goes on when there is room again.
"""

import contextlib
import os
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from crash import check, place, traffic
from handrail.adapters.sql import SqlStore
from handrail.core.model import Role, Turn
from handrail.engine import Engine
from handrail.errors import Unavailable

LONG = "The lamp that I bought does not light up. " * 200


class Space(Protocol):
    """A place that can be made full."""

    folder: Path

    def fill(self, store: SqlStore, /) -> None:
        """No room any more; may be called again to make sure."""

    def free(self, store: SqlStore, /) -> None:
        """Room again."""


class Pages:
    """SQLite's own bound on the size of a file, which works everywhere."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._most = 0

    def fill(self, store: SqlStore) -> None:
        self._most = self._most or self._ask(store, "page_count") + 2
        self._ask(store, f"max_page_count = {self._most}")

    def free(self, store: SqlStore) -> None:
        self._ask(store, "max_page_count = 1000000")

    @staticmethod
    def _ask(store: SqlStore, pragma: str) -> int:
        with store.unit() as unit:  # the bound is the connection's that writes
            found: int = unit._cursor.execute(f"pragma {pragma}").fetchone()[0]  # type: ignore[attr-defined]
        return found


class Tmpfs:
    """A real file system of a few megabytes, and a file that takes up what is left of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ballast = folder / "ballast"

    def fill(self, _: SqlStore) -> None:
        with self.ballast.open("ab", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(b"0" * 4096)

    def free(self, _: SqlStore) -> None:
        self.ballast.unlink()


@pytest.fixture(params=["pages", "tmpfs"])
def space(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Space]:
    if request.param == "pages":
        yield Pages(tmp_path)
        return
    mount = ["/bin/mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", str(tmp_path)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a file system of our own can be mounted by root only")
    try:
        yield Tmpfs(tmp_path)
    finally:
        subprocess.run(["/bin/umount", "-l", str(tmp_path)], check=True)


def test_a_full_disk_is_told_and_nothing_is_half_written(space: Space) -> None:
    url, now = f"sqlite:///{space.folder}/store.db", place.NOON
    store = SqlStore(url, clock=lambda: now)
    engine = Engine(store, place.deployment())
    found = check.Journals()
    names = [f"c{number}" for number in range(5)]
    random = place.chance(1)

    def call(number: int, *, long: bool = False) -> traffic.Call:
        case = names[number % len(names)]
        made = traffic.next_call(random, engine, case, f"n{number}")
        if long:
            turn = Turn(role=Role.CUSTOMER, text=f"{LONG} (n{number})")
            made = {"id": made["id"], "case": case, "turn": traffic.turn_data(turn)}
        found.calls[made["id"]] = made
        return made

    def give(made: traffic.Call) -> None:
        found.answers[made["id"]] = traffic.make(engine, made)

    def refusal(made: traffic.Call) -> Unavailable | None:
        try:
            give(made)
        except Unavailable as problem:
            return problem
        return None

    for number in range(30):
        give(call(number))
    refused = []
    for number in range(30, 60):
        space.fill(store)
        made = call(number, long=True)
        before = check.read(store, names)
        problem = refusal(made)
        if problem is not None:
            assert "full" in str(problem)
            assert "make room" in problem.hint
            assert check.read(store, names) == before, "something was half-written"
            refused.append(made)
    assert len(refused) > 20
    assert list(check.whole(store, found)) == []
    space.free(store)
    for made in refused:
        give(made)
    seen = check.read(store, names)
    for wrong in (
        check.applied(found, seen),
        check.laws(seen),
        check.chained(store),
        check.again(engine, found),
    ):
        assert list(wrong) == []
    store.close()
    with contextlib.closing(sqlite3.connect(space.folder / "store.db")) as connection:
        assert connection.execute("pragma integrity_check").fetchone() == ("ok",)
