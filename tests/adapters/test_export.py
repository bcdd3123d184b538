"""The export for analysis: the same in both formats, whole, as of one instant, or not at all."""

import hashlib
import json
import re
import sys
import threading
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

from engine.world import ASK, DAY, STORE, World, human
from handrail.adapters.sql import columns, export
from handrail.adapters.sql.export import JSONL, PARQUET
from handrail.adapters.sql.privacy import Privacy
from handrail.core import record
from handrail.core.case import start
from handrail.core.model import Attributes, Role, Signals, ToolCall, Turn
from handrail.core.ownership import Ownership, Verdict
from handrail.core.ownership import commands as c
from handrail.core.sla import Deadline, Kind
from handrail.errors import Conflict, InputError
from handrail.ports import Case, Line

Rows = dict[str, list[dict[str, Any]]]
TABLES = ["cases", "handoffs", "turns", "entries", "decisions", "effects"]


@pytest.fixture(params=("sqlite", "postgresql"))
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    token = STORE.set(request.param)
    try:
        yield World()
    finally:
        STORE.reset(token)


def fill(world: World) -> None:
    """Cases of every kind: closed with a verdict, open, erased, with half a character."""
    for name in ("c1", "c2"):
        world.turn(
            Turn(role=Role.CUSTOMER, text="h\ud83d half, ünï 😀 \x00", at=2**70),
            name,
            customer=f"{name}@example.com",
            attributes=Attributes(tier="vip"),
            values={"order": {"amount": 2**70, "to": "\ud83d", "share": 0.1}},
            transcript="https://chat.example/1",
        )
        calls = (ToolCall(name="lookup", args='{"a": 1}'),)
        world.turn(Turn(role=Role.AGENT, text="One moment.", tool_calls=calls), name)
        person = world.held(name)
        verdict = Verdict(helpful=True, missing=("goal", "sources"))
        world.act(c.Resolve, human(person), name, disposition="solved", note="n", verdict=verdict)
    world.customer("Where is my order?", "c3", customer="open@example.com")
    world.customer(ASK, "c4")
    world.drain()
    privacy = Privacy(world.store)
    privacy.erase(privacy.subject("c2@example.com"), by="dpo")


def jsonl(folder: Path) -> Rows:
    return {
        name: [json.loads(line) for line in (folder / f"{name}.jsonl").read_bytes().splitlines()]
        for name in TABLES
    }


def parquets(folder: Path) -> Rows:
    return {name: parquet.read_table(folder / f"{name}.parquet").to_pylist() for name in TABLES}


def read(world: World, folder: Path, **wanted: Any) -> Rows:
    export.export(world.store, folder, form=JSONL, **wanted)
    return jsonl(folder)


def test_both_formats_hold_the_same_rows_in_the_same_columns(world: World, tmp_path: Path) -> None:
    fill(world)
    one = export.export(world.store, tmp_path / "a", form=JSONL)
    other = export.export(world.store, tmp_path / "b", form=PARQUET)
    lines, tables = jsonl(tmp_path / "a"), parquets(tmp_path / "b")
    assert lines == tables
    assert all(len(rows) > 1 for rows in lines.values())
    kinds = {"text": "string", "int": "int64", "flag": "bool", "names": "list<element: string>"}
    for table in columns.TABLES:
        schema = parquet.read_schema(tmp_path / "b" / f"{table.name}.parquet")
        found = {field.name: str(field.type) for field in schema}
        assert found == {name: kinds[kind] for name, kind in table.columns.items()}
        assert [list(row) for row in lines[table.name]] == [list(table.columns)] * len(
            lines[table.name]
        )
        for manifest in (one, other):
            file = manifest["files"][table.name]
            assert file["rows"] == len(lines[table.name])
            assert file["columns"] == table.columns


def test_the_rows_are_what_the_store_has(world: World, tmp_path: Path) -> None:
    fill(world)
    found = read(world, tmp_path / "a")
    cases = {row["case"]: row for row in found["cases"]}
    assert cases.keys() == {"c1", "c2", "c3", "c4"}
    closed = cases["c1"]
    assert (closed["status"], closed["disposition"], closed["tier"]) == ("closed", "solved", "vip")
    assert (closed["verdict_helpful"], closed["verdict_right_reviewer"]) == (True, None)
    assert closed["verdict_missing"] == ["goal", "sources"]
    assert closed["closed_at"] == world.own("c1").at
    assert closed["customer"] == "c1@example.com"
    assert (cases["c2"]["customer"], cases["c2"]["values"]) == ("", "{}")
    assert cases["c3"]["fires"] > 0
    for name in cases:
        with world.store.view() as unit:
            kept = [(one.number, one.name) for one in unit.entries(name)]
            said = [(one.number, one.role) for one in unit.lines(name)]
            sent = [one.key for one in unit.effects(name)]
        mine = {table: [row for row in found[table] if row["case"] == name] for table in TABLES}
        assert [(row["number"], row["name"]) for row in mine["entries"]] == kept
        assert [(row["number"], row["role"]) for row in mine["turns"]] == said
        assert sorted(row["key"] for row in mine["effects"]) == sorted(sent)
        assert [row["number"] for row in mine["decisions"]] == [
            n for n, what in kept if what == "decision"
        ]
    texts = [row["text"] for row in found["turns"] if row["case"] == "c1"]
    assert texts[0] == "h\ufffd half, ünï 😀 \x00"
    assert next(row["text"] for row in found["turns"] if row["case"] == "c2") is None
    asked = [row for row in found["turns"] if row["explicit_request"]]
    assert {row["case"] for row in asked} >= {"c1", "c4"}
    assert [row["ended"] is None for row in found["handoffs"]] == [False, False, True]


def test_decisions_replay_from_their_row(world: World, tmp_path: Path) -> None:
    fill(world)
    for row in read(world, tmp_path / "a")["decisions"]:
        _, made = record.load(row["record"].encode())
        assert made.outcome.code == row["outcome"]
        assert [one.trigger.value for one in made.reasons] == row["reasons"]
        assert (made.trigger and made.trigger.value) == row["trigger"]
        assert (made.score, made.digest) == (row["score"], row["digest"])


def test_the_manifest_says_what_is_there_and_is_true(world: World, tmp_path: Path) -> None:
    fill(world)
    made = export.export(world.store, tmp_path / "a", form=PARQUET)
    assert json.loads((tmp_path / "a" / "manifest.json").read_bytes()) == made
    assert (made["format"], made["version"], made["at"]) == ("handrail-export", 1, world.now)
    assert made["workspace"] == world.store.workspace
    there = {one.name for one in (tmp_path / "a").iterdir()} - {"manifest.json"}
    assert there == {one["file"] for one in made["files"].values()}
    for one in made["files"].values():
        data = (tmp_path / "a" / one["file"]).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (one["bytes"], one["sha256"])


def test_without_texts_nothing_of_a_person_leaves(world: World, tmp_path: Path) -> None:
    world.turn(
        Turn(role=Role.CUSTOMER, text="zq1qz I want to talk to a human."),
        customer="zq2qz",
        by="zq3qz",
        values={"a": {"b": "zq4qz"}},
        transcript="https://zq5qz",
    )
    whole = tmp_path / "whole"
    read(world, whole)
    assert b"zq1qz" in (whole / "turns.jsonl").read_bytes()
    assert b"zq2qz" in (whole / "cases.jsonl").read_bytes()
    bare = read(world, tmp_path / "bare", texts=False)
    for one in (tmp_path / "bare").iterdir():
        assert b"zq" not in one.read_bytes()
    assert bare["turns"][0]["text"] is None
    assert bare["turns"][0]["explicit_request"] is True


def test_a_stretch_of_time_has_what_happened_in_it(world: World, tmp_path: Path) -> None:
    begin = world.now
    world.held("old")
    world.now += 10 * DAY
    world.customer("Hello", "new")
    found = read(world, tmp_path / "a", start=begin + DAY)
    assert {row["case"] for row in found["cases"]} >= {"new"}
    assert {row["case"] for row in found["turns"]} == {"new"}
    assert all(row["at"] >= begin + DAY for row in found["entries"])
    found = read(world, tmp_path / "b", end=begin + DAY)
    assert {row["case"] for row in found["cases"]} == {"old"}
    assert {row["case"] for row in found["entries"]} == {"old"}
    assert len(found["handoffs"]) == 1
    found = read(world, tmp_path / "c", start=world.now + 1)
    assert found["turns"] == found["decisions"] == found["entries"] == []
    assert len(read(world, tmp_path / "d", start=begin, end=world.now + 1)["turns"]) == 2


def many(world: World, count: int, size: int) -> None:
    """A case of many long turns, written without the engine."""
    with world.store.unit() as unit:
        own = Ownership(workflow="support", at=world.now)
        at = world.now + 1
        clock = Deadline(kind=Kind.AI_SILENCE, started=at, limit=1, due=at, fires=at)
        unit.arm("big", (clock,))
        unit.save(Case(id="big", workflow="support", ownership=own, state=start(), lines=count))
        for number in range(1, count + 1):
            turn = Turn(role=Role.CUSTOMER, text=f"{number}{'x' * size}")
            seen = Signals(role=Role.CUSTOMER)
            unit.add_line(Line(case="big", number=number, at=world.now, turn=turn, signals=seen))


def test_more_rows_than_a_batch_come_all_and_once(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(world)
    many(world, 100, 1)
    whole = read(world, tmp_path / "a")
    for batch in (1, 7):
        monkeypatch.setattr(export, "_BATCH", batch)
        assert read(world, tmp_path / f"b{batch}") == whole
    assert [row["number"] for row in whole["turns"] if row["case"] == "big"] == [*range(1, 101)]


def test_memory_is_that_of_a_batch(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(world, 4_000, 5_000)  # 20 MB of texts, twice in each row
    monkeypatch.setattr(export, "_BATCH", 50)
    tracemalloc.start()
    try:
        export.export(world.store, tmp_path / "a", form=JSONL)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (tmp_path / "a" / "turns.jsonl").stat().st_size > 40_000_000
    assert most < 10_000_000


def test_the_export_is_of_one_instant(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is written while it runs is in none of its tables."""
    fill(world)
    before = read(world, tmp_path / "before")
    whole = export._table

    def and_somebody_writes(unit: Any, table: Any, *rest: Any) -> Any:
        done = whole(unit, table, *rest)
        other = threading.Thread(target=world.customer, args=("Meanwhile", f"m-{table.name}"))
        other.start()
        other.join(30)
        return done

    monkeypatch.setattr(export, "_table", and_somebody_writes)
    assert read(world, tmp_path / "during") == before
    monkeypatch.undo()
    assert len(read(world, tmp_path / "after")["cases"]) == len(before["cases"]) + len(TABLES)


def test_one_that_fails_leaves_nothing(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(world)

    def broken(*_: Any, **__: Any) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(columns, "made", broken)
    for form in (JSONL, PARQUET):
        with pytest.raises(OSError, match="No space"):
            export.export(world.store, tmp_path / "a", form=form)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_there_is_not_touched(world: World, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(Conflict, match="is there already"):
        export.export(world.store, tmp_path / "a", form=JSONL)
    with pytest.raises(InputError, match="there is no folder"):
        export.export(world.store, tmp_path / "none" / "a", form=JSONL)
    assert [one.name for one in tmp_path.iterdir()] == ["a"]


def test_what_is_missing_or_unknown_is_said_at_once(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match="`csv` is no format"):
        export.export(world.store, tmp_path / "a", form="csv")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(InputError, match=r"handrail\[parquet\]"):
        export.export(world.store, tmp_path / "a", form=PARQUET)
    assert list(tmp_path.iterdir()) == []


def test_workspaces_are_exported_apart(world: World, tmp_path: Path) -> None:
    fill(world)
    other = world.store.within("elsewhere", lambda: world.now)
    export.export(other, tmp_path / "a", form=JSONL)
    assert all(rows == [] for rows in jsonl(tmp_path / "a").values())


def test_every_column_is_documented_with_its_type(root: Path) -> None:
    page = (root / "docs" / "reference" / "export-format.md").read_text("utf-8")
    for table in columns.TABLES:
        part = page.split(f"\n## {table.name}\n", 1)[1].split("\n## ")[0]
        told: dict[str, str] = {}
        for row in part.splitlines():
            if row.startswith("| `"):
                _, names, kind, *_ = row.split("|")
                told |= dict.fromkeys(re.findall(r"`(\w+)`", names), kind.strip())
        assert list(told.items()) == list(table.columns.items())
