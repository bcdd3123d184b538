"""`handrail hook`, as a real program, on a store of its own."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from adapters.hooking import Receiver, happen, receiver, spread
from handrail import books
from handrail.adapters.sql import SqlStore
from handrail.adapters.sql.hooks import Hooks

RUN = [sys.executable, "-m", "handrail.cli"]
SECRET = re.compile(r"whsec_[A-Za-z0-9+/]{43}=\n")
ENDPOINT = re.compile(r"ep_[0-9a-f]{16}")

Ran = subprocess.CompletedProcess[str]
Run = Callable[..., Ran]


@pytest.fixture
def there() -> Iterator[Receiver]:
    with receiver() as made:
        yield made


@pytest.fixture
def store(tmp_path: Path) -> SqlStore:
    return SqlStore(f"sqlite:///{tmp_path / 'handrail.db'}")


@pytest.fixture
def run(store: SqlStore, tmp_path: Path) -> Run:  # noqa: ARG001  # the store is to be there
    """Runs the program with the settings of that service."""
    rest = {name: value for name, value in os.environ.items() if "HANDRAIL" not in name}
    ours = {"HANDRAIL_DATA": str(tmp_path), "HANDRAIL_PRIVATE_HOOKS": "127.0.0.0/8"}

    def go(*words: str, code: int = 0) -> Ran:
        done = subprocess.run(
            [*RUN, "hook", *words],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
            env={**rest, **ours, "COLUMNS": "200"},
            timeout=60,
        )
        assert done.returncode == code, done.stderr
        return done

    return go


def test_an_endpoint_is_added_tried_and_its_deliveries_are_shown(
    run: Run, store: SqlStore, there: Receiver
) -> None:
    done = run("add", there.url, "-e", "case.*", "--description", "shop", "--by", "ana")
    assert SECRET.fullmatch(done.stdout)
    name = ENDPOINT.search(done.stderr)
    assert name
    assert (
        done.stderr == f"the secret of the endpoint `{name[0]}`, which is shown only this once:\n"
    )
    listed = run("list").stdout
    assert f"{name[0]}  {there.url} (shop): case.*; enabled" in listed
    assert listed.endswith("1 endpoint\n")
    [plain] = json.loads(run("list", "--json").stdout)
    assert (plain["id"], plain["url"], plain["events"]) == (name[0], there.url, ["case.*"])
    assert done.stdout.strip()[6:] not in listed + json.dumps(plain)

    assert "a test: sent, 1 attempt" in run("test", name[0]).stdout
    assert there.verify(done.stdout.strip())["type"] == "com.handrail.ping.v1"
    there.status, there.body = 500, b"no\x1b[31m room"
    assert (
        "a test: queued (http_500: no?[31m room), 1 attempt, next " in run("test", name[0]).stdout
    )
    happen(store, "open")
    spread(Hooks(store))
    told = run("deliveries", name[0]).stdout
    assert "c1 1: queued, 0 attempts" in told
    assert told.endswith("3 webhooks\n")
    assert run("deliveries", name[0], "--status", "sent").stdout.endswith("1 webhook\n")
    [first, *_] = json.loads(run("deliveries", name[0], "--json", "--limit", "1").stdout)
    assert (first["case"], first["number"], first["status"]) == ("c1", 1, "queued")
    with store.view() as unit:
        found = [(one.name, one.actor) for one in books.read(unit, books.HOOKS)]
    assert found == [("endpoint_added", "human:ana")]


def test_an_endpoint_is_changed_rotated_replayed_and_removed(
    run: Run, store: SqlStore, there: Receiver
) -> None:
    run("add", there.url)
    hooks = Hooks(store)
    [made] = hooks.endpoints()
    there.status = 410
    assert "failed (http_410), 1 attempt" in run("test", made.id).stdout
    assert f"{made.id}  {there.url}: *; disabled (gone)" in run("list").stdout
    refused = run("replay", made.id, code=3)
    assert "is disabled; enable it first" in refused.stderr
    there.status = 204
    assert run("change", made.id, "--enable").stdout == f"{made.id} is enabled\n"
    assert run("replay", made.id, "--since", "1d").stdout == "queued 1 webhook\n"
    [one] = hooks.deliveries(made.id, status="queued").hooks
    assert run("replay", made.id, one.key).stdout == "queued 1 webhook\n"
    changed = run("change", made.id, "-e", "case.open", "--description", "x", "--disable")
    assert changed.stdout == f"{made.id} is disabled\n"
    assert hooks.endpoint(made.id).events == ("case.open",)
    new = run("rotate", made.id, "--overlap", "0h").stdout
    assert SECRET.fullmatch(new)
    assert hooks.endpoint(made.id).signing(store.clock()) == (new.strip(),)
    assert run("remove", made.id).stdout == f"removed {made.id}\n"
    assert run("list").stdout == "0 endpoints\n"


def test_what_cannot_be_meant_is_told(run: Run, tmp_path: Path) -> None:
    assert "may not go to the address `10.0.0.1`" in run("add", "https://10.0.0.1/", code=2).stderr
    assert "did you mean `case.open`" in run("add", "https://a.b", "-e", "case.opn", code=2).stderr
    assert "there is no endpoint `ep_1`" in run("rotate", "ep_1", code=2).stderr
    assert "is no span of time" in run("rotate", "ep_1", "--overlap", "soon", code=2).stderr
    gone = run("list", "--store", f"sqlite:///{tmp_path / 'none.db'}", code=2)
    assert "there is no store" in gone.stderr
