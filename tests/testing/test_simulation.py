"""Seeded worlds, each of them checked by every law after every call.

`HANDRAIL_SEEDS` says how many are played: 60 in a usual run, 1,000 in `make simulation`, 20,000 in
`make simulation-long`. `HANDRAIL_SEEDS_SQL` of them, 6 otherwise, are played again on databases.
What worlds have found is kept in `test_found.py`.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache, partial
from types import SimpleNamespace
from typing import Any

import pytest

from handrail import packs
from handrail.adapters.memory import MemoryStore
from handrail.core.model import Role, Turn
from handrail.core.policy import Pack
from handrail.core.routing import Roster
from handrail.packs import roster
from handrail.ports import Unit
from handrail.signals import Memory
from handrail.testing import LAWS, NONE, Faults, Result, dumps, loads, replay, simulate, words
from handrail.testing.run import compiled

PACKS = ("support-chat", "sales-assist", "ops-agent")
SEEDS = int(os.environ.get("HANDRAIL_SEEDS", "60"))
SQL_SEEDS = int(os.environ.get("HANDRAIL_SEEDS_SQL", "6"))
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
    results = [world(seed) for seed in range(60)]
    steps = [step for result in results for step in result.trace]
    assert {step.call for step in steps} >= {
        *("turn", "act", "accepts", "admit", "ask", "answer", "fire", "drain"),
        *("stop", "resume", "person", "close", "pack", "down", "act_all", "preview"),
    }
    commands = [(step.call, step.args["command"]) for step in steps if "command" in step.args]
    given = {cmd["name"] for call, cmd in commands if call == "act"}
    assert given >= {
        *("accept", "decline", "release", "reroute", "prioritise", "takeover", "handback"),
        *("recall", "begin", "report", "return", "resolve", "withdraw", "merge", "move", "judge"),
        *("open", "escalate"),
    }
    assert {cmd["by"]["kind"] for _, cmd in commands if cmd["name"] == "open"} == {
        *("customer", "ai", "human"),
    }
    given = {cmd["name"] for call, cmd in commands if call == "act_all"}
    assert given >= {"prioritise", "reroute", "release", "resolve", "propose", "fall_back"}
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


class Narrow:
    """A store in memory of which only what the port names can be used, one unit at a time."""

    names = frozenset(name for name in vars(Unit) if not name.startswith("_"))

    def __init__(self, clock: Callable[[], int]) -> None:
        self._store, self._open = MemoryStore(clock), False

    def unit(self) -> AbstractContextManager[Unit]:
        return self._only(self._store.unit())

    def view(self) -> AbstractContextManager[Unit]:
        return self._only(self._store.view())

    @contextmanager
    def _only(self, opened: AbstractContextManager[Unit]) -> Iterator[Any]:
        assert not self._open, "a unit within a unit: a database would wait for itself"
        self._open = True
        try:
            with opened as unit:
                over = SimpleNamespace(**{name: getattr(unit, name) for name in self.names})
                yield over
                vars(over).clear()
        finally:
            self._open = False


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_world_needs_no_more_of_its_store_than_the_port_says(seed: int) -> None:
    pack, people = ready(PACKS[seed % len(PACKS)])
    result = simulate(pack, people, seed=seed, varied=True, store=Narrow)
    assert result.ok, told(result)
    assert result.crashes
    assert result.trace == world(seed).trace


@pytest.mark.parametrize("seed", range(SQL_SEEDS))
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_world_on_a_database_goes_as_it_does_in_memory(kind: str, seed: int) -> None:
    """A sample of the worlds: the laws hold, and crash for crash the same calls come of it, but
    where the clock runs backwards, which a database evens out for each case by itself.
    """
    pytest.importorskip("handrail.adapters.sql.store", reason="there is no SQL store yet")
    from stores import new_store

    pack, people = ready(PACKS[seed % len(PACKS)])
    on = partial(new_store, kind)
    result = simulate(pack, people, seed=seed, varied=True, store=on)
    assert result.ok, told(result)
    straight = partial(simulate, pack, people, seed=seed, varied=True, faults=Faults(skew=0))
    assert straight(store=on).trace == straight().trace


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
