"""What stands before the servers: nginx with the file that we ship, or a balancer of our own."""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self

SHIPPED = Path(__file__).resolve().parent.parent.parent / "deploy" / "nginx.conf"
_AWAY = 2.0  # seconds that a server which does not answer is left alone


def free_port() -> int:
    """A port of loopback that nobody has now."""
    with socket.create_server(("127.0.0.1", 0)) as one:
        port: int = one.getsockname()[1]
        return port


@contextlib.contextmanager
def proxy(folder: Path, servers: Sequence[int], kind: str = "auto") -> Iterator[tuple[str, str]]:
    """A proxy that runs: which it is, and its address. `auto`: nginx where there is one."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if kind == "nginx" or (kind == "auto" and program):
        if not program:
            raise FileNotFoundError("no nginx: install one, or ask for --proxy own")
        with nginx(program, folder, servers) as url:
            yield "nginx", url
    else:
        with Balancer(servers) as own:
            yield "own", f"http://127.0.0.1:{own.port}"


def configured(text: str, port: int, servers: Sequence[int]) -> str:
    """Our file, on a port of loopback without TLS, for these servers."""
    lines = "\n".join(f"    server 127.0.0.1:{one} max_fails=1 fail_timeout=2s;" for one in servers)
    text, times = re.subn(r"    server 127\.0\.0\.1:8177 .*;", lines, text)
    text, listens = re.subn(r"listen 443 ssl http2;", f"listen 127.0.0.1:{port};", text)
    if (times, listens) != (1, 1):
        raise ValueError("deploy/nginx.conf is not as it was")
    return re.sub(r"    ssl_\w+ .*;\n", "", text)


@contextlib.contextmanager
def nginx(program: str, folder: Path, servers: Sequence[int]) -> Iterator[str]:
    """Run nginx in a folder of its own."""
    port = free_port()
    home = folder / "nginx"
    home.mkdir()
    (home / "handrail.conf").write_text(configured(SHIPPED.read_text(), port, servers))
    temporary = "".join(
        f"    {one}_temp_path {home}/{one};\n"
        for one in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;\n" if os.geteuid() == 0 else ""
    (home / "nginx.conf").write_text(
        f"{user}daemon off;\npid {home}/pid;\nerror_log {home}/error.log;\n"
        "worker_processes 1;\nevents { worker_connections 1024; }\n"
        f"http {{\n    access_log off;\n{temporary}    include {home}/handrail.conf;\n}}\n"
    )
    given = [program, "-p", str(home), "-c", str(home / "nginx.conf"), "-e", f"{home}/error.log"]
    running = subprocess.Popen(given, stdin=subprocess.DEVNULL)
    try:
        until_open(port, running)
        yield f"http://127.0.0.1:{port}"
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(30)


def until_open(port: int, running: "subprocess.Popen[bytes]", seconds: float = 20) -> None:
    """Wait until somebody listens."""
    end = time.monotonic() + seconds
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        if running.poll() is not None or time.monotonic() > end:
            raise TimeoutError(f"nobody listens on port {port}")
        time.sleep(0.05)


class Balancer:
    """Passes connections on to the servers in turn; one that refuses is left alone for a while."""

    def __init__(self, servers: Sequence[int]) -> None:
        self._away = dict.fromkeys(servers, 0.0)
        self._turn = 0
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port: int = self._listening.getsockname()[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client:
            server = self._reach()
            if server is None:
                client.sendall(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n")
                return
            with server:
                back = threading.Thread(target=_pass_on, args=(server, client), daemon=True)
                back.start()
                _pass_on(client, server)
                back.join()

    def _reach(self) -> socket.socket | None:
        """A connection to whoever is next and takes it."""
        ports = list(self._away)
        self._turn += 1
        turned = ports[self._turn % len(ports) :] + ports[: self._turn % len(ports)]
        for port in sorted(turned, key=lambda one: self._away[one] > time.monotonic()):
            try:
                return socket.create_connection(("127.0.0.1", port), 2)
            except OSError:
                self._away[port] = time.monotonic() + _AWAY
        return None


def _pass_on(here: socket.socket, there: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := here.recv(65_536):
            there.sendall(piece)
    for one in (here, there):
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
