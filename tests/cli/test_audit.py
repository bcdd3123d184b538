"""`verify` and `explain`: what an auditor sees."""

import json
from collections.abc import Callable
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest

from core.ledger.test_verify import A2, setting, shorter, with_line
from handrail import cli
from handrail.core import record
from handrail.core.ledger import lines
from prove.ledgers import WORKSPACE, changed, finished, keys, large, small, small_book

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
def files(tmp_path: Path) -> dict[str, str]:
    """Exports and a witness."""
    kept = [lines.witnessed(WORKSPACE, one) for one in small_book().checkpoints()]
    content = {
        "small": small(),
        "large": large(),
        "shorter": shorter(),
        "bad": with_line(A2, setting("entry.body.id", "o2")),
        "witness": kept,
    }
    for name, found in content.items():
        (tmp_path / name).write_bytes(b"".join(found))
    return {name: str(tmp_path / name) for name in content}


def test_a_good_export_is_verified_and_what_is_uncertain_is_said(
    run: Run, files: dict[str, str]
) -> None:
    code, said, told = run("verify", files["small"])
    assert (code, told) == (0, "")
    assert said.startswith("verified: workspace `default`, to 2026-11-23 11:30:00 UTC\n")
    assert "2 cases, 4 entries, 2 checkpoints, 1 text, 1 erased" in said
    assert "no checkpoint from outside was compared" in said
    assert f"{keys()[1].current.id} (signs)" in said


def test_a_changed_export_is_not_verified_and_the_place_is_told(
    run: Run, files: dict[str, str]
) -> None:
    code, said, _ = run("verify", files["bad"])
    assert code == 1
    assert said.startswith("not verified: 1 problem in workspace `default`\n")
    assert "line 7, case `a`, entry 2: the hash is not that of the entry" in said


def test_json_tells_the_same_to_programs(run: Run, files: dict[str, str]) -> None:
    code, said, _ = run("verify", files["bad"], "--json")
    found = json.loads(said)
    assert (code, found["verified"], found["entries"]) == (1, False, 4)
    assert [one["line"] for one in found["findings"]] == [7]
    code, said, _ = run("verify", files["small"], "--witness", files["witness"], "--json")
    found = json.loads(said)
    assert (code, found["verified"], found["anchored"]) == (0, True, 2)


def test_a_witness_tells_an_end_that_was_cut_off(run: Run, files: dict[str, str]) -> None:
    assert run("verify", files["shorter"])[0] == 0
    code, said, _ = run("verify", files["shorter"], "--witness", files["witness"])
    assert code == 1
    assert "its end was cut off, or it was made earlier" in said
    code, said, _ = run("verify", files["shorter"], "--witness", files["witness"], "--until", "1")
    assert code == 0
    assert "the witness confirms everything up to checkpoint 1" in said


def test_a_known_key_is_asked_for(run: Run, files: dict[str, str]) -> None:
    code, said, _ = run("verify", files["small"], "--key", keys()[0].current.id.upper())
    assert code == 0
    assert "compare the fingerprint" not in said
    assert run("verify", files["small"], "--key", "0" * 64)[0] == 1
    code, _, told = run("verify", files["small"], "--key", "abc")
    assert code == 2
    assert told == "handrail: `abc` is no fingerprint of a key; it has 64 hexadecimal digits\n"


def test_files_that_cannot_be_read_are_told(
    run: Run, files: dict[str, str], tmp_path: Path
) -> None:
    assert run("verify", str(tmp_path / "none"))[::2] == (
        2,
        f"handrail: cannot read `{tmp_path / 'none'}`: No such file or directory\n",
    )
    assert run("verify", str(tmp_path))[0] == 2
    assert run("verify", files["small"], "--witness", str(tmp_path / "none"))[0] == 2
    assert run("verify", files["small"], "--witness", "ftp://x")[0] == 2


def test_an_export_comes_from_a_pipe(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(b"".join(small()))))
    assert run("verify", "-")[0] == 0
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(b"")))
    code, said, _ = run("verify", "-")
    assert code == 1
    assert "the end is missing: the export was cut off" in said


def test_what_is_hostile_to_a_terminal_is_shown_harmless(run: Run, files: dict[str, str]) -> None:
    evil = with_line(A2, setting("entry.case", "\x1b[2J\ud83d\u202e"))
    Path(files["bad"]).write_bytes(b"".join(evil))
    code, said, _ = run("verify", files["bad"])
    assert code == 1
    assert "\x1b[2J" not in said
    assert "\\x1b[2J\\ud83d\\u202e" in said
    assert run("verify", files["bad"], "--json")[0] == 1


def test_many_problems_are_counted_and_the_first_told(run: Run, files: dict[str, str]) -> None:
    Path(files["bad"]).write_bytes(b"x\n" * 60)
    code, said, _ = run("verify", files["bad"])
    assert code == 1
    assert said.count("not JSON in UTF-8") == 50
    assert "more; --json tells all" in said


DECISIONS = [
    (row["entry"]["case"], row["entry"]["number"], row["entry"]["body"]["record"])
    for row in map(json.loads, large())
    if row["kind"] == "entry" and row["entry"]["name"] == "decision"
]


def test_every_decision_of_the_ledger_is_derived_again_byte_for_byte(
    run: Run, files: dict[str, str]
) -> None:
    assert len(DECISIONS) > 10
    for case, number, line in DECISIONS[:: len(DECISIONS) // 5]:
        code, said, told = run("explain", files["large"], case, str(number))
        assert (code, told) == (0, "")
        assert said.startswith(f"entry {number} of case `{case}`\n")
        assert f"the same decision, all {len(line):,} bytes" in said
        code, said, _ = run("explain", files["large"], case, str(number), "--json")
        found = json.loads(said)
        assert found["same"] is True
        assert found["recorded"] == found["derived"] == json.loads(line)


def test_a_handoff_is_explained_with_its_reason(run: Run, files: dict[str, str]) -> None:
    case, number, _ = next(one for one in DECISIONS if '"outcome":"handoff"' in one[2])
    code, said, _ = run("explain", files["large"], case, str(number), "-w", "support")
    assert code == 0
    assert "explicit_request (hard): the customer asks for a human" in said
    assert "workflow `support`" in said


def test_another_decision_than_the_recorded_one_is_told(run: Run, files: dict[str, str]) -> None:
    case, number, line = DECISIONS[0]
    given, made = record.load(line.encode())
    forged = line.replace('"outcome":"continue"', '"outcome":"offer"')
    assert forged != line
    assert made.digest
    place = next(
        n
        for n, row in enumerate(large())
        if f'"case":"{case}"'.encode() in row
        and b'"kind":"entry"' in row
        and json.loads(row)["entry"]["number"] == number
    )
    export = [*large()]
    export[place] = changed(export[place], setting("entry.body.record", forged))
    Path(files["bad"]).write_bytes(b"".join(finished(export)))
    code, said, _ = run("explain", files["bad"], case, str(number))
    assert code == 1
    assert "another decision comes out:" in said
    assert given.state.turns


def test_what_cannot_be_explained_is_told(run: Run, files: dict[str, str]) -> None:
    case, number, _ = DECISIONS[0]
    code, _, told = run("explain", files["large"], case, str(number), "-p", "sales-assist")
    assert code == 2
    assert "the decision was made by the pack of digest `sha256:" in told
    code, _, told = run("explain", files["large"], "nobody", "1")
    assert code == 2
    assert told.startswith("handrail: no entry 1 of case `nobody`")
    code, _, told = run("explain", files["small"], "a", "1")
    assert code == 2
    assert told == "handrail: entry 1 of case `a` is `refused`, no decision\n"
    code, _, told = run("explain", files["large"], case, str(number), "-w", "none")
    assert code == 2
    assert "no workflow `none`" in told
