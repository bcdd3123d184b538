"""The servers: real `handrail serve` processes on one PostgreSQL, each on a port of its own.

Only processes that were started here are ended, each by its own id.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from fleet.proxy import free_port

READY = 90  # seconds that a start may take on a machine that has much else to do


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What all servers have in common. `source`: the folder of the program, empty = this one."""

    folder: Path
    url: str
    source: str = ""

    def environment(self) -> dict[str, str]:
        """The variables of a server."""
        rest = {name: one for name, one in os.environ.items() if not name.startswith("HANDRAIL_")}
        paths = [one for one in (self.source, rest.get("PYTHONPATH", "")) if one]
        return rest | {
            "PYTHONPATH": os.pathsep.join(paths),
            "HANDRAIL_DATABASE_URL": self.url,
            "HANDRAIL_PACK": str(self.folder / "fleet.yaml"),
            "HANDRAIL_ROSTER": str(self.folder / "fleet.roster.yaml"),
            "HANDRAIL_SIGNING_KEYS": str(self.folder / "keys"),
            "HANDRAIL_CHECKPOINT_EVERY": "10",
            "HANDRAIL_PROXIES": "127.0.0.1",
            "HANDRAIL_LOG_LEVEL": "warning",
        }


class Server:
    """One of them, and its lives."""

    def __init__(self, number: int, setting: Setting) -> None:
        self.number, self.setting = number, setting
        self.port = free_port()
        self.lives = 0
        self._running: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        """What it told, over all its lives."""
        return self.setting.folder / f"server-{self.number}.log"

    def start(self, setting: Setting | None = None) -> None:
        """Its next life, maybe of another program."""
        self.setting = setting or self.setting
        self.lives += 1
        with self.log.open("ab") as log:
            self._running = subprocess.Popen(
                [sys.executable, "-m", "handrail.cli", "serve", "--port", str(self.port)],
                cwd=self.setting.folder,
                env=self.setting.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def ready(self, seconds: float = READY) -> "Server":
        """Wait until it can work."""
        end = time.monotonic() + seconds
        while not self.is_ready():
            ended = self._running is None or self._running.poll() is not None
            if ended or time.monotonic() > end:
                said = self.log.read_text(errors="replace")[-2000:]
                raise TimeoutError(f"server {self.number} is not ready: {said}")
            time.sleep(0.1)
        return self

    def is_ready(self) -> bool:
        """Whether it says that it can work."""
        with contextlib.suppress(httpx.TransportError):
            found = httpx.get(f"http://127.0.0.1:{self.port}/readyz", timeout=5)
            return found.status_code == 200
        return False

    def ended(self) -> int | None:
        """Its exit code; None while it runs."""
        return None if self._running is None else self._running.poll()

    def kill(self) -> None:
        """As the machine would: without a word."""
        if self._running is not None:
            self._running.send_signal(signal.SIGKILL)
            self._running.wait()
            self._running = None

    def stop(self, seconds: float = 30) -> int:
        """As an operator would; its exit code."""
        if self._running is None:
            return 0
        self._running.send_signal(signal.SIGTERM)
        try:
            return self._running.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            return -1


def complaints(servers: Sequence[Server]) -> Mapping[str, int]:
    """What the servers complained about, and how often: tracebacks, and lines of errors."""
    found: dict[str, int] = {}
    for one in servers:
        text = one.log.read_text(errors="replace") if one.log.exists() else ""
        for line in text.splitlines():
            if '"level": "error"' in line or '"level":"error"' in line or "Traceback" in line:
                found[line[:300]] = found.get(line[:300], 0) + 1
    return found
