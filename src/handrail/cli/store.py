"""`handrail store`: a backup of a store, a store of a backup, what waits in an outbox."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from handrail import outbox, wiring
from handrail.cli.explain import counted, say
from handrail.cli.people import JsonOption
from handrail.errors import InputError
from handrail.ports import Delivery, Effect, Store


class Wait(StrEnum):
    """Why an effect does not leave by itself: it was tried in vain, or the store was restored."""

    FAILED = Delivery.FAILED.value
    QUARANTINED = Delivery.QUARANTINED.value


app = typer.Typer(no_args_is_help=True, help="Back up and restore a store.")
waiting = typer.Typer(
    no_args_is_help=True,
    help="What waits for somebody: dead letters, and what a restore has put into quarantine.",
)
app.add_typer(waiting, name="outbox")

_Url = Annotated[
    str, typer.Argument(metavar="URL", help="`sqlite:///handrail.db` or `postgresql://…`.")
]
_Space = Annotated[str, typer.Option("--workspace", "-w", help="The workspace.")]
_Keys = Annotated[
    list[str] | None, typer.Argument(metavar="[KEY]...", help="Keys, as `list` shows them.")
]
_All = Annotated[bool, typer.Option("--all", help="All of them.")]
_State = Annotated[
    Wait | None, typer.Option("--state", help="Only those that failed, or are in quarantine.")
]
_TOLD = {Wait.FAILED: "failed", Wait.QUARANTINED: "in quarantine"}
_MOST = 1_000_000
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
def list_(
    url: _Url, state: _State = None, workspace: _Space = wiring.DEFAULT, as_json: JsonOption = False
) -> None:
    """Show what waits for somebody: what was tried in vain (dead letters), the latest first, and
    what is in quarantine since a restore, in the order in which it was to leave.

    Example: `handrail store outbox list sqlite:///handrail.db --state failed`
    """
    found = _waiting(url, workspace, state)
    if as_json:
        fields = ("key", "case", "kind", "at", "attempts", "error")
        _show([{"state": one.status} | {f: getattr(one, f) for f in fields} for one in found])
        return
    for one in found:
        why = f"; {one.error}, tried {one.attempts} times" if one.error else ""
        say(f"{one.key}  {one.kind} of {_instant(one.at)}  {_TOLD[Wait(one.status)]}{why}")
    counts = Counter(Wait(one.status) for one in found)
    told = [f"{counted(counts[one], 'effect')} {_TOLD[one]}" for one in Wait if counts[one]]
    typer.echo(", ".join(told) or "nothing waits for anybody")


@waiting.command()
def retry(
    url: _Url,
    keys: _Keys = None,
    every: _All = False,
    by: _By = "",
    workspace: _Space = wiring.DEFAULT,
) -> None:
    """Try once more what has failed, under its old key, as often as something new: a server that
    is at work delivers it. What the AI had said leaves only if the case is still under its epoch.

    Example: `handrail store outbox retry sqlite:///handrail.db case-7/3 --by ana`
    """
    done = _settle(url, workspace, keys, by, every=every, state=Wait.FAILED, act=outbox.retry)
    typer.echo(f"queued {counted(done, 'effect')} again")


@waiting.command()
def release(
    url: _Url,
    keys: _Keys = None,
    every: _All = False,
    by: _By = "",
    workspace: _Space = wiring.DEFAULT,
) -> None:
    """Let leave what is in quarantine: it may reach the receiver a second time, under the same key.
    What the AI had said leaves only if the case is still under its epoch: a restore has ended it.
    """
    done = _settle(url, workspace, keys, by, every=every, state=Wait.QUARANTINED, act=outbox.retry)
    typer.echo(f"released {counted(done, 'effect')}")


@waiting.command()
def drop(
    url: _Url,
    keys: _Keys = None,
    every: _All = False,
    state: _State = None,
    by: _By = "",
    workspace: _Space = wiring.DEFAULT,
) -> None:
    """Cancel for good what has failed or is in quarantine, with an entry in the ledger. When there
    are both, `--all` needs `--state`.
    """
    done = _settle(url, workspace, keys, by, every=every, state=state, act=outbox.drop)
    typer.echo(f"dropped {counted(done, 'effect')}")


def _waiting(url: str, workspace: str, state: Wait | None) -> list[Effect]:
    """What waits for somebody, in this state or in any. NotFound when there is no store."""
    held = wiring.quarantined(url, workspace)
    with wiring.opened(url, workspace) as store:
        found = [*outbox.failed(store, _MOST), *held]
    return [one for one in found if state in {None, Wait(one.status)}]


def _settle(
    url: str,
    workspace: str,
    keys: list[str] | None,
    by: str,
    *,
    every: bool,
    state: Wait | None,
    act: Callable[[Store, str, str], None],
) -> int:
    """Do it to these, or to all in that state; how many there were. Nothing when one is wrong."""
    if not by:
        raise InputError("nobody is named who decides this", hint="give --by NAME")
    if bool(keys) == every:
        raise InputError("name keys, or give --all", hint="`handrail store outbox list` has them")
    found = {one.key: Wait(one.status) for one in _waiting(url, workspace, None)}
    if every and state is None and len(set(found.values())) > 1:
        raise InputError("some have failed, some are in quarantine", hint="say which: --state …")
    right = [key for key, why in found.items() if state in {None, why}]
    for key in keys or ():
        if key not in right:
            wanted = _TOLD[state] if state else "failed or in quarantine"
            now = f": it is {_TOLD[found[key]]}" if key in found else ""
            raise InputError(
                f"no effect `{key}` is {wanted} in workspace `{workspace}`{now}",
                hint="`retry` what has failed, `release` what is in quarantine",
            )
    wanted_keys = set(keys or right)
    with wiring.opened(url, workspace) as store:
        for key in (one for one in right if one in wanted_keys):
            act(store, key, by)
    return len(wanted_keys)


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
