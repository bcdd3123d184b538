"""A client over HTTP: repeats a call under its Idempotency-Key until it has an answer, and notes
when it asked first and when it was answered.
"""

import itertools
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import httpx

AGAIN = frozenset({502, 503, 504})
"""Not done, or nobody knows: the same call may be made again under its key."""
LIMIT = 60.0  # seconds after which a client gives up, which it never should
_TIMEOUT = httpx.Timeout(10, connect=2)


@dataclass(slots=True, kw_only=True)
class Call:
    """One call that was answered. Times are of the monotonic clock."""

    client: str
    id: str
    path: str
    body: dict[str, Any] | None
    begun: float
    answered: float
    tries: int
    status: int
    told: dict[str, Any]

    @property
    def case(self) -> str:
        """The case that it was about."""
        parts = self.path.split("/")
        return parts[2] if len(parts) > 2 and parts[1] == "cases" else ""

    @property
    def code(self) -> str:
        """Why it was refused."""
        return str(self.told.get("code", ""))

    @property
    def epoch(self) -> tuple[int, int] | None:
        """The epoch of the case that the answer tells of."""
        found = self.told.get("epoch") or (self.told.get("case") or {}).get("epoch")
        return tuple(found) if found else None


@dataclass(slots=True)
class Journal:
    """What all clients were answered; and what none of them should ever see."""

    calls: list[Call] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    retried: dict[str, int] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def write(self, call: Call) -> None:
        """One more."""
        with self.lock:
            self.calls.append(call)

    def wrong(self, what: str) -> None:
        """Something that must not happen."""
        with self.lock:
            self.failed.append(what)

    def again(self, why: str) -> None:
        """A try that was not answered."""
        with self.lock:
            self.retried[why] = self.retried.get(why, 0) + 1


class Caller:
    """Somebody with a key. Of one thread."""

    def __init__(self, url: str, key: str, name: str, journal: Journal) -> None:
        self.name, self.journal = name, journal
        self._numbers = itertools.count(1)
        self._client = httpx.Client(
            base_url=f"{url}/v1", headers={"Authorization": f"Bearer {key}"}, timeout=_TIMEOUT
        )

    def next_id(self) -> str:
        """A new id of a call."""
        return f"{self.name}-{next(self._numbers)}"

    def ask(self, method: str, path: str, body: Any = None, name: str = "") -> Call:
        """Call until there is an answer."""
        begun, tries = time.monotonic(), 0
        headers = {"Idempotency-Key": name} if name else {}
        while True:
            tries += 1
            why = ""
            try:
                found = self._client.request(method, path, json=body, headers=headers)
            except httpx.TransportError as problem:
                why = type(problem).__name__
            else:
                if found.status_code not in AGAIN:
                    break
                why = str(found.status_code)
            self.journal.again(why)
            if time.monotonic() - begun > LIMIT:
                self.journal.wrong(f"{self.name}: no answer to {method} {path}: {why}")
                raise TimeoutError(path)
            time.sleep(min(0.05 * 2 ** min(tries, 4), 0.5))
        made = Call(
            client=self.name,
            id=name,
            path=path,
            body=body,
            begun=begun,
            answered=time.monotonic(),
            tries=tries,
            status=found.status_code,
            told=found.json(),
        )
        if made.status not in {200, 409}:
            self.journal.wrong(f"{self.name}: {method} {path}: {made.status} {found.text[:200]}")
        self.journal.write(made)
        return made

    def post(self, path: str, body: dict[str, Any], name: str = "") -> Call:
        """Change something, under an id."""
        return self.ask("POST", path, body, name or self.next_id())

    def get(self, path: str) -> Call:
        """Read something."""
        return self.ask("GET", path)

    def close(self) -> None:
        """No more."""
        self._client.close()
