"""Our own description of the API, and what comes that is not as it says: clear answers, nothing
stored.
"""

import json
import os
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from web.house import ASK, House

PARTS = 6
EXAMPLES = int(os.environ.get("HANDRAIL_API_EXAMPLES", "6"))
LEFT_OUT = {"stream_events", "sign_out", "stop_workflow"}
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
WHO = ("agent", "supervisor", "admin", "board", "auditor", "analyst")


@pytest.fixture(scope="module")
def api(shared: House) -> Any:
    shared.turn("order-4711", ASK)
    app = shared.client.app

    async def begun(scope: Any, receive: Any, send: Any) -> None:
        """The application, which runs already."""
        if scope["type"] != "lifespan":
            await app(scope, receive, send)
            return
        for what in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{what}.complete"})

    return schemathesis.openapi.from_asgi("/openapi.json", begun)


@pytest.mark.parametrize("part", range(PARTS))
def test_the_api_answers_as_its_description_says(api: Any, shared: House, part: int) -> None:
    operations = [one.ok() for one in api.get_all_operations()]
    assert len(operations) > 50
    for operation in operations[part::PARTS]:
        if operation.definition.raw["operationId"] not in LEFT_OUT:
            _probe(shared, operation)


def _probe(shared: House, operation: Any) -> None:
    """Call an operation with all that its description allows, and much that it does not."""
    asked = WHO if "x-right" in operation.definition.raw else WHO[:1]

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @given(case=operation.as_strategy())
    def probe(case: Any) -> None:
        for who in asked:
            headers = {"authorization": f"Bearer {shared.keys[who]}"}
            case.call_and_validate(headers=headers, checks=CHECKS)

    probe()


def test_the_description_names_every_route_once(shared: House) -> None:
    told = shared.client.get("/openapi.json").json()
    assert told["openapi"].startswith("3.1")
    names = [one["operationId"] for path in told["paths"].values() for one in path.values()]
    assert len(names) == len(set(names)) > 50
    for path in told["paths"].values():
        for one in path.values():
            assert one.get("summary"), one
            assert one.get("description"), one
            assert "application/problem+json" in one["responses"]["422"]["content"]


WRONG = (
    b"",
    b"{",
    b"[]",
    b'"x"',
    b"null",
    b'{"turn": {"role": "customer", "text": "\xff\xfe"}}',
    b'{"turn": {"role": "customer", "confidence": NaN}}',
    b'{"turn": {"role": "customer", "confidence": 1e999}}',
    b'{"turn": {"role": "nobody"}}',
    b'{"turn": {"role": "customer", "more": 1}}',
    b'{"turn": {"role": "customer"}, "more": 1}',
    b'{"turn": {"role": "customer"}, "epoch": [1]}',
    b'{"turn": {"role": "customer"}, "epoch": [-1, 99999999999999999999999]}',
    b'{"turn": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    b'{"turn": {"role": "customer", "text": ' + b"9" * 10_000 + b"}}",
)


@pytest.mark.parametrize("body", WRONG, ids=range(len(WRONG)))
@pytest.mark.parametrize("kind", ["application/json", "text/plain", "application/xml", ""])
def test_a_body_that_is_wrong_gets_a_clear_answer_and_stores_nothing(
    shared: House, body: bytes, kind: str
) -> None:
    headers = {
        "authorization": f"Bearer {shared.keys['agent']}",
        "idempotency-key": "wrong",
        "content-type": kind,
    }
    found = shared.client.post("/v1/cases/wrong/turns", content=body, headers=headers)
    assert 400 <= found.status_code < 500, found.text
    told = found.json()
    assert told["code"]
    assert told["detail"]
    assert shared.ask("agent", "GET", "/cases/wrong").status_code == 404


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda some: st.lists(some) | st.dictionaries(st.text(), some),
        max_leaves=20,
    )
)
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_comes_as_a_command_is_taken_or_refused_and_never_breaks(
    shared: House, body: Any
) -> None:
    text = json.dumps(body).encode("utf-8", "surrogatepass")
    headers = {
        "authorization": f"Bearer {shared.keys['supervisor']}",
        "content-type": "application/json",
        "idempotency-key": "any",
    }
    for path in ("/cases/order-4711/commands", "/commands", "/cases/order-4711/pause"):
        found = shared.client.post(f"/v1{path}", content=text, headers=headers)
        assert 400 <= found.status_code < 500, found.text


def test_a_text_that_is_too_long_is_cut_with_a_fault_and_not_dropped(house: House) -> None:
    most = house.service.settings.text_limit
    found = house.turn("c1", f"{ASK}. " + "x" * 3_000_000)
    assert (found.status_code, found.json()["outcome"]) == (200, "handoff")
    assert "text_cut" in found.json()["decision"]["faults"]
    line = house.ask("human", "GET", "/cases/c1/transcript").json()["items"][0]
    assert len(line["turn"]["text"]) == most
    long = {"text": "x" * 2_000_000, "id": "m"}
    refused = house.ask("agent", "POST", "/cases/c1/messages", long)
    assert (refused.status_code, refused.json()["code"]) == (413, "too_large")


def test_a_key_that_asks_too_often_waits_but_turns_are_always_taken(tmp_path: Any) -> None:
    from web.house import opened

    with opened(tmp_path / "data", rate=5) as house:
        found = [house.ask("agent", "GET", "/me").status_code for _ in range(8)]
        assert found == [200] * 5 + [429] * 3
        refused = house.ask("agent", "GET", "/me")
        assert refused.json()["code"] == "too_many"
        assert int(refused.headers["retry-after"]) > 0
        assert {house.turn(f"c{n}", "Hello").status_code for n in range(12)} == {200}


def test_what_fails_here_is_told_without_a_trace(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a text of somebody")

    monkeypatch.setattr(house.service.desk().engine, "turn", fail)
    found = house.turn("c1", "Hello")
    assert (found.status_code, found.json()["code"]) == (500, "failed")
    assert "somebody" not in found.text
    assert "Traceback" not in found.text
