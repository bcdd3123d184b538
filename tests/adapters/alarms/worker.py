"""A process with alarms on a store, until it is killed or its input ends.

    python worker.py URL WORKSPACE LOG SECONDS [NAME]

Every delivery writes a line when it begins and one when it ends, SECONDS later. With NAME the
process also does the job `slow`, which is `SECONDS` long and writes such lines too.
"""

import os
import sys
import time

from handrail import outbox
from handrail.adapters.alarms import Alarms, Job, Jobs
from handrail.adapters.sql import SqlStore
from handrail.ports import Effect, Sent

URL, WORKSPACE, LOG, SECONDS = sys.argv[1:5]
FILE = os.open(LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND)


def note(what: str, key: str) -> None:
    os.write(FILE, f"{what} {key} {os.getpid()} {time.time():.3f}\n".encode())


class Slow:
    def deliver(self, effect: Effect, text: str) -> Sent:
        assert text
        slow(effect.key)
        return Sent.SENT


def slow(key: str) -> None:
    note("begin", key)
    time.sleep(float(SECONDS))
    note("end", key)


def main() -> None:
    store = SqlStore(URL, workspace=WORKSPACE)
    alarms = Alarms(fire=lambda limit: 0, post=outbox.Post(store, Slow()))
    alarms.start()
    jobs = None
    if len(sys.argv) > 5:
        jobs = Jobs(store.url, [Job(name="slow", run=slow)], executor=sys.argv[5])
        jobs.start()
    note("ready", "-")
    for line in sys.stdin:
        assert jobs is not None
        jobs.run("slow", line.strip())
    alarms.stop()
    if jobs is not None:
        jobs.stop()
    note("stopped", "-")


if __name__ == "__main__":
    main()
