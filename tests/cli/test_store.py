"""`handrail store`, as somebody uses it who has lost a server."""

import itertools
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from cli.test_commands import Run, run
from engine.world import ASK, HOUR, MONDAY, World, deployment
from handrail import outbox
from handrail.adapters.sql import SqlStore
from handrail.core.ledger import lines
from handrail.engine import Engine
from handrail.ports import Delivery, Effect, Sent
from handrail.prove import Keys, checkpoint

__all__ = ["run"]


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A store with two cases, of which the second waits for a person."""
    world = World(at=MONDAY)
    world.ids = itertools.count(1)
    store = SqlStore(f"sqlite:///{tmp_path / 'store.db'}", clock=lambda: world.now)
    world.store, world.engine = store, Engine(store, deployment("support-chat"))
    world.customer("Where is my order?", "c1")
    world.customer(ASK, "c2")
    store.close()
    return f"sqlite:///{tmp_path / 'store.db'}"


def test_a_store_is_backed_up_restored_and_let_go_on(url: str, run: Run, tmp_path: Path) -> None:
    file, new = str(tmp_path / "b"), f"sqlite:///{tmp_path / 'new.db'}"
    code, said, _ = run("store", "backup", url, file)
    assert code == 0
    assert said.startswith("backed up sqlite as of ")
    assert "2 cases" in said
    code, said, _ = run("store", "restore", file, new)
    assert code == 0
    assert said.startswith("restored from sqlite as of ")
    assert "3 effects in quarantine" in " ".join(said.split())
    assert "without a witness nobody can know how much that was" in " ".join(said.split())
    code, said, _ = run("store", "outbox", "list", new)
    shown = [line.partition(" of ")[0] for line in said.splitlines()]
    assert shown == ["c2/1  bundle", "c2/2  notice", "c2/3  proposal", "3 effects in quarantine"]
    assert said.splitlines()[0].endswith("  in quarantine")
    code, said, told = run("store", "outbox", "retry", new, "c2/1", "--by", "ana")
    assert (code, said, "`c2/1` is failed" in told, "it is in quarantine" in told) == (
        2,
        "",
        True,
        True,
    )
    code, said, told = run("store", "outbox", "release", new, "c2/1")
    assert (code, said, "--by NAME" in told) == (2, "", True)
    code, said, told = run("store", "outbox", "release", new, "c9/1", "--by", "ana")
    assert (code, "no effect `c9/1` is in quarantine" in told) == (2, True)
    code, said, told = run("store", "outbox", "drop", new, "--by", "ana")
    assert (code, "name keys, or give --all" in told) == (2, True)
    assert run("store", "outbox", "release", new, "c2/1", "--by", "ana")[1] == "released 1 effect\n"
    assert run("store", "outbox", "drop", new, "--all", "--by", "ana")[1] == "dropped 2 effects\n"
    assert json.loads(run("store", "outbox", "list", new, "--json")[1]) == []
    store = SqlStore(new, clock=lambda: MONDAY + HOUR)
    with store.view() as unit:
        found = Counter(one.status.value for one in unit.effects("c2"))
        assert found == {"queued": 1, "cancelled": 2}
        actors = [one.actor for one in unit.entries("c2") if one.name == "delivery"]
    assert actors == ["human:ana"] * 3
    store.close()


def test_with_a_witness_it_is_told_how_much_is_lost(url: str, run: Run, tmp_path: Path) -> None:
    file, kept = str(tmp_path / "b"), tmp_path / "witness"
    code, said, _ = run("store", "backup", url, file, "--json")
    entries = json.loads(said)["rows"]["entries"]
    keys = Keys.create(tmp_path / "key", MONDAY)
    point = checkpoint(keys, "default", None, [], at=MONDAY + HOUR, cases=5, entries=entries + 30)
    kept.write_bytes(lines.witnessed("default", point))
    targets = [f"sqlite:///{tmp_path / name}" for name in ("a.db", "b.db")]
    code, said, _ = run("store", "restore", file, targets[0], "--witness", str(kept))
    assert code == 0
    told = " ".join(said.split())
    assert "`default` checkpoint 1 outside, of 2026-11-23 12:30:00 UTC, counts" in told
    assert "3 cases and 30 entries more" in told
    code, said, _ = run("store", "restore", file, targets[1], "--witness", str(kept), "--json")
    data = json.loads(said)
    assert data["lost"]["default"]["entries"] == 30
    assert data["spaces"]["default"]["cases"] == 2


def test_what_cannot_be_done_says_so_in_one_line(url: str, run: Run, tmp_path: Path) -> None:
    file = str(tmp_path / "b")
    run("store", "backup", url, file)
    for code, words, says in (
        (3, ("backup", url, file), "already"),
        (2, ("backup", f"sqlite:///{tmp_path / 'no.db'}", file + "2"), "there is no store"),
        (3, ("restore", file, url), "not empty"),
        (2, ("restore", str(tmp_path / "store.db"), "sqlite:///x.db"), "is no backup"),
        (2, ("outbox", "list", f"sqlite:///{tmp_path / 'no.db'}"), "there is no store"),
    ):
        found, said, told = run("store", *words)
        assert (found, said) == (code, "")
        assert told.startswith("handrail: ")
        assert says in told
        assert told.count("\n") == 1


def test_dead_letters_are_listed_tried_again_and_dropped(url: str, run: Run) -> None:
    class Broken:
        def deliver(self, effect: Effect, text: str) -> Sent:
            raise ConnectionError(effect.key, text)

    now = [MONDAY]
    store = SqlStore(url, clock=lambda: now[0])
    for _ in range(outbox.TRIES):
        outbox.drain(store, Broken())
        now[0] += HOUR
    code, said, _ = run("store", "outbox", "list", url)
    lines = said.splitlines()
    assert code == 0
    assert "c2/2  notice of 2026-" in said
    assert "failed; ConnectionError, tried 8 times" in lines[0]
    assert lines[-1] == "3 effects failed"
    found = json.loads(run("store", "outbox", "list", url, "--state", "failed", "--json")[1])
    assert {(one["state"], one["attempts"]) for one in found} == {("failed", outbox.TRIES)}
    assert (
        json.loads(run("store", "outbox", "list", url, "--state", "quarantined", "--json")[1]) == []
    )

    def done(*words: str) -> tuple[int, str, str]:
        return run("store", "outbox", words[0], url, *words[1:], "--by", "ana")

    code, said, told = done("release", "c2/1")
    assert (code, said) == (2, "")
    assert "no effect `c2/1` is in quarantine" in told
    assert "it is failed" in told
    assert done("retry", "c9/1")[0] == 2
    assert done("retry", "c2/1", "c9/1")[0] == 2
    with store.unit() as unit:
        held = unit.effect("c2/3")
        assert held
        unit.put_effect(replace(held, status=Delivery.QUARANTINED))
    code, said, told = done("drop", "--all")
    assert (code, said, "say which" in told) == (2, "", True)
    assert done("retry", "c2/1")[1] == "queued 1 effect again\n"
    assert done("drop", "--all", "--state", "failed")[1] == "dropped 1 effect\n"
    assert done("drop", "c2/3")[1] == "dropped 1 effect\n"
    assert run("store", "outbox", "list", url)[1] == "nothing waits for anybody\n"
    with store.view() as unit:
        states = {one.key: one.status.value for one in unit.effects("c2")}
    assert states | {"c2/1": "queued", "c2/2": "cancelled", "c2/3": "cancelled"} == states


def test_an_outbox_of_no_store_makes_none(tmp_path: Path, run: Run) -> None:
    code, said, told = run("store", "outbox", "list", f"sqlite:///{tmp_path / 'none.db'}")
    assert (code, said, "there is no store" in told) == (2, "", True)
    assert list(tmp_path.iterdir()) == []
