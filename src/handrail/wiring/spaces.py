"""What a service asks of its database that is of no workspace."""

from typing import cast

from handrail.adapters.sql.store import SqlStore
from handrail.adapters.sql.unit import SqlUnit

_NAMES = (  # from one to the next by the index, however many rows each has
    "with recursive found(name) as (select min(workspace) from {table} where ? <> '' union all "
    "select (select min(workspace) from {table} where workspace > found.name) from found "
    "where found.name is not null) select name from found where name is not null"
)
_CLOCK = "select (extract(epoch from clock_timestamp()) * 1000)::bigint where ? <> ''"


def workspaces(store: SqlStore) -> set[str]:
    """All that anything is kept of: people, or cases."""
    with store.view() as made:
        unit = cast("SqlUnit", made)
        tables = ("identities", "cases")
        return {row[0] for one in tables for row in unit.ask(_NAMES.format(table=one))}


def clock_skew(store: SqlStore) -> int:
    """By how many milliseconds at least our clock is ahead of the database's; below 0: behind."""
    if store.url.startswith("sqlite"):
        return 0  # its clock is ours
    with store.view() as made:
        before = store.clock()
        theirs = int(cast("SqlUnit", made).ask(_CLOCK)[0][0])
        after = store.clock()
    return max(0, before - theirs) + min(0, after - theirs)
