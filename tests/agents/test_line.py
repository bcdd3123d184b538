"""Over a bad line to a real service nothing is lost, doubled, or said without a confirmation."""

import uuid
from pathlib import Path
from random import Random

import pytest

from agents.conftest import KINDS
from agents.proxy import FAULTS, Proxy
from agents.rig import Server
from agents.test_outage import entries
from handrail.errors import InputError

ASK = "Let me talk to a real person, please."
TURNS, PATIENCE = 10, 0.25


def transcript(server: Server, case: str, role: str) -> list[str]:
    server.add("lead", "person", "supervisor")
    items = server.ask("lead", "GET", f"/cases/{case}/transcript?limit=500")["items"]
    return [one["turn"]["text"] for one in items if one["turn"]["role"] == role]


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("kind", KINDS)
def test_over_a_bad_line_nothing_is_lost_doubled_or_said_unconfirmed(
    running: Server, tmp_path: Path, kind: str, seed: int
) -> None:
    dice, name = Random(seed), f"line-{uuid.uuid4().hex}"
    said, shown, ask = list[str](), list[str](), dice.randrange(TURNS)
    with (
        Proxy(running.url, dice, late=2 * PATIENCE) as line,
        KINDS[kind](line.url, running.keys["bot"], spool=tmp_path, timeout=PATIENCE) as client,
    ):
        case = client.case(name)
        for number in range(TURNS):
            line.bad = dice.choice((0.0, 0.5, 0.9))
            said.append(ASK if number == ask else f"And what about item {number}?")
            answer = case.heard(said[-1], id=f"t{number}")
            assert answer.pending == (f"t{number}" not in line.confirmed)
            assert not (answer.pending and answer.ai_may_speak)
            if dice.random() < 0.7:  # also when it may not
                try:
                    spoken = case.say(f"Item {number} is fine.", id=f"s{number}", confidence=0.95)
                except InputError:  # nothing at all was confirmed yet
                    continue
                assert spoken.pending == (spoken.refused == "pending")
            shown += [one.text for one in case.read() if one.by == "agent"]
        line.bad = 0.0
        assert client.flush() == 0
        shown += [one.text for one in case.read() if one.by == "agent"]
        assert client.refused() == []
    assert transcript(running, name, "customer") == said
    told = transcript(running, name, "agent")
    assert len(set(told)) == len(told)
    assert len(set(shown)) == len(shown)  # shown once
    assert set(shown) <= set(told)
    # A reason that comes later is an entry too, under the epoch of the one handoff there is.
    assert len({tuple(one["epoch"]) for one in entries(running, name, "open")}) == 1
    assert running.ask("lead", "GET", f"/cases/{name}")["handoffs"] == 1


def test_the_bad_line_has_every_fault(running: Server, tmp_path: Path) -> None:
    dice = Random(1)
    with (
        Proxy(running.url, dice, late=0.1) as line,
        KINDS["threads"](line.url, running.keys["bot"], spool=tmp_path, timeout=0.05) as client,
    ):
        line.bad = 1.0
        for _ in range(60):
            assert client.case(f"f-{uuid.uuid4().hex}").heard("Hello?").pending
            if set(FAULTS) <= line.met:
                break
    assert set(FAULTS) <= line.met


def test_a_turn_that_the_service_fails_at_keeps_only_its_own_case_waiting(
    running: Server, tmp_path: Path
) -> None:
    bad, good = f"bad-{uuid.uuid4().hex}", f"good-{uuid.uuid4().hex}"
    with (
        Proxy(running.url, Random(1), late=0) as line,
        KINDS["threads"](line.url, running.keys["bot"], spool=tmp_path, timeout=5) as client,
    ):
        client._end.set()  # by hand
        line.poison = lambda path: True
        for name in (bad, good):
            for number in range(2):
                assert client.case(name).heard(f"turn {number}").pending
        line.poison = lambda path: bad in path
        assert client.flush() == 2
        assert transcript(running, good, "customer") == ["turn 0", "turn 1"]
        line.poison = lambda path: False
        assert client.flush() == 0
        assert transcript(running, bad, "customer") == ["turn 0", "turn 1"]
