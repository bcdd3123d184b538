"""Signing in with an OpenID provider: the authorization code flow, with PKCE, state and nonce.

Nothing of the provider is kept but who somebody is there (`sub`); its tokens are thrown away.
"""

import base64
import hashlib
import hmac
import re
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

import httpx
from joserfc import jwt
from joserfc.errors import BadSignatureError, InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from handrail.errors import AdapterError, InputError, Unauthenticated

_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "Ed25519"]
"""Only such as nobody can sign with who has but the provider's public keys."""
_LEEWAY, _PATIENCE = 60, 5.0  # seconds that clocks may differ; that the provider may take
_FRESH, _AGAIN = 3600.0, 60.0  # seconds until it is asked for its addresses and keys again
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_WORD = re.compile(r"[a-z_]{1,64}")


class Begun(NamedTuple):
    """A sign-in that was begun: where the browser goes, and what it must bring back in a cookie."""

    address: str
    kept: str


@dataclass(frozen=True, slots=True)
class _Known:
    """What the provider says of itself, and when that was asked."""

    authorize: str
    token: str
    ways: tuple[str, ...]
    keys: KeySet
    at: float


class Provider:
    """An OpenID provider that people of this service sign in with. For many threads.

    `issuer` is its address as it names itself; `redirect` where it sends the browser back to.
    AdapterError when the provider does not do its part, Unauthenticated when somebody did not.
    """

    def __init__(self, issuer: str, client: str, secret: str, redirect: str) -> None:
        parts = urlsplit(issuer)
        if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
            raise InputError(f"the OpenID provider `{issuer}` is not reached by https")
        self.issuer, self._client, self._secret = issuer, client, secret
        self._redirect = redirect
        self._lock = threading.Lock()
        self._known: _Known | None = None

    def begin(self) -> Begun:
        """Begin to sign somebody in."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        challenge = hashlib.sha256(verifier.encode()).digest()
        asked = {
            "response_type": "code",
            "client_id": self._client,
            "redirect_uri": self._redirect,
            "scope": "openid",
            "state": state,
            "nonce": nonce,
            "code_challenge": base64.urlsafe_b64encode(challenge).decode().rstrip("="),
            "code_challenge_method": "S256",
        }
        address = self._about().authorize
        mark = "&" if "?" in address else "?"
        return Begun(f"{address}{mark}{urlencode(asked)}", f"{state}.{nonce}.{verifier}")

    def finish(self, kept: str, query: Mapping[str, str]) -> str:
        """Who came back, as the provider names them (`sub`). `kept` is of `begin`, from the cookie
        of the same browser; `query` is what the provider sent along.
        """
        state, _, rest = kept.partition(".")
        nonce, _, verifier = rest.partition(".")
        same = hmac.compare_digest(state.encode(), query.get("state", "").encode())
        if not (state and nonce and verifier and same):
            raise Unauthenticated("this sign-in was not begun here", hint="begin it again")
        if query.get("iss", self.issuer) != self.issuer:
            raise Unauthenticated("somebody else than the provider sent this", hint="begin again")
        if "error" in query or not query.get("code"):
            why = query.get("error", "")
            said = f": {why}" if _WORD.fullmatch(why) else ""
            raise Unauthenticated(f"the provider did not sign you in{said}", hint="begin again")
        return self._subject(self._redeemed(query["code"], verifier), nonce)

    def _redeemed(self, code: str, verifier: str) -> str:
        """The ID token that a code stands for."""
        about = self._about()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect,
            "code_verifier": verifier,
        }
        sign: tuple[str, str] | None = None
        if self._secret and "client_secret_basic" in about.ways:
            sign = (_encoded(self._client), _encoded(self._secret))
        else:
            form["client_id"] = self._client
            if self._secret:
                form["client_secret"] = self._secret
        status, found = self._ask("POST", about.token, data=form, auth=sign)
        if status == httpx.codes.BAD_REQUEST and found.get("error") == "invalid_grant":
            raise Unauthenticated("this sign-in is over", hint="begin it again")
        token = found.get("id_token")
        if status != httpx.codes.OK or not isinstance(token, str):
            raise self._failed(f"gives no ID token (status {status})")
        return token

    def _subject(self, token: str, nonce: str) -> str:
        """Whom an ID token names, which must be made by the provider, for us, just now."""
        claims = self._decoded(token)
        registry = jwt.JWTClaimsRegistry(
            leeway=_LEEWAY,
            iss={"essential": True, "value": self.issuer},
            aud={"essential": True, "value": self._client},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            registry.validate(claims)
        except JoseError as problem:
            raise Unauthenticated(
                f"the ID token of the provider is not right ({problem.error})", hint="begin again"
            ) from None
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if (several or "azp" in claims) and claims.get("azp") != self._client:
            raise Unauthenticated("the ID token of the provider is for somebody else")
        if not isinstance(claims["sub"], str):
            raise Unauthenticated("the ID token of the provider names nobody")
        return claims["sub"]

    def _decoded(self, token: str) -> dict[str, Any]:
        """What a token says that the provider has signed; its keys may have changed meanwhile."""
        try:
            try:
                return jwt.decode(token, self._about().keys, algorithms=_ALGORITHMS).claims
            except (InvalidKeyIdError, BadSignatureError):  # not every provider names its keys
                return jwt.decode(token, self._about(_AGAIN).keys, algorithms=_ALGORITHMS).claims
        except (JoseError, ValueError):
            raise Unauthenticated(
                "the ID token of the provider is not signed by it", hint="begin again"
            ) from None

    def _about(self, fresh: float = _FRESH) -> _Known:
        """What the provider says of itself, not older than so many seconds."""
        with self._lock:
            if self._known is None or time.monotonic() - self._known.at > fresh:
                self._known = self._discovered()
            return self._known

    def _discovered(self) -> _Known:
        where = f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"
        _, found = self._ask("GET", where)
        if found.get("issuer") != self.issuer:
            said = str(found.get("issuer"))[:200]
            raise self._failed(f"names itself `{said}`", hint="set `oidc_issuer` to that")
        addresses = [
            found.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")
        ]
        if not all(isinstance(one, str) for one in addresses):
            raise self._failed("does not say where it is reached")
        authorize, token, jwks = map(str, addresses)
        _, keys = self._ask("GET", jwks)
        usable = [
            one
            for one in keys.get("keys", ())
            if isinstance(one, dict)
            and one.get("kty") in {"RSA", "EC", "OKP"}
            and one.get("use", "sig") == "sig"
        ]
        try:
            made = KeySet.import_key_set({"keys": usable})
        except (JoseError, ValueError) as problem:
            raise self._failed("has keys that cannot be read") from problem
        ways = found.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        return _Known(authorize, token, tuple(ways), made, time.monotonic())

    def _ask(self, how: str, address: str, **more: Any) -> tuple[int, dict[str, Any]]:
        try:
            got = httpx.request(how, address, timeout=_PATIENCE, follow_redirects=False, **more)
            found = got.json()
        except (httpx.HTTPError, ValueError):
            raise self._failed("does not answer as a provider does") from None
        if not isinstance(found, dict):
            raise self._failed("does not answer as a provider does")
        return got.status_code, found

    def _failed(
        self, what: str, hint: str = "try again, or sign in with a password"
    ) -> AdapterError:
        return AdapterError(f"the OpenID provider `{self.issuer}` {what}", hint=hint)


def _encoded(text: str) -> str:
    """As the standard wants names and secrets before they are put into a header."""
    return urlencode({"": text})[1:]
