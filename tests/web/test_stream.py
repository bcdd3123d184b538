"""Streams of a service that runs as a process of its own."""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from handrail import books
from handrail.adapters.sql import SqlStore
from handrail.core.ownership import Actor, Party
from postgres import drop_database, fresh_database, server_or_skip
from web.rig import Process, Watcher, deaf, until

Start = Callable[..., Process]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a service on a store of this test; what still runs is ended."""
    begun: list[Process] = []

    def one(**settings: Any) -> Process:
        made = Process(**({"data": tmp_path / "data", "port": 0} | settings))
        begun.append(made)
        return made

    yield one
    for made in begun:
        if made.process.poll() is None:
            made.end(signal.SIGKILL)


@pytest.fixture
def shared() -> Iterator[str]:
    url = fresh_database(server_or_skip())
    yield url
    drop_database(url)


def test_a_change_is_told_with_its_cursor_and_without_what_was_said(start: Start) -> None:
    service = start()
    watcher = Watcher(service.url)
    service.say("c-1", "m1", "I want to talk to a human about zebras.")
    until(lambda: len(watcher.changes) >= 7)
    ready, first = watcher.events[0], watcher.events[1]
    assert ready.name == "ready"
    assert first.name == "decision"
    assert first.data == {
        "case": "c-1",
        "number": 1,
        "at": first.data["at"],
        "name": "decision",
        "actor": "system",
        "epoch": [1, 1],
        "status": "proposed",
        "owner": first.data["owner"],
        "queue": "frontline",
        "workflow": "support",
    }
    assert "zebra" not in str([one.data for one in watcher.events])
    assert service.end() < 3
    assert "zebra" not in service.errors


def test_a_stop_with_fifty_open_streams_is_in_time_and_ends_them_whole(start: Start) -> None:
    service = start()
    watchers = [Watcher(service.url) for _ in range(50)]
    service.say("c-1", "m1")
    until(lambda: all(one.changes for one in watchers))
    assert service.end() < 3
    assert service.process.returncode == 0
    for one in watchers:
        one.join()
        assert one.whole


def test_a_request_under_way_is_answered_before_the_end(start: Start) -> None:
    service = start()
    with httpx.Client() as client:
        got: list[int] = []
        asked = threading.Thread(
            target=lambda: got.append(client.get(service.url + "/slow").status_code)
        )
        asked.start()
        time.sleep(0.2)
        took = service.end()
        asked.join()
    assert got == [200]
    assert took < 3


def test_resuming_across_a_kill_and_a_restart_loses_and_doubles_nothing(start: Start) -> None:
    service = start()
    seen: list[tuple[str, int]] = []
    last = ""
    for round_ in range(4):
        watcher = Watcher(service.url, last)
        for number in range(8):
            service.say(f"c-{number % 3}", f"{round_}.{number}", deliver="")
        until(lambda watcher=watcher: len(watcher.changes) > 2)  # type: ignore[misc]
        count = len(seen) + len(watcher.changes)
        service.end(signal.SIGKILL)
        watcher.join()
        assert not watcher.whole
        assert len(seen) + len(watcher.changes) >= count
        seen += watcher.changes
        last = watcher.last
        service = start()
        # What is written while nobody listens.
        service.say("c-9", f"alone-{round_}", "I want to talk to a human.")
    watcher = Watcher(service.url, last)
    everything = Watcher(service.url, "1-0")
    service.say("c-10", "end")
    until(lambda: ("c-10", 1) in watcher.changes and ("c-10", 1) in everything.changes)
    assert seen + watcher.changes == everything.changes
    assert len(set(everything.changes)) == len(everything.changes)
    assert len(everything.changes) > 40


def test_three_processes_on_one_database_see_each_others_changes_at_once(
    start: Start, shared: str
) -> None:
    services = [start(database_url=shared) for _ in range(3)]
    watchers = [Watcher(one.url) for one in services]
    for number in range(30):
        services[number % 3].say(f"c-{number % 5}", f"m{number}")
    services[0].say("end", "end")
    until(lambda: all(("end", 1) in one.changes for one in watchers))
    assert len(set(watchers[0].changes)) == len(watchers[0].changes) > 30
    assert watchers[0].changes == watchers[1].changes == watchers[2].changes
    waits = []
    for number in range(20):
        begun = time.monotonic()
        count = len(watchers[2].events)
        services[0].say(f"single-{number}", "m1")
        until(lambda count=count: len(watchers[2].events) > count)  # type: ignore[misc]
        waits.append(watchers[2].events[-1].at - begun)
    assert sorted(waits)[10] < 0.5  # by a notification, not by the look of every second


def test_a_cursor_goes_on_at_another_process(start: Start, shared: str) -> None:
    one, two = start(database_url=shared), start(database_url=shared)
    watcher = Watcher(one.url)
    for number in range(10):
        one.say(f"c-{number}", "m")
    until(lambda: len(watcher.changes) == 10)
    middle = watcher.events[5].id
    other = Watcher(two.url, middle)
    until(lambda: len(other.changes) == 5)
    two.say("c-11", "m")
    until(lambda: len(other.changes) == 6)
    assert other.changes == [*watcher.changes[5:10], ("c-11", 1)]


def test_a_stream_shows_only_its_queue_and_says_when_a_case_leaves_it(start: Start) -> None:
    service = start()
    people, machine = Watcher(service.url, queue="frontline"), Watcher(service.url, queue="")
    service.say("c-1", "m1")
    until(lambda: machine.changes == [("c-1", 1)])
    service.say("c-1", "m2", "I want to talk to a human.")
    service.say("c-2", "m1")
    until(lambda: ("c-2", 1) in machine.changes and people.changes)
    assert machine.changes == [("c-1", 1), ("c-2", 1)]
    gone = [one.data for one in machine.events if one.name == "gone"]
    assert gone == [{"case": "c-1"}]  # once, and not a word of what became of it
    assert {case for case, _ in people.changes} == {"c-1"}


def test_what_waited_for_a_reader_that_takes_nothing_is_bounded_and_it_is_dropped(
    start: Start,
) -> None:
    service = start(stream_buffer=20, stream_patience=1.0, heartbeat=0.2)
    slow = deaf(service.url)
    metrics = service.url + "/metrics"
    quick = Watcher(service.url)
    until(lambda: "handrail_streams 2.0" in httpx.get(metrics).text)
    number = 0
    while "handrail_streams 2.0" in httpx.get(metrics).text:
        assert number < 2000, "it was never dropped"
        for _ in range(50):
            service.say(f"c-{number % 7}-{'x' * 150}", f"m{number}")
            number += 1
    slow.close()
    until(lambda: len(quick.changes) >= number)
    assert not quick.ended


def test_a_key_that_is_gone_ends_its_streams_at_once(start: Start, tmp_path: Path) -> None:
    service = start(heartbeat=60)
    watcher = Watcher(service.url)
    service.post("/ban").raise_for_status()
    store = SqlStore(f"sqlite:///{tmp_path / 'data' / 'handrail.db'}")
    with store.unit() as unit:  # as the command line does it, in another process
        books.write(unit, books.ACCESS, "revoked", Actor(kind=Party.HUMAN, id="ana"), {})
    watcher.join(3)
    assert watcher.whole
    assert not watcher.changes


@pytest.mark.parametrize("bad", ["x", "1", "1-x", "%00"])
def test_what_is_no_cursor_is_told_before_the_stream_begins(start: Start, bad: str) -> None:
    service = start()
    found = httpx.get(service.url + "/events", params={"after": bad})
    assert found.status_code == 422


def test_a_cursor_of_another_store_begins_anew_and_says_so(start: Start) -> None:
    service = start()
    service.say("c-1", "m1")
    watcher = Watcher(service.url, "7-1")
    until(lambda: len(watcher.events) >= 2)
    assert [one.name for one in watcher.events[:2]] == ["reset", "ready"]
    service.say("c-1", "m2")
    until(lambda: watcher.changes == [("c-1", 2)])


def test_a_sign_of_life_moves_the_cursor_on(start: Start) -> None:
    service = start(heartbeat=0.2)
    watcher = Watcher(service.url, queue="nobody")
    service.say("c-1", "m1")
    first = watcher.events[0].id
    until(lambda: watcher.last != first)
    assert not watcher.changes
    again = Watcher(service.url, watcher.last)
    service.say("c-1", "m2")
    until(lambda: again.changes == [("c-1", 2)])


def test_more_streams_than_are_allowed_are_refused(start: Start) -> None:
    service = start(streams=2)
    kept = [Watcher(service.url), Watcher(service.url)]
    assert httpx.get(service.url + "/events").status_code == 503
    assert not any(one.ended for one in kept)
