"""Signing in with an OpenID provider that others wrote, over sockets."""

import base64
import hmac
import time
import warnings
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fastapi import FastAPI, Request, Response
from fastapi.responses import PlainTextResponse
from fastapi.testclient import TestClient

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import oidc_provider_mock as others
    from authlib.oauth2.rfc7636 import create_s256_code_challenge

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from handrail.core.access import Identity, Kind
from handrail.errors import AdapterError, HandrailError, InputError, NotFound, Unauthenticated
from handrail.web import oidc
from handrail.web.oidc import Begun, Provider
from handrail.web.openid import BACK as BACK_PATH
from handrail.web.openid import COOKIE, PATH, routes

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # the provider's own sockets
]
BACK = "http://localhost:8177/signin/openid/callback"
SECRET = "client-secret-of-this-test"  # noqa: S105


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    user = others.User(sub="8f2c", claims={"email": "ana@example.com"})
    with others.run_server_in_thread(require_nonce=True, user_claims=[user]) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture
def provider(issuer: str) -> Provider:
    return Provider(issuer, "handrail", SECRET, BACK)


def consented(begun: Begun, sub: str = "8f2c", **more: str) -> dict[str, str]:
    """What a browser brings back when its user has signed in there."""
    form = {"sub": sub} | more
    got = httpx.post(begun.address, data=form, follow_redirects=False, timeout=10)
    assert got.status_code in {302, 303}, got.text[:500]
    where = got.headers["location"]
    assert where.startswith(BACK)
    return {name: values[0] for name, values in parse_qs(urlsplit(where).query).items()}


def refused(provider: Provider, kept: str, query: dict[str, str]) -> str:
    with pytest.raises(Unauthenticated) as problem:
        provider.finish(kept, query)
    return str(problem.value)


def test_who_signs_in_at_the_provider_is_named_by_it(provider: Provider) -> None:
    begun = provider.begin()
    assert provider.finish(begun.kept, consented(begun)) == "8f2c"
    other = provider.begin()
    assert provider.finish(other.kept, consented(other, "ben")) == "ben"


def test_what_is_asked_has_state_nonce_and_a_challenge_of_its_own(provider: Provider) -> None:
    first, second = provider.begin(), provider.begin()
    asked = {k: v[0] for k, v in parse_qs(urlsplit(first.address).query).items()}
    state, nonce, verifier = first.kept.split(".")
    assert (asked["state"], asked["nonce"]) == (state, nonce)
    assert asked["code_challenge"] == create_s256_code_challenge(verifier)
    assert asked["code_challenge_method"] == "S256"
    assert verifier not in first.address
    assert SECRET not in first.address
    assert not set(first.kept.split(".")) & set(second.kept.split("."))
    assert all(len(one) >= 43 for one in first.kept.split("."))


def test_a_sign_in_is_finished_by_the_browser_that_began_it(provider: Provider) -> None:
    begun, other = provider.begin(), provider.begin()
    came = consented(begun)
    for kept in (other.kept, "", "a", "..", f"{begun.kept.split('.')[0]}.."):
        assert "was not begun here" in refused(provider, kept, came)
    assert "was not begun here" in refused(provider, begun.kept, {"code": came["code"]})
    assert "somebody else" in refused(provider, begun.kept, came | {"iss": "https://evil.example"})
    assert provider.finish(begun.kept, came) == "8f2c"
    assert "this sign-in is over" in refused(provider, begun.kept, came)


def test_a_code_of_another_sign_in_is_of_no_use(provider: Provider) -> None:
    """Somebody puts their own code into the browser of somebody else: the nonce is not theirs."""
    mine, yours = provider.begin(), provider.begin()
    state = yours.kept.split(".")[0]
    stolen = consented(mine) | {"state": state}
    assert "invalid_claim" in refused(provider, yours.kept, stolen)


def test_who_declines_there_is_not_signed_in(provider: Provider) -> None:
    begun = provider.begin()
    state = begun.kept.split(".")[0]
    said = refused(provider, begun.kept, {"state": state, "error": "access_denied"})
    assert said == "the provider did not sign you in: access_denied; begin again"
    said = refused(provider, begun.kept, {"state": state, "error": "<script>"})
    assert said == "the provider did not sign you in; begin again"
    assert "did not sign you in" in refused(provider, begun.kept, {"state": state})


KEY = RSAKey.generate_key(2048, {"kid": "k1"}, auto_kid=False)
GOOD: dict[str, Any] = {"iss": "", "aud": "handrail", "sub": "8f2c", "nonce": "n"}


def token(provider: Provider, key: Any = KEY, algorithm: str = "RS256", **changed: Any) -> str:
    now = int(time.time())
    claims = GOOD | {"iss": provider.issuer, "iat": now, "exp": now + 300} | changed
    claims = {name: value for name, value in claims.items() if value is not None}
    header = {"alg": algorithm, "kid": "k1"}
    return jwt.encode(header, claims, key, algorithms=[algorithm])


@pytest.fixture
def signed(provider: Provider) -> Provider:
    """As if the provider had signed with a key of the test."""
    about = provider._about()
    keys = KeySet([RSAKey.import_key(KEY.as_dict(private=False))])
    provider._known = oidc._Known(about.authorize, about.token, about.ways, keys, about.at)
    return provider


def test_a_token_that_is_right_names_somebody(signed: Provider) -> None:
    assert signed._subject(token(signed), "n") == "8f2c"
    several = token(signed, aud=["handrail", "other"], azp="handrail")
    assert signed._subject(several, "n") == "8f2c"


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://evil.example"},
        {"aud": "other"},
        {"aud": ["handrail", "other"]},
        {"azp": "other"},
        {"nonce": "m"},
        {"nonce": None},
        {"sub": None},
        {"sub": 7},
        {"sub": ""},
        {"aud": None},
        {"iss": None},
        {"exp": None},
        {"iat": None},
        {"exp": 1},
        {"iat": 1 << 40},
    ],
    ids=str,
)
def test_a_token_with_anything_wrong_names_nobody(
    signed: Provider, changed: dict[str, Any]
) -> None:
    with pytest.raises(Unauthenticated):
        signed._subject(token(signed, **changed), "n")


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def test_a_token_that_the_provider_did_not_sign_names_nobody(signed: Provider) -> None:
    stranger = RSAKey.generate_key(2048, {"kid": "k1"}, auto_kid=False)
    head, body, _ = token(signed).split(".")
    none = "eyJhbGciOiJub25lIn0." + body + "."
    begin = _b64(b'{"alg":"HS256","kid":"k1"}') + f".{body}"  # the public key taken as a secret
    mark = hmac.digest(KEY.as_pem(private=False), begin.encode(), "sha256")
    confused = f"{begin}.{_b64(mark)}"
    for one in (token(signed, stranger), confused, none, f"{head}.{body}.", "x", "", "a.b.c"):
        with pytest.raises(Unauthenticated, match="is not signed by it"):
            signed._subject(one, "n")


def test_keys_that_the_provider_has_changed_are_asked_for_again(
    signed: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oidc, "_AGAIN", -1.0)
    begun = signed.begin()  # its keys are those of the test: the provider's own are not known
    assert signed.finish(begun.kept, consented(begun)) == "8f2c"


def test_a_provider_that_is_not_there_or_another_is_an_error_of_ours(
    issuer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(AdapterError, match="does not answer as a provider does") as problem:
        Provider("http://localhost:1", "handrail", SECRET, BACK).begin()
    assert SECRET not in repr(problem.value)
    with pytest.raises(AdapterError, match="set `oidc_issuer` to that"):
        Provider(f"{issuer}/", "handrail", SECRET, BACK).begin()
    with pytest.raises(InputError, match="is not reached by https"):
        Provider("http://id.example.com", "handrail", SECRET, BACK)
    for answer in ([], {"issuer": issuer}, {"issuer": issuer, "jwks_uri": 7}):
        monkeypatch.setattr(
            httpx, "request", lambda *_, answer=answer, **__: httpx.Response(200, json=answer)
        )
        with pytest.raises(HandrailError):
            Provider(issuer, "handrail", SECRET, BACK).begin()


def test_no_secret_is_in_what_is_shown_of_a_provider(provider: Provider) -> None:
    assert SECRET not in repr(provider) + str(provider)


@pytest.fixture
def browser(provider: Provider) -> Iterator[TestClient]:
    """A service where ana is known, as the provider's `8f2c`, and what a browser gets from it."""
    ana = Identity(id="ana", kind=Kind.PERSON)
    known = {("default", provider.issuer, "8f2c"): ana, ("team-b", provider.issuer, "ben"): ana}

    def sign_in(_: Request, workspace: str, who: Identity) -> Response:
        return PlainTextResponse(f"{who.id} in {workspace}")

    app = FastAPI()
    app.include_router(routes(provider, lambda *asked: known.get(asked), sign_in, secure=False))

    @app.exception_handler(HandrailError)
    def told(_: Request, problem: HandrailError) -> PlainTextResponse:
        return PlainTextResponse(str(problem), problem.status)

    with TestClient(app, base_url="http://localhost:8177", follow_redirects=False) as client:
        yield client


def came_back(browser: TestClient, sub: str, workspace: str = "") -> Any:
    asked = browser.get(PATH, params={"workspace": workspace} if workspace else {})
    assert asked.status_code == 303
    query = consented(Begun(asked.headers["location"], ""), sub)
    return browser.get(BACK_PATH, params=query), query


def test_a_browser_goes_there_and_comes_back_as_somebody(browser: TestClient) -> None:
    asked = browser.get(PATH)
    cookie = asked.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert f"path={PATH};" in cookie
    assert asked.headers["cache-control"] == "no-store"
    got, query = came_back(browser, "8f2c")
    assert (got.status_code, got.text) == (200, "ana in default")
    assert got.headers["referrer-policy"] == "no-referrer"
    assert COOKIE not in browser.cookies
    again = browser.get(BACK_PATH, params=query)
    assert (again.status_code, "was not begun here" in again.text) == (401, True)


def test_somebody_is_known_in_the_workspace_that_they_came_for_only(browser: TestClient) -> None:
    got, _ = came_back(browser, "ben", "team-b")
    assert got.text == "ana in team-b"
    for sub, workspace in (("ben", ""), ("8f2c", "team-b"), ("eve", "")):
        got, _ = came_back(browser, sub, workspace)
        assert got.status_code == 401
        assert f"nobody here is `{sub}`" in got.text


@pytest.mark.parametrize("cookie", ["", ".", "....", "a.b.c.zz", "a.b.c." + "ff" * 3, "x" * 5000])
def test_a_cookie_that_is_none_signs_nobody_in(cookie: str, browser: TestClient) -> None:
    browser.cookies.set(COOKIE, cookie, path=PATH)
    for query in ({}, {"state": "a", "code": "b"}, {"state": "", "code": ""}, {"state": "\u00e9"}):
        got = browser.get(BACK_PATH, params=query)
        assert got.status_code == 401, got.text


def test_without_a_provider_there_is_no_such_route() -> None:
    made = routes(None, lambda *_: None, lambda *_: Response(), secure=True)
    for route in made.routes:
        with pytest.raises(NotFound, match="no OpenID provider is set"):
            route.endpoint(*([None] if route.path == BACK_PATH else []))  # type: ignore[attr-defined]
