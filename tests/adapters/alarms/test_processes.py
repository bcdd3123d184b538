"""Real processes, killed: what they were at is taken over, and nothing is lost."""

import itertools
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.alarms.processes import begin, ended, notes, open_of, until
from adapters.alarms.rows import put
from handrail.adapters.sql import SqlStore
from handrail.ports import Delivery
from postgres import drop_database, fresh_database, server_or_skip

TAKEN_OVER = 30  # seconds; the bar is 10, which `python -m tests.crash` measures on an idle machine

Started = list[subprocess.Popen[str]]


@pytest.fixture
def started() -> Iterator[Started]:
    """Processes that end with the test."""
    found: Started = []
    yield found
    for one in found:
        one.kill()
        one.wait()
        if one.stdin:
            one.stdin.close()


@pytest.fixture
def postgres() -> Iterator[str]:
    url = fresh_database(server_or_skip())
    yield url
    drop_database(url)


def sent(store: SqlStore, keys: list[str]) -> bool:
    with store.view() as unit:
        found = [unit.effect(key) for key in keys]
    return all(one and one.status is Delivery.SENT for one in found)


def unmarked(store: SqlStore, log: Path, pid: int) -> set[str]:
    """What a dead process had begun and not yet marked as sent, though its receiver may have it:
    this may be delivered twice, and nothing else.
    """
    begun = {one.key for one in notes(log) if (one.what, one.pid) == ("begin", pid)}
    return {key for key in begun if not sent(store, [key])}


def shares(log: Path) -> set[int]:
    """The processes that have ended something."""
    return {one.pid for one in notes(log) if one.what == "end"}


def pids(started: Started) -> set[int]:
    return {one.pid for one in started}


def test_three_processes_share_the_work_and_take_over_from_one_that_is_killed(
    postgres: str, tmp_path: Path, started: Started
) -> None:
    store, log = SqlStore(postgres, workspace="w"), tmp_path / "log"
    started += [begin(postgres, "w", log, 1.0) for _ in range(3)]
    keys = put(store, [f"c{number}" for number in range(90)])
    victim = started[0]
    until(lambda: open_of(log, victim.pid) and shares(log) == pids(started), 60)
    victim.send_signal(signal.SIGKILL)
    victim.wait()
    died, lost = time.time(), open_of(log, victim.pid)
    twice = unmarked(store, log, victim.pid)
    assert lost
    assert lost <= twice
    until(lambda: lost <= ended(log), TAKEN_OVER + 5)
    took = max(min(n.at for n in notes(log) if (n.what, n.key) == ("end", key)) for key in lost)
    assert took - died < TAKEN_OVER
    until(lambda: ended(log) == set(keys), 60)
    until(lambda: sent(store, keys), 20)
    again = [key for key in keys if sum(n[:2] == ("begin", key) for n in notes(log)) > 1]
    assert set(again) <= twice  # only what was under way when it died


def test_after_a_kill_a_process_on_sqlite_goes_on_where_it_was(
    tmp_path: Path, started: Started
) -> None:
    url, log = f"sqlite:///{tmp_path / 'store.db'}", tmp_path / "log"
    store = SqlStore(url, workspace="w")
    keys = put(store, [f"c{number}" for number in range(10)], effects=2)
    started.append(begin(url, "w", log, 0.5))
    until(lambda: len(ended(log)) > 2 and open_of(log, started[0].pid), 20)
    started[0].kill()
    started[0].wait()
    lost = open_of(log, started[0].pid)
    twice = unmarked(store, log, started[0].pid)
    assert lost
    assert lost <= twice
    assert ended(log) != set(keys)
    started.append(begin(url, "w", log, 0.1))
    until(lambda: lost <= ended(log), TAKEN_OVER)
    until(lambda: ended(log) == set(keys), 20)
    until(lambda: sent(store, keys), 5)
    begun = [n.key for n in notes(log) if n.what == "begin" and n.key != "-"]
    assert {key for key, found in itertools.groupby(sorted(begun)) if len(list(found)) > 1} <= twice


def ask(process: subprocess.Popen[str], *keys: str) -> None:
    """Have a process do the job `slow` under these ids."""
    assert process.stdin
    process.stdin.writelines(f"{key}\n" for key in keys)
    process.stdin.flush()


def test_jobs_of_a_killed_process_are_taken_over_by_another(
    postgres: str, tmp_path: Path, started: Started
) -> None:
    log = tmp_path / "log"
    started += [begin(postgres, "w", log, 3.0, f"e{number}") for number in (1, 2)]
    ask(started[0], "a", "b", "c", "d")
    until(lambda: open_of(log, started[0].pid), 20)
    started[0].kill()
    started[0].wait()
    died, lost = time.time(), open_of(log, started[0].pid)
    assert lost
    until(lambda: lost <= open_of(log, started[1].pid) | ended(log), 20)
    resumed = [n.at for n in notes(log) if n.what == "begin" and n.key in lost and n.at > died]
    assert max(resumed) - died < TAKEN_OVER
    until(lambda: ended(log) == {"a", "b", "c", "d"}, 30)


def test_jobs_go_on_after_a_kill_on_sqlite(tmp_path: Path, started: Started) -> None:
    url, log = f"sqlite:///{tmp_path / 'store.db'}", tmp_path / "log"
    started.append(begin(url, "w", log, 2.0, "any"))
    ask(started[0], "a", "b", "c")
    until(lambda: open_of(log, started[0].pid), 20)
    started[0].kill()
    started[0].wait()
    started.append(begin(url, "w", log, 0.1, "any"))
    until(lambda: ended(log) == {"a", "b", "c"}, 30)
