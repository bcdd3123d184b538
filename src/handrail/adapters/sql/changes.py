"""What a unit has changed and not written yet, and how it is written: in one go, at the end."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from handrail import codec
from handrail.adapters.sql import rows
from handrail.adapters.sql.statements import Statements
from handrail.adapters.tables import first
from handrail.core import ledger
from handrail.core.ownership import has_open_handoff
from handrail.errors import Conflict
from handrail.ports import Approval, Case, Effect, Entry, Line


class Cursor(Protocol):
    """What is used of a driver's cursor."""

    rowcount: int
    description: Any

    def execute(self, statement: str, parameters: Sequence[Any] = ..., /) -> Any:
        """Run one statement."""

    def executemany(self, statement: str, parameters: Sequence[Sequence[Any]], /) -> Any:
        """Run one statement for many rows."""

    def fetchone(self) -> Any:
        """The next row."""

    def fetchall(self) -> Any:
        """All rows."""


@dataclass(slots=True)
class Known:
    """A case as the unit knows it: `stored` is what the database has, None for a new one. `fresh`:
    it knows of entries that no checkpoint covers.
    """

    case: Case | None
    stored: Case | None
    clocks: rows.Clocks = ()
    head: str = ""
    touched: int = 0
    fresh: bool = False
    saved: bool = False
    armed: bool = False


@dataclass(slots=True)
class Changes:
    """Rows to be written, by table."""

    lines: list[Line] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    payloads: dict[str, tuple[str, bytes, bytes]] = field(default_factory=dict)
    effects: dict[str, Effect] = field(default_factory=dict)
    approvals: dict[str, Approval] = field(default_factory=dict)
    answers: dict[tuple[str, str], str] = field(default_factory=dict)

    def write(
        self, cursor: Cursor, sql: Statements, workspace: str, cases: dict[str, Known], now: int
    ) -> None:
        """Write all that has changed; nothing is left to be written after it."""

        def put(statement: str, found: Sequence[Sequence[Any]]) -> int:
            if len(found) == 1:
                cursor.execute(statement, found[0])
            else:
                cursor.executemany(statement, found)
            return cursor.rowcount

        if self.lines:
            put(sql.new_turn, [rows.turn(workspace, one) for one in self.lines])
        if self.payloads:
            new = [(workspace, key, *kept) for key, kept in self.payloads.items()]
            put(sql.new_payload, new)
        if self.entries:
            put(sql.new_entry, [self._sealed(workspace, one, cases) for one in self.entries])
        if self.effects:
            put(sql.put_effect, [rows.effect(workspace, one) for one in self.effects.values()])
        if self.approvals:
            asked = [
                (workspace, one.id, one.case, one.status.value, codec.dump(one))
                for one in self.approvals.values()
            ]
            put(sql.put_approval, asked)
        if self.answers:
            given = [(workspace, *one, now, body) for one, body in self.answers.items()]
            put(sql.new_answer, given)
        changed = {name: one for name, one in cases.items() if one.saved or one.armed}
        written: dict[str, list[tuple[Any, ...]]] = {}
        for name, known in changed.items():
            statement, row = _row(sql, workspace, name, known)
            written.setdefault(statement, []).append(row)
        for statement, found in written.items():
            if put(statement, found) != len(found) and statement != sql.arm:
                which = f"case `{found[0][-2]}`" if len(found) == 1 else "one of the cases"
                raise Conflict(f"{which} was changed meanwhile", hint="read it again")
        for known in changed.values():
            if known.saved:
                _handoff(cursor, sql, workspace, known)
                known.stored, known.fresh = known.case, True
            known.saved = known.armed = False
        for pending in (self.lines, self.entries):
            pending.clear()
        for kept in (self.payloads, self.effects, self.approvals, self.answers):
            kept.clear()

    @staticmethod
    def _sealed(workspace: str, one: Entry, cases: dict[str, Known]) -> tuple[Any, ...]:
        """An entry with its hash, which is the new head of its case."""
        known = cases[one.case]
        body = ledger.text(one.body)
        known.head = ledger.seal(
            known.head or ledger.genesis(workspace, one.case),
            case=one.case,
            number=one.number,
            at=one.at,
            name=one.name,
            actor=one.actor,
            epoch=one.epoch,
            body=body,
        )
        return rows.entry(workspace, one, body, known.head)


def _row(sql: Statements, workspace: str, name: str, known: Known) -> tuple[str, tuple[Any, ...]]:
    """How the row of a case is written, as one that nobody has changed since it was read."""
    case, before = known.case, known.stored
    if not known.saved or case is None:
        return sql.arm, (first(known.clocks), codec.dump(known.clocks), workspace, name)
    running = rows.running(case, known.clocks, known.head, known.touched)
    if before is None:
        return sql.new_case, (workspace, name, *rows.standing(case), *running)
    if known.fresh and rows.stands(case, before):  # then most indexes stay as they are
        return sql.save_running, (*running, workspace, name, before.version)
    return sql.save_case, (*rows.standing(case), *running, workspace, name, before.version)


def _handoff(cursor: Cursor, sql: Statements, workspace: str, known: Known) -> None:
    """The row of a handoff: one more when one was opened, ended when it is over."""
    case, before = known.case, known.stored
    if case is None:
        return
    own, old = case.ownership, before.ownership if before else None
    if own is old:
        return
    was = old is not None and has_open_handoff(old)
    is_open = has_open_handoff(own)
    if old is not None and was and (not is_open or own.handoff != old.handoff):
        cursor.execute(sql.end_handoff, (own.at, workspace, case.id))
    if is_open and (old is None or not was or own.handoff != old.handoff):
        cursor.execute(sql.open_handoff, (workspace, case.id, own.handoff, own.at))
