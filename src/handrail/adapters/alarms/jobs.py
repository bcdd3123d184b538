"""Slow work in the background: on a schedule or on demand, tried again, and taken over.

All that the project knows of DBOS is in this room. A job is given ids, never a text. It runs at
least once for each id and may run twice, so it must be safe to repeat.
"""

import logging
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from handrail.adapters.alarms.reaper import Reaper
from handrail.errors import Failed, InputError

VERSION = "1"
"""Raised only when work that is under way could not go on in the new program."""
QUEUE = "handrail.jobs"
_NAME = "handrail"
TRIES = 16
"""How often a job is tried, over about five hours, before it is given up."""
_FIRST, _LONGEST = 1.0, 3600.0  # seconds between two tries: doubled each time, bounded
_KEPT = timedelta(days=7)
_BATCH = 500
_PURGE = "handrail.purge"
_LOG = logging.getLogger("handrail.alarms")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Work with a name. `run` is given the id that it was asked for under.

    `every` is a cron line in UTC; the id is then the instant, in ISO 8601. Empty: on demand only.
    """

    name: str
    run: Callable[[str], object]
    every: str = ""


class Jobs:
    """The background work of one process; a process has one at a time.

    `url` is the store's. `executor` names the process, uniquely, when several share a PostgreSQL.
    On SQLite there is one process, which always has the same name and so finds its own work again.
    """

    def __init__(
        self, url: str, jobs: Iterable[Job], *, executor: str = "local", workers: int = 2
    ) -> None:
        self._url, self._workers = url, workers
        self._shared = not url.startswith("sqlite")
        self._executor = executor if self._shared else "local"
        purge = Job(name=_PURGE, run=self._purge, every="17 * * * *")
        self._jobs = {job.name: job for job in (purge, *jobs)}
        self._reaper: Reaper | None = None
        self._dbos: Any = None
        self._work: Any = None

    def start(self) -> None:
        """Begin, and go on with what was under way. Takes most of a second."""
        from dbos import DBOS

        if not self._shared:
            _write_ahead(self._url)
        self._dbos = DBOS
        DBOS(config=_config(self._url, self._executor, self._workers))
        try:
            tick = self._registered()
            DBOS.launch()
            self._begin(tick)
        except BaseException:
            DBOS.destroy(destroy_registry=True)
            raise

    def _registered(self) -> Any:
        """Tell DBOS of our two functions. Its registry is ours alone: it is thrown away with us."""

        @self._dbos.workflow(name="handrail.job")  # type: ignore[untyped-decorator]
        def job(name: str, key: str, tries: int) -> None:
            self._run(name, key, tries)

        @self._dbos.workflow(name="handrail.scheduled")  # type: ignore[untyped-decorator]
        def scheduled(at: datetime, name: str) -> None:
            self._enqueue(name, at.isoformat(), 0)  # under that instant, once for all processes

        self._work = job
        return scheduled

    def _begin(self, tick: Any) -> None:
        self._dbos.register_queue(QUEUE, worker_concurrency=self._workers, polling_interval_sec=1.0)
        self._schedule(tick)
        self._adopt_strays()
        if self._shared:
            self._reaper = Reaper(self._url, self._executor, self._unfinished, self._resume)
            self._reaper.start()

    def stop(self, timeout: int = 5) -> None:
        """End. What is under way gets `timeout` seconds, and goes on later or elsewhere."""
        self._dbos.destroy(destroy_registry=True, workflow_completion_timeout_sec=timeout)
        if self._reaper is not None:
            self._reaper.stop()

    def run(self, name: str, key: str) -> None:
        """Do a job in the background. A second call with the same name and key does nothing."""
        if name not in self._jobs:
            raise InputError(f"there is no job `{name}`", hint=f"one of {sorted(self._jobs)}")
        self._enqueue(name, key, 0)

    def failed(self, limit: int = 100) -> list[tuple[str, str]]:
        """Name and key of the jobs that were given up, the latest first."""
        found = self._dbos.list_workflows(
            status=["ERROR", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"],
            name="handrail.job",
            limit=limit,
            sort_desc=True,
            load_output=False,
        )
        return [tuple(one.input["args"][:2]) for one in found]

    def _enqueue(self, name: str, key: str, tries: int, delay: float = 0.0) -> None:
        from dbos import SetEnqueueOptions, SetWorkflowID

        with (
            SetWorkflowID(f"{name}:{key}:{VERSION}.{tries}"),
            SetEnqueueOptions(delay_seconds=delay or None),
        ):
            self._dbos.enqueue_workflow(QUEUE, self._work, name, key, tries)

    def _run(self, name: str, key: str, tries: int) -> None:
        """One try. The next is queued with a delay: no worker sleeps until then."""

        def step() -> str:
            # Neither what it gives back nor what its error says is kept: that might be a text.
            try:
                self._jobs[name].run(key)
            except Exception as problem:  # noqa: BLE001  # whatever it is, it is tried again
                return type(problem).__name__
            return ""

        error = self._dbos.run_step({"name": name}, step)
        if not error:
            return
        _LOG.warning("job `%s` failed: %s", name, error)
        if tries + 1 >= TRIES:
            raise Failed(f"job `{name}` was given up after {TRIES} tries: {error}")
        self._enqueue(name, key, tries + 1, min(_LONGEST, _FIRST * 2**tries))

    def _schedule(self, tick: Any) -> None:
        """The schedules are those of our jobs, no others; one that has not changed stays."""
        wanted = {job.name: job.every for job in self._jobs.values() if job.every}
        there = {one["schedule_name"]: one["schedule"] for one in self._dbos.list_schedules()}
        for name in there.keys() - wanted.keys():
            self._dbos.delete_schedule(name)
        new = [name for name, every in wanted.items() if there.get(name) != every]
        self._dbos.apply_schedules(
            [
                {"schedule_name": n, "workflow_fn": tick, "schedule": wanted[n], "context": n}
                for n in new
            ]
        )

    def _adopt_strays(self) -> None:
        """Work under another version would never be run by anybody: it is begun anew under ours.

        Work of a process of that version that still runs is left to it for an hour.
        """
        old = datetime.now().astimezone() - timedelta(hours=1)
        found = self._dbos.list_workflows(
            status=["ENQUEUED", "DELAYED", "PENDING"],
            name="handrail.job",
            end_time=old.isoformat(),
            load_output=False,
        )
        for one in found:
            if one.app_version in {VERSION, None}:
                continue
            self._dbos.cancel_workflow(one.workflow_id)
            name, key, _ = one.input["args"]
            self._enqueue(name, key, 0)

    def _unfinished(self) -> dict[str, list[str]]:
        """What other processes have begun: ids of work by the name of the process."""
        found = self._dbos.list_workflows(status="PENDING", load_input=False, load_output=False)
        begun: dict[str, list[str]] = {}
        for one in found:
            if one.executor_id != self._executor and one.app_version == VERSION:
                begun.setdefault(one.executor_id, []).append(one.workflow_id)
        return begun

    def _resume(self, ids: list[str]) -> None:
        self._dbos.resume_workflows(ids, queue_name=QUEUE)

    def _purge(self, at: str) -> None:
        """Forget the work that ended longer ago than is kept."""
        before = (datetime.fromisoformat(at) - _KEPT).isoformat()
        ended = ["SUCCESS", "CANCELLED", "ERROR", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]
        while ids := [
            one.workflow_id
            for one in self._dbos.list_workflows(
                status=ended,
                completed_before=before,
                limit=_BATCH,
                load_input=False,
                load_output=False,
            )
        ]:
            self._dbos.delete_workflows(ids)


def _config(url: str, executor: str, workers: int) -> Any:
    """Bounded, quiet, with a version of our own choosing, and none of the paid parts."""
    config = {
        "name": _NAME,
        "system_database_url": url,
        "application_version": VERSION,
        "executor_id": executor,
        "log_level": "WARNING",
        "max_executor_threads": workers + 4,
        "sys_db_pool_size": workers + 3,
    }
    if url.startswith("sqlite"):
        config["db_engine_kwargs"] = {"connect_args": {"timeout": 30}}
    return config


def _write_ahead(url: str) -> None:
    """DBOS does not do it, and is twice as slow without; the file remembers it."""
    from sqlalchemy.engine import make_url

    with closing(sqlite3.connect(make_url(url).database or "")) as connection:
        connection.execute("pragma journal_mode = wal")
