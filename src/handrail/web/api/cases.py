"""Cases to look at: lists, one of them, what was said, the bundle, what happened."""

from dataclasses import replace
from typing import Annotated

import orjson
from fastapi import Query
from starlette.responses import Response

from handrail import outbox
from handrail.core.access import Right
from handrail.core.ownership import Status
from handrail.errors import InputError, NotFound
from handrail.ports import Delivery, Entry, Sent
from handrail.web import schemas, shown
from handrail.web.api.common import After, CaseId, Limit, router
from handrail.web.auth import Caller, Reach, needs, scope
from handrail.wiring.desk import Wanted

routes = router("cases")
Filter = Annotated[str, Query(max_length=200)]
First = Annotated[int, Query(ge=0, le=1 << 53, description="Numbers behind this one.")]


@routes.get("/cases", operation_id="list_cases")
def list_cases(
    status: Annotated[Status | None, Query()] = None,
    queue: Filter = "",
    human: Filter = "",
    workflow: Filter = "",
    customer: Filter = "",
    mine: bool = False,
    unclosed: bool = False,
    after: After = "",
    limit: Limit = 50,
    who: Caller = needs(Right.READ_CASE, Reach.LIST),
) -> Response:
    """The cases within your reach, page by page in the order of their ids; `mine`: that you hold
    or are asked to take. A page may be short though `next` leads on.
    """
    sight = who.sight()
    wanted = Wanted(
        status=status.value if status else "",
        queue=queue,
        human=who.id if mine else human,
        workflow=workflow,
        customer=customer,
        open_only=unclosed,
    )
    page = who.desk.cases(wanted, lambda one: sight.sees(scope(one)), after=after, limit=limit)
    return shown.answered(shown.page([shown.case(one) for one in page.cases], page.cursor))


@routes.get("/cases/{case}", response_model=shown.CaseOut, operation_id="read_case")
def read_case(case: CaseId, who: Caller = needs(Right.READ_CASE, Reach.CASE)) -> Response:
    """A case as it is now: who has it, since when, why, and whether its AI is stopped; no text of
    anybody.
    """
    found = who.case(case, Right.READ_CASE)
    with who.desk.store.view() as unit:
        stopped = unit.stopped(found.workflow)
    return shown.answered(shown.case(found) | {"stopped": stopped})


def _recorded(who: Caller, case: str, body: dict[str, object]) -> None:
    """Write down in the case's ledger that somebody read what was said."""
    by = who.office()
    with who.desk.store.unit() as unit:
        found = unit.case(case)
        if found is None:
            return
        entry = Entry(
            case=case,
            number=found.entries + 1,
            at=unit.now(),
            name="read",
            actor=f"{by.kind.value}:{by.id}",
            epoch=found.ownership.epoch,
            body=body,
        )
        unit.append(entry)
        unit.save(replace(found, entries=entry.number))


@routes.get("/cases/{case}/transcript", operation_id="read_transcript")
def read_transcript(
    case: CaseId,
    first: Annotated[int, Query(ge=1, le=1 << 53)] = 1,
    limit: Limit = 200,
    who: Caller = needs(Right.READ_TRANSCRIPT, Reach.CASE),
) -> Response:
    """What was said and done, in order. That you read it stands in the ledger of the case."""
    last = first + limit - 1
    _recorded(who, case, {"what": "transcript", "first": first, "last": last})
    with who.desk.store.view() as unit:
        found = unit.lines(case, first=first, last=last)
    cursor = str(last + 1) if len(found) == limit else ""
    return shown.answered(shown.page([shown.line(one) for one in found], cursor))


@routes.get("/cases/{case}/bundle", operation_id="read_bundle")
def read_bundle(case: CaseId, who: Caller = needs(Right.READ_TRANSCRIPT, Reach.CASE)) -> Response:
    """What was handed over with the case: goal, summary, what failed, what to do next. That you
    read it stands in the ledger of the case.
    """
    found = who.desk.bundle(case)
    if found is None:
        raise NotFound(f"case `{case}` has no bundle", hint="it gets one when it is handed off")
    effect, text = found
    _recorded(who, case, {"what": "bundle", "key": effect.key})
    return shown.answered({"key": effect.key, "at": effect.at, "bundle": orjson.loads(text)})


@routes.get("/cases/{case}/entries", operation_id="list_entries")
def list_entries(
    case: CaseId,
    after: First = 0,
    limit: Limit = 200,
    who: Caller = needs(Right.READ_CASE, Reach.CASE),
) -> Response:
    """What happened to a case, as its ledger has it: no text of anybody."""
    with who.desk.store.view() as unit:
        found = [one for one in unit.entries(case) if one.number > after][:limit]
    cursor = str(found[-1].number) if len(found) == limit else ""
    return shown.answered(shown.page([shown.entry(one) for one in found], cursor))


@routes.get("/cases/{case}/effects", operation_id="list_effects")
def list_effects(
    case: CaseId, *, waiting: bool = False, who: Caller = needs(Right.READ_CASE, Reach.CASE)
) -> Response:
    """What is to be done outside for a case, and how far it is; `waiting`: what has not ended.
    Texts are shown to who takes turns for it, and who may read its transcript.
    """
    found = who.case(case, Right.READ_CASE)
    texts = any(who.may(one, scope(found)) for one in (Right.TURN, Right.READ_TRANSCRIPT))
    ready = who.desk.effects(case, over=not waiting)
    if texts and ready and not who.may(Right.TURN, scope(found)):  # who delivers them reads them
        _recorded(who, case, {"what": "effects"})
    items = [
        shown.effect(one.effect) | {"late": one.late} | ({"text": one.text} if texts else {})
        for one in ready
    ]
    return shown.answered(shown.page(items, ""))


class DeliveryBody(schemas.Body):
    """How a delivery went, from who took it to the customer."""

    status: Delivery


@routes.post("/cases/{case}/effects/{number}/delivery", operation_id="report_delivery")
def report_delivery(
    case: CaseId,
    number: int,
    body: DeliveryBody,
    who: Caller = needs(Right.TURN, Reach.CASE),
) -> Response:
    """Report that a message was `sent`, or has `failed`; once, later reports change nothing."""
    ends = {Delivery.SENT: Sent.SENT, Delivery.FAILED: Sent.FAILED}
    if body.status not in ends:
        raise InputError(f"`{body.status.value}` is no end", hint="report `sent` or `failed`")
    if not 0 < number < 1 << 53:
        raise NotFound("no such effect", hint="list those of the case")
    done = outbox.report(who.desk.store, f"{case}/{number}", ends[body.status])
    return shown.answered({"changed": done})
