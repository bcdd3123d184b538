"""Commands that are imported when they are asked for: a program that starts shall not wait for the
rest of it.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

# Where each command is, in the order of the help: a function, or the `app` of several.
WHERE: Mapping[str, str] = {
    "decide": "decide:decide",
    "replay": "replay:replay",
    "demo": "demo:demo",
    "serve": "serve:serve",
    "doctor": "doctor:doctor",
    "route": "route:route",
    "simulate": "simulate:simulate",
    "verify": "verify:verify",
    "export": "export:export",
    "explain": "rederive:explain_entry",
    "pack": "pack:app",
    "roster": "roster:app",
    "store": "store:app",
    "ledger": "ledger:app",
    "privacy": "privacy:app",
    "key": "key:app",
    "person": "person:app",
    "hook": "hook:app",
}
SETTINGS = {"help_option_names": ["-h", "--help"]}


class Lazy(TyperGroup):
    """The group of all commands."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002
        """Their names."""
        return list(WHERE)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        """The command of a name; None: there is none."""
        return load(cmd_name) if cmd_name in WHERE else None


def load(name: str) -> Any:
    """Import a command."""
    module, _, part = WHERE[name].partition(":")
    found: Any = getattr(import_module(f"handrail.cli.{module}"), part)
    if isinstance(found, typer.Typer):
        made: Any = typer.main.get_group(found)
    else:
        one = typer.Typer(rich_markup_mode="markdown", add_completion=False)
        one.command(name, context_settings=SETTINGS)(found)
        made = typer.main.get_command(one)
    made.name = name
    return made
