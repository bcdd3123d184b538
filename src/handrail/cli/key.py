"""`handrail key`: the keys of the API, settled on the machine of the store."""

import re
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from handrail import wiring
from handrail.cli.access import (
    AskedRole,
    By,
    Flow,
    Name,
    Queue,
    Space,
    StoreOption,
    Topic,
    actor,
    instant,
    opened,
    show,
)
from handrail.cli.explain import counted, say
from handrail.cli.people import JsonOption
from handrail.core.access import ALL, Grant, Kind, fits
from handrail.errors import InputError, NotFound

if TYPE_CHECKING:
    from handrail.wiring.access import Directory

app = typer.Typer(no_args_is_help=True, help="Make, list, replace and end the keys of the API.")
_UNITS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
_SPAN = re.compile(r"([0-9]{1,6})([mhdw])")
_Key = Annotated[
    str, typer.Argument(metavar="KEY", help="The id of a key: what stands between its two `_`.")
]


@app.command("create")
def create(
    name: Name,
    role: AskedRole = None,
    workflow: Flow = ALL,
    queue: Queue = ALL,
    topic: Topic = ALL,
    label: Annotated[str, typer.Option(help="What it is for, to tell it from others.")] = "",
    expires: Annotated[str, typer.Option(help="After which time it ends, as `90d`.")] = "",
    store: StoreOption = "",
    workspace: Space = wiring.DEFAULT,
    by: By = "",
) -> None:
    """Make a key, and print it: it is shown only now. With a role that a program can have, a
    program that is not known yet is added.

    Example: `handrail key create shop-bot --role agent --workflow support`
    """
    until = _later(expires) if expires else 0
    who = actor(by)
    with opened(store, workspace) as directory:
        if role is not None:
            reach = Grant(role=role, workflow=workflow, queue=queue, topic=topic)
            if fits(Kind.PROGRAM, role) and not _is_known(directory, name):
                directory.add_identity(name, Kind.PROGRAM, by=who)
            directory.grant(name, reach, by=who)
        elif (workflow, queue, topic) != (ALL, ALL, ALL):
            raise InputError("a grant needs a role", hint="give --role, or leave the reach away")
        made = directory.make_token(name, label=label, expires=until, by=who)
    _hand_over(made, f"the key of `{name}`")


@app.command("list")
def list_keys(
    name: Annotated[str, typer.Argument(metavar="[ID]", help="Only theirs.")] = "",
    store: StoreOption = "",
    workspace: Space = wiring.DEFAULT,
    as_json: JsonOption = False,
) -> None:
    """Show the keys, without their secrets, which nobody has but who was given them."""
    with opened(store, workspace) as directory:
        found = directory.tokens(name)
    if as_json:
        show([{**asdict(one), "kind": one.kind.value} for one in found])
        return
    for one in found:
        ends = [("expires", one.expires), ("revoked from", one.revoked)]
        told = "".join(f"; {what} {instant(at)}" for what, at in ends if at)
        label = f" ({one.label})" if one.label else ""
        say(f"{one.id}  {one.identity}{label}, made {instant(one.at)}{told}")
    typer.echo(counted(len(found), "key"))


@app.command()
def rotate(
    key: _Key,
    overlap: Annotated[str, typer.Option(help="How long the old one stays valid, too.")] = "24h",
    store: StoreOption = "",
    workspace: Space = wiring.DEFAULT,
    by: By = "",
) -> None:
    """Put a new key in the place of one, and print it: it is shown only now. For a while both are
    valid, so that nothing stops; `--overlap 0h` ends the old one at once.
    """
    with opened(store, workspace) as directory:
        made = directory.rotate(key, span(overlap), by=actor(by))
    _hand_over(made, f"the key that takes the place of `{key}`")


@app.command()
def revoke(
    key: _Key, store: StoreOption = "", workspace: Space = wiring.DEFAULT, by: By = ""
) -> None:
    """Refuse a key from now on, for good."""
    with opened(store, workspace) as directory:
        directory.revoke(key, by=actor(by))
    typer.echo(f"revoked {key}")


@app.command()
def recover(
    name: Annotated[str, typer.Argument(metavar="[ID]", help="Whose key it is.")] = "admin",
    revoke_others: Annotated[
        bool, typer.Option("--revoke", help="End all their other keys and sessions.")
    ] = False,
    store: StoreOption = "",
    workspace: Space = wiring.DEFAULT,
    by: By = "",
) -> None:
    """Make a new key of an administrator when the last one is lost, and print it. Who can read the
    store can do this; it stands in the ledger. Nothing is revoked unless you say so.
    """
    with opened(store, workspace) as directory:
        made = directory.recover(name, revoke=revoke_others, by=actor(by))
    _hand_over(made, f"a key of `{name}`, who may administer workspace `{workspace}`")


def _is_known(directory: "Directory", name: str) -> bool:
    try:
        directory.identity(name)
    except NotFound:
        return False
    return True


def _hand_over(made: str, what: str) -> None:
    """The secret goes out alone, so that a script can take it; what it is stands beside."""
    typer.echo(f"{what}, which is shown only this once:", err=True)
    typer.echo(made)


def span(text: str) -> int:
    """A span of time in milliseconds. InputError for what is none."""
    found = _SPAN.fullmatch(text)
    if found is None:
        raise InputError(f"`{text}` is no span of time", hint="write `90d`, `2w`, `24h` or `15m`")
    return int(found[1]) * _UNITS[found[2]]


def _later(text: str) -> int:
    return time.time_ns() // 1_000_000 + span(text)
