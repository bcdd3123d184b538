"""What people do with cases: one at a time, or many with a preview."""

from dataclasses import fields
from typing import Any

from starlette.responses import Response

from handrail.core.access import Right
from handrail.core.ownership import COMMANDS, Actor, Command
from handrail.errors import Forbidden, InputError
from handrail.web import schemas, shown
from handrail.web.api.common import CaseId, Key, call_id, epoch, router, told
from handrail.web.auth import Caller, Reach, needs, scope

routes = router("commands")
_KINDS = {one.name: one for one in COMMANDS}
_SUPERVISORS = frozenset({"propose", "reroute", "prioritise", "fall_back", "merge", "move"})
_OF_AI = frozenset({"begin", "report", "return"})


def made(body: Any, by: Actor, case: str = "") -> tuple[Command, str]:
    """The command that a body names, and the words of a closure, which go apart."""
    kind = _KINDS[body.command]
    said = {name: getattr(body, name) for name in type(body).model_fields if name != "command"}
    note = said.pop("note", "")
    said |= {"at": 0, "by": by, "epoch": epoch(body.epoch)}
    names = {one.name for one in fields(kind)}
    for name, value in (("steward", ""), ("queue", ""), ("case", case)):
        if name in names:
            said.setdefault(name, value)
    return kind(**said), note


def _right(body: Any) -> Right:
    return Right.SUPERVISE if body.command in _SUPERVISORS else Right.ACT


def _person(who: Caller, body: Any) -> None:
    if not who.is_person:
        raise Forbidden("only a person does this", hint="an AI has `agent-commands`")
    if body.command in _OF_AI:
        raise InputError(f"`{body.command}` is a command of the AI", hint="see `agent-commands`")


@routes.post("/cases/{case}/commands", response_model=shown.ReplyOut, operation_id="act")
def act(
    case: CaseId,
    body: schemas.CommandBody,
    key: Key = None,
    who: Caller = needs(Right.ACT, Reach.CASE),
) -> Response:
    """A person's command on a case: `accept`, `decline`, `release`, `handback`, `recall`,
    `resolve`, … Those of supervisors (`propose`, `reroute`, `prioritise`, `fall_back`, `merge`,
    `move`) need the right `supervise`. A refusal is a 409 whose code says why.
    """
    _person(who, body)
    found = who.case(case, _right(body))
    if isinstance(body, schemas.Merge):
        who.case(body.into, Right.SUPERVISE)
    cmd, note = made(body, who.actor(scope(found)), case)
    return told(who.desk.engine.act(case, cmd, id=call_id(key, ""), note=note))


@routes.post("/commands", operation_id="act_on_many")
def act_on_many(
    body: schemas.BulkBody, key: Key = None, who: Caller = needs(Right.SUPERVISE, Reach.LIST)
) -> Response:
    """A supervisor's command on many cases: one entry each, and an answer each. With `preview`
    nothing is done, and the answers say what would be.
    """
    _person(who, body.command)
    found = [who.case(name, Right.SUPERVISE) for name in body.cases]
    if isinstance(body.command, schemas.Merge | schemas.Resolve):
        raise InputError(
            f"`{body.command.command}` is done to one case at a time", hint="see `commands`"
        )
    cmd, _ = made(body.command, who.actor(scope(found[0])))
    engine = who.desk.engine
    if body.preview:
        replies = engine.preview(body.cases, cmd)
    else:
        replies = engine.act_all(body.cases, cmd, id=call_id(key, body.id))
    told_ = {name: shown.reply(one) for name, one in replies.items()}
    return shown.answered({"preview": body.preview, "cases": told_})


@routes.post("/cases/{case}/pause", response_model=shown.ReplyOut, operation_id="pause")
def pause(
    case: CaseId,
    body: schemas.PauseBody,
    key: Key = None,
    who: Caller = needs(Right.ACT, Reach.CASE),
) -> Response:
    """Stop the clock of the resolution while others are waited for, until somebody looks again."""
    _holder(who)
    made_ = who.desk.engine.pause(
        case, who.id, id=call_id(key, body.id), check_back=body.check_back, reason=body.reason
    )
    return told(made_)


@routes.post("/cases/{case}/unpause", response_model=shown.ReplyOut, operation_id="unpause")
def unpause(
    case: CaseId,
    body: schemas.Unpause,
    key: Key = None,
    who: Caller = needs(Right.ACT, Reach.CASE),
) -> Response:
    """Let the clock go on."""
    _holder(who)
    return told(who.desk.engine.unpause(case, who.id, id=call_id(key, body.id)))


def _holder(who: Caller) -> None:
    if not who.is_person:
        raise Forbidden("only the person who has a case does this")
