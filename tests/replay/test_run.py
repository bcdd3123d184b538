"""Whole replays: as if live, in flat memory, and written whole or not at all."""

import json
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson
import pyarrow.parquet as pq
import pytest

from handrail import importers, samples
from handrail.core import case
from handrail.core.case import CaseState
from handrail.core.decision import Rules, decide
from handrail.core.model import Context, Outcome, Role, Signals, Turn
from handrail.core.record import Input, load
from handrail.errors import Conflict, Failed, InputError
from handrail.importers import Conversation, whole
from handrail.replay import Step, Tally, open_output, output, replay, run


@dataclass(frozen=True)
class Decided:
    given: Input
    decision: object


class Plain:
    """A session whose only signals are those told with a turn: enough to run on."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.state: CaseState = case.start()

    def turn(self, turn: Turn) -> Step:
        signals = Signals(
            role=turn.role,
            explicit_request="human" in turn.text,
            data_missing="missing" in turn.text,
            dissatisfaction=0 if turn.role is Role.CUSTOMER else None,
        )
        self.state = case.observe(self.state, signals)
        given = Input(state=self.state, signals=signals, context=Context())
        decision = decide(self.rules, self.state, signals, Context())
        if decision.outcome is Outcome.OFFER:
            self.state = case.offered(self.state)
        return Decided(given, decision)  # type: ignore[return-value]


RULES = Rules(digest="sha256:0")


def plain(_: Conversation) -> Plain:
    return Plain(RULES)


def talk(name: str, *texts: str) -> Conversation:
    return Conversation(
        id=name,
        turns=tuple(Turn(role=Role.CUSTOMER, text=text) for text in texts),
        source="here.jsonl",
        line=7,
    )


TALKS = [talk("a", "hi", "human", "never decided"), talk("b", "hi", "missing", "ok")]


def test_a_conversation_is_decided_until_its_first_handoff_and_no_further() -> None:
    first, second = replay(TALKS, plain)
    assert [step.decision.outcome.code for step in first.steps] == ["continue", "handoff"]
    assert [step.decision.outcome.code for step in second.steps] == [
        "continue",
        "offer",
        "continue",
    ]
    assert first.steps[1].given.state.turns == 2


def test_conversations_do_not_see_each_other() -> None:
    twice = [record.steps for record in replay([TALKS[1], TALKS[1]], plain)]
    assert [s.decision for s in twice[0]] == [s.decision for s in twice[1]]


def test_a_line_is_written_for_every_decision_and_replays_from_itself(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    with open_output(path) as out:
        tally = run(TALKS, plain, output=out)
    lines = path.read_bytes().splitlines()
    assert len(lines) == tally.decided == 5
    for line in lines:
        found = orjson.loads(line)
        assert (found["source"], found["line"]) == ("here.jsonl", 7)
        record = line[line.index(b'"record":') + len(b'"record":') : -1]
        given, decision = load(record)
        assert decide(RULES, given.state, given.signals, given.context) == decision
    told = [(found["conversation"], found["turn"]) for found in map(orjson.loads, lines)]
    assert told == [("a", 0), ("a", 1), ("b", 0), ("b", 1), ("b", 2)]


def test_parquet_holds_the_same_decisions_in_groups(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output, "ROW_GROUP", 2)
    for name in ("out.jsonl", "out.parquet"):
        with open_output(tmp_path / name) as out:
            run(TALKS, plain, output=out)
    table = pq.read_table(tmp_path / "out.parquet").to_pylist()
    lines = [orjson.loads(line) for line in (tmp_path / "out.jsonl").read_bytes().splitlines()]
    assert [(row["conversation"], row["turn"]) for row in table] == [
        (line["conversation"], line["turn"]) for line in lines
    ]
    assert [orjson.loads(row["record"]) for row in table] == [line["record"] for line in lines]
    assert [row["outcome"] for row in table] == [
        "continue", "handoff", "continue", "offer", "continue",
    ]  # fmt: skip
    assert (table[1]["trigger"], table[1]["hard"]) == ("explicit_request", True)
    assert (table[0]["trigger"], table[0]["reasons"]) == (None, [])
    assert pq.ParquetFile(tmp_path / "out.parquet").num_row_groups == 3


@pytest.mark.parametrize("name", ["out.jsonl", "out.parquet"])
def test_an_empty_replay_writes_an_empty_file(tmp_path: Path, name: str) -> None:
    with open_output(tmp_path / name) as out:
        run([], plain, output=out)
    assert (tmp_path / name).exists()
    if name.endswith("parquet"):
        assert pq.read_table(tmp_path / name).num_rows == 0


@pytest.mark.parametrize("name", ["out.jsonl", "out.parquet"])
def test_after_an_error_there_is_no_file_and_an_older_one_is_as_it_was(
    tmp_path: Path, name: str
) -> None:
    def breaking() -> Iterator[Conversation]:
        yield TALKS[0]
        raise InputError("the second conversation is broken")

    for old in (None, b"older"):
        path = tmp_path / name
        if old:
            path.write_bytes(old)
        with pytest.raises(InputError, match="broken"), open_output(path, force=True) as out:
            run(breaking(), plain, output=out)
        assert (path.read_bytes() if path.exists() else None) == old
        assert [one.name for one in tmp_path.iterdir()] == ([name] if old else [])


def test_an_output_that_is_there_is_replaced_only_by_force(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_bytes(b"older")
    with pytest.raises(Conflict, match="--force"), open_output(path):
        pass
    assert path.read_bytes() == b"older"
    with open_output(path, force=True) as out:
        run(TALKS, plain, output=out)
    assert len(path.read_bytes().splitlines()) == 5


@pytest.mark.parametrize("name", ["out.csv", "no/such/folder.jsonl", "."])
def test_an_output_that_cannot_be_is_refused_before_any_work(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError), open_output(tmp_path / name):
        pass


def test_a_full_disk_is_told_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(output.os, "fsync", full)
    with (
        pytest.raises(Failed, match="No space left"),
        open_output(tmp_path / "out.jsonl") as out,
    ):
        run(TALKS, plain, output=out)
    assert list(tmp_path.iterdir()) == []


def test_parquet_without_pyarrow_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with (
        pytest.raises(InputError, match=r"handrail\[parquet\]"),
        open_output(tmp_path / "o.parquet"),
    ):
        pass


def generated(path: Path, count: int) -> Path:
    """A file of conversations of which a third is handed off; a list when it ends in .json."""
    listed = path.suffix == ".json"
    with path.open("w", encoding="utf-8") as stream:
        stream.write("[" if listed else "")
        for number in range(count):
            texts = ("x" * 200, "human" if number % 3 == 0 else "y")
            turns = [{"role": "user", "text": text} for text in texts]
            gold = {"handoff": number % 2 == 0, "agent_handoff": True, "agent_handoff_turn": 1}
            line = json.dumps({"id": f"c{number}", "turns": turns, "gold": gold})
            stream.write(f"{',' if listed and number else ''}{line}\n")
        stream.write("]" if listed else "")
    return path


def peak_of(work: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


STEPS = {text: next(iter(replay([talk("a", text)], plain))).steps[0] for text in ("human", "y")}


class Known:
    """A session that decides by rote, so that what is measured is the replay."""

    def turn(self, turn: Turn) -> Step:
        return STEPS.get(turn.text, STEPS["y"])


@pytest.mark.parametrize(
    ("source", "target"),
    [("in.jsonl", "out.jsonl"), ("in.jsonl", "out.parquet"), ("in.json", "out.jsonl")],
)
def test_memory_does_not_grow_with_the_file(
    tmp_path: Path, source: str, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output, "ROW_GROUP", 128)
    monkeypatch.setattr(whole, "_CHUNK", 16 * 1024)
    peaks = []
    for count in (100, 500, 5_000):  # the first warms caches and imports up
        path = generated(tmp_path / source, count)

        def work(path: Path = path) -> None:
            with open_output(tmp_path / target, force=True) as out:
                tally = run(importers.read([path], strict=True), lambda _: Known(), output=out)
            assert tally.outcomes[Outcome.HANDOFF] * 3 == pytest.approx(tally.conversations, abs=3)

        peaks.append(peak_of(work))
    assert peaks[2] < peaks[1] * 1.25 + 100_000, peaks


def test_a_tally_can_go_on_from_one_begun_before() -> None:
    tally = Tally()
    assert run(TALKS, plain, tally=tally) is tally
    run(TALKS, plain, tally=tally)
    assert tally.conversations == 4


def test_every_sample_can_be_replayed() -> None:
    tally = run(samples.read(), plain)
    assert tally.conversations == len(list(samples.read()))
