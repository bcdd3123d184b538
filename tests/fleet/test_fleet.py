"""The fleet in short; and what it judges by is shown able to fail."""

import contextlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import create_engine, text

from adapters.test_opening import _BEFORE_0002
from fleet import house, proxy, rig, upgrade, verdict
from fleet.caller import Call
from fleet.servers import Server, Setting
from handrail.adapters.sql import SqlStore, dialects, migrate
from handrail.core.model import Role, Turn
from handrail.engine import Engine, deploy
from handrail.packs import load, roster
from postgres import drop_database, fresh_database, server_or_skip

ASKED = os.environ.get("HANDRAIL_FLEET")
REASON = "takes minutes: set HANDRAIL_FLEET=1"
in_ci = pytest.mark.skipif(not (ASKED or os.environ.get("CI")), reason=REASON)
long = pytest.mark.skipif(not ASKED, reason=REASON)


@in_ci
def test_servers_that_die_lose_nothing_and_every_client_goes_on() -> None:
    server_or_skip()
    figures = rig.kills(seconds=16, every=8, agents=3)
    assert figures.wrong == []
    assert figures.kills == 2
    assert min(figures.turns, figures.delivered, figures.withheld, figures.handoffs) > 10


@long
def test_servers_are_replaced_by_those_of_the_next_version_under_load() -> None:
    server_or_skip()
    figures = upgrade.rolls(agents=4, kind="own")
    assert figures.wrong == []
    assert figures.notes[0] == f"tables {migrate.LATEST}"
    assert figures.notes[-1] == f"server 2 replaced, tables {upgrade.NEXT}"
    assert "an old server that is started now ends with 3" in figures.notes
    assert figures.turns > 10


def test_three_servers_begin_at_once_on_a_store_of_the_first_version(tmp_path: Path) -> None:
    url = fresh_database(server_or_skip())
    store = SqlStore(url)
    pack = load("support-chat")
    engine = Engine(store, deploy(pack, roster.load("support-chat", pack)))
    for number in range(20):
        engine.turn(f"c{number}", Turn(role=Role.CUSTOMER, text="Where is my parcel?"), id="1")
    store.close()
    engine_ = create_engine(dialects.address(url))
    with engine_.begin() as connection:
        for said in _BEFORE_0002:
            connection.execute(text(said))
    engine_.dispose()
    assert upgrade.tables(url) == "0001"
    setting = house.folder(tmp_path, url)
    servers = [Server(number, setting) for number in range(3)]
    try:
        for one in servers:
            one.start()
        for one in servers:
            one.ready()
        assert upgrade.tables(url) == migrate.LATEST
        keys = house.keys(setting, 1)
        for number, one in enumerate(servers):
            body = {"turn": {"role": "customer", "text": "Hello?"}, "id": "2"}
            found = httpx.post(
                f"http://127.0.0.1:{one.port}/v1/cases/c{number}/turns",
                json=body,
                headers={"Authorization": f"Bearer {keys['agent0']}"},
                timeout=30,
            )
            assert found.status_code == 200, found.text
        again = SqlStore(url)
        with again.view() as unit:
            lines = [len(unit.lines(f"c{number}")) for number in range(20)]
        again.close()
        assert lines == [2] * 3 + [1] * 17
    finally:
        for one in servers:
            one.kill()
        drop_database(url)


# The judges


def call(name: str, status: int = 200, begun: float = 1.0, **more: Any) -> Call:
    given: dict[str, Any] = {
        "client": "a",
        "id": name,
        "path": "/cases/c1/turns",
        "body": {"turn": {"role": "agent", "text": f"x ({name})"}, "epoch": [1, 1]},
        "begun": begun,
        "answered": begun + 0.1,
        "tries": 1,
        "status": status,
        "told": {"epoch": [1, 1]},
    }
    return Call(**(given | more))


@pytest.fixture
def made() -> Any:
    """A store with a case of two turns, of which the second was refused to nobody."""
    url = fresh_database(server_or_skip())
    store = SqlStore(url)
    pack = load("support-chat")
    engine = Engine(store, deploy(pack, roster.load("support-chat", pack)))
    for name in ("n1", "n2"):
        engine.turn("c1", Turn(role=Role.CUSTOMER, text=f"Where is it? ({name})"), id=name)
    yield store
    store.close()
    drop_database(url)


def test_a_turn_that_is_lost_doubled_or_kept_though_refused_is_seen(made: SqlStore) -> None:
    found = verdict.stored(made)
    assert list(verdict.kept([call("n1"), call("n2"), call("n3", 409)], found)) == []
    [lost] = verdict.kept([call("n3")], found)
    assert "is there 0 times" in lost
    [kept] = verdict.kept([call("n2", 409)], found)
    assert "answered 409" in kept
    command = call("n9", path="/cases/c1/commands", body={"command": "accept"})
    [gone] = verdict.kept([command], found)
    assert "is there 0 times" in gone
    assert list(verdict.whole(found, made)) == []


def test_two_open_handoffs_are_seen(made: SqlStore) -> None:
    found = verdict.stored(made)._replace(open_handoffs={"c1": 2})
    assert list(verdict.whole(found, made)) == ["`c1` has 2 open handoffs"]


def test_a_late_word_of_the_ai_is_seen(made: SqlStore) -> None:
    found = verdict.stored(made)._replace(fences={"c1/1": (1, 1), "c1/2": None})
    newer = call("h", begun=2.0, body={"turn": {"role": "customer"}}, told={"epoch": [1, 2]})
    calls = [call("n1", begun=1.0), newer]
    assert list(verdict.fenced(calls, {"c1/1": 1.5, "c1/2": 9.0}, found)) == []
    [late] = verdict.fenced([*calls, call("n2", begun=3.0)], {}, found)
    assert "the turn `n2`" in late
    assert list(verdict.fenced([*calls, call("n2", 409, begun=3.0)], {}, found)) == []
    [late] = verdict.fenced(calls, {"c1/1": 3.0}, found)
    assert "the message `c1/1`" in late
    [none] = verdict.fenced(calls, {"c1/7": 3.0}, found)
    assert "is not there" in none


def test_an_entry_that_the_stream_left_out_doubled_or_turned_round_is_seen(
    made: SqlStore,
) -> None:
    found = verdict.stored(made)
    right = sorted(found.entries)
    far = max(found.entries.values())
    assert list(verdict.watched(right, found, far)) == []
    assert "never" in next(verdict.watched(right[1:], found, far))
    assert list(verdict.watched(right[:-1], found, 0)) == []
    assert "twice" in next(verdict.watched([*right, right[-1]], found, far))
    assert "of nothing" in next(verdict.watched([*right, ("c1", 999)], found, far))
    assert "after" in next(verdict.watched([*right[1:], right[0]], found, far))


def test_a_client_that_does_not_come_back_is_seen() -> None:
    calls = [call(str(n), begun=float(n)) for n in range(10)]
    silences, wrong = verdict.progressed(calls, [2.0, 5.0], 9.0)
    assert (wrong, max(silences) < 1.2) == ([], True)
    _, wrong = verdict.progressed([*calls, call("b", client="b")], [2.0, 5.0], 9.0)
    assert len(wrong) == 2


# The proxies


class _Answer:
    """A server of bytes that says its name."""

    def __init__(self, name: str) -> None:
        import socket
        import threading

        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        said = f"HTTP/1.1 200 OK\r\ncontent-length: {len(name)}\r\nconnection: close\r\n\r\n{name}"

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    one, _ = self._socket.accept()
                    with one:
                        one.recv(65_536)
                        one.sendall(said.encode())

        threading.Thread(target=serve, daemon=True).start()

    def end(self) -> None:
        import socket

        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


KINDS = ["own", "nginx"] if shutil.which("nginx", path="/usr/sbin:/usr/bin") else ["own"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_proxy_takes_all_servers_and_leaves_dead_ones_alone(kind: str, tmp_path: Path) -> None:
    servers = [_Answer("one"), _Answer("two")]
    with proxy.proxy(tmp_path, [one.port for one in servers], kind) as (named, url):
        assert named == kind
        assert {httpx.get(url).text for _ in range(8)} == {"one", "two"}
        servers[0].end()
        assert {httpx.get(url).text for _ in range(8)} == {"two"}
        servers[1].end()
        assert httpx.get(url).status_code == 502


def test_complaints_of_servers_are_counted(tmp_path: Path) -> None:
    from fleet.servers import complaints

    one = Server(0, Setting(folder=tmp_path, url=""))
    one.log.write_text('{"level": "warning"}\n{"level": "error", "event": "x"}\nTraceback (most\n')
    found: Mapping[str, int] = complaints([one])
    assert sum(found.values()) == 2
