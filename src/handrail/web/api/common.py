"""What the routes share: where they stand, the id of a call, what a refusal looks like."""

import uuid
from collections.abc import Callable, Coroutine, Mapping
from typing import Annotated, Any, cast

import orjson
from anyio.to_thread import run_sync
from fastapi import APIRouter, Header, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import TypeAdapter, ValidationError
from starlette.responses import Response

from handrail.core.ownership import Epoch, Refused
from handrail.engine.reply import Reply
from handrail.errors import InputError
from handrail.web import problems, shown
from handrail.web.auth import declared
from handrail.web.problems import Problem

CaseId = Annotated[str, Path(min_length=1, max_length=200, examples=["order-4711"])]
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        max_length=200,
        description="The id of this call: the same one again gets the same answer.",
    ),
]
Limit = Annotated[int, Query(ge=1, le=500, description="Rows of a page, at the most.")]
After = Annotated[str, Query(max_length=2_000, description="`next` of the page before.")]

_ID = 200  # characters
_TOLD = {
    401: "No valid key was shown.",
    403: "The right for this is missing.",
    404: "There is no such thing, or it is out of your reach.",
    409: "Refused as things stand; `code` says why.",
    413: "The body is too long.",
    422: "Something in the request is wrong; `problems` says where.",
    429: "This key asks too often.",
    500: "The service failed.",
    502: "A system that we call failed.",
    503: "Not now; the request is safe to repeat.",
}
PROBLEMS: Mapping[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": said, "content": {problems.MEDIA: {}}}
    for status, said in _TOLD.items()
}


class _Request(Request):
    """A request whose body is JSON as the standard has it: no NaN, no half characters."""

    async def json(self) -> Any:
        """The body. JSONDecodeError when it is none."""
        return orjson.loads(await self.body())


class _Route(APIRoute):
    """A route that reads its body so."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """See FastAPI."""
        handle = super().get_route_handler()

        async def read(request: Request) -> Response:
            return await handle(_Request(request.scope, request.receive))

        return read


class Direct(_Route):
    """A route that is called with every turn: its parameters are taken by hand, in the thread that
    does the work. FastAPI's own way costs as much as the decision, and describes it still.

    Where only one may write they queue here, not as threads that wait for a lock.

    It has a path parameter `case`, the header of `Key`, a `body` and `who`.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """See FastAPI."""
        (need,) = declared(self.dependant)
        body = self.body_field
        assert body is not None
        shape: TypeAdapter[Any] = TypeAdapter(cast("Any", body.field_info.annotation))

        def call(request: Request, said: bytes) -> Response:
            who = need.admit(request)
            case, key = request.path_params["case"], request.headers.get("idempotency-key")
            if max(len(case), len(key or "")) > _ID:
                raise InputError("an id is longer than 200 characters", hint="give a shorter one")
            try:
                given = shape.validate_python(orjson.loads(said))
            except orjson.JSONDecodeError as problem:
                wrong = {"type": "json_invalid", "loc": ("body", problem.pos), "msg": str(problem)}
                raise RequestValidationError([wrong]) from None
            except ValidationError as problem:
                found = problem.errors(include_url=False, include_input=False)
                raise RequestValidationError(
                    [{**one, "loc": ("body", *one["loc"])} for one in found]
                ) from None
            made: Response = self.endpoint(case=case, body=given, request=request, key=key, who=who)
            return made

        async def handle(request: Request) -> Response:
            said = await request.body()
            return await run_sync(call, request, said, limiter=request.app.state.writers)

        return handle


def router(tag: str) -> APIRouter:
    """The routes of an area."""
    return APIRouter(prefix="/v1", tags=[tag], responses=dict(PROBLEMS), route_class=_Route)


def call_id(key: str | None, given: str, *, needed: bool = True) -> str:
    """The id of a call, of the header or the body. InputError when both differ, or when there is
    none: without it a repetition could not be told from a second call.
    """
    if key and given and key != given:
        raise InputError("the Idempotency-Key and `id` differ", hint="give one of them")
    found = key or given
    if not found and needed:
        raise InputError(
            "this call has no id", hint="send an `Idempotency-Key`, or `id` in the body"
        )
    return found or uuid.uuid4().hex


def epoch(given: tuple[int, int] | None) -> Epoch | None:
    """An epoch as the core has it."""
    return None if given is None else Epoch(*given)


def told(made: Reply) -> Response:
    """A reply as a response; one that was refused is a problem, with the case as it is now."""
    if made.refused is None:
        return shown.answered(shown.reply(made))
    who = made.refused.who if isinstance(made.refused, Refused) else ""
    return problems.answer(
        409,
        made.why,
        shown.meaning(made),
        hint="nothing was changed; look at `case`",
        who=who or None,
        case=shown.reply(made),
    )
