"""The command line. Exit codes: 0 done, 2 bad input, 3 refused, 4 failed, 128 + n by signal n."""

import signal
import sys
from importlib.metadata import version
from types import FrameType
from typing import Annotated

import typer

from handrail.cli.lazy import SETTINGS, Lazy
from handrail.errors import HandrailError

app = typer.Typer(
    name="handrail",
    cls=Lazy,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings=SETTINGS,
    help="Decide when an AI agent must hand over to a human, and why.\n\n"
    "New here? Run `handrail demo`.",
    epilog="Exit codes: 0 done, 2 bad input, 3 refused, 4 failed.",
)


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


_CLOSED_PIPE = 141  # as of a program that SIGPIPE ends, which Python ignores


def _stop(number: int, _: FrameType | None) -> None:
    """End as after Ctrl-C, so that what was begun is tidied up; once, also when told again."""
    signal.signal(number, signal.SIG_IGN)
    raise SystemExit(128 + number)


def _listen() -> None:
    """Tidy up when told to end, unless whoever started us wants such a signal ignored."""
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _stop)


def main() -> None:
    """Run the command line; an error that we know becomes one clear message and its exit code."""
    _listen()
    try:
        app()
    except SystemExit as end:
        if isinstance(end.__context__, BrokenPipeError):  # typer made a plain 1 of it
            sys.exit(_CLOSED_PIPE)
        raise
    except HandrailError as error:
        typer.echo(f"handrail: {error}", err=True)
        sys.exit(error.exit_code)
    except OSError as error:  # a full disk or a full standard output
        typer.echo(f"handrail: cannot go on: {error.strerror or error}", err=True)
        sys.exit(HandrailError.exit_code)
