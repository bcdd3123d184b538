"""How much may be asked: the size of a body, and how often. A customer's turn is never dropped for
either: it may be longer, is cut where it is too long, and is not counted.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from handrail.config import Settings
from handrail.core.model import Turn
from handrail.web import problems

TURNS = "/turns"
_LONGER = 16  # times as long may the body of a turn be
_MINUTE = 60.0
_MOST = 10_000  # keys that are counted


class Limits:
    """What keeps the requests of a process within bounds; the settings are read each time."""

    def __init__(self, settings: Callable[[], Settings]) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._left: dict[str, tuple[float, float]] = {}  # by key: how many, and as of when

    def count(self, key: str, request: Request) -> None:
        """Let a request pass, unless its key has asked too often: a bucket that fills evenly."""
        rate = self._settings().rate
        if not rate or request.url.path.endswith(TURNS):
            return
        now = time.monotonic()
        with self._lock:
            left, since = self._left.get(key, (float(rate), now))
            left = min(float(rate), left + (now - since) * rate / _MINUTE)
            if len(self._left) >= _MOST and key not in self._left:
                self._left.clear()
            self._left[key] = (left - 1 if left >= 1 else left, now)
        if left < 1:
            wait = max(1, round((1 - left) * _MINUTE / rate))
            raise HTTPException(
                429,
                f"this key may ask {rate} times a minute; turns of customers are not counted",
                headers={"retry-after": str(wait)},
            )

    def cut(self, turn: Turn) -> Turn:
        """A turn whose text is not too long. What measures it lists the fault."""
        most = self._settings().text_limit
        return turn if len(turn.text) <= most else replace(turn, text=turn.text[:most])

    def wrap(self, app: ASGIApp) -> ASGIApp:
        """The application, which never sees a body that is too long."""
        return _Bounded(app, self._settings)


class _TooLong(Exception):  # the way out of a request
    """More came than may."""


class _Bounded:
    def __init__(self, app: ASGIApp, settings: Callable[[], Settings]) -> None:
        self._app, self._settings = app, settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = self._settings().body_limit
        if scope["path"].endswith(TURNS):
            most *= _LONGER
        size, begun = 0, False

        async def counted() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > most:
                raise _TooLong
            return message

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            if _announced(scope) <= most:
                await self._app(scope, counted, watched)
                return
        except _TooLong:
            if begun:
                raise
        if not begun:
            answer = problems.answer(
                413,
                "too_large",
                f"the body is longer than {most:,} bytes",
                hint="send less at once; the limit is the setting `body_limit`",
                headers={"connection": "close"},
            )
            await answer(scope, receive, send)


def _announced(scope: Any) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0
