"""The writer's lock: in the order of asking, whatever interrupts one that waits."""

import threading
import time

import pytest

from handrail.adapters.sql.turnstile import Turnstile


def test_it_is_given_in_the_order_in_which_it_was_asked_for() -> None:
    lock, passed = Turnstile(), []

    def go(name: int) -> None:
        with lock:
            passed.append(name)

    threads = [threading.Thread(target=go, args=(name,)) for name in range(8)]
    with lock:
        for number, one in enumerate(threads, 1):
            one.start()
            while len(lock._waiting) < number:
                time.sleep(0.001)
    for one in threads:
        one.join(5)
    assert passed == list(range(8))
    with lock:  # and it is free again
        pass


def test_who_writes_all_the_time_lets_the_others_write_as_often() -> None:
    lock, counts, stop = Turnstile(), [0, 0, 0], threading.Event()

    def go(number: int) -> None:
        while not stop.is_set():
            with lock:
                counts[number] += 1
                time.sleep(0.001)

    threads = [threading.Thread(target=go, args=(number,)) for number in range(3)]
    for one in threads:
        one.start()
    time.sleep(0.5)
    stop.set()
    for one in threads:
        one.join(5)
    assert max(counts) - min(counts) < max(counts) / 2, counts


@pytest.mark.parametrize("given", [False, True])
def test_who_is_interrupted_while_waiting_holds_up_nobody(
    given: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock, real = Turnstile(), threading.Lock

    class Interrupted:
        """The turn of one that is interrupted before, or just after, it has been given."""

        def __init__(self) -> None:
            self._lock, self._times = real(), 0

        def acquire(self) -> None:
            self._times += 1
            if self._times == 1:
                self._lock.acquire()
                return
            if given:
                lock.__exit__()  # whoever was before gives it to us just now
            raise KeyboardInterrupt

        def release(self) -> None:
            self._lock.release()

    lock.__enter__()
    monkeypatch.setattr(threading, "Lock", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        lock.__enter__()
    monkeypatch.undo()
    if not given:
        lock.__exit__()
    assert (lock._busy, list(lock._waiting)) == (False, [])
