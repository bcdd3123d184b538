"""The rows of webhooks: how they are kept, and looked through."""

import re
from typing import Any, NamedTuple

from msgspec import Struct

from handrail import codec
from handrail.adapters.sql.unit import SqlUnit
from handrail.errors import InputError

QUEUED, SENT, FAILED = "queued", "sent", "failed"
STATUSES = (QUEUED, SENT, FAILED)
_COLUMNS = 'key, endpoint, "case", number, status, at, due, attempts, error, event, tries'
ALL = f"select {_COLUMNS} from hooks where workspace = ?"
_PUT = (
    f"insert into hooks (workspace, {_COLUMNS}) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
    "on conflict (workspace, key) do update set status = excluded.status, due = excluded.due, "
    "attempts = excluded.attempts, error = excluded.error, tries = excluded.tries"
)
_SOME = f"{ALL} and endpoint = ? and status = ? and (at, key) < (?, ?) order by at desc, key desc"
_KEY = re.compile(r"msg_[0-9a-f]{32}")
_CURSOR = re.compile(rf"([0-9]{{1,15}})-({_KEY.pattern})")


class Try(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How one try went: when, what HTTP status it had (0: no answer), what was wrong, if anything
    was, and the beginning of what the receiver said to that.
    """

    at: int
    http: int = 0
    error: str = ""
    said: str = ""


class Hook(Struct, frozen=True, kw_only=True):
    """One event for one endpoint. `due`: when it is tried next; of one that was sent, when it was.
    `attempts`: how often it was tried, since it was replayed; `tries`: how the last ones went.
    """

    key: str
    endpoint: str
    case: str
    number: int
    status: str
    at: int
    due: int
    attempts: int
    error: str
    event: str
    tries: tuple[Try, ...]


class HookPage(NamedTuple):
    """Some webhooks, the latest first, and where the next page begins; empty: at the end."""

    hooks: tuple[Hook, ...]
    cursor: str


def page(unit: SqlUnit, endpoint: str, status: str, after: str, limit: int) -> HookPage:
    """Those of an endpoint, of that status or of any. InputError for what is neither."""
    if status not in {"", *STATUSES}:
        raise InputError(f"a delivery is {', '.join(STATUSES)}")
    match = _CURSOR.fullmatch(after)
    if after and match is None:
        raise InputError("this is no cursor", hint="give `next` of the page before, as it was")
    behind = (int(match[1]), match[2]) if match else (1 << 62, "")
    found = [
        read(row)
        for one in ([status] if status else STATUSES)  # each by its index
        for row in unit.ask(f"{_SOME} limit ?", endpoint, one, *behind, limit + 1)
    ]
    found.sort(key=lambda one: (one.at, one.key), reverse=True)
    last = found[limit - 1] if len(found) > limit else None
    return HookPage(tuple(found[:limit]), f"{last.at}-{last.key}" if last else "")


def find(unit: SqlUnit, key: str, lock: str = "") -> Hook | None:
    """The one of that key, which may be any text."""
    rows = unit.ask(f"{ALL} and key = ?{lock}", key) if _KEY.fullmatch(key) else []
    return read(rows[0]) if rows else None


def put(unit: SqlUnit, hook: Hook) -> None:
    """Write a row as it is now."""
    told: list[Any] = [getattr(hook, name) for name in hook.__struct_fields__[:-1]]
    unit.ask(_PUT, *told, codec.dump(hook.tries) if hook.tries else "")


def read(row: Any) -> Hook:
    """A row of `ALL`."""
    *told, tries = row
    kept = codec.load(tuple[Try, ...], tries) if tries else ()
    return Hook(**dict(zip(Hook.__struct_fields__, (*told, kept), strict=True)))
