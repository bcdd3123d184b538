"""What a client asks of the service: each call has one form over HTTP and one on an engine, and its
answer is the same plain data.
"""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from handrail import codec, errors
from handrail.core.model import Attributes, Turn


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `name` is one of `PATHS`; `key` is its id: the same again changes nothing."""

    name: str
    case: str = ""
    body: dict[str, Any] = field(default_factory=dict)
    key: str = ""
    part: str = ""


@dataclass(frozen=True, slots=True)
class Got:
    """An answer. `refused` is the code of a refusal; empty when it was done."""

    body: dict[str, Any]
    refused: str = ""


class Away(Exception):  # no error of the program: it is answered by holding the AI
    """The service cannot be reached or cannot answer now. `after`: seconds it asked us to wait."""

    def __init__(self, why: str, after: float = 0.0) -> None:
        super().__init__(why)
        self.after = after


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait so many seconds; what a flow yields beside calls."""

    seconds: float


PATHS = {
    "turn": ("POST", "/v1/cases/{case}/turns"),
    "message": ("POST", "/v1/cases/{case}/messages"),
    "admit": ("POST", "/v1/cases/{case}/admissions"),
    "command": ("POST", "/v1/cases/{case}/agent-commands"),
    "offer": ("POST", "/v1/cases/{case}/offers/{part}"),
    "ask": ("POST", "/v1/cases/{case}/approvals"),
    "approval": ("GET", "/v1/approvals/{part}"),
    "look": ("GET", "/v1/cases/{case}"),
    "effects": ("GET", "/v1/cases/{case}/effects?waiting=true"),
    "delivered": ("POST", "/v1/cases/{case}/effects/{part}/delivery"),
    "workflows": ("GET", "/v1/workflows"),
}
"""Each call over HTTP."""


def plain_body(call: Call) -> dict[str, Any]:
    """What a call says, as JSON has it."""
    return {
        name: codec.plain(value) if isinstance(value, Turn | Attributes) else value
        for name, value in call.body.items()
        if value is not None
    }


_AWAY = frozenset({408, 425, 429})
_KINDS: dict[int, type[errors.HandrailError]] = {
    401: errors.Unauthenticated,
    403: errors.Forbidden,
    404: errors.NotFound,
    413: errors.InputError,
    422: errors.InputError,
}


def path(call: Call) -> tuple[str, str]:
    """The method and the path of a call."""
    method, template = PATHS[call.name]
    names = {"case": quote(call.case, safe=""), "part": quote(call.part, safe="")}
    return method, template.format(**names)


def read(status: int, body: Any, after: str = "") -> Got:
    """An answer over HTTP. Away when it is none that says anything; else the error it tells of."""
    if status >= 500 or status in _AWAY:
        raise Away(f"the service answered {status}", _seconds(after))
    if not isinstance(body, dict):
        raise Away(f"what answered {status} is not the service")
    if status < 300:
        return Got(body)
    code, said = str(body.get("code", "")), str(body.get("detail", f"answered {status}"))
    if status == 409 and code != "conflict" and "case" in body:
        return Got(body["case"], refused=code)
    kind = errors.Conflict if status == 409 else _KINDS.get(status, errors.Failed)
    raise kind(said, hint=str(body.get("hint", "")))


def _seconds(text: str) -> float:
    return float(text) if text.isdigit() else 0.0
