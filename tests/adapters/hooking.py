"""What the tests of webhooks share: receivers on loopback, and a store with a clock of its own."""

import http.server
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from standardwebhooks import Webhook

from handrail.adapters.hooks import courier
from handrail.adapters.hooks.guard import networks
from handrail.adapters.hooks.sender import Sender
from handrail.adapters.sql import SqlStore
from handrail.adapters.sql.hookrows import Hook
from handrail.adapters.sql.hooks import Hooks
from handrail.core.case import start
from handrail.core.ownership import Actor, Epoch, Ownership, Party, Status
from handrail.ports import Case, Entry, Unit

LOOPBACK = ("127.0.0.0/8", "::1/128")
BY = Actor(kind=Party.HUMAN, id="ana")


class Clock:
    """A clock that stands where it is put."""

    def __init__(self, at: int) -> None:
        self.at = at

    def __call__(self) -> int:
        return self.at


@dataclass
class Got:
    """A request that came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def event(self) -> Any:
        return json.loads(self.body)


@dataclass
class Receiver:
    """What a receiver got, and what it answers: a status, headers, a body; `act` does the rest."""

    url: str = ""
    port: int = 0
    got: list[Got] = field(default_factory=list)
    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    act: Callable[[http.server.BaseHTTPRequestHandler], bool] | None = None
    """Gives whether it has answered."""

    def verify(self, secret: str, number: int = -1) -> Any:
        """What the official library says of a request."""
        one = self.got[number]
        return Webhook(secret).verify(one.body, one.headers)


@contextmanager
def receiver(host: str = "127.0.0.1", context: Any = None) -> Iterator[Receiver]:
    """A server that takes webhooks."""
    made = Receiver()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            made.got.append(Got(self.path, headers, body))
            if made.act is not None and made.act(self):
                return
            self.send_response(made.status)
            for name, value in made.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(made.body)))
            self.end_headers()
            self.wfile.write(made.body)

        def log_message(self, *_: Any) -> None:
            pass

    class Server(http.server.ThreadingHTTPServer):
        def handle_error(self, *_: Any) -> None:
            pass  # a client that goes is what some tests are about

    server = Server((host, 0), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    made.port = server.server_address[1]
    made.url = f"{'https' if context else 'http'}://{host}:{made.port}/in"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def say(unit: Unit, case: str, name: str = "open") -> None:
    """Write an entry of a closed case."""
    found = unit.case(case) or Case(
        id=case,
        workflow="support",
        ownership=Ownership(
            workflow="support", at=unit.now(), epoch=unit.first_epoch(), status=Status.CLOSED
        ),
        state=start(),
    )
    number = found.entries + 1
    unit.append(
        Entry(
            case=case,
            number=number,
            at=unit.now(),
            name=name,
            actor="system",
            epoch=Epoch(unit.first_epoch().incarnation, number),
            body={"text": "nothing of this is sent"},
        )
    )
    unit.save(replace(found, entries=number))


def happen(store: SqlStore, *names: str, case: str = "c1") -> None:
    """Entries of a case, each in a unit of its own."""
    for name in names:
        with store.unit() as unit:
            say(unit, case, name)


def spread(hooks: Hooks) -> None:
    while hooks.spread():
        pass


def post(hooks: Hooks, clock: Callable[[], int], allowed: Sequence[str] = LOOPBACK) -> list[Hook]:
    """Spread, and try all that is due now, once."""
    spread(hooks)
    sender, done = Sender(networks(allowed)), []
    for job in hooks.take(1000, 1000):
        found = courier.carry(hooks, sender, job, clock)
        assert found is not None
        done.append(found)
    return done
