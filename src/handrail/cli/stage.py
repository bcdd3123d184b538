"""Where a whole case is played: an engine with a clock of ours, and what is shown of it.

What is printed is what the engine answered and what the ledger holds; only who says what when is
written beforehand.
"""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import typer

from handrail import packs, wiring
from handrail.cli import explain, table
from handrail.cli.people import clock, span, zone
from handrail.core import routing
from handrail.core.bundle import Bundle, Mask, render
from handrail.core.model import Attributes, Decision, Outcome, Role, Turn
from handrail.core.ownership import Actor, Command, Epoch, Party
from handrail.core.policy import Speaker
from handrail.core.record import build, load
from handrail.engine import Reply, deploy, gate
from handrail.masking import detect
from handrail.packs import roster
from handrail.ports import Case, Effect, Entry

_START = "2026-11-23T10:02"  # a Monday; people are at work
_HANG = 26  # columns before what is said
_SILENT = {"digest", "key", "record", "text"}  # of an entry: hashes, and names of texts
_SPEAKERS = {Speaker.AI: "the AI speaks", Speaker.HUMAN: "a person speaks"}


class Stage:
    """One case, from its first turn on. `quiet`: nothing is printed."""

    def __init__(self, pack: str, tier: str, *, wait: float, quiet: bool) -> None:
        loaded = packs.load(pack)
        self.on = deploy(loaded, roster.load(pack, loaded))
        self.zone = zone(loaded)
        self.now = int(datetime.fromisoformat(_START).replace(tzinfo=self.zone).timestamp() * 1000)
        self.engine = wiring.in_memory(self.on, lambda: self.now)
        self.tier, self.wait, self.quiet = tier, wait, quiet
        self.calls = 0

    # What happens.

    def later(self, seconds: int) -> None:
        """Time passes, and the clocks with it."""
        self.now += 1000 * seconds
        self.engine.fire()

    def turn(self, role: Role, text: str = "", *, epoch: Epoch | None = None, **told: Any) -> Reply:
        """A turn that comes in, shown with what was decided on it."""
        turn = Turn(role=role, text=text, **told)
        reply = self.engine.turn(
            "case-1",
            turn,
            id=self._id(),
            epoch=epoch,
            attributes=Attributes(tier=self.tier),
            transcript="https://chat.example/case-1",
        )
        said = text or " ".join(f"[{event.value}]" for event in turn.events)
        if role is Role.TOOL:
            said = f"[{turn.tool}] {said}"
        self.line(role.value, said)
        if reply.decision is not None and reply.decision.outcome is not Outcome.CONTINUE:
            self._decided(reply.decision)
        self._heard(reply)
        return reply

    def say(self, text: str, *, by: str = "", epoch: Epoch | None = None) -> Reply:
        """Something that a human or the AI wants to say to the customer."""
        reply = self.engine.send("case-1", text, id=self._id(), by=by, epoch=epoch, confidence=0.9)
        self.line(by or "agent", text)
        self._heard(reply)
        return reply

    def act(self, command: Command, what: str) -> Reply:
        """A command, shown in words."""
        reply = self.engine.act("case-1", command, id=self._id())
        who = command.by.id or command.by.kind.value
        self.line(who, what)
        self._heard(reply)
        return reply

    def admit(self, action: str, **given: Any) -> None:
        """The AI asks at the gate whether it may do something now."""
        epoch = self.case.ownership.epoch
        barred = self.engine.admit("case-1", epoch, action, **given)
        answer = "let through" if barred is None else f"refused, `{gate.code(barred)}`"
        self.line("gate", f"{action} under epoch {epoch}: {answer}", mark=barred is not None)

    def woke(self, seconds: int) -> None:
        """Time passes until a clock has run out; shown with what was decided then."""
        before = len(self.entries())
        self.later(seconds)
        for entry in self.entries()[before:]:
            if entry.name == "clock" and "what" in entry.body:
                self.line("clock", f"{entry.body['kind']}: {entry.body['what']}", mark=True)
            elif entry.name == "decision":
                self._decided(load(entry.body["record"].encode())[1])

    def _id(self) -> str:
        self.calls += 1
        return f"demo-{self.calls}"

    @property
    def case(self) -> Case:
        """The case as it is now."""
        return self.engine.case("case-1")

    # What is shown.

    def head(self, title: str) -> None:
        """A step of the story."""
        if not self.quiet:
            typer.secho(f"\n{title}", bold=True)

    def line(self, who: str, text: str, *, mark: bool = False) -> None:
        """Something that happened, with its time."""
        if self.quiet:
            return
        at = datetime.fromtimestamp(self.now / 1000, UTC).astimezone(self.zone)
        colour = typer.colors.RED if mark else None
        explain.say(f"  {at:%H:%M:%S}  {who:<12}  {text}", fg=colour, hang=_HANG)
        time.sleep(self.wait)

    def note(self, label: str, text: str) -> None:
        """What follows from what happened."""
        if not self.quiet:
            explain.say(f"{'':<12}{label:<12}  {text}", dim=True, hang=_HANG)

    def _decided(self, decision: Decision) -> None:
        self.line("decision", decision.outcome.code, mark=True)
        for reason in decision.reasons:
            self.note("because", explain.reason(reason))
        parts = "; ".join(explain.contribution(part) for part in decision.contributions)
        self.note("score", f"{explain.share(decision.score)}  ({parts})")

    def _heard(self, reply: Reply) -> None:
        """What the customer is told, and a refusal."""
        for told in reply.told:
            self.note("told", f"“{told.text}” ({_SPEAKERS[told.speaker]})")
        if reply.refused is not None:
            self.line("refused", f"`{reply.why}`, the epoch is {reply.epoch} now", mark=True)

    def where(self) -> None:
        """Who has the case, and who answers for it."""
        own = self.case.ownership
        has = own.human or own.queue or "the AI"
        steward = f"; steward {own.steward} answers" if own.status in {"queued", "proposed"} else ""
        self.note("now", f"{own.status.value}, {has}, epoch {own.epoch}{steward}")

    def route(self) -> None:
        """The winning row, and who is asked."""
        own, on = self.case.ownership, self.on
        risks = {one.name: one.risk for one in on.workflows[self.case.workflow].rules.topics}
        request = routing.Request(
            at=self.now,
            since=self.now,
            topics=tuple((name, risks[name]) for name in self.case.state.topics),
            tier=self.tier,
            trigger=own.reasons[0],
            hard=self.case.hard,
        )
        found = routing.route(on.queues, on.pack.matrix, on.calendars, on.roster, request)
        self.note("row", found.row)
        self.note("queue", f"{own.queue}; {', '.join(found.why)}")

    def asked(self) -> None:
        """The person who was asked last, and why that one."""
        last = [one for one in self.effects() if one.kind == "proposal"][-1]
        until = (self.case.ownership.proposed_until - self.now) / 1000
        why = "; ".join(last.body["why"])
        self.line("proposal", f"{last.body['human']} is asked, {until:.0f} s to answer: {why}")

    def bundle(self) -> None:
        """The bundle as the person who takes over reads it."""
        made, mask = self._bundle()
        missing = ", ".join(one.value for one in made.missing) or "nothing"
        if self.quiet:
            return
        typer.secho(f"    {made.status.value}, missing: {missing}", dim=True)
        for text in render.to_markdown(made, mask).splitlines():
            if text.startswith("## "):
                typer.secho(f"    {text.removeprefix('## ')}", fg=typer.colors.CYAN)
            elif text:
                for sign in "\\<>[]*_#|!":
                    text = text.replace("\\" + sign, sign)  # noqa: PLW2901
                explain.say(f"      {text}")

    def _bundle(self) -> tuple[Bundle, Mask]:
        last = [one for one in self.effects() if one.kind == "bundle"][-1]
        with self.engine.store.unit() as unit:
            text = unit.payload(last.key) or ""
        masked = self.on.bundle(self.case.workflow).masked
        return build(Bundle, json.loads(text)), Mask(detect, frozenset(masked))

    def effects(self) -> list[Effect]:
        """What left, or is to leave."""
        with self.engine.store.unit() as unit:
            return list(unit.effects("case-1"))

    def entries(self) -> list[Entry]:
        """The ledger of the case."""
        with self.engine.store.unit() as unit:
            return list(unit.entries("case-1"))

    def begins(self) -> str:
        """When the case begins, for people."""
        return f"{clock(self.now, self.zone)[:14]}, {self.zone.key}"

    def as_list(self) -> list[dict[str, Any]]:
        """The ledger for programs."""
        return [
            {"number": one.number, "at": one.at, "entry": one.name, "by": one.actor,
             "epoch": str(one.epoch), "body": one.body}
            for one in self.entries()
        ]  # fmt: skip

    def clocks(self) -> None:
        """The clocks that ran, and how each ended."""
        rows = [
            (body["kind"], clock(body["started"], self.zone)[-5:], clock(body["due"], self.zone),
             span(entry.at - body["started"]), body["result"])
            for entry in self.entries()
            if entry.name == "clock" and "result" in (body := entry.body)
        ]  # fmt: skip
        self.show(("clock", "began", "due", "ran for", "ended"), rows, left=(0, 4))

    def ledger(self) -> None:
        """Every entry of the case."""
        rows = [
            (str(one.number), clock(one.at, self.zone)[-5:], one.name, one.actor, str(one.epoch),
             ", ".join(_told(one)))
            for one in self.entries()
        ]  # fmt: skip
        self.show(("", "at", "entry", "by", "epoch", "says"), rows, left=(2, 3, 5))

    def show(self, heads: tuple[str, ...], rows: list[Any], *, left: tuple[int, ...]) -> None:
        """A table, unless nothing is shown."""
        if not self.quiet:
            table.show(heads, rows, left=left)


def human(name: str) -> Actor:
    """A person who acts."""
    return Actor(kind=Party.HUMAN, id=name)


def _told(entry: Entry) -> Iterator[str]:
    """What an entry says, shortly."""
    if entry.name == "decision":
        yield str(json.loads(entry.body["record"])["decision"]["outcome"])
    for key, value in entry.body.items():
        if isinstance(value, str) and value and key not in _SILENT:
            yield value
