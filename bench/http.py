"""Durable turns a second over HTTP, against a bare server that only commits a row of that size.

    python -m bench.http                              # SQLite, in a folder of its own
    python -m bench.http postgresql://…               # an empty database

Both are ASGI applications under the same Uvicorn, in a process of their own, with the same commit
policy; the clients are one more process, on connections that stay open. They take turns, so that a
noisy machine is noisy for both.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import uvicorn
from bench.durable import said

from handrail.adapters.sql import SqlStore
from handrail.config import Settings
from handrail.core.access import Grant, Kind, Role
from handrail.web import logs, server
from handrail.web.app import create_app
from handrail.wiring.service import Service

CLIENTS, ROUNDS, SECONDS, CASES = 16, 5, 4.0, 20
BYTES = 800
OK = b"HTTP/1.1 200"


def ours(settings: Settings) -> None:
    """The service, with a key for an AI agent; its port and the key on the first line."""
    logs.set_up("warning")
    sock = server.listen("127.0.0.1", 0)
    service = Service(settings)
    directory = service.desk().directory
    directory.add_identity("bot", Kind.PROGRAM)
    directory.grant("bot", Grant(role=Role.AGENT))
    app = create_app(service)
    print(sock.getsockname()[1], directory.make_token("bot"), flush=True)
    server.run(app, settings, sock, ending=app.state.frame.ending)


def theirs(settings: Settings) -> None:
    """A bare application: each request is a row, committed before it is answered."""
    sock = server.listen("127.0.0.1", 0)
    store = SqlStore(settings.url, durable=settings.durable)  # the same driver and settings
    connection = store._engine.raw_connection()  # noqa: SLF001
    cursor = connection.cursor()
    mark = "?" if settings.url.startswith("sqlite") else "%s"
    cursor.execute("begin")
    cursor.execute("create table if not exists raw (id text primary key, body text not null)")
    cursor.execute("commit")
    lock = threading.Lock()

    def kept(name: str) -> None:
        with lock:
            cursor.execute("begin")
            cursor.execute(f"insert into raw (id, body) values ({mark}, {mark})", (name, _BODY))  # noqa: S608
            cursor.execute("commit")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            while (message := await receive())["type"] != "lifespan.shutdown":
                await send({"type": f"{message['type']}.complete"})
            await send({"type": "lifespan.shutdown.complete"})
            return
        body = (await receive())["body"]
        await asyncio.to_thread(kept, f"{scope['path']}{json.loads(body)['id']}")
        headers = [(b"content-type", b"application/json"), (b"content-length", b"2")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"{}"})

    print(sock.getsockname()[1], "none", flush=True)
    config = uvicorn.Config(app, log_config=None, access_log=False, server_header=False)
    uvicorn.Server(config).run(sockets=[sock])


_BODY = "x" * BYTES


@contextmanager
def running(which: str, url: str, folder: str) -> Iterator[tuple[int, str]]:
    """A server in a process of its own: its port, and the key."""
    own = Path(folder) / which
    own.mkdir()
    told = json.dumps({"database_url": url, "data": str(own)})
    command = [sys.executable, "-m", "bench.http", f"--{which}", told]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port, key = process.stdout.readline().split()
        try:
            yield int(port), key
        finally:
            process.send_signal(signal.SIGTERM)


class Client:
    """One connection that posts turns of its own cases, one after the other."""

    def __init__(self, port: int, key: str, name: str) -> None:
        self.port, self.key, self.name, self.count = port, key, name, 0

    async def open(self) -> None:
        """Connect."""
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)

    async def post(self, until: float, took: list[float]) -> None:
        """Post until then; the seconds that each took."""
        while (begun := time.monotonic()) < until:
            number, self.count = self.count, self.count + 1
            turn = said(number)
            plain = {"role": turn.role.value, "text": turn.text, "confidence": turn.confidence}
            shown = {key: value for key, value in plain.items() if value is not None}
            body = json.dumps({"id": f"t{number}", "turn": shown}).encode()
            path = f"/v1/cases/{self.name}-{number // CASES}/turns"
            head = (
                f"POST {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {self.key}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            self.writer.write(head.encode() + body)
            answer = await self.reader.readuntil(b"\r\n\r\n")
            if not answer.startswith(OK):
                raise RuntimeError(answer.decode() + (await self.reader.read(500)).decode())
            length = answer.lower().partition(b"content-length:")[2].split(b"\r\n")[0]
            await self.reader.readexactly(int(length))
            took.append(time.monotonic() - begun)


async def load(clients: list[Client]) -> list[float]:
    """All clients at once, for a while: the seconds of each call."""
    took: list[float] = []
    until = time.monotonic() + SECONDS
    await asyncio.gather(*(one.post(until, took) for one in clients))
    return took


async def compare(sides: dict[str, tuple[int, str]]) -> None:
    """Rounds of both, one after the other."""
    clients = {
        which: [Client(*at, f"{which}-{number}") for number in range(CLIENTS)]
        for which, at in sides.items()
    }
    rates: dict[str, list[float]] = {which: [] for which in sides}
    waits: dict[str, list[float]] = {which: [] for which in sides}
    for some in clients.values():
        await asyncio.gather(*(one.open() for one in some))
        await load(some)  # to warm up
    for _ in range(ROUNDS):
        for which, some in clients.items():
            took = await load(some)
            rates[which].append(len(took) / SECONDS)
            waits[which] += took
    for which, rate in rates.items():
        own = sorted(waits[which])
        shown = ", ".join(f"p{p} {own[len(own) * p // 100] * 1000:.1f} ms" for p in (50, 99))
        print(f"{which:<7}{median(rate):8,.0f} a second, {shown}, worst {own[-1] * 1000:.0f} ms")
    ratios = [one / other for one, other in zip(rates["ours"], rates["theirs"], strict=True)]
    print(f"ratio   {median(ratios):.2f} (bar 0.3, aim 0.5), {CLIENTS} clients")


def main() -> None:
    """Both servers, and the load."""
    os.environ.pop("HANDRAIL_CONFIG", None)
    if len(sys.argv) == 3:
        {"--ours": ours, "--theirs": theirs}[sys.argv[1]](Settings(**json.loads(sys.argv[2])))
        return
    url = sys.argv[1] if len(sys.argv) > 1 else ""
    with (
        tempfile.TemporaryDirectory() as folder,
        running("ours", url, folder) as our_side,
        running("theirs", url, folder) as their_side,
    ):
        asyncio.run(compare({"ours": our_side, "theirs": their_side}))


if __name__ == "__main__":
    main()
