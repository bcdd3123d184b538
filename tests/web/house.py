"""A service in this process, with somebody of every role: what the routes are tested with."""

import itertools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from handrail.config import Settings
from handrail.core.access import Grant, Kind, Role
from handrail.web.app import create_app
from handrail.wiring.service import Service

ASK = "I want to talk to a human"
_IDS = itertools.count(1)


class House:
    """`keys` has a key by name; a name is that of a role, unless a test adds more."""

    def __init__(self, service: Service, client: TestClient) -> None:
        self.service, self.client = service, client
        self.keys: dict[str, str] = {}
        for role in Role:
            self.add(role.value, Grant(role=role))

    def add(self, name: str, *grants: Grant, workspace: str = "default", who: str = "") -> None:
        """Somebody with these grants, and their key under `name`."""
        directory = self.service.desk(workspace).directory
        program = any(one.role is Role.AGENT for one in grants)
        known = who or name
        directory.add_identity(known, Kind.PROGRAM if program else Kind.PERSON)
        for one in grants:
            directory.grant(known, one)
        self.keys[name] = directory.make_token(known)

    def ask(self, who: str, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """A request under somebody's key."""
        head: Mapping[str, str] = {"authorization": f"Bearer {self.keys[who]}", **headers}
        return self.client.request(method, f"/v1{path}", json=body, headers=head)

    def turn(
        self, case: str, text: str, role: str = "customer", who: str = "agent", **more: Any
    ) -> Any:
        """A turn of a case."""
        body = {"turn": {"role": role, "text": text}, "id": f"t{next(_IDS)}", **more}
        return self.ask(who, "POST", f"/cases/{case}/turns", body)

    def act(self, who: str, case: str, command: str, **more: Any) -> Any:
        """A command of a person."""
        name = {"idempotency-key": f"a{next(_IDS)}"}
        return self.ask(
            who, "POST", f"/cases/{case}/commands", {"command": command, **more}, **name
        )


@contextmanager
def opened(folder: Path, **settings: Any) -> Iterator[House]:
    """A house on a store of its own."""
    service = Service(Settings(data=folder, durable=False, **settings))
    app = create_app(service)
    base = "http://127.0.0.1"  # where a cookie may come without HTTPS
    with TestClient(app, base_url=base, raise_server_exceptions=False) as client:
        yield House(service, client)
