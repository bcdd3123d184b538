"""Where the store keeps what is personal: the one list that is shown, and that is erased.

A subject is a customer, or a single case. To a customer belong the cases under that name, and
those that went on from them when the customer came back late.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from handrail.adapters.sql.unit import SqlUnit
from handrail.errors import InputError, NotFound
from handrail.ports import Approval, ApprovalStatus, Case, Delivery, Effect

CUSTOMER, CASE = "customer", "case"

# What Handrail itself writes into an effect, beside a text: codes, counts, times, ids of staff.
# All else in a body came from outside, and counts as personal; so does the digest of an action,
# from which its arguments could be guessed.
_OURS = frozenset(
    (
        *("at", "due", "episode", "event", "expires", "for", "human", "id", "kind", "level"),
        *("line", "outcome", "owner", "queue", "reason", "reasons", "role", "speaker", "status"),
        *("steps", "to", "tool", "what", "why"),
    )
)
_WAITS = frozenset({Delivery.QUEUED, Delivery.QUARANTINED, Delivery.FAILED})
_UNSETTLED = frozenset({ApprovalStatus.OPEN, ApprovalStatus.GRANTED})


class Subject(NamedTuple):
    """Whose values: `kind` is `customer` or `case`."""

    kind: str
    id: str

    def __str__(self) -> str:
        return f"{self.kind} `{self.id}`"


def subject(customer: str = "", case: str = "") -> Subject:
    """The subject that a caller named. InputError unless it is exactly one."""
    if bool(customer) == bool(case):
        raise InputError("it is not clear whose values are meant", hint="name a customer or a case")
    return Subject(CASE, case) if case else Subject(CUSTOMER, customer)


class Hold(NamedTuple):
    """Who forbade to erase what, and why. `at` is milliseconds since the epoch."""

    kind: str
    id: str
    reason: str
    by: str
    at: int

    @property
    def subject(self) -> Subject:
        """What must not be erased."""
        return Subject(self.kind, self.id)


def cases_of(unit: SqlUnit, who: Subject) -> list[str]:
    """Ids of the cases of a subject, sorted. NotFound when nothing is kept about it."""
    if who.kind == CASE:
        found = [who.id] if unit.look([who.id]) else []
    else:
        text = "select id from cases where workspace = ? and customer = ? and customer <> ''"
        begun = [row[0] for row in unit.ask(text, who.id)]
        same = frozenset({who.id, ""})
        chained = _chained(unit, begun).values()
        found = sorted(one.id for one in chained if one.customer in same)
    if not found:
        raise NotFound(
            f"nothing is kept about {who}",
            hint="look at the spelling; a customer who was erased is not known any more",
        )
    return found


def _chained(unit: SqlUnit, names: Iterable[str]) -> dict[str, Case]:
    """Cases with those before and after them, by id."""
    seen: dict[str, Case] = {}
    asked, todo = set[str](), {*names}
    while todo:
        asked |= todo
        found = unit.look(sorted(todo))
        seen |= {case.id: case for case in found}
        todo = {end for case in found for end in (case.linked, case.next) if end} - asked
    return seen


def holds_on(unit: SqlUnit, names: Iterable[str]) -> list[Hold]:
    """The holds that forbid to erase any of these cases: on it, or on whoever it belongs to."""
    names = list(names)
    every = holds(unit)
    if not every:
        return []
    people = {one.customer for one in _chained(unit, names).values()}
    return [one for one in every if one.id in (people if one.kind == CUSTOMER else names)]


_HOLDS = (
    'select kind, subject, reason, "by", at from holds where workspace = ? order by at, subject'
)


def holds(unit: SqlUnit) -> list[Hold]:
    """All holds, the oldest first."""
    return [Hold(*row) for row in unit.ask(_HOLDS)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """What stands about a person in one case. `texts` are the keys of its payloads, `answers` how
    many calls it remembers, `spoken` how many turns name who made them, `row`: the case itself.
    """

    texts: tuple[str, ...]
    answers: int
    spoken: int
    effects: tuple[Effect, ...]
    approvals: tuple[Approval, ...]
    row: bool

    def __bool__(self) -> bool:
        kept = (self.texts, self.answers, self.spoken, self.effects, self.approvals, self.row)
        return any(kept)

    def cancelled(self) -> Iterator[Effect]:
        """What has not left yet, and would have nothing to say any more."""
        texts = frozenset(self.texts)
        return (one for one in self.effects if one.key in texts and one.status in _WAITS)


def trace(unit: SqlUnit, case: Case) -> Trace:
    """What is personal in a case, wherever it stands."""
    texts = tuple(row[0] for row in unit.ask(_TEXTS, case.id))
    gone = frozenset(texts)
    return Trace(
        texts=texts,
        answers=unit.ask(_ANSWERS, case.id)[0][0],
        spoken=unit.ask(_SPOKEN, case.id)[0][0],
        effects=tuple(
            one
            for one in unit.effects(case.id)
            if plain(one.body) != one.body or (one.key in gone and one.status in _WAITS)
        ),
        approvals=tuple(
            one for one in unit.approvals(case.id) if one.digest and one.status not in _UNSETTLED
        ),
        row=bool(case.customer or case.values or case.transcript or case.memory),
    )


_OF = 'where workspace = ? and "case" = ?'
_TEXTS = f"select key from payloads {_OF} order by key"
_ANSWERS = f"select count(*) from answers {_OF}"
_SPOKEN = f"select count(*) from turns {_OF} and role = 'customer' and \"by\" <> ''"
FORGET = (
    f"delete from payloads {_OF}",
    f"delete from answers {_OF}",
    f"update turns set \"by\" = '' {_OF} and role = 'customer' and \"by\" <> ''",
)
"""What is said to the database to erase a case, besides its row, its effects and approvals."""


def plain(body: Mapping[str, Any]) -> dict[str, Any]:
    """What may stay of the body of an effect."""
    return {name: value for name, value in body.items() if name in _OURS}
