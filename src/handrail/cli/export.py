"""`handrail export`: the tables of a store, for analysis elsewhere."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import orjson
import typer

from handrail import wiring
from handrail.cli.explain import counted, say
from handrail.cli.people import JsonOption
from handrail.errors import InputError


def export(
    store: Annotated[str, typer.Option(help="`sqlite:///handrail.db` or `postgresql://…`.")],
    out: Annotated[Path, typer.Option(help="A new folder.")],
    form: Annotated[str, typer.Option("--format", help="`parquet` or `jsonl`.")] = "parquet",
    start: Annotated[
        str, typer.Option("--from", metavar="TIME", help="What happened from here on, in UTC.")
    ] = "",
    end: Annotated[
        str, typer.Option("--to", metavar="TIME", help="What happened before this, in UTC.")
    ] = "",
    no_texts: Annotated[
        bool, typer.Option("--no-texts", help="Without what people wrote, and who they are.")
    ] = False,
    workspace: Annotated[
        str, typer.Option("--workspace", "-w", help="The workspace.")
    ] = wiring.DEFAULT,
    as_json: JsonOption = False,
) -> None:
    """Export cases, handoffs, turns, ledger entries, decisions and effects, as of one instant.

    Example: `handrail export --store sqlite:///handrail.db --out november --from 2026-11-01`
    """
    made = wiring.export(
        store,
        out,
        workspace,
        form=form,
        start=_instant(start),
        end=_instant(end),
        texts=not no_texts,
    )
    if as_json:
        typer.echo(orjson.dumps(made, option=orjson.OPT_INDENT_2).decode())
        return
    say(f"exported workspace `{workspace}` to {out}", fg="green")
    for name, file in made["files"].items():
        say(f"  {name:<10} {counted(file['rows'], 'row')}, {file['bytes']:,} bytes")


def _instant(text: str) -> int | None:
    """A date or time, in UTC unless it says otherwise, in milliseconds; None for nothing."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(f"`{text}` is no time", hint="such as 2026-11-01, in UTC") from None
    return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1000)
