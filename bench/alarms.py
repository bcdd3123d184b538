"""Alarms on a real store: deliveries, a burst of deadlines, and what 100,000 of them cost at rest.

    python -m bench.alarms sqlite:////tmp/some.db      # or postgresql://…, an empty database

Deliveries are also done as one DBOS workflow each, which is what was not chosen: decision 0013.
"""

import resource
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace

from handrail import Role, Turn, outbox, packs
from handrail.adapters.alarms import Alarms, Waking
from handrail.adapters.sql import SqlStore
from handrail.core.case import start
from handrail.core.ownership import Ownership
from handrail.core.sla import Deadline, Kind
from handrail.engine import Engine, deploy
from handrail.packs import roster
from handrail.ports import Case, Effect, Sent, Store, Unit

DELIVERIES, BURST, ARMED = 1_000, 3_000, 100_000
HOUR = 3_600_000


class Sink:
    """A receiver that takes no time."""

    def __init__(self) -> None:
        self.got: list[float] = []

    def deliver(self, effect: Effect, text: str) -> Sent:
        """Count it."""
        assert effect.key
        assert text is not None
        self.got.append(time.monotonic())
        return Sent.SENT


def case(unit: Unit, name: str, fires: int, effects: int = 0) -> None:
    """A case with the AI that is to be looked at again at `fires`."""
    now = unit.now()
    own = Ownership(workflow="support", at=now)
    made = Case(id=name, workflow="support", ownership=own, state=start(), effects=effects)
    unit.save(made)
    clock = Deadline(kind=Kind.CHECK_BACK, started=now, limit=fires - now, due=fires, fires=fires)
    unit.arm(name, [clock])
    for number in range(1, effects + 1):
        key = f"{name}/{number}"
        made_of = Effect(key=key, case=name, kind="notice", body={}, at=now, due=now)
        unit.put_effect(replace(made_of, number=number))
        unit.keep(name, key, "hello")


def fill(store: Store, count: int, fires: Callable[[int], int], effects: int = 0) -> None:
    """Many cases, 1,000 a commit."""
    for first in range(0, count, 1_000):
        with store.unit() as unit:
            for number in range(first, min(count, first + 1_000)):
                case(unit, f"c{number}", fires(unit.now()), effects)


def wait(done: Callable[[], object]) -> None:
    """Look every 5 ms."""
    while not done():
        time.sleep(0.005)


def deliveries(base: SqlStore) -> None:
    """From a backlog, by the outbox rows alone."""
    store, sink = base.within("deliveries"), Sink()
    fill(store, DELIVERIES, lambda now: now + HOUR, effects=1)
    alarms = Alarms(fire=lambda limit: 0, post=outbox.Post(store, sink))
    begun, used = time.monotonic(), time.process_time()
    alarms.start()
    wait(lambda: len(sink.got) >= DELIVERIES)
    alarms.stop()
    report("deliveries by rows", DELIVERIES, begun, used)


def workflows(base: SqlStore) -> None:
    """The same backlog, one DBOS workflow a delivery."""
    from dbos import DBOS, SetWorkflowID

    store, sink = base.within("workflows"), Sink()
    fill(store, DELIVERIES, lambda now: now + HOUR, effects=1)
    post = outbox.Post(store, sink)
    DBOS(
        config={
            "name": "bench",
            "system_database_url": base.url,
            "application_version": "1",
            "log_level": "WARNING",
            "max_executor_threads": 24,
        }
    )
    due = {effect.key: effect for effect in post.due(DELIVERIES)}

    @DBOS.workflow()  # type: ignore[untyped-decorator]
    def deliver(key: str) -> None:
        post.carry(due[key])

    DBOS.launch()
    DBOS.register_queue("bench", worker_concurrency=20, polling_interval_sec=0.1)
    begun, used = time.monotonic(), time.process_time()
    for key in due:
        with SetWorkflowID(f"{key}:0"):
            DBOS.enqueue_workflow("bench", deliver, key)
    wait(lambda: len(sink.got) >= DELIVERIES)
    report("deliveries by workflows", DELIVERIES, begun, used)
    DBOS.delete_queue("bench")
    DBOS.destroy(destroy_registry=True)


def report(what: str, count: int, begun: float, used: float) -> None:
    """A rate, and the processor time of each."""
    took, cpu = time.monotonic() - begun, time.process_time() - used
    print(f"{what:26} {count / took:8.0f} /s  {cpu / count * 1000:6.2f} ms CPU each")


def engine(store: Store) -> Engine:
    """An engine on the starter pack."""
    pack = packs.load("support-chat")
    return Engine(store, deploy(pack, roster.load("support-chat", pack)))


def at_rest(base: SqlStore) -> None:
    """What armed deadlines cost while nothing happens, and 3,000 of them that fire at once."""
    store = base.within("rest")
    fill(store, ARMED, lambda now: now + HOUR)
    sink = Sink()
    run = engine(store)
    alarms = Alarms(fire=run.fire, post=outbox.Post(store, sink))
    run.store = Waking(store, alarms.wake)
    alarms.start()
    time.sleep(3)
    used, begun = time.process_time(), time.monotonic()
    time.sleep(20)
    share = (time.process_time() - used) / (time.monotonic() - begun)
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(
        f"{ARMED:,} armed at rest: {share:.2%} of a core, {threading.active_count()} threads,"
        f" {size} MB"
    )
    due = rearm(store, BURST) / 1000
    wait(lambda: time.time() > due)
    wait(lambda: not overdue(store))
    print(f"{BURST:,} due at once: all handled {time.time() - due:.1f} s after")
    alarms.stop()


def rearm(store: Store, count: int) -> int:
    """Have that many fall due at the same instant; gives it."""
    at = time.time_ns() // 1_000_000 + 15_000
    for first in range(0, count, 1_000):
        with store.unit() as unit:
            for number in range(first, min(count, first + 1_000)):
                found = unit.case(f"c{number}")
                assert found
                clock = Deadline(
                    kind=Kind.CHECK_BACK, started=at - HOUR, limit=HOUR, due=at, fires=at
                )
                unit.arm(found.id, [clock])
                unit.save(found)
    return at


def overdue(store: Store) -> bool:
    """Whether anything is."""
    time.sleep(0.1)
    with store.view() as unit:
        return bool(unit.overdue(unit.now(), 1))


def turns(base: SqlStore) -> None:
    """How long a message waits between its commit and the receiver."""
    store, sink = base.within("turns"), Sink()
    run = engine(store)
    alarms = Alarms(fire=run.fire, post=outbox.Post(store, sink))
    run.store = Waking(store, alarms.wake)
    alarms.start()
    waits = []
    for number in range(50):
        before = len(sink.got)
        turn = Turn(role=Role.AGENT, text="One moment.", confidence=0.9)
        run.turn("c", turn, id=f"t{number}", deliver=True)
        begun = time.monotonic()
        wait(lambda before=before: len(sink.got) > before)
        waits.append(sink.got[-1] - begun)
        time.sleep(0.1)
    alarms.stop()
    waits.sort()
    print(f"commit to receiver: median {waits[25] * 1000:.0f} ms, worst {waits[-1] * 1000:.0f} ms")


def main() -> None:
    """All of it on one store."""
    store = SqlStore(sys.argv[1])
    deliveries(store)
    workflows(store)
    turns(store)
    at_rest(store)
    store.close()


if __name__ == "__main__":
    main()
