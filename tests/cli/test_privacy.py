"""`handrail privacy` and `handrail export`: what an officer and an analyst see."""

import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.world import World
from handrail import cli
from handrail.adapters.sql import SqlStore
from handrail.adapters.sql.unit import SqlUnit
from handrail.core.ownership import Actor, Party
from handrail.core.ownership import commands as c
from handrail.engine import Engine

Said = tuple[int, str, str]
Run = Callable[..., Said]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the program as from a wide shell: exit code, output, errors."""
    monkeypatch.setattr(cli, "_listen", lambda: None)
    monkeypatch.setenv("COLUMNS", "250")

    def go(*words: str) -> Said:
        monkeypatch.setattr("sys.argv", ["handrail", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return go


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A store with a closed case of Ana and an open one of Bob."""
    world = World()
    address = f"sqlite:///{tmp_path / 'store.db'}"
    world.store = SqlStore(address, clock=lambda: world.now)
    world.engine = Engine(world.store, world.engine.deployment)
    world.customer("Hello, zqtextqz here.", "c1", customer="ana@example.com")
    me = Actor(kind=Party.CUSTOMER)
    assert world.act(c.Withdraw, me, "c1").refused is None
    world.customer("Hi", "c2", customer="bob")
    world.store.close()
    return address


def test_a_person_is_shown_and_erased_and_then_unknown(run: Run, url: str, tmp_path: Path) -> None:
    out = tmp_path / "ana.json"
    where = ("--store", url)
    code, said, _ = run("privacy", "export", "ana@example.com", *where, "--out", str(out))
    assert (code, said) == (0, f"1 case written to {out}\n")
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    shown = json.loads(out.read_bytes())
    assert "zqtextqz" in shown["cases"][0]["turns"][0]["text"]
    assert shown["subject"] == {"kind": "customer", "id": "ana@example.com"}
    code, _, told = run("privacy", "export", "--case", "c1", *where, "--out", str(out))
    assert (code, "is there already" in told) == (2, True)
    erase = ("privacy", "erase", "ana@example.com", *where, "--by", "dpo")
    code, said, _ = run(*erase, "--dry-run")
    assert (code, said.startswith("would be erased in 1 case: ")) == (0, True)
    code, said, _ = run(*erase, "--json")
    counts = json.loads(said)
    assert (code, counts["cases"]) == (0, 1)
    assert counts["texts"] > 0
    code, _, told = run(*erase)
    assert (code, "nothing is kept about customer `ana@example.com`" in told) == (2, True)
    code, said, _ = run("privacy", "export", "--case", "c1", *where)
    assert "zqtextqz" not in said
    assert json.loads(said)["cases"][0]["entries"][-1]["name"] == "erased"
    assert run("privacy", "scrub", *where)[:2] == (0, "scrubbed\n")


def test_what_is_refused_says_who_and_why(run: Run, url: str) -> None:
    where = ("--store", url)
    code, _, told = run("privacy", "erase", "bob", *where, "--by", "dpo")
    assert (code, "case `c2` is not closed" in told) == (3, True)
    hold = ("privacy", "hold", "ana@example.com", *where, "--by", "legal", "--reason", "Case 12")
    assert run(*hold)[:2] == (0, "customer `ana@example.com` is on hold\n")
    code, _, told = run("privacy", "erase", "--case", "c1", *where, "--by", "dpo")
    assert (code, "on hold by `legal`: Case 12" in told) == (3, True)
    code, said, _ = run("privacy", "holds", *where)
    assert said == "customer `ana@example.com`  by `legal`: Case 12\n1 hold\n"
    code, said, _ = run("privacy", "holds", *where, "--json")
    assert [one["by"] for one in json.loads(said)] == ["legal"]
    code, said, _ = run("privacy", "release", "ana@example.com", *where, "--by", "legal")
    assert (code, said) == (0, "customer `ana@example.com` is not on hold any more\n")
    code, said, _ = run("privacy", "erase", "--case", "c1", *where, "--by", "dpo")
    assert (code, said.startswith("erased in 1 case: ")) == (0, True)
    assert "backups keep their copies" in said


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("erase", "--by", "dpo"), "not clear whose"),
        (("erase", "a", "--case", "b", "--by", "dpo"), "not clear whose"),
        (("erase", "ana@example.com"), "nobody is named"),
        (("erase", "ana@example.com", "--by", "dpo", "--reason", "she asked"), "no code"),
        (("erase", "nobody", "--by", "dpo"), "nothing is kept about customer `nobody`"),
        (("hold", "ana@example.com", "--by", "dpo"), "a hold needs a reason"),
        (("release", "ana@example.com", "--by", "dpo"), "is not on hold"),
        (("purge", "--older-than", "long"), "no span of time"),
    ],
)
def test_what_is_wrong_is_said(run: Run, url: str, words: tuple[str, ...], says: str) -> None:
    code, said, told = run("privacy", *words, "--store", url)
    assert (code, said) == (2, "")
    assert says in told


def test_a_store_that_is_not_there_is_not_made(run: Run, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'typo.db'}"
    for words in (("privacy", "holds"), ("export", "--out", str(tmp_path / "a"))):
        code, _, told = run(*words, "--store", url)
        assert (code, "there is no store" in told) == (2, True)
    assert list(tmp_path.iterdir()) == []


def test_a_purge_takes_what_is_old_enough(run: Run, url: str) -> None:
    where = ("--store", url, "--json")
    code, said, _ = run("privacy", "purge", "--older-than", "400d", *where)
    assert (code, json.loads(said)["cases"]) == (0, 0)
    store = SqlStore(url)
    with store.unit() as unit:
        assert isinstance(unit, SqlUnit)
        unit.ask("update cases set touched = 1 where workspace = ?")
    store.close()
    code, said, _ = run("privacy", "purge", "--older-than", "400d", "--answers", *where)
    counts = json.loads(said)
    assert (counts["cases"], counts["texts"], counts["answers"] > 0) == (1, 0, True)
    code, said, _ = run("privacy", "purge", "--older-than", "400d", *where)
    counts = json.loads(said)
    assert (counts["cases"], counts["texts"] > 0, counts["answers"]) == (1, True, 0)
    code, said, _ = run("privacy", "export", "bob", "--store", url)
    assert json.loads(said)["cases"][0]["turns"][0]["text"] == "Hi"  # open cases are not purged


def test_an_export_is_told_of(run: Run, url: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    words = ("export", "--store", url, "--out", str(out), "--from", "2026-11-01", "--no-texts")
    code, said, _ = run(*words, "--format", "jsonl")
    assert code == 0
    assert said.startswith(f"exported workspace `default` to {out}\n  cases      2 rows, ")
    manifest = json.loads((out / "manifest.json").read_bytes())
    assert manifest["from"] == 1_793_491_200_000
    assert manifest["texts"] is False
    code, _, told = run(*words)
    assert (code, "is there already" in told) == (3, True)
    code, _, told = run("export", "--store", url, "--out", str(tmp_path / "b"), "--to", "soon")
    assert (code, "`soon` is no time" in told) == (2, True)
    code, said, _ = run("export", "--store", url, "--out", str(tmp_path / "c"), "--json")
    assert json.loads(said)["files"]["cases"]["file"] == "cases.parquet"
