"""Changes in the order of their commits, without a gap, in whatever order transactions began."""

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace

import pytest

from handrail.adapters.sql import SqlStore
from handrail.adapters.sql.feed import Change, Feed
from handrail.books import ACCESS, write
from handrail.core.case import start
from handrail.core.ownership import Actor, Epoch, Ownership, Party, Status
from handrail.errors import Conflict, InputError
from handrail.ports import Case, Entry, Unit
from postgres import drop_database, fresh_database, own, programs, server_or_skip
from stores import database

SQL = ("sqlite", "postgresql")


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """A PostgreSQL of our own: any transaction of a cluster, whatever its database, holds back what
    came after it.
    """
    if not programs():
        yield server_or_skip()
        return
    server = own()
    yield server.url
    server.leave()


@pytest.fixture(params=SQL)
def store(request: pytest.FixtureRequest) -> SqlStore:
    if request.param == "postgresql":
        made: SqlStore = request.getfixturevalue("alone")
        return made
    return database(request.param).within(f"feed-{request.node.name}")


@pytest.fixture
def alone(cluster: str) -> Iterator[SqlStore]:
    """PostgreSQL where nobody else's transactions hold anything back."""
    url = fresh_database(cluster)
    store = SqlStore(url)
    yield store
    store.close()
    drop_database(url)


def say(unit: Unit, case: str, name: str) -> None:
    """One entry of a case."""
    found = unit.case(case) or Case(
        id=case,
        workflow="support",
        ownership=Ownership(workflow="support", at=unit.now(), status=Status.CLOSED),
        state=start(),
    )
    number = found.entries + 1
    unit.append(
        Entry(case=case, number=number, at=unit.now(), name=name, actor="system", epoch=Epoch())
    )
    unit.save(replace(found, entries=number))


def names(changes: list[Change]) -> list[str]:
    return [one.entry.name for one in changes]


def everything(feed: Feed, after: str, limit: int = 3) -> list[Change]:
    found: list[Change] = []
    while True:
        page = feed.read(after, limit)
        found += page.changes
        after = page.cursor
        if not page.more:
            return found


def test_all_is_read_once_and_in_order_in_pages_of_any_size(store: SqlStore) -> None:
    feed = Feed(store)
    for number in range(7):
        with store.unit() as unit:
            say(unit, f"c-{number % 3}", f"e{number}")
    for limit in (1, 2, 3, 7, 100):
        assert names(everything(feed, feed.first(), limit)) == [f"e{n}" for n in range(7)]


def test_a_cursor_goes_on_where_it_was_given(store: SqlStore) -> None:
    feed = Feed(store)
    with store.unit() as unit:
        for number in range(5):
            say(unit, f"fälle/{number}-x", f"e{number}")
            say(unit, f"fälle/{number}-x", f"e{number}+")
    found = everything(feed, feed.first())
    assert len(found) == 10
    for index, one in enumerate(found):
        assert names(everything(feed, one.cursor)) == names(found[index + 1 :])
    assert [one.place for one in found] == sorted(one.place for one in found)


def test_a_case_is_told_of_in_order_also_when_the_later_transaction_began_first(
    alone: SqlStore,
) -> None:
    feed = Feed(alone)
    with alone.unit() as unit:
        say(unit, "c", "first")
    begun, go_on = threading.Event(), threading.Event()

    def long() -> None:
        with alone.unit() as unit:
            say(unit, "another", "x")
            unit.flush()  # type: ignore[attr-defined]  # it has its number from now on
            begun.set()
            go_on.wait(10)
            say(unit, "c", "third")

    other = threading.Thread(target=long)
    other.start()
    assert begun.wait(10)
    with alone.unit() as unit:
        say(unit, "c", "second")
    assert "second" not in names(everything(feed, feed.first()))  # the other may come before
    go_on.set()
    other.join(10)
    found = [one.entry.name for one in everything(feed, feed.first()) if one.entry.case == "c"]
    assert found == ["first", "second", "third"]


def test_the_last_cursor_is_behind_all_there_is_and_before_all_that_comes(store: SqlStore) -> None:
    feed = Feed(store)
    with store.unit() as unit:
        say(unit, "c", "before")
    last = feed.last()
    assert not everything(feed, last)
    with store.unit() as unit:
        say(unit, "c", "after")
    assert names(everything(feed, last)) == ["after"]


def test_what_another_workspace_wrote_is_neither_shown_nor_read_twice(store: SqlStore) -> None:
    feed, other = Feed(store), store.within(f"{store.workspace}-other")
    before = feed.last()
    for number in range(4):
        with other.unit() as unit:
            say(unit, "c", f"theirs{number}")
    page = feed.read(before, 2)
    assert not page.changes
    if store.url.startswith("sqlite"):  # where their rows stand between ours
        assert feed.place(page.cursor) > feed.place(before)


def test_until_ends_the_reading_there(store: SqlStore) -> None:
    feed = Feed(store)
    for number in range(6):
        with store.unit() as unit:
            say(unit, "c", f"e{number}")
    found = everything(feed, feed.first())
    page = feed.read(feed.first(), 100, until=found[3].cursor)
    assert names(list(page.changes)) == ["e0", "e1", "e2", "e3"]
    assert not page.more


def test_a_change_says_where_its_case_is_and_which_topics_it_has(store: SqlStore) -> None:
    with store.unit() as unit:
        say(unit, "c", "one")
        case = unit.case("c")
        assert case is not None
        state = replace(case.state, topics=("legal", "security"))
        unit.save(replace(case, state=state))
        write(unit, ACCESS, "key", Actor(kind=Party.SYSTEM), {})
    found = {one.entry.case: one for one in everything(Feed(store), Feed(store).first())}
    assert found["c"].workflow == "support"
    assert found["c"].status == "closed"
    assert found["c"].topics == ("legal", "security")
    assert found[ACCESS].workflow == ""


@pytest.mark.parametrize("bad", ["", "x", "1", "1-", "1-x", "-1", "1-²", "1-1-?-?", "1" * 40])
def test_what_is_no_cursor_is_refused(store: SqlStore, bad: str) -> None:
    with pytest.raises(InputError, match="no cursor"):
        Feed(store).read(bad)


def test_a_cursor_of_another_incarnation_or_of_the_future_is_a_conflict(store: SqlStore) -> None:
    feed = Feed(store)
    rest = feed.last().partition("-")[2]
    far = feed.last().replace(rest.partition("-")[0], str(1 << 40), 1)
    for cursor in (f"2-{rest}", far if far != feed.last() else f"1-{1 << 40}"):
        with pytest.raises(Conflict, match="another store"):
            feed.check(cursor)


def test_sqlite_keeps_its_cursors_when_the_file_is_packed() -> None:
    base = database("sqlite")
    store = base.within("feed-packed")
    for number in range(20):
        with store.unit() as unit:
            say(unit, f"c{number}", f"e{number}")
    feed = Feed(store)
    found = everything(feed, feed.first())
    with base._engine.connect() as connection:
        connection.exec_driver_sql("vacuum")
    assert everything(feed, feed.first()) == found


class Other:
    """A transaction in a thread of its own, which goes on when it is told."""

    def __init__(self, store: SqlStore, work: Callable[[Unit], None]) -> None:
        self._written, self._go = threading.Event(), threading.Event()
        self._store, self._work = store, work
        self._thread = threading.Thread(target=self._run)
        self.fails = False

    def _run(self) -> None:
        with suppress(Undo), self._store.unit() as unit:
            self._work(unit)
            unit.waiting("x")  # flushes: it has its transaction number from here on
            self._written.set()
            assert self._go.wait(30)
            if self.fails:
                raise Undo

    def begin(self) -> None:
        self._thread.start()
        assert self._written.wait(30)

    def end(self) -> None:
        self._go.set()
        self._thread.join(30)


class Undo(Exception):
    """This transaction is not to be."""


def test_what_began_first_and_commits_last_is_not_skipped(alone: SqlStore) -> None:
    feed = Feed(alone)
    cursor = feed.last()
    first = Other(alone, lambda unit: say(unit, "a", "first"))
    second = Other(alone, lambda unit: say(unit, "b", "second"))
    first.begin()
    second.begin()
    second.end()  # the opposite order
    page = feed.read(cursor)
    assert not page.changes
    assert page.held
    first.end()
    page = feed.read(page.cursor)
    assert names(list(page.changes)) == ["first", "second"]
    assert not page.held


def test_one_that_stays_open_holds_back_what_came_after_it_and_nothing_else(
    alone: SqlStore,
) -> None:
    feed = Feed(alone)
    cursor = feed.last()
    with alone.unit() as unit:
        say(unit, "c", "before")
    stays = Other(alone, lambda unit: say(unit, "a", "stays"))
    stays.begin()
    seen: list[str] = []
    for number in range(5):
        with alone.unit() as unit:
            say(unit, "d", f"e{number}")
        page = feed.read(cursor, 2)
        seen += names(list(page.changes))
        cursor = page.cursor
    assert seen == ["before"]
    assert page.held
    assert feed.lag() >= 0
    stays.end()
    assert names(everything(feed, cursor)) == ["stays", *(f"e{n}" for n in range(5))]


def test_one_that_is_undone_leaves_no_gap(alone: SqlStore) -> None:
    feed = Feed(alone)
    cursor = feed.last()
    undone = Other(alone, lambda unit: say(unit, "a", "undone"))
    undone.fails = True
    undone.begin()
    with alone.unit() as unit:
        say(unit, "b", "kept")
    assert not feed.read(cursor).changes
    undone.end()
    assert names(everything(feed, cursor)) == ["kept"]


def test_readers_beside_many_writers_lose_and_double_nothing(alone: SqlStore) -> None:
    feed = Feed(alone)
    cursor, seen = feed.last(), list[str]()

    def writer(which: int) -> None:
        for number in range(40):
            with alone.unit() as unit:
                say(unit, f"w{which}", f"{which}.{number}")
                say(unit, f"x{which}", f"{which}.{number}+")

    writers = [threading.Thread(target=writer, args=(which,)) for which in range(4)]
    for one in writers:
        one.start()
    while any(one.is_alive() for one in writers) or feed.read(cursor).changes:
        page = feed.read(cursor, 7)
        seen += names(list(page.changes))
        cursor = page.cursor
    seen += names(everything(feed, cursor))
    assert sorted(seen) == sorted(
        f"{w}.{n}{mark}" for w in range(4) for n in range(40) for mark in ("", "+")
    )
    for which in range(4):  # of one writer in its order
        own = [one for one in seen if one.startswith(f"{which}.") and not one.endswith("+")]
        assert own == [f"{which}.{n}" for n in range(40)]
