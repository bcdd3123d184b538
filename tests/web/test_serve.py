"""`handrail serve` as a process: started with nothing, ended and reloaded by signals."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from web.rig import answers, until

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals are of POSIX")
KEY = re.compile(r"^  (hr_[0-9a-f]{16}_[0-9a-f]{64})$", re.MULTILINE)


class Served:
    """A service that was started in a folder."""

    def __init__(self, folder: Path, *words: str, **variables: str) -> None:
        base = {key: one for key, one in os.environ.items() if not key.startswith("HANDRAIL_")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "handrail.cli", "serve", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=folder,
            env=base | {"XDG_DATA_HOME": str(folder / "share")} | variables,
        )
        self.out, self.err = "", ""
        self._readers = [
            threading.Thread(target=self._read, args=(name,)) for name in ("out", "err")
        ]
        for one in self._readers:
            one.start()

    def _read(self, name: str) -> None:
        pipe = getattr(self.process, f"std{name}")
        for line in pipe:
            setattr(self, name, getattr(self, name) + line)
        pipe.close()

    def ready(self) -> "Served":
        until(lambda: "http://" in self.out or self.process.poll() is not None, 60)
        assert self.process.poll() is None, self.err
        until(lambda: answers(self.url), 60)
        return self

    @property
    def url(self) -> str:
        return re.findall(r"http://\S+", self.out)[0]

    @property
    def key(self) -> str:
        found = KEY.search(self.out)
        return found[1] if found else ""

    def told(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.err.splitlines() if line.startswith("{")]

    def end(self, number: int = signal.SIGTERM) -> float:
        begun = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(30)
        took = time.monotonic() - begun
        self.join()
        return took

    def join(self) -> None:
        self.process.wait(60)
        for one in self._readers:
            one.join(5)


Start = Callable[..., Served]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    begun: list[Served] = []

    def one(*words: str, **variables: str) -> Served:
        begun.append(Served(tmp_path, *words, **variables))
        return begun[-1]

    yield one
    for made in begun:
        if made.process.poll() is None:
            made.process.kill()
        made.join()


def test_started_with_nothing_it_works_and_its_key_does(start: Start, tmp_path: Path) -> None:
    service = start("--port", "0").ready()
    assert service.url.startswith("http://127.0.0.1:")
    found = httpx.get(service.url + "/v1/me", headers={"Authorization": f"Bearer {service.key}"})
    assert found.status_code == 200
    assert httpx.get(service.url + "/v1/me").status_code == 401
    assert httpx.get(service.url + "/readyz").json()["status"] == "ready"
    folder = tmp_path / "share" / "handrail"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert all(one.stat().st_mode & 0o077 == 0 for one in folder.iterdir())
    assert service.key not in service.err
    assert service.end() < 3
    assert service.process.returncode == 0


def test_the_key_is_shown_once_and_lasts(start: Start) -> None:
    first = start("--port", "0").ready()
    key = first.key
    assert key
    first.end(signal.SIGKILL)
    again = start("--port", "0").ready()
    assert again.key == ""
    found = httpx.get(again.url + "/v1/me", headers={"Authorization": f"Bearer {key}"})
    assert found.status_code == 200


def test_fifty_open_streams_end_within_three_seconds_of_a_stop(start: Start) -> None:
    service = start("--port", "0").ready()
    headers = {"Authorization": f"Bearer {agent(service)}"}
    whole: list[bool] = []
    begun = threading.Semaphore(0)

    def read() -> None:
        with httpx.stream("GET", service.url + "/v1/events", headers=headers, timeout=30) as found:
            assert found.status_code == 200
            for line in found.iter_lines():
                if line == "event: ready":
                    begun.release()
        whole.append(True)

    readers = [threading.Thread(target=read) for _ in range(50)]
    for one in readers:
        one.start()
    for _ in readers:
        assert begun.acquire(timeout=30)
    assert service.end() < 3
    for one in readers:
        one.join(5)
    assert len(whole) == 50
    assert service.process.returncode == 0


def agent(service: Served) -> str:
    """A key of an AI agent, made by the administrator."""
    with httpx.Client(
        base_url=f"{service.url}/v1",
        headers={"Authorization": f"Bearer {service.key}"},
        timeout=30,
    ) as client:
        for path, body in (
            ("/people", {"id": "bot", "kind": "program"}),
            ("/people/bot/grants", {"role": "agent"}),
            ("/keys", {"identity": "bot"}),
        ):
            made = client.post(path, json=body)
            made.raise_for_status()
        key: str = made.json()["key"]
        return key


def test_a_hangup_reads_the_settings_again_and_a_wrong_one_changes_nothing(
    start: Start, tmp_path: Path
) -> None:
    service = start("--port", "0").ready()
    file = tmp_path / "handrail.toml"
    file.write_text('rate = 7\nhost = "0.0.0.0"\n')
    service.process.send_signal(signal.SIGHUP)
    until(lambda: any("changed: rate" in one["event"] for one in service.told()))
    until(
        lambda: any(
            "wait until" in one["event"] and "host" in one["event"] for one in service.told()
        )
    )
    file.write_text("rate = 7\nrte = 1\n")
    service.process.send_signal(signal.SIGHUP)
    until(lambda: any("handrail.toml:2" in one["event"] for one in service.told()))
    assert httpx.get(service.url + "/healthz").status_code == 200
    service.end()


def test_what_cannot_start_says_why_and_leaves_nothing(start: Start, tmp_path: Path) -> None:
    service = start("--port", "0").ready()
    port = service.url.rpartition(":")[2]
    taken = start("--port", port, XDG_DATA_HOME=str(tmp_path / "other"))
    taken.join()
    assert taken.process.returncode == 4
    assert "address already in use" in taken.err
    assert not (tmp_path / "other").exists()
    second = start("--port", "0")
    second.join()
    assert second.process.returncode == 4
    assert "another service has the data folder" in second.err
    (tmp_path / "handrail.toml").write_text("prt = 1\n")
    wrong = start()
    wrong.join()
    assert wrong.process.returncode == 2
    assert (
        wrong.err == "handrail: handrail.toml:1 - there is no setting `prt`; did you mean `port`?\n"
    )
