"""What the commands say and refuse, as somebody sees it who tries them for the first time."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from handrail import cli

Said = tuple[int, str, str]
Run = Callable[..., Said]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the program as from a shell of 80 columns: exit code, output, errors."""
    monkeypatch.setattr(cli, "_listen", lambda: None)  # the signals are the test runner's
    monkeypatch.setenv("COLUMNS", "80")

    def go(*words: str) -> Said:
        monkeypatch.setattr("sys.argv", ["handrail", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return go


WRONG = {
    ("--confidence", "2"): "confidence `2` is not from 0 to 1",
    ("--confidence", "nan"): "confidence `nan` is not from 0 to 1",
    ("--confidence", "-1"): "confidence `-1` is not from 0 to 1",
    ("--tier", "gold"): "unknown tier `gold`; known are `standard`, `vip`",
    ("--tier", "VIP"): "unknown tier `VIP`; did you mean `vip`?",
    ("--stage", "closing"): "unknown stage `closing`; the pack declares no `stages`",
    ("--stage", "close", "-p", "sales-assist"): "unknown stage `close`; did you mean `closing`?",
    ("-a", "order.amount=1e999"): "`order.amount=1e999` is no number that can be compared",
    ("-a", "order.amount=[1, -1e999]"): "is no number that can be compared",
    ("-a", "order.amount=NaN"): "is no number that can be compared",
    ("-a", "ordr.amount=1"): "`ordr` is no group; did you mean `order`?",
    ("-a", "order=1"): "is not of the form `group.name=value`",
    ("-p", "suport-chat"): "no starter pack `suport-chat`; did you mean `support-chat`?",
    ("-w", "sales"): "no workflow `sales` in pack `support-chat`; name one of `support`",
}


@pytest.mark.parametrize("words", WRONG, ids=" ".join)
def test_what_no_rule_would_know_is_refused(words: tuple[str, ...], run: Run) -> None:
    code, said, told = run("decide", "hello", *words)
    assert (code, said) == (2, "")
    assert told.startswith("handrail: ")
    assert WRONG[words] in told
    assert told.count("\n") == 1


@pytest.mark.parametrize("words", [("--confidence", "0"), ("--confidence", "1"), ("--tier", "vip")])
def test_what_the_pack_knows_is_decided(words: tuple[str, ...], run: Run) -> None:
    code, said, told = run("decide", "hello", *words)
    assert (code, told) == (0, "")
    assert "score" in said


def test_nothing_to_decide_on_is_told(run: Run) -> None:
    code, said, told = run("decide", "")
    assert (code, said) == (2, "")
    assert "nothing to decide on" in told


def test_a_confidence_beside_a_pipe_is_refused(run: Run) -> None:
    code, _, told = run("decide", "--confidence", "0.4")
    assert code == 2
    assert "--confidence is of an answer on the command line" in told


def test_a_flip_of_a_harmless_turn_reads_as_a_sentence(run: Run) -> None:
    _, said, _ = run("decide", "hello")
    assert "flips    at 30 minutes without progress instead of 0\n" in said


@pytest.mark.parametrize("pack", ["support-chat", "sales-assist", "ops-agent"])
@pytest.mark.parametrize("command", ["show", "check", "test"])
def test_no_line_for_people_is_longer_than_the_terminal(pack: str, command: str, run: Run) -> None:
    code, said, _ = run("pack", command, pack)
    assert code == 0
    assert said
    assert [line for line in said.splitlines() if len(line) > 80] == []


def test_the_demo_and_a_decision_keep_to_the_terminal_too(run: Run) -> None:
    _, demo, _ = run("demo")
    _, decided, _ = run("decide", "I am angry, my lawyer will sue you, this is the third time")
    assert demo
    assert "because" in decided
    assert [line for line in (demo + decided).splitlines() if len(line) > 80] == []


def test_one_error_is_told_in_the_singular(run: Run, tmp_path: Path) -> None:
    pack = tmp_path / "p.yaml"
    pack.write_text(
        "handrail: 1\nname: p\nversion: '1'\nowner: ana\n"
        "queues: {desk: {hours: always}}\nmatrix: [{queue: desk}]\n",
        "utf-8",
    )
    code, said, _ = run("pack", "check", str(pack))
    assert code == 3
    assert "p 1: 1 error, 1 other finding\n  sha256:" in said


def test_an_unknown_tier_and_an_unknown_queue_are_the_same_kind_of_error(
    run: Run, tmp_path: Path
) -> None:
    pack = tmp_path / "p.yaml"
    pack.write_text(
        "handrail: 1\nname: p\nversion: '1'\ntiers: [vip]\n"
        "queues: {desk: {hours: always, steward: ana}}\n"
        "matrix:\n  - {tier: vpi, queue: dsk}\n",
        "utf-8",
    )
    code, said, told = run("pack", "check", str(pack))
    assert (code, said) == (2, "")
    assert told.splitlines() == [
        "handrail: p.yaml:7:6 matrix.0.tier - unknown tier `vpi`; did you mean `vip`?",
        "p.yaml:7:17 matrix.0.queue - unknown queue `dsk`; did you mean `desk`?",
    ]


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_a_name_that_is_not_there_is_told_and_nothing_else(form: tuple[str, ...], run: Run) -> None:
    for words, wanted in (
        (("pack", "show", "--workflow", "sales"), "no workflow `sales`"),
        (("demo", "--only", "unicorn"), "no sample conversation has `unicorn` in its title"),
    ):
        code, said, told = run(*words, *form)
        assert (code, said) == (2, "")
        assert wanted in told


def test_show_as_json_keeps_to_the_workflow_too(run: Run, tmp_path: Path) -> None:
    pack = tmp_path / "p.yaml"
    pack.write_text("handrail: 1\nname: p\nversion: '1'\nworkflows: {a: {}, b: {}}\n", "utf-8")
    for words, names in (((), ["a", "b"]), (("--workflow", "b"), ["b"])):
        shown = json.loads(run("pack", "show", str(pack), "--json", *words)[1])
        assert [one["name"] for one in shown["workflows"]] == names


def history(path: Path) -> str:
    turns = '"turns": [{"role": "user", "text": "let me talk to a human"}]'
    lines = [f'{{"id": "{name}", {turns}}}\n' for name in ("a", "b", "a", "a")]
    path.write_text("".join(lines), "utf-8")
    return str(path)


def test_a_repeated_id_is_counted_and_each_is_decided_by_itself(run: Run, tmp_path: Path) -> None:
    file, out = history(tmp_path / "h.jsonl"), tmp_path / "o.jsonl"
    code, said, _ = run("replay", file, "--out", str(out))
    assert code == 0
    text = " ".join(said.split())
    assert "same id as one before, each decided by itself: 2 (`a`, again in" in text
    rows = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert [(row["conversation"], row["line"]) for row in rows] == [
        ("a", 1),
        ("b", 2),
        ("a", 3),
        ("a", 4),
    ]
    figures = json.loads(run("replay", file, "--json")[1])
    assert (figures["conversations"], figures["repeated_ids"]) == (4, 2)


def test_a_history_of_different_ids_has_no_such_line(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "h.jsonl"
    history(path)
    path.write_text("".join(path.read_text("utf-8").splitlines(keepends=True)[:2]), "utf-8")
    assert "same id" not in run("replay", str(path))[1]


def test_bytes_that_are_no_utf_8_are_told_as_such(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "h.jsonl"
    history(path)
    path.write_bytes(path.read_bytes() + b'{"id": "\xff"}\n')
    _, _, told = run("replay", str(path))
    assert told.endswith("h.jsonl:5 - not UTF-8 text; save the file as UTF-8; left out\n")
