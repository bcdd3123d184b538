"""Calls on an engine of this process: the same answers, without a service."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from handrail import outbox
from handrail.agents.calls import Away, Call, Got
from handrail.core import policy
from handrail.core.model import Role, Turn
from handrail.core.ownership import COMMANDS, Actor, Ownership, Party, Progress, owner
from handrail.core.record import plain
from handrail.engine import Engine, Reply, gate
from handrail.errors import AdapterError, InputError, NotFound, Unavailable
from handrail.ports import Approval, Delivery, Sent
from handrail.wiring import shelf

_AI = Actor(kind=Party.AI)
_OWN = {one.name: one for one in COMMANDS if one.name in {"open", "begin", "report", "return"}}
_OWN |= {one.name: one for one in COMMANDS if one.name in {"resolve", "withdraw"}}


class Local:
    """A transport. The client is the channel to the customer: no other one may deliver."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._does: Mapping[str, Callable[[Call], Got]] = {
            "turn": self._turn,
            "message": self._message,
            "admit": self._admit,
            "command": self._command,
            "offer": self._offer,
            "ask": self._ask,
            "approval": self._approval,
            "look": self._look,
            "effects": self._effects,
            "delivered": self._delivered,
            "workflows": self._workflows,
        }

    def __call__(self, call: Call) -> Got:
        """Ask. Away when the store cannot be reached."""
        try:
            return self._does[call.name](call)
        except (Unavailable, AdapterError) as problem:
            raise Away(str(problem)) from problem

    def close(self) -> None:
        """The engine is whose it was."""

    def _turn(self, call: Call) -> Got:
        said = dict(call.body)
        turn: Turn = said.pop("turn")
        made = self.engine.turn(
            call.case,
            turn,
            id=call.key,
            epoch=said.pop("epoch", None),
            by=said.pop("by", "") if turn.role is Role.HUMAN else "",
            **said,
        )
        return _reply(made)

    def _message(self, call: Call) -> Got:
        said = call.body
        made = self.engine.send(
            call.case,
            said["text"],
            id=call.key,
            epoch=said["epoch"],
            confidence=said.get("confidence"),
        )
        return _reply(made)

    def _admit(self, call: Call) -> Got:
        said = call.body
        barred = self.engine.admit(
            call.case,
            said["epoch"],
            said["action"],
            args=said["args"],
            approval=said["approval"],
            id=call.key,
        )
        if barred is None:
            return Got({})
        return Got(self._look(call).body, refused=gate.code(barred))

    def _command(self, call: Call) -> Got:
        said = dict(call.body)
        kind = _OWN.get(said.pop("command"))
        if kind is None:
            raise InputError("this is no command of an AI", hint=f"one of {', '.join(_OWN)}")
        note = said.pop("note", "")
        if "progress" in said:
            said["progress"] = Progress(said["progress"])
        by = Actor(kind=Party.CUSTOMER) if kind.name == "withdraw" else _AI
        names = {one.name for one in fields(kind)}
        said |= {one: said.get(one, "") for one in ("queue", "steward", "note") if one in names}
        return _reply(self.engine.act(call.case, kind(at=0, by=by, **said), id=call.key, note=note))

    def _offer(self, call: Call) -> Got:
        accepted = call.body["accepted"]
        made = self.engine.answer_offer(call.case, call.part, id=call.key, accepted=accepted)
        return _reply(made)

    def _ask(self, call: Call) -> Got:
        said = call.body
        made = self.engine.ask_approval(
            call.case, said["tool"], said["args"], id=said["id"], expires_in=said["expires_in"]
        )
        return Got(_asked(made))

    def _approval(self, call: Call) -> Got:
        with self.engine.store.view() as unit:
            found = unit.approval(call.part)
        if found is None:
            raise NotFound("no approval of that id", hint="ask for it first")
        return Got(_asked(found))

    def _look(self, call: Call) -> Got:
        found = self.engine.case(call.case)
        return Got(_stand(found.id, found.ownership))

    def _effects(self, call: Call) -> Got:
        outbox.drain(self.engine.store, shelf.Shelf())
        items: list[dict[str, Any]] = [
            {
                "key": one.effect.key,
                "kind": one.effect.kind,
                "status": one.effect.status.value,
                "body": dict(one.effect.body),
                "late": one.late,
                "text": one.text,
            }
            for one in shelf.fetch(self.engine.store, call.case, over=False)
        ]
        return Got({"items": items})

    def _delivered(self, call: Call) -> Got:
        ends = {Delivery.SENT: Sent.SENT, Delivery.FAILED: Sent.FAILED}
        key, sent = f"{call.case}/{call.part}", ends[Delivery(call.body["status"])]
        return Got({"changed": outbox.report(self.engine.store, key, sent)})

    def _workflows(self, _: Call) -> Got:
        return Got({"items": list(policy.holding(self.engine.deployment.pack))})


def _reply(made: Reply) -> Got:
    told: dict[str, Any] = {
        "case": made.case,
        "status": made.status.value,
        "epoch": list(made.epoch),
        "queue": made.queue,
        "outcome": made.outcome.name.lower(),
        "paused": made.paused,
        "stopped": made.stopped,
        "opened": made.opened,
        "offer": made.offer,
        "message": made.message,
        "caught": list(made.caught),
    }
    if made.decision is not None:
        told["decision"] = made.decision
    return Got(told, refused=made.why)


def _stand(name: str, own: Ownership) -> dict[str, Any]:
    has = owner(own)
    told = {
        "case": name,
        "status": own.status.value,
        "epoch": list(own.epoch),
        "queue": own.queue,
        "owner": None if has is None else {"kind": has.kind.value, "id": has.id},
    }
    if own.mandate is not None:
        told["mandate"] = plain(own.mandate)
    return told


def _asked(made: Approval) -> dict[str, Any]:
    return {"id": made.id, "status": made.status.value, "expires": made.expires}
