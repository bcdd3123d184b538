"""What a client asks of the service: each call has one form over HTTP and one on an engine, and its
answer is the same plain data.
"""

import hashlib
import json
import re
import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from handrail import codec, errors
from handrail.core.model import Attributes, Turn
from handrail.errors import InputError


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
    """The service cannot be reached or cannot answer now. `after`: seconds it asked us to wait;
    `alone`: it is there, and failed at this very call.
    """

    def __init__(self, why: str, after: float = 0.0, *, alone: bool = False) -> None:
        super().__init__(why)
        self.after, self.alone = after, alone


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
_STAND = frozenset({"case", "status", "epoch"})
_FIELDS = {
    **dict.fromkeys(("turn", "message", "command", "offer", "look"), _STAND),
    "admit": frozenset({"admitted"}),
    **dict.fromkeys(("ask", "approval"), frozenset({"id", "status"})),
    **dict.fromkeys(("effects", "workflows"), frozenset({"items"})),
    "delivered": frozenset({"changed"}),
}
"""What a good answer has at the least. What lacks it was given by something else on the way."""
_LONGEST = 200  # characters of an id
_HEADER = re.compile(r"[!-~]([ -~]{0,198}[!-~])?")


def plain_body(call: Call) -> dict[str, Any]:
    """What a call says, as JSON has it."""
    return {
        name: codec.plain(value) if isinstance(value, Turn | Attributes) else value
        for name, value in call.body.items()
        if value is not None
    }


def written(call: Call) -> str:
    """What a call says, as JSON. InputError when it cannot be written so."""
    try:
        return json.dumps(plain_body(call), allow_nan=False)
    except (TypeError, ValueError) as problem:
        raise InputError(
            f"what is told of case `{call.case}` is no JSON: {problem}",
            hint="give texts, true or false, finite numbers, lists and objects",
        ) from problem


def id_of(given: str) -> str:
    """The id of a call: the given one, a new one, or a hash where a header could not carry it."""
    if not given:
        return uuid.uuid4().hex
    if _HEADER.fullmatch(given):
        return given
    return "h-" + hashlib.sha256(given.encode("utf-8", "surrogatepass")).hexdigest()


def fit(name: str, what: str) -> str:
    """A name that has a place in a path. InputError when it has none."""
    plain = name.isprintable() and not name.startswith("@") and "/" not in name
    if not plain or name in {".", ".."} or not 0 < len(name) <= _LONGEST:
        raise InputError(
            f"`{ascii(name[:_LONGEST])[1:-1]}` is no id of {what}",
            hint=f"1 to {_LONGEST} characters that can be printed, no `/`, not `@` first",
        )
    return name


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


def read(call: Call, status: int, body: Any, after: str = "") -> Got:
    """The answer to a call over HTTP. Away when it is none of the service; else the error it tells
    of. Proxies and portals answer too, so only what has the fields of an answer is taken for one.
    """
    if status >= 500 or status in _AWAY:
        alone = status == errors.Failed.status
        raise Away(f"the service answered {status}", _seconds(after), alone=alone)
    told: dict[str, Any] = body if isinstance(body, dict) else {}
    if status < 300 and _FIELDS[call.name] <= told.keys():
        return Got(told)
    if status < 400 or "code" not in told:
        raise Away(f"what answered {status} is not the service")
    code, said = str(told["code"]), str(told.get("detail", f"answered {status}"))
    case = told.get("case")
    if status == 409 and code != "conflict" and isinstance(case, dict) and case.keys() >= _STAND:
        return Got(case, refused=code)
    kind = errors.Conflict if status == 409 else _KINDS.get(status, errors.Failed)
    raise kind(said, hint=str(told.get("hint", "")))


def _seconds(text: str) -> float:
    return float(text) if text.isdecimal() else 0.0
