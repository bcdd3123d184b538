"""`handrail privacy`: what is kept about a person, and how it goes."""

import os
import re
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from handrail import wiring
from handrail.cli.explain import counted, say
from handrail.cli.people import JsonOption
from handrail.errors import InputError

app = typer.Typer(
    no_args_is_help=True, help="Show, erase and hold back what is kept about a person."
)
_DAY = 86_400_000
_UNITS = {"h": 3_600_000, "d": _DAY, "w": 7 * _DAY}
_SPAN = re.compile(r"([0-9]{1,6})([hdw])")

_Who = Annotated[
    str, typer.Argument(metavar="[SUBJECT]", help="The customer, as the cases name them.")
]
_Case = Annotated[str, typer.Option("--case", help="One case instead of a customer.")]
_Url = Annotated[str, typer.Option("--store", help="`sqlite:///handrail.db` or `postgresql://…`.")]
_Space = Annotated[str, typer.Option("--workspace", "-w", help="The workspace.")]
_By = Annotated[str, typer.Option("--by", help="Who does this; it stands in the ledger.")]


@app.command()
def export(
    store: _Url,
    customer: _Who = "",
    case: _Case = "",
    out: Annotated[
        Path | None, typer.Option(help="A new file, which only you can read; else it is printed.")
    ] = None,
    workspace: _Space = wiring.DEFAULT,
) -> None:
    """Write everything that is kept about a person, as readable JSON.

    Example: `handrail privacy export ana@example.com --store sqlite:///handrail.db --out ana.json`
    """
    with wiring.privacy(store, workspace) as kept:
        found = kept.export(kept.subject(customer, case))
    text = _dumped(found)
    if out is None:
        typer.echo(text.decode())
        return
    try:
        file = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise InputError(f"`{out}` is there already", hint="name a new file") from error
    with open(file, "wb") as opened:  # noqa: PTH123  # no other way to have it ours alone at once
        opened.write(text + b"\n")
    typer.echo(f"{counted(len(found['cases']), 'case')} written to {out}")


@app.command()
def erase(
    store: _Url,
    customer: _Who = "",
    case: _Case = "",
    by: _By = "",
    reason: Annotated[str, typer.Option(help="Why, as a code.")] = "request",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    open_too: Annotated[
        bool, typer.Option("--open-too", help="Also in cases that are not closed.")
    ] = False,
    workspace: _Space = wiring.DEFAULT,
    as_json: JsonOption = False,
) -> None:
    """Erase everything that is kept about a person: texts, names, values. The ledger stays whole.

    Refused (exit code 3) while something is on hold, or a case is not closed.

    Example: `handrail privacy erase ana@example.com --store sqlite:///handrail.db --by dpo`
    """
    with wiring.privacy(store, workspace) as kept:
        done = kept.erase(
            kept.subject(customer, case),
            by=by,
            reason=reason,
            open_too=open_too,
            dry_run=dry_run,
        )
    _tell(done, as_json=as_json, would=dry_run)
    if not as_json and not dry_run:
        say("note: `handrail privacy scrub` frees the pages; backups keep their copies")


@app.command()
def hold(
    store: _Url,
    customer: _Who = "",
    case: _Case = "",
    by: _By = "",
    reason: Annotated[str, typer.Option(help="Why, for whoever is refused later.")] = "",
    workspace: _Space = wiring.DEFAULT,
) -> None:
    """Forbid to erase what is kept about a person, until it is released.

    Example: `handrail privacy hold ana --store sqlite:///handrail.db --by legal --reason "case 12"`
    """
    with wiring.privacy(store, workspace) as kept:
        who = kept.subject(customer, case)
        kept.hold(who, by=by, reason=reason)
    typer.echo(f"{who} is on hold")


@app.command()
def release(
    store: _Url,
    customer: _Who = "",
    case: _Case = "",
    by: _By = "",
    workspace: _Space = wiring.DEFAULT,
) -> None:
    """End a hold."""
    with wiring.privacy(store, workspace) as kept:
        who = kept.subject(customer, case)
        kept.release(who, by=by)
    typer.echo(f"{who} is not on hold any more")


@app.command()
def holds(store: _Url, workspace: _Space = wiring.DEFAULT, as_json: JsonOption = False) -> None:
    """List what is on hold, by whom and why."""
    with wiring.privacy(store, workspace) as kept:
        found = kept.holds()
    if as_json:
        typer.echo(_dumped([one._asdict() for one in found]).decode())
        return
    for one in found:
        say(f"{one.subject}  by `{one.by}`: {one.reason}")
    typer.echo(f"{counted(len(found), 'hold')}")


@app.command()
def purge(
    store: _Url,
    older_than: Annotated[
        str, typer.Option(metavar="SPAN", help="`400d`, `8w` or `12h` since the last change.")
    ],
    answers: Annotated[
        bool,
        typer.Option("--answers", help="Only the answers that repeated calls would get again."),
    ] = False,
    workspace: _Space = wiring.DEFAULT,
    as_json: JsonOption = False,
) -> None:
    """Erase what is kept in cases that were closed long ago. What is on hold stays.

    Example: `handrail privacy purge --older-than 400d --store sqlite:///handrail.db`
    """
    found = _SPAN.fullmatch(older_than)
    if found is None:
        raise InputError(f"`{older_than}` is no span of time", hint="write `400d`, `8w` or `12h`")
    span = int(found[1]) * _UNITS[found[2]]
    with wiring.privacy(store, workspace) as kept:
        go = kept.forget if answers else kept.purge
        done = more = go(span)
        while more.cases:
            more = go(span)
            done += more
    _tell(done, as_json=as_json)


@app.command()
def scrub(store: _Url) -> None:
    """Have the database give up what it still holds of rows that are gone, in all workspaces.

    SQLite rewrites its file, which needs as much room again.
    """
    with wiring.privacy(store) as kept:
        kept.scrub()
    typer.echo("scrubbed")


def _dumped(found: Any) -> bytes:
    """JSON for people; half a character, which a text may hold, is written escaped."""
    try:
        return orjson.dumps(found, option=orjson.OPT_INDENT_2)
    except orjson.JSONEncodeError:
        import json

        return json.dumps(found, indent=2).encode()


def _tell(done: Any, *, as_json: bool, would: bool = False) -> None:
    counts = done._asdict()
    if as_json:
        typer.echo(_dumped(counts).decode())
        return
    cases = counts.pop("cases")
    what = ", ".join(f"{count:,} {name}" for name, count in counts.items())
    typer.echo(f"{'would be erased' if would else 'erased'} in {counted(cases, 'case')}: {what}")
