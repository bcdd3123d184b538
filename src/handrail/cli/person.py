"""`handrail person`: who is known and may do what, settled on the machine of the store."""

import sys
from dataclasses import asdict
from typing import Annotated

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
    reach_of,
    show,
)
from handrail.cli.explain import say
from handrail.cli.people import JsonOption
from handrail.core.access import ALL, Grant, Identity, Kind, Role
from handrail.errors import InputError

app = typer.Typer(no_args_is_help=True, help="Say who is known, and who may do what.")
_Given = Annotated[Role, typer.Argument(metavar="ROLE", help=", ".join(Role))]


@app.command()
def add(
    name: Name,
    shown: Annotated[str, typer.Option("--name", help="Their name, as people read it.")] = "",
    role: AskedRole = None,
    workflow: Flow = ALL,
    queue: Queue = ALL,
    topic: Topic = ALL,
    store: StoreOption = "",
    workspace: Space = wiring.DEFAULT,
    by: By = "",
) -> None:
    """Make a person known. Without a role they may do nothing. The id of somebody who takes cases
    is that of the roster.

    Example: `handrail person add ana --name "Ana Ruiz" --role human --queue tier-2`
    """
    who = actor(by)
    with opened(store, workspace) as directory:
        if role is Role.AGENT:
            raise InputError("a person cannot be agent", hint="`handrail key create` adds programs")
        directory.add_identity(name, Kind.PERSON, shown=shown, by=who)
        if role is not None:
            reach = Grant(role=role, workflow=workflow, queue=queue, topic=topic)
            directory.grant(name, reach, by=who)
    typer.echo(f"added {name}")


@app.command("list")
def list_people(
    store: StoreOption = "", workspace: Space = wiring.DEFAULT, as_json: JsonOption = False
) -> None:
    """Show the people and programs that are known, and what each may do where."""
    with opened(store, workspace) as directory:
        found = directory.identities()
    if as_json:
        show([asdict(one) for one in found])
        return
    for one in found:
        name = f" ({one.name})" if one.name else ""
        off = f", disabled {instant(one.disabled)}" if one.disabled else ""
        say(f"{one.id}  {one.kind}{name}{off}: {_reaches(one)}")
    typer.echo(f"{len(found)} known")


@app.command()
def disable(
    name: Name, store: StoreOption = "", workspace: Space = wiring.DEFAULT, by: By = ""
) -> None:
    """Refuse everything of somebody, and end their sessions, until they are enabled again."""
    with opened(store, workspace) as directory:
        directory.disable(name, by=actor(by))
    typer.echo(f"disabled {name}")


@app.command()
def enable(
    name: Name, store: StoreOption = "", workspace: Space = wiring.DEFAULT, by: By = ""
) -> None:
    """Accept somebody's keys and password again."""
    with opened(store, workspace) as directory:
        directory.enable(name, by=actor(by))
    typer.echo(f"enabled {name}")


@app.command()
def password(
    name: Name,
    remove: Annotated[bool, typer.Option("--remove", help="They have none any more.")] = False,
    store: StoreOption = "",
    workspace: Space = wiring.DEFAULT,
    by: By = "",
) -> None:
    """Give a person a password: asked for on a terminal, else the first line of the standard
    input, and never an argument, which others can see. Their sessions end.
    """
    with opened(store, workspace) as directory:
        directory.identity(name)
        directory.set_password(name, "" if remove else _asked(), by=actor(by))
    typer.echo(f"{name} has {'no' if remove else 'a new'} password")


@app.command()
def openid(
    name: Name,
    issuer: Annotated[str, typer.Option(help="The address of the provider, as it names itself.")],
    subject: Annotated[str, typer.Option(help="Who they are there (`sub`); empty: nobody.")],
    store: StoreOption = "",
    workspace: Space = wiring.DEFAULT,
    by: By = "",
) -> None:
    """Say who a person is at an OpenID provider, so that they can sign in with it.

    Example: `handrail person openid ana --issuer https://id.example.com --subject 8f2c`
    """
    with opened(store, workspace) as directory:
        directory.set_subject(name, issuer, subject, by=actor(by))
    typer.echo(f"{name} is {f'`{subject}` at {issuer}' if subject else 'nobody at a provider'}")


@app.command()
def grant(
    name: Name,
    role: _Given,
    workflow: Flow = ALL,
    queue: Queue = ALL,
    topic: Topic = ALL,
    store: StoreOption = "",
    workspace: Space = wiring.DEFAULT,
    by: By = "",
) -> None:
    """Give a role to a person or a program, everywhere or within a workflow, queue or topic."""
    reach = Grant(role=role, workflow=workflow, queue=queue, topic=topic)
    with opened(store, workspace) as directory:
        directory.grant(name, reach, by=actor(by))
    typer.echo(f"granted {name} {reach_of(reach)}")


@app.command()
def ungrant(
    name: Name,
    role: _Given,
    workflow: Flow = ALL,
    queue: Queue = ALL,
    topic: Topic = ALL,
    store: StoreOption = "",
    workspace: Space = wiring.DEFAULT,
    by: By = "",
) -> None:
    """Take a grant back, named exactly as it was given."""
    reach = Grant(role=role, workflow=workflow, queue=queue, topic=topic)
    with opened(store, workspace) as directory:
        directory.ungrant(name, reach, by=actor(by))
    typer.echo(f"took from {name} {reach_of(reach)}")


def _asked() -> str:
    if sys.stdin.isatty():
        return str(typer.prompt("password", hide_input=True, confirmation_prompt=True, err=True))
    given = sys.stdin.readline().rstrip("\r\n")
    if not given:
        raise InputError("no password was given", hint="write it on the standard input")
    return given


def _reaches(who: Identity) -> str:
    return "; ".join(map(reach_of, who.grants)) or "may do nothing"
