"""`route`, `roster` and `simulate`, and the whole cases of the demo: what they show and refuse."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from handrail import cli, packs
from handrail.cli.stage import Stage
from handrail.cli.stories import STORIES
from handrail.cli.tale import TITLE
from handrail.core import ownership

Said = tuple[int, str, str]
Run = Callable[..., Said]
AT = ("--at", "2026-11-23T10:00")
SMALL = """
handrail: 1
version: 3
people:
  support-lead: {queues: [frontline, vip-desk], skills: {support: 5}}
"""


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the program as from a shell of 80 columns: exit code, output, errors."""
    monkeypatch.setattr(cli, "_listen", lambda: None)
    monkeypatch.setenv("COLUMNS", "80")

    def go(*words: str) -> Said:
        monkeypatch.setattr("sys.argv", ["handrail", *words])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return go


def test_the_most_specific_row_is_shown_and_who_is_asked_in_order(run: Run) -> None:
    _, said, _ = run("route", "--topic", "pricing_exception", "--tier", "vip", *AT, "--json")
    found = json.loads(said)
    assert found["route"]["queue"] == "vip-desk"
    assert 'tier: "vip"' in found["route"]["row"]
    people = [one["person"] for one in found["asked"]]
    assert people[0] == "support-lead"
    assert len(people) == len(set(people))


def test_at_night_the_overflow_takes_it(run: Run) -> None:
    code, said, _ = run("route", "--at", "2026-11-23T23:00")
    assert code == 0
    assert said.startswith("out-of-hours\n")
    assert "`frontline` is closed" in said
    assert max(map(len, said.splitlines())) <= 80


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("route", "--topic", "leagl"), "unknown topic `leagl`"),
        (("route", "--tier", "gold"), "unknown tier `gold`"),
        (("route", "--at", "noon"), "`noon` is no time"),
        (("route", "--roster", "none.yaml"), "none.yaml"),
        (("simulate", "--start", "monday"), "`monday` is no time"),
        (("simulate", "none.yaml"), "none.yaml"),
        (("roster", "check", "none.yaml"), "none.yaml"),
    ],
)
def test_bad_input_is_one_clear_message(words: tuple[str, ...], problem: str, run: Run) -> None:
    code, said, told = run(*words)
    assert (code, said) == (2, "")
    assert problem in told
    assert told.count("\n") == 1


def test_a_pack_without_a_roster_beside_it_says_so(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    run("pack", "new", str(path))
    code, _, told = run("route", "--pack", str(path))
    assert code == 2
    assert "mine.roster.yaml" in told
    (tmp_path / "mine.roster.yaml").write_text(SMALL, "utf-8")
    code, said, _ = run("route", "--pack", str(path), *AT)
    assert code == 0
    assert "support-lead" in said


def test_a_roster_with_gaps_is_refused(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "small.yaml"
    path.write_text(SMALL, "utf-8")
    code, said, _ = run("roster", "check", str(path))
    assert code == 3
    assert "GAP  queue `specialists` has no people" in said
    code, said, _ = run("roster", "check", str(path), "--json")
    assert code == 3
    assert json.loads(said)["queues"]["specialists"] == 0


@pytest.mark.parametrize("name", packs.starters())
def test_the_rosters_of_the_starter_packs_have_no_gap(name: str, run: Run) -> None:
    code, said, _ = run("roster", "check", name, "--pack", name)
    assert (code, said.endswith(", 0 gaps\n")) == (0, True)


def test_a_day_says_the_same_as_text_and_as_json(run: Run) -> None:
    words = ("simulate", "--start", "2026-11-23T09:00", "--hours", "3", "--cases", "20")
    code, said, _ = run(*words)
    assert code == 0
    assert max(map(len, said.splitlines())) <= 80
    found = json.loads(run(*words, "--json")[1])
    assert f"{found['handoffs']} handed off" in said
    for name, queue in found["queues"].items():
        row = next(line for line in said.splitlines() if line.startswith(f"  {name} "))
        assert row.split()[1:3] == [str(queue["cases"]), str(queue["most"])]
    assert json.loads(run(*words, "--json")[1]) == found


def test_your_own_traffic_is_drawn_from(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    turns = [{"role": "user", "text": "Let me talk to a person, please."}]
    path.write_text(json.dumps({"id": "1", "turns": turns}) + "\n", "utf-8")
    words = ("--start", "2026-11-23T09:00", "--hours", "1", "--cases", "8", "--json")
    found = json.loads(run("simulate", "--traffic", str(path), *words)[1])
    assert found["triggers"] == {"explicit_request": found["cases"]}


@pytest.mark.parametrize("title", STORIES)
def test_a_whole_case_goes_from_the_decision_to_the_closure(title: str, run: Run) -> None:
    code, said, _ = run("demo", "--only", title)
    assert code == 0
    assert max(map(len, said.splitlines())) <= 80
    for part in ("handoff", "because", "Next steps", "refused", "plans", "closes it", "ledger"):
        assert part in said
    story = json.loads(run("demo", "--only", title, "--json")[1].splitlines()[-1])
    names = [one["entry"] for one in story["ledger"]]
    wanted = ("decision", "open", "bundle", "propose", "accept", "handback", "report", "resolve")
    places = [names.index(name) for name in wanted]
    assert places == sorted(places)
    # What is shown under "ledger" is the ledger.
    shown = re.findall(r"^ +(\d+)  \d\d:\d\d  (\w+)", said, re.MULTILINE)
    assert shown == [(str(one["number"]), one["entry"]) for one in story["ledger"]]


def test_the_demo_plays_a_case_on_which_a_secret_is_masked_and_a_late_word_refused() -> None:
    story = STORIES["A whole case: the parcel that never came"]
    stage = Stage(story.pack, story.tier, wait=0, quiet=True)
    story.play(stage)
    assert stage.case.ownership.status is ownership.Status.CLOSED
    texts = [unit_text(stage, one.key) for one in stage.effects() if one.kind == "bundle"]
    assert texts
    assert all("4111" not in text and "[card]" in text for text in texts)
    assert [one.body["why"] for one in stage.entries() if one.name == "refused"] == ["stale_epoch"]
    sent = [unit_text(stage, one.key) for one in stage.effects() if one.kind == "message"]
    assert not any("voucher" in text for text in sent)
    tried = [one.body["human"] for one in stage.entries() if one.name == "propose"]
    assert len(tried) == len(set(tried)) == 2


def unit_text(stage: Stage, key: str) -> str:
    """The text of an effect."""
    with stage.engine.store.unit() as unit:
        return unit.payload(key) or ""


def test_the_demo_starts_a_service_and_plays_a_case_over_http_after_the_samples(run: Run) -> None:
    code, said, _ = run("demo", "--only", "parcel")
    assert code == 0
    assert said.index("Where is my parcel?") < said.index(TITLE)
    for part in ("handoff, explicit_request", "409 stale_epoch", "409 step_admitted", "verified"):
        assert part in said
    assert "nothing was changed" in said
    assert "4111" not in said[said.index("5. A person accepts") :]


def test_a_demo_for_programs_gives_every_request_with_its_answer(run: Run) -> None:
    _, said, _ = run("demo", "--only", TITLE, "--json")
    story = json.loads(said.splitlines()[-1])
    closed = [one for one in story["requests"] if (one["body"] or {}).get("command") == "resolve"]
    assert [one["answer"]["status"] for one in closed] == ["closed"]
    verified = [one["answer"] for one in story["requests"] if one["path"] == "/ledger/verify"]
    assert [one["ok"] for one in verified] == [True]


def test_a_demo_without_the_libraries_of_a_service_says_what_to_install(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handrail.cli.live.possible", lambda: False)
    code, said, _ = run("demo", "--only", TITLE)
    assert (code, "handrail[server]" in said) == (0, True)


def test_on_a_terminal_the_service_of_the_demo_goes_on_until_it_is_interrupted() -> None:
    ours, theirs = os.openpty()
    demo = subprocess.Popen(
        [sys.executable, "-m", "handrail.cli", "demo", "--only", TITLE, "--pace", "0"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    said = b""
    try:
        while b"HANDRAIL_URL/v1/cases" not in said:
            said += os.read(ours, 65_536)
        told = said.decode()
        url = re.search(r"export HANDRAIL_URL=(\S+)", told)
        key = re.search(r"export HANDRAIL_KEY=(\S+)", told)
        assert url
        assert key
        headers = {"authorization": f"Bearer {key[1]}"}
        found = httpx.get(f"{url[1]}/v1/cases", headers=headers, timeout=30)
        assert [one["case"] for one in found.json()["items"]] == ["order-77120"]
        demo.send_signal(signal.SIGINT)
        assert demo.wait(30) == 0
        with pytest.raises(httpx.TransportError):
            httpx.get(f"{url[1]}/healthz", timeout=30)
    finally:
        demo.kill()
        demo.wait()
        os.close(ours)
