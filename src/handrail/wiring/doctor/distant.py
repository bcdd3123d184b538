"""A service that runs, looked at from where its clients are: through its proxy, as they see it."""

import json
import re
import time
from collections.abc import Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from handrail.errors import InputError
from handrail.wiring.doctor.line import Line, look, ok, span, tried, wrong
from handrail.wiring.doctor.trust import SOON
from handrail.wiring.state import SKEW

if TYPE_CHECKING:
    import httpx

_PATIENCE = 10.0
_SIGN = 20.0  # seconds in which a stream gives a second sign of life: its `heartbeat` is 15
_SLOW = 1000  # milliseconds
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_FIGURE = re.compile(r'^(handrail_[a-z_]+)(?:\{workspace="([^"]*)"\})? ([0-9.e+]+)$', re.MULTILINE)
_FIGURES = {  # more than so much is worth a look, and what is to be done
    "handrail_overdue": (0, "cases with a deadline that is due", "look again in a second"),
    "handrail_outbox_age_seconds": (60, "seconds that an effect is late", "look at the log"),
    "handrail_dead_letters": (0, "effects tried in vain", "GET /v1/dead-letters"),
    "handrail_changes_lag_seconds": (60, "seconds that events are held back", "see the database"),
}


def ask(url: str, key: str = "") -> Iterator[Line]:
    """Look at the service at `url`; with a key, at what that key may see."""
    try:
        import httpx
    except ImportError:
        raise InputError("this needs httpx", hint="install `handrail[client]`") from None
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username:
        raise InputError("this is no address of a service", hint="give `https://host`")
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    with httpx.Client(base_url=url.rstrip("/"), timeout=_PATIENCE, headers=headers) as client:
        found = _reached(client)
        if isinstance(found, Line):
            yield found
            return
        yield from _answered(*found)
        if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
            mend = "put TLS before it, as the guide to deployment shows"
            yield look("tls", "keys travel in the clear", mend)
        yield from tried("ready", lambda: _ready(client))
        yield from tried("figures", lambda: _figures(client))
        if key:
            yield from tried("key", lambda: _with_key(client))
        else:
            note = "no key was given: only what everybody may see was looked at"
            yield look("key", note, "handrail doctor --url URL --key KEY")


def _reached(client: "httpx.Client") -> "Line | tuple[httpx.Response, float]":
    import httpx

    begun = time.monotonic()
    try:
        found = client.get("/healthz")
    except (httpx.TransportError, httpx.InvalidURL, UnicodeError) as problem:
        said = str(problem).splitlines()[0] if str(problem) else type(problem).__name__
        return wrong("reach", f"nobody answers: {said.lower()}", "systemctl status handrail")
    if found.status_code != 200 or _json(found).get("status") != "ok":
        note = f"this does not answer as Handrail does: {found.status_code} to /healthz"
        return wrong("reach", note, "look at the address, and at the proxy")
    return found, (time.monotonic() - begun) * 1000


def _answered(found: "httpx.Response", took: float) -> Iterator[Line]:
    if took > _SLOW:
        yield look("reach", f"an answer takes {took:.0f} ms", "look at the load of the service")
    else:
        yield ok("reach", f"it answers in {took:.0f} ms")
    said = found.headers.get("date", "")
    if not said:
        yield look("clock", "it does not say what time it has", "let the proxy send `Date`")
        return
    try:
        theirs: datetime = parsedate_to_datetime(said)
    except ValueError:
        yield wrong("clock", "its `Date` is none", "look at the proxy")
        return
    ahead = (time.time() - theirs.timestamp()) * 1000
    if abs(ahead) > SKEW:
        side = "behind" if ahead > 0 else "ahead of"
        made = wrong if abs(ahead) > SKEW * 12 else look
        note = f"its clock is {span(abs(ahead))} {side} the one here"
        yield made("clock", note, "timedatectl set-ntp true")
    else:
        yield ok("clock", "it agrees with the one here")


def _ready(client: "httpx.Client") -> Iterator[Line]:
    found = client.get("/readyz")
    checks = _json(found).get("checks")
    if not isinstance(checks, dict):
        note = f"this does not answer as Handrail does: {found.status_code} to /readyz"
        yield wrong("ready", note, "look at the proxy")
        return
    bad = {str(name): one for name, one in checks.items() if not one["ok"] or one.get("note")}
    for name, one in bad.items():
        made = look if one["ok"] else wrong
        yield made(f"ready: {name}", str(one.get("note", "")), "handrail doctor (on its machine)")
    if not bad:
        yield ok("ready", f"all well: {', '.join(checks)}")


def _figures(client: "httpx.Client") -> Iterator[Line]:
    found = client.get("/metrics")
    if found.status_code != 200:
        return  # a proxy may keep them from the outside
    well = True
    for name, workspace, value in _FIGURE.findall(found.text):
        most, what, mend = _FIGURES.get(name, (float("inf"), "", ""))
        if float(value) > most:
            well = False
            yield look("figures", f"{float(value):.0f} {what}, in `{workspace}`", mend)
    if well:
        yield ok("figures", "nothing is late, nothing has failed")


def _with_key(client: "httpx.Client") -> Iterator[Line]:
    found = client.get("/v1/me")
    if found.status_code != 200:
        said = str(_json(found).get("detail") or found.status_code)
        yield wrong("key", said, "handrail key create ID --role ROLE (on its machine)")
        return
    me = _json(found)
    yield from _expiring(me)
    yield from _packs(client)
    yield from _endpoints(client)
    yield from _stream(client)


def _expiring(me: dict[str, Any]) -> Iterator[Line]:
    token = me.get("token") or {}
    ends = int(token.get("expires") or token.get("revoked") or 0)
    left = ends - time.time() * 1000
    if ends and left < SOON:
        mend = f"handrail key rotate {token.get('id', 'KEY')}"
        yield look("key", f"this key ends in {span(max(0, left))}", mend)
    else:
        yield ok("key", "it is valid")


def _packs(client: "httpx.Client") -> Iterator[Line]:
    found = client.get("/v1/packs")
    if found.status_code != 200:
        return  # this key may not see them
    body = _json(found)
    if not body.get("active"):
        yield wrong("pack", "none is in force", "handrail pack install PACK (on its machine)")
    elif body.get("candidate") or body.get("to_review"):
        what = f"a ramp of {body['share']} %" if body.get("candidate") else "a roll-back to review"
        yield look("pack", what, "handrail pack history (on its machine)")
    else:
        yield ok("pack", f"{str(body['active'])[:12]} is in force")


def _stream(client: "httpx.Client") -> Iterator[Line]:
    """Whether events come through at once. The first part of an answer passes every proxy, so the
    sign of life is waited for that comes after it: one that buffers keeps it back.
    """
    import httpx

    signs = 0
    try:
        with client.stream("GET", "/v1/events", timeout=_SIGN) as found:
            if found.status_code == 403:
                return  # this key may not see them
            if found.status_code != 200:
                yield wrong("events", f"the stream answers {found.status_code}", "see its log")
                return
            for line in found.iter_lines():
                signs += not line
                if signs == 2:
                    yield ok("events", "they come through at once")
                    return
        yield wrong("events", "the stream ended at once", "look at the log, and at the proxy")
    except httpx.ReadTimeout:
        note = f"none came through for {_SIGN:.0f} s: something buffers them"
        yield wrong("events", note, "switch buffering off in the proxy for /v1/events")


def _endpoints(client: "httpx.Client") -> Iterator[Line]:
    found = client.get("/v1/endpoints")
    if found.status_code != 200:
        return  # this key may not see them
    off = [one for one in _json(found).get("items", ()) if one.get("status") == "disabled"]
    for one in off:
        mend = f"handrail hook change {one['id']} --enable"
        yield look("endpoints", f"no webhooks go to `{one['id']}`: disabled", mend)


def _json(found: "httpx.Response") -> dict[str, Any]:
    try:
        made = json.loads(found.content)
    except ValueError:
        return {}
    return made if isinstance(made, dict) else {}
