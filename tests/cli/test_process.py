"""The command line as a real process: full outputs, closed pipes, signals."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

RUN = [sys.executable, "-m", "handrail.cli"]
TURN = '{"id": "c%d", "turns": [{"role": "user", "text": "where is my order"}]}\n'
COMMANDS = (
    ["--help"],
    ["decide", "hello"],
    ["decide", "hello", "--json"],
    ["demo"],
    ["demo", "--json"],
    ["pack", "check"],
    ["pack", "check", "--json"],
    ["pack", "schema"],
    ["pack", "show"],
    ["pack", "show", "--json"],
    ["pack", "test"],
    ["pack", "test", "--json"],
)

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and /dev/full are of POSIX")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this machine")
@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_full_output_is_one_clear_error_and_exit_code_4(words: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*RUN, *words], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.stderr == "handrail: cannot go on: No space left on device\n"
    assert done.returncode == 4


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_closed_pipe_ends_a_command_quietly(words: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)  # whoever read has gone before the first line
    try:
        done = subprocess.run(
            [*RUN, *words], stdout=writer, stderr=subprocess.PIPE, text=True, check=False
        )
    finally:
        os.close(writer)
    assert done.stderr == ""
    assert done.returncode == 128 + signal.SIGPIPE


@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_replay_that_is_told_to_end_leaves_nothing_behind(
    number: signal.Signals, ending: str, tmp_path: Path
) -> None:
    if ending == "parquet":
        pytest.importorskip("pyarrow")
    history = tmp_path / "history.jsonl"
    history.write_text("".join(TURN % place for place in range(300_000)), "utf-8")
    out = tmp_path / f"out.{ending}"
    words = [*RUN, "replay", str(history), "--out", str(out)]
    # As from a terminal: whoever runs the tests, such as `nohup`, may ignore the signal.
    before = signal.signal(number, signal.SIG_DFL)
    try:
        process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    finally:
        signal.signal(number, before)
    with process:
        try:
            deadline = time.monotonic() + 60
            while not list(tmp_path.glob(".*.part")):
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.01)
            time.sleep(0.2)
            process.send_signal(number)
            said, told = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 128 + number
    assert (said, told) == (b"", b"")
    assert [path.name for path in tmp_path.iterdir()] == ["history.jsonl"]


def test_a_signal_that_the_caller_ignores_stays_ignored() -> None:
    code = (
        "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "from handrail import cli\ncli._listen()\n"
        "assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN\n"
        "assert signal.getsignal(signal.SIGTERM) is cli._stop\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
