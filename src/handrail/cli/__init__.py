"""The command line. Exit codes: 0 done, 2 bad input, 3 refused, 4 failed."""

import sys
from importlib.metadata import version
from typing import Annotated

import typer

from handrail.cli import pack
from handrail.cli.decide import decide
from handrail.cli.demo import demo
from handrail.cli.replay import replay
from handrail.errors import HandrailError

app = typer.Typer(
    name="handrail",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Decide when an AI agent must hand over to a human, and why.\n\n"
    "New here? Run `handrail demo`.",
    epilog="Exit codes: 0 done, 2 bad input, 3 refused, 4 failed.",
)
app.add_typer(pack.app, name="pack")
app.command()(decide)
app.command()(replay)
app.command()(demo)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"handrail {version('handrail')}")
        raise typer.Exit


@app.callback()
def root(
    show: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Options that stand before a command."""


def main() -> None:
    """Run the command line; an error that we know becomes one clear message and its exit code."""
    try:
        app()
    except HandrailError as error:
        typer.echo(f"handrail: {error}", err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:  # a full disk or a full standard output
        typer.echo(f"handrail: cannot go on: {error.strerror or error}", err=True)
        sys.exit(HandrailError.exit_code)
