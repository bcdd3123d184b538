"""Deadlines are fired each second, and effects are delivered as soon as they are committed.

Every process does both; there is no leader, so none has to be missed before another takes over.
They share the work by the rows: what one fires is locked, what one delivers is leased. A lease is
renewed while its delivery lasts, so what a dead process was at is taken over when it runs out.
"""

import logging
import random
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from queue import SimpleQueue
from typing import Protocol

from handrail.errors import HandrailError
from handrail.ports import Effect

_LOG = logging.getLogger("handrail.alarms")
TICK = 1.0
_APART = 0.05  # seconds between two looks for deliveries: commits under load are looked at together
_RENEW = 1.0  # seconds after which a delivery that lasts renews its lease, again and again
_AHEAD = 25  # deliveries that are read for each carrier at a time
_SHUT = 10.0


class Post(Protocol):
    """The outbox, as the alarms work it: `handrail.outbox.Post` is one."""

    def due(self, limit: int) -> list[Sequence[Effect]]:
        """What may leave now, by case; the effects of one in the order in which they leave."""

    def carry(self, lane: Sequence[Effect]) -> tuple[int, Sequence[Effect]]:
        """Deliver the first of these effects of one case, maybe more, each under a lease, unless
        somebody else was quicker; gives what is to be carried next.
        """

    def renew(self, after: float) -> object:
        """Hold the leases that were taken so many seconds ago for longer."""


class Alarms:
    """The clock and the carriers of one process.

    `fire` takes the deadlines that are due, at most `batch`, and gives how many they were.
    `carriers` is how many effects are delivered at the same time; those of one case leave one
    after the other. `wake` is called after commits; see `Waking`.
    """

    def __init__(
        self,
        *,
        fire: Callable[[int], int],
        post: Post,
        carriers: int = 4,
        batch: int = 1000,
        tick: float = TICK,
    ) -> None:
        self._fire, self._post, self._batch, self._tick = fire, post, batch, tick
        self._ahead = carriers * _AHEAD
        self._stop, self._news = threading.Event(), threading.Event()
        self._lanes: SimpleQueue[Sequence[Effect] | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._taken: set[str] = set()  # cases whose lane is waiting or under way
        names = ["clock", "post", *(f"carrier-{number}" for number in range(1, carriers + 1))]
        work = [self._clock, self._look, *[self._carry] * carriers]
        self._threads = [
            threading.Thread(target=target, name=f"handrail-{name}", daemon=True)
            for target, name in zip(work, names, strict=True)
        ]

    def start(self) -> None:
        """Begin. An instance is started once."""
        for thread in self._threads:
            thread.start()

    def stop(self, timeout: float = _SHUT) -> bool:
        """Finish what is being delivered, and end; whether that was done in time (seconds).

        What was not goes on in threads that do not keep the process, and is tried again elsewhere.
        """
        self._stop.set()
        self._news.set()
        for _ in self._threads[2:]:
            self._lanes.put(None)
        end = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def wake(self) -> None:
        """There may be something to deliver."""
        self._news.set()

    def _clock(self) -> None:
        """Fire what is due, batch by batch, then rest until the next tick."""
        while not self._stop.wait(self._tick):
            try:
                while self._fire(self._batch) >= self._batch and not self._stop.is_set():
                    pass
            except Exception as problem:  # noqa: BLE001  # time must not stop for whatever it is
                _tell("firing deadlines", problem)

    def _look(self) -> None:
        """Hand what is due to the carriers whenever there is news, and at each tick."""
        while not self._stop.is_set():
            self._news.wait(self._tick)
            self._news.clear()
            try:
                self._post.renew(_RENEW)
                if not self._stop.is_set():
                    self._share()
            except Exception as problem:  # noqa: BLE001  # as above
                _tell("looking for deliveries", problem)
            self._stop.wait(_APART)

    def _share(self) -> None:
        """One lane a case, in order; processes begin at different ones, to meet seldom."""
        with self._lock:
            if len(self._taken) >= self._ahead:
                return
        found = self._post.due(self._ahead + len(self._taken))
        random.shuffle(found)
        for lane in found:
            with self._lock:
                if lane[0].case in self._taken:
                    continue
                self._taken.add(lane[0].case)
            self._lanes.put(lane)

    def _carry(self) -> None:
        """One carrier: lane by lane."""
        while (lane := self._lanes.get()) is not None:
            case = lane[0].case
            try:
                while lane and not self._stop.is_set():
                    _, lane = self._post.carry(lane)
            except Exception as problem:  # noqa: BLE001  # the effect is kept, and due again
                _tell("delivering", problem)
            with self._lock:
                self._taken.discard(case)
                dry = len(self._taken) == self._ahead // 2 or not self._taken
            if dry:
                self._news.set()


def _tell(what: str, problem: Exception) -> None:
    """Log what went wrong, without anything of a case: all of it is tried again."""
    if isinstance(problem, HandrailError):
        _LOG.warning("%s failed: %s", what, problem)
        return
    where = traceback.extract_tb(problem.__traceback__)[-1]
    place = f"{Path(where.filename).name}:{where.lineno}"
    _LOG.error("%s failed: %s at %s", what, type(problem).__name__, place)
