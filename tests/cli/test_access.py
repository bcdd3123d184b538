"""`handrail key` and `handrail person`, as real programs, on a store of their own."""

import json
import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from handrail import books
from handrail.adapters.sql import SqlStore
from handrail.adapters.sql.directory import Directory, first_admin
from handrail.adapters.sql.tokens import HOUR
from handrail.core.access import Grant, Kind, Principal, Role
from handrail.errors import Unauthenticated

RUN = [sys.executable, "-m", "handrail.cli"]
PASSWORD = "four green lamps at sea"  # noqa: S105
KEY = re.compile(r"hr_([0-9a-f]{16})_[0-9a-f]{64}\n")

Ran = subprocess.CompletedProcess[str]
Run = Callable[..., Ran]


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A store where a service began, whose administrator lost the key."""
    made = f"sqlite:///{tmp_path / 'handrail.db'}"
    store = SqlStore(made)
    first_admin(store, "admin")
    store.close()
    return made


@pytest.fixture
def run(url: str, tmp_path: Path) -> Run:  # noqa: ARG001  # the store is to be there
    """Runs the program with the settings of that service, and nothing on a terminal."""
    rest = {name: value for name, value in os.environ.items() if "HANDRAIL" not in name}
    environment = {**rest, "HANDRAIL_DATA": str(tmp_path), "COLUMNS": "80"}

    def go(*words: str, given: str = "", code: int = 0) -> Ran:
        done = subprocess.run(
            [*RUN, *words],
            input=given,
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
            env=environment,
            timeout=60,
        )
        assert done.returncode == code, done.stderr
        return done

    return go


def who(url: str, text: str) -> Principal:
    store = SqlStore(url)
    try:
        return Directory.authenticate(store, text.strip())
    finally:
        store.close()


def book(url: str, workspace: str = "default") -> list[tuple[str, str]]:
    store = SqlStore(url, workspace=workspace)
    with store.view() as unit:
        found = [(one.name, one.actor) for one in books.read(unit, books.ACCESS)]
    store.close()
    return found


def test_a_key_of_an_agent_is_made_with_one_command_and_printed_alone(run: Run, url: str) -> None:
    words = ("--role", "agent", "--workflow", "support", "--by", "ana")
    done = run("key", "create", "shop-bot", *words, "--label", "web", "--expires", "90d")
    assert KEY.fullmatch(done.stdout)
    assert done.stderr == "the key of `shop-bot`, which is shown only this once:\n"
    found = who(url, done.stdout)
    assert found.identity.kind is Kind.PROGRAM
    assert found.grants == (Grant(role=Role.AGENT, workflow="support"),)
    assert found.token.expires > found.token.at + 89 * 24 * HOUR
    assert [actor for _, actor in book(url)[3:]] == ["human:ana"] * 3
    listed = run("key", "list", "shop-bot").stdout
    assert "shop-bot (web), made " in listed
    assert listed.endswith("\n1 key\n")
    [shown] = json.loads(run("key", "list", "shop-bot", "--json").stdout)
    assert shown["id"] == found.token.id
    assert set(shown) == {"id", "identity", "kind", "label", "at", "expires", "revoked"}
    secret = done.stdout.strip().split("_")[2]
    assert secret not in listed + json.dumps(shown)


def test_a_key_is_replaced_and_revoked(run: Run, url: str) -> None:
    old = run("key", "create", "bot", "--role", "agent").stdout
    name = old.split("_")[1]
    new = run("key", "rotate", name, "--overlap", "1h").stdout
    assert who(url, old).token.id == name
    assert who(url, new).token.id != name
    assert "revoked from" in run("key", "list", "bot").stdout.replace("\n", " ")
    assert run("key", "revoke", name).stdout == f"revoked {name}\n"
    with pytest.raises(Unauthenticated):
        who(url, old)
    newest = run("key", "rotate", new.split("_")[1], "--overlap", "0h").stdout
    with pytest.raises(Unauthenticated):
        who(url, new)
    assert who(url, newest)


def test_a_lost_key_of_the_administrator_is_recovered_on_the_machine(run: Run, url: str) -> None:
    first = run("key", "recover").stdout
    assert who(url, first).grants == (Grant(role=Role.ADMIN),)
    second = run("key", "recover").stdout
    assert who(url, first)
    third = run("key", "recover", "--revoke").stdout
    for gone in (first, second):
        with pytest.raises(Unauthenticated):
            who(url, gone)
    assert who(url, third).identity.id == "admin"
    assert book(url).count(("admin_recovered", "system:console")) == 3
    done = run("key", "recover", "ana", "-w", "team-b")
    assert (who(url, done.stdout).workspace, who(url, done.stdout).identity.id) == ("team-b", "ana")


def test_a_person_is_added_granted_listed_disabled_and_enabled(run: Run, url: str) -> None:
    words = ("--name", "Ana Ruiz", "--role", "human", "--queue", "tier-2")
    assert run("person", "add", "ana", *words).stdout == "added ana\n"
    done = run("person", "grant", "ana", "supervisor", "--topic", "legal")
    assert done.stdout == "granted ana supervisor (topic legal)\n"
    listed = " ".join(run("person", "list").stdout.split())
    assert "ana person (Ana Ruiz): human (queue tier-2); supervisor (topic legal)" in listed
    assert "admin person: admin" in listed
    assert listed.endswith("2 known")
    key = run("key", "create", "ana").stdout
    assert len(who(url, key).grants) == 2
    assert run("person", "ungrant", "ana", "human", "--queue", "tier-2").returncode == 0
    done = run("person", "ungrant", "ana", "human", code=2)
    assert "`ana` was not granted human like that" in done.stderr
    assert run("person", "disable", "ana").stdout == "disabled ana\n"
    with pytest.raises(Unauthenticated):
        who(url, key)
    shown = {one["id"]: one for one in json.loads(run("person", "list", "--json").stdout)}
    assert shown["ana"]["disabled"] > 0
    assert shown["ana"]["grants"] == [
        {"role": "supervisor", "workflow": "*", "queue": "*", "topic": "legal"}
    ]
    run("person", "enable", "ana")
    assert who(url, key).grants == (Grant(role=Role.SUPERVISOR, topic="legal"),)


def signed_in(url: str, password: str) -> str:
    store = SqlStore(url)
    try:
        return Directory(store).check_password("ana", password).id
    except Unauthenticated:
        return ""
    finally:
        store.close()


def test_a_password_comes_from_the_input_and_is_printed_nowhere(run: Run, url: str) -> None:
    run("person", "add", "ana")
    done = run("person", "password", "ana", given=f"{PASSWORD}\n")
    assert (done.stdout, done.stderr) == ("ana has a new password\n", "")
    assert signed_in(url, PASSWORD) == "ana"
    done = run("person", "password", "ana", given="short\n", code=2)
    assert "12 to 200 characters" in done.stderr
    assert "short" not in done.stderr
    done = run("person", "password", "ana", code=2)
    assert "no password was given" in done.stderr
    done = run("person", "password", "ana", PASSWORD, code=2)  # an argument is none
    assert signed_in(url, PASSWORD) == "ana"
    run("person", "password", "ana", "--remove")
    assert signed_in(url, PASSWORD) == ""


def test_on_a_terminal_a_password_is_asked_for_twice_and_not_shown(run: Run, url: str) -> None:
    run("person", "add", "ana")
    ours, theirs = pty.openpty()
    words = [*RUN, "person", "password", "ana", "--store", url]
    with subprocess.Popen(words, stdin=theirs, stdout=theirs, stderr=theirs) as asked:
        os.close(theirs)
        said, answered, end = "", 0, time.monotonic() + 60
        while time.monotonic() < end and "new password" not in said:
            if not select.select([ours], [], [], 0.2)[0]:
                continue
            try:
                said += os.read(ours, 4096).decode()
            except OSError:  # the other end has gone
                break
            if said.lower().count(": ") > answered:
                answered += 1
                time.sleep(0.2)  # until it has made the terminal keep quiet
                os.write(ours, f"{PASSWORD}\n".encode())
        assert asked.wait(10) == 0
    os.close(ours)
    assert answered == 2
    assert PASSWORD not in said
    assert signed_in(url, PASSWORD) == "ana"


def test_a_person_is_bound_to_an_openid_provider(run: Run, url: str) -> None:
    run("person", "add", "ana")
    issuer = "https://id.example.com"
    done = run("person", "openid", "ana", "--issuer", issuer, "--subject", "8f2c")
    assert done.stdout == f"ana is `8f2c` at {issuer}\n"
    store = SqlStore(url)
    found = Directory(store).by_subject(issuer, "8f2c")
    store.close()
    assert found is not None
    assert found.id == "ana"


WRONG = {
    ("key", "create", "nobody"): "nobody has the id `nobody`",
    ("key", "create", "admin", "--queue", "q"): "a grant needs a role",
    ("key", "create", "x y", "--role", "agent"): "cannot be the id of anybody",
    ("key", "create", "new", "--role", "board"): "nobody has the id `new`",
    ("key", "create", "admin", "--expires", "soon"): "`soon` is no span of time",
    ("key", "rotate", "0" * 16): "there is no key",
    ("key", "revoke", f"hr_{'0' * 16}_{'a' * 64}"): "this is no id of a key",
    ("person", "add", "admin"): "`admin` is there already",
    ("person", "add", "bot", "--role", "agent"): "a person cannot be agent",
    ("person", "ungrant", "admin", "admin"): "nobody would be left",
    ("person", "disable", "admin"): "nobody would be left",
    ("person", "password", "nobody"): "nobody has the id `nobody`",
    ("person", "list", "--store", "sqlite:///nowhere.db"): "there is no store",
}
REFUSED = {"nobody would be left": 3, "`admin` is there already": 3}


@pytest.mark.parametrize("words", WRONG, ids=lambda words: " ".join(words[:3]))
def test_what_cannot_be_done_is_said_in_one_line(words: tuple[str, ...], run: Run) -> None:
    done = run(*words, given="x\n", code=REFUSED.get(WRONG[words], 2))
    assert done.stdout == ""
    assert done.stderr.startswith("handrail: ")
    assert done.stderr.count("\n") == 1
    assert WRONG[words] in done.stderr
    assert "a" * 64 not in done.stderr
