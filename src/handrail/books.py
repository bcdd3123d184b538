"""Ledger chains of no case: what was done to packs, to the roster, to who may do what.

A book is kept as a closed case whose id nobody can give to a case of theirs. So it is chained,
signed, exported, backed up and verified as all entries are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from handrail.core import case as cases
from handrail.core.ownership import Actor, Ownership, Status
from handrail.ports import Case, Entry, Unit

MARK = "@"
PACKS, ROSTER, ACCESS, HOOKS = "@packs", "@roster", "@access", "@hooks"


def is_book(case: str) -> bool:
    """Whether an id is that of a book."""
    return case.startswith(MARK)


def write(unit: Unit, book: str, name: str, by: Actor, body: Mapping[str, Any]) -> Entry:
    """Append to a book. `body` is plain data without secrets; other writers wait for this unit."""
    found = unit.case(book) or Case(
        id=book,
        workflow="",
        ownership=Ownership(
            workflow="", at=unit.now(), epoch=unit.first_epoch(), status=Status.CLOSED
        ),
        state=cases.start(),
    )
    entry = Entry(
        case=book,
        number=found.entries + 1,
        at=unit.now(),
        name=name,
        actor=f"{by.kind.value}:{by.id}" if by.id else by.kind.value,
        epoch=found.ownership.epoch,
        body=body,
    )
    unit.append(entry)
    unit.save(replace(found, entries=entry.number))
    return entry


def read(unit: Unit, book: str) -> Sequence[Entry]:
    """All entries of a book, in order."""
    return unit.entries(book)
