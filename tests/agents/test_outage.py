"""While the service cannot be reached the AI is held; what customers say is kept, and told once."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from agents.conftest import KINDS
from agents.rig import Server
from handrail.agents import spool
from handrail.agents.answers import Standing
from handrail.agents.calls import Call
from handrail.agents.client import Client
from handrail.errors import Failed

ASK = "Let me talk to a real person, please."
HOLDING = "One moment please, I am checking something."


def until(true: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def texts(server: Server, case: str) -> list[str]:
    """What the case has, as the service knows it."""
    server.add("lead", "person", "supervisor")
    items = server.ask("lead", "GET", f"/cases/{case}/transcript")["items"]
    return [one["turn"]["text"] for one in items]


def entries(server: Server, case: str, name: str) -> list[Any]:
    server.add("checker", "program", "auditor")
    items = server.ask("checker", "GET", f"/cases/{case}/entries")["items"]
    return [one for one in items if one["name"] == name]


@pytest.mark.parametrize("kind", KINDS)
def test_a_service_that_is_killed_holds_the_ai_and_loses_no_turn(
    server: Server, tmp_path: Path, kind: str
) -> None:
    with KINDS[kind](server.url, server.keys["bot"], spool=tmp_path / "spool") as client:
        case = client.case("c")
        assert case.heard("Where is order 77120?").ai_may_speak
        server.kill()
        answer = case.heard("It is late.")
        assert (answer.standing, answer.pending) == (Standing.PENDING, True)
        assert not answer.ai_may_speak
        assert answer.holding == HOLDING  # of the pack, as it was last heard
        assert case.say("It comes on Friday.").refused == "pending"
        assert list(case.stream(["It ", "comes"])) == []
        assert not case.admit("refund")
        assert [line.text for line in case.read()] == [HOLDING]
        assert list(case.read()) == []  # once is enough
        assert case.heard(ASK).pending
        server.start()
        until(lambda: client.flush() == 0)
        assert [line.by for line in case.read()] == ["notice"]
        assert case.answer.standing is Standing.HANDED_OFF
        assert texts(server, "c") == ["Where is order 77120?", "It is late.", ASK]
        assert len(entries(server, "c", "open")) == 1
        assert client.refused() == []


def test_what_was_kept_is_told_by_itself_when_the_service_is_back(
    server: Server, tmp_path: Path
) -> None:
    with Client(server.url, server.keys["bot"], spool=tmp_path / "spool") as client:
        case = client.case("c")
        server.kill()
        assert case.heard(ASK).pending  # the first turn of all
        server.start()
        until(lambda: not spool.Spool(tmp_path / "spool", 10).waiting(limit=1))
        assert texts(server, "c") == [ASK]


AGENT = """
import sys
from pathlib import Path
from handrail.agents.client import Client
client = Client(sys.argv[1], sys.argv[2], spool=Path(sys.argv[3]))
case = client.case("c")
for number in range(1000):
    print(number, case.heard(f"turn {number}", id=f"t{number}").pending, flush=True)
"""


def test_what_was_kept_survives_the_death_of_the_agent(server: Server, tmp_path: Path) -> None:
    server.kill()
    command = [sys.executable, "-c", AGENT, server.url, server.keys["bot"], str(tmp_path / "s")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as agent:
        assert agent.stdout is not None
        for _ in range(5):
            assert agent.stdout.readline().split()[1] == "True"
        agent.send_signal(signal.SIGKILL)
    server.start()
    with Client(server.url, server.keys["bot"], spool=tmp_path / "s") as client:
        until(lambda: client.flush() == 0)
    told = texts(server, "c")
    assert told[:5] == [f"turn {number}" for number in range(5)]
    assert told == sorted(told, key=lambda text: int(text.split()[1]))
    assert len(set(told)) == len(told)


@contextmanager
def answering(answer: bytes, wait: float = 0.0) -> Iterator[str]:
    """Something on a port that answers like this to everybody."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        ended = threading.Event()

        def serve() -> None:
            while not ended.is_set():
                try:
                    made, _ = listening.accept()
                except OSError:
                    return
                with made:
                    try:
                        made.recv(65_536)
                        ended.wait(wait)
                        made.sendall(answer)
                    except OSError:
                        pass

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        ended.set()
        listening.shutdown(socket.SHUT_RDWR)
    thread.join(10)


def plain(status: str, body: str, kind: str = "application/json", more: str = "") -> bytes:
    head = f"HTTP/1.1 {status}\r\ncontent-type: {kind}\r\nconnection: close\r\n{more}"
    return f"{head}content-length: {len(body)}\r\n\r\n{body}".encode()


@pytest.mark.parametrize(
    "answer",
    [
        plain("500 Oops", "{}"),
        plain("502 Bad Gateway", "<html>", "text/html"),
        plain("503 Busy", '{"code": "unavailable", "detail": "busy"}', more="retry-after: 60\r\n"),
        plain("429 Slow", '{"code": "too_many", "detail": "slow down"}'),
        plain("200 OK", "<html>a portal</html>", "text/html"),
        plain("200 OK", "[]"),
        b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{",
        b"garbage\r\n\r\n",
        b"",
    ],
    ids=["500", "502", "503", "429", "portal", "list", "torn", "garbage", "nothing"],
)
def test_what_is_no_answer_of_the_service_is_pending(answer: bytes, tmp_path: Path) -> None:
    with answering(answer) as url, Client(url, "hr_a_b", spool=tmp_path, timeout=2) as client:
        case = client.case("c")
        assert case.heard("Hello?").pending
        assert case.say("Hi").refused == "pending"
        assert client.flush() == 1  # kept, and still not told


def test_a_service_that_is_slow_is_not_waited_for_without_end(tmp_path: Path) -> None:
    with answering(b"", wait=30) as url, Client(url, "k", spool=tmp_path, timeout=0.5) as client:
        begun = time.monotonic()
        assert client.case("c").heard("Hello?").pending
        assert time.monotonic() - begun < 15


def test_what_the_service_will_never_take_is_set_aside_and_told_of(
    server: Server, tmp_path: Path
) -> None:
    with Client(server.url, server.keys["bot"], spool=tmp_path / "s") as client:
        client.case("c").heard("Hello?", id="one")
        server.kill()
        client.case("c").heard("Something else", id="one")  # an id that was used
        client.case("d").heard("Good day", id="two")
        server.start()
        until(lambda: client.flush() == 0)
        (kept,) = client.refused()
        assert kept.problem.startswith("conflict")
        assert kept.call.body["turn"].text == "Something else"
        assert texts(server, "d") == ["Good day"]


def test_a_spool_that_is_broken_is_kept_aside_and_a_new_one_begun(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / spool.FILE).write_bytes(os.urandom(8192))
    made = spool.Spool(tmp_path, 10)
    made.add(Call("turn", "c", {}, "k"))
    assert [one.call.case for one in made.waiting()] == ["c"]
    made.close()
    assert len(list(tmp_path.glob(f"{spool.FILE}.broken-*"))) == 1
    assert "is broken" in caplog.text


def test_a_spool_that_is_full_says_so_and_drops_nothing(tmp_path: Path) -> None:
    made = spool.Spool(tmp_path, 2)
    for number in range(2):
        made.add(Call("turn", "c", {}, str(number)))
    with pytest.raises(Failed, match="no more are kept"):
        made.add(Call("turn", "c", {}, "3"))
    assert len(made.waiting()) == 2
    made.close()


def test_a_spool_is_for_its_owner_only(tmp_path: Path) -> None:
    made = spool.Spool(tmp_path / "new", 2)
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700
    assert made.file.stat().st_mode & 0o777 == 0o600
    made.close()


def test_agents_that_talk_while_the_service_is_down_pass_nothing_and_lose_nothing() -> None:
    command = [sys.executable, "-m", "agents.outage", "--agents", "8", "--seconds", "4", "--json"]
    tests = Path(__file__).resolve().parent.parent
    done = subprocess.run(
        command, cwd=tests, capture_output=True, text=True, timeout=200, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads(done.stdout)
    assert figures["held"] > 8
    assert figures["turns"] > 30
    assert figures["handoffs"] == 8
