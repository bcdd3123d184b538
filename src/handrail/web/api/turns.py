"""What happens on a case, and what is to leave: turns, messages, tool effects, approvals."""

from typing import Any

from fastapi import Request
from starlette.responses import Response

from handrail.core.access import Right, Scope
from handrail.core.model import Role
from handrail.core.ownership import Actor, Epoch, Party, Refused
from handrail.engine.gate import code
from handrail.errors import Forbidden, InputError, NotFound
from handrail.web import problems, schemas, shown
from handrail.web.api.common import CaseId, Direct, Key, call_id, epoch, router, told
from handrail.web.auth import Caller, Reach, look, needs

routes = router("turns")
_OWN = frozenset({"open", "begin", "report", "return", "resolve", "withdraw"})


def _reach(who: Caller, name: str, workflow: str) -> None:
    """Refuse what is out of this program's reach: its case, or the workflow of a new one."""
    if who.may(Right.TURN):
        return
    if look(who.desk, name) is not None:
        who.case(name, Right.TURN)
        return
    chosen = who.desk.engine.deployment.workflow(workflow).name
    if not who.may(Right.TURN, Scope(workflow=chosen)):
        raise Forbidden(
            f"you take no turns in the workflow `{chosen}`", hint="name another, or ask for a role"
        )


def take_turn(
    case: CaseId,
    body: schemas.TurnBody,
    request: Request,
    key: Key = None,
    who: Caller = needs(Right.TURN, Reach.LIST),
) -> Response:
    """Take a turn of a case, which begins with its first one: measured, decided, handed off when it
    must be. A turn of a person (`role` human) takes the case for `by`, if the roster knows them.
    """
    _reach(who, case, body.workflow)
    limits = request.app.state.limits
    made = who.desk.engine.turn(
        case,
        limits.cut(body.turn),
        id=call_id(key, body.id),
        workflow=body.workflow,
        epoch=epoch(body.epoch),
        by=body.by if body.turn.role is Role.HUMAN else "",
        attributes=body.attributes,
        values=body.values,
        history=tuple(limits.cut(one) for one in body.history),
        transcript=body.transcript,
        customer=body.customer,
        deliver=body.deliver,
        shown=body.shown,
    )
    return told(made)


routes.add_api_route(
    "/cases/{case}/turns",
    take_turn,
    methods=["POST"],
    response_model=shown.ReplyOut,
    operation_id="take_turn",
    route_class_override=Direct,
)


@routes.post("/cases/{case}/messages", response_model=shown.ReplyOut, operation_id="send_message")
def send_message(
    case: CaseId,
    body: schemas.MessageBody,
    key: Key = None,
    who: Caller = needs(Right.READ_CASE, Reach.CASE),
) -> Response:
    """Say something to the customer: the AI under its epoch, a person who has the case. It leaves
    by the outbox; `message` is its key.
    """
    who.case(case, Right.ACT if who.is_person else Right.TURN)
    made = who.desk.engine.send(
        case,
        body.text,
        id=call_id(key, body.id),
        epoch=epoch(body.epoch),
        by=who.id if who.is_person else "",
        confidence=body.confidence,
    )
    return told(made)


@routes.post("/cases/{case}/admissions", operation_id="admit")
def admit(
    case: CaseId,
    body: schemas.AdmitBody,
    key: Key = None,
    who: Caller = needs(Right.TURN, Reach.CASE),
) -> Response:
    """Ask whether a message or a tool effect may leave now: 200, or 409 with why not."""
    barred = who.desk.engine.admit(
        case,
        Epoch(*body.epoch),
        body.action,
        args=body.args,
        approval=body.approval,
        id=call_id(key, body.id, needed=False),
    )
    if barred is None:
        return shown.answered({"admitted": True, "action": body.action})
    found = who.case(case, Right.TURN)
    return problems.answer(
        409,
        code(barred),
        shown.why(barred),
        hint="do not do it",
        who=(barred.who or None) if isinstance(barred, Refused) else None,
        case=shown.case(found),
    )


@routes.post(
    "/cases/{case}/agent-commands", response_model=shown.ReplyOut, operation_id="agent_command"
)
def agent_command(
    case: CaseId,
    body: schemas.CommandBody,
    key: Key = None,
    who: Caller = needs(Right.TURN, Reach.CASE),
) -> Response:
    """A command of the AI: `open` asks for a person, `begin` and `report` tell of a step of its
    plan, `return` gives the plan back, `resolve` closes, `withdraw`: the customer has left.
    """
    from handrail.web.api.commands import made

    if body.command not in _OWN:
        raise InputError(
            f"`{body.command}` is no command of an AI", hint=f"one of {', '.join(sorted(_OWN))}"
        )
    by = Actor(kind=Party.CUSTOMER if body.command == "withdraw" else Party.AI)
    cmd, note = made(body, by)
    return told(who.desk.engine.act(case, cmd, id=call_id(key, ""), note=note))


@routes.post(
    "/cases/{case}/offers/{offer}", response_model=shown.ReplyOut, operation_id="answer_offer"
)
def answer_offer(
    case: CaseId,
    offer: str,
    body: schemas.AnswerBody,
    key: Key = None,
    who: Caller = needs(Right.TURN, Reach.CASE),
) -> Response:
    """The customer's answer to an offer. A yes asks for a person, however late it comes."""
    made = who.desk.engine.answer_offer(
        case, offer, id=call_id(key, body.id), accepted=body.accepted
    )
    return told(made)


@routes.post("/cases/{case}/approvals", operation_id="ask_approval")
def ask_approval(
    case: CaseId, body: schemas.ApprovalBody, who: Caller = needs(Right.TURN, Reach.CASE)
) -> Response:
    """Ask people to approve one exact action, once. Until one does, the answer is no."""
    asked = who.desk.engine.ask_approval(
        case, body.tool, body.args, id=body.id, expires_in=body.expires_in
    )
    return shown.answered(shown.approval(asked))


@routes.get("/cases/{case}/approvals", operation_id="list_approvals")
def list_approvals(case: CaseId, who: Caller = needs(Right.READ_CASE, Reach.CASE)) -> Response:
    """The requests for approval of a case."""
    with who.desk.store.view() as unit:
        found = [shown.approval(one) for one in unit.approvals(case)]
    return shown.answered(shown.page(found, ""))


def _approval(who: Caller, name: str, right: Right) -> dict[str, Any]:
    with who.desk.store.view() as unit:
        found = unit.approval(name)
    if found is None:
        raise NotFound("no approval of that id", hint="list those of the case")
    who.case(found.case, right)
    return shown.approval(found)


@routes.get("/approvals/{approval}", operation_id="read_approval")
def read_approval(approval: CaseId, who: Caller = needs(Right.READ_CASE, Reach.LIST)) -> Response:
    """One request for approval, and what became of it."""
    return shown.answered(_approval(who, approval, Right.READ_CASE))


@routes.post("/approvals/{approval}/answer", operation_id="answer_approval")
def answer_approval(
    approval: CaseId, body: schemas.GrantBody, who: Caller = needs(Right.ACT, Reach.LIST)
) -> Response:
    """A person's answer. What was answered, used or has expired stays as it is: see `status`."""
    _approval(who, approval, Right.ACT)
    made = who.desk.engine.answer_approval(approval, who.id, granted=body.granted)
    return shown.answered(shown.approval(made))
