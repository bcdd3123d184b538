"""`handrail ledger`: keys that sign, checkpoints of a store's ledger, and its export."""

import os
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer

from handrail import wiring
from handrail.cli.explain import say
from handrail.errors import InputError

app = typer.Typer(no_args_is_help=True, help="Seal and export the ledger of a store.")

_Url = Annotated[
    str, typer.Argument(metavar="URL", help="`sqlite:///handrail.db` or `postgresql://…`.")
]
_Keys = Annotated[Path, typer.Option("--keys", help="The file of the keys that sign.")]
_Space = Annotated[str, typer.Option("--workspace", "-w", help="The workspace.")]


@app.command()
def keys(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file, or one to rotate.")],
    rotate: Annotated[
        bool, typer.Option("--rotate", help="Sign with a new key, which the old one introduces.")
    ] = False,
) -> None:
    """Make a file of signing keys, or rotate one. Keep it where the database's owner cannot read
    it; the fingerprint is what others know the key by.

    Example: `handrail ledger keys handrail.keys`
    """
    from handrail.prove import Keys

    now = time.time_ns() // 1_000_000
    made = Keys.load(file).rotate(file, now) if rotate else Keys.create(file, now)
    say(f"{'rotated' if rotate else 'made'} `{file}`", fg="green")
    say(f"  signs    {made.current.id}")


@app.command()
def checkpoint(
    url: _Url,
    keys: _Keys,
    witness: Annotated[
        str, typer.Option(help="Where it is kept outside: a file, or http(s)://…")
    ] = "",
    workspace: _Space = wiring.DEFAULT,
) -> None:
    """Seal what has changed since the last checkpoint, and sign it. Run it every few minutes, with
    a witness that the database's owner cannot rewrite.

    Example: `handrail ledger checkpoint sqlite:///handrail.db --keys keys --witness points.jsonl`
    """
    made = wiring.seal(url, keys, witness, workspace)
    if made is None:
        say("nothing has changed since the last checkpoint")
        return
    point = made.checkpoint
    say(f"checkpoint {point.number}", fg="green")
    say(f"  covers   {point.cases:,} cases, {point.entries:,} entries")
    if not witness:
        say("  note     it is kept in the store only: give --witness to put it outside")


@app.command()
def export(
    url: _Url,
    out: Annotated[Path, typer.Option("--out", help="The file that is written.")],
    texts: Annotated[bool, typer.Option("--texts/--no-texts", help="With what was said.")] = True,
    workspace: _Space = wiring.DEFAULT,
) -> None:
    """Write the ledger, as far as checkpoints cover it, for `handrail verify`.

    Example: `handrail ledger export sqlite:///handrail.db --out ledger.jsonl`
    """
    from handrail.prove import write

    if out.exists():
        raise InputError(f"`{out}` is there already", hint="name a new file")
    with wiring.ledger_of(url, workspace) as book:
        if book.last() is None:
            raise InputError(
                f"no checkpoint covers the ledger of `{workspace}`",
                hint="take one: `handrail ledger checkpoint`",
            )
        handle, name = tempfile.mkstemp(dir=out.parent, prefix=".ledger-")
        try:
            with os.fdopen(handle, "wb") as file:
                size = write(book, file, payloads=texts)
            Path(name).replace(out)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    say(f"wrote `{out}`, {size:,} bytes", fg="green")
