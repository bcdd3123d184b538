"""A store is opened: its tables are made, found as they should be, or refused."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Table, create_engine, text

from adapters.test_contract import Clock, entry, fresh, put
from handrail.adapters.sql import SqlStore, house
from handrail.adapters.sql.dialects import address
from handrail.adapters.sql.migrate import VERSION_TABLE
from handrail.adapters.sql.schema import METADATA
from handrail.errors import InputError, Refused, Unavailable
from postgres import fresh_database, server_or_skip

Url = str


@pytest.fixture(params=("sqlite", "postgresql"))
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Url:
    if request.param == "postgresql":
        return fresh_database(server_or_skip())
    return f"sqlite:///{tmp_path / 'store.db'}"


def test_a_store_is_there_again_when_it_is_opened_again(url: Url) -> None:
    first = SqlStore(url, clock=Clock())
    case = put(first, fresh())
    first.close()
    again = SqlStore(url, clock=Clock())
    with again.view() as unit:
        assert unit.case("c1") == case
    again.close()


def test_the_migrations_lead_to_the_tables_that_the_code_knows(url: Url) -> None:
    SqlStore(url).close()
    engine = create_engine(address(url))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        assert compare_metadata(context, METADATA) == []
    engine.dispose()


_BEFORE_0002 = (
    "drop index entries_place",
    "alter table entries drop column place",
    *(f"drop table {table.name}" for table in vars(house).values() if isinstance(table, Table)),
    f"update {VERSION_TABLE} set version_num = '0001'",  # noqa: S608
)


def test_a_store_of_the_first_version_is_brought_up_with_all_that_is_in_it(url: Url) -> None:
    first = SqlStore(url, clock=Clock())
    case = put(first, fresh())
    with first.unit() as unit:
        unit.append(entry(1))
        case = unit.save(replace(case, entries=1))
    first.close()
    engine = create_engine(address(url))
    with engine.begin() as connection:
        for said in _BEFORE_0002:
            connection.execute(text(said))
    engine.dispose()
    again = SqlStore(url, clock=Clock())
    with again.unit() as unit:
        assert unit.case("c1") == case
        assert [one.number for one in unit.entries("c1")] == [1]
        unit.append(entry(2))
        unit.save(replace(case, entries=2))
    with again.view() as unit:
        assert [one.number for one in unit.entries("c1")] == [1, 2]
    again.close()


def test_several_processes_may_open_a_new_store_at_once(url: Url) -> None:
    code = "import sys; from handrail.adapters.sql import SqlStore; SqlStore(sys.argv[1]).close()"
    running = [subprocess.Popen([sys.executable, "-c", code, url]) for _ in range(4)]
    assert [one.wait(60) for one in running] == [0, 0, 0, 0]


def test_a_store_of_a_newer_version_is_refused(url: Url) -> None:
    SqlStore(url).close()
    engine = create_engine(address(url))
    with engine.begin() as connection:
        connection.execute(text(f"update {VERSION_TABLE} set version_num = '9999'"))  # noqa: S608
    engine.dispose()
    with pytest.raises(Refused, match="newer Handrail"):
        SqlStore(url)


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("nonsense", "no address of a store"),
        ("mysql://host/name", "not known"),
        ("sqlite:////nowhere/at/all/store.db", "no folder"),
    ],
)
def test_an_address_that_is_none_says_so(address: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        SqlStore(address)


def test_a_database_that_is_not_there_says_so() -> None:
    with pytest.raises(Unavailable, match="cannot be reached"):
        SqlStore("postgresql://nobody@127.0.0.1:1/nothing")


def test_a_file_that_is_no_database_says_so(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("my notes, which are not a database\n" * 100)
    with pytest.raises(InputError, match="no store"):
        SqlStore(f"sqlite:///{path}")
    assert "my notes" in path.read_text()


def test_a_unit_within_a_unit_is_refused_before_it_waits_for_itself(url: Url) -> None:
    store = SqlStore(url, clock=Clock())
    with (
        store.unit(),
        pytest.raises(RuntimeError, match="unit of work inside another"),
        store.unit(),
    ):
        pass
    put(store, fresh())
    store.close()
