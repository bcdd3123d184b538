"""Deliveries leave at once, in order, again when they fail; time passes; all of it ends cleanly."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial

import pytest

from adapters.alarms.processes import until
from adapters.alarms.rows import put
from handrail import outbox
from handrail.adapters.alarms import Alarms, Waking, alarms
from handrail.adapters.memory import MemoryStore
from handrail.errors import Conflict, NotFound, Unavailable
from handrail.ports import Delivery, Effect, Sent, Store
from stores import KINDS, new_store


def wall() -> int:
    return time.time_ns() // 1_000_000


class Channel:
    """Keeps what it was given. `answer` says how a delivery goes."""

    def __init__(self, answer: Callable[[Effect], Sent] = lambda effect: Sent.SENT) -> None:
        self.got: list[str] = []
        self.answer = answer

    def deliver(self, effect: Effect, text: str) -> Sent:
        assert text
        said = self.answer(effect)
        self.got.append(effect.key)
        return said


@contextmanager
def running(
    store: Store, channel: Channel, fire: Callable[[int], int] = lambda limit: 0, tick: float = 0.1
) -> Iterator[Alarms]:
    found = Alarms(fire=fire, post=outbox.Post(store, channel), tick=tick)
    found.start()
    try:
        yield found
    finally:
        assert found.stop()


def status(store: Store, key: str) -> Delivery:
    with store.view() as unit:
        effect = unit.effect(key)
    assert effect
    return effect.status


@pytest.mark.parametrize("kind", KINDS)
def test_all_that_is_due_leaves_once_and_the_effects_of_a_case_in_order(kind: str) -> None:
    store, channel = new_store(kind, wall), Channel()
    keys = put(store, [f"c{number}" for number in range(30)], effects=4)
    with running(store, channel):
        until(lambda: len(channel.got) >= len(keys), 30)
        time.sleep(0.3)
    assert sorted(channel.got) == sorted(keys)
    for name in {key.split("/")[0] for key in keys}:
        assert [k for k in channel.got if k.startswith(f"{name}/")] == [
            f"{name}/{number}" for number in range(1, 5)
        ]
    assert {status(store, key) for key in keys} == {Delivery.SENT}


def test_a_commit_wakes_the_carriers_before_the_next_tick() -> None:
    store, channel = MemoryStore(wall), Channel()
    with running(store, channel, tick=30) as found:
        time.sleep(0.2)
        put(Waking(store, found.wake), ["c"])
        assert until(lambda: channel.got, 5) < 2
        with Waking(store, found.wake).view() as unit:
            assert unit.case("c")
    assert channel.got == ["c/1"]


def test_a_unit_that_fails_wakes_nobody() -> None:
    woken: list[int] = []
    store = Waking(MemoryStore(wall), lambda: woken.append(1))
    with pytest.raises(RuntimeError), store.unit():
        raise RuntimeError
    assert not woken
    with store.unit():
        pass
    assert woken


def test_stopping_wakes_the_threads_and_leaves_none() -> None:
    before = threading.active_count()
    with running(MemoryStore(wall), Channel(), tick=60):
        assert threading.active_count() == before + 6
    assert threading.active_count() == before


def test_a_delivery_that_hangs_does_not_keep_the_stop() -> None:
    store, under_way, free = MemoryStore(wall), threading.Event(), threading.Event()

    def answer(_: Effect) -> Sent:
        under_way.set()
        return Sent.SENT if free.wait(30) else Sent.FAILED

    channel = Channel(answer)
    found = Alarms(fire=lambda limit: 0, post=outbox.Post(store, channel), tick=0.05)
    put(store, ["c"])
    found.start()
    until(under_way.is_set, 5)
    begun = time.monotonic()
    assert not found.stop(timeout=0.3)
    assert time.monotonic() - begun < 2
    free.set()
    assert found.stop(timeout=5)


def test_what_fails_is_tried_again_with_growing_rests() -> None:
    tried: list[float] = []

    def answer(_: Effect) -> Sent:
        tried.append(time.monotonic())
        return Sent.FAILED if len(tried) < 3 else Sent.SENT

    store = MemoryStore(wall)
    put(store, ["c"])
    with running(store, Channel(answer), tick=0.05):
        until(lambda: len(tried) == 3, 15)
        until(lambda: status(store, "c/1") is Delivery.SENT, 5)
    assert 0.9 < tried[1] - tried[0] < 1.9 < tried[2] - tried[1]


def test_a_case_whose_receiver_hangs_holds_up_no_other() -> None:
    free = threading.Event()

    def answer(effect: Effect) -> Sent:
        if effect.case == "slow":
            free.wait(30)
        return Sent.SENT

    store, channel = MemoryStore(wall), Channel(answer)
    put(store, ["slow"], effects=50)
    keys = put(store, [f"c{number}" for number in range(50)])
    with running(store, channel):
        until(lambda: set(keys) <= set(channel.got), 10)
        assert not [key for key in channel.got if key.startswith("slow")]
        free.set()
        until(lambda: len(channel.got) == 100, 10)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_delivery_that_lasts_keeps_its_lease(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "LEASE", 600)
    monkeypatch.setattr(alarms, "_RENEW", 0.15)
    store = new_store(kind, wall)
    channel = Channel(lambda effect: time.sleep(2) or Sent.SENT)  # type: ignore[func-returns-value]
    put(store, ["c"])
    with running(store, channel), running(store, channel):
        until(lambda: status(store, "c/1") is Delivery.SENT, 10)
    assert channel.got == ["c/1"]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_delivery_whose_process_died_is_taken_over(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "LEASE", 600)
    store, channel = new_store(kind, wall), Channel()
    put(store, ["c"])

    def die(_: Effect) -> Sent:
        raise KeyboardInterrupt  # no `except Exception` sees it: what follows is not done

    with pytest.raises(KeyboardInterrupt):
        outbox.drain(store, Channel(die))
    with running(store, channel):
        assert until(lambda: channel.got, 10) > 0.3
    assert status(store, "c/1") is Delivery.SENT


def test_deadlines_are_fired_until_none_is_left_and_after_an_error_too() -> None:
    answers = [5, 5, 2, Unavailable("away"), RuntimeError("x"), 0]
    asked: list[int] = []

    def fire(limit: int) -> int:
        asked.append(limit)
        said = answers[len(asked) - 1] if len(asked) <= len(answers) else 0
        if isinstance(said, Exception):
            raise said
        return said

    found = Alarms(fire=fire, post=outbox.Post(MemoryStore(wall), Channel()), batch=5, tick=0.02)
    found.start()
    until(lambda: len(asked) > 8, 10)
    assert found.stop()
    assert set(asked) == {5}


def test_the_store_may_be_away_for_a_while() -> None:
    store, channel = MemoryStore(wall), Channel()
    post, away = outbox.Post(store, channel), threading.Event()
    away.set()

    class Away:
        def due(self, limit: int) -> list[Sequence[Effect]]:
            if away.is_set():
                raise Unavailable("the database cannot be reached")
            return post.due(limit)

        carry = staticmethod(post.carry)
        renew = staticmethod(post.renew)

    found = Alarms(fire=lambda limit: 0, post=Away(), tick=0.05)
    found.start()
    keys = put(store, ["a", "b"])
    time.sleep(0.3)
    assert not channel.got
    away.clear()
    until(lambda: sorted(channel.got) == keys, 10)
    assert found.stop()


@pytest.mark.parametrize("kind", KINDS)
def test_what_has_failed_is_listed_and_tried_again_or_dropped(kind: str) -> None:
    clock = [wall()]
    store = new_store(kind, lambda: clock[0])
    put(store, ["a", "b"])
    broken = Channel(lambda effect: Sent.FAILED)
    for _ in range(outbox.TRIES):
        outbox.drain(store, broken)
        clock[0] += 700_000
    assert len(broken.got) == 2 * outbox.TRIES
    assert {one.key for one in outbox.failed(store)} == {"a/1", "b/1"}
    assert len(outbox.failed(store, limit=1)) == 1
    assert outbox.drain(store, Channel()) == 0

    outbox.retry(store, "a/1", "ana")
    outbox.drop(store, "b/1", "ana")
    assert not outbox.failed(store)
    mended = Channel()
    assert outbox.drain(store, mended) == 1
    assert mended.got == ["a/1"]
    with store.view() as unit:
        said = {
            name: [(e.actor, e.body["status"], e.body.get("error")) for e in unit.entries(name)]
            for name in ("a", "b")
        }
    assert said["a"] == [
        ("system", "failed", None),
        ("human:ana", "queued", None),
        ("system", "sent", None),
    ]
    assert said["b"] == [("system", "failed", None), ("human:ana", "cancelled", "dropped")]
    for act in (partial(outbox.retry, store), partial(outbox.drop, store)):
        with pytest.raises(Conflict):
            act("a/1", "ana")
        with pytest.raises(NotFound):
            act("x/1", "ana")


@pytest.mark.parametrize("kind", KINDS)
def test_who_lost_the_lease_changes_nothing_by_failing_late(kind: str) -> None:
    clock = [wall()]
    store = new_store(kind, lambda: clock[0])
    put(store, ["c"])
    inner = Channel()

    def answer(_: Effect) -> Sent:
        clock[0] += outbox.LEASE + 1
        assert outbox.drain(store, inner) == 1
        return Sent.FAILED

    assert outbox.drain(store, Channel(answer)) == 0
    with store.view() as unit:
        found = unit.effect("c/1")
        assert found
        assert (found.status, found.attempts) == (Delivery.SENT, 2)
        assert [one.body["status"] for one in unit.entries("c")] == ["sent"]


def test_the_engine_of_the_jobs_is_imported_by_jobs_only() -> None:
    code = (
        "import sys, handrail.adapters.alarms, handrail.outbox\n"
        "assert 'dbos' not in sys.modules and 'sqlalchemy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
