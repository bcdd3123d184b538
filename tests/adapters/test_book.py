"""The ledger of a store: sealed, verified as it stands, and what was done to it behind our back."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.world import ASK, BOSS, World
from handrail import books
from handrail.adapters.sql import SqlStore
from handrail.adapters.sql.book import reading, seal
from handrail.core import ledger
from handrail.core.ledger import Report
from handrail.engine import Engine
from handrail.prove import FileWitness, Keys, export, right
from postgres import fresh_database, server_or_skip

Say = Callable[..., None]
TRIGGERS = ("entries_unchanged", "entries_undeleted", "entries_gapless", "entries_untruncated")


@pytest.fixture(params=("sqlite", "postgresql"))
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """A world on a database of its own, whose owner is not to be trusted."""
    if request.param == "postgresql":
        url = fresh_database(server_or_skip())
    else:
        url = f"sqlite:///{tmp_path / 'store.db'}"
    made = World()
    store = SqlStore(url, clock=lambda: made.now)
    made.store, made.engine = store, Engine(store, made.engine.deployment)
    yield made
    store.close()


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys.create(tmp_path / "keys", 1)


def played(world: World, *names: str) -> None:
    for name in names:
        world.customer("Where is my order?", name)
        world.ai("It is on its way.", name)
        world.customer(ASK, name)


def sql(world: World) -> SqlStore:
    assert isinstance(world.store, SqlStore)
    return world.store


def verified(world: World) -> tuple[Report, int, list[str]]:
    with reading(sql(world)) as book:
        report = ledger.verify(export(book), right)
        return report, *book.tail()


def test_what_was_done_to_packs_is_signed_and_found_when_it_is_changed(
    world: World, keys: Keys
) -> None:
    played(world, "c1")
    with world.store.unit() as unit:
        books.write(unit, books.PACKS, "approved", BOSS, {"digest": "d"})
    assert seal(sql(world), keys) is not None
    assert verified(world)[0].findings == []
    tampered(world, "update entries set actor = 'human:eve' where \"case\" = '@packs'")
    assert verified(world)[0].findings


def tampered(world: World, *statements: str) -> None:
    """Change the database as its owner can: past the triggers."""
    with world.store.unit() as unit:
        say = unit._cursor.execute
        if sql(world).url.startswith("sqlite"):
            for name in TRIGGERS:
                say(f"drop trigger if exists {name}")
        else:
            say("alter table entries disable trigger all")
        for text in statements:
            say(text)


def test_a_ledger_that_was_sealed_is_verified_as_it_stands(world: World, keys: Keys) -> None:
    played(world, "b", "a", "é")
    made = seal(sql(world), keys)
    assert made is not None
    assert (made.checkpoint.number, made.checkpoint.cases) == (1, 3)
    assert seal(sql(world), keys) is None
    report, tail, broken = verified(world)
    assert (report.findings, tail, broken) == ([], 0, [])
    assert (report.cases, report.entries) == (3, made.checkpoint.entries)
    assert report.texts > 9


def test_what_came_after_the_last_checkpoint_is_told_apart(world: World, keys: Keys) -> None:
    played(world, "a")
    seal(sql(world), keys)
    played(world, "a", "b")
    report, tail, broken = verified(world)
    assert (report.findings, broken) == ([], [])
    assert tail > 6
    second = seal(sql(world), keys)
    assert second is not None
    assert second.checkpoint.number == 2
    assert verified(world)[1] == 0
    assert verified(world)[0].entries == second.checkpoint.entries


@pytest.mark.parametrize(
    "statement",
    [
        "update entries set name = 'close' where \"case\" = 'a' and number = 2",
        "update entries set at = at + 1 where \"case\" = 'a' and number = 1",
        "update entries set actor = 'human:eve' where \"case\" = 'b' and number = 3",
        "update entries set epoch = epoch + 1 where \"case\" = 'a' and number = 2",
        "update entries set hash = 'f' || substr(hash, 2) where \"case\" = 'b' and number = 1",
        "delete from entries where \"case\" = 'a' and number = 2",
        "delete from entries where \"case\" = 'b'",
        "delete from cases where id = 'b'",
        "update seals set count = count - 1 where \"case\" = 'a'",
        "update seals set head = 'f' || substr(head, 2)",
        "update payloads set text = salt where \"case\" = 'a'",
        "update cases set sealed = sealed - 1, fresh = 1 where id = 'a'",
    ],
)
def test_law_21_what_the_owner_of_the_database_changes_is_found(
    world: World, keys: Keys, statement: str
) -> None:
    played(world, "a", "b")
    seal(sql(world), keys)
    assert verified(world)[0].findings == []
    tampered(world, statement)
    report, _, broken = verified(world)
    assert report.findings or broken


def test_a_change_after_the_last_checkpoint_is_found_too(world: World, keys: Keys) -> None:
    played(world, "a")
    seal(sql(world), keys)
    played(world, "a")
    tampered(world, "update entries set actor = 'human:eve' where number = 9")
    assert verified(world)[2] == ["a"]


def test_only_a_witness_knows_of_an_end_that_was_cut_off(
    world: World, keys: Keys, tmp_path: Path
) -> None:
    witness = FileWitness(tmp_path / "points.jsonl")
    for name in ("a", "b"):
        played(world, name)
        made = seal(sql(world), keys)
        assert made is not None
        witness.put("default", made)
    with world.store.unit() as unit:
        drop = "drop trigger if exists checkpoints_undeleted"
        if sql(world).url.startswith("postgresql"):
            drop = "alter table checkpoints disable trigger all"
        unit._cursor.execute(drop)
    tampered(
        world,
        "delete from checkpoints where number = 2",
        "delete from seals where checkpoint = 2",
        "delete from entries where \"case\" = 'b'",
        "delete from payloads where \"case\" = 'b'",
        "delete from cases where id = 'b'",
    )
    report, _, broken = verified(world)
    assert (report.findings, broken) == ([], [])  # nothing inside tells it
    ledger.anchor(report, witness.lines(), right)
    assert report.findings


def test_keys_rotate_and_their_history_is_kept(world: World, keys: Keys, tmp_path: Path) -> None:
    played(world, "a")
    seal(sql(world), keys)
    fresh = keys.rotate(tmp_path / "keys", world.now)
    played(world, "b")
    seal(sql(world), fresh)
    report = verified(world)[0]
    assert report.findings == []
    assert list(report.public) == [keys.current.id, fresh.current.id]
    assert report.signer == fresh.current.id
