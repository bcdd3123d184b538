"""`handrail hook`: where webhooks go, settled on the machine of the store."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from handrail import wiring
from handrail.cli.access import By, Space, StoreOption, actor, instant, show
from handrail.cli.explain import counted, say
from handrail.cli.key import span
from handrail.cli.people import JsonOption

if TYPE_CHECKING:
    from handrail.wiring.hooks import Endpoint, Hook, Hooks

app = typer.Typer(no_args_is_help=True, help="Say where webhooks go, and see what became of them.")
_Id = Annotated[str, typer.Argument(metavar="ENDPOINT", help="The id of an endpoint.")]
_Events = Annotated[
    list[str] | None,
    typer.Option("--event", "-e", help="Only these, as `case.open` or `case.*`; repeatable."),
]
_About = Annotated[str | None, typer.Option("--description", help="What it is for.")]


@app.command()
def add(
    url: Annotated[str, typer.Argument(metavar="URL", help="Where they go: https://…")],
    event: _Events = None,
    description: _About = None,
    store: StoreOption = "",
    workspace: Space = wiring.DEFAULT,
    by: By = "",
) -> None:
    """Send webhooks somewhere from now on, and print the secret that signs them: it is shown only
    now.

    Example: `handrail hook add https://hooks.example.com/handrail --event "case.*"`
    """
    with _opened(store, workspace) as hooks:
        made, secret = hooks.add(url, event or (), description or "", by=actor(by))
    _hand_over(secret, f"the secret of the endpoint `{made.id}`")


@app.command("list")
def list_endpoints(
    store: StoreOption = "", workspace: Space = wiring.DEFAULT, as_json: JsonOption = False
) -> None:
    """Show where webhooks go, without the secrets."""
    with _opened(store, workspace) as hooks:
        found = hooks.endpoints()
    if as_json:
        show([_plain(one) for one in found])
        return
    for one in found:
        why = f" ({one.reason})" if one.reason else ""
        about = f" ({one.description})" if one.description else ""
        say(f"{one.id}  {one.url}{about}: {', '.join(one.events)}; {one.status}{why}")
    typer.echo(counted(len(found), "endpoint"))


@app.command()
def change(
    endpoint: _Id,
    url: Annotated[str | None, typer.Option("--url", help="Another address.")] = None,
    event: _Events = None,
    description: _About = None,
    enabled: Annotated[
        bool | None, typer.Option("--enable/--disable", help="Send there, or do not.")
    ] = None,
    store: StoreOption = "",
    workspace: Space = wiring.DEFAULT,
    by: By = "",
) -> None:
    """Change what is given; the rest stays. What happens while an endpoint is disabled is not sent
    later; what had not reached it before is.
    """
    with _opened(store, workspace) as hooks:
        made = hooks.change(
            endpoint,
            url=url,
            events=event,
            description=description,
            enabled=enabled,
            by=actor(by),
        )
    typer.echo(f"{made.id} is {made.status}")


@app.command()
def rotate(
    endpoint: _Id,
    overlap: Annotated[str, typer.Option(help="How long the old one signs, too.")] = "24h",
    store: StoreOption = "",
    workspace: Space = wiring.DEFAULT,
    by: By = "",
) -> None:
    """Put a new secret in the place of the old one, and print it: it is shown only now. For a while
    both sign, so that nothing is refused; `--overlap 0h` ends the old one at once.
    """
    with _opened(store, workspace) as hooks:
        made = hooks.rotate(endpoint, span(overlap), by=actor(by))
    _hand_over(made, f"the new secret of the endpoint `{endpoint}`")


@app.command()
def remove(
    endpoint: _Id, store: StoreOption = "", workspace: Space = wiring.DEFAULT, by: By = ""
) -> None:
    """Forget an endpoint, and all that was or is to be sent there."""
    with _opened(store, workspace) as hooks:
        hooks.remove(endpoint, by=actor(by))
    typer.echo(f"removed {endpoint}")


@app.command()
def deliveries(
    endpoint: _Id,
    status: Annotated[str, typer.Option(help="Only `queued`, `sent` or `failed` ones.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many, the latest first.")] = 20,
    store: StoreOption = "",
    workspace: Space = wiring.DEFAULT,
    as_json: JsonOption = False,
) -> None:
    """Show what was or is to be sent somewhere, and how each try went."""
    with _opened(store, workspace) as hooks:
        found = hooks.deliveries(endpoint, status=status, limit=limit).hooks
    if as_json:
        show([_told(one) for one in found])
        return
    for one in found:
        _tell(one)
    typer.echo(counted(len(found), "webhook"))


@app.command()
def replay(
    endpoint: _Id,
    delivery: Annotated[
        str, typer.Argument(metavar="[DELIVERY]", help="Only this one, which may have arrived.")
    ] = "",
    since: Annotated[str, typer.Option(help="Only those of the last, as `3d`.")] = "",
    store: StoreOption = "",
    workspace: Space = wiring.DEFAULT,
    by: By = "",
) -> None:
    """Queue once more what has failed; the service sends it. Each keeps its id, so who has it knows
    it.
    """
    begin = time.time_ns() // 1_000_000 - span(since) if since else 0
    with _opened(store, workspace) as hooks:
        count = hooks.replay(endpoint, delivery, begin, by=actor(by))
    typer.echo(f"queued {counted(count, 'webhook')}")


@app.command("test")
def try_it(endpoint: _Id, store: StoreOption = "", workspace: Space = wiring.DEFAULT) -> None:
    """Send an event that tells of nothing, from here and now, and show how that went."""
    from handrail import config
    from handrail.wiring.hooks import now

    with _opened(store, workspace) as hooks:
        _tell(now(hooks, hooks.ping(endpoint), config.load().private_hooks))


@contextmanager
def _opened(store: str, workspace: str) -> "Iterator[Hooks]":
    """The webhooks of that store, or of the one that the service's settings name."""
    from handrail import config

    settings = config.load()
    with wiring.webhooks(store or settings.url, workspace, settings.private_hooks) as found:
        yield found


def _hand_over(secret: str, what: str) -> None:
    """The secret goes out alone, so that a script can take it; what it is stands beside."""
    typer.echo(f"{what}, which is shown only this once:", err=True)
    typer.echo(secret)


def _tell(one: "Hook") -> None:
    last = one.tries[-1] if one.tries else None
    how = f" ({one.error}{': ' + last.said if last and last.said else ''})" if one.error else ""
    due = f", next {instant(one.due)}" if one.status == "queued" and one.attempts else ""
    what = f"{one.case} {one.number}" if one.case else "a test"
    say(f"{one.key}  {what}: {one.status}{how}, {counted(one.attempts, 'attempt')}{due}")


def _plain(one: "Endpoint") -> dict[str, object]:
    names = ("id", "url", "status", "reason", "events", "description", "at", "since")
    return {name: getattr(one, name) for name in names}


def _told(one: "Hook") -> dict[str, object]:
    names = ("key", "case", "number", "status", "at", "due", "attempts", "error")
    tries = [{"at": it.at, "http": it.http, "error": it.error} for it in one.tries]
    return {**{name: getattr(one, name) for name in names}, "tries": tries}
