"""A service as a process of its own, killed and started again; and both clients alike."""

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from pathlib import Path
from typing import Any, Self

import httpx

from handrail.agents.aio import AsyncCase, AsyncClient

READY = 60


class Server:
    """`handrail serve` on a port and a folder that stay the same."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as made:
            made.bind(("127.0.0.1", 0))
            self.port = made.getsockname()[1]
        self.url, self.folder, self.admin = f"http://127.0.0.1:{self.port}", folder, ""
        self.keys: dict[str, str] = {}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Begin, and wait until it answers."""
        said = self.folder / "said.txt"
        command = [sys.executable, "-m", "handrail.cli", "serve", "--port", str(self.port)]
        clean = {name: one for name, one in os.environ.items() if not name.startswith("HANDRAIL_")}
        with said.open("ab") as out:
            self._process = subprocess.Popen(
                [*command, "--data", str(self.folder / "data"), "--log-level", "error"],
                stdout=out,
                stderr=out,
                stdin=subprocess.DEVNULL,
                cwd=self.folder,
                env=clean,
            )
        until = time.monotonic() + READY
        while not self.answers():
            assert self._process.poll() is None, said.read_text()
            assert time.monotonic() < until, said.read_text()
            time.sleep(0.05)
        if not self.admin:
            words = said.read_text("utf-8").split()
            self.admin = next(word for word in words if word.startswith("hr_"))

    def answers(self) -> bool:
        """Whether it is ready."""
        try:
            return httpx.get(f"{self.url}/readyz", timeout=2).status_code == 200
        except httpx.HTTPError:
            return False

    def kill(self) -> None:
        """As the machine would."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def end(self) -> None:
        """In order."""
        assert self._process is not None
        self._process.terminate()
        self._process.wait(20)

    def ask(self, who: str, method: str, path: str, body: Any = None) -> Any:
        """A request under somebody's key; the answer has to be good."""
        key = self.keys.get(who, self.admin)
        headers = {"authorization": f"Bearer {key}", "idempotency-key": os.urandom(8).hex()}
        found = httpx.request(
            method, f"{self.url}/v1{path}", json=body, headers=headers, timeout=30
        )
        assert found.status_code < 300, found.text
        return found.json()

    def add(self, name: str, kind: str, role: str) -> str:
        """Somebody with a role, and their key."""
        if name not in self.keys:
            self.ask("admin", "POST", "/people", {"id": name, "kind": kind})
            self.ask("admin", "POST", f"/people/{name}/grants", {"role": role})
            self.keys[name] = self.ask("admin", "POST", "/keys", {"identity": name})["key"]
        key: str = self.keys[name]
        return key


class Blocking:
    """An `AsyncClient` with the words of a `Client`, so that both play the same tests."""

    def __init__(self, *args: Any, **more: Any) -> None:
        self._loop = asyncio.new_event_loop()
        self._client = self.wait(self._made(*args, **more))

    @staticmethod
    async def _made(*args: Any, **more: Any) -> AsyncClient:
        client = AsyncClient(*args, **more)
        return await client.__aenter__()

    def wait(self, work: Any) -> Any:
        return self._loop.run_until_complete(work)

    def case(self, name: str, **begins: Any) -> "BlockingCase":
        return BlockingCase(self, self._client.case(name, **begins))

    def refused(self) -> Any:
        return self._client.refused()

    def flush(self) -> int:
        return int(self.wait(self._client.flush()))

    def close(self) -> None:
        self.wait(self._client.close())
        self._loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class BlockingCase:
    """An `AsyncCase` likewise."""

    def __init__(self, client: Blocking, case: AsyncCase) -> None:
        self._client, self._case = client, case

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._case, name)
        if not callable(found):
            return found
        return lambda *args, **more: self._client.wait(found(*args, **more))

    def read(self) -> Iterator[Any]:
        return self._all(self._case.read())

    def stream(self, pieces: Iterable[str], **more: Any) -> Iterator[Any]:
        return self._all(self._case.stream(_aiter(pieces), **more))

    def _all(self, given: AsyncIterator[Any]) -> Iterator[Any]:
        try:
            while True:
                try:
                    one = self._client.wait(anext(given))
                except StopAsyncIteration:
                    return
                yield one
        finally:
            self._client.wait(given.aclose())  # type: ignore[attr-defined]


async def _aiter(pieces: Iterable[str]) -> AsyncIterable[str]:
    for piece in pieces:
        yield piece
        await asyncio.sleep(0)
