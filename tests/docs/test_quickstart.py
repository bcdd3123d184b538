"""The README's quickstart, followed as printed by somebody new, in two terminals."""

import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).resolve().parents[2]
PART = re.compile(r"<!-- (file|terminal): (\S+) -->\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
READY = 60


def parts() -> list[tuple[str, str, str]]:
    page = (ROOT / "README.md").read_text("utf-8")
    return PART.findall(page.split("## Quickstart", 1)[1].split("\n## ", 1)[0])


NEEDS = ("bash", "curl")


@pytest.mark.skipif(
    not all(map(shutil.which, NEEDS)), reason="the quickstart is followed with bash and curl"
)
def test_the_quickstart_can_be_followed_as_it_is_printed(tmp_path: Path) -> None:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    files = [(name, text) for kind, name, text in parts() if kind == "file"]
    for name, text in files:
        (tmp_path / name).write_text(text, "utf-8")
    serve = "".join(text for kind, name, text in parts() if (kind, name) == ("terminal", "1"))
    script = "".join(text for kind, name, text in parts() if (kind, name) == ("terminal", "2"))
    clean = {name: one for name, one in os.environ.items() if not name.startswith("HANDRAIL_")}
    clean["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{clean['PATH']}"
    clean["XDG_DATA_HOME"] = str(tmp_path / "home")
    with (tmp_path / "served.txt").open("wb") as out:
        service = subprocess.Popen(serve.split(), cwd=tmp_path, env=clean, stdout=out, stderr=out)
    try:
        _ready(service, tmp_path)
        done = subprocess.run(
            [str(shutil.which("bash")), "-euo", "pipefail", "-c", script],
            cwd=tmp_path,
            env=clean,
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )
    finally:
        service.terminate()
        service.wait(20)
    assert done.returncode == 0, done.stdout + done.stderr
    said = done.stdout
    steps = (
        "agent: Order 77120 is on its way, due on Friday.",
        "notice: ",
        '"human":"you"',
        '"status":"held"',
        '"trigger":"explicit_request"',
        '"status":"delegated"',
        "human: A person here. I refund it.",
        "does: refund",
        '"status":"closed"',
        '"checkpoint":1',
        '"ok":true',
    )
    places = [said.find(step) for step in steps]
    assert -1 not in places, (steps[places.index(-1)], said)
    assert places == sorted(places), said


def _ready(service: subprocess.Popen[bytes], folder: Path) -> None:
    until = time.monotonic() + READY
    while True:
        assert service.poll() is None, (folder / "served.txt").read_text()
        assert time.monotonic() < until
        try:
            if httpx.get("http://127.0.0.1:8177/readyz", timeout=2).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.1)
