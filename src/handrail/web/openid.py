"""The two routes of signing in with an OpenID provider: there, and back.

What the browser must bring back is in a cookie that only these routes get, for ten minutes.
"""

from collections.abc import Callable

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from handrail.core.access import Identity
from handrail.errors import NotFound, Unauthenticated
from handrail.web.oidc import Provider

PATH = "/signin/openid"
BACK = f"{PATH}/callback"
COOKIE = "handrail_openid"
_LASTS = 600  # seconds

Find = Callable[[str, str, str], Identity | None]
"""Whom an issuer and a subject stand for in a workspace: that, then they."""
SignIn = Callable[[Request, str, Identity], Response]
"""Makes the session of somebody in a workspace, and the answer that sets it."""


def routes(provider: Provider | None, find: Find, sign_in: SignIn, *, secure: bool) -> APIRouter:
    """The routes. `secure`: cookies over HTTPS only. Without a provider they are not found."""
    router = APIRouter(include_in_schema=False)

    @router.get(PATH)
    def begin(workspace: str = "default") -> Response:
        begun = _given(provider).begin()
        answer = RedirectResponse(begun.address, 303)
        answer.set_cookie(
            COOKIE,
            f"{begun.kept}.{workspace.encode().hex()}",
            max_age=_LASTS,
            path=PATH,
            secure=secure,
            httponly=True,
            samesite="lax",  # it is sent along when the provider sends the browser back
        )
        return _unkept(answer)

    @router.get(BACK)
    def finish(request: Request) -> Response:
        known = _given(provider)
        kept, _, space = request.cookies.get(COOKIE, "").rpartition(".")
        try:
            workspace = bytes.fromhex(space).decode()
        except ValueError:
            kept = workspace = ""  # not a cookie of ours: nothing was begun
        subject = known.finish(kept, request.query_params)
        found = find(workspace, known.issuer, subject)
        if found is None:
            raise Unauthenticated(
                f"nobody here is `{subject[:200]}` at {known.issuer}",
                hint="an administrator can say who you are: `handrail person openid`",
            )
        answer = sign_in(request, workspace, found)
        answer.delete_cookie(COOKIE, path=PATH, secure=secure, httponly=True, samesite="lax")
        return _unkept(answer)

    return router


def _given(provider: Provider | None) -> Provider:
    if provider is None:
        raise NotFound("no OpenID provider is set", hint="sign in with a password, or a key")
    return provider


def _unkept(answer: Response) -> Response:
    """No cache keeps it, and the next page is not told the code that stands in the address."""
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer
