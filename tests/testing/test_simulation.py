"""Seeded worlds, each of them checked by every law after every call.

`HANDRAIL_SEEDS` says how many are played: 60 in a usual run, 1,000 in `make simulation`, 20,000 in
`make simulation-long`. What they have found is kept in `test_found.py`.
"""

import os
from functools import cache

import pytest

from handrail import packs
from handrail.core.model import Role, Turn
from handrail.core.policy import Pack
from handrail.core.routing import Roster
from handrail.packs import roster
from handrail.signals import Memory
from handrail.testing import LAWS, NONE, Result, dumps, loads, replay, simulate, words
from handrail.testing.run import compiled

PACKS = ("support-chat", "sales-assist", "ops-agent")
SEEDS = int(os.environ.get("HANDRAIL_SEEDS", "60"))
CHUNK = 20  # worlds to a test: fewer tests to start, and still a short list to look through


@cache
def ready(name: str) -> tuple[Pack, Roster]:
    pack = packs.load(name)
    return pack, roster.load(name, pack)


def world(seed: int) -> Result:
    pack, people = ready(PACKS[seed % len(PACKS)])
    return simulate(pack, people, seed=seed, varied=True)


def told(result: Result) -> str:
    return f"seed {result.seed}: " + "; ".join(map(str, result.broken))


@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_no_law_breaks_in_any_world(first: int) -> None:
    results = [world(seed) for seed in range(first, min(first + CHUNK, SEEDS))]
    assert [told(result) for result in results if not result.ok] == []
    for result in results:
        assert result.events > 20
        assert result.laws.keys() == LAWS.keys()
        assert min(result.laws.values()) > 20


def test_the_same_seed_gives_the_same_trace() -> None:
    first, second = world(7), world(7)
    assert first == second
    assert first.trace == second.trace
    assert world(10).trace != first.trace


@pytest.mark.parametrize("seed", [1, 3, 4, 7])
def test_a_trace_replays_from_its_text(seed: int) -> None:
    pack, people = ready(PACKS[seed % len(PACKS)])
    first = simulate(pack, people, seed=seed, varied=True)
    again = replay(pack, people, loads(dumps(first.trace)), seed=seed, varied=True)
    assert again.trace == first.trace
    assert (again.broken, again.laws) == (first.broken, first.laws)


def test_worlds_meet_what_they_are_made_for() -> None:
    """Every call, every command of an actor, every fault: none of them only on paper."""
    results = [world(seed) for seed in range(40)]
    steps = [step for result in results for step in result.trace]
    assert {step.call for step in steps} >= {
        *("turn", "act", "accepts", "admit", "ask", "answer", "fire", "drain"),
        *("stop", "resume", "person", "close", "pack", "down"),
    }
    given = {step.args["command"]["name"] for step in steps if step.call == "act"}
    assert given >= {
        *("accept", "decline", "release", "reroute", "prioritise", "takeover", "handback"),
        *("recall", "begin", "report", "return", "resolve", "withdraw", "merge", "move", "judge"),
    }
    came = " ".join(step.came for step in steps)
    for code in ("stale_epoch", "not_owner", "too_many_bounces", "proposed_to_other", "stopped"):
        assert code in came, code
    for status in ("ai", "queued", "proposed", "held", "delegated", "fallback", "closed"):
        assert f" {status} " in came, status
    assert "announced_without_transfer" in came
    assert "+ " in came, "nobody came back after the window"
    for what in ("handoffs", "breaches", "exhausted", "crashes"):
        assert sum(getattr(result, what) for result in results) > 20, what
    assert all(result.load for result in results if result.handoffs)
    assert all(wait >= 0 for result in results for wait in result.waits)


def test_nothing_goes_wrong_in_a_world_without_faults() -> None:
    pack, people = ready(PACKS[0])
    result = simulate(pack, people, seed=3, faults=NONE, cases=3, hours=10)
    assert result.ok, told(result)
    assert result.crashes == 0
    assert not any(step.falls for step in result.trace)


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_who_asks_for_a_person_is_heard(language: str) -> None:
    extractor = compiled(*ready(PACKS[0])).workflows["support"].extractor
    for text in words.LANGUAGES[language]["asks"]:
        turn = Turn(role=Role.CUSTOMER, text=text, language=language)
        assert extractor.extract(turn, Memory()).explicit_request, text
