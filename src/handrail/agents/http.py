"""Calls over HTTP, with httpx: in threads, and in an event loop."""

from typing import TYPE_CHECKING, Any

from handrail.agents.calls import Away, Call, Got, path, read, written
from handrail.errors import InputError

if TYPE_CHECKING:
    import httpx


def _library() -> Any:
    try:
        import httpx
    except ImportError:
        raise InputError(
            "a client over HTTP needs httpx", hint="install `handrail[client]`"
        ) from None
    return httpx


def _given(url: str, key: str, timeout: float) -> dict[str, Any]:
    url, key = url.strip(), key.strip()  # files and environments like to add the end of a line
    if not url.startswith(("http://", "https://")):
        raise InputError(f"`{url}` is no address of a service", hint="give `https://…`")
    if not key:
        raise InputError("no key was given", hint="set HANDRAIL_KEY, or give `key`")
    if not (key.isascii() and key.isprintable()):
        raise InputError("what was given is no key", hint="one begins with `hr_`: look at it")
    return {
        "base_url": url.rstrip("/"),
        "headers": {"authorization": f"Bearer {key}", "content-type": "application/json"},
        "timeout": _library().Timeout(timeout, connect=min(timeout, 3.0)),
    }


def _request(call: Call) -> dict[str, Any]:
    method, where = path(call)
    headers = {"idempotency-key": call.key} if call.key else {}
    body = written(call) if method == "POST" else None
    return {"method": method, "url": where, "content": body, "headers": headers}


def _got(call: Call, found: "httpx.Response") -> Got:
    try:
        body = found.json()
    except ValueError:
        body = None
    return read(call, found.status_code, body, found.headers.get("retry-after", ""))


class Http:
    """A transport for many threads."""

    def __init__(self, url: str, key: str, timeout: float) -> None:
        self._client = _library().Client(**_given(url, key, timeout))
        self._failed = _library().HTTPError

    def __call__(self, call: Call) -> Got:
        """Ask. Away when there is no answer."""
        try:
            return _got(call, self._client.request(**_request(call)))
        except self._failed as problem:
            raise Away(f"the service cannot be reached: {type(problem).__name__}") from problem

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()


class AsyncHttp:
    """A transport for one event loop."""

    def __init__(self, url: str, key: str, timeout: float) -> None:
        self._client = _library().AsyncClient(**_given(url, key, timeout))
        self._failed = _library().HTTPError

    async def __call__(self, call: Call) -> Got:
        """Ask. Away when there is no answer."""
        try:
            return _got(call, await self._client.request(**_request(call)))
        except self._failed as problem:
            raise Away(f"the service cannot be reached: {type(problem).__name__}") from problem

    async def close(self) -> None:
        """Give the connections back."""
        await self._client.aclose()
