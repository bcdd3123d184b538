"""Webhooks leave: changes are read as they come, and what is due is sent by a few at a time.

Every process does both; they share the work by the rows, as the alarms do.
"""

import logging
import threading
import time
from collections.abc import Callable

from handrail.adapters.hooks import event, signing
from handrail.adapters.hooks.sender import Sender
from handrail.adapters.sql.hookrows import Hook
from handrail.adapters.sql.hooks import Hooks, Job
from handrail.errors import HandrailError

_LOG = logging.getLogger("handrail.hooks")
TICK = 1.0
AT_ONCE, EACH = 8, 4
"""Tries that are under way at the same time, and how many of them to one endpoint."""
_APART = 0.05  # seconds between two looks: commits under load are looked at together
_PURGE = 3_600.0


Clock = Callable[[], int]
"""The time in milliseconds since the epoch."""


def carry(hooks: Hooks, sender: Sender, job: Job, clock: Clock) -> Hook | None:
    """Try one webhook, and mark how it went; the row as it is then, None when it is gone."""
    body = job.hook.event.encode("utf-8")
    signed = signing.headers(job.hook.key, clock(), body, job.secrets)
    answer = sender.send(job.url, {"content-type": event.MEDIA, **signed}, body)
    return hooks.settle(job.hook, answer)


class Courier:
    """What sends the webhooks of a workspace in one process. `wake` is called after commits."""

    def __init__(self, hooks: Hooks, sender: Sender, clock: Clock, tick: float = TICK) -> None:
        self._hooks, self._sender, self._clock, self._tick = hooks, sender, clock, tick
        self._end, self._news = threading.Event(), threading.Event()
        self._lock = threading.Lock()
        self._busy: dict[threading.Thread, str] = {}  # by thread: the endpoint it is at
        self._purged = time.monotonic()
        self._thread = threading.Thread(target=self._look, name="handrail-hooks", daemon=True)

    def start(self) -> None:
        """Begin. An instance is started once."""
        self._thread.start()

    def stop(self, timeout: float) -> bool:
        """Begin nothing any more; whether what was under way was done in `timeout` seconds. What
        was not is tried again, by whoever is there, when its lease is over.
        """
        self._end.set()
        self._news.set()
        end = time.monotonic() + timeout
        with self._lock:
            waited = [self._thread, *self._busy]
        for thread in waited:
            if thread.ident is not None:
                thread.join(max(0.0, end - time.monotonic()))
        return not any(thread.is_alive() for thread in waited)

    def wake(self) -> None:
        """There may be something to send."""
        self._news.set()

    def _look(self) -> None:
        while not self._end.is_set():
            self._news.wait(self._tick)
            self._news.clear()
            try:
                while not self._end.is_set() and self._hooks.spread():
                    pass
                self._share()
                if time.monotonic() - self._purged > _PURGE:
                    self._purged = time.monotonic()
                    self._hooks.purge()
            except HandrailError as problem:
                _LOG.warning("looking for webhooks failed: %s", problem)
            except Exception as problem:  # noqa: BLE001  # whatever it is, they go on
                _LOG.error("looking for webhooks failed: %s", type(problem).__name__)
            self._end.wait(_APART)

    def _share(self) -> None:
        """Begin as many tries as there is room for."""
        with self._lock:
            busy = list(self._busy.values())
        room = AT_ONCE - len(busy)
        if self._end.is_set() or room <= 0 or not self._hooks.waiting():
            return
        for job in self._hooks.take(room, EACH, busy):
            thread = threading.Thread(
                target=self._carry, args=(job,), name="handrail-hook", daemon=True
            )
            with self._lock:
                self._busy[thread] = job.hook.endpoint
            thread.start()

    def _carry(self, job: Job) -> None:
        try:
            carry(self._hooks, self._sender, job, self._clock)
        except Exception as problem:  # noqa: BLE001  # its lease ends, and it is tried again
            _LOG.warning("marking a webhook failed: %s", type(problem).__name__)
        finally:
            with self._lock:
                del self._busy[threading.current_thread()]
            self._news.set()
