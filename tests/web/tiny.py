"""A service with two routes and no keys: what streams, signals and figures are tested and measured
with, apart from the API.

    python tests/web/tiny.py '{"data": "…", "port": 0}'

It prints its address. `POST /say` takes a customer's turn; `GET /events` streams the changes, with
`queue=` of the cases that are with that queue only.
"""

import json
import sys
import time
from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from handrail import Role, Turn
from handrail.books import is_book
from handrail.config import Settings
from handrail.errors import HandrailError, Unauthenticated
from handrail.web import logs, server
from handrail.web.frame import Frame
from handrail.wiring.desk import Change
from handrail.wiring.service import Service

Sees = Callable[[Change], bool]


def make(service: Service) -> FastAPI:
    """The application."""
    frame = Frame(service)
    app = FastAPI(lifespan=frame.lifespan)
    app.router.routes.extend(frame.routes())
    app.add_middleware(frame.wrap)  # type: ignore[arg-type]
    app.state.frame, app.state.banned = frame, False

    @app.exception_handler(HandrailError)
    async def failed(_: Request, problem: HandrailError) -> Response:
        return JSONResponse({"code": problem.code}, status_code=problem.status)

    @app.post("/say/{case}")
    def say(case: str, told: dict[str, str]) -> dict[str, Any]:
        turn = Turn(role=Role(told.get("role", "customer")), text=told["text"])
        reply = service.desk(told.get("workspace", "default")).engine.turn(
            case, turn, id=told["id"], deliver="deliver" in told, by=told.get("by", "")
        )
        return {"status": reply.status, "epoch": reply.epoch}

    @app.post("/ban")
    def ban() -> None:
        app.state.banned = True

    @app.get("/events")
    async def events(request: Request) -> Response:
        given = request.query_params
        desk = service.desk(given.get("workspace", "default"))
        after = request.headers.get("last-event-id") or given.get("after", "")

        def rights() -> Sees:
            if app.state.banned:
                raise Unauthenticated("the key is gone")
            queue = given.get("queue")
            return lambda one: not is_book(one.entry.case) and queue in {None, one.queue}

        return frame.streams.open(desk, rights, after)

    @app.get("/slow")
    def slow() -> dict[str, str]:
        time.sleep(0.5)
        return {"status": "done"}

    return app


def main() -> None:
    """Serve."""
    settings = Settings(**json.loads(sys.argv[1]))
    logs.set_up(settings.log_level)
    sock = server.listen(settings.host, settings.port)
    service = Service(settings)
    app = make(service)
    sys.stdout.write("http://{}:{}\n".format(*sock.getsockname()[:2]))
    sys.stdout.flush()
    server.run(app, settings, sock, ending=app.state.frame.ending)


if __name__ == "__main__":
    main()
