"""Errors as answers: problem details (RFC 9457), one shape for whatever went wrong.

`code` is for programs and never changes, `detail` says what and where, `hint` what to do.
"""

import logging
import traceback
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from handrail.errors import HandrailError, InputError, PackError, Unavailable

_LOG = logging.getLogger("handrail.service")
MEDIA = "application/problem+json"
_MOST = 20  # problems of one body that are told
_CODES = {404: "not_found", 405: "method_not_allowed", 413: "too_large", 429: "too_many"}


class Where(BaseModel):
    """One thing that is wrong in a request."""

    model_config = ConfigDict(title="Place")

    where: str = Field(description="The path in the request, as `body.text`.")
    message: str


class Problem(BaseModel):
    """What went wrong. See the reference of errors for the codes."""

    type: str = Field("about:blank", description="Always `about:blank`: the code says it.")
    title: str
    status: int
    detail: str
    code: str
    hint: str = ""
    problems: list[Where] | None = None
    who: str | None = Field(None, description="Who has the case, where a command was refused.")
    case: dict[str, Any] | None = Field(None, description="The case as it is now, likewise.")


def answer(
    status: int,
    code: str,
    detail: str,
    *,
    hint: str = "",
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> JSONResponse:
    """A problem as a response."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
    }
    body |= {"hint": hint} if hint else {}
    body |= {name: value for name, value in more.items() if value is not None}
    return JSONResponse(body, status_code=status, media_type=MEDIA, headers=dict(headers or {}))


def install(app: FastAPI) -> None:
    """Answer every error of an application so."""
    app.add_exception_handler(HandrailError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _plain)
    app.add_exception_handler(Exception, _unknown)


async def _ours(_: Request, problem: Exception) -> JSONResponse:
    assert isinstance(problem, HandrailError)
    more: dict[str, Any] = {}
    if isinstance(problem, PackError):
        more["problems"] = [
            {"where": f"{one.file}:{one.line} {one.path}".strip(), "message": one.message}
            for one in problem.problems[:_MOST]
        ]
    headers = {}
    if isinstance(problem, Unavailable):
        headers["retry-after"] = "1"
    if problem.status == HTTPStatus.UNAUTHORIZED:
        headers["www-authenticate"] = "Bearer"
    detail, code = problem.message, problem.code
    if isinstance(problem, InputError) and problem.file and not more:
        detail = str(problem)
    return answer(problem.status, code, detail, hint=problem.hint, headers=headers, **more)


async def _invalid(_: Request, problem: Exception) -> JSONResponse:
    """The body or a parameter is not as it should be: every place that is wrong, what was given
    left out, for it may be a text of somebody.
    """
    assert isinstance(problem, RequestValidationError)
    found = [
        {"where": _place(one["loc"]), "message": str(one["msg"])}
        for one in problem.errors()[:_MOST]
    ]
    first = found[0]
    return answer(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        InputError.code,
        f"{first['where']}: {first['message']}",
        hint="mend what `problems` names, and send it again",
        problems=found,
    )


def _place(path: Sequence[object]) -> str:
    return ".".join(str(one) for one in path)[:200].encode("ascii", "backslashreplace").decode()


async def _plain(_: Request, problem: Exception) -> JSONResponse:
    assert isinstance(problem, HTTPException)
    code = _CODES.get(problem.status_code, InputError.code)
    detail = str(problem.detail)
    if problem.status_code == HTTPStatus.NOT_FOUND:
        detail = "there is no such page; the routes are listed in /openapi.json"
    return answer(problem.status_code, code, detail, headers=problem.headers)


async def _unknown(_: Request, problem: Exception) -> JSONResponse:
    """Our fault. Where, without what: that may be a text of somebody."""
    where = traceback.extract_tb(problem.__traceback__)[-1]
    place = f"{Path(where.filename).name}:{where.lineno}"
    _LOG.error("a request failed: %s at %s", type(problem).__name__, place)
    return answer(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "failed",
        "the service failed, and nothing was half-done",
        hint="it is safe to repeat the request under its id",
    )
