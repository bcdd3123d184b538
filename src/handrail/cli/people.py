"""What commands share that need a pack with its people: the roster, and times in its zone."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from handrail.core.policy import ALWAYS, Pack
from handrail.core.routing import Roster
from handrail.errors import InputError, NotFound
from handrail.packs import find

PackOption = Annotated[
    str, typer.Option("--pack", "-p", help="A pack file, or the name of a starter pack.")
]
RosterOption = Annotated[
    str,
    typer.Option("--roster", "-r", help="Its people; else PACK.roster.yaml beside the pack."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def people(given: str, pack: Pack, name: str) -> Roster:
    """The roster that was named, else the one beside the pack."""
    from handrail.packs import roster

    if given:
        return roster.load(given, pack)
    path = find.find(name)
    beside = path.with_name(path.stem + find.ROSTER)
    if not beside.is_file():
        raise NotFound(
            f"no roster beside `{name}`", hint=f"write {beside.name}, or name one with --roster"
        )
    return roster.load(Path(beside), pack)


def zone(pack: Pack) -> ZoneInfo:
    """The zone of the pack's first queue with hours; what is always open has none of its own."""
    hours = [one.hours for one in pack.queues if one.hours and one.hours != ALWAYS]
    return ZoneInfo(hours[0].time_zone if hours else "UTC")


def instant(text: str, where: ZoneInfo) -> int:
    """A date or time as people write it, local unless it says otherwise, in milliseconds."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(
            f"`{text}` is no time", hint="such as 2026-11-23T09:30, local to the pack's queues"
        ) from None
    if found.tzinfo is None:
        found = found.replace(tzinfo=where)
    return int(found.timestamp() * 1000)


def clock(at: int, where: ZoneInfo) -> str:
    """An instant as people read it: `Mon 2026-11-23 09:30`."""
    return datetime.fromtimestamp(at / 1000, UTC).astimezone(where).strftime("%a %Y-%m-%d %H:%M")


def span(ms: int | None) -> str:
    """A length of time as people read it, two units at most."""
    if ms is None:
        return "-"
    seconds = round(ms / 1000)
    if seconds < 100:
        return f"{seconds} s"
    if seconds < 6000:
        return f"{seconds / 60:.1f} min"
    return f"{seconds / 3600:.1f} h"
