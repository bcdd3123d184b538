"""What a client does, without doing it: generators that yield what is to be asked, and are sent the
answers. The drivers, in threads and in an event loop, only carry them.
"""

import logging
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from handrail.agents.answers import PENDING, Admission, Answer, Line, Standing, Step, standing
from handrail.agents.calls import Away, Call, Got, Pause, fit, id_of
from handrail.agents.holding import Flow, Notices, asked, flush
from handrail.agents.spool import Spool
from handrail.core.model import Attributes, Role, Turn
from handrail.core.ownership import Epoch
from handrail.errors import HandrailError, InputError, NotFound

_QUEUED, _LOOKS = 0.03, 20  # seconds between two looks at what is just being let out; how many
_TEXT = 2_000_000  # characters: no service keeps more of a turn, nor takes much more at once
_LOG = logging.getLogger("handrail.client")
_READ = frozenset({"message", "notice"})


class Talk:
    """What is known of one case, and what its program does with it."""

    def __init__(self, name: str, spool: Spool, notices: Notices, begins: dict[str, Any]) -> None:
        self.name, self._spool, self._notices, self._begins = name, spool, notices, begins
        self.epoch: Epoch | None = None
        self.answer = Answer(case=name, standing=Standing.AI)
        self.waits = False
        """Whether something of it was kept here, and is to be told yet."""
        self._language, self._hold = "", ""

    def turn(self, turn: Turn, key: str, **more: Any) -> Flow[Answer]:
        """Tell a turn that has happened. It is kept here when the service cannot be reached."""
        self._language = turn.language or self._language
        if (text := _whole(turn.text)) != turn.text:
            turn = replace(turn, text=text)
        body = {"turn": turn, **self._begins, **more}
        return (yield from self._kept(Call("turn", self.name, body, id_of(key))))

    def say(self, text: str, confidence: float | None, key: str) -> Flow[Answer]:
        """Let the AI say something: it leaves under the epoch that was seen, or not at all."""
        try:
            epoch = yield from self._confirmed()
            body = {"text": _whole(text), "epoch": epoch, "confidence": confidence}
            call = Call("message", self.name, body, id_of(key))
            return self._took((yield from asked(call)))
        except Away as problem:
            return self._away(problem)

    def read(self) -> Flow[list[Line]]:
        """What the customer is to read now. Nothing of the AI whose epoch is over is among it."""
        lines = [Line(text=self._hold, by="client")] if self._hold else []
        self._hold = ""
        try:
            yield from self._catch_up()  # what was shown before is not shown again
            if self.answer.pending:
                yield from self._back()
            for _ in range(_LOOKS):
                got: Got = yield from asked(Call("effects", self.name))
                items = got.body["items"]
                found = [one for one in items if one["kind"] in _READ and not one["late"]]
                if all(one["status"] != "queued" for one in found):
                    break
                yield Pause(_QUEUED)  # it is just being let out
        except Away:
            return lines
        ready = [one for one in found if one["status"] == "accepted" and one["text"] is not None]
        return lines + [
            Line(
                text=one["text"],
                by=one["body"].get("role", one["kind"]),
                number=int(one["key"].rpartition("/")[2]),
            )
            for one in ready
        ]

    def _back(self) -> Flow[None]:
        """See what the case has come to while the service was away."""
        try:
            self._took((yield from asked(Call("look", self.name))))
        except NotFound:  # it was never begun
            self.answer = Answer(case=self.name, standing=Standing.AI)

    def delivered(self, line: Line) -> Flow[None]:
        """The customer has got it."""
        call = Call("delivered", self.name, {"status": "sent"}, part=str(line.number))
        with suppress(Away):
            yield from self._safe(call)

    def admit(
        self, action: str, args: Mapping[str, Any], approval: str, key: str
    ) -> Flow[Admission]:
        """Ask whether a tool effect may happen now."""
        try:
            epoch = yield from self._confirmed()
            said = {"action": action, "epoch": epoch, "args": dict(args), "approval": approval}
            got: Got = yield from asked(Call("admit", self.name, said, id_of(key)))
        except Away as problem:
            self._away(problem)
            return Admission(ok=False, why=PENDING, pending=True)
        return Admission(ok=not got.refused, why=got.refused)

    def command(self, key: str, **said: Any) -> Flow[Answer]:
        """Give a command of the AI. What tells of something that was done is kept; the rest is
        answered `pending`, and was not done.
        """
        call = Call("command", self.name, said, id_of(key))
        if said["command"] in {"report", "open", "withdraw"}:
            return (yield from self._kept(call))
        try:
            yield from self._catch_up()
            return self._took((yield from asked(call)))
        except Away as problem:
            return self._away(problem)

    def streamed(self, text: str, confidence: float | None, key: str, cut: str) -> Flow[Answer]:
        """What the customer has seen of a streamed answer is the turn, also when it was cut."""
        turn = Turn(role=Role.AGENT, text=text, confidence=confidence)
        answer = yield from self.turn(turn, key, epoch=self.epoch, shown=True)
        if cut and not answer.pending:
            self.answer = answer = replace(answer, refused=cut)
        return answer

    def approval(self, tool: str, args: Mapping[str, Any], name: str, until: float) -> Flow[bool]:
        """Ask people, and look each second until one has answered, or it is too late."""
        fit(name, "a request for approval")
        left = int(1000 * max(0.0, until - time.monotonic()))
        said = {"tool": tool, "args": dict(args), "id": name, "expires_in": left}
        call = Call("ask", self.name, said)
        away: Away | None = None
        while True:
            try:
                yield from self._catch_up()
                got: Got = yield call
                call, away = Call("approval", part=name), None
                if got.body["status"] != "open":
                    return bool(got.body["status"] == "granted")
            except Away as problem:
                away = problem
            if time.monotonic() >= until:
                if away is not None:
                    self._away(away)
                return False
            yield Pause(min(1.0, max(0.0, until - time.monotonic())))

    def plan(self) -> Flow[list[Step]]:
        """The steps of the plan that the AI may carry out now; none while it has none."""
        try:
            yield from self._catch_up()
            got: Got = yield from asked(Call("look", self.name))
        except Away as problem:
            self._away(problem)
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
        call = Call("offer", self.name, said, id_of(key), self.answer.offer)
        return (yield from self._kept(call))

    def _kept(self, call: Call) -> Flow[Answer]:
        """Tell something that is lost in no case, and say what came of it."""
        try:
            answer = self._took((yield from self._safe(call)))
        except Away as problem:
            return self._away(problem)
        yield from self._notices.refresh()
        return answer

    def _safe(self, call: Call) -> Flow[Got]:
        """Tell something behind what waits already; it is kept when that fails, and never told
        twice. So it is when whoever waits for this gives up: nobody knows then whether it came.
        """
        try:
            yield from self._catch_up()
            return (yield from asked(call))
        except HandrailError:
            raise
        except BaseException as problem:
            self._spool.add(call)
            self.waits = True
            if not isinstance(problem, Away):
                self._away(Away("the program has given up waiting for an answer"))
            raise

    def _catch_up(self) -> Flow[None]:
        got = yield from flush(self._spool, self.name)
        self.waits = False
        if got is not None:
            self._took(got)

    def _confirmed(self) -> Flow[Epoch]:
        """The epoch under which the AI speaks and acts: the last one that was confirmed."""
        yield from self._catch_up()
        if self.epoch is None and self.answer.pending:  # what was kept has been told behind us
            with suppress(NotFound):
                self._took((yield from asked(Call("look", self.name))))
        return self.seen()

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

    def _away(self, problem: BaseException) -> Answer:
        """The AI is held. The customer is told so once."""
        if not self.answer.pending:
            why = str(problem) or type(problem).__name__
            _LOG.warning("nothing is confirmed, so the AI is held: %s", why)
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


def customer(text: str, language: str) -> Turn:
    """What a customer wrote."""
    return Turn(role=Role.CUSTOMER, text=text, language=language)


def _whole(text: str) -> str:
    """A text that can be sent: not longer than any service takes it, and without half characters,
    as programs leave them that cut an emoji in two.
    """
    text = text[:_TEXT]
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text
