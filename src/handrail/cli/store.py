"""`handrail store`: a backup of a store, a store of a backup, what waits in its outbox since."""

from collections.abc import Collection, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from handrail import outbox, wiring
from handrail.cli.explain import counted, say
from handrail.cli.people import JsonOption
from handrail.errors import InputError

app = typer.Typer(no_args_is_help=True, help="Back up and restore a store.")
waiting = typer.Typer(
    no_args_is_help=True, help="What a restore has put into quarantine: see it, release or drop it."
)
app.add_typer(waiting, name="outbox")

_Url = Annotated[
    str, typer.Argument(metavar="URL", help="`sqlite:///handrail.db` or `postgresql://…`.")
]
_Space = Annotated[str, typer.Option("--workspace", "-w", help="The workspace.")]
_Keys = Annotated[
    list[str] | None, typer.Argument(metavar="[KEY]...", help="Keys, as `list` shows them.")
]
_All = Annotated[bool, typer.Option("--all", help="All that is in quarantine.")]
_By = Annotated[str, typer.Option("--by", help="Who decides this; it stands in the ledger.")]


@app.command()
def backup(
    url: _Url,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file.")],
    as_json: JsonOption = False,
) -> None:
    """Copy a store into a file, as of one instant, while it is in use. The file holds everything
    that was said: keep it as you keep the store.

    Example: `handrail store backup sqlite:///handrail.db monday.backup`
    """
    made = wiring.back_up(url, file)
    counts = {name: part.rows for name, part in made.tables.items()}
    if as_json:
        _show({"at": made.at, "kind": made.kind, "last": made.last, "rows": counts})
        return
    say(f"backed up {made.kind} as of {_instant(made.at)}", fg="green")
    say(f"  rows  {_counts(counts)}")


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A backup.")],
    url: _Url,
    witness: Annotated[
        str,
        typer.Option(help="Where checkpoints were kept outside: a file, or http(s)://…"),
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Make a store of a backup: a new one, with no server at work on it, of either kind. Whatever
    was still to be sent is held until `handrail store outbox` releases or drops it.

    Example: `handrail store restore monday.backup sqlite:///restored.db --witness points.jsonl`
    """
    done = wiring.restore(file, url, witness)
    if as_json:
        shown = asdict(done)
        made = shown.pop("made")
        _show({"at": made["at"], "kind": made["kind"], "last": made["last"], **shown})
        return
    made_at = _instant(done.made.at)
    say(f"restored from {done.made.kind} as of {made_at}", fg="green")
    say(f"  epochs   are of incarnation {done.incarnation} from now on; all before are refused")
    for name, one in done.spaces.items():
        said = _counts({"case": one.cases, "turn": one.turns}, nouns=True)
        held = f"{counted(one.quarantined, 'effect')} in quarantine"
        late = f"{counted(one.overdue, 'case')} with a deadline that has passed"
        say(f"  `{name}`  {said}, {one.entries:,} ledger entries; {held}, {late}")
    last = f"; its last entry is of {_instant(done.made.last)}" if done.made.last else ""
    say(f"  lost     everything after {made_at}{last}")
    _tell_lost(done.spaces, done.lost, done.broken)
    if any(one.quarantined for one in done.spaces.values()):
        say(f"  next     handrail store outbox list {_masked(url)}")


def _tell_lost(spaces: Collection[str], lost: Mapping[str, Any] | None, broken: int) -> None:
    """How much is known to be lost, and what nobody can know."""
    if lost is None:
        say("  note     without a witness nobody can know how much that was: give --witness")
        return
    if broken:
        say(f"  note     {counted(broken, 'line')} of the witness cannot be read", fg="yellow")
    for name, one in lost.items():
        more = f"{counted(one.cases, 'case')} and {one.entries:,} entries"
        at = _instant(one.at)
        say(f"  `{name}`  checkpoint {one.checkpoint} outside, of {at}, counts {more} more")
        say(f"  note     what came after {at} was counted by nobody outside")
    for name in sorted(set(spaces) - lost.keys()):
        say(f"  note     the witness has no checkpoint of workspace `{name}`: nobody can know")


@waiting.command("list")
def list_(url: _Url, workspace: _Space = wiring.DEFAULT, as_json: JsonOption = False) -> None:
    """Show what is in quarantine, in the order in which it was to leave."""
    found = wiring.quarantined(url, workspace)
    if as_json:
        fields = ("key", "case", "kind", "at")
        _show([{name: getattr(one, name) for name in fields} for one in found])
        return
    for one in found:
        say(f"{one.key}  {one.kind} of {_instant(one.at)}")
    typer.echo(f"{counted(len(found), 'effect')} in quarantine")


@waiting.command()
def release(
    url: _Url,
    keys: _Keys = None,
    every: _All = False,
    by: _By = "",
    workspace: _Space = wiring.DEFAULT,
) -> None:
    """Let it leave after all: it may reach the receiver a second time, under the same key. What the
    AI had said leaves only if the case is still under its epoch, which a restore has ended.
    """
    _settle(url, workspace, keys, by, every=every, go=True)


@waiting.command()
def drop(
    url: _Url,
    keys: _Keys = None,
    every: _All = False,
    by: _By = "",
    workspace: _Space = wiring.DEFAULT,
) -> None:
    """Cancel it for good, with an entry in the ledger."""
    _settle(url, workspace, keys, by, every=every, go=False)


def _settle(
    url: str, workspace: str, keys: list[str] | None, by: str, *, every: bool, go: bool
) -> None:
    if not by:
        raise InputError("nobody is named who decides this", hint="give --by NAME")
    if bool(keys) == every:
        raise InputError("name keys, or give --all", hint="`handrail store outbox list` has them")
    held = [one.key for one in wiring.quarantined(url, workspace)]
    for key in keys or ():
        if key not in held:
            raise InputError(f"no effect `{key}` is in quarantine in workspace `{workspace}`")
    with wiring.opened(url, workspace) as store:
        wanted = set(keys or held)
        for key in (one for one in held if one in wanted):
            (outbox.retry if go else outbox.drop)(store, key, by)
    typer.echo(f"{'released' if go else 'dropped'} {counted(len(wanted), 'effect')}")


def _show(value: Any) -> None:
    typer.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())


def _counts(found: Mapping[str, int], *, nouns: bool = False) -> str:
    if nouns:
        return ", ".join(counted(count, name) for name, count in found.items())
    return ", ".join(f"{count:,} {name}" for name, count in found.items() if count) or "none"


def _instant(at: int) -> str:
    return f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"


def _masked(url: str) -> str:
    """An address as it may be shown: without its password."""
    scheme, mark, rest = url.partition("://")
    who, at, where = rest.rpartition("@")
    return f"{scheme}{mark}{who.partition(':')[0]}{at}{where}"
