"""Whether the process lives, and whether it can do its work: `/healthz`, `/readyz`.

Neither says anything about a case or a person, so neither asks who wants to know.
"""

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from handrail.wiring.service import Service
from handrail.wiring.state import Check, look

_PATIENCE = 3.0


def healthz(_: Request) -> Response:
    """The process answers. Nothing else is looked at: a restart would help against nothing else."""
    return JSONResponse({"status": "ok"})


class Readiness:
    """`/readyz` of a service: 503 while it cannot work, with what is wrong."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._looking: asyncio.Task[list[Check]] | None = None
        self.ending = False

    async def answer(self, _: Request) -> Response:
        """Look; one look at a time serves all who ask."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.ensure_future(asyncio.to_thread(self._look))
        try:
            async with asyncio.timeout(_PATIENCE):
                checks = await asyncio.shield(self._looking)
        except TimeoutError:
            checks = [Check("store", ok=False, note=f"no answer within {_PATIENCE:.0f} s")]
        if self.ending:
            checks = [*checks, Check("process", ok=False, note="the service is ending")]
        ready = all(one.ok for one in checks)
        told: dict[str, Any] = {"status": "ready" if ready else "not_ready"}
        told["checks"] = {
            one.name: {"ok": one.ok} | ({"note": one.note} if one.note else {}) for one in checks
        }
        headers = {"cache-control": "no-store"}
        return JSONResponse(told, status_code=200 if ready else 503, headers=headers)

    def _look(self) -> list[Check]:
        return list(look(self._service))
