"""Secrets and signatures as Standard Webhooks has them: HMAC-SHA256 under a shared secret."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable

PREFIX = "whsec_"
_BYTES = 32


def new_secret() -> str:
    """A secret that nobody has had before."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_BYTES)).decode()


def headers(key: str, at: int, body: bytes, under: Iterable[str]) -> dict[str, str]:
    """What proves that a body is ours: signed at `at` (milliseconds) under each of the secrets, so
    that a receiver that has one of them can tell.
    """
    seconds = str(at // 1000)
    told = b"%b.%b.%b" % (key.encode(), seconds.encode(), body)
    return {
        "webhook-id": key,
        "webhook-timestamp": seconds,
        "webhook-signature": " ".join(_signed(secret, told) for secret in under),
    }


def _signed(secret: str, told: bytes) -> str:
    raw = base64.b64decode(secret.removeprefix(PREFIX))
    return "v1," + base64.b64encode(hmac.digest(raw, told, hashlib.sha256)).decode()
