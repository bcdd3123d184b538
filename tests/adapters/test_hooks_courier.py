"""The courier: changes leave soon, once in a while to the same receiver, and it ends in time."""

import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from adapters.hooking import BY, LOOPBACK, Receiver, happen, receiver
from handrail.adapters.hooks.courier import AT_ONCE, EACH, Courier
from handrail.adapters.hooks.guard import networks
from handrail.adapters.hooks.sender import Sender
from handrail.adapters.sql import SqlStore
from handrail.adapters.sql.backup import back_up
from handrail.adapters.sql.hooks import Hooks
from handrail.adapters.sql.restore import restore
from handrail.adapters.sql.store import wall_clock
from handrail.errors import Unavailable
from postgres import drop_database, fresh_database, server_or_skip
from stores import database

SQL = ("sqlite", "postgresql")
Start = Callable[[SqlStore], Courier]


@pytest.fixture(params=SQL)
def store(request: pytest.FixtureRequest) -> SqlStore:
    return database(request.param).within(f"courier-{request.node.name}")


@pytest.fixture
def there() -> Iterator[Receiver]:
    with receiver() as made:
        yield made


@pytest.fixture
def start() -> Iterator[Start]:
    made: list[Courier] = []

    def one(store: SqlStore) -> Courier:
        own = store.within(store.workspace, wall_clock)
        made.append(
            Courier(Hooks(own, LOOPBACK), Sender(networks(LOOPBACK)), wall_clock, tick=0.05)
        )
        made[-1].start()
        return made[-1]

    yield one
    for courier in made:
        courier.stop(5)


def until(done: Callable[[], object]) -> None:
    end = time.monotonic() + 30
    while not done():
        assert time.monotonic() < end, "it did not come in time"
        time.sleep(0.01)


def test_several_couriers_share_the_work_and_double_nothing(
    store: SqlStore, start: Start, there: Receiver
) -> None:
    hooks = Hooks(store, LOOPBACK)
    made, secret = hooks.add(there.url, ["case.*"], by=BY)
    couriers = [start(store) for _ in range(3)]
    for number in range(40):
        happen(store, "open", case=f"c{number}")
        couriers[number % 3].wake()
    until(lambda: len(hooks.deliveries(made.id, status="sent", limit=500).hooks) == 40)
    assert sorted(got.event["subject"] for got in there.got) == sorted(f"c{n}" for n in range(40))
    assert all(there.verify(secret, number) for number in range(40))


def test_a_receiver_that_hangs_leaves_the_others_alone(
    store: SqlStore, start: Start, there: Receiver
) -> None:
    free = threading.Event()
    most, now, lock = 0, 0, threading.Lock()

    def hang(_: BaseHTTPRequestHandler) -> bool:
        nonlocal most, now
        with lock:
            now += 1
            most = max(most, now)
        free.wait(10)
        with lock:
            now -= 1
        return False

    hooks = Hooks(store, LOOPBACK)
    with receiver() as slow:
        slow.act = hang
        hooks.add(slow.url, ["case.*"], by=BY)
        quick, _ = hooks.add(there.url, ["case.*"], by=BY)
        courier = start(store)
        happen(store, *["open"] * 20)
        until(lambda: len(hooks.deliveries(quick.id, status="sent").hooks) == 20)
        assert len(there.got) == 20
        assert not courier.stop(0.2)  # what hangs is left behind
        assert most == EACH < AT_ONCE
        free.set()
        assert courier.stop(5)


def test_a_courier_that_was_stopped_sends_nothing_and_the_next_goes_on(
    store: SqlStore, start: Start, there: Receiver
) -> None:
    hooks = Hooks(store, LOOPBACK)
    hooks.add(there.url, ["case.*"], by=BY)
    first = start(store)
    happen(store, "open")
    until(lambda: len(there.got) == 1)
    assert first.stop(5)
    happen(store, "accept")
    first.wake()
    time.sleep(0.3)
    assert len(there.got) == 1
    start(store)
    until(lambda: len(there.got) == 2)


def test_a_store_that_fails_for_a_while_stops_nothing(
    store: SqlStore, start: Start, there: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    hooks = Hooks(store, LOOPBACK)
    hooks.add(there.url, ["case.*"], by=BY)
    real, fails = Hooks.spread, [Unavailable("away"), RuntimeError("a bug")]

    def spread(self: Hooks, limit: int = 200) -> bool:
        if fails:
            raise fails.pop()
        return real(self, limit)

    monkeypatch.setattr(Hooks, "spread", spread)
    start(store)
    happen(store, "open")
    until(lambda: len(there.got) == 1)
    assert not fails


@pytest.mark.parametrize("kind", SQL)
def test_a_restored_store_sends_what_was_not_sent_and_knows_what_was(
    kind: str, tmp_path: Path, start: Start, there: Receiver
) -> None:
    """A backup with one webhook sent, one queued and one entry that nobody has read yet."""
    first = SqlStore(f"sqlite:///{tmp_path / 'first.db'}", durable=False)
    hooks = Hooks(first, LOOPBACK)
    made, secret = hooks.add(there.url, ["case.*"], by=BY)
    happen(first, "open", case="before")
    courier = start(first)
    until(lambda: len(there.got) == 1)
    assert courier.stop(5)
    happen(first, "open", case="queued")
    hooks.spread()
    happen(first, "open", case="unread")
    back_up(first.url, tmp_path / "backup")
    first.close()
    url = f"sqlite:///{tmp_path / 'second.db'}"
    if kind == "postgresql":
        url = fresh_database(server_or_skip())
    restore(tmp_path / "backup", url)
    second = SqlStore(url, durable=False)
    try:
        happen(second, "open", case="after")
        courier = start(second)
        until(lambda: len(there.got) >= 4)
        time.sleep(0.3)
        told = sorted(got.event["subject"] for got in there.got)
        assert told == ["after", "before", "queued", "unread"]
        assert len({got.id for got in there.got}) == 4
        assert all(there.verify(secret, number) for number in range(4))
        assert len(Hooks(second, LOOPBACK).deliveries(made.id).hooks) == 4
        assert courier.stop(5)
    finally:
        second.close()
        if kind == "postgresql":
            drop_database(url)
