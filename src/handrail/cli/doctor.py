"""`handrail doctor`: whether a service is well, and what to do where it is not."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from handrail.cli.access import show
from handrail.cli.explain import counted, say
from handrail.cli.people import JsonOption

if TYPE_CHECKING:
    from handrail.wiring.doctor import Line

_COLOURS = {"ok": "green", "look": "yellow", "wrong": "red"}


def doctor(
    store: Annotated[
        str, typer.Option("--store", help="`sqlite:///file` or `postgresql://…`; else its own.")
    ] = "",
    config: Annotated[
        Path | None, typer.Option("--config", help="The settings file of the service.")
    ] = None,
    data: Annotated[Path | None, typer.Option(help="The folder of its SQLite store.")] = None,
    url: Annotated[
        str, typer.Option("--url", help="A service that runs, `https://host`, looked at instead.")
    ] = "",
    key: Annotated[
        str, typer.Option("--key", envvar="HANDRAIL_KEY", help="A key, to see more of it.")
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Look at a service: its store, clock, keys, pack, roster, what is late. Nothing is changed.

    On its machine it reads the settings as `handrail serve` does, whether that runs or not. Exit
    code 1 when something is wrong.

    Example: `handrail doctor --store sqlite:///handrail.db`
    """
    found = _lines(store, config, data, url, key)
    lines = list(found) if as_json else [_shown(one) for one in found]
    count = {level: sum(one.level == level for one in lines) for level in _COLOURS}
    if as_json:
        told = [{**one._asdict(), "level": one.level.value} for one in lines]
        show({"ok": not count["wrong"], "lines": told})
    else:
        say("")
        told_ = f"{count['wrong']} wrong, {count['look']} to look at"
        say(
            told_ + f", {counted(len(lines), 'check')} in all", fg="red" if count["wrong"] else None
        )
    if count["wrong"]:
        raise typer.Exit(1)


def _lines(
    store: str, config: Path | None, data: Path | None, url: str, key: str
) -> "Iterator[Line]":
    from handrail.wiring.doctor import ask, examine

    if url:
        return ask(url, key)
    from handrail import config as settings

    return examine(settings.load(config, flags={"data": data}), store)


def _shown(line: "Line") -> "Line":
    """Print it, and give it back."""
    level = line.level.value
    say(f"{level:<5}  {line.name:<12} {line.note}", fg=_COLOURS[level], hang=20)
    if line.mend and level != "ok":
        say(f"{'':<20}{line.mend}", dim=True, hang=20)
    return line
