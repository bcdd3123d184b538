"""What a service tells machines: whether it works, figures, lines, spans; never what was said."""

import io
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from fastapi.testclient import TestClient
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from handrail.config import Settings
from handrail.web import logs, telemetry
from handrail.wiring.service import Service
from web import tiny

SAID = "my zebra is called Kunigunde"


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(telemetry, "set_up", lambda: provider)
    return exporter


@pytest.fixture
def client(tmp_path: Path, spans: InMemorySpanExporter) -> Iterator[TestClient]:  # noqa: ARG001
    service = Service(Settings(data=tmp_path / "data", otel=True))
    with TestClient(tiny.make(service), raise_server_exceptions=False) as made:
        yield made
    service.stop()


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What goes to standard error."""
    root, ours = logging.getLogger(), logging.getLogger("handrail")
    before = root.handlers[:], root.level, ours.level
    kept = io.StringIO()
    monkeypatch.setattr("sys.stderr", kept)
    logs.set_up("debug")
    yield kept
    root.handlers[:], root.level, _ = before
    root.setLevel(before[1])
    ours.setLevel(before[2])
    structlog.reset_defaults()


def say(client: TestClient, case: str, text: str, **headers: str) -> None:
    client.post(f"/say/{case}", json={"id": "1", "text": text}, headers=headers).raise_for_status()


def lines(written: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written.getvalue().splitlines()]


def test_the_process_lives_and_works(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    found = client.get("/readyz")
    assert found.status_code == 200
    assert found.json()["status"] == "ready"
    assert set(found.json()["checks"]) >= {"store", "migrations", "clock", "alarms", "changes"}


def test_a_service_that_ends_is_not_ready(client: TestClient) -> None:
    client.app.state.frame.ending()  # type: ignore[attr-defined]
    found = client.get("/readyz")
    assert found.status_code == 503
    assert found.json()["checks"]["process"]["ok"] is False
    assert client.get("/events").status_code == 503


def test_figures_count_what_happened_by_names_of_ours_only(client: TestClient) -> None:
    say(client, "case-of-ana", "Where is my order?")
    say(client, "case-of-bob", f"I want to talk to a human, {SAID}.")
    client.get("/no/such/thing/case-of-ana")
    text = client.get("/metrics").text
    assert 'handrail_turns_total{workspace="default"} 2.0' in text
    assert (
        'handrail_decisions_total{outcome="handoff",trigger="explicit_request",workspace="default"}'
        " 1.0" in text
    )
    assert 'outcome="continue",trigger="none"' in text
    assert 'handrail_open_handoffs{workspace="default"} 1.0' in text
    assert 'handrail_waiting{queue="frontline",status="proposed",workspace="default"} 1.0' in text
    for name in ("overdue", "outbox_backlog", "dead_letters", "changes_lag_seconds", "store_up"):
        assert re.search(rf"^handrail_{name}\b.* \d", text, re.MULTILINE), name
    assert 'route="/say/{case}",status="200"} 2.0' in text
    assert 'route="none",status="404"} 1.0' in text
    for word in ("case-of", "Kunigunde", "ana", "bob"):
        assert word not in re.sub(r"^# .*$", "", text, flags=re.MULTILINE)


def test_a_request_is_one_line_with_an_id_and_nothing_that_was_said(
    client: TestClient, written: io.StringIO
) -> None:
    found = client.post(
        "/say/case-of-ana?name=Kunigunde",
        json={"id": "1", "text": SAID},
        headers={"X-Request-ID": "given-by-caller", "Authorization": "Bearer hr_secret"},
    )
    assert found.headers["x-request-id"] == "given-by-caller"
    told = [one for one in lines(written) if one["event"] == "request"]
    assert len(told) == 1
    assert told[0]["request_id"] == "given-by-caller"
    assert (told[0]["route"], told[0]["status"]) == ("/say/{case}", 200)
    for word in ("Kunigunde", "hr_secret", "case-of-ana", "zebra"):
        assert word not in written.getvalue()


@pytest.mark.parametrize("bad", ["x", "a b c d e f g h", "x" * 65, 'inject"ed-line', "ä" * 9])
def test_an_id_that_could_be_anything_is_not_taken_over(client: TestClient, bad: str) -> None:
    found = client.get("/healthz", headers={"X-Request-ID": bad.encode()})
    assert re.fullmatch(r"[0-9a-f]{16}", found.headers["x-request-id"])


def test_of_an_error_only_its_kind_and_place_are_told(written: io.StringIO) -> None:
    try:
        int(SAID)
    except ValueError:
        logging.getLogger("handrail.x").exception("it failed")
    told = lines(written)[0]
    assert told["error"] == "ValueError"
    assert re.fullmatch(r".*test_watching:\d+", told["at"])
    assert "Kunigunde" not in written.getvalue()


def test_a_request_is_a_span_that_says_what_was_decided(
    client: TestClient, spans: InMemorySpanExporter
) -> None:
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    say(client, "c-1", f"I want to talk to a human, {SAID}.", traceparent=parent)
    span = next(one for one in spans.get_finished_spans() if one.name == "POST /say/{case}")
    told = dict(span.attributes or {})
    assert span.parent is not None
    assert f"{span.parent.trace_id:032x}" == "0af7651916cd43dd8448eb211c80319c"
    assert told["http.response.status_code"] == 200
    assert told["gen_ai.conversation.id"] == "c-1"
    assert told["handoff.outcome"] == "handoff"
    assert told["handoff.trigger"] == "explicit_request"
    assert told["handoff.hard"] is True
    assert [one.name for one in span.events][:2] == ["handoff.open", "handoff.propose"]
    assert "Kunigunde" not in span.to_json()
