"""What `handrail key` and `handrail person` share: who may do what is settled on the machine of the
store, by whoever can read it.
"""

from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer

from handrail import wiring
from handrail.core.access import ALL, Grant, Role
from handrail.core.ownership import Actor, Party

if TYPE_CHECKING:
    from handrail.wiring.access import Directory

Name = Annotated[str, typer.Argument(metavar="ID", help="Who, by their id.")]
StoreOption = Annotated[
    str,
    typer.Option("--store", help="`sqlite:///file` or `postgresql://…`; else the service's own."),
]
Space = Annotated[str, typer.Option("--workspace", "-w", help="The workspace.")]
By = Annotated[str, typer.Option("--by", help="Who does this; it stands in the ledger.")]
Flow = Annotated[str, typer.Option("--workflow", help="Only within this workflow.")]
Queue = Annotated[str, typer.Option("--queue", help="Only within this queue.")]
Topic = Annotated[str, typer.Option("--topic", help="Only where this is among the topics.")]
AskedRole = Annotated[Role | None, typer.Option("--role", help="Grant them this role, too.")]


def opened(store: str, workspace: str) -> "AbstractContextManager[Directory]":
    """The directory of that store, or of the one that the service's settings name."""
    if not store:
        from handrail import config

        store = config.load().url
    return wiring.directory(store, workspace)


def actor(by: str) -> Actor:
    """Who does this: the person named, else whoever sits at the machine."""
    return Actor(kind=Party.HUMAN, id=by) if by else Actor(kind=Party.SYSTEM, id="console")


def reach_of(one: Grant) -> str:
    """A grant in words."""
    reach = {"workflow": one.workflow, "queue": one.queue, "topic": one.topic}
    told = ", ".join(f"{what} {name}" for what, name in reach.items() if name != ALL)
    return f"{one.role} ({told})" if told else one.role.value


def instant(at: int) -> str:
    """A time as people read it."""
    return f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%d %H:%M} UTC"


def show(value: Any) -> None:
    """Print JSON."""
    typer.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())
