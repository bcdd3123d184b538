"""A system that gets the effects: a real HTTP server that honours the Idempotency-Key.

Each key is applied once; the log of what was applied is on the disk before the answer leaves.
With a `flaky` share in thousandths it applies and then answers nothing, or is not there at all.

    python -m crash.receiver FOLDER FLAKY

It writes its port to FOLDER/receiver.port and its log to FOLDER/receiver.log.
"""

import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from crash import place


class Receiver(ThreadingHTTPServer):
    """What was applied, and how often each key came."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, folder: Path, flaky: int) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.applied: set[str] = set()
        self.lock = threading.Lock()
        self.log = os.open(folder / "receiver.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.flaky, self.random = flaky, place.chance(flaky)

    def take(self, key: str, worker: str, mood: str, body: dict[str, Any]) -> None:
        """Apply a key unless it was applied before; either way it is in the log."""
        with self.lock:
            first = key not in self.applied and mood != "down"
            told = {"key": key, "worker": worker, "at": place.now(), "first": first}
            line = told | {"mood": mood, **body}
            os.write(self.log, json.dumps(line).encode() + b"\n")
            if first:
                os.fsync(self.log)
                self.applied.add(key)

    def mood(self) -> str:
        """How this request goes: mostly well."""
        with self.lock:
            drawn = self.random.randrange(1000)
        if drawn >= self.flaky:
            return "well"
        return "silent" if drawn % 2 else "down"


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Receiver
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_POST(self) -> None:
        """An effect arrives."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        mood = self.server.mood()
        self.server.take(self.headers["Idempotency-Key"], self.headers["Worker"], mood, body)
        if mood == "down":
            self._answer(503)
            return
        if mood == "silent":
            self.close_connection = True
            return
        self._answer(200)

    def _answer(self, code: int) -> None:
        self.send_response(code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Say nothing: the log is the receiver's own."""


def main() -> None:
    """Serve until the process is ended."""
    folder, flaky = Path(sys.argv[1]), int(sys.argv[2])
    with Receiver(folder, flaky) as server:
        new = folder / "receiver.port.new"
        new.write_text(str(server.server_port))
        new.rename(folder / "receiver.port")
        server.serve_forever()


if __name__ == "__main__":
    main()
