"""`handrail serve`: the service, as one process."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from handrail.errors import InputError

if TYPE_CHECKING:
    from handrail.wiring.service import Service


def serve(
    host: Annotated[
        str | None, typer.Option(help="Where to listen; 127.0.0.1 if not said.")
    ] = None,
    port: Annotated[int | None, typer.Option(help="The port; 8177 if not said.")] = None,
    config: Annotated[
        Path | None, typer.Option("--config", help="A settings file, instead of `handrail.toml`.")
    ] = None,
    data: Annotated[Path | None, typer.Option(help="The folder of the SQLite store.")] = None,
    database_url: Annotated[
        str | None, typer.Option(help="`postgresql://…`: for many processes, instead of SQLite.")
    ] = None,
    pack: Annotated[
        str | None, typer.Option(help="The pack that a new store begins with: a file or a name.")
    ] = None,
    roster: Annotated[str | None, typer.Option(help="Its roster.")] = None,
    log_level: Annotated[str | None, typer.Option(help="debug, info, warning or error.")] = None,
) -> None:
    """Run the service. Without anything said it keeps a SQLite store in your data folder, listens
    on this machine only, and prints the key of the administrator when it starts first.

    Every setting can be given in `handrail.toml` or as HANDRAIL_NAME, too; SIGHUP reads them again,
    SIGTERM ends in order.

    Example: `handrail serve --port 9000`
    """
    flags = {
        "host": host,
        "port": port,
        "data": data,
        "database_url": database_url,
        "pack": pack,
        "roster": roster,
        "log_level": log_level,
    }
    _run({"file": config, "flags": flags})


def _run(given: dict[str, Any]) -> None:
    try:
        from handrail.web import logs, server
        from handrail.web.app import create_app
    except ImportError as problem:
        raise InputError(
            f"the service needs a library that is not here: {problem.name}",
            hint="install `handrail[server]`",
        ) from None
    from handrail import config
    from handrail.testing.short import short
    from handrail.web.frame import hangup
    from handrail.wiring.service import Service

    os.umask(0o077)  # what is written here is for its owner only
    settings = config.load(**given)
    logs.set_up(settings.log_level)
    for name in config.strangers():
        typer.echo(f"handrail: the variable `{name}` is no setting", err=True)
    sock = server.listen(settings.host, settings.port)
    service = Service(settings, simulate=short)
    try:
        app = create_app(service)
        frame = app.state.frame
        _greet(service, *sock.getsockname()[:2])
        server.run(app, settings, sock, ending=frame.ending, hangup=lambda: hangup(frame, **given))
    finally:
        service.stop()


def _greet(service: "Service", host: str, port: int) -> None:
    """Say where it is; and the first time, who may come in: the key is shown only now."""
    key = service.first_key()
    shown = f"[{host}]" if ":" in host else host
    typer.echo(f"handrail listens on http://{shown}:{port}")
    where = "PostgreSQL" if service.settings.shared else service.settings.data
    typer.echo(f"  store  {where}")
    if key:
        typer.echo("  the key of the administrator, which is shown only this once:")
        typer.echo(f"  {key}")
    sys.stdout.flush()
