from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.rig import Blocking, Server
from handrail import packs
from handrail.adapters.sql import SqlStore
from handrail.agents.client import Client
from handrail.engine import Engine, deploy
from handrail.packs import roster

KINDS = {"threads": Client, "loop": Blocking}


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One service that is never killed."""
    server = Server(tmp_path_factory.mktemp("running"))
    server.start()
    server.add("bot", "program", "agent")
    yield server
    server.end()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A service of a test's own, with the key of an agent."""
    made = Server(tmp_path)
    made.start()
    made.add("bot", "program", "agent")
    yield made
    made.kill()


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An engine of this process, on a store."""
    pack = packs.load("support-chat")
    folder = tmp_path_factory.mktemp("engine")
    store = SqlStore(f"sqlite:///{folder / 'h.db'}", durable=False)
    yield Engine(store, deploy(pack, roster.load("support-chat", pack)))
    store.close()


@pytest.fixture(params=[f"{kind}-{where}" for kind in KINDS for where in ("engine", "http")])
def client(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    """Each client on each side: all of them do the same."""
    kind, where = request.param.split("-")
    if where == "engine":
        made = KINDS[kind](engine=request.getfixturevalue("engine"), spool=tmp_path / "spool")
    else:
        server: Server = request.getfixturevalue("running")
        made = KINDS[kind](server.url, server.keys["bot"], spool=tmp_path / "spool")
    with made:
        yield made
