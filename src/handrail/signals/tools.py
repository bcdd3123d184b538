"""What the result of a tool says: failed, not permitted, not found, or done.

Only the head counts, and only wording that stands where an error stands: business data that
merely has the word "error" in it is a result like any other.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from handrail.signals.language import languages
from handrail.signals.text import tokenize

_HEAD = 400  # characters that are read of a plain text
_LARGE = 20_000  # characters up to which JSON is parsed
_BRIEF = 14  # words up to which a plain text may say "not found" without the word error before it
_ERROR_KEYS = ("error", "errors", "exception", "error_message", "errormessage", "error_code")
_TEXT_KEYS = (*_ERROR_KEYS, "message", "detail", "details", "reason", "title", "description")
_OK_KEYS = ("success", "ok", "succeeded")
_FLAG_KEYS = ("iserror", "is_error", "failed")
_STATUS_KEYS = ("status", "status_code", "statuscode", "http_status", "code")
_FAILED = {"error", "failed", "failure", "denied", "forbidden", "unauthorized", "unauthorised"}
_NOTHING = {"", "[]", "{}", "null", "none", "undefined", '""', "''", "()", "nan"}
_CODES = {"http", "https", "status", "code", "error", "1", "2", "0"}
_DENIED, _ABSENT = {401, 403}, {404, 410}


@dataclass(frozen=True, slots=True)
class Result:
    """What a tool's result says. None of the flags: an empty result, neither good nor bad."""

    failed: bool = False
    succeeded: bool = False
    permission: bool = False
    missing: bool = False


def read(text: str, error: bool | None) -> Result:
    """Read a tool's result. `error` is the caller's word on whether it failed, and wins.

    Without it, text that reads as an error failed; an empty text, list or object says nothing;
    anything else succeeded.
    """
    if error is False:
        return Result(succeeded=True)
    head = text[:_HEAD].strip()
    found = _json(text) if head[:1] == "{" else _plain(head)
    if error is None:
        if not found.failed and not found.missing and not found.permission:
            return Result(succeeded=head.lower() not in _NOTHING)
        return found
    if not (found.permission or found.missing):
        found = _worded(head)
    return Result(failed=True, permission=found.permission, missing=found.missing)


def _json(text: str) -> Result:
    """An object that reports an error by the keys that such objects have."""
    head = text[:_HEAD].lower()
    if not any(f'"{key}"' in head for key in (*_ERROR_KEYS, *_OK_KEYS, *_FLAG_KEYS, *_STATUS_KEYS)):
        return Result()
    try:
        data = json.loads(text) if len(text) <= _LARGE else None
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):  # cut off: its first key has to tell
        first = head.lstrip("{ \t\r\n")
        return (
            _worded(head, failed=True)
            if first.startswith(('"error": "', '"error":"'))
            else Result()
        )
    fields = {str(key).lower(): value for key, value in data.items()}
    status = next((fields[key] for key in _STATUS_KEYS if key in fields), None)
    if not _reports(fields, status):
        return Result()
    nested = fields.get("error")
    if isinstance(nested, dict):
        status = next((nested[key] for key in _STATUS_KEYS if key in nested), status)
    said = " ".join(_strings({key: fields[key] for key in _TEXT_KEYS if key in fields}))
    return _merge(_worded(said[:_HEAD], failed=True), _coded(status))


def _reports(fields: Mapping[str, object], status: object) -> bool:
    """Whether the fields of an object say that the call failed."""
    if any(
        fields.get(key) not in (None, False, 0, "", [], {}, "none", "null") for key in _ERROR_KEYS
    ):
        return True
    if any(fields.get(key) is False for key in _OK_KEYS):
        return True
    if any(fields.get(key) is True for key in _FLAG_KEYS):
        return True
    if isinstance(status, int) and not isinstance(status, bool):
        return 400 <= status <= 599 and "message" in fields
    # An order may be "failed" too; a failed call says why.
    explains = any(key in fields for key in ("message", "detail", "reason"))
    return isinstance(status, str) and status.lower() in _FAILED and explains and len(fields) <= 5


def _strings(data: object, depth: int = 0) -> Iterator[str]:
    """The texts in an error's fields, at most three levels down."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, int) and not isinstance(data, bool):
        yield str(data)
    elif depth < 3 and isinstance(data, dict):
        for value in list(data.values())[:10]:
            yield from _strings(value, depth + 1)
    elif depth < 3 and isinstance(data, list):
        for value in data[:10]:
            yield from _strings(value, depth + 1)


def _plain(head: str) -> Result:
    """A text: an error when it begins like one, or is brief and says no."""
    tokens = tokenize(head)
    code = _http(tokens)
    if code or _begins(head, tokens):
        return _merge(_worded(head, failed=True), _coded(code))
    if len(tokens) <= _BRIEF and head[:1] not in "[<\"'":
        found = _worded(head)
        return Result(failed=found.permission, permission=found.permission, missing=found.missing)
    return Result()


def _begins(head: str, tokens: list[str]) -> bool:
    """Whether a text opens with the wording of an error: "Error: ...", "Failed to ..."."""
    for language in languages().values():
        for start, end, labels in language.tool.spans(tokens[:8]):
            if start or "failed" not in labels:
                continue
            rest = head.lower().partition(tokens[end - 1])[2].lstrip()
            # "error" alone may begin a sentence about errors; with a colon it reports one
            if end > 1 or not rest or rest[0] in ":-(!.[":
                return True
    return False


def _http(tokens: list[str]) -> int:
    """The HTTP status that a text opens with, 0 if none: "403 Forbidden", "HTTP 500"."""
    for place, token in enumerate(tokens[:4]):
        if len(token) == 3 and token.isascii() and token.isdigit() and token[0] in "45":
            follows = tokens[place + 1 : place + 4]
            named = place > 0 or (len(follows) > 0 and _worded(" ".join(follows)) != Result())
            return int(token) if named or _server(follows) else 0
        if token not in _CODES:
            return 0
    return 0


def _server(follows: list[str]) -> bool:
    """Whether a number is followed by the name of a server's failure."""
    said = languages()["en"].tool.labels(follows)
    return "failed" in said


def _worded(text: str, *, failed: bool = False) -> Result:
    """What the wording of an error adds: a right that is missing, or a thing."""
    tokens = tokenize(text)[:60]
    labels: set[str] = set()
    for language in languages().values():
        labels |= language.tool.labels(tokens)
    code = _coded(_number(tokens))
    permission = "permission" in labels or code.permission
    missing = not permission and ("missing" in labels or code.missing)
    return Result(failed=failed, permission=permission, missing=missing)


def _number(tokens: list[str]) -> int:
    """A status that an error names: "error 403", "status code 404"."""
    for before, token in pairwise(tokens):
        if before in _CODES and len(token) == 3 and token.isascii() and token.isdigit():
            return int(token)
    return 0


def _coded(status: object) -> Result:
    return Result(permission=status in _DENIED, missing=status in _ABSENT)


def _merge(one: Result, other: Result) -> Result:
    permission = one.permission or other.permission
    return Result(
        failed=one.failed or other.failed,
        permission=permission,
        missing=not permission and (one.missing or other.missing),
    )
