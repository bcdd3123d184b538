"""What the database itself refuses, whatever a bug in Python would ask of it."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from adapters.test_contract import NOW, Clock, entry, fresh, put, silence
from handrail.adapters.sql import SqlStore
from handrail.core.ownership import Epoch, Ownership, Party, Status
from handrail.errors import Conflict
from handrail.ports import Case
from stores import new_store


@pytest.fixture(params=("sqlite", "postgresql"))
def store(request: pytest.FixtureRequest) -> SqlStore:
    made = new_store(request.param, Clock())
    assert isinstance(made, SqlStore)
    return made


@pytest.fixture
def sql(store: SqlStore) -> Callable[[str], None]:
    """Says something to the database behind the back of the store."""

    def say(text: str) -> None:
        with store.unit() as unit:
            unit._cursor.execute(text.replace("$w", f"'{store.workspace}'"))

    return say


Say = Callable[[str], None]


def with_own(case: Case, **own: object) -> Case:
    return replace(case, ownership=replace(case.ownership, **own))


QUEUED = {"status": Status.QUEUED, "queue": "q", "steward": "s", "handoff": 1}


def test_law_11_an_owner_changes_only_under_a_new_epoch(store: SqlStore) -> None:
    case = put(store, fresh())
    with pytest.raises(Conflict, match="new epoch"):
        put(store, with_own(case, **QUEUED))
    put(store, with_own(case, **QUEUED, epoch=Epoch(1, 2)))


def test_an_epoch_never_falls(store: SqlStore) -> None:
    case = put(store, with_own(fresh(), epoch=Epoch(2, 5)))
    with pytest.raises(Conflict, match="new epoch"):
        put(store, with_own(case, epoch=Epoch(2, 4)))
    with pytest.raises(Conflict, match="new epoch"):
        put(store, with_own(case, epoch=Epoch(1, 6)))
    put(store, with_own(case, epoch=Epoch(3, 5)))


def test_law_11_at_most_one_handoff_of_a_case_is_open(store: SqlStore, sql: Say) -> None:
    put(store, fresh(**QUEUED))
    with pytest.raises(Conflict, match=r"(?i)unique"):
        sql("insert into handoffs (workspace, \"case\", number, opened) values ($w, 'c1', 2, 5)")


def test_a_handoff_ends_before_the_next_one_opens(store: SqlStore) -> None:
    case = put(store, fresh(**QUEUED))
    case = put(store, with_own(case, status=Status.AI, queue="", epoch=Epoch(1, 2)))
    put(store, with_own(case, **{**QUEUED, "handoff": 2}, epoch=Epoch(1, 3)))


def test_law_12_entries_are_never_changed_or_deleted(store: SqlStore, sql: Say) -> None:
    case = put(store, fresh())
    with store.unit() as unit:
        unit.append(entry(1))
        unit.save(replace(case, entries=1))
    for text in ("update entries set name = 'close'", "delete from entries"):
        with pytest.raises(Conflict, match="never changed"):
            sql(f"{text} where workspace = $w")
    with store.view() as unit:
        assert [one.name for one in unit.entries("c1")] == ["open"]


def test_law_12_entries_are_numbered_without_a_gap(store: SqlStore) -> None:
    put(store, fresh())
    with store.unit() as unit:
        unit.append(entry(1))
    with pytest.raises(Conflict, match="without a gap"), store.unit() as unit:
        unit.append(entry(3))
    with pytest.raises(Conflict), store.unit() as unit:
        unit.append(entry(1))


def test_law_16_no_case_is_unclosed_and_unwatched(store: SqlStore) -> None:
    with pytest.raises(Conflict, match="cases_watched"), store.unit() as unit:
        unit.save(fresh())
    with pytest.raises(Conflict, match="cases_watched"):
        put(store, fresh(status=Status.CLOSED), silence())


def test_a_case_that_a_person_has_names_the_person(store: SqlStore) -> None:
    with pytest.raises(Conflict, match="cases_human"):
        put(store, fresh(**{**QUEUED, "status": Status.HELD}))


def test_workspaces_see_nothing_of_one_another(store: SqlStore) -> None:
    other = store.within(f"{store.workspace}-other")
    put(store, fresh(**QUEUED))
    with other.unit() as unit:
        assert unit.case("c1") is None
        assert unit.waiting("q") == 0
        assert unit.waiting_cases() == []
        assert unit.overdue(NOW * 2, 9) == []
        assert dict(unit.load()) == {}
    put(other, fresh())
    with store.view() as unit:
        found = unit.case("c1")
        assert found is not None
        assert found.ownership.status is Status.QUEUED


def test_the_owner_in_the_row_is_the_owner(store: SqlStore) -> None:
    own = Ownership(status=Status.HELD, human="ana", queue="q", steward="s", handoff=1, at=NOW)
    put(store, replace(fresh(), ownership=own))
    with store.unit() as unit:
        where = f"where workspace = '{store.workspace}'"
        unit._cursor.execute(f"select owner from cases {where}")  # noqa: S608
        assert unit._cursor.fetchone()[0] == f"{Party.HUMAN}:ana"
