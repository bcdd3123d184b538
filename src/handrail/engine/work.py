"""One unit of work on one case: every change of the case, its clocks and its ledger goes through
here, so that they are committed together.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from handrail.codec import changed
from handrail.core import ownership, policy, sla
from handrail.core.model import Trigger
from handrail.core.ownership import (
    Actor,
    Command,
    Epoch,
    Ownership,
    Party,
    Refusal,
    Refused,
    Status,
)
from handrail.core.ownership import commands as c
from handrail.core.policy import NoticeEvent, Speaker
from handrail.core.record import plain
from handrail.core.sla import Event, Firing
from handrail.engine.deployment import Deployment
from handrail.engine.events import meaning
from handrail.engine.reply import Reply, Told
from handrail.outbox import OWNER_CHANGED, cancelled
from handrail.ports import (
    ApprovalStatus,
    Case,
    Delivery,
    Effect,
    Entry,
    Offer,
    OfferStatus,
    Unit,
)

SYSTEM = Actor(kind=Party.SYSTEM)
_PASSING = "I am passing you on to a person."
"""Said when the pack has no words for a transfer: nobody is transferred in silence."""


class Work:
    """A case while a unit is open. `fired` are clocks that had run out before what was done.
    `deployment` is what this case is under, `on` what all cases are.
    """

    def __init__(self, unit: Unit, deployment: Deployment, case: Case) -> None:
        self.unit = unit
        self.on, self.deployment = deployment, deployment.of(case.id)
        self.case = case
        self.now = unit.now()
        self.deadlines = unit.deadlines(case.id)
        self.before = case.ownership
        self.entries, self.effects = case.entries, case.effects  # of the row, counted on
        self.fired: list[Firing] = []
        self.told: list[Told] = []
        self.caught: list[str] = []
        self.kept: dict[str, str] = {}  # texts of which no entry tells yet: their commitments
        self.opened = self.cooldown = False
        self.message = ""

    @property
    def own(self) -> Ownership:
        """Who has the case now."""
        return self.case.ownership

    def change(self, **fields: Any) -> None:
        """Change the row of the case."""
        self.case = changed(self.case, **fields)

    def keep(self, key: str, text: str) -> None:
        """Store a text apart; the entry that comes next holds the commitment to it."""
        self.kept[key] = self.unit.keep(self.case.id, key, text)

    def entry(self, name: str, actor: Actor, body: Mapping[str, Any]) -> None:
        """Write one fact into the ledger."""
        if self.kept:
            told = [{"key": key, "commitment": mark} for key, mark in self.kept.items()]
            body, self.kept = {**body, "payloads": told}, {}
        self.entries += 1
        self.unit.append(
            Entry(
                case=self.case.id,
                number=self.entries,
                at=self.now,
                name=name,
                actor=f"{actor.kind}:{actor.id}" if actor.id else str(actor.kind),
                epoch=self.own.epoch,
                body=body,
            )
        )

    def do(self, cmd: Command) -> Refused | None:
        """Give a command: applied with its entry and its clocks, or refused without a trace."""
        before = self.own
        after = ownership.apply(before, cmd)
        if isinstance(after, Refused):
            return after
        if stranger := self._stranger(cmd):
            return Refused(code=Refusal.UNKNOWN_PERSON, who=stranger)
        self.change(ownership=after)
        self.entry(cmd.name, cmd.by, plain(cmd))
        if after.epoch != before.epoch:
            last_words = isinstance(cmd, c.Resolve) and cmd.by.kind is Party.AI
            self.silence(OWNER_CHANGED, after.epoch if last_words else None)
        event, until = meaning(before, after, cmd)
        if event is not None:
            self.clocks(event, until)
        if before.status is Status.AI and after.status is not Status.AI:
            self.end_offer(OfferStatus.LAPSED)
        if after.status is Status.CLOSED:
            self._end_approvals()
        if before.status is Status.DELEGATED and after.status is Status.HELD:
            steps = {
                one.id: one.progress.value for one in (after.mandate.steps if after.mandate else ())
            }
            body = {"human": after.human, "reason": cmd.reason or cmd.name, "steps": steps}
            self.effect("returned", body)
        return None

    def _stranger(self, cmd: Command) -> str:
        """Who would have or be asked to take the case, and is nobody that it can be given to. A
        supervisor steps in without being in the roster.
        """
        if isinstance(cmd, c.Propose):
            name = cmd.human
        elif isinstance(cmd, c.Accept | c.Takeover) and not cmd.by.supervisor:
            name = cmd.by.id
        else:
            return ""
        return "" if self.deployment.knows(name) else name

    def end_offer(self, status: OfferStatus) -> None:
        """Close the offer that is open, if there is one, with an entry."""
        offer = self.case.offer
        if offer is None or offer.status is not OfferStatus.OPEN:
            return
        state = replace(self.case.state, offer_open=False)
        self.change(offer=replace(offer, status=status), state=state)
        said = status in {OfferStatus.ACCEPTED, OfferStatus.DECLINED}
        by = Actor(kind=Party.CUSTOMER) if said else SYSTEM
        self.entry("offer", by, {"id": offer.id, "status": status.value})
        self.clocks(Event.OFFER_ENDED)

    def offer(self, expires: int) -> None:
        """Make the customer an offer, until `expires`."""
        made = Offer(id=f"{self.case.id}/offer/{self.case.lines}", at=self.now, expires=expires)
        self.change(offer=made)
        body = {"id": made.id, "status": made.status.value, "expires": expires}
        self.entry("offer", SYSTEM, body)
        self.clocks(Event.OFFERED, expires)

    def _end_approvals(self) -> None:
        """What a case that is closed was to do is not done any more."""
        for found in self.unit.approvals(self.case.id):
            if found.status in {ApprovalStatus.OPEN, ApprovalStatus.GRANTED}:
                self.unit.put_approval(replace(found, status=ApprovalStatus.EXPIRED))
                body = {"id": found.id, "status": "expired", "reason": "closed"}
                self.entry("approval", SYSTEM, body)

    def clocks(self, event: Event, until: int = 0) -> None:
        """Tell the clocks what happened."""
        update = sla.on(
            event, str(self.own.status), *self._hours(), self.deadlines, self.now, until
        )
        self.deadlines = update.deadlines
        self.fired.extend(update.fired)
        for one in update.settled:
            self.entry("clock", SYSTEM, plain(one))

    def fire(self) -> None:
        """Take what has fallen due by now."""
        fired, self.deadlines = sla.fire(*self._hours(), self.deadlines, self.now)
        self.fired.extend(fired)

    def _hours(self) -> tuple[sla.SlaPolicy, Any]:
        queue = self.own.queue
        found = self.deployment.clocks(self.case.workflow, queue)
        return found, self.deployment.calendars.get(queue)

    def silence(self, why: str, keep: Epoch | None = None) -> None:
        """What the AI said and has not left yet never leaves; with `keep` it goes on under that
        epoch: the AI has closed the case itself, and these are its last words.
        """
        for effect in self.unit.effects(self.case.id, queued=True):
            if effect.fence is None:
                continue
            if keep is not None:
                self.unit.put_effect(replace(effect, fence=keep))
                continue
            self.unit.put_effect(cancelled(effect, why))
            body = {"key": effect.key, "kind": effect.kind, "error": why}
            self.entry("delivery", SYSTEM, {**body, "status": Delivery.CANCELLED.value})

    def effect(
        self, kind: str, body: Mapping[str, Any], *, text: str = "", fenced: bool = False
    ) -> str:
        """Something to do outside once this is committed; gives its key."""
        self.effects += 1
        key = f"{self.case.id}/{self.effects}"
        if text:
            self.keep(key, text)
        self.unit.put_effect(
            Effect(
                key=key,
                case=self.case.id,
                kind=kind,
                body=body,
                at=self.now,
                number=self.effects,
                due=self.now,
                fence=self.own.epoch if fenced else None,
            )
        )
        return key

    def tell(self, event: NoticeEvent, trigger: Trigger | None = None, wait: str = "") -> None:
        """Tell the customer, in the words of the pack. What names a wait needs one."""
        found = policy.notice(
            self.deployment.pack, self.case.workflow, event, trigger, self.case.language
        )
        text, speaker = (found.text, found.speaker) if found else ("", Speaker.AI)
        if "{wait}" in text and not wait:
            text = ""
        if not text:
            if event is not NoticeEvent.PAUSE:
                return
            self.caught.append("silent_transfer")
            text = _PASSING
        text = self._filled(text, wait)
        self.told.append(Told(event=event.value, text=text, speaker=speaker))
        self.effect("notice", {"event": event.value, "speaker": speaker.value}, text=text)

    def _filled(self, text: str, wait: str) -> str:
        """The words of a notice with what they leave open."""
        if "{" not in text:
            return text
        person = self.deployment.roster.person(self.own.human)
        name = (person.name or person.id) if person else self.own.human
        told = {"wait": wait, "queue": self.own.queue, "person": name, "case": self.case.id}
        for key, value in told.items():
            text = text.replace(f"{{{key}}}", value)
        return text

    @property
    def freed(self) -> str:
        """The person whose hands this unit has freed of the case."""
        human = self.before.human
        has = human == self.own.human and self.own.status is not Status.CLOSED
        return "" if has else human

    def reply(self, **fields: Any) -> Reply:
        """What is answered, with who has the case now."""
        return Reply(
            case=self.case.id,
            status=self.own.status,
            owner=ownership.owner(self.own),
            accountable=ownership.accountable(self.own),
            epoch=self.own.epoch,
            queue=self.own.queue if self.own.status is not Status.AI else "",
            opened=self.opened,
            cooldown=self.cooldown,
            stopped=self.unit.stopped(self.case.workflow),
            message=self.message,
            mode=self.deployment.mode(self.case.workflow, self.case.id),
            offer=self.case.offer.id if self.case.offer and self.case.state.offer_open else "",
            told=tuple(self.told),
            caught=tuple(self.caught),
            **fields,
        )

    def close(self) -> None:
        """Write the case and its clocks; the unit commits them. Law 16: unclosed, and watched."""
        if self.own.status is not Status.CLOSED and not any(one.armed for one in self.deadlines):
            self.clocks(Event.RESUMED)
        if self.kept:
            self.entry("kept", SYSTEM, {})
        self.unit.arm(self.case.id, self.deadlines)
        self.change(entries=self.entries, effects=self.effects)
        self.case = self.unit.save(self.case)
