"""The one path through the rules. Every call is one unit of work; effects leave after it.

`turn` for what is said and happens, `send` for what is to be said, `act` for commands, `fire` for
time, `admit` for tool effects. A call that is repeated under the same id gets the same answer.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from handrail.core.model import Attributes, Event, Mode, Role, Turn
from handrail.core.ownership import (
    Actor,
    Command,
    Epoch,
    Party,
    Refusal,
    Refused,
    Status,
)
from handrail.engine import acts, answers, bulk, gate, intake, speaking, sweep, timers, turns
from handrail.engine.bulk import found
from handrail.engine.catchup import Missed, Quiet
from handrail.engine.controls import Controls
from handrail.engine.reply import Reply
from handrail.engine.work import SYSTEM, Work
from handrail.ports import Unit

_SPEAK = frozenset({Role.AGENT, Role.HUMAN})
_TOGETHER = 50  # cases whose deadlines are taken in one unit


class Engine(Controls):
    """Cases under a deployment, which `activate` replaces while it runs."""

    def turn(
        self,
        case: str,
        turn: Turn,
        *,
        id: str,  # noqa: A002  # the word that callers know
        workflow: str = "",
        epoch: Epoch | None = None,
        by: str = "",
        attributes: Attributes | None = None,
        values: intake.Values | None = None,
        history: Sequence[Turn] = (),
        transcript: str = "",
        customer: str = "",
        deliver: bool = False,
        shown: bool = False,
    ) -> Reply:
        """Take a turn of a case, which is begun when it is new.

        `id` is the turn's own: the same id gets the same reply, and Conflict for another turn.
        `by` is the known human of a human turn. `epoch` is the one that the AI saw: once a case
        has changed its owner, an AI turn without it is refused. `history` are the turns before,
        when a case is first seen in mid-conversation: they are observed and decide nothing.
        `customer` is whose case it is: what is kept of a person is found, and erased, by it.
        `deliver`: it has not been said yet, and leaves by the outbox if it may; a human gives `by`.
        `shown`: the customer saw it before the case changed its owner, as of a streamed answer that
        was cut: it is kept as a turn, and decides nothing.
        """
        key, mark = f"turn:{id}", answers.digest(turn, by)
        with self.store.unit() as unit:
            if (known := answers.known(unit, case, key, mark)) is not None:
                return known
            now = intake.latest(unit, case, turn)
            now = now or intake.begin(unit, self.deployment, case, workflow, history)
            now = intake.told(now, attributes, values, transcript, customer)
            work = Work(unit, self.deployment, now)
            acts.rehome(work)
            if not now.version and history:
                intake.bring(work, history)
            reply = self._take(work, turn, by, epoch, deliver=deliver, shown=shown)
            answers.remember(unit, case, key, mark, reply)
        self._nudge(work.freed)
        return reply

    def send(
        self,
        case: str,
        text: str,
        *,
        id: str,  # noqa: A002
        epoch: Epoch | None = None,
        by: str = "",
        confidence: float | None = None,
    ) -> Reply:
        """Say something to the customer: the AI under its epoch, or the human `by`.

        `message` of the reply is the key of what leaves; empty when it was refused, or what was
        said is itself the reason for a handoff.
        """
        role = Role.HUMAN if by else Role.AGENT
        said = Turn(role=role, text=text, confidence=confidence)
        return self.turn(case, said, id=id, epoch=epoch, by=by, deliver=True)

    def answer_offer(
        self,
        case: str,
        offer: str,
        *,
        id: str,  # noqa: A002
        accepted: bool,
    ) -> Reply:
        """The customer's answer to an offer. A yes asks for a person, however late it comes."""
        event = Event.OFFER_ACCEPTED if accepted else Event.OFFER_DECLINED
        return self.turn(case, Turn(role=Role.CUSTOMER, events=(event,), tool=offer), id=id)

    def _take(
        self, work: Work, turn: Turn, by: str, epoch: Epoch | None, *, deliver: bool, shown: bool
    ) -> Reply:
        work.fire()
        timers.run(work)
        back = work.own.status is Status.CLOSED
        refused = turns.arrive(work, turn, by)
        if refused is not None and back and turns.comes_back(turn):
            return self._link(work, turn, by)
        barred = refused or self._barred(work, turn, by, epoch, deliver=deliver)
        if barred is not None:
            kept = shown and turns.cut(work, turn, epoch, barred)
            if not kept:
                intake.refuse(work, intake.speaker(turn, by), turn, barred)
            work.close()
            return work.reply(refused=None if kept else barred)
        before, waited = work.own.epoch, speaking.waits(work)
        decision = turns.take(work, turn, by)
        if back:
            turns.returned(work, decision)
        if deliver and work.own.epoch == before and turn.role in _SPEAK:
            speaking.say(work, turn, waited)
        timers.run(work)
        work.close()
        return work.reply(decision=decision)

    def _barred(
        self, work: Work, turn: Turn, by: str, epoch: Epoch | None, *, deliver: bool
    ) -> gate.Answer:
        """Whether this party may speak now. Who a human is fences as well as an epoch does."""
        own = work.own
        if turn.role not in _SPEAK:
            return None
        if turn.role is Role.HUMAN and not work.deployment.knows(by):
            # whom nobody knows may have spoken elsewhere, and does not speak here
            return Refused(code=Refusal.NOT_OWNER, who=own.human) if deliver else None
        if turn.role is Role.HUMAN:
            if own.status is Status.AI and intake.mode(work) is Mode.OBSERVE:
                return None
            epoch = own.epoch
        elif epoch is None:
            if own.epoch.number > 1:
                return Refused(code=Refusal.STALE_EPOCH, who=own.human)
            epoch = own.epoch
        return gate.pass_gate(work.unit, work.case, intake.speaker(turn, by), epoch, gate.MESSAGE)

    def _link(self, work: Work, turn: Turn, by: str) -> Reply:
        """The customer is back after the window: a new case, linked, that the AI begins."""
        old, name = work.case, f"{work.case.id}+"
        while work.unit.case(name) is not None:
            name += "+"
        work.change(next=name)
        work.entry("linked", SYSTEM, {"next": name})
        work.close()
        begun = intake.begin(work.unit, self.deployment, name, old.workflow, ())
        # Its epochs go on from those of the old case: a late answer of then is late here too.
        epoch = Epoch(old.ownership.epoch.incarnation, old.ownership.epoch.number + 1)
        fresh = replace(
            begun,
            ownership=replace(begun.ownership, epoch=epoch),
            attributes=old.attributes,
            values=old.values,
            transcript=old.transcript,
            customer=old.customer,
            language=old.language,
            linked=old.id,
        )
        made = Work(work.unit, self.deployment, fresh)
        return self._take(made, turn, by, None, deliver=False, shown=False)

    def act(self, case: str, command: Command, *, id: str, note: str = "") -> Reply:  # noqa: A002
        """Give a command; `id` is the command's own, and a repetition gets the same reply. `note`:
        the words of a closure, which are kept apart from the ledger.
        """
        key, mark = f"act:{id}", answers.digest(command, note)
        with self.store.unit() as unit:
            if (known := answers.known(unit, case, key, mark)) is not None:
                return known
            reply, free = bulk.command(unit, self.deployment, case, command, note)
            answers.remember(unit, case, key, mark, reply)
        self._nudge(free)
        return reply

    def act_all(
        self,
        cases_: Sequence[str],
        command: Command,
        *,
        id: str,  # noqa: A002
    ) -> Mapping[str, Reply]:
        """A supervisor's command on many cases: one unit and one ledger entry each. NotFound, and
        nothing done, when one of them is not there.
        """
        with self.store.unit() as unit:
            for name in cases_:
                found(unit, name)
        return {name: self.act(name, command, id=f"{id}:{name}") for name in cases_}

    def admit(
        self,
        case: str,
        epoch: Epoch,
        action: str,
        *,
        by: Actor | None = None,
        args: Mapping[str, Any] | None = None,
        approval: str = "",
        id: str = "",  # noqa: A002
    ) -> gate.Answer:
        """Whether a message or a tool effect may leave now; None = it may.

        What an approval was asked for passes only with it, exactly so, once; the step of a plan
        once each time it is begun. To try again after a crash give the same `id`: it gets the same
        answer, and Conflict for another action. An AI that leaves its plan loses the case.
        """
        who = by or Actor(kind=Party.AI)
        told = {"args": args or {}, "approval": approval, "by": [who.kind.value, who.id]}
        key, mark = f"action:{id}", gate.digest(action, told)
        with self.store.unit() as unit:
            if id and (known := answers.known(unit, case, key, mark)) is not None:
                return known.refused
            work = Work(unit, self.deployment, found(unit, case))
            acts.rehome(work)
            work.fire()
            timers.run(work)
            barred = acts.admit(work, who, epoch, action, args or {}, approval)
            timers.run(work)
            work.close()
            if id:
                answers.remember(unit, case, key, mark, work.reply(refused=barred))
            return barred

    def fire(self, limit: int = 1000) -> int:
        """Take what is due in at most `limit` cases, then look for people for those that wait.

        A case that fails holds up no other: what was wrong is raised when all have been taken.
        """
        failed: dict[str, Exception] = {}
        done = taken = self._fire_some(min(_TOGETHER, limit), failed)
        while taken and done < limit:
            taken = self._fire_some(min(_TOGETHER, limit - done), failed)
            done += taken
        if not taken:
            self.catch_up.finish(self.store, self.deployment)
        if self.catch_up.over:
            sweep.holders(self.store, self.deployment, self.rounds)
            sweep.nudge(self.store, self.deployment, rounds=self.rounds)
        for problem in failed.values():
            raise problem
        return done

    def _fire_some(self, limit: int, failed: dict[str, Exception]) -> int:
        """The cases that are longest overdue, in one unit: other processes leave them alone and
        take the next. When that fails, one unit each finds out which of them it was.
        """
        try:
            with self.store.unit() as unit, self.catch_up.taking(unit) as missed:
                for name in (due := self._due(unit, limit, failed)):
                    self._fire(unit, name, missed)
            return len(due)
        except Exception:  # noqa: BLE001  # whatever it is, the others go on
            with self.store.view() as unit:
                due = self._due(unit, limit, failed)
        for name in due:
            try:
                with self.store.unit() as unit, self.catch_up.taking(unit) as missed:
                    self._fire(unit, name, missed)
            except Exception as problem:  # noqa: BLE001  # as above
                failed[name] = problem
        return len(due)

    def _due(self, unit: Unit, limit: int, failed: Collection[str]) -> list[str]:
        names = unit.overdue(unit.now(), limit + len(failed))
        return [name for name in names if name not in failed][:limit]

    def _fire(self, unit: Unit, name: str, missed: Missed | None) -> None:
        work = Quiet(unit, self.deployment, found(unit, name), missed)
        acts.rehome(work)
        work.fire()
        timers.run(work)
        work.close()

    def _nudge(self, person: str) -> None:
        """Somebody has a hand free: those who wait where that helps are looked at."""
        if person and (queues := sweep.freed(self.deployment, person)):
            sweep.nudge(self.store, self.deployment, queues)
