"""The optional writer against a real server on this machine."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from handrail.core.bundle import Line, Material, Status, assemble
from handrail.core.case import CaseState
from handrail.core.model import Decision, Outcome, Reason, Role, Trigger
from handrail.masking import detect
from handrail.writer import Writer

CARD = "4111 1111 1111 1111"
MATERIAL = Material(
    lines=(
        Line(number=1, role=Role.CUSTOMER, text=f"Parcel A-1007 is late, I paid with {CARD}."),
        Line(number=2, role=Role.AGENT, text="I look at it."),
        Line(number=3, role=Role.CUSTOMER, text="Please give me a person."),
    ),
    decision=Decision(
        outcome=Outcome.HANDOFF,
        reasons=(Reason(trigger=Trigger.EXPLICIT_REQUEST, outcome=Outcome.HANDOFF, hard=True),),
    ),
    state=CaseState(),
    transcript="https://example.org/t/1",
)
GOOD = {
    "goal": {"text": "Wants parcel A-1007.", "evidence": [1]},
    "summary": [
        {"text": "The parcel is late and the customer wants a person.", "evidence": [1, 3]}
    ],
    "constraints": [],
    "next_steps": [
        {"text": "Trace parcel A-1007 with the carrier.", "evidence": [1]},
        {"text": "Tell the customer when the parcel comes.", "evidence": [1]},
    ],
}
Respond = Callable[[BaseHTTPRequestHandler], None]


def sends(content: str, status: int = 200) -> Respond:
    def respond(handler: BaseHTTPRequestHandler) -> None:
        body = json.dumps({"choices": [{"message": {"content": content}}]}).encode()
        handler.send_response(status)
        handler.send_header("content-length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return respond


def trickles(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    with suppress(OSError):
        for _ in range(100):
            handler.wfile.write(b" ")
            handler.wfile.flush()
            time.sleep(0.05)


def sleeps(handler: BaseHTTPRequestHandler) -> None:  # noqa: ARG001
    time.sleep(3)


@contextmanager
def server(respond: Respond) -> Iterator[tuple[str, list[tuple[dict[str, str], bytes]]]]:
    """The base address of a server that answers so, and what it was asked."""
    asked: list[tuple[dict[str, str], bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            size = int(self.headers["content-length"])
            asked.append((dict(self.headers) | {"path": self.path}, self.rfile.read(size)))
            with suppress(OSError):
                respond(self)

        def log_message(self, *_: object) -> None:
            pass

    found = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.daemon_threads = True
    found.block_on_close = False
    thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{found.server_port}/v1", asked
    finally:
        found.shutdown()
        thread.join()
        found.server_close()


def test_a_good_answer_is_taken() -> None:
    with server(sends(json.dumps(GOOD))) as (url, asked):
        made = Writer(url=url, model="m-1", key="k").write(MATERIAL, detect)
    assert made.writer == "m-1"
    assert made.faults == ()
    assert made.status is Status.COMPLETE
    assert made.goal is not None
    assert made.goal.text == "Wants parcel A-1007."
    [(headers, body)] = asked
    assert headers["path"] == "/v1/chat/completions"
    assert headers["authorization"] == "Bearer k"
    assert json.loads(body)["model"] == "m-1"


def test_only_masked_text_leaves_the_house() -> None:
    with server(sends(json.dumps(GOOD))) as (url, asked):
        Writer(url=url, model="m").write(MATERIAL, detect)
    assert b"4111" not in asked[0][1]
    assert b"[card]" in asked[0][1]


def test_a_secret_in_the_answer_is_hidden() -> None:
    key = "AKIAIOSFODNN7EXAMPLE"
    said = (*MATERIAL.lines[:2], Line(number=3, role=Role.CUSTOMER, text=f"{key} please, a person"))
    material = Material(lines=said, decision=MATERIAL.decision, state=MATERIAL.state)
    bad = {**GOOD, "goal": {"text": "Wants the parcel, password: hunterhunter", "evidence": [1]}}
    with server(sends(json.dumps(bad))) as (url, _):
        made = Writer(url=url, model="m").write(material, detect)
    assert made.writer == "m"
    assert "hunterhunter" not in str(made)
    assert key not in str(made)


BAD = {
    "no JSON": (sends("Of course! Here it is."), "not the JSON"),
    "no claims": (sends("[]"), "should be an object"),
    "without evidence": (
        sends(json.dumps({**GOOD, "goal": {"text": "x", "evidence": []}})), "turn numbers"),
    "another's evidence": (
        sends(json.dumps({**GOOD, "goal": {"text": "x", "evidence": [7]}})), "turn 7"),
    "an invented card": (
        sends(json.dumps({**GOOD, "goal": {"text": "Paid with 5500005555555559.",
                                           "evidence": [1]}})), "none of its turns says"),
    "a 500": (sends("", 500), "answered 500"),
    "silence": (sleeps, "no answer within 0.4 s"),
    "a trickle": (trickles, "no answer within 0.4 s"),
}  # fmt: skip


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_answer_leaves_the_extractive_bundle_and_says_why(kind: str) -> None:
    respond, reason = BAD[kind]
    base = assemble(MATERIAL, detect)
    with server(respond) as (url, _):
        begun = time.monotonic()
        made = Writer(url=url, model="m", timeout=0.4).write(MATERIAL, detect)
        took = time.monotonic() - begun
    assert made.writer == "extractive"
    assert (made.goal, made.summary, made.next_steps) == (base.goal, base.summary, base.next_steps)
    assert any(reason in fault for fault in made.faults), made.faults
    assert "5500005555555559" not in str(made)
    assert took < 2


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://127.0.0.1:notaport", "nonsense"])
def test_an_endpoint_that_is_not_there_is_named(url: str) -> None:
    made = Writer(url=url, model="m", timeout=0.5).write(MATERIAL, detect)
    assert made.writer == "extractive"
    assert made.faults
    assert made.faults[0].startswith("writer: ")
