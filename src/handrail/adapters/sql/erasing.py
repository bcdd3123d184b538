"""How the values of a person are erased: case by case, with entries in its ledger that say so."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple, cast

from handrail.adapters.sql import personal
from handrail.adapters.sql.personal import Trace
from handrail.adapters.sql.store import SqlStore
from handrail.adapters.sql.unit import SqlUnit
from handrail.core.ownership import Status
from handrail.ports import Case, Delivery, Effect, Entry

RETENTION = "retention"
"""Why values were erased that had been kept for long enough."""
ERASED = "erased"
_SYSTEM = "system"
_BATCH = 100


class Erased(NamedTuple):
    """How much was erased, or would be: cases that had anything, texts, answers that were given,
    effects with values of their own, effects that will not leave any more.
    """

    cases: int = 0
    texts: int = 0
    answers: int = 0
    effects: int = 0
    cancelled: int = 0

    def __add__(self, other: object) -> "Erased":
        """The sum of both."""
        assert isinstance(other, Erased)
        return Erased(*[mine + more for mine, more in zip(self, other, strict=True)])


def counted(there: Trace) -> Erased:
    """How much was found in a case."""
    return Erased(
        cases=int(bool(there)),
        texts=len(there.texts),
        answers=there.answers,
        effects=sum(personal.plain(one.body) != one.body for one in there.effects),
        cancelled=sum(1 for _ in there.cancelled()),
    )


def carry_out(unit: SqlUnit, case: Case, there: Trace, actor: str, reason: str) -> None:
    """Erase what was found in a case, with the entries that say so."""
    count = counted(there)._asdict()
    del count["cases"]
    bodies: list[tuple[str, dict[str, Any]]] = []
    gone = {one.key for one in there.cancelled()}
    for effect in there.effects:
        ours = replace(effect, body=personal.plain(effect.body))
        unit.put_effect(_cancelled(ours) if effect.key in gone else ours)
        if effect.key in gone:
            told = {"key": effect.key, "kind": effect.kind, "error": ERASED}
            bodies.append(("delivery", {**told, "status": Delivery.CANCELLED.value}))
    for approval in there.approvals:
        unit.put_approval(replace(approval, digest=""))
    for statement in personal.FORGET:
        unit.ask(statement, case.id)
    bodies.append((ERASED, {"keys": list(there.texts), "reason": reason, **count}))
    bare = replace(case, customer="", values={}, transcript="", memory={})
    note(unit, bare, actor, bodies)


def _cancelled(effect: Effect) -> Effect:
    """An effect that has nothing to say any more, and will never leave."""
    return replace(effect, status=Delivery.CANCELLED, error=ERASED)


def note(
    unit: SqlUnit, case: Case, actor: str, bodies: Sequence[tuple[str, dict[str, Any]]]
) -> None:
    """Write entries of a case, and the case."""
    for number, (name, body) in enumerate(bodies, case.entries + 1):
        unit.append(
            Entry(
                case=case.id,
                number=number,
                at=unit.now(),
                name=name,
                actor=actor,
                epoch=case.ownership.epoch,
                body=body,
            )
        )
    unit.save(replace(case, entries=case.entries + len(bodies)))


def sweep(store: SqlStore, older_than: int, limit: int, *, whole: bool) -> Erased:
    """Erase in cases that have been closed and unchanged for `older_than` milliseconds, oldest
    first, batch by batch, each in a unit of its own; all values, or the answers only. What is on
    hold is passed over.
    """
    with store.view() as unit:
        before = unit.now() - older_than
    done, after = Erased(), (-1, "")
    while done.cases < limit:
        most = min(_BATCH, limit - done.cases)
        with store.unit() as unit:
            sql = cast("SqlUnit", unit)
            due = sql.ask(_DUE.format(more=_MORE if whole else ""), before, *after, most)
            for _, name in due:
                done += _purged(sql, name, before, whole=whole)
        if len(due) < most:
            break
        after = due[-1]
    return done


_MORE = """
    or c.customer <> '' or exists (
        select 1 from payloads p where p.workspace = c.workspace and p."case" = c.id
    )"""
_DUE = """
select c.touched, c.id from cases c
where c.workspace = ? and c.status = 'closed' and c.touched <= ? and (c.touched, c.id) > (?, ?)
and (exists (select 1 from answers a where a.workspace = c.workspace and a."case" = c.id){more})
order by c.touched, c.id limit ?
"""


def _purged(unit: SqlUnit, name: str, before: int, *, whole: bool) -> Erased:
    """Erase one case that was due, unless it is on hold or has gone on meanwhile."""
    case = unit.case(name)
    if case is None or case.ownership.status is not Status.CLOSED:
        return Erased()
    if not unit.ask(_STILL, name, before) or personal.holds_on(unit, [name]):
        return Erased()
    there = personal.trace(unit, case)
    if whole:
        carry_out(unit, case, there, _SYSTEM, RETENTION)
        return counted(there)
    unit.ask('delete from answers where workspace = ? and "case" = ?', name)
    return Erased(cases=1, answers=there.answers)


_STILL = "select 1 from cases where workspace = ? and id = ? and touched <= ?"
