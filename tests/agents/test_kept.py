"""What could be lost on the way to the service, and is not."""

import asyncio
import contextlib
import sqlite3
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest

from agents.rig import Server
from agents.test_line import transcript
from agents.test_outage import ASK, answering, plain
from handrail import Role, Turn
from handrail.agents import spool
from handrail.agents.aio import AsyncClient
from handrail.agents.answers import Standing
from handrail.agents.calls import Away, Call, Got, fit
from handrail.agents.client import Client, trial
from handrail.errors import Failed, HandrailError, InputError


class Line:
    """An engine that can be cut off."""

    def __init__(self, client: Client) -> None:
        self._to, self.cut, self.problem = client._transport, set[str](), Exception()
        self.problem = Away("cut off")
        client._transport = self  # type: ignore[assignment]

    def __call__(self, call: Call) -> Got:
        if {call.name, "all"} & self.cut:
            raise self.problem
        return self._to(call)

    def close(self) -> None:
        self._to.close()


@pytest.fixture
def client(tmp_path: Path) -> Any:
    with Client(engine=trial(), spool=tmp_path / "spool") as made:
        made._end.set()  # nothing is sent behind the back of a test
        yield made


@pytest.mark.parametrize(
    "answer",
    [
        plain("200 OK", "{}"),
        plain("200 OK", '{"case": "c"}'),
        plain("302 Found", "{}", more="location: /login\r\n"),
        plain("404 Not Found", '{"detail": "Not Found"}'),
        plain("403 Forbidden", '{"message": "blocked"}'),
        plain("401 Unauthorized", "{}"),
        plain("409 Conflict", "[]"),
    ],
)
def test_what_answers_in_place_of_the_service_takes_nothing(answer: bytes, tmp_path: Path) -> None:
    with Client("http://127.0.0.1:1", "k", spool=tmp_path, timeout=1) as away:
        assert away.case("c").heard("Hello?").pending
    with answering(answer) as url, Client(url, "k", spool=tmp_path, timeout=2) as client:
        assert client.flush() == 1
        assert client.case("d").heard("Hello?").pending
        assert client.refused() == []
        assert client.flush() == 2


def test_a_turn_whose_task_is_cancelled_is_kept(tmp_path: Path) -> None:
    async def talk(url: str) -> tuple[Standing, int]:
        async with AsyncClient(url, "k", spool=tmp_path, timeout=20) as client:
            case = client.case("c")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(case.heard(ASK, id="one"), 0.3)
            return case.answer.standing, len(client._spool.waiting())

    with answering(b"", wait=5) as url:
        assert asyncio.run(talk(url)) == (Standing.PENDING, 1)


@pytest.mark.parametrize("problem", [KeyboardInterrupt(), RuntimeError("a fault of ours")])
def test_a_turn_that_is_interrupted_is_kept_and_told_once(
    client: Client, problem: BaseException
) -> None:
    line, case = Line(client), client.case("c")
    line.problem = problem  # type: ignore[assignment]
    line.cut = {"turn"}
    with pytest.raises(type(problem)):
        case.heard(ASK)
    assert case.answer.pending
    line.cut = set()
    assert client.flush() == 0
    assert case.heard("Hello?").standing is Standing.HANDED_OFF


def test_what_was_shown_is_not_shown_again_when_that_could_not_be_told(client: Client) -> None:
    line, case = Line(client), client.case("c")
    case.heard("Where is it?")
    case.say("On its way.")
    reading = case.read()
    assert next(reading).text == "On its way."
    line.cut = {"all"}
    assert list(reading) == []
    assert list(case.read()) == []
    line.cut = set()
    assert list(case.read()) == []
    assert case.heard("Thanks").ai_may_speak


def test_nothing_is_said_before_an_epoch_is_confirmed(client: Client) -> None:
    client.case("c").heard("Where is it?")
    again = client.case("c")  # as after a restart
    with pytest.raises(InputError, match="nothing of this case is known"):
        again.say("It comes on Friday.")
    with pytest.raises(InputError, match="nothing of this case is known"):
        list(again.stream(["It ", "comes"]))
    assert list(again.read()) == []


def test_what_was_told_behind_a_case_is_looked_up_before_the_ai_speaks(client: Client) -> None:
    line, case = Line(client), client.case("c")
    line.cut = {"all"}
    assert case.heard(ASK).pending
    line.cut = set()
    assert client.flush() == 0  # as the sender does
    assert case.say("It comes on Friday.").refused == "not_owner"
    assert case.answer.standing is Standing.HANDED_OFF


def test_the_reports_of_lines_hide_no_answer_to_a_turn(client: Client) -> None:
    line, case = Line(client), client.case("c")
    case.heard("Where is it?")
    case.say("On its way.")
    reading = case.read()
    next(reading)
    line.cut = {"all"}
    assert case.heard(ASK).pending
    assert list(reading) == []  # the report of the line waits behind the turn
    line.cut = set()
    assert not case.admit("send_mail")
    assert case.answer.standing is Standing.HANDED_OFF


def test_a_full_disk_does_not_hide_what_came_of_a_turn(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise Failed("the disk is full")

    monkeypatch.setattr(client._spool, "put", full)
    assert client.case("c").heard("Where is it?").ai_may_speak


def test_an_approval_that_came_after_an_interruption_leaves_the_ai_where_it_was(
    client: Client,
) -> None:
    line, case = Line(client), client.case("c")
    case.heard("Refund me, please.")
    before, tries = line.__call__, []

    def once(call: Call) -> Got:
        tries.append(call.name)
        if len(tries) == 1:
            raise Away("cut off")
        return before(call)

    client._transport = once  # type: ignore[assignment]
    assert not case.approved("refund", {"sum": 9}, name=uuid.uuid4().hex, wait=0.3)
    client._transport = line  # type: ignore[assignment]
    assert tries[0] == "ask"
    assert case.answer.standing is Standing.AI


def test_a_person_whom_the_roster_knows_takes_the_case_by_writing(client: Client) -> None:
    case = client.case("c")
    case.heard("Where is it?")
    turn = Turn(role=Role.HUMAN, text="I look into it.")
    assert case.told(turn, by="ana").standing is Standing.HANDED_OFF
    assert case.say("It comes on Friday.").refused


@pytest.mark.parametrize("id", ["", "ключ-1", "a\nb", "x" * 500, " edge ", "\ud83d"])
def test_any_id_of_a_program_is_one(running: Server, tmp_path: Path, id: str) -> None:  # noqa: A002
    name = f"id-{uuid.uuid4().hex}"
    with Client(running.url, running.keys["bot"], spool=tmp_path) as client:
        for _ in range(2):
            assert client.case(name).heard("Hello?", id=id).ai_may_speak
        assert client.flush() == 0
    assert transcript(running, name, "customer") == ["Hello?"] * (1 if id else 2)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("half \ud83d of one", "half \ufffd of one"),
        ("\ud83d\ude00 two halves", "\U0001f600 two halves"),
        ("no\0thing", "no\0thing"),
    ],
)
def test_a_text_with_half_a_character_is_a_turn(
    running: Server, tmp_path: Path, text: str, kept: str
) -> None:
    name = f"half-{uuid.uuid4().hex}"
    with Client("http://127.0.0.1:1", "k", spool=tmp_path, timeout=1) as away:
        assert away.case(name).heard(text).pending
    with Client(running.url, running.keys["bot"], spool=tmp_path) as client:
        assert not client.case(name).heard(text).pending
    assert transcript(running, name, "customer") == [kept, kept]


def test_a_text_of_any_length_is_a_turn(running: Server, tmp_path: Path) -> None:
    with Client(running.url, running.keys["bot"], spool=tmp_path, timeout=30) as client:
        answer = client.case(f"long-{uuid.uuid4().hex}").heard("ab " * 9_000_000)
    assert answer.ai_may_speak


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "@packs", "x" * 201, "a\nb", "\ud83d"])
def test_a_case_that_has_no_place_in_a_path_is_named_at_once(client: Client, name: str) -> None:
    with pytest.raises(InputError, match="is no id of a case"):
        client.case(name)
    assert fit("a b%2F?ключ", "a case") == "a b%2F?ключ"


def test_what_is_no_json_is_said_and_not_kept(running: Server, tmp_path: Path) -> None:
    with Client(running.url, running.keys["bot"], spool=tmp_path) as client:
        case = client.case("c", values={"order": {"amount": float("nan")}})
        with pytest.raises(InputError, match="is no JSON"):
            case.heard("Hello?")
        assert client.flush() == 0


def test_a_key_with_the_end_of_a_line_works(running: Server, tmp_path: Path) -> None:
    with Client(f"{running.url}/\n", f"{running.keys['bot']}\n", spool=tmp_path) as client:
        assert client.case(f"key-{uuid.uuid4().hex}").heard("Hello?").ai_may_speak
    with pytest.raises(InputError, match="is no key"):
        Client(running.url, "hr_\u2026", spool=tmp_path)


def test_a_spool_that_is_in_use_is_not_taken_for_a_broken_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = spool.Spool(tmp_path, 10)
    first.add(Call("turn", "c", {}, "k"))
    monkeypatch.setattr(spool, "BUSY", 0.1)
    with contextlib.closing(sqlite3.connect(first.file, isolation_level=None)) as other:
        other.execute("begin exclusive")
        with pytest.raises(Failed, match="locked"):
            spool.Spool(tmp_path, 10)
        other.execute("rollback")
    assert [one.call.key for one in first.waiting()] == ["k"]
    assert [one.name for one in tmp_path.iterdir()] == [spool.FILE]
    first.close()


def test_what_was_refused_is_kept_until_somebody_has_looked(client: Client) -> None:
    line, case = Line(client), client.case("c")
    case.heard("One", id="1")
    line.cut = {"all"}
    case.heard("Two", id="1")
    line.cut = set()
    assert client.flush() == 0
    (kept,) = client.refused()
    client.forget(kept)
    assert client.refused() == []


def test_one_who_waits_for_the_service_is_told_why(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with Client("http://127.0.0.1:1", "k", spool=tmp_path, timeout=1) as client:
        case = client.case("c")
        for _ in range(3):
            case.heard("A secret of the customer")
    assert caplog.text.count("so the AI is held: the service cannot be reached") == 1
    assert "secret" not in caplog.text


def test_a_client_of_a_service_does_not_load_an_engine() -> None:
    code = (
        "import sys, handrail, handrail.agents.client, handrail.agents.aio\n"
        "print(*{'httpx', 'sqlalchemy', 'pydantic', 'handrail.engine'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_errors_of_the_service_are_errors_of_the_program(running: Server, tmp_path: Path) -> None:
    with Client(running.url, running.keys["bot"], spool=tmp_path) as client:
        case = client.case("never-begun")
        with pytest.raises(HandrailError, match="never-begun"):
            case.ask_for_human()
        assert client.flush() == 0
