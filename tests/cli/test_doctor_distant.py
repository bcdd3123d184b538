"""`handrail doctor --url`: a service that runs, as its clients see it."""

import json
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from cli.relay import Relay
from fleet import proxy
from handrail.adapters.sql import SqlStore
from handrail.adapters.sql.directory import Directory
from handrail.adapters.sql.store import wall_clock
from handrail.core.access import Grant, Kind, Role
from handrail.errors import InputError
from handrail.wiring.doctor import Level, Line, ask, distant
from postgres import drop_database, fresh_database, server_or_skip
from web.rig import Process, until

REAL = (str(Path(__file__).with_name("served.py")),)
DAY = 86_400_000
READY = {"checks": {"store": {"ok": True}}}
ME = {"token": {"id": "k1", "expires": 0}}


def bad(lines: Iterator[Line]) -> dict[str, Line]:
    """What is not ok, by name."""
    return {one.name: one for one in lines if one.level is not Level.OK}


@contextmanager
def scripted(date: float = 0.0, **answers: Any) -> Iterator[str]:
    """A server that answers as it is told: a path without its slashes, and its JSON; a number is a
    status. `date`: by how many seconds its clock is ahead.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = answers.get(self.path.strip("/").replace("/", "_"), 404)
            body = b"{}" if isinstance(found, int) else json.dumps(found).encode()
            if isinstance(found, str):
                body = found.encode()
            self.send_response_only(found if isinstance(found, int) else 200)
            if date < 1e9:
                self.send_header("Date", formatdate(time.time() + date, usegmt=True))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


WELL: dict[str, Any] = {"healthz": {"status": "ok"}, "readyz": READY, "metrics": "", "v1_me": ME}


def test_an_address_that_is_none_is_refused_without_its_secret() -> None:
    for url in ("localhost:8177", "ftp://x", "https://me:hush@x"):
        with pytest.raises(InputError, match="no address of a service") as told:
            list(ask(url))
        assert "hush" not in str(told.value)


def test_nobody_who_answers_is_wrong() -> None:
    [line] = ask(f"http://127.0.0.1:{proxy.free_port()}")
    assert (line.name, line.level) == ("reach", Level.WRONG)
    with scripted(healthz="<html>") as url:
        assert "does not answer as Handrail does" in bad(ask(url))["reach"].note


def test_a_service_that_is_well_has_no_line_but_ok_with_a_key() -> None:
    with scripted(
        **WELL, v1_packs={"active": "sha256:1"}, v1_events="event: ready\n\n:\n\n"
    ) as url:
        assert bad(ask(url, "hr_x")) == {}
        assert set(bad(ask(url))) == {"key"}


@pytest.mark.parametrize(
    ("ahead", "level"), [(-20, Level.LOOK), (120, Level.WRONG), (2e9, Level.LOOK)]
)
def test_a_clock_that_is_wrong_or_not_told_is_seen(ahead: float, level: Level) -> None:
    with scripted(ahead, **WELL) as url:
        assert bad(ask(url))["clock"].level is level


@pytest.mark.parametrize(
    ("changed", "name", "level", "note"),
    [
        (
            {"readyz": {"checks": {"alarms": {"ok": False, "note": "asleep"}}}},
            "ready: alarms",
            Level.WRONG,
            "asleep",
        ),
        (
            {"readyz": {"checks": {"answer": {"ok": True, "note": "slow"}}}},
            "ready: answer",
            Level.LOOK,
            "slow",
        ),
        ({"readyz": 502}, "ready", Level.WRONG, "502"),
        (
            {"metrics": 'handrail_overdue{workspace="default"} 3.0\n'},
            "figures",
            Level.LOOK,
            "3 cases with a deadline",
        ),
        ({"metrics": 'handrail_dead_letters{workspace="b"} 2.0\n'}, "figures", Level.LOOK, "`b`"),
        ({"v1_me": 401}, "key", Level.WRONG, "401"),
        ({"v1_packs": {"active": ""}}, "pack", Level.WRONG, "none is in force"),
        (
            {"v1_packs": {"active": "a", "candidate": "b", "share": 20}},
            "pack",
            Level.LOOK,
            "a ramp of 20 %",
        ),
        ({"v1_packs": {"active": "a", "to_review": 3}}, "pack", Level.LOOK, "a roll-back"),
        ({"v1_events": 502}, "events", Level.WRONG, "502"),
        ({"v1_events": "event: ready\n\n"}, "events", Level.WRONG, "ended at once"),
        (
            {"v1_endpoints": {"items": [{"id": "shop", "status": "disabled"}]}},
            "endpoints",
            Level.LOOK,
            "`shop`",
        ),
    ],
)
def test_what_is_wrong_is_told(changed: Any, name: str, level: Level, note: str) -> None:
    given = {**WELL, "v1_events": "event: ready\n\n:\n\n", **changed}
    with scripted(**given) as url:
        found = bad(ask(url, "hr_x"))
    assert (set(found), found[name].level) == ({name}, level)
    assert note in found[name].note
    assert found[name].mend


# A real service


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Process, str]]:
    """A service on PostgreSQL, and its database."""
    url = fresh_database(server_or_skip())
    folder = tmp_path_factory.mktemp("data")
    process = Process(REAL, database_url=url, port=0, data=folder, heartbeat=0.5)
    yield process, url
    process.end()
    drop_database(url)


def key(url: str, name: str, role: Role, expires: int = 0) -> str:
    store = SqlStore(url)
    directory = Directory(store)
    directory.add_identity(name, Kind.PROGRAM)
    directory.grant(name, Grant(role=role))
    made = directory.make_token(name, expires=expires)
    store.close()
    return made


def test_a_real_service_is_well_and_says_what_time_it_has(served: tuple[Process, str]) -> None:
    process, url = served
    shown = key(url, "auditor", Role.AUDITOR)
    lines = list(ask(process.url, shown))
    assert bad(iter(lines)) == {}, lines
    assert {"reach", "clock", "ready", "figures", "key", "pack", "events"} == {
        one.name for one in lines
    }


def test_a_key_that_ends_soon_or_has_ended_is_told(served: tuple[Process, str]) -> None:
    process, url = served
    shown = key(url, "bot", Role.AGENT, wall_clock() + 3 * DAY)
    found = bad(ask(process.url, shown))["key"]
    assert (found.level, "ends in 3 d" in found.note) == (Level.LOOK, True)
    assert shown.split("_")[2] not in str(found)
    wrong = bad(ask(process.url, "hr_nothing"))["key"]
    assert (wrong.level, "not valid" in wrong.note) == (Level.WRONG, True)


@pytest.mark.skipif(
    not (shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")),
    reason="nginx is not installed",
)
def test_nginx_with_our_file_lets_events_through_and_no_figures(
    served: tuple[Process, str], tmp_path: Path
) -> None:
    process, url = served
    shown = key(url, "watcher", Role.AUDITOR)
    port = int(process.url.rpartition(":")[2])
    with proxy.proxy(tmp_path, [port], "nginx") as (_, through):
        lines = list(ask(through, shown))
        assert bad(iter(lines)) == {}, lines
        assert "figures" not in {one.name for one in lines}  # nobody outside reads them


def test_a_proxy_that_buffers_events_is_found(
    served: tuple[Process, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    process, url = served
    shown = key(url, "reader", Role.AUDITOR)
    monkeypatch.setattr(distant, "_SIGN", 3.0)
    port = int(process.url.rpartition(":")[2])
    with Relay(port) as relay:
        assert bad(ask(f"http://127.0.0.1:{relay.port}", shown)) == {}
    with Relay(port, hold=4096) as relay:
        found = bad(ask(f"http://127.0.0.1:{relay.port}", shown))
    assert (found["events"].level, set(found)) == (Level.WRONG, {"events"})
    assert "buffer" in found["events"].note


def test_a_service_without_its_database_is_not_ready(tmp_path: Path) -> None:
    import psycopg

    shared = server_or_skip()
    url = fresh_database(shared)
    where = Path(psycopg.conninfo.conninfo_to_dict(shared)["host"]) / ".s.PGSQL.5432"
    name = url.partition("?")[0].rpartition("/")[2]
    with Relay(str(where)) as relay:
        through = f"postgresql://postgres@127.0.0.1:{relay.port}/{name}"
        process = Process(REAL, database_url=through, port=0, data=tmp_path)
        try:
            assert "ready: store" not in bad(ask(process.url))
            relay.__exit__()
            until(lambda: "ready: store" in bad(ask(process.url)))
            assert bad(ask(process.url))["ready: store"].level is Level.WRONG
        finally:
            process.end()
    drop_database(url)
