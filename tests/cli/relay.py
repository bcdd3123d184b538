"""A relay of bytes that can be slow: it stands between a client and a socket of a server."""

import contextlib
import socket
import threading
import time
from typing import Self


class Relay:
    """Listens on a port of loopback, for a socket of UNIX or another port. Each piece waits for
    `delay` seconds on its way; of a stream of events what follows its first piece is kept back
    until it is `hold` bytes, as by a proxy that buffers.
    """

    def __init__(self, target: str | int, *, delay: float = 0.0, hold: int = 0) -> None:
        self._target, self.delay, self._hold = target, delay, hold
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._open: list[socket.socket] = []

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for one in (self._listening, *self._open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                far = self._reach()
                self._open += [near, far]
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=self._pass_on, args=pair, daemon=True).start()

    def _reach(self) -> socket.socket:
        if isinstance(self._target, int):
            return socket.create_connection(("127.0.0.1", self._target))
        far = socket.socket(socket.AF_UNIX)
        far.connect(self._target)
        return far

    def _pass_on(self, here: socket.socket, there: socket.socket) -> None:
        kept, least = b"", 0
        with contextlib.suppress(OSError):
            while piece := here.recv(65_536):
                time.sleep(self.delay)
                kept += piece
                if len(kept) >= least:
                    there.sendall(kept)
                    kept = b""
                if b"text/event-stream" in piece:
                    least = self._hold
            there.shutdown(socket.SHUT_WR)
