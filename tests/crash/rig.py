"""The controller: starts the processes, kills them at random times, and checks what is left.

Only processes that it started are killed, each by its own id.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import postgres
from crash import check, place, slow, timing
from crash.audit import Auditor
from crash.place import Setup
from crash.worker import Receiver
from handrail.engine import Engine

READY = 120  # seconds that a process may take to begin, on a machine that has much else to do
CALM = 12  # seconds of peace after each measured kill: what it left is done by then, or late
MEASURED = 8  # one kill in so many is followed by peace; after the others the next one comes soon
FLAKY = 20  # thousandths of the requests that the receiver answers badly


@dataclass(slots=True)
class Figures:
    """What a run came to. `wrong` is empty, or it has failed."""

    store: str
    seed: int
    kills: int = 0
    seconds: float = 0.0
    calls: int = 0
    acknowledged: int = 0
    cut: int = 0
    cases: int = 0
    entries: int = 0
    effects: int = 0
    cancelled: int = 0
    requests: int = 0
    repeated: int = 0
    refused_by_receiver: int = 0
    fired: int = 0
    errors: dict[str, int] = field(default_factory=dict)
    measured_kills: int = 0
    pending_at_kills: int = 0
    effects_after: list[int] = field(default_factory=list)
    clocks_after: list[int] = field(default_factory=list)
    jobs: int = 0
    jobs_after: list[int] = field(default_factory=list)
    verified: int = 0
    wrong: list[str] = field(default_factory=list)

    def told(self) -> dict[str, Any]:
        """As plain data, the long lists as their middle and their end."""
        found = asdict(self)
        for name in ("effects_after", "clocks_after", "jobs_after"):
            times = sorted(found.pop(name))
            if times:
                found[f"{name}_ms"] = {"median": times[len(times) // 2], "worst": times[-1]}
                found[f"{name}_ms"]["count"] = len(times)
        return found


class Kill(NamedTuple):
    """When it was, by the store, whether peace followed, and the name of whose life it ended."""

    at: int
    measured: bool
    worker: str


class Process:
    """A worker that is started again after each kill."""

    def __init__(self, folder: Path, number: int, seed: int) -> None:
        self.folder, self.number, self.seed, self.life = folder, number, seed, 0
        self.start()

    def start(self) -> None:
        """Its next life."""
        self.life += 1
        given = (self.folder, self.number, self.life, self.seed)
        self.running = spawn(self.folder, "worker", *given)

    @property
    def journal(self) -> Path:
        """What this life writes."""
        return self.folder / f"{self.number}.{self.life}.journal"

    def answered(self) -> int:
        """How many calls this life has acknowledged."""
        return self.journal.read_bytes().count(b'"answered"') if self.journal.exists() else 0

    def kill(self) -> None:
        """As the machine would: without a word."""
        self.running.send_signal(signal.SIGKILL)
        self.running.wait()


def spawn(folder: Path, module: str, *args: object) -> subprocess.Popen[bytes]:
    """A process of the rig. What it complains about is kept beside its journal."""
    paths = (str(place.TESTS), os.environ.get("PYTHONPATH", ""))
    with (folder / f"{module}.stderr").open("ab") as errors:
        return subprocess.Popen(
            place.command(module, *args),
            cwd=place.TESTS,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(p for p in paths if p)},
            stdin=subprocess.DEVNULL,
            stdout=errors,
            stderr=errors,
        )


def wait(true: Any, what: str, seconds: float = READY) -> None:
    """Until something is so; TimeoutError with `what` when it takes too long."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {seconds:.0f} s")
        time.sleep(0.05)


@contextlib.contextmanager
def stage(url: str = "", *, cases: int, flaky: int = FLAKY, jobs: bool = False) -> Iterator[Setup]:
    """A folder, a store (in SQLite when no address is given) and a receiver that runs."""
    folder = Path(tempfile.mkdtemp(prefix="hr-crash-"))
    receiver = spawn(folder, "receiver", folder, flaky)
    try:
        wait((folder / "receiver.port").exists, "the receiver")
        made = Setup(
            folder=str(folder),
            url=url or f"sqlite:///{folder}/store.db",
            receiver=int((folder / "receiver.port").read_text()),
            offset=place.noon(),
            cases=cases,
            jobs=jobs,
        )
        made.save()
        made.store().close()  # the tables are there before the first worker
        yield made
    finally:
        receiver.terminate()
        receiver.wait()
        shutil.rmtree(folder)


@contextlib.contextmanager
def address(store: str) -> Iterator[str]:
    """Where a store of that kind is kept: empty for SQLite, which lives in the rig's folder."""
    if store == "sqlite":
        yield ""
        return
    url = postgres.fresh_database(postgres.server())
    try:
        yield url
    finally:
        postgres.drop_database(url)


def run(store: str, *, kills: int, seed: int, cases: int = 200) -> Figures:
    """Kill workers under load, then check. One worker on SQLite, three on PostgreSQL."""
    figures = Figures(store=store, seed=seed)
    began = time.monotonic()
    with address(store) as url, stage(url, cases=cases, jobs=True) as made:
        folder = Path(made.folder)
        workers = [Process(folder, n, seed) for n in range(1 if store == "sqlite" else 3)]
        try:
            auditor = Auditor(made)
            times = _kill(made, workers, place.chance(seed), kills, auditor, figures)
            wait(lambda: all(one.answered() > 5 for one in workers), "the last lives")
            figures.wrong += auditor.look()
            _finish(folder, workers, figures)
        except TimeoutError as problem:
            problem.add_note(_stacks(folder, workers))
            raise
        finally:
            for one in workers:
                one.kill()
        figures.kills = len(times)
        judge(made, times, figures)
        figures.wrong += auditor.look()  # and of what was left in the end
        figures.verified = auditor.times
    figures.seconds = round(time.monotonic() - began, 1)
    return figures


def _stacks(folder: Path, workers: Sequence[Process]) -> str:
    """What the workers are at, and what they last wrote."""
    for one in workers:
        one.running.send_signal(signal.SIGUSR1)
    time.sleep(1)
    ends = [one.journal.read_bytes()[-500:] for one in workers if one.journal.exists()]
    return (folder / "worker.stderr").read_text(errors="replace") + "\n".join(map(str, ends))


def _kill(
    made: Setup,
    workers: Sequence[Process],
    random: Random,
    kills: int,
    auditor: Auditor,
    figures: Figures,
) -> list[Kill]:
    """One worker at a time, while it works or (one time in ten) while it begins. After the peace
    that follows some kills the ledger is verified, while the others work.
    """
    times = []
    for number in range(1, kills + 1):
        one = random.choice(workers)
        if random.random() < 0.9:
            wait(lambda one=one: one.answered() > 3 or one.running.poll() is not None, "a worker")
        time.sleep(random.random() * 1.5)
        measured = number % MEASURED == 0 or number == kills
        times.append(Kill(made.clock(), measured, one.journal.stem))
        if one.running.poll() is not None:
            break  # it ended by itself, and its journal says why
        one.kill()
        one.start()
        if measured:
            time.sleep(CALM)
            figures.wrong += auditor.look()
    return times


def _finish(folder: Path, workers: Sequence[Process], figures: Figures) -> None:
    (folder / slow.LAST).touch()
    time.sleep(0.1)  # whoever is just asking for one has written it down
    wait(lambda: not slow.unfinished(slow.notes(folder)), "the jobs that were asked for")
    (folder / "stop").touch()
    for one in workers:
        code = one.running.wait(READY)
        if code != place.OK:
            figures.wrong.append(f"worker {one.number} ended with {code}")
    if complaint := (folder / "worker.stderr").read_text(errors="replace").strip():
        figures.wrong.append("\n".join(complaint.splitlines()[:20]))


def judge(made: Setup, kills: Sequence[Kill], figures: Figures) -> None:
    """Make up for what was cut, and check everything."""
    later = [0]
    store = made.store().within("default", lambda: made.clock() + later[0])
    engine = Engine(store, place.deployment())
    found = check.journals(Path(made.folder))
    figures.calls, figures.acknowledged = len(found.calls), len(found.answers)
    figures.cut, figures.errors = len(found.open), dict(found.errors)
    wrong = figures.wrong
    wrong += found.broken
    wrong += check.whole(store, found)
    wrong += check.catch_up(engine, found, Receiver(made.receiver, "controller"), later)
    seen = check.read(store, made.names())
    log = list(place.records(Path(made.folder) / "receiver.log"))
    for one in (
        check.applied(found, seen),
        check.laws(seen),
        check.delivered(seen, log),
        check.chained(store),
        check.again(engine, found),
        slow.wrong(jobs := slow.notes(Path(made.folder)), [one.at - made.offset for one in kills]),
    ):
        wrong += one
    if check.read(store, made.names()) != seen:
        wrong.append("calls that were repeated have changed something")
    _count(figures, seen, log, kills, made.offset)
    figures.jobs = len({one.key for one in jobs})
    figures.jobs_after = slow.taken_over(jobs, [(k.at - made.offset, k.worker) for k in kills])
    store.close()


def _count(
    figures: Figures,
    seen: Mapping[str, check.Seen],
    log: Sequence[dict[str, Any]],
    kills: Sequence[Kill],
    offset: int,
) -> None:
    effects = [effect for one in seen.values() for effect in one.effects]
    figures.cases = len(seen)
    figures.entries = sum(len(one.entries) for one in seen.values())
    figures.effects = len(effects)
    figures.cancelled = sum(one.status.value == "cancelled" for one in effects)
    figures.requests = len(log)
    figures.refused_by_receiver = sum(line["mood"] == "down" for line in log)
    figures.repeated = sum(not line["first"] for line in log) - figures.refused_by_receiver
    figures.fired = sum(e.name == "clock" for one in seen.values() for e in one.entries)
    measured = [one.at for one in kills if one.measured]
    took = timing.takeover(dict(seen), log, measured, offset)
    figures.measured_kills, figures.pending_at_kills = len(measured), took.pending
    figures.effects_after, figures.clocks_after = took.effects, took.clocks
