"""What a client does, without doing it: generators that yield what is to be asked, and are sent the
answers. The drivers, in threads and in an event loop, only carry them.
"""

import time
import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from handrail.agents.answers import PENDING, Admission, Answer, Line, Standing, Step, standing
from handrail.agents.calls import Away, Call, Got, Pause
from handrail.agents.holding import Flow, Notices, asked, flush
from handrail.agents.spool import Spool
from handrail.core.model import Attributes, Role, Turn
from handrail.core.ownership import Epoch
from handrail.errors import InputError, NotFound

_QUEUED, _LOOKS = 0.03, 20  # seconds between two looks at what is just being let out; how many
_READ = frozenset({"message", "notice"})


class Talk:
    """What is known of one case, and what its program does with it."""

    def __init__(self, name: str, spool: Spool, notices: Notices, begins: dict[str, Any]) -> None:
        self.name, self._spool, self._notices, self._begins = name, spool, notices, begins
        self.epoch: Epoch | None = None
        self.answer = Answer(case=name, standing=Standing.AI)
        self._language, self._hold = "", ""

    def turn(self, turn: Turn, key: str, **more: Any) -> Flow[Answer]:
        """Tell a turn that has happened. It is kept here when the service cannot be reached."""
        self._language = turn.language or self._language
        body = {"turn": turn, **self._begins, **more}
        return (yield from self._kept(Call("turn", self.name, body, key or _id())))

    def say(self, text: str, confidence: float | None, key: str) -> Flow[Answer]:
        """Let the AI say something: it leaves under the epoch that was seen, or not at all."""
        try:
            yield from self._catch_up()
            body = {"text": text, "epoch": self.epoch, "confidence": confidence}
            call = Call("message", self.name, body, key or _id())
            return self._took((yield from asked(call)))
        except Away:
            return self._away()

    def read(self) -> Flow[list[Line]]:
        """What the customer is to read now. Nothing of the AI whose epoch is over is among it."""
        lines = [Line(text=self._hold, by="client")] if self._hold else []
        self._hold = ""
        if self.answer.pending and not (yield from self._back()):
            return lines
        for _ in range(_LOOKS):
            try:
                got: Got = yield from asked(Call("effects", self.name))
            except Away:
                return lines
            found = [one for one in got.body["items"] if one["kind"] in _READ and not one["late"]]
            if all(one["status"] != "queued" for one in found):
                break
            yield Pause(_QUEUED)  # it is just being let out
        ready = [one for one in found if one["status"] == "accepted" and one["text"] is not None]
        return lines + [
            Line(
                text=one["text"],
                by=one["body"].get("role", one["kind"]),
                number=int(one["key"].rpartition("/")[2]),
            )
            for one in ready
        ]

    def _back(self) -> Flow[bool]:
        """Whether the service can be reached again, and what the case has come to."""
        try:
            yield from self._catch_up()
            self._took((yield Call("look", self.name)))
        except Away:
            return False
        except NotFound:  # it was never begun
            self.answer = Answer(case=self.name, standing=Standing.AI)
        return True

    def delivered(self, line: Line) -> Flow[None]:
        """The customer has got it."""
        call = Call("delivered", self.name, {"status": "sent"}, part=str(line.number))
        try:
            yield from asked(call)
        except Away:
            self._spool.add(call)

    def admit(
        self, action: str, args: Mapping[str, Any], approval: str, key: str
    ) -> Flow[Admission]:
        """Ask whether a tool effect may happen now."""
        try:
            yield from self._catch_up()
            got: Got = yield from asked(
                Call(
                    "admit",
                    self.name,
                    {
                        "action": action,
                        "epoch": self.seen(),
                        "args": dict(args),
                        "approval": approval,
                    },
                    key or _id(),
                )
            )
        except Away:
            self._away()
            return Admission(ok=False, why=PENDING, pending=True)
        return Admission(ok=not got.refused, why=got.refused)

    def command(self, key: str, **said: Any) -> Flow[Answer]:
        """Give a command of the AI. What tells of something that was done is kept; the rest is
        answered `pending`, and was not done.
        """
        call = Call("command", self.name, said, key or _id())
        if said["command"] in {"report", "open", "withdraw"}:
            return (yield from self._kept(call))
        try:
            yield from self._catch_up()
            return self._took((yield from asked(call)))
        except Away:
            return self._away()

    def streamed(self, text: str, confidence: float | None, key: str, cut: str) -> Flow[Answer]:
        """What the customer has seen of a streamed answer is the turn, also when it was cut."""
        turn = Turn(role=Role.AGENT, text=text, confidence=confidence)
        answer = yield from self.turn(turn, key, epoch=self.epoch, shown=True)
        if cut and not answer.pending:
            self.answer = answer = replace(answer, refused=cut)
        return answer

    def approval(self, tool: str, args: Mapping[str, Any], name: str, until: float) -> Flow[bool]:
        """Ask people, and look each second until one has answered, or it is too late."""
        left = int(1000 * max(0.0, until - time.monotonic()))
        said = {"tool": tool, "args": dict(args), "id": name, "expires_in": left}
        call = Call("ask", self.name, said)
        while True:
            try:
                got: Got = yield call
                call = Call("approval", part=name)
                if got.body["status"] != "open":
                    return bool(got.body["status"] == "granted")
            except Away:
                self._away()
            if time.monotonic() >= until:
                return False
            yield Pause(min(1.0, max(0.0, until - time.monotonic())))

    def plan(self) -> Flow[list[Step]]:
        """The steps of the plan that the AI may carry out now; none while it has none."""
        try:
            yield from self._catch_up()
            got: Got = yield from asked(Call("look", self.name))
        except Away:
            self._away()
            return []
        answer = self._took(got)
        told = got.body.get("mandate", {}) if answer.standing is Standing.DELEGATED else {}
        return [
            Step(id=one["id"], action=one["action"], progress=one.get("progress", "pending"))
            for one in told.get("steps", ())
        ]

    def offer(self, *, accepted: bool, key: str) -> Flow[Answer]:
        """The customer's answer to the offer that is open."""
        if not self.answer.offer:
            raise InputError("no offer is open in this case", hint="look at `offer` of an answer")
        said = {"accepted": accepted}
        return (
            yield from self._kept(Call("offer", self.name, said, key or _id(), self.answer.offer))
        )

    def _kept(self, call: Call) -> Flow[Answer]:
        """Tell something that is lost in no case: behind what waits already, and never twice."""
        try:
            yield from self._catch_up()
            got = yield from asked(call)
        except Away:
            self._spool.add(call)
            return self._away()
        yield from self._notices.refresh()
        return self._took(got)

    def _catch_up(self) -> Flow[None]:
        got = yield from flush(self._spool, self.name)
        if got is not None and "status" in got.body:
            self._took(got)

    def seen(self) -> Epoch:
        """The epoch that was confirmed last. InputError before there is one."""
        if self.epoch is None:
            raise InputError("nothing of this case is known here yet", hint="tell a turn first")
        return self.epoch

    def _took(self, got: Got) -> Answer:
        told = got.body
        self.name, self._hold = told.get("case", self.name), ""
        self.epoch = Epoch(*told["epoch"])
        self.answer = Answer(
            case=self.name,
            standing=standing(told),
            epoch=self.epoch,
            outcome=told.get("outcome", ""),
            refused=got.refused,
            offer=told.get("offer", ""),
            raw=told,
        )
        return self.answer

    def _away(self) -> Answer:
        """The AI is held. The customer is told so once."""
        text = self._notices.holding(self._begins.get("workflow", ""), self._language)
        if not self.answer.pending:
            self._hold = text
        self.answer = Answer(
            case=self.name,
            standing=Standing.PENDING,
            epoch=self.epoch,
            refused=PENDING,
            offer=self.answer.offer,
            holding=text,
        )
        return self.answer


def begins(
    workflow: str,
    customer: str,
    attributes: Attributes | None,
    values: Mapping[str, Mapping[str, Any]] | None,
) -> dict[str, Any]:
    """What is said of a case with each of its turns."""
    given = {"workflow": workflow, "customer": customer, "attributes": attributes, "values": values}
    return {name: one for name, one in given.items() if one}


def _id() -> str:
    return uuid.uuid4().hex


def customer(text: str, language: str) -> Turn:
    """What a customer wrote."""
    return Turn(role=Role.CUSTOMER, text=text, language=language)
