"""A bad line to a service: requests that do not come, answers lost, torn, late or wrong."""

import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import Self

import httpx

FAULTS = ("refused", "busy", "failed", "portal", "lost", "torn", "late")


class Proxy:
    """Listens at `url`, passes on to `to`; a share `bad` of the requests meets a fault.

    `confirmed` has the ids of the calls whose good answer went through whole. `late` is longer than
    the client under test waits. `poison`: whether a request is one that the service fails at.
    """

    def __init__(self, to: str, dice: Random, late: float) -> None:
        self.bad, self.confirmed, self.met = 0.0, set[str](), set[str]()
        self.poison: Callable[[str], bool] = lambda path: False
        proxy, line = self, httpx.Client(base_url=to, timeout=30)

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

            def do_GET(self) -> None:
                self._pass(b"")

            def do_POST(self) -> None:
                self._pass(self.rfile.read(int(self.headers["content-length"])))

            def _pass(self, body: bytes) -> None:
                fault = "failed" if proxy.poison(self.path) else ""
                if not fault and dice.random() < proxy.bad:
                    fault = dice.choice(FAULTS)
                proxy.met.add(fault)
                self.close_connection = True
                if fault == "refused":
                    return
                if fault in {"busy", "failed"}:
                    self._answer(503 if fault == "busy" else 500, b'{"code": "failed"}')
                    return
                if fault == "portal":
                    self._answer(200, b'{"welcome": "please sign in"}')
                    return
                names = ("authorization", "content-type", "idempotency-key")
                given = {one: self.headers[one] for one in names if self.headers[one]}
                found = line.request(self.command, self.path, content=body, headers=given)
                if fault == "lost":
                    return
                if fault == "late":
                    time.sleep(late)
                    return
                if fault == "torn":
                    self._answer(found.status_code, found.content, torn=True)
                    return
                if found.status_code < 300:
                    proxy.confirmed.add(given.get("idempotency-key", ""))
                self._answer(found.status_code, found.content)

            def _answer(self, status: int, body: bytes, *, torn: bool = False) -> None:
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.send_header("connection", "close")
                self.end_headers()
                self.wfile.write(body[: len(body) // 2] if torn else body)

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                """The client has gone: that is what it is for."""

        self._line, self._server = line, Quiet(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)
        self._line.close()
