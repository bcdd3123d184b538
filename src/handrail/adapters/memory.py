"""A store in memory: for tests, simulations and the demo. Nothing survives the process.

A unit works on a layer over the data and moves it down when it commits, so a unit that fails
leaves nothing behind. One unit at a time: the lock is the whole store's.
"""

import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from heapq import nsmallest

from handrail import codec
from handrail.adapters.salts import salt
from handrail.adapters.tables import (
    HELD,
    IDLE,
    Tables,
    count,
    first,
    holder,
    place,
    queue_of,
    urgency,
)
from handrail.core import ledger
from handrail.core.ownership import Epoch, Status
from handrail.core.sla import Deadline
from handrail.errors import Conflict
from handrail.ports import Approval, Case, Delivery, Effect, Entry, Line


class MemoryStore:
    """See `handrail.ports.Store`. `clock` gives the time in milliseconds."""

    def __init__(self, clock: Callable[[], int], salt: Callable[[], bytes] = salt) -> None:
        self._clock, self._salt = clock, salt
        self._lock = threading.RLock()
        self._tables = Tables()
        self._latest = 0

    @contextmanager
    def unit(self) -> Iterator["MemoryUnit"]:
        """One unit of work."""
        with self._lock:
            self._latest = max(self._latest, self._clock())  # time never runs backwards
            unit = MemoryUnit(self._tables, self._latest, self._salt)
            yield unit
            unit.commit()

    @contextmanager
    def view(self) -> Iterator["MemoryUnit"]:
        """What was committed last, to be read."""
        with self._lock:
            yield MemoryUnit(self._tables, max(self._latest, self._clock()), self._salt)


class MemoryUnit:
    """See `handrail.ports.Unit`."""

    def __init__(self, below: Tables, now: int, salt: Callable[[], bytes]) -> None:
        self._below = below
        self._new = Tables()
        self._now, self._salt = now, salt

    def commit(self) -> None:
        """Move what was changed into the store."""
        new, below = self._new, self._below
        for name, case in new.cases.items():
            before = below.cases.get(name)
            count(below.load, holder, before, case)
            count(below.waiting, queue_of, before, case)
            place(below, before, case)
        for key, effect in new.effects.items():
            if key not in below.effects:
                below.effects_of[effect.case].append(key)
            if effect.status is Delivery.QUEUED:
                below.queued[key] = None
            else:
                below.queued.pop(key, None)
        for key, approval in new.approvals.items():
            if key not in below.approvals:
                below.approvals_of[approval.case].append(key)
        for name, deadlines in new.deadlines.items():
            if (then := first(deadlines)) is not None:
                below.fires[name] = then
            else:
                below.fires.pop(name, None)
        below.cases |= new.cases
        below.answers |= new.answers
        below.payloads |= new.payloads
        below.deadlines |= new.deadlines
        below.effects |= new.effects
        below.approvals |= new.approvals
        below.stopped |= new.stopped
        for name, lines in new.lines.items():
            below.lines[name] += lines
        for name, entries in new.entries.items():
            below.entries[name] += entries

    def now(self) -> int:
        """The time at which the unit began."""
        return self._now

    def case(self, name: str) -> Case | None:
        """The case of that id."""
        return self._new.cases.get(name) or self._below.cases.get(name)

    def first_epoch(self) -> Epoch:
        """The epoch that a new case begins with."""
        return Epoch()

    def look(self, names: Collection[str]) -> Sequence[Case]:
        """Those of these cases that there are."""
        return [case for name in names if (case := self.case(name)) is not None]

    def save(self, case: Case) -> Case:
        """Store a case. Conflict when it changed since it was read."""
        before = self.case(case.id)
        if case.version != (before.version if before else 0):
            raise Conflict(f"case `{case.id}` was changed meanwhile", hint="read it again")
        saved = self._new.cases[case.id] = codec.changed(case, version=case.version + 1)
        return saved

    def answer(self, case: str, key: str) -> str | None:
        """What was answered before."""
        return self._new.answers.get((case, key)) or self._below.answers.get((case, key))

    def remember(self, case: str, key: str, answer: str) -> None:
        """Keep an answer."""
        self._new.answers[case, key] = answer

    def add_line(self, line: Line) -> str:
        """Append a turn; gives the commitment to what was said in it."""
        self._new.lines[line.case].append(line)
        return self.keep(line.case, line.key, codec.dump(line.turn))

    def lines(self, case: str, *, first: int = 1, last: int | None = None) -> Sequence[Line]:
        """Turns by number; only the asked-for part is copied."""
        old, new = self._below.lines.get(case, []), self._new.lines.get(case, [])
        end = len(old) + len(new) if last is None else last
        first = max(1, first)
        return [*old[first - 1 : end], *new[max(0, first - 1 - len(old)) : max(0, end - len(old))]]

    def append(self, entry: Entry) -> None:
        """Append to the ledger."""
        self._new.entries[entry.case].append(entry)

    def entries(self, case: str) -> Sequence[Entry]:
        """The ledger of one case."""
        return [*self._below.entries.get(case, []), *self._new.entries.get(case, [])]

    def keep(self, case: str, key: str, text: str) -> str:
        """Store a text; gives the commitment to it."""
        del case
        self._new.payloads[key] = text
        return ledger.commit(self._salt(), text)

    def payload(self, key: str) -> str | None:
        """The text of that key."""
        return self._new.payloads.get(key, self._below.payloads.get(key))

    def deadlines(self, case: str) -> tuple[Deadline, ...]:
        """The armed deadlines of a case."""
        return self._new.deadlines.get(case, self._below.deadlines.get(case, ()))

    def arm(self, case: str, deadlines: Sequence[Deadline]) -> None:
        """Replace the armed deadlines."""
        self._new.deadlines[case] = tuple(deadlines)

    def overdue(self, at: int, limit: int) -> Sequence[str]:
        """Cases with a deadline that is due."""
        due = [
            (instant, name)
            for name, instant in self._below.fires.items()
            if instant <= at and name not in self._new.deadlines
        ]
        for name, deadlines in self._new.deadlines.items():
            then = first(deadlines)
            if then is not None and then <= at:
                due.append((then, name))
        return [name for _, name in sorted(due)[:limit]]

    def put_effect(self, effect: Effect) -> None:
        """Write an effect."""
        self._new.effects[effect.key] = effect

    def effect(self, key: str) -> Effect | None:
        """The effect of that key."""
        return self._new.effects.get(key) or self._below.effects.get(key)

    def effects(self, case: str, *, queued: bool = False) -> Sequence[Effect]:
        """The effects of a case, or those that are queued."""
        old = [self.effect(key) for key in self._below.effects_of.get(case, ())]
        new = [e for k, e in self._new.effects.items() if k not in self._below.effects]
        found = [e for e in (*old, *new) if e is not None and e.case == case]
        return [e for e in found if not queued or e.status is Delivery.QUEUED]

    def undelivered(self, at: int, limit: int) -> Sequence[Effect]:
        """Effects that are queued and due."""
        names = dict.fromkeys((*self._below.queued, *self._new.effects))
        found = [effect for name in names if (effect := self.effect(name)) is not None]
        due = [one for one in found if one.status is Delivery.QUEUED and one.due <= at]
        return sorted(due, key=lambda one: (one.due, one.number, one.key))[:limit]

    def failed(self, limit: int) -> Sequence[Effect]:
        """Effects that have failed for good."""
        names = dict.fromkeys((*self._below.effects, *self._new.effects))
        found = [effect for name in names if (effect := self.effect(name)) is not None]
        dead = [one for one in found if one.status is Delivery.FAILED]
        return sorted(dead, key=lambda one: (-one.at, one.key))[:limit]

    def put_approval(self, approval: Approval) -> None:
        """Write an approval."""
        self._new.approvals[approval.id] = approval

    def approval(self, name: str) -> Approval | None:
        """The approval of that id."""
        return self._new.approvals.get(name) or self._below.approvals.get(name)

    def approvals(self, case: str) -> Sequence[Approval]:
        """The approvals of a case."""
        old = [self.approval(name) for name in self._below.approvals_of.get(case, ())]
        new = [
            one for name, one in self._new.approvals.items() if name not in self._below.approvals
        ]
        return [one for one in (*old, *new) if one is not None and one.case == case]

    def load(self) -> Mapping[str, int]:
        """Cases that each person holds, sponsors or is asked to take."""
        return self._counted(self._below.load, holder)

    def waiting(self, queue: str) -> int:
        """Cases that wait in a queue."""
        return self._counted(self._below.waiting, queue_of).get(queue, 0)

    def _counted(self, below: Counter[str], key: Callable[[Case], str]) -> Mapping[str, int]:
        """The counts of the store, with what this unit has changed."""
        if not self._new.cases:
            return below
        counts = below.copy()
        for name, case in self._new.cases.items():
            count(counts, key, self._below.cases.get(name), case)
        return counts

    def waiting_cases(self, queues: Collection[str] | None = None) -> Sequence[str]:
        """Cases that are with a queue, and nobody is asked; those of some queues, or all."""
        asked = self._below.idle if queues is None else queues
        old = [name for queue in asked for name in self._below.idle.get(queue, ())]
        return [
            *[name for name in old if name not in self._new.cases],
            *[
                name
                for name, case in self._new.cases.items()
                if case.ownership.status in IDLE
                and (queues is None or case.ownership.queue in queues)
            ],
        ]

    def waiting_queues(self) -> Sequence[str]:
        """The queues that any such case is with."""
        found = self.look(self.waiting_cases())
        return sorted({case.ownership.queue for case in found})

    def urgent(self, queue: str, limit: int, after: Case | None = None) -> Sequence[Case]:
        """Such cases of a queue, the most urgent first, from the one behind `after`."""
        found = self.look(self.waiting_cases((queue,)))
        rest = [one for one in found if after is None or urgency(one) > urgency(after)]
        return nsmallest(limit, rest, key=urgency)

    def held_cases(self) -> Sequence[str]:
        """Cases that a human holds or sponsors."""
        new = self._new.cases
        old = [name for name in self._below.held if name not in new]
        return [*old, *[one.id for one in new.values() if one.ownership.status in HELD]]

    def cases_of(self, *, workflow: str = "", queue: str = "", human: str = "") -> Sequence[str]:
        """Ids of the unclosed cases that match."""
        return [
            case.id
            for case in self._cases()
            if case.ownership.status is not Status.CLOSED
            and (not workflow or case.workflow == workflow)
            and (not queue or case.ownership.queue == queue)
            and (not human or case.ownership.human == human)
        ]

    def _cases(self) -> Iterator[Case]:
        return iter((self._below.cases | self._new.cases).values())

    def stopped(self, workflow: str) -> bool:
        """Whether the AI of a workflow is stopped."""
        return self._new.stopped.get(workflow, self._below.stopped.get(workflow, False))

    def stop(self, workflow: str, *, stopped: bool) -> None:
        """Stop the AI of a workflow, or let it go on."""
        self._new.stopped[workflow] = stopped
