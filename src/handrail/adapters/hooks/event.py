"""What a webhook says: a CloudEvent for each entry of the ledger, without a text of anybody.

What is sent, what a filter may name and what the AsyncAPI document describes are made of what
stands here.
"""

from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Annotated, Any, Literal
from urllib.parse import quote

from msgspec import Meta, Struct

from handrail import books, codec
from handrail.adapters.sql.feed import Change
from handrail.core.ownership import COMMANDS
from handrail.errors import InputError

MEDIA = "application/cloudevents+json"
ALL = "*"
CASE, PING = "case", "ping"
_AREAS = {
    books.PACKS: "packs",
    books.ROSTER: "roster",
    books.ACCESS: "access",
    books.HOOKS: "hooks",
}
_FACTS = """
    admitted approval barred bundle caught clock cooldown cut decision delivery erased imported kept
    legal_hold linked merged offer pause read refused resumed stopped unpause
"""
NAMES: dict[str, tuple[str, ...]] = {
    CASE: tuple(sorted({*(one.name for one in COMMANDS), *_FACTS.split()})),
    "packs": tuple(
        f"pack_{one}"
        for one in (
            *("submitted", "checked", "approved", "installed", "activated", "ramped"),
            *("rolled_back", "reviewed", "retired", "mode"),
        )
    ),
    "roster": tuple(
        f"roster_{one}"
        for one in ("set", "person", "left", "available", "away", "back", "closed", "reopened")
    ),
    "access": (
        *("identity_added", "identity_disabled", "identity_enabled", "granted", "ungranted"),
        *("key_created", "key_rotated", "key_revoked", "session_created", "session_revoked"),
        *("password_set", "password_removed", "password_locked", "subject_set", "subject_removed"),
        "admin_recovered",
    ),
    "hooks": tuple(
        f"endpoint_{one}"
        for one in ("added", "changed", "enabled", "disabled", "rotated", "removed", "replayed")
    ),
}
"""The names of all entries, by what they are about: those of cases, then those of each book."""

_Text = Annotated[str, Meta(min_length=1)]
_TIME = Meta(description="When it happened.", extra_json_schema={"format": "date-time"})


_FIXED: Any = {"specversion": "1.0", "datacontenttype": "application/json"}


class Told(Struct, frozen=True, kw_only=True):
    """An entry of the ledger, and where its case was when the event was made."""

    case: Annotated[str, Meta(description="The case, or the book of the ledger.")]
    number: Annotated[int, Meta(ge=1, description="Of the entry within the case: its order.")]
    at: Annotated[int, Meta(description="Milliseconds since the epoch.")]
    name: Annotated[str, Meta(description="The name of the entry.")]
    actor: Annotated[str, Meta(description="Whose doing: `ai`, `human:<id>`, `system`, …")]
    epoch: Annotated[
        tuple[int, ...], Meta(min_length=2, max_length=2, description="Incarnation and number.")
    ]
    status: Annotated[str, Meta(description="Where the case was when this was made.")]
    owner: Annotated[str, Meta(description="Who had to act then; empty: nobody.")]
    queue: Annotated[str, Meta(description="The queue that it was in then; empty: none.")]
    workflow: Annotated[str, Meta(description="Empty for what is of no case.")]


class Ping(Struct, frozen=True, kw_only=True):
    """Nothing has happened: somebody tries an endpoint."""

    endpoint: Annotated[str, Meta(description="The endpoint that is tried.")]


class _Cloud(Struct, frozen=True, kw_only=True):
    specversion: Literal["1.0"]
    id: Annotated[_Text, Meta(description="With the source: unique, and the same in each try.")]
    source: Annotated[_Text, Meta(description="`urn:handrail:<workspace>`.")]
    type: Annotated[_Text, Meta(description="`com.handrail.<area>.<name>.v1`.")]
    time: Annotated[_Text, _TIME]
    datacontenttype: Literal["application/json"]


class Event(_Cloud, frozen=True, kw_only=True):
    """A CloudEvent, in JSON, that tells of an entry."""

    subject: Annotated[_Text, Meta(description="The case, or the book of the ledger.")]
    data: Told


class Trial(_Cloud, frozen=True, kw_only=True):
    """A CloudEvent, in JSON, that tells of nothing."""

    data: Ping


def area(case: str) -> str:
    """What an entry is about, by where it stands."""
    return _AREAS.get(case, CASE)


def kind(about: str, name: str = "") -> str:
    """The type of an event."""
    return ".".join(["com.handrail", about, *([name] if name else []), "v1"])


def identity(change: Change) -> str:
    """What tells an entry from every other: after a restore the numbers begin again where they
    were, in another incarnation.
    """
    entry = change.entry
    return f"{entry.case}:{entry.epoch.incarnation}:{entry.number}"


def written(workspace: str, change: Change) -> str:
    """The event that tells of a change."""
    entry = change.entry
    told = Told(
        case=entry.case,
        number=entry.number,
        at=entry.at,
        name=entry.name,
        actor=entry.actor,
        epoch=(entry.epoch.incarnation, entry.epoch.number),
        status=change.status,
        owner=change.owner,
        queue=change.queue,
        workflow=change.workflow,
    )
    event = Event(
        **_FIXED,
        id=identity(change),
        source=source(workspace),
        type=kind(area(entry.case), entry.name),
        subject=entry.case,
        time=instant(entry.at),
        data=told,
    )
    return codec.dump(event)


def ping(workspace: str, endpoint: str, key: str, at: int) -> str:
    """An event that tells of nothing."""
    made = Trial(
        **_FIXED,
        id=key,
        source=source(workspace),
        type=kind(PING),
        time=instant(at),
        data=Ping(endpoint=endpoint),
    )
    return codec.dump(made)


def source(workspace: str) -> str:
    """Where events come from."""
    return f"urn:handrail:{quote(workspace, safe='')}"


def instant(at: int) -> str:
    """Milliseconds since the epoch, as CloudEvents has times."""
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")


def wanted(events: tuple[str, ...], case: str, name: str) -> bool:
    """Whether somebody who wants these gets an entry of that name."""
    about = area(case)
    return any(one in {ALL, f"{about}.*", f"{about}.{name}"} for one in events)


def checked(events: tuple[str, ...]) -> tuple[str, ...]:
    """What somebody wants, as it is kept. InputError for what no event is called."""
    known = [ALL, *(f"{about}.{one}" for about, names in NAMES.items() for one in ("*", *names))]
    for one in events:
        if one not in known:
            near = get_close_matches(one, known, 1)
            raise InputError(
                f"there is no event `{ascii(one[:60])[1:-1]}`",
                hint=f"did you mean `{near[0]}`?" if near else "write `*`, `case.*` or `case.open`",
            )
    return tuple(sorted(set(events))) or (ALL,)
