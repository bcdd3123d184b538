"""Uvicorn, ended and reloaded as a process of a machine is: by signals, in time, with open streams.

SIGTERM and SIGINT: no new requests, those under way are finished, streams end; a second one ends at
once. SIGHUP: the settings are read again.
"""

import asyncio
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import uvicorn
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from handrail.config import Settings
from handrail.errors import Unavailable

_BACKLOG = 2048
_SENT = 131_072  # bytes that the system holds for a reader that takes none
_KEEP = 30  # seconds that an idle connection is kept
_FOR_WORK = 0.5  # of the time to stop: what is left is for the alarms and the store


class Protocol(AutoHTTPProtocol):  # type: ignore[misc, valid-type]  # chosen when it is imported
    """The HTTP of Uvicorn; an application finds its connection in `scope["state"]`, to cut it."""

    app_state: dict[str, Any]

    def connection_made(self, transport: Any) -> None:
        """A new connection."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


class Server(uvicorn.Server):
    """Serves one application. `ending` is called in the event loop when a stop begins."""

    def __init__(
        self, config: uvicorn.Config, ending: Callable[[], None], hangup: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._ending, self._hangup = ending, hangup

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Ours while we serve, as they were afterwards; a stop that was asked for is no failure."""
        if threading.current_thread() is not threading.main_thread():
            yield  # nobody else hears of signals
            return
        loop = asyncio.get_running_loop()

        def told(number: int, _: FrameType | None) -> None:
            hangup = number == getattr(signal, "SIGHUP", None)
            loop.call_soon_threadsafe(self._hangup if hangup else self._stop)

        before = {one: signal.signal(one, told) for one in _signals()}
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)

    def _stop(self) -> None:
        if self.should_exit:
            self.force_exit = True
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more, and wait for what is under way."""
        self._ending()
        await super().shutdown(sockets)


def _signals() -> list[signal.Signals]:
    names = ("SIGTERM", "SIGINT", "SIGHUP")
    return [getattr(signal, one) for one in names if hasattr(signal, one)]


def listen(host: str, port: int) -> socket.socket:
    """A socket that takes connections. Unavailable when somebody else has the port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SENT)  # of each connection
    try:
        made.bind((host, port))
        made.listen(_BACKLOG)
    except OSError as problem:
        made.close()
        said = (problem.strerror or str(problem)).lower()
        raise Unavailable(
            f"cannot listen on {host}:{port}: {said}", hint="choose another with --port"
        ) from None
    return made


def run(
    app: Any,
    settings: Settings,
    sock: socket.socket,
    *,
    ending: Callable[[], None] = lambda: None,
    hangup: Callable[[], None] = lambda: None,
) -> None:
    """Serve until a signal ends it. What is still under way after the time to stop is cut off."""
    config = uvicorn.Config(
        app,
        http=Protocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,  # `handrail.web.logs` writes one line a request
        server_header=False,
        date_header=True,
        proxy_headers=bool(settings.proxies),
        forwarded_allow_ips=list(settings.proxies),
        timeout_keep_alive=_KEEP,
        timeout_graceful_shutdown=max(1, int(settings.stop_within * _FOR_WORK)),
        backlog=_BACKLOG,
    )
    server = Server(config, ending, hangup)
    server.run(sockets=[sock])
