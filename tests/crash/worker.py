"""One server process: traffic, deliveries and alarms on one store, until it is told to stop.

    python -m crash.worker FOLDER NUMBER LIFE SEED

Each call is written to the journal of this life before it is made, and its answer after it came
back and before the next call begins. A call that fails for now is made again under its id.
"""

import faulthandler
import http.client
import json
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from crash import place, slow, traffic
from handrail import codec, outbox
from handrail.adapters.alarms import Alarms, Job, Jobs
from handrail.engine import Engine
from handrail.errors import Conflict, HandrailError, Unavailable
from handrail.ports import Effect, Sent

PAUSE = 0.03  # seconds between two calls at the most: other processes want to live too
TICK = 0.5


class Journal:
    """What a worker did, line by line; a line is written as a whole or torn, never mixed."""

    def __init__(self, folder: Path, name: str) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        self._file = os.open(folder / f"{name}.journal", flags, 0o600)

    def write(self, **fields: Any) -> None:
        """Append a line; it is the system's before this returns."""
        line = json.dumps(fields | {"at": place.now()}).encode() + b"\n"
        while line:
            line = line[os.write(self._file, line) :]


class Receiver:
    """The channel: effects leave for the receiver of the rig."""

    def __init__(self, port: int, worker: str) -> None:
        self._port, self._worker = port, worker

    def deliver(self, effect: Effect, text: str) -> Sent:
        """Send it under its key, and wait for the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=5)
        try:
            body = json.dumps({"case": effect.case, "kind": effect.kind, "text": text})
            headers = {"Idempotency-Key": effect.key, "Worker": self._worker}
            connection.request("POST", "/", body, headers)
            return Sent.SENT if connection.getresponse().status == 200 else Sent.FAILED
        finally:
            connection.close()


class Watched:
    """The outbox as the alarms work it, with a look at what goes wrong."""

    def __init__(self, post: outbox.Post, watch: Callable[..., Any]) -> None:
        self._post, self._watch = post, watch

    def due(self, limit: int) -> list[Sequence[Effect]]:
        """See `outbox.Post`."""
        found: list[Sequence[Effect]] = self._watch(self._post.due, limit)
        return found

    def carry(self, lane: Sequence[Effect]) -> tuple[int, Sequence[Effect]]:
        """See `outbox.Post`."""
        found: tuple[int, Sequence[Effect]] = self._watch(self._post.carry, lane)
        return found

    def renew(self, after: float) -> object:
        """See `outbox.Post`."""
        return self._watch(self._post.renew, after)


class Worker:
    """A process of the rig."""

    def __init__(self, folder: str, number: str, life: str, seed: str) -> None:
        self.setup = place.setup(folder)
        self.name = f"{number}.{life}"
        self.folder = Path(folder)
        self.journal = Journal(self.folder, self.name)
        self.random = place.chance(f"{seed} {self.name}")
        self.store = self.setup.store()
        self.engine = Engine(self.store, place.deployment())
        self.channel = Receiver(self.setup.receiver, self.name)
        self.stop, self.broken = threading.Event(), False
        # What may be tried again is in the journal; worse is a complaint.
        logging.getLogger("handrail.alarms").setLevel(logging.ERROR)

    def run(self) -> int:
        """Work until there is a file `stop`; gives how the process ends."""
        self.journal.write(began=self.name)
        post = Watched(outbox.Post(self.store, self.channel), self._watch)
        alarms = Alarms(fire=self._fire, post=post, tick=TICK)
        alarms.start()
        jobs = self._jobs()
        try:
            for number in range(10**9):
                if self.stop.is_set() or (self.folder / "stop").exists():
                    break
                self._call(f"{self.name}.{number}")
                alarms.wake()
                self._ask(jobs)
                time.sleep(self.random.random() * PAUSE)
        finally:
            self.stop.set()
        if jobs is not None:
            jobs.stop()
        if not alarms.stop():
            self.journal.write(broken="the alarms do not end", where="alarms")
            return place.BROKEN
        self.store.close()
        self.journal.write(ended=self.name)
        return place.BROKEN if self.broken else place.OK

    def _jobs(self) -> Jobs | None:
        """The slow work of this process, if the rig is to have some."""
        self._asked, self._next = 0, 0.0
        if not self.setup.jobs:
            return None
        jobs = Jobs(self.store.url, [Job(name="slow", run=self._slow)], executor=self.name)
        jobs.start()
        return jobs

    def _ask(self, jobs: Jobs | None) -> None:
        """Ask for a job now and then; it is acknowledged when that has returned."""
        if jobs is None or time.monotonic() < self._next:
            return
        self._asked, self._next = self._asked + 1, time.monotonic() + slow.EVERY
        if (self.folder / slow.LAST).exists():
            return
        key = f"{self.name}.{self._asked}"
        jobs.run("slow", key)
        self.journal.write(job=key, what="asked")

    def _slow(self, key: str) -> None:
        self.journal.write(job=key, what="begin")
        time.sleep(slow.LASTS)
        self.journal.write(job=key, what="end")

    def _fire(self, limit: int) -> int:
        found: int = self._watch(self.engine.fire, limit)
        return found

    def _call(self, name: str) -> None:
        """One call, made until it is answered."""
        case = self.random.choice(self.setup.names())
        call: traffic.Call | None = None
        while not self.stop.is_set():
            try:
                if call is None:
                    call = traffic.next_call(self.random, self.engine, case, name)
                    self.journal.write(call=call)
                reply = traffic.make(self.engine, call)
            except HandrailError as problem:
                self._told("call", problem)
                if not isinstance(problem, Unavailable | Conflict):
                    self._break("call", problem)
                time.sleep(0.2)
            except Exception as problem:  # noqa: BLE001  # that is what the rig is here to find
                self._break("call", problem)
            else:
                self.journal.write(answered=name, reply=codec.dump(reply))
                return

    def _watch(self, what: Callable[..., Any], *given: Any) -> Any:
        """Do something for the alarms, which only log what goes wrong: it may fail for now."""
        try:
            return what(*given)
        except (Unavailable, Conflict) as problem:
            self._told(what.__name__, problem)
            raise
        except Exception as problem:
            self._break(what.__name__, problem)
            raise

    def _told(self, where: str, problem: Exception) -> None:
        self.journal.write(error=type(problem).__name__, where=where, says=str(problem))

    def _break(self, where: str, problem: Exception) -> None:
        """An error that nobody could have acted on: the run has failed."""
        self.journal.write(broken=f"{type(problem).__name__}: {problem}", where=where)
        self.broken = True
        self.stop.set()


if __name__ == "__main__":
    logging.getLogger("psycopg").setLevel(logging.ERROR)  # that a connection was lost is the test
    faulthandler.register(signal.SIGUSR1)  # the controller asks what a worker that hangs is at
    sys.exit(Worker(*sys.argv[1:]).run())
