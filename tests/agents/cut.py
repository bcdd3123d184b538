"""How long after a case has changed its owner a piece of a streamed answer still passes.

    python -m agents.cut

A model gives a piece each few milliseconds; a person takes the case somewhere in the middle. With
both clients, on a direct line and on one so slow that confirmations hardly come in time. Counted
from when the takeover was sent, so the time that it takes itself is in the figures, and from when
it was answered. Ends with 1 when a piece passed later than 250 ms after the answer.
"""

import argparse
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from random import Random

from agents.conftest import KINDS
from agents.proxy import Proxy
from agents.rig import Server

BAR = 250.0  # milliseconds
PIECE, LONG = 0.004, 10.0  # seconds: between two pieces; the answer that is cut
SLOW = 0.09  # seconds each way


def model() -> Iterator[str]:
    """A model that talks on."""
    end = time.monotonic() + LONG
    while time.monotonic() < end:
        time.sleep(PIECE)
        yield "word "


def cut(kind: str, url: str, server: Server, wait: float) -> tuple[float, float]:
    """Milliseconds of the last piece after the takeover was sent, and after its answer."""
    name, times = f"cut-{uuid.uuid4().hex}", list[float]()

    def take() -> None:
        body = {"command": "takeover", "queue": "frontline"}
        times.append(time.monotonic())
        server.ask("support-lead", "POST", f"/cases/{name}/commands", body)
        times.append(time.monotonic())

    last = 0.0
    with (
        tempfile.TemporaryDirectory() as folder,
        KINDS[kind](url, server.keys["bot"], spool=Path(folder)) as client,
    ):
        case = client.case(name)
        case.heard("Tell me everything about order 77120.")
        taker = threading.Timer(wait, take)
        taker.start()
        for _ in case.stream(model()):
            last = time.monotonic()
        taker.join()
        assert case.answer.refused == "stale_epoch", case.answer
    return 1000 * (last - times[0]), 1000 * (last - times[1])


def run(rounds: int, folder: Path) -> bool:
    """Print figures; whether all is well."""
    server, dice, good = Server(folder), Random(1), True
    server.start()
    server.add("bot", "program", "agent")
    server.add("support-lead", "person", "supervisor")
    with Proxy(server.url, dice, late=0) as line:
        line.slow = SLOW
        for where, url in (("direct", server.url), (f"{2000 * SLOW:g} ms away", line.url)):
            for kind in KINDS:
                some = [cut(kind, url, server, dice.uniform(0.4, 1)) for _ in range(rounds)]
                sent, answered = (sorted(one[at] for one in some) for at in (0, 1))
                sys.stdout.write(
                    f"{kind}, {where}: the last piece {sent[rounds // 2]:.0f} ms after the takeover"
                    f" was sent, worst {sent[-1]:.0f}; after its answer at worst"
                    f" {answered[-1]:.0f} ms (bar {BAR:g})\n"
                )
                good = good and answered[-1] <= BAR
    server.end()
    return good


def main() -> int:
    """As asked on the command line."""
    parser = argparse.ArgumentParser(prog="python -m agents.cut", description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="handrail-cut-") as folder:
        return 0 if run(given.rounds, Path(folder)) else 1


if __name__ == "__main__":
    sys.exit(main())
