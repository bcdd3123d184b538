"""What a client does while the service answers: the same in threads and in a loop, over HTTP and on
an engine of its own process.
"""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from handrail import Role, Turn
from handrail.agents.answers import Standing
from handrail.agents.client import Client
from handrail.core.ownership import Actor, Handback, Party, PlanStep, Status, Takeover
from handrail.engine import Engine
from handrail.errors import InputError, Unauthenticated

ASK = "Let me talk to a real person, please."


@pytest.fixture
def case(client: Any) -> Any:
    return client.case(f"c-{uuid.uuid4().hex}", customer="cust-1")


def test_three_lines_in_a_chat_loop(case: Any) -> None:
    shown = []
    for text in ("Where is order 77120?", "Thanks. And 77121?", ASK, "Hello?"):
        if case.heard(text).ai_may_speak:
            case.say(f"You asked: {text}", confidence=0.9)
        shown.append([(line.by, line.text) for line in case.read()])
    assert shown[:2] == [
        [("agent", "You asked: Where is order 77120?")],
        [("agent", "You asked: Thanks. And 77121?")],
    ]
    assert [by for by, _ in shown[2]] == ["notice"]
    assert all(by != "agent" for by, _ in shown[3])
    assert case.answer.standing is Standing.HANDED_OFF
    assert list(case.read()) == []


def test_what_the_ai_says_too_late_is_refused_and_never_read(case: Any) -> None:
    assert case.heard("Where is order 77120?").ai_may_speak
    late = case.epoch
    assert case.heard(ASK).standing is Standing.HANDED_OFF
    answer = case.say("I can offer a voucher!")
    assert answer.refused in {"not_owner", "stale_epoch"}
    assert not answer.ai_may_speak
    assert case.epoch > late
    assert "I can offer a voucher!" not in [line.text for line in case.read()]


def test_a_repeated_id_changes_nothing(case: Any) -> None:
    first = case.heard("My parcel is lost.", id="t1")
    again = case.heard("My parcel is lost.", id="t1")
    assert (first.epoch, first.outcome) == (again.epoch, again.outcome)
    case.say("I look.", id="s1")
    case.say("I look.", id="s1")
    assert [line.text for line in case.read()] == ["I look."]


def test_what_was_read_and_not_shown_comes_again(case: Any) -> None:
    case.heard("Where is it?")
    case.say("On its way.")
    reading = case.read()
    assert next(reading).text == "On its way."
    reading.close()  # the program has died before it showed it
    assert [line.text for line in case.read()] == ["On its way."]
    assert list(case.read()) == []


def test_a_streamed_answer_passes_and_is_a_turn(case: Any) -> None:
    case.heard("Where is it?")
    assert list(case.stream(["It ", "is ", "here."], confidence=0.9)) == ["It ", "is ", "here."]
    assert case.answer.standing is Standing.AI
    assert not case.answer.refused
    assert list(case.read()) == []  # it was shown as it came


def test_a_stream_is_not_begun_by_an_ai_that_may_not_speak(case: Any) -> None:
    case.heard(ASK)
    asked: list[str] = []

    def model() -> Iterator[str]:
        asked.append("begun")
        yield "Hello"

    assert list(case.stream(model())) == []
    assert asked == []


def test_a_model_that_fails_leaves_what_was_shown_as_the_turn(case: Any) -> None:
    case.heard("Where is it?")

    def model() -> Iterator[str]:
        yield "It is "
        raise RuntimeError("the model is gone")

    stream = case.stream(model())
    assert next(stream) == "It is "
    with pytest.raises(RuntimeError, match="the model is gone"):
        next(stream)
    assert case.answer.standing is Standing.AI


def test_a_tool_effect_is_admitted_first(case: Any) -> None:
    case.heard("Where is it?")
    assert case.admit("send_mail", {"to": "a"})
    case.heard(ASK)
    barred = case.admit("send_mail", {"to": "a"})
    assert not barred
    assert barred.why in {"not_owner", "stale_epoch"}
    assert not barred.pending


def test_an_approval_that_nobody_gives_is_a_no(case: Any) -> None:
    case.heard("Please refund me 20.")
    assert case.approved("refund", {"sum": 20}, name=uuid.uuid4().hex, wait=0.3) is False
    name = uuid.uuid4().hex
    assert not case.approved("refund", {"sum": 30}, name=name, wait=0.1)
    assert not case.admit("refund", {"sum": 30}, approval=name)


def test_the_ai_asks_for_a_person_and_tells_what_tools_gave(case: Any) -> None:
    case.heard("Where is it?")
    case.told(Turn(role=Role.TOOL, tool="track", text="gateway timeout", error=True))
    assert case.ask_for_human(reason="tool_failure").standing is Standing.HANDED_OFF


def test_nothing_is_admitted_before_the_case_is_known(case: Any) -> None:
    with pytest.raises(InputError, match="nothing of this case is known"):
        case.admit("send_mail")


def test_an_offer_is_answered_only_when_one_is_open(case: Any) -> None:
    case.heard("Where is it?")
    with pytest.raises(InputError, match="no offer is open"):
        case.answer_offer(accepted=True)


def test_a_person_writes_hands_back_and_the_ai_carries_out_the_plan(
    engine: Engine, tmp_path: Path
) -> None:
    with Client(engine=engine, spool=tmp_path) as client:
        case = client.case(f"plan-{uuid.uuid4().hex}")
        case.heard(ASK)
        list(case.read())
        ana = Actor(kind=Party.HUMAN, id="ana", supervisor=True)
        name = case.answer.case
        engine.act(name, Takeover(at=0, by=ana, queue="frontline", steward=""), id="1")
        engine.send(name, "I am here.", id="2", by="ana")
        assert [line.by for line in case.read()] == ["human"]
        steps = (PlanStep(id="1", action="refund"),)
        engine.act(name, Handback(at=0, by=ana, steps=steps, expires=0), id="3")
        assert case.heard("Thanks").standing is Standing.DELEGATED
        assert case.begin("1").refused == ""
        assert case.admit("refund")
        assert case.admit("refund").why == "step_admitted"
        assert case.report("1", "done").refused == ""
        assert engine.case(name).ownership.status is Status.HELD


def test_a_key_that_is_unknown_is_said_and_nothing_is_kept(running: Any, tmp_path: Path) -> None:
    with Client(running.url, "hr_wrong_key", spool=tmp_path) as client:
        with pytest.raises(Unauthenticated):
            client.case("c").heard("Hello?")
        assert client.flush() == 0


@pytest.mark.parametrize(("url", "key"), [("", ""), ("ftp://x", "k"), ("http://127.0.0.1:1", "")])
def test_a_client_without_an_address_or_a_key_says_what_to_do(
    url: str, key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HANDRAIL_URL", raising=False)
    monkeypatch.delenv("HANDRAIL_KEY", raising=False)
    with pytest.raises(InputError, match=r"give|set"):
        Client(url, key, spool=tmp_path)


def test_a_stream_that_is_tried_again_under_its_id_is_admitted_anew(
    engine: Engine, tmp_path: Path
) -> None:
    def broken() -> Iterator[str]:
        raise RuntimeError("no model")
        yield ""

    with Client(engine=engine, spool=tmp_path) as client:
        case = client.case(f"again-{uuid.uuid4().hex}")
        case.heard("Where is it?")
        with pytest.raises(RuntimeError):
            list(case.stream(broken(), id="m1"))
        ana = Actor(kind=Party.HUMAN, id="ana", supervisor=True)
        engine.act(case.answer.case, Takeover(at=0, by=ana, queue="frontline", steward=""), id="1")
        assert list(case.stream(["too ", "late"], id="m1")) == []
