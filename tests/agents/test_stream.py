"""A streamed answer is cut when the case changes its owner, and what was seen is the turn."""

import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.conftest import KINDS
from agents.rig import Server
from handrail.agents import gates
from handrail.agents.calls import Got
from handrail.core.ownership import Epoch

PIECE = 0.02
FRESH = gates.FRESH


def slowly(passed: list[float]) -> Iterator[str]:
    """A model that would talk for half a minute."""
    for number in range(1500):
        time.sleep(PIECE)
        yield f"{number} "
        passed.append(time.monotonic())


@pytest.mark.parametrize("kind", KINDS)
def test_a_stream_is_cut_when_a_person_takes_the_case(
    running: Server, tmp_path: Path, kind: str
) -> None:
    running.add("lead", "person", "supervisor")
    running.add("support-lead", "person", "supervisor")
    name, took, passed = f"s-{uuid.uuid4().hex}", [], []  # type: ignore[var-annotated]
    with KINDS[kind](running.url, running.keys["bot"], spool=tmp_path) as client:
        case = client.case(name)
        case.heard("Tell me everything about order 77120.")

        def take() -> None:
            body = {"command": "takeover", "queue": "frontline"}
            running.ask("support-lead", "POST", f"/cases/{name}/commands", body)
            took.append(time.monotonic())

        taker = threading.Timer(1.0, take)
        taker.start()
        shown = list(case.stream(slowly(passed), confidence=0.9))
        taker.join()
        assert 5 < len(shown) < 1000
        assert case.answer.refused == "stale_epoch"
        # Pieces that were confirmed before the change may still pass, and none after that.
        late = [at - took[0] for at in passed if at > took[0]]
        assert not late or max(late) < FRESH + 10 * PIECE
    told = running.ask("lead", "GET", f"/cases/{name}/transcript")["items"]
    assert [one["turn"]["text"] for one in told][1:] == ["".join(shown)]


def test_a_stream_waits_for_a_service_that_is_slow_and_ends_without_one(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gates, "PATIENCE", 1.0)
    with KINDS["threads"](server.url, server.keys["bot"], spool=tmp_path) as client:
        case = client.case("c")
        case.heard("Tell me everything.")
        shown = []
        for piece in case.stream(slowly([])):
            shown.append(piece)
            if len(shown) == 10:
                server.kill()
        assert 10 <= len(shown) < 10 + 20
        assert case.answer.pending
        server.start()
        end = time.monotonic() + 30
        while client.flush() and time.monotonic() < end:
            time.sleep(0.1)
    server.add("lead", "person", "supervisor")
    told = server.ask("lead", "GET", "/cases/c/transcript")["items"]
    assert [one["turn"]["text"] for one in told][1:] == ["".join(shown)]


def got(**told: Any) -> Got:
    return Got({"status": "ai", "epoch": [1, 1], **told})


def test_a_piece_passes_only_on_a_confirmation_that_was_asked_for_lately(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    gate = gates.Gate(Epoch(1, 1), 100.0)
    assert gate.passes()
    now[0] += FRESH
    assert not gate.passes()  # it waits
    assert not gate.cut
    gate.confirmed(got(), 100.2)
    assert gate.passes()
    gate.confirmed(got(), 90.0)  # one that comes late takes nothing back
    assert gate.passes()
    gate.confirmed(got(epoch=[1, 2]), 100.3)
    assert (gate.passes(), gate.cut) == (False, "stale_epoch")
    gate.confirmed(got(), 100.4)
    assert not gate.passes()


def test_a_stopped_workflow_and_a_long_silence_cut_too() -> None:
    gate = gates.Gate(Epoch(1, 1), time.monotonic())
    gate.confirmed(got(stopped=True), time.monotonic())
    assert (gate.passes(), gate.cut) == (False, "stopped")
    silent = gates.Gate(Epoch(1, 1), time.monotonic() - gates.PATIENCE - 1)
    assert (silent.passes(), silent.cut) == (False, "pending")
