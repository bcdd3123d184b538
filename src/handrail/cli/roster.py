"""`handrail roster`: the people behind the queues of a pack."""

from typing import Annotated

import orjson
import typer

from handrail import packs
from handrail.cli import rostered
from handrail.cli.explain import counted, say
from handrail.cli.people import JsonOption, PackOption
from handrail.core.routing import gaps
from handrail.errors import Refused

app = typer.Typer(
    no_args_is_help=True, help="The people behind the queues: check a file, edit what is in force."
)


@app.command()
def check(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="A roster file, or the name of a starter pack.")
    ] = "support-chat",
    pack: PackOption = "support-chat",
    as_json: JsonOption = False,
) -> None:
    """Load a roster for a pack. Refused (exit code 3) when a queue or a row has nobody.

    Example: `handrail roster check my-pack.roster.yaml --pack my-pack.yaml`
    """
    from handrail.packs import roster

    loaded = packs.load(pack)
    found = roster.load(file, loaded)
    missing = gaps(loaded.queues, loaded.matrix, found)
    here = [one for one in found.people if not one.left]
    if as_json:
        shown = {
            "pack": loaded.name,
            "version": found.version,
            "people": len(here),
            "queues": {one.name: len(found.members(one.name)) for one in loaded.queues},
            "ok": not missing,
            "gaps": missing,
        }
        typer.echo(orjson.dumps(shown, option=orjson.OPT_INDENT_2).decode())
    else:
        for gap in missing:
            say(f"GAP  {gap}")
        people = f"{counted(len(here), 'person')}".replace("persons", "people")
        queues = counted(len(loaded.queues), "queue")
        typer.echo(
            f"version {found.version}: {people} for {queues} of {loaded.name}, "
            f"{counted(len(missing), 'gap')}"
        )
    if missing:
        raise typer.Exit(Refused.exit_code)


for _name, _edit in rostered.COMMANDS.items():
    app.command(_name)(_edit)
