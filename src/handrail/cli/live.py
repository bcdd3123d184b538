"""A service of its own for the demo, and what people see of it: every line is a real request."""

import os
import subprocess  # nosec B404
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from handrail.cli import explain
from handrail.errors import Failed

if TYPE_CHECKING:
    import httpx

_HANG = 14  # columns before what is said
_WAIT = 60  # seconds for a service to start, and for an answer
_END = 10


@dataclass(slots=True)
class Live:
    """A service that runs, and the keys of those who take part. `told` keeps all that was asked and
    answered, for programs; `quiet`: nothing is printed.
    """

    url: str
    admin: str
    folder: Path
    client: "httpx.Client"
    wait: float = 0.0
    quiet: bool = False
    keys: dict[str, str] = field(default_factory=dict)
    told: list[dict[str, Any]] = field(default_factory=list)

    def head(self, title: str) -> None:
        """A step of the story."""
        if not self.quiet:
            typer.secho(f"\n{title}", bold=True)

    def note(self, label: str, text: str) -> None:
        """What came of a request."""
        if not self.quiet:
            explain.say(f"    {label:<{_HANG - 6}}  {text}", dim=True, hang=_HANG)

    def ask(self, who: str, method: str, path: str, body: Any = None) -> tuple[int, dict[str, Any]]:
        """A request with the key of `who`, shown with how it was answered."""
        found = self._send(self.keys[who], method, path, body)
        answer: dict[str, Any] = found.json()
        shown = {"who": who, "method": method, "path": path, "body": body}
        self.told.append({**shown, "status": found.status_code, "answer": answer})
        if not self.quiet:
            good = found.status_code < 400
            colour = typer.colors.GREEN if good else typer.colors.RED
            typer.echo(f"  {who:<{_HANG - 4}}  {method} {path}  ", nl=False)
            code = "" if good else f" {answer['code']}"
            typer.secho(f"{found.status_code}{code}", fg=colour)
            if isinstance(body, Mapping) and (said := _said(body)):
                explain.say(f"{'':<{_HANG}}{said}", hang=_HANG)
            time.sleep(self.wait)
        return found.status_code, answer

    def must(self, who: str, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """A request that has to succeed. Failed when it does not."""
        status, answer = self.ask(who, method, path, body)
        if status >= 400:
            raise Failed(f"the demo's {method} {path} was answered {status}: {answer['detail']}")
        return answer

    def enter(self, name: str, kind: str, role: str) -> None:
        """Make somebody known, with a role for all cases, and give them a key. Not shown."""
        for path, body in (
            ("/people", {"id": name, "kind": kind}),
            (f"/people/{name}/grants", {"role": role}),
            ("/keys", {"identity": name}),
        ):
            found = self._send(self.admin, "POST", path, body)
            if found.is_error:
                raise Failed(f"the demo's {path} was answered: {found.text}")
        self.keys[name] = found.json()["key"]

    def _send(self, key: str, method: str, path: str, body: Any) -> "httpx.Response":
        headers = {"authorization": f"Bearer {key}"}
        if method != "GET":
            headers["idempotency-key"] = uuid.uuid4().hex
        return self.client.request(method, f"/v1{path}", json=body, headers=headers)


def _said(body: Mapping[str, Any]) -> str:
    """What a request says, in a line."""
    turn = body.get("turn") or body
    if text := turn.get("text"):
        return f"“{text}”"
    if name := body.get("command"):
        steps = ", ".join(one["action"] for one in body.get("steps", ()))
        more = [steps, body.get("step", ""), body.get("progress", ""), body.get("disposition", "")]
        return " ".join([name, *filter(None, more)])
    return str(body.get("action", ""))


def possible() -> bool:
    """Whether the libraries of a service are here."""
    return all(find_spec(name) for name in ("fastapi", "httpx", "uvicorn"))


@contextmanager
def served(port: int, *, wait: float, quiet: bool) -> Iterator[Live]:
    """`handrail serve` in a folder that goes with it."""
    import httpx

    with tempfile.TemporaryDirectory(prefix="handrail-demo-") as folder:
        data, lines = Path(folder), Path(folder) / "serve.txt"
        command = [sys.executable, "-m", "handrail.cli", "serve", "--port", str(port)]
        own = {name: value for name, value in os.environ.items() if name[:9] != "HANDRAIL_"}
        with lines.open("wb") as out, (data / "log.txt").open("wb") as log:
            process = subprocess.Popen(  # noqa: S603  # nosec B603  # ourselves
                [*command, "--data", str(data), "--log-level", "warning"],
                cwd=folder,
                env=own,
                stdout=out,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # a Ctrl-C is ours to tell it
            )
        try:
            url, admin = _begun(process, lines, data / "log.txt")
            with httpx.Client(base_url=url, timeout=_WAIT, trust_env=False) as client:
                yield Live(url, admin, data, client, wait, quiet)
        finally:
            process.terminate()
            try:
                process.wait(_END)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _begun(process: "subprocess.Popen[bytes]", lines: Path, log: Path) -> tuple[str, str]:
    """Its address and the administrator's key, as it prints them. Failed when it ends instead."""
    until = time.monotonic() + _WAIT
    while time.monotonic() < until:
        words = lines.read_text("utf-8").split()
        keys = [word for word in words if word.startswith("hr_")]
        if keys:
            return next(word for word in words if word.startswith("http://")), keys[0]
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise Failed(f"the service did not start: {log.read_text('utf-8', 'replace').strip()[-500:]}")
