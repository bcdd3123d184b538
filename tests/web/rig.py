"""Services as processes of their own, and readers of their streams."""

import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

TINY = Path(__file__).with_name("tiny.py")


class Process:
    """A service that runs. `settings` as `handrail.config.Settings` has them."""

    def __init__(self, program: Sequence[str] = (str(TINY),), **settings: Any) -> None:
        self.errors = ""
        self._client = httpx.Client(timeout=30)
        self.process = subprocess.Popen(
            [sys.executable, *program, json.dumps(settings, default=str)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()
        assert self.url, self.process.communicate(timeout=10)[1]
        self._lines = threading.Thread(target=self._read, daemon=True)
        self._lines.start()
        until(lambda: answers(self.url))

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.errors += line

    def post(self, path: str, **body: Any) -> httpx.Response:
        return self._client.post(self.url + path, json=body)

    def say(self, case: str, name: str, text: str = "Where is my order?", **more: str) -> None:
        self.post(f"/say/{case}", id=name, text=text, **more).raise_for_status()

    def end(self, number: int = signal.SIGTERM) -> float:
        """Send a signal; how long it took to end, in seconds."""
        self._client.close()
        begun = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(20)
        took = time.monotonic() - begun
        self._lines.join(5)
        for pipe in (self.process.stdout, self.process.stderr):
            assert pipe is not None
            pipe.close()
        return took


def answers(url: str) -> bool:
    try:
        return httpx.get(url + "/healthz", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def until(done: Callable[[], object], seconds: float = 20.0) -> None:
    """Wait for something; AssertionError when it does not come."""
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it did not come in time"
        time.sleep(0.01)


@dataclass
class Event:
    """One event of a stream."""

    id: str = ""
    name: str = ""
    data: Any = None
    at: float = field(default_factory=time.monotonic)


def parse(lines: Iterator[str]) -> Iterator[Event]:
    """The events of the lines of a stream; one without a name is a sign of life."""
    event = Event()
    for line in lines:
        if not line:
            if event.id:
                event.at = time.monotonic()
                yield event
            event = Event()
            continue
        key, _, value = line.partition(": ")
        if key == "id":
            event.id = value
        elif key == "event":
            event.name = value
        elif key == "data":
            event.data = json.loads(value)


class Watcher:
    """Reads a stream in a thread; `after`: the id of the last event."""

    def __init__(self, url: str, after: str = "", **params: str) -> None:
        self.events: list[Event] = []
        self.status, self.ended, self.whole = 0, False, False
        self._url, self._after, self._params = url + "/events", after, params
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        until(lambda: self.events or self.ended)

    def _run(self) -> None:
        headers = {"last-event-id": self._after} if self._after else {}
        try:
            with httpx.stream(
                "GET",
                self._url,
                params=self._params,
                headers=headers,
                timeout=httpx.Timeout(10, read=60),
            ) as found:
                self.status = found.status_code
                self.events.extend(())
                for event in parse(found.iter_lines()):
                    self.events.append(event)
            self.whole = True
        except httpx.TransportError:
            pass
        self.ended = True

    @property
    def changes(self) -> list[tuple[str, int]]:
        """What was told of entries: case and number."""
        return [
            (one.data["case"], one.data["number"])
            for one in self.events
            if one.name not in {"", "ready", "reset", "gone"}
        ]

    @property
    def last(self) -> str:
        return self.events[-1].id

    def join(self, seconds: float = 10.0) -> None:
        self._thread.join(seconds)


def deaf(url: str) -> socket.socket:
    """A reader that asks for a stream and then takes nothing."""
    host, _, port = url.removeprefix("http://").partition(":")
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    made.connect((host, int(port)))
    made.sendall(b"GET /events HTTP/1.1\r\nHost: x\r\n\r\n")
    return made
