"""Cases in pages: what people look through. Every row is asked about before it is shown."""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from handrail import books
from handrail.adapters.sql import rows
from handrail.adapters.sql.store import SqlStore
from handrail.adapters.sql.unit import SqlUnit
from handrail.core.ownership import Status
from handrail.errors import InputError
from handrail.ports import Case, Effect

_SCAN = 200  # rows that are read for a page at a time
_MOST = 5_000  # rows that are looked at for one page


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which cases: whatever is empty says nothing. `open_only` leaves out what is closed."""

    status: str = ""
    queue: str = ""
    human: str = ""
    workflow: str = ""
    customer: str = ""
    open_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some cases in the order of their ids, and where the next page begins; empty: at the end."""

    cases: tuple[Case, ...]
    cursor: str


def cases(
    store: SqlStore, wanted: Wanted, sees: Callable[[Case], bool], *, after: str, limit: int
) -> Page:
    """The next `limit` cases behind a cursor that may be seen. A page may be short, and even
    empty, though another follows: at most some thousand rows are looked at for one.

    The order is that of the ids, so that nothing is left out or told twice while cases change.
    """
    last = _read(after)
    found: list[Case] = []
    with store.view() as unit:
        looked = 0
        while len(found) < limit and looked < _MOST:
            some = _some(cast("SqlUnit", unit), wanted, last)
            for one in some:
                looked, last = looked + 1, one.id
                if not books.is_book(one.id) and sees(one):
                    found.append(one)
                    if len(found) == limit:
                        return Page(cases=tuple(found), cursor=_cursor(last))
            if len(some) < _SCAN:
                return Page(cases=tuple(found), cursor="")
    return Page(cases=tuple(found), cursor=_cursor(last))


def _some(unit: SqlUnit, wanted: Wanted, last: str) -> list[Case]:
    where, given = [], []
    for name in ("status", "queue", "human", "workflow", "customer"):
        if value := getattr(wanted, name):
            where.append(f" and {name} = ?")
            given.append(value)
    if wanted.open_only:
        where.append(f" and status <> '{Status.CLOSED.value}'")
    text = (
        f"select body from cases where workspace = ?{''.join(where)} and id > ? "
        f"order by id limit {_SCAN}"
    )
    found = unit.ask(text, *given, last)
    return [unit._restored(rows.read_case(row[0])) for row in found]  # noqa: SLF001  # same room


def bundle(store: SqlStore, case: str) -> tuple[Effect, str] | None:
    """The latest bundle of a case, and its text; None: there is none, or it was erased."""
    with store.view() as unit:
        made = [one for one in unit.effects(case) if one.kind == "bundle"]
        text = unit.payload(made[-1].key) if made else None
        return None if text is None else (made[-1], text)


def _cursor(last: str) -> str:
    return base64.urlsafe_b64encode(last.encode()).decode().rstrip("=")


def _read(cursor: str) -> str:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, ValueError):
        text = "\0"
    if "\0" in text:
        raise InputError("this is no cursor", hint="give `next` of the page before, as it was")
    return text
