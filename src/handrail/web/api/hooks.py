"""Webhooks: where they go, what became of them, and once more."""

from typing import Annotated, Literal

import orjson
from fastapi import Path, Query
from pydantic import Field
from starlette.responses import Response

from handrail.core.access import Right
from handrail.web import shown
from handrail.web.api.common import After, Limit, router
from handrail.web.auth import Caller, needs
from handrail.web.schemas import Body, Count, Word
from handrail.wiring.hooks import OVERLAP, Endpoint, Hook

routes = router("webhooks")
_DAY = 86_400_000
EndpointId = Annotated[str, Path(min_length=1, max_length=60, examples=["ep_3f9c1d20aa45b7e6"])]
Url = Annotated[str, Field(max_length=2_000, examples=["https://hooks.example.com/handrail"])]
Events = Annotated[
    tuple[Word, ...],
    Field(max_length=200, description="`case.open`, `case.*`, `*`; see /asyncapi.json for all."),
]


class EndpointBody(Body):
    """Where webhooks go, and which."""

    url: Url
    events: Events = ()
    description: Word = ""


class EndpointChange(Body):
    """What is to be different; what is left out stays."""

    url: Url | None = None
    events: Events | None = None
    description: Word | None = None
    enabled: bool | None = None


class OverlapBody(Body):
    """For how many milliseconds both secrets sign."""

    overlap: Annotated[int, Field(ge=0, le=90 * _DAY)] = OVERLAP


class ReplayBody(Body):
    """Which: one by its id, or all that failed and were made at `since` or later."""

    delivery: Word = ""
    since: Count = 0


def _endpoint(one: Endpoint) -> shown.Json:
    return {
        "id": one.id,
        "url": one.url,
        "status": one.status,
        "reason": one.reason,
        "events": list(one.events),
        "description": one.description,
        "at": one.at,
        "since": one.since,
    }


def _delivery(one: Hook) -> shown.Json:
    return {
        "id": one.key,
        "endpoint": one.endpoint,
        "type": orjson.loads(one.event)["type"],
        "case": one.case,
        "number": one.number,
        "status": one.status,
        "at": one.at,
        "due": one.due,
        "attempts": one.attempts,
        "error": one.error,
        "tries": [
            {"at": it.at, "http": it.http, "error": it.error, "said": it.said} for it in one.tries
        ],
    }


@routes.get("/endpoints", operation_id="list_endpoints")
def list_endpoints(who: Caller = needs(Right.ADMINISTER)) -> Response:
    """Where webhooks go. `reason` says why one was disabled by itself: `gone` or `failing`."""
    found = [_endpoint(one) for one in who.desk.hooks.endpoints()]
    return shown.answered(shown.page(found, ""))


@routes.post("/endpoints", operation_id="add_endpoint")
def add_endpoint(body: EndpointBody, who: Caller = needs(Right.ADMINISTER)) -> Response:
    """Send webhooks somewhere from now on; the secret that signs them is shown only now."""
    made, secret = who.desk.hooks.add(body.url, body.events, body.description, by=who.office())
    return shown.answered({**_endpoint(made), "secret": secret})


@routes.get("/endpoints/{endpoint}", operation_id="read_endpoint")
def read_endpoint(endpoint: EndpointId, who: Caller = needs(Right.ADMINISTER)) -> Response:
    """One of them."""
    return shown.answered(_endpoint(who.desk.hooks.endpoint(endpoint)))


@routes.patch("/endpoints/{endpoint}", operation_id="change_endpoint")
def change_endpoint(
    endpoint: EndpointId, body: EndpointChange, who: Caller = needs(Right.ADMINISTER)
) -> Response:
    """Change it, or enable or disable it. What happens while it is disabled is not sent later."""
    made = who.desk.hooks.change(
        endpoint,
        url=body.url,
        events=body.events,
        description=body.description,
        enabled=body.enabled,
        by=who.office(),
    )
    who.desk.courier.wake()
    return shown.answered(_endpoint(made))


@routes.delete("/endpoints/{endpoint}", operation_id="remove_endpoint")
def remove_endpoint(endpoint: EndpointId, who: Caller = needs(Right.ADMINISTER)) -> Response:
    """Forget it, and what was or is to be sent there."""
    who.desk.hooks.remove(endpoint, by=who.office())
    return shown.answered({"id": endpoint})


@routes.post("/endpoints/{endpoint}/rotate", operation_id="rotate_endpoint")
def rotate_endpoint(
    endpoint: EndpointId, body: OverlapBody, who: Caller = needs(Right.ADMINISTER)
) -> Response:
    """A new secret, shown only now. For a while the old one signs too."""
    secret = who.desk.hooks.rotate(endpoint, body.overlap, by=who.office())
    return shown.answered({"id": endpoint, "secret": secret})


@routes.get("/endpoints/{endpoint}/deliveries", operation_id="list_deliveries")
def list_deliveries(
    endpoint: EndpointId,
    status: Annotated[Literal["", "queued", "sent", "failed"], Query()] = "",
    after: After = "",
    limit: Limit = 100,
    who: Caller = needs(Right.ADMINISTER),
) -> Response:
    """What was or is to be sent there, the latest first, and how each try went."""
    page = who.desk.hooks.deliveries(endpoint, status=status, after=after, limit=limit)
    return shown.answered(shown.page([_delivery(one) for one in page.hooks], page.cursor))


@routes.post("/endpoints/{endpoint}/replay", operation_id="replay_deliveries")
def replay_deliveries(
    endpoint: EndpointId, body: ReplayBody, who: Caller = needs(Right.ADMINISTER)
) -> Response:
    """Send once more what has failed, each under its id."""
    count = who.desk.hooks.replay(endpoint, body.delivery, body.since, by=who.office())
    who.desk.courier.wake()
    return shown.answered({"id": endpoint, "count": count})


@routes.post("/endpoints/{endpoint}/test", operation_id="try_endpoint")
def try_endpoint(endpoint: EndpointId, who: Caller = needs(Right.ADMINISTER)) -> Response:
    """Send an event that tells of nothing. Look at the deliveries for what became of it."""
    key = who.desk.hooks.ping(endpoint)
    who.desk.courier.wake()
    return shown.answered(_delivery(who.desk.hooks.delivery(key)))
