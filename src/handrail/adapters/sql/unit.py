"""One unit of work in a transaction: reads see what it has changed, which is written at the end."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from handrail import codec
from handrail.adapters.sql import rows
from handrail.adapters.sql.changes import Changes, Cursor, Known
from handrail.adapters.sql.statements import Statements
from handrail.core import ledger
from handrail.core.ownership import Epoch, Status, restored
from handrail.core.sla import Deadline
from handrail.errors import Conflict
from handrail.ports import Approval, Case, Effect, Entry, Line

_MANY = 1000
"""A queue is counted up to here: nobody's wait is told more exactly than "very long"."""
_FIRST = (-(1 << 31), -1, "")
"""A place before every case that waits."""


class SqlUnit:
    """See `handrail.ports.Unit`. `lock` makes a case that is not there yet ours alone."""

    def __init__(
        self,
        cursor: Cursor,
        sql: Statements,
        *,
        workspace: str,
        now: int,
        incarnation: int,
        salt: Callable[[], bytes],
        lock: Callable[[Cursor, str], None] | None = None,
    ) -> None:
        self._cursor, self._sql, self._workspace = cursor, sql, workspace
        self._now, self._salt, self._lock = now, salt, lock
        self._incarnation = incarnation
        self._cases: dict[str, Known] = {}
        self._changes = Changes()
        self._stopped: dict[str, bool] = {}
        self.written: list[Entry] = []

    def flush(self) -> None:
        """Write what has changed so far, so that the database can be asked about it."""
        self._changes.write(self._cursor, self._sql, self._workspace, self._cases, self._now)

    def now(self) -> int:
        """The time of this unit: never before what a case it has read was told last."""
        return self._now

    def _row(self, statement: str, *given: Any) -> Any:
        self._cursor.execute(statement, (self._workspace, *given))
        return self._cursor.fetchone()

    def _rows(self, statement: str, *given: Any) -> list[Any]:
        self._cursor.execute(statement, (self._workspace, *given))
        found: list[Any] = self._cursor.fetchall()
        return found

    def _known(self, name: str) -> Known:
        """The case of that id, locked and remembered."""
        found = self._cases.get(name)
        if found is not None:
            return found
        row = self._row(self._sql.case, name)
        if row is None and self._lock is not None:
            self._lock(self._cursor, name)
            row = self._row(self._sql.case, name)
        return self._noted(name, row)

    def _noted(self, name: str, row: Any) -> Known:
        """A case that was just read and locked."""
        if row is None:
            found = Known(case=None, stored=None)
        else:
            body, clocks, head, touched, fresh = row
            stored = rows.read_case(body)
            self._now = max(self._now, touched)
            armed = rows.read_clocks(clocks)
            found = Known(self._restored(stored), stored, armed, head, touched, fresh == 1)
        self._cases[name] = found
        return found

    def _restored(self, case: Case) -> Case:
        """A case as it is in this store: after a restore under an epoch never issued before."""
        if case.ownership.epoch.incarnation >= self._incarnation:
            return case
        return replace(case, ownership=restored(case.ownership, self._incarnation))

    def ask(self, statement: str, *given: Any) -> list[Any]:
        """The rows of a statement of another kind, with `?` for what is given: the workspace comes
        first. What was changed so far is written before.
        """
        self.flush()
        self._cursor.execute(self._sql.mark(statement), (self._workspace, *given))
        return self._cursor.fetchall() if self._cursor.description else []

    def case(self, name: str) -> Case | None:
        """The case of that id, locked until the unit ends."""
        return self._known(name).case

    def first_epoch(self) -> Epoch:
        """The epoch that a new case begins with."""
        return Epoch(incarnation=self._incarnation)

    def look(self, names: Collection[str]) -> Sequence[Case]:
        """Those of these cases that there are, not locked."""
        self.flush()
        found = [(name, self._row(self._sql.look, name)) for name in names]
        return [self._restored(rows.read_case(row[0])) for _, row in found if row is not None]

    def save(self, case: Case) -> Case:
        """Store a case. Conflict when it changed since it was read."""
        known = self._known(case.id)
        if case.version != (known.case.version if known.case else 0):
            raise Conflict(f"case `{case.id}` was changed meanwhile", hint="read it again")
        known.case = codec.changed(case, version=case.version + 1)
        known.touched, known.saved = self._now, True
        return known.case

    def answer(self, case: str, key: str) -> str | None:
        """What was answered before."""
        if (case, key) in self._changes.answers:
            return self._changes.answers[case, key]
        if self._sql.called and case not in self._cases:
            row = self._row(self._sql.called, case, key)
            if row is not None:
                *told, answer, stopped = row
                known = self._noted(case, told).case
                self._stopped[known.workflow if known else ""] = stopped == 1
                return str(answer) if answer is not None else None
        self._known(case)  # whoever answers the same call now is waited for
        row = self._row(self._sql.answer, case, key)
        return None if row is None else row[0]

    def remember(self, case: str, key: str, answer: str) -> None:
        """Keep an answer."""
        self._changes.answers[case, key] = answer

    def add_line(self, line: Line) -> str:
        """Append a turn; gives the commitment to what was said in it."""
        self._changes.lines.append(line)
        return self.keep(line.case, line.key, rows.said(line))

    def lines(self, case: str, *, first: int = 1, last: int | None = None) -> Sequence[Line]:
        """Turns by number, both ends included."""
        if self._changes.lines:
            self.flush()
        end = (1 << 31) - 1 if last is None else last
        return [rows.read_turn(row) for row in self._rows(self._sql.turns, case, first, end)]

    def append(self, entry: Entry) -> None:
        """Append to the ledger."""
        self._known(entry.case)
        self._changes.entries.append(entry)
        self.written.append(entry)

    def entries(self, case: str) -> Sequence[Entry]:
        """The ledger of one case."""
        self.flush()
        return [rows.read_entry(row) for row in self._rows(self._sql.entries, case)]

    def keep(self, case: str, key: str, text: str) -> str:
        """Store a text; gives the commitment to it."""
        salt = self._salt()
        data = text.encode("utf-8", "surrogatepass")
        self._changes.payloads[key] = (case, salt, data)
        return ledger.commit(salt, text)

    def payload(self, key: str) -> str | None:
        """The text of that key."""
        kept = self._changes.payloads.get(key)
        if kept is not None:
            return kept[2].decode("utf-8", "surrogatepass")
        row = self._row(self._sql.payload, key)
        return None if row is None else bytes(row[0]).decode("utf-8", "surrogatepass")

    def deadlines(self, case: str) -> tuple[Deadline, ...]:
        """The armed deadlines of a case."""
        return self._known(case).clocks

    def arm(self, case: str, deadlines: Sequence[Deadline]) -> None:
        """Replace the armed deadlines."""
        known = self._known(case)
        known.clocks, known.armed = tuple(deadlines), True

    def overdue(self, at: int, limit: int) -> Sequence[str]:
        """Cases with a deadline that is due and that nobody else looks at now."""
        self.flush()
        found = self._rows(self._sql.overdue, at, limit)
        for name, *row in found:
            if name not in self._cases:
                self._noted(name, row)
        return [row[0] for row in found]

    def put_effect(self, effect: Effect) -> None:
        """Write an effect."""
        self._changes.effects[effect.key] = effect

    def effect(self, key: str) -> Effect | None:
        """The effect of that key, locked until the unit ends."""
        if key in self._changes.effects:
            return self._changes.effects[key]
        row = self._row(self._sql.effect, key)
        return None if row is None else rows.read_effect(row)

    def effects(self, case: str, *, queued: bool = False) -> Sequence[Effect]:
        """The effects of a case, or those that are queued."""
        self.flush()
        statement = self._sql.queued if queued else self._sql.effects
        return [rows.read_effect(row) for row in self._rows(statement, case)]

    def undelivered(self, at: int, limit: int) -> Sequence[Effect]:
        """Effects that are queued and due, oldest first."""
        self.flush()
        return [rows.read_effect(row) for row in self._rows(self._sql.undelivered, at, limit)]

    def failed(self, limit: int) -> Sequence[Effect]:
        """Effects that have failed for good, the latest first."""
        self.flush()
        return [rows.read_effect(row) for row in self._rows(self._sql.failed, limit)]

    def put_approval(self, approval: Approval) -> None:
        """Write an approval."""
        self._changes.approvals[approval.id] = approval

    def approval(self, name: str) -> Approval | None:
        """The approval of that id."""
        if name in self._changes.approvals:
            return self._changes.approvals[name]
        row = self._row(self._sql.approval, name)
        return None if row is None else rows.read_approval(row[0])

    def approvals(self, case: str) -> Sequence[Approval]:
        """The approvals of a case."""
        if self._changes.approvals:
            self.flush()
        return [rows.read_approval(row[0]) for row in self._rows(self._sql.approvals, case)]

    def load(self) -> Mapping[str, int]:
        """How many cases each person holds or is asked to take."""
        self.flush()
        return dict(self._rows(self._sql.load))

    def waiting(self, queue: str) -> int:
        """How many cases wait in a queue, counted up to a thousand."""
        self.flush()
        return int(self._row(self._sql.waiting, queue, _MANY)[0])

    def waiting_cases(self, queues: Collection[str] | None = None) -> Sequence[str]:
        """Ids of the cases that are with one of these queues, and nobody is asked."""
        names = [] if queues is None else sorted(queues)
        if queues is not None and not names:
            return []
        where = f" and queue in ({', '.join('?' * len(names))})" if names else ""
        # The condition of the index in its words, or SQLite would read every case there is.
        return self._ids(f"status in ('queued', 'fallback'){where} order by since, id", *names)

    def waiting_queues(self) -> Sequence[str]:
        """The queues that any such case is with."""
        self.flush()
        return [row[0] for row in self._rows(self._sql.waiting_queues, self._workspace)]

    def urgent(self, queue: str, limit: int, after: Case | None = None) -> Sequence[Case]:
        """Such cases of a queue, the most urgent first, from the one behind `after`."""
        self.flush()
        place = (-after.ownership.priority, after.since, after.id) if after else _FIRST
        found = self._rows(self._sql.urgent, queue, *place, limit)
        return [self._restored(rows.read_case(row[0])) for row in found]

    def held_cases(self) -> Sequence[str]:
        """Ids of the cases that a human holds or sponsors."""
        self.flush()
        return [row[0] for row in self._rows(self._sql.held)]

    def cases_of(self, *, workflow: str = "", queue: str = "", human: str = "") -> Sequence[str]:
        """Ids of the unclosed cases that match."""
        given = {"workflow": workflow, "queue": queue, "human": human}
        wanted = {name: value for name, value in given.items() if value}
        where = "".join(f" and {name} = ?" for name in wanted)
        return self._ids(f"status <> '{Status.CLOSED}'{where} order by id", *wanted.values())

    def _ids(self, where: str, *given: str) -> list[str]:
        self.flush()
        text = f"select id from cases where workspace = ? and {where}"
        return [row[0] for row in self._rows(self._sql.mark(text), *given)]

    def stopped(self, workflow: str) -> bool:
        """Whether the AI of a workflow is stopped."""
        if workflow not in self._stopped:
            self._stopped[workflow] = self._row(self._sql.stopped, workflow) is not None
        return self._stopped[workflow]

    def stop(self, workflow: str, *, stopped: bool) -> None:
        """Stop the AI of a workflow, or let it go on."""
        statement = self._sql.stop if stopped else self._sql.resume
        self._cursor.execute(statement, (self._workspace, workflow))
        self._stopped[workflow] = stopped
