"""The roster in force in a store: `handrail roster show`, `set`, `put`, `away` and the rest."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from handrail.cli import lives
from handrail.cli.access import By, Space, StoreOption, actor, show
from handrail.cli.explain import counted, say
from handrail.cli.people import JsonOption
from handrail.cli.versions import opened
from handrail.core.routing import Availability
from handrail.engine.rostering import Rostering
from handrail.errors import InputError
from handrail.packs import source
from handrail.wiring import DEFAULT

_Who = Annotated[str, typer.Argument(metavar="PERSON", help="The id of a person.")]
_Queue = Annotated[str, typer.Argument(metavar="QUEUE", help="A queue.")]
_Start = Annotated[
    str, typer.Argument(metavar="START", help="The first day, or a time: 2026-12-24T14:00.")
]
_End = Annotated[
    str, typer.Argument(metavar="END", help="The last day, or the time when it is over.")
]


def show_roster(
    version: Annotated[int, typer.Option(min=0, help="Another one than the latest.")] = 0,
    store: StoreOption = "",
    workspace: Space = DEFAULT,
    as_json: JsonOption = False,
) -> None:
    """Print the roster in force."""
    with opened(store, workspace) as found:
        number, tree = found.roster.show(version)
    if as_json:
        show(tree)
        return
    people = tree.get("people", {})
    say(f"version {number}: {counted(len(people), 'person').replace('persons', 'people')}")
    for name, own in people.items():
        say(f"  {name}  {_told(own)}")
    for one in tree.get("closures", ()):
        say(f"  {one['queue']} is closed from {one['start']} to {one['end']}")


def _told(own: dict[str, Any]) -> str:
    """A person in a line."""
    if own.get("left"):
        return "has left"
    said = [own.get("availability", "online"), ", ".join(own.get("queues", ())) or "no queue"]
    for one in own.get("absences", ()):
        stands_in = f", {one['delegate']} stands in" if one.get("delegate") else ""
        said.append(f"away {one['start']} to {one['end']}{stands_in}")
    return "; ".join(said)


def set_roster(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A roster file.")],
    store: StoreOption = "",
    by: By = "",
    workspace: Space = DEFAULT,
) -> None:
    """Put the roster of a file in place of the whole one."""
    tree = source.read(file).tree
    _edit(store, workspace, lambda roster: roster.set(tree, actor(by)))


def put(
    who: _Who,
    said: Annotated[
        list[str], typer.Argument(metavar="KEY=VALUE...", help="As in a roster file; KEY= ends it.")
    ],
    store: StoreOption = "",
    by: By = "",
    workspace: Space = DEFAULT,
) -> None:
    """Add a person, or change one: `queues`, `skills`, `shifts`, and all else of a roster file.

    Example: `handrail roster put ana 'queues=[frontline]' 'shifts={mon-fri: 08:00-16:00}'`
    """
    fields = dict(_field(one) for one in said)
    _edit(store, workspace, lambda roster: roster.put(who, fields, actor(by)))


def _field(said: str) -> tuple[str, Any]:
    """A key and its value, which is YAML."""
    key, mark, value = said.partition("=")
    if not mark:
        raise InputError(f"`{said}` is no key with a value", hint="such as `capacity=3`")
    if not value:
        return key, None
    return key, source.parse(f"value: {value}".encode(), key).tree["value"]


def left(who: _Who, store: StoreOption = "", by: By = "", workspace: Space = DEFAULT) -> None:
    """Somebody has left: their cases go back to the queues at once."""
    _edit(store, workspace, lambda roster: roster.remove(who, actor(by)))


def available(
    who: _Who,
    how: Annotated[Availability, typer.Argument(metavar="online|busy|offline")],
    store: StoreOption = "",
    by: By = "",
    workspace: Space = DEFAULT,
) -> None:
    """Say that somebody is online, busy or offline."""
    _edit(store, workspace, lambda roster: roster.available(who, how, actor(by)))


def away(
    who: _Who,
    start: _Start,
    end: _End,
    delegate: Annotated[str, typer.Option(help="Who stands in.")] = "",
    store: StoreOption = "",
    by: By = "",
    workspace: Space = DEFAULT,
) -> None:
    """Somebody is away, in their own time zone; the delegate stands in.

    Example: `handrail roster away ana 2026-08-03 2026-08-14 --delegate luis --by boss`
    """
    _edit(
        store,
        workspace,
        lambda roster: roster.away(who, start, end, actor(by), delegate=delegate),
    )


def back(who: _Who, store: StoreOption = "", by: By = "", workspace: Space = DEFAULT) -> None:
    """Somebody is back: absences that have not ended are over."""
    _edit(store, workspace, lambda roster: roster.back(who, actor(by)))


def close(
    queue: _Queue,
    start: _Start,
    end: _End,
    store: StoreOption = "",
    by: By = "",
    workspace: Space = DEFAULT,
) -> None:
    """Close a queue for once, in its own time zone."""
    _edit(store, workspace, lambda roster: roster.close(queue, start, end, actor(by)))


def reopen(queue: _Queue, store: StoreOption = "", by: By = "", workspace: Space = DEFAULT) -> None:
    """Take back the closures of a queue that have not ended."""
    _edit(store, workspace, lambda roster: roster.reopen(queue, actor(by)))


def history(
    store: StoreOption = "", workspace: Space = DEFAULT, as_json: JsonOption = False
) -> None:
    """Every edit of the roster, and who made it."""
    with opened(store, workspace) as found:
        edits = found.roster.history()
    if as_json:
        show([lives.as_entry(one) for one in edits])
        return
    for line in lives.history(edits):
        say(line)


def _edit(store: str, space: str, edit: Callable[[Rostering], int]) -> None:
    with opened(store, space) as found:
        version = edit(found.roster)
    say(f"the roster is at version {version}")


COMMANDS: dict[str, Callable[..., None]] = {
    "show": show_roster,
    "set": set_roster,
    "put": put,
    "left": left,
    "available": available,
    "away": away,
    "back": back,
    "close": close,
    "reopen": reopen,
    "history": history,
}
