"""The clock of the machine is set back and forth by an hour while deadlines run."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import postgres
from crash import place
from handrail.adapters.memory import MemoryStore
from handrail.adapters.sql import SqlStore
from handrail.core.model import Role, Turn
from handrail.core.sla import Kind
from handrail.engine import Engine
from handrail.ports import Store

HOUR = 3_600_000
CASES = 12
LATER = 6 * HOUR  # after this, whatever was late by the steps has happened too
OFTEN = 300_000  # how often time is looked at then: a chain of four deadlines is so much late

Fired = dict[tuple[str, str, str, int], list[tuple[int, int]]]


class Clock:
    """The true time, and how wrong the machine's is."""

    def __init__(self) -> None:
        self.true, self.wrong = place.NOON, 0

    def __call__(self) -> int:
        return self.true + self.wrong


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/store.db"
        return
    found = postgres.fresh_database(postgres.server_or_skip())
    yield found
    postgres.drop_database(found)


def play(store: Store, clock: Clock, step: int) -> Fired:
    """What fired, each with its due time by the store and the true time at which it did.

    The machine's clock is `step` milliseconds ahead for half of the time.
    """
    random, seen = place.chance(4), Counter[str]()
    engine, fired = Engine(store, place.deployment(people=False)), Fired()
    for number in range(40):
        if number % 5 == 3:
            clock.wrong = step - clock.wrong
        if number < CASES:
            text = "I want to talk to a human." if number % 3 else "Where is my parcel?"
            engine.turn(f"c{number}", Turn(role=Role.CUSTOMER, text=text), id="1")
        look(engine, seen, fired, clock.true)
        clock.true += random.choice((1_000, 7_000, 31_000))
    clock.wrong = 0
    for _ in range(LATER // OFTEN):
        clock.true += OFTEN
        look(engine, seen, fired, clock.true)
    for number in range(CASES):
        with store.unit() as unit:
            assert any(one.armed for one in unit.deadlines(f"c{number}"))
    with store.unit() as unit:
        assert list(unit.overdue(clock.true, 100)) == []
    return fired


def look(engine: Engine, seen: Counter[str], fired: Fired, true: int) -> None:
    """Let time do its work, and note what came of it."""
    engine.fire()
    for number in range(CASES):
        case = f"c{number}"
        with engine.store.unit() as unit:
            fresh = list(unit.entries(case))[seen[case] :]
        seen[case] += len(fresh)
        for entry in fresh:
            body = entry.body
            # How often somebody looks again depends on how long things took: no deadline is lost.
            again = body.get("kind") == Kind.CHECK_BACK
            if entry.name == "clock" and "what" in body and not again:
                assert entry.at >= body["at"], "it fired before it was due by the store's own time"
                kind = (case, body["kind"], body["what"], body.get("level", 0))
                fired.setdefault(kind, []).append((body["at"], true))


@pytest.mark.parametrize("step", [HOUR, -HOUR], ids=["ahead", "behind"])
def test_no_deadline_is_lost_and_none_is_early_by_more_than_the_step(url: str, step: int) -> None:
    clock = Clock()
    right = play(MemoryStore(clock), clock, 0)
    clock = Clock()
    store = SqlStore(url, clock=clock)
    wrong = play(store, clock, step)
    store.close()
    assert {kind for _, kind, _, _ in right} >= {Kind.ACCEPT, Kind.FIRST_RESPONSE, Kind.AI_SILENCE}
    assert wrong.keys() == right.keys(), "some deadline fired in one world only"
    early = []
    for name, found in wrong.items():
        assert len(found) == len(right[name]), name
        for (due, true), (due_then, _) in zip(found, right[name], strict=True):
            assert true >= due - HOUR, f"{name} was early by {due - true} ms"
            early.append(due_then - true)
    assert max(early) <= HOUR + 4 * OFTEN
    assert max(early) > HOUR // 2, "the steps had no effect: the test tests nothing"
