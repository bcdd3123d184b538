"""The application: all routes of a service, and what stands around them."""

from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from typing import Any

import anyio
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from handrail.web import asyncapi, auth, openid, problems
from handrail.web.api import access, cases, commands, desk, hooks, ledger, packs, turns
from handrail.web.api.access import session
from handrail.web.frame import Frame
from handrail.web.limits import Limits
from handrail.web.oidc import Provider
from handrail.wiring.service import Service

ROUTERS = (
    *(turns.routes, commands.routes, cases.routes, desk.routes),
    *(packs.routes, access.routes, ledger.routes, hooks.routes),
)
_ONE_WRITER = 2  # threads for turns where only one may write: more would wait for one another
_ABOUT = """
The service that decides when an AI agent hands over to a person, and hands over.

Show a key as `Authorization: Bearer hr_…`; its workspace is the one that you work in. Calls that
change something carry an `Idempotency-Key`: the same one again gets the same answer. Whatever goes
wrong is answered as problem details whose `code` never changes. Times are milliseconds since the
epoch, epochs `[incarnation, number]`.
"""


def create_app(service: Service) -> FastAPI:
    """The application of a service, which runs as long as the application does."""
    frame = Frame(service)
    app = FastAPI(
        title="Handrail",
        version=version("handrail"),
        description=_ABOUT.strip(),
        lifespan=frame.lifespan,
        docs_url=None,
        redoc_url=None,
        separate_input_output_schemas=False,
    )
    app.state.service, app.state.frame = service, frame
    threads = service.settings.threads if service.settings.shared else _ONE_WRITER
    app.state.writers = anyio.CapacityLimiter(threads)
    app.state.limits = Limits(lambda: service.settings)
    problems.install(app)
    for one in ROUTERS:
        for route in one.routes:
            _declare(route)
        app.router.routes.extend(one.routes)  # `include_router` would double what a call costs
    app.include_router(_signing_in(service))
    app.router.routes.extend([*frame.routes(), asyncapi.ROUTE])
    app.openapi = partial(_described, app.openapi)  # type: ignore[method-assign]
    app.add_middleware(app.state.limits.wrap)
    app.add_middleware(frame.wrap)  # a function that wraps will do
    return app


def _signing_in(service: Service) -> Any:
    """The routes of signing in with an OpenID provider, if there is one."""
    known = service.settings
    provider = None
    if known.oidc_issuer:
        back = known.public_url.rstrip("/") or f"http://{known.host}:{known.port}"
        secret = known.oidc_client_secret.get_secret_value()
        provider = Provider(known.oidc_issuer, known.oidc_client_id, secret, back + openid.BACK)
    return openid.routes(
        provider,
        lambda space, issuer, subject: service.desk_of(space).directory.by_subject(issuer, subject),
        session,
        secure=known.secure_cookies and known.host not in {"127.0.0.1", "localhost", "::1"},
    )


def _declare(route: BaseRoute) -> None:
    """Say in the description which right a route needs; the tests read it from there too."""
    assert isinstance(route, APIRoute)
    extra: dict[str, Any] = dict(route.openapi_extra or {})
    for need in auth.declared(route.dependant):
        extra["x-right"], extra["x-reach"] = need.right.value, need.reach.value
        extra["security"] = [{"key": []}]
    route.openapi_extra = extra


def _described(made: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The OpenAPI description, with how keys are shown."""
    told = made()
    schemes = told.setdefault("components", {}).setdefault("securitySchemes", {})
    schemes["key"] = {"type": "http", "scheme": "bearer", "bearerFormat": "hr_…"}
    return told
