"""What stands around the routes of a service: its life, its streams, its figures and its lines.

`create_app` makes one, gives `lifespan` to FastAPI, adds `routes()` to it, puts `wrap` around it,
and opens streams by `frame.streams.open(desk, rights, after)`.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from handrail import config
from handrail.config import Settings
from handrail.errors import HandrailError
from handrail.ports import Entry
from handrail.web import telemetry
from handrail.web.health import Readiness, healthz
from handrail.web.logs import Logged, set_up
from handrail.web.metrics import CONTENT_TYPE, App, Metrics, Timing
from handrail.web.stream import Streams
from handrail.wiring.service import Service

_LOG = logging.getLogger("handrail.service")


class Frame:
    """The frame of the service of one process."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.streams = Streams(lambda: service.settings)
        self.metrics = Metrics(service.desks, lambda: self.streams.count)
        self.readiness = Readiness(service)
        self._provider = telemetry.set_up() if service.settings.otel else None
        service.seen = self._seen

    @asynccontextmanager
    async def lifespan(self, _: Any) -> AsyncIterator[None]:
        """The service runs as long as the application does."""
        limiter = anyio.to_thread.current_default_thread_limiter()
        limiter.total_tokens = self.service.settings.threads
        await asyncio.to_thread(self.service.start)
        try:
            yield
        finally:
            self.ending()
            await asyncio.to_thread(self.service.stop, self.service.settings.stop_within / 3)
            if self._provider is not None:
                await asyncio.to_thread(self._provider.shutdown)

    def routes(self) -> list[Route]:
        """What machines ask: whether it lives, whether it works, its figures."""
        return [
            Route("/healthz", healthz),
            Route("/readyz", self.readiness.answer),
            Route("/metrics", self._figures),
        ]

    def wrap(self, app: App) -> App:
        """The application with an id, a line, a time and a span for each request."""
        traced: App = telemetry.Traced(app, self._provider) if self._provider else app
        return Logged(Timing(traced, self.metrics))

    def ending(self) -> None:
        """A stop has begun: not ready any more, and streams end."""
        self.readiness.ending = True
        self.streams.close()

    def reload(self, settings: Settings) -> None:
        """Take over what may change while the service runs, and tell what may not."""
        live, later = self.service.reload(settings)
        set_up(self.service.settings.log_level)
        _LOG.info("settings were read again; changed: %s", ", ".join(live) or "nothing")
        if later:
            _LOG.warning("these wait until the service starts again: %s", ", ".join(later))

    def _seen(self, workspace: str, entries: Sequence[Entry]) -> None:
        self.metrics.seen(workspace, entries)
        if self._provider is not None:
            telemetry.seen(workspace, entries)

    async def _figures(self, _: Request) -> Response:
        return Response(await asyncio.to_thread(self.metrics.text), media_type=CONTENT_TYPE)


def hangup(frame: Frame, **given: Any) -> None:
    """Read the settings again, as they were read first; those that are wrong change nothing."""
    try:
        frame.reload(config.load(**given))
    except HandrailError as problem:
        _LOG.error("the settings were not read again: %s", problem)  # ours
