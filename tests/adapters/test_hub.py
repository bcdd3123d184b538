"""Wake-ups: at once in the process, soon in others, each second in any case, and never for good."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from handrail.adapters.sql import hub as hubs
from handrail.adapters.sql.hub import Hub, LiveStore
from handrail.books import ROSTER, write
from handrail.core.ownership import Actor, Party
from handrail.ports import Entry
from postgres import drop_database, fresh_database, server_or_skip

SYSTEM = Actor(kind=Party.SYSTEM)


@pytest.fixture
def url() -> Iterator[str]:
    made = fresh_database(server_or_skip())
    yield made
    drop_database(made)


@pytest.fixture
def hub(url: str) -> Iterator[Callable[[], Hub]]:
    begun: list[Hub] = []

    def one() -> Hub:
        made = Hub(url)
        made.start()
        begun.append(made)
        return made

    yield one
    for made in begun:
        made.stop()


class Woken:
    """Counts wake-ups."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self.event = threading.Event()

    def __call__(self) -> None:
        self.times.append(time.monotonic())
        self.event.set()


def test_a_process_is_woken_within_the_commit(url: str) -> None:
    hub, woken = Hub(url), Woken()
    hub.join("a", woken)
    hub.wake("b")
    assert not woken.times
    hub.wake("a")
    assert len(woken.times) == 1


def test_who_has_left_is_not_woken(url: str) -> None:
    hub, woken, stays = Hub(url), Woken(), Woken()
    leave = hub.join("a", woken)
    hub.join("a", stays)
    leave()
    hub.wake("a")
    assert not woken.times
    assert stays.times


def test_another_process_is_woken_by_a_notification(
    hub: Callable[[], Hub], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hubs, "POLL", 60.0)  # so that nothing else wakes it
    here, there = hub(), hub()
    woken, other = Woken(), Woken()
    there.join("a", woken)
    there.join("b", other)
    time.sleep(0.5)  # until it listens
    woken.times.clear()
    woken.event.clear()
    other.times.clear()
    for _ in range(100):
        here.wake("a")
    assert woken.event.wait(5)
    time.sleep(0.2)
    assert 1 <= len(woken.times) < 100  # many commits are told together
    assert not other.times


def test_nobody_hears_himself_twice(
    hub: Callable[[], Hub], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hubs, "POLL", 60.0)
    here, woken = hub(), Woken()
    time.sleep(0.5)
    here.join("a", woken)
    here.wake("a")
    time.sleep(0.3)
    assert len(woken.times) == 1


def test_a_connection_that_breaks_is_made_again_and_what_was_missed_is_looked_at(
    hub: Callable[[], Hub], url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hubs, "POLL", 60.0)
    here, there, woken = hub(), hub(), Woken()
    there.join("a", woken)
    time.sleep(0.5)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where datname = current_database() and pid <> pg_backend_pid()"
        )
    woken.event.clear()
    assert woken.event.wait(10)  # it listens again, and looks
    time.sleep(0.3)
    woken.event.clear()
    here.wake("a")
    assert woken.event.wait(10)


def test_each_second_in_any_case(tmp_path: Path) -> None:
    hub, woken = Hub(f"sqlite:///{tmp_path / 'x.db'}"), Woken()
    hub.join("a", woken)
    hub.start()
    assert woken.event.wait(3)
    hub.stop()


def test_a_live_store_tells_of_what_was_committed_and_of_nothing_else(tmp_path: Path) -> None:
    store, told = LiveStore(f"sqlite:///{tmp_path / 'x.db'}"), list[Entry]()
    store.after = told.extend
    with store.unit() as unit:
        write(unit, ROSTER, "changed", SYSTEM, {})
        assert not told
    assert [one.name for one in told] == ["changed"]
    with suppress(ZeroDivisionError), store.unit() as unit:
        write(unit, ROSTER, "undone", SYSTEM, {})
        raise ZeroDivisionError
    assert [one.name for one in told] == ["changed"]
    assert store.within("other").after is not None
