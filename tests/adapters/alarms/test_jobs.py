"""Slow work: once for an id, on its schedule, again when it fails, and forgotten in the end."""

import base64
import itertools
import logging
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

from adapters.alarms.processes import until
from handrail.adapters.alarms import Job, Jobs, jobs
from handrail.errors import InputError
from postgres import drop_database, fresh_database, server_or_skip

KINDS = ("sqlite", "postgresql")


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'store.db'}"
        return
    made = fresh_database(server_or_skip())
    yield made.replace("postgresql://", "postgresql+psycopg://", 1)
    drop_database(made)


@contextmanager
def running(url: str, *made: Job, executor: str = "e1") -> Iterator[Jobs]:
    found = Jobs(url, made, executor=executor)
    found.start()
    try:
        yield found
    finally:
        found.stop()


def ask(url: str, statement: str) -> list[tuple[object, ...]]:
    """Look at, or change, what the engine of the jobs keeps."""
    if url.startswith("sqlite"):
        opened = sqlite3.connect(url.removeprefix("sqlite:///"), timeout=30)
        with closing(opened) as connection, connection:
            return connection.execute(statement.replace("dbos.", "")).fetchall()
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        found = connection.execute(statement)
        return found.fetchall() if found.description else []


def keeps(url: str) -> str:
    """All that the engine of the jobs has written down, made readable."""
    named = "select table_name from information_schema.tables where table_schema = 'dbos'"
    if url.startswith("sqlite"):
        named = "select name from sqlite_master where type = 'table'"
    rows = [row for (name,) in ask(url, named) for row in ask(url, f"select * from dbos.{name}")]  # noqa: S608
    found = []
    for value in itertools.chain(*rows):
        found.append(str(value))
        with suppress(ValueError):
            found.append(base64.b64decode(str(value), validate=True).decode("latin-1"))
    return "\n".join(found)


def test_a_job_is_done_once_for_an_id(url: str) -> None:
    done: list[str] = []
    with running(url, Job(name="note", run=done.append)) as found:
        for key in ("a", "b", "a"):
            found.run("note", key)
        until(lambda: len(done) >= 2, 15)
        found.run("note", "b")
        time.sleep(1.5)
        with pytest.raises(InputError, match="there is no job `other`"):
            found.run("other", "a")
    assert sorted(done) == ["a", "b"]


def test_a_job_that_fails_is_tried_again_later_and_given_up_in_the_end(
    url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(jobs, "TRIES", 4)
    monkeypatch.setattr(jobs, "_FIRST", 0.2)
    tried: list[str] = []

    def work(key: str) -> None:
        tried.append(key)
        if key == "never" or tried.count(key) < 4:
            raise OSError("a secret")

    with caplog.at_level(logging.WARNING), running(url, Job(name="hard", run=work)) as found:
        found.run("hard", "late")
        found.run("hard", "never")
        until(lambda: tried.count("late") == 4 and tried.count("never") == 4, 30)
        until(found.failed, 10)
        assert found.failed() == [("hard", "never")]
        kept = keeps(url)
    assert "job `hard` failed: OSError" in caplog.text
    assert "a secret" not in caplog.text + kept


def test_a_job_has_its_hours(url: str) -> None:
    done: list[str] = []
    with running(url, Job(name="each", run=done.append, every="* * * * * *")):
        until(lambda: len(done) >= 2, 30)
    assert len(set(done)) == len(done)
    with running(url):  # a job that is gone has no hours any more
        (names,) = ask(url, "select schedule_name from dbos.workflow_schedules")
        assert names == ("handrail.purge",)


def test_nothing_but_ids_is_kept(url: str) -> None:
    with running(url, Job(name="tell", run=lambda key: f"a text about {key}")) as found:
        found.run("tell", "case-1")
        until(lambda: _state(url, "tell:case-1:1.0") == "SUCCESS", 15)
    kept = keeps(url)
    assert kept.count("case-1") > 3  # so what is written down can be read here
    assert "a text" not in kept


def _state(url: str, name: str) -> object:
    row = ask(url, f"select status from dbos.workflow_status where workflow_uuid = '{name}'")  # noqa: S608
    return row[0][0] if row else None


def test_work_of_another_version_is_begun_anew(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    job = Job(name="note", run=done.append)
    monkeypatch.setattr(jobs, "VERSION", "0")
    with running(url, job) as found:
        found._enqueue("note", "stray", 0, delay=3600)
        found._enqueue("note", "young", 0, delay=3600)
    old = int((time.time() - 2 * 3600) * 1000)
    where = "where workflow_uuid like 'note:stray%'"
    ask(url, f"update dbos.workflow_status set created_at = {old} {where}")  # noqa: S608
    monkeypatch.setattr(jobs, "VERSION", "1")
    with running(url, job):
        until(lambda: done, 15)
    assert done == ["stray"]
    assert _state(url, "note:stray:0.0") == "CANCELLED"
    assert _state(url, "note:young:0.0") == "DELAYED"


def test_what_ended_long_ago_is_forgotten(url: str) -> None:
    with running(url, Job(name="note", run=lambda key: None)) as found:
        for key in ("old", "new"):
            found.run("note", key)
        until(lambda: _state(url, "note:new:1.0") == _state(url, "note:old:1.0") == "SUCCESS", 15)
        old = int((time.time() - 8 * 24 * 3600) * 1000)
        where = "where workflow_uuid like 'note:old%'"
        ask(url, f"update dbos.workflow_status set completed_at = {old} {where}")  # noqa: S608
        found.run("handrail.purge", time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime()))
        until(lambda: _state(url, "note:old:1.0") is None, 15)
        assert _state(url, "note:new:1.0") == "SUCCESS"


def test_threads_are_bounded_and_end(url: str, wait: Callable[[], int]) -> None:
    before = wait()
    with running(url, Job(name="note", run=lambda key: time.sleep(0.2))) as found:
        for number in range(30):
            found.run("note", str(number))
        most = max(wait() for _ in range(10))
        assert most - before < 25
    until(lambda: wait() <= before, 15)


@pytest.fixture
def wait() -> Callable[[], int]:
    import threading

    def count() -> int:
        time.sleep(0.1)
        return threading.active_count()

    return count
