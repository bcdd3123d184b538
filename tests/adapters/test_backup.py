"""A backup is taken from a store in use, and a store is made of it that issues no epoch twice."""

import itertools
import os
import random
import sqlite3
import stat
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import NullPool, create_engine, select, text

from engine.world import ASK, DAY, HOUR, MINUTE, MONDAY, World, deployment
from handrail import codec, outbox
from handrail.adapters.sql import SqlStore, backup, migrate
from handrail.adapters.sql import restore as restoring
from handrail.adapters.sql.archive import Backup, check, sealed
from handrail.adapters.sql.backup import back_up
from handrail.adapters.sql.dialects import address
from handrail.adapters.sql.restore import quarantined, restore
from handrail.adapters.sql.schema import METADATA
from handrail.core.ledger import lines
from handrail.core.ownership import Epoch, Status
from handrail.engine import Engine
from handrail.errors import AdapterError, InputError, NotFound, Refused
from handrail.prove import Keys, checkpoint
from postgres import fresh_database, server_or_skip

KINDS = ("sqlite", "postgresql")
Rows = dict[str, list[tuple[Any, ...]]]
_NAMES = itertools.count(1)


@pytest.fixture
def place(tmp_path: Path) -> Callable[[str], str]:
    """Addresses of new databases of a kind."""

    def new(kind: str) -> str:
        if kind == "postgresql":
            return fresh_database(server_or_skip())
        return f"sqlite:///{tmp_path / f'store{next(_NAMES)}.db'}"

    return new


def on(url: str, at: int = MONDAY, workspace: str = "default") -> World:
    """A world on the store at an address."""
    world = World(at=at)
    world.ids = itertools.count(next(_NAMES) * 1_000_000)  # no call is one of an earlier world
    world.store = SqlStore(url, clock=lambda: world.now, workspace=workspace)
    world.engine = Engine(world.store, deployment("support-chat"))
    return world


def leave(*worlds: World) -> None:
    for world in worlds:
        assert isinstance(world.store, SqlStore)
        world.store.close()


def busy(url: str) -> World:
    """Cases in all that can be: with the AI, asked for, held, delegated, closed; some of what was
    to be sent has left.
    """
    world = on(url)
    world.customer("Where is my order?", "ai")
    assert world.turn(said("It is on its way."), "ai", epoch=Epoch(), deliver=True).message
    world.drain()
    world.delegated("refund", case="delegated")
    world.closed("closed")
    world.held("held")
    for n in range(12):
        world.customer(f"Order {n} is broken, ünï 😀.", f"asks{n}")
        world.customer(ASK, f"asks{n}")
    epoch = world.own("ai").epoch
    assert world.turn(said("One more thing."), "ai", epoch=epoch, deliver=True).message
    return world


def said(words: str) -> Any:
    from handrail.core.model import Role, Turn

    return Turn(role=Role.AGENT, text=words, confidence=0.95)


def rows(url: str) -> Rows:
    """All that our tables hold."""
    engine = create_engine(address(url), poolclass=NullPool)
    with engine.connect() as connection:
        return {
            table.name: sorted(
                (
                    tuple(row)
                    for row in connection.execute(
                        select(*(one for one in table.columns if one.name != "place"))
                    )
                ),
                key=repr,
            )
            for table in METADATA.sorted_tables
        }


def effects(found: Rows) -> Iterator[dict[str, Any]]:
    names = METADATA.tables["effects"].columns.keys()
    return (dict(zip(names, row, strict=True)) for row in found["effects"])


@pytest.mark.parametrize("target", KINDS)
@pytest.mark.parametrize("source", KINDS)
def test_a_store_comes_back_as_it_was(
    source: str, target: str, place: Callable[[str], str], tmp_path: Path
) -> None:
    url, new = place(source), place(target)
    world = busy(url)
    other = on(url, workspace="other")
    other.held("o1")
    made = back_up(url, tmp_path / "b", clock=lambda: MONDAY + 5)
    done = restore(tmp_path / "b", new, clock=lambda: MONDAY + MINUTE)
    assert (made.at, made.kind, made.last) == (MONDAY + 5, source, MONDAY)
    before, after = rows(url), rows(new)
    assert {name: part.rows for name, part in made.tables.items()} == {
        name: len(found) for name, found in before.items()
    }
    for name in before.keys() - {"meta", "effects"}:
        assert before[name] == after[name], name
    assert after["meta"] == [("", "incarnation", str(MONDAY + MINUTE))]
    was = {(one["workspace"], one["key"]): one for one in effects(before)}
    found = {(one["workspace"], one["key"]): one for one in effects(after)}
    assert was.keys() < found.keys()
    assert Counter(one["status"] for one in was.values()).keys() == {"queued", "sent"}
    for key, one in was.items():
        held = {"queued": "quarantined"}.get(one["status"], one["status"])
        assert found[key] == one | {"status": held}
    assert {one["kind"] for key, one in found.items() if key not in was} == {"catch_up"}
    assert done.spaces["default"].cases == 16
    assert done.spaces["other"].cases == 1
    assert done.spaces["default"].entries == sum(len(world.entries(one)) for one in names(before))
    assert done.lost is None
    leave(world, other)


def names(found: Rows, workspace: str = "default") -> list[str]:
    return [row[1] for row in found["cases"] if row[0] == workspace]


@pytest.mark.parametrize("kind", KINDS)
def test_a_backup_is_of_one_instant_while_others_write(
    kind: str, place: Callable[[str], str], tmp_path: Path
) -> None:
    url, new = place(kind), place(kind)
    world = on(url)
    acknowledged: list[str] = []
    stop = threading.Event()

    def write() -> None:
        for n in itertools.count():
            if stop.is_set():
                return
            world.customer(f"Where is order {n}?", f"c{n}")
            world.customer(ASK, f"c{n}")
            acknowledged.append(f"c{n}")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        while len(acknowledged) < 20:
            stop.wait(0.01)
        sure = list(acknowledged)
        back_up(url, tmp_path / "b")
        while len(acknowledged) < len(sure) + 5:  # it went on meanwhile
            stop.wait(0.01)
    finally:
        stop.set()
        writer.join(60)
    restore(tmp_path / "b", new)
    now, then = rows(url), rows(new)
    kept = names(then)
    assert set(sure) <= set(kept)
    assert len(kept) < len(names(now))
    for name in ("entries", "turns", "payloads"):
        assert set(then[name]) < set(now[name])
    index = METADATA.tables["cases"].columns.keys().index("entries")
    numbered = Counter(row[1] for row in then["entries"])
    assert {row[1]: row[index] for row in then["cases"]} == numbered
    full = Counter(row[1] for row in now["entries"])
    assert sum(numbered[one] != full[one] for one in kept) <= 1  # at most the one under way
    leave(world)


@pytest.mark.parametrize("kind", KINDS)
def test_no_epoch_is_ever_issued_twice(
    kind: str, place: Callable[[str], str], tmp_path: Path
) -> None:
    url, first, second = place(kind), place(kind), place(kind)
    busy_world = busy(url)
    old = busy_world.own("ai").epoch
    leave(busy_world)
    back_up(url, tmp_path / "b")
    done = [restore(tmp_path / "b", one) for one in (first, second)]
    assert done[0].incarnation != done[1].incarnation
    world = on(first)
    assert isinstance(world.store, SqlStore)
    assert world.store.incarnation == done[0].incarnation > old.incarnation
    for name in names(rows(first)):
        assert world.own(name).epoch.incarnation == done[0].incarnation
    refused = world.ai("Late.", "ai", epoch=old)
    assert refused.why == "stale_epoch"
    assert world.engine.admit("ai", old, "refund") is not None
    assert world.ai("In time.", "ai", epoch=world.own("ai").epoch).refused is None
    world.customer("Hello", "fresh")
    assert world.own("fresh").epoch == Epoch(done[0].incarnation, 1)
    leave(world)
    again = tmp_path / "again"
    back_up(first, again)
    third = place(kind)
    assert restore(again, third, clock=lambda: 0).incarnation == done[0].incarnation + 1


@pytest.mark.parametrize("kind", KINDS)
def test_every_unclosed_case_of_a_restored_store_is_watched(
    kind: str, place: Callable[[str], str], tmp_path: Path
) -> None:
    world = busy(url := place(kind))
    back_up(url, tmp_path / "b")
    restore(tmp_path / "b", new := place(kind))
    back = on(new)
    for name in names(rows(new)):
        closed = back.own(name).status is Status.CLOSED
        assert closed is not bool(back.deadlines(name))
        assert back.entries(name) == world.entries(name)
        assert back.lines(name) == world.lines(name)
        assert back.case(name).state == world.case(name).state
    leave(world, back)


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_to_be_sent_stays_until_somebody_decides(
    kind: str, place: Callable[[str], str], tmp_path: Path
) -> None:
    world = busy(url := place(kind))
    unsent = [one for one in effects(rows(url)) if one["status"] == "queued"]
    leave(world)
    back_up(url, tmp_path / "b")
    done = restore(tmp_path / "b", new := place(kind))
    assert done.spaces["default"].quarantined == len(unsent) > 10
    back = on(new)
    assert back.drain() == 0
    back.customer(ASK, "fresh")
    assert back.drain() > 0
    assert {effect.case for effect, _ in back.sent} == {"fresh"}
    held = quarantined(new, "default")
    assert {one.key for one in held} == {one["key"] for one in unsent}
    message = next(one for one in held if one.case == "ai" and one.fence)
    notice, gone = [one for one in held if one.kind == "notice" and one.case != "ai"][:2]
    back.sent.clear()
    for one in (message, notice):
        outbox.retry(back.store, one.key, "ana")
    outbox.drop(back.store, gone.key, "ana")
    back.drain()
    assert [effect.key for effect, _ in back.sent] == [notice.key]
    assert ends(back, message.key) == [("queued", "human:ana"), ("cancelled", "system")]
    assert ends(back, notice.key) == [("queued", "human:ana"), ("sent", "system")]
    assert ends(back, gone.key) == [("cancelled", "human:ana")]
    assert len(quarantined(new, "default")) == len(held) - 3
    leave(back)


def ends(world: World, key: str) -> list[tuple[str, str]]:
    case = key.rpartition("/")[0]
    found = [one for one in world.entries(case, "delivery") if one.body["key"] == key]
    return [(one.body["status"], one.actor) for one in found]


# What fell due meanwhile.


def news(world: World) -> Counter[tuple[str, str]]:
    """By queue, what is told of clocks one by one."""
    found = effects(rows(world_url(world)))
    bodies = [codec.load(dict[str, Any], one["body"]) for one in found if one["kind"] == "clock"]
    return Counter((one["queue"], f"{one['kind']}.{one['what']}") for one in bodies)


def world_url(world: World) -> str:
    assert isinstance(world.store, SqlStore)
    return world.store.url


def summaries(world: World) -> Mapping[str, dict[str, Any]]:
    """What is told at once, by queue."""
    found = [one for one in effects(rows(world_url(world))) if one["kind"] == "summary"]
    bodies = [codec.load(dict[str, Any], one["body"]) for one in found]
    assert len({one["queue"] for one in bodies}) == len(bodies)
    return {one["queue"]: one for one in bodies}


def told_at_once(found: Mapping[str, dict[str, Any]]) -> Counter[tuple[str, str]]:
    return Counter(
        {(name, what): n for name, one in found.items() for what, n in one["missed"].items()}
    )


@pytest.mark.parametrize("kind", KINDS)
def test_what_fell_due_meanwhile_is_told_as_one_summary_a_queue(
    kind: str, place: Callable[[str], str], tmp_path: Path
) -> None:
    """The same store is fired with and without a restore: the same entries, the same news."""
    world = busy(url := place(kind))
    back_up(url, tmp_path / "b")
    restore(tmp_path / "b", new := place(kind), clock=lambda: MONDAY + 3 * HOUR)
    back = on(new, at=MONDAY + 3 * HOUR)
    world.now = back.now
    assert news(world) == Counter()
    assert world.engine.fire() == back.engine.fire()
    one_by_one = news(world)
    assert sum(one_by_one.values()) > 5
    assert news(back) == Counter()
    at_once = summaries(back)
    assert told_at_once(at_once) == one_by_one
    for name, one in at_once.items():
        assert one["count"] == len(one["cases"]) == len(set(one["cases"]))
        assert one["to"], name
    for case in names(rows(new)):
        assert len(world.entries(case, "clock")) == len(back.entries(case, "clock"))
    back.drain()
    assert sorted(one.key for one, _ in back.sent if one.kind == "summary") == sorted(
        f"catch_up/{MONDAY + 3 * HOUR}/{name}" for name in at_once
    )
    back.wait(DAY)
    assert news(back)  # what falls due from now on is news again
    assert summaries(back) == at_once
    leave(world, back)


@pytest.mark.parametrize("kind", KINDS)
def test_processes_that_catch_up_together_and_crash_tell_all_once(
    kind: str, place: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = busy(url := place(kind))
    back_up(url, tmp_path / "b")
    restore(tmp_path / "b", new := place(kind), clock=lambda: MONDAY + 3 * HOUR)
    world.now = MONDAY + 3 * HOUR
    world.engine.fire()
    monkeypatch.setattr("handrail.engine.engine._TOGETHER", 2)
    dying = on(new, at=world.now)  # takes a few, and is not heard of again
    assert dying.engine.fire(limit=4) == 4
    assert summaries(dying) == {}
    backs = [on(new, at=world.now) for _ in range(3)]
    threads = [threading.Thread(target=one.engine.fire) for one in backs]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    backs[0].engine.fire()
    assert told_at_once(summaries(backs[0])) == news(world)
    assert news(backs[0]) == Counter()
    leave(world, dying, *backs)


# Files and stores that will not do.


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A backup of a store with something of all in it."""
    leave(busy(url := f"sqlite:///{tmp_path / 'origin.db'}"))
    back_up(url, tmp_path / "backup")
    return tmp_path / "backup"


@pytest.mark.parametrize("kind", KINDS)
def test_a_store_that_has_something_is_never_overwritten(
    kind: str, made: Path, place: Callable[[str], str]
) -> None:
    world = on(url := place(kind))
    world.customer("Hello")
    before = rows(url)
    leave(world)
    with pytest.raises(Refused, match="not empty"):
        restore(made, url)
    assert rows(url) == before


@pytest.mark.parametrize("kind", KINDS)
def test_a_store_that_a_server_is_at_work_on_is_refused(
    kind: str, made: Path, place: Callable[[str], str]
) -> None:
    server = SqlStore(url := place(kind))
    with server.view():
        pass
    with pytest.raises(Refused, match="somebody else is connected"):
        restore(made, url)
    assert not any(rows(url).values())
    server.close()
    assert restore(made, url).spaces["default"].cases == 16


@pytest.mark.parametrize("share", [0, 1, 100, 300, 600, 900, 999])
def test_a_file_that_was_cut_off_is_refused(share: int, made: Path, tmp_path: Path) -> None:
    data = made.read_bytes()
    cut = tmp_path / "cut"
    cut.write_bytes(data[: len(data) * share // 1000])
    with pytest.raises(InputError, match="is no backup of Handrail, or it is damaged"):
        restore(cut, f"sqlite:///{tmp_path / 'new.db'}")
    assert not (tmp_path / "new.db").exists()


def test_a_file_in_which_a_bit_has_changed_is_refused_or_says_the_same(
    made: Path, tmp_path: Path
) -> None:
    """What nothing is stored in may change: then all that is read is as it was."""
    record, data = check(made), made.read_bytes()
    chance, found = random.Random(7), 0  # the same in every run
    bad = tmp_path / "bad"
    for _ in range(400):
        at = chance.randrange(len(data))
        bad.write_bytes(data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :])
        try:
            assert check(bad) == record
        except InputError:
            found += 1
    assert found > 100
    values = data.index(b"Order 7 is broken")
    bad.write_bytes(data[:values] + b"P" + data[values + 1 :])
    with pytest.raises(InputError, match="table `payloads` is not as it was written"):
        check(bad)


@pytest.mark.parametrize("words", [b"", b"my notes, which are no database\n" * 100])
def test_a_file_that_is_no_backup_is_refused(words: bytes, tmp_path: Path) -> None:
    (tmp_path / "notes").write_bytes(words)
    with pytest.raises(InputError, match="is no backup"):
        restore(tmp_path / "notes", f"sqlite:///{tmp_path / 'new.db'}")
    with pytest.raises(InputError, match="there is no file"):
        restore(tmp_path / "nothing", f"sqlite:///{tmp_path / 'new.db'}")


def test_a_store_is_no_backup_and_a_backup_no_store(made: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no record of a backup"):
        check(tmp_path / "origin.db")
    with pytest.raises(Refused, match="this is a backup, no store"):
        SqlStore(f"sqlite:///{made}")
    with pytest.raises(Refused, match="the tables of the store are `backup-0003`"):
        back_up(f"sqlite:///{made}", tmp_path / "copy")


@pytest.mark.parametrize(("field", "value"), [("version", "9999"), ("format", 2)])
def test_a_backup_of_a_newer_version_is_refused(
    field: str, value: object, made: Path, tmp_path: Path
) -> None:
    record = codec.load(dict[str, Any], codec.dump(check(made))) | {field: value}
    claimed = sealed(codec.load(Backup, codec.dump(record)))
    with sqlite3.connect(made) as file:
        file.execute("update meta set value = ? where name = 'backup'", (claimed,))
    file.close()
    with pytest.raises(Refused, match="of a newer Handrail"):
        restore(made, f"sqlite:///{tmp_path / 'new.db'}")


def test_a_backup_of_an_older_version_is_brought_up_in_a_copy(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """This one is made the older one of a next."""
    brought: list[str] = []
    real = migrate.bring_up

    def bring_up(url: str, dialect: Any) -> None:
        brought.append(url)
        with monkeypatch.context() as patch:
            patch.setattr(migrate, "LATEST", "0003")
            real(url, dialect)

    monkeypatch.setattr(migrate, "LATEST", "0004")
    monkeypatch.setattr(migrate, "bring_up", bring_up)
    before = made.read_bytes()
    done = restore(made, f"sqlite:///{tmp_path / 'new.db'}")
    assert done.spaces["default"].cases == 16
    assert len(brought) == 2
    assert made.read_bytes() == before


@pytest.mark.parametrize("kind", KINDS)
def test_a_restore_that_fails_leaves_an_empty_store(
    kind: str, made: Path, place: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = place(kind)

    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(restoring, "_hold", fail)
        with pytest.raises(KeyboardInterrupt):
            restore(made, url)
    assert not any(rows(url).values())
    assert restore(made, url).spaces["default"].cases == 16


def test_a_backup_that_fails_leaves_nothing(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"sqlite:///{tmp_path / 'origin.db'}"
    folder = tmp_path / "folder"
    with pytest.raises(AdapterError, match="cannot write the backup"):
        back_up(url, folder / "b")
    folder.mkdir()
    code = (
        "import resource, sys; from pathlib import Path\n"
        "from handrail.adapters.sql.backup import back_up\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000))\n"
        "back_up(sys.argv[1], Path(sys.argv[2]))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, url, str(folder / "b")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "cannot write the backup" in ended.stderr
    assert list(folder.iterdir()) == []
    monkeypatch.setattr(backup, "check", lambda _: None)
    with pytest.raises(AdapterError, match="does not read as it was written"):
        back_up(url, folder / "b")
    assert list(folder.iterdir()) == []
    kept = made.read_bytes()
    with pytest.raises(Refused, match="already"):
        back_up(url, made)
    assert made.read_bytes() == kept


@pytest.mark.parametrize("kind", KINDS)
def test_a_backup_of_no_store_makes_none(
    kind: str, place: Callable[[str], str], tmp_path: Path
) -> None:
    with pytest.raises(NotFound, match="no store"):
        back_up(place(kind), tmp_path / "b")
    assert list(tmp_path.iterdir()) == []


def test_a_backup_is_for_its_owners_eyes_and_holds_our_tables_only(tmp_path: Path) -> None:
    leave(busy(url := f"sqlite:///{tmp_path / 'origin.db'}"))
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("create table workflow_status (id text)"))
    engine.dispose()
    back_up(url, tmp_path / "b")
    if os.name == "posix":
        assert stat.S_IMODE((tmp_path / "b").stat().st_mode) == 0o600
    with sqlite3.connect(tmp_path / "b") as file:
        found = file.execute("select name from sqlite_master where type = 'table'").fetchall()
    file.close()
    assert {one[0] for one in found} == {*METADATA.tables, migrate.VERSION_TABLE}


# What was lost.


def test_a_witness_says_how_much_was_lost(made: Path, tmp_path: Path) -> None:
    have = restore(made, f"sqlite:///{tmp_path / 'a.db'}").spaces["default"]
    keys = Keys.create(tmp_path / "key", MONDAY)

    def line(workspace: str, cases: int, entries: int, at: int, incarnation: int = 1) -> bytes:
        point = checkpoint(
            keys, workspace, None, [], at=at, cases=cases, entries=entries, incarnation=incarnation
        )
        return lines.witnessed(workspace, point)

    kept = [
        line("default", have.cases + 3, have.entries + 40, MONDAY + HOUR, incarnation=2),
        line("default", have.cases + 9, have.entries + 90, MONDAY + DAY),  # of before a restore
        b"half a li",
        line("gone", 2, 5, MONDAY),
    ]
    done = restore(made, f"sqlite:///{tmp_path / 'b.db'}", witness=kept)
    assert done.lost is not None
    assert done.broken == 1
    lost = {name: (one.cases, one.entries, one.at) for name, one in done.lost.items()}
    assert lost == {"default": (3, 40, MONDAY + HOUR), "gone": (2, 5, MONDAY)}
    less = restore(made, f"sqlite:///{tmp_path / 'c.db'}", witness=[line("default", 1, 1, MONDAY)])
    assert less.lost is not None
    assert (less.lost["default"].cases, less.lost["default"].entries) == (0, 0)
