"""Which changes may be shown to whom."""

from collections.abc import Iterable

from handrail import books
from handrail.core.access import Grant, Right, Scope, may, visible
from handrail.web.readers import Sees
from handrail.wiring.desk import Change

_BOOKS = {
    books.PACKS: Right.READ_PACK,
    books.ROSTER: Right.READ_PACK,
    books.ACCESS: Right.ADMINISTER,
    books.HOOKS: Right.ADMINISTER,
}
"""What is of no case is of the workspace: it needs this right, everywhere."""


def sight(grants: Iterable[Grant]) -> Sees:
    """What these grants let be seen: a change of a case by where the case is now."""
    given = tuple(grants)
    cases = visible(given, Right.READ_CASE)
    told = {name for name, right in _BOOKS.items() if may(given, right)}

    def sees(change: Change) -> bool:
        if books.is_book(change.entry.case):
            return change.entry.case in told
        return cases.everything or cases.sees(scope(change))

    return sees


def scope(change: Change) -> Scope:
    """Where the case of a change is."""
    return Scope(workflow=change.workflow, queue=change.queue, topics=frozenset(change.topics))
