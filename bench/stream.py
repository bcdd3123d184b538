"""How soon a committed change is at a client, and what open streams cost while nothing happens.

    python -m bench.stream sqlite:////tmp/some.db      # or postgresql://…, an empty database

The service is a process of its own. The time of a commit is taken in it, right after the commit,
and that of the event here, when its bytes are read: both by the clock of this machine.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from handrail import Role, Turn
from handrail.config import Settings
from handrail.ports import Entry

TURNS, APART, READERS = 500, 0.02, 10
IDLE, SECONDS = 500, 20


def serve(told: str) -> None:
    """The service: changes are streamed to whoever asks, and turns are taken here, by themselves,
    when somebody posts to `/go`. It answers with the times of their commits.
    """
    from fastapi import FastAPI, Request, Response

    from handrail.web import logs, server
    from handrail.web.frame import Frame
    from handrail.wiring.service import Service

    settings = Settings(**json.loads(told))
    logs.set_up("warning")
    sock = server.listen("127.0.0.1", 0)
    service = Service(settings)
    frame = Frame(service)
    counted = service.seen
    app = FastAPI(lifespan=frame.lifespan)
    app.add_middleware(frame.wrap)
    times: dict[str, int] = {}

    def seen(workspace: str, entries: Sequence[Entry]) -> None:
        now = time.time_ns()
        for entry in entries:
            times[f"{entry.case}/{entry.number}"] = now
        if counted is not None:
            counted(workspace, entries)

    service.seen = seen

    @app.post("/go")
    def go() -> dict[str, int]:
        engine = service.desk().engine
        for number in range(TURNS):
            turn = Turn(role=Role.CUSTOMER, text=f"And where is order {number}?")
            engine.turn(f"c{number}", turn, id="1")
            time.sleep(APART)
        return times

    @app.get("/events")
    async def events(request: Request) -> Response:
        after = request.headers.get("last-event-id", "")
        return frame.streams.open(service.desk(), lambda: lambda _: True, after)

    sys.stdout.write(f"{sock.getsockname()[1]}\n")
    sys.stdout.flush()
    server.run(app, settings, sock, ending=frame.ending)


async def ask(port: int, line: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection on which something was asked for."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 24)
    writer.write(f"{line} HTTP/1.1\r\nHost: bench\r\nContent-Length: 0\r\n\r\n".encode())
    await reader.readuntil(b"\r\n\r\n")
    return reader, writer


async def heard(port: int, got: dict[str, int], begun: asyncio.Semaphore) -> None:
    """Read a stream; note when each change came."""
    reader, _ = await ask(port, "GET /events")
    begun.release()
    while True:
        line = await reader.readline()
        if line.startswith(b'data: {"case"'):
            now = time.time_ns()
            told = json.loads(line[6:])
            got[f"{told['case']}/{told['number']}"] = now


async def latency(port: int) -> None:
    """Turns, one each few milliseconds, with some streams open."""
    got: list[dict[str, int]] = [{} for _ in range(READERS)]
    begun = asyncio.Semaphore(0)
    tasks = [asyncio.ensure_future(heard(port, one, begun)) for one in got]
    for _ in got:
        await begun.acquire()
    await asyncio.sleep(0.5)
    reader, _ = await ask(port, "POST /go")
    times: dict[str, int] = {}
    while len(times) < TURNS:
        line = await reader.readline()
        if line.startswith(b"{"):
            times = json.loads(line)
            break
        if b"{" in line:
            times = json.loads(line[line.index(b"{") :])
    await asyncio.sleep(1)
    for task in tasks:
        task.cancel()
    waits = sorted((one[key] - at) / 1e6 for one in got for key, at in times.items())
    shown = ", ".join(f"p{p} {waits[len(waits) * p // 100]:.1f} ms" for p in (50, 90, 99))
    print(
        f"commit to event, {READERS} streams, {len(waits):,} events: {shown}, worst {waits[-1]:.1f}"
    )


def used(pid: int) -> float:
    """Seconds of CPU that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def idle(port: int, pid: int) -> None:
    """CPU while nothing happens, without streams and with many."""
    shares = []
    for count in (0, IDLE):
        open_ = [await ask(port, "GET /events") for _ in range(count)]
        await asyncio.sleep(3)
        before, begun = used(pid), time.monotonic()
        await asyncio.sleep(SECONDS)
        shares.append((used(pid) - before) / (time.monotonic() - begun))
        for _, writer in open_:
            writer.close()
    added = (shares[1] - shares[0]) * 100
    print(f"at rest {shares[0] * 100:.2f} % of a core; {IDLE} open streams add {added:.2f} %")


def main() -> None:
    """Both, on one store."""
    if sys.argv[1] == "--serve":
        serve(sys.argv[2])
        return
    told = {"database_url": sys.argv[1], "data": tempfile.gettempdir()}
    command = [sys.executable, "-m", "bench.stream", "--serve", json.dumps(told)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        try:
            asyncio.run(latency(port))
            asyncio.run(idle(port, process.pid))
        finally:
            process.send_signal(signal.SIGTERM)


if __name__ == "__main__":
    main()
