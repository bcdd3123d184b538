"""One try of one webhook: to an address that was looked at, within bounds of time and size."""

import asyncio
import email.utils
import time
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from handrail.adapters.hooks import guard
from handrail.adapters.hooks.guard import Barred, Network, Resolve, Target
from handrail.errors import InputError

if TYPE_CHECKING:
    import ssl

CONNECT, READ, TOTAL = 5.0, 10.0, 15.0
"""Seconds: to be connected, between two pieces of an answer, and until all of its head is there."""
_SAY = 2.0  # seconds for what else it wants to say
_CUT = 4_096  # bytes of an answer that are read
_SHOWN = 200  # characters of it that are kept
_ADDRESSES = 3  # that are tried, where a name has several


class Answer(Struct, frozen=True, kw_only=True):
    """How a try went. `http`: the status, 0 when there was no answer; `error`: why it counts as
    failed, empty when it does not; `wait`: for how many milliseconds the receiver wants to be left
    alone; `said`: the beginning of its answer, where that was no success.
    """

    http: int = 0
    error: str = ""
    wait: int = 0
    said: str = ""


class Sender:
    """Sends to the public internet, and to the ranges that are `allowed`."""

    def __init__(
        self,
        allowed: Sequence[Network] = (),
        *,
        resolve: Resolve = guard.look_up,
        verify: "ssl.SSLContext | None" = None,
        total: float = TOTAL,
    ) -> None:
        self._allowed, self._resolve = tuple(allowed), resolve
        self._verify, self._total = verify, total

    def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Post a body, once: nothing is followed, nothing is repeated. Raises nothing but
        InputError, where the library for it is not installed.
        """
        _needed()
        try:
            to = guard.target(url)
            found = guard.addresses(to, self._allowed, self._resolve)
            return asyncio.run(self._send(to, found[:_ADDRESSES], headers, body))
        except Barred as barred:
            return Answer(error=str(barred))
        except TimeoutError:
            return Answer(error="timeout")
        except Exception as problem:  # noqa: BLE001  # whatever it is, this try has failed
            return Answer(error=_word(problem))

    async def _send(
        self, to: Target, found: Sequence[str], headers: Mapping[str, str], body: bytes
    ) -> Answer:
        """Try the addresses one after the other, until one is connected."""
        import httpx

        limits = httpx.Timeout(READ, connect=CONNECT)
        # A client for each try: connections are kept by address, and another name of the same
        # address must not be served by one that was made, and whose certificate was read, for this.
        async with httpx.AsyncClient(
            verify=self._verify or _trusted(),
            timeout=limits,
            trust_env=False,
            follow_redirects=False,
        ) as client:
            async with asyncio.timeout(self._total):
                response = await _called(client, to, found, headers, body)
            try:
                return await _read(response)
            finally:
                await response.aclose()


async def _called(
    client: Any, to: Target, found: Sequence[str], headers: Mapping[str, str], body: bytes
) -> Any:
    """The head of the answer of the first address that can be connected."""
    import httpx

    for number, address in enumerate(found, 1):
        literal = f"[{address}]" if ":" in address else address
        request = httpx.Request(
            "POST",
            httpx.URL(scheme=to.scheme, host=literal, port=to.port, raw_path=to.path.encode()),
            headers={
                "host": to.authority,
                "user-agent": _name(),
                "accept-encoding": "identity",
                "connection": "close",
                **headers,
            },
            content=body,
            # The certificate is that of the name, though the address is what is called.
            extensions={"sni_hostname": to.host, "timeout": client.timeout.as_dict()},
        )
        try:
            return await client.send(request, stream=True)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            if number == len(found):
                raise
    raise AssertionError  # there is one at least


async def _read(response: Any) -> Answer:
    if response.is_success:
        return Answer(http=response.status_code)
    return Answer(
        http=response.status_code,
        error=f"http_{response.status_code}",
        wait=_wait(response.headers.get("retry-after", "")),
        said=await _said(response),
    )


async def _said(response: Any) -> str:
    """The beginning of an answer, as one line of plain characters."""
    import httpx

    text = b""
    try:
        async with asyncio.timeout(_SAY):
            async for piece in response.aiter_raw(_CUT):
                text += piece
                if len(text) >= _CUT:
                    break
    except (httpx.HTTPError, TimeoutError):
        pass  # the status is known; what else it wanted to say is not
    line = " ".join(text[:_CUT].decode("utf-8", "replace").split())
    return "".join(one if one.isprintable() else "?" for one in line)[:_SHOWN]


def _wait(text: str) -> int:
    """What `Retry-After` says, in milliseconds; 0 when it says nothing that can be read."""
    if text.isascii() and text.isdigit():
        return min(int(text[:9]), 1 << 31) * 1000
    try:
        when = email.utils.parsedate_to_datetime(text)
        return max(0, int((when.timestamp() - time.time()) * 1000))
    except (TypeError, ValueError, OverflowError):
        return 0


def _needed() -> None:
    try:
        import httpx  # noqa: F401
    except ImportError:
        raise InputError(
            "webhooks need the library `httpx`", hint="install `handrail[server]`"
        ) from None


@cache
def _name() -> str:
    return f"handrail/{version('handrail')}"


@cache
def _trusted() -> "ssl.SSLContext":
    """Whom we believe to say who somebody is: as httpx, or SSL_CERT_FILE."""
    import httpx

    return httpx.create_ssl_context()


def _word(problem: Exception) -> str:
    """A word for what went wrong: of the kind only, for the rest may tell of the inside."""
    import ssl

    import httpx

    cause: BaseException | None = problem
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return "tls"
        cause = cause.__cause__ or cause.__context__
    if isinstance(problem, httpx.TimeoutException):
        return "timeout"
    if isinstance(problem, httpx.ConnectError):
        return "unreachable"
    if isinstance(problem, httpx.TransportError):
        return "broken_off"
    return type(problem).__name__
