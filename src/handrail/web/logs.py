"""One line of JSON for each thing worth telling, to standard error, without personal data.

A line names routes, kinds and ids of requests: never a body, a query, a key, an address or the text
of an error that is not ours, which may hold what somebody said.
"""

import logging
import re
import secrets
import sys
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import structlog

from handrail.web.metrics import PLAIN, route

Scope = MutableMapping[str, Any]
App = Callable[[Scope, Any, Any], Awaitable[None]]
REQUEST_ID = "x-request-id"
_GIVEN = re.compile(rb"[A-Za-z0-9._-]{8,64}")
_OURS = "handrail"


def set_up(level: str = "info") -> None:
    """Write all lines of this process as JSON; a second call changes the level."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _nameless,
    ]
    made = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(),
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(made)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(logging.WARNING, _number(level)))  # of others only what is wrong
    logging.getLogger(_OURS).setLevel(_number(level))
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def _number(level: str) -> int:
    return logging.getLevelNamesMapping()[level.upper()]


def _nameless(_: Any, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Of an error only its kind and its place: its message may hold what somebody said."""
    found = line.pop("exc_info", None)
    problem = sys.exc_info()[1] if found is True else found[1] if found else None
    if problem is not None:
        line["error"] = type(problem).__name__
        trace = problem.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        if trace is not None:
            line["at"] = f"{trace.tb_frame.f_globals.get('__name__', '')}:{trace.tb_lineno}"
    line.pop("stack_info", None)
    return line


class Logged:
    """An application that tells of its requests; each has an id, which is in its answer and in all
    lines that are written for it. A caller's own `X-Request-ID` is kept.
    """

    def __init__(self, app: App) -> None:
        self._app = app
        self._log = structlog.stdlib.get_logger("handrail.requests")

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        name, begun, status = _request_id(scope), time.perf_counter(), 0
        scope.setdefault("state", {})["request_id"] = name

        async def marked(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = [*message.get("headers", ()), (REQUEST_ID.encode(), name.encode())]
                message = {**message, "headers": headers}
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=name):
            try:
                await self._app(scope, receive, marked)
            finally:
                self._tell(scope, status, time.perf_counter() - begun)

    def _tell(self, scope: Scope, status: int, took: float) -> None:
        where = route(scope)
        tell = self._log.debug if where in PLAIN else self._log.info
        tell(
            "request",
            method=scope["method"] if scope["method"].isalpha() else "other",
            route=where,
            status=status,
            ms=round(took * 1000, 1),
        )


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == REQUEST_ID.encode() and _GIVEN.fullmatch(value):
            found: str = value.decode()
            return found
    return secrets.token_hex(8)
