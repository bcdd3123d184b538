"""Packs and rosters of a store, by real processes; decisions explained by the packs they name."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from handrail import Role, Turn, packs
from handrail.adapters.sql import SqlStore
from handrail.engine import Engine, deploy
from handrail.packs import roster
from handrail.wiring.policies import policies

URL = "sqlite:///handrail.db"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    """Runs a command in a folder of its own: exit code, output, errors."""
    monkeypatch.setenv("COLUMNS", "200")

    def go(*words: str) -> tuple[int, str, str]:
        done = subprocess.run(
            [sys.executable, "-m", "handrail.cli", *words],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        return done.returncode, done.stdout, done.stderr

    return go


def _pack(folder: Path, version: str) -> Path:
    text = packs.find.existing("support-chat").read_text("utf-8")
    file = folder / f"pack-{version}.yaml"
    file.write_text(text.replace('version: "1.0.0"', f'version: "{version}"'), "utf-8")
    return file


def _turn(url: str, case: str) -> None:
    """A customer writes, to a service that looks what is in force."""
    store = SqlStore(url)
    pack = packs.load("ops-agent")  # anything: what is in force comes from the store
    engine = Engine(store, deploy(pack, roster.load("ops-agent", pack)))
    policies(store, engine).force.refresh()
    engine.turn(case, Turn(role=Role.CUSTOMER, text="Where is my order?"), id="m1")
    store.close()


def test_three_packs_live_in_a_store_and_each_explains_its_decision(
    run: "object", tmp_path: Path
) -> None:
    assert callable(run)
    url = f"sqlite:///{tmp_path / 'handrail.db'}"
    code, said, told = run("pack", "install", "support-chat", "--store", URL, "--by", "root")
    assert (code, told) == (0, "")
    assert said.endswith("active      support-chat 1.0.0\n")
    _turn(url, "c1")
    for number, version in ((2, "2"), (3, "3")):
        file = _pack(tmp_path, version)
        submit = ("pack", "submit", file.name, "--store", URL, "--by", "ana", "--json")
        code, said, told = run(*submit)
        assert (code, told) == (0, ""), told
        found = json.loads(said)
        assert (found["stage"], found["by"]) == ("simulated", ["human:ana"])
        digest = found["digest"]
        file.unlink()  # the store has it
        if version == "2":
            code, _, told = run("pack", "approve", digest, "--store", URL, "--by", "ana")
            assert (code, told.count("submitted this pack and cannot approve it")) == (3, 1)
            code, _, told = run("pack", "approve", digest, "--store", URL)
            assert (code, told.count("approved by a person")) == (3, 1)
        assert run("pack", "approve", digest[:20], "--store", URL, "--by", "bo")[0] == 0
        assert run("pack", "activate", digest, "--store", URL, "--by", "bo")[0] == 0
        _turn(url, f"c{number}")
    code, said, _ = run("pack", "rollback", "--store", URL, "--by", "ana")
    assert (code, said.split()[1:]) == (0, ["active", "support-chat", "2"])
    code, said, _ = run("pack", "history", "--store", URL, "--json")
    found = json.loads(said)
    assert [one["stage"] for one in found["packs"]] == ["approved", "active", "approved"]
    assert found["review"] == len(found["history"])
    code, said, _ = run("pack", "diff", digest, "--store", URL)
    assert (code, said) == (0, '~ version: "3" -> "2"\n')
    assert run("ledger", "keys", "keys")[0] == 0
    assert run("ledger", "checkpoint", URL, "--keys", "keys")[0] == 0
    code, said, told = run("ledger", "export", URL, "--out", "ledger.jsonl")
    assert code == 0, told
    assert run("verify", URL)[0] == 0
    digests = set()
    for number in (1, 2, 3):
        words = ("explain", "ledger.jsonl", f"c{number}", "1", "--store", URL, "--json")
        code, said, told = run(*words)
        assert (code, told) == (0, "")
        assert json.loads(said)["same"] is True
        digests.add(json.loads(said)["pack"])
    assert len(digests) == 3


def test_the_roster_of_a_store_is_edited_and_shown(run: "object") -> None:
    assert callable(run)
    at = ("--store", URL)
    assert run("pack", "install", "support-chat", *at)[0] == 0
    code, said, _ = run("roster", "put", "zoe", "queues=[frontline]", "capacity=2", *at)
    assert (code, said) == (0, "the roster is at version 2\n")
    code, _, told = run("roster", "put", "zoe", "queues=[nowhere]", *at)
    assert (code, told.count("unknown queue `nowhere`")) == (2, 1)
    edits = (
        ("away", "zoe", "2030-08-03", "2030-08-14", "--delegate", "ana"),
        ("close", "frontline", "2030-12-24T14:00", "2030-12-24T18:00"),
    )
    for words in edits:
        assert run("roster", *words, *at, "--by", "boss")[0] == 0
    code, said, _ = run("roster", "show", *at)
    assert "version 4: 14 people" in said
    assert "  zoe  online; frontline; away 2030-08-03 to 2030-08-14, ana stands in\n" in said
    assert "frontline is closed from 2030-12-24T14:00 to 2030-12-24T18:00" in said
    code, said, _ = run("roster", "history", *at, "--json")
    assert [one["actor"] for one in json.loads(said)] == ["system:console"] * 2 + ["human:boss"] * 2
