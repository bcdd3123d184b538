"""`handrail pack`: make, check, test and read policy packs."""

from pathlib import Path
from typing import Annotated

import orjson
import typer

from handrail import packs
from handrail.cli import show as shown
from handrail.cli import versions
from handrail.cli.explain import counted, say
from handrail.core import policy
from handrail.core.lint import Finding, Severity, lint
from handrail.errors import InputError, Refused
from handrail.packs.find import existing

app = typer.Typer(
    no_args_is_help=True, help="Make, check, test and read policy packs; put them in force."
)

_PackArgument = Annotated[
    str, typer.Argument(metavar="PACK", help="A pack file, or the name of a starter pack.")
]
_JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def new(
    path: Annotated[Path, typer.Argument(help="The file to write.")],
    starter: Annotated[
        str, typer.Option("--from", "-f", help="The starter pack to begin with.")
    ] = "support-chat",
    force: Annotated[
        bool, typer.Option("--force", help="Replace the file if it is there.")
    ] = False,
) -> None:
    """Write a new pack from a starter pack: `support-chat`, `sales-assist` or `ops-agent`.

    Example: `handrail pack new my-pack.yaml --from ops-agent`
    """
    text = existing(starter).read_text(encoding="utf-8")
    try:
        with path.open("w" if force else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise Refused(f"`{path}` is there already", hint="use another name, or --force") from None
    except OSError as error:
        raise InputError(
            f"cannot write `{path}`: {error.strerror}", hint="check the path"
        ) from None
    typer.echo(f"wrote {path}, a copy of {starter}; next: handrail pack check {path}")


@app.command()
def check(pack: _PackArgument = "support-chat", as_json: _JsonOption = False) -> None:
    """Load a pack and lint it. Refused (exit code 3) when the linter finds an error."""
    loaded = packs.open_pack(pack)
    found = lint(loaded.pack)
    errors = [finding for finding in found if finding.severity is Severity.ERROR]
    name, version, digest = loaded.pack.name, loaded.pack.version, policy.digest(loaded.pack)
    places = [loaded.place(finding.keys) for finding in found]
    if as_json:
        shown = {
            "pack": name,
            "version": version,
            "digest": digest,
            "ok": not errors,
            "findings": [_as_dict(*pair) for pair in zip(found, places, strict=True)],
        }
        typer.echo(orjson.dumps(shown, option=orjson.OPT_INDENT_2).decode())
    else:
        for finding, place in zip(found, places, strict=True):
            typer.echo(f"{place} {finding.code} {finding.severity.value} {finding.path}")
            say(f"  {finding.message}")
            say(f"  fix: {finding.fix}")
        others = counted(len(found) - len(errors), "other finding")
        typer.echo(f"{name} {version}: {counted(len(errors), 'error')}, {others}")
        typer.echo(f"  {digest}")
    if errors:
        raise typer.Exit(Refused.exit_code)


def _as_dict(finding: Finding, place: str) -> dict[str, str]:
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "place": place,
        "path": finding.path,
        "message": finding.message,
        "fix": finding.fix,
    }


@app.command()
def test(pack: _PackArgument = "support-chat", as_json: _JsonOption = False) -> None:
    """Run the cases that a pack carries. Refused (exit code 3) when one fails."""
    from handrail.packs import cases

    loaded = packs.load(pack)
    results = cases.run(loaded)
    failed = [result for result in results if not result.passed]
    if as_json:
        typer.echo(
            orjson.dumps(
                {
                    "pack": loaded.name,
                    "passed": len(results) - len(failed),
                    "failed": len(failed),
                    "cases": [
                        {
                            "name": result.name,
                            "passed": result.passed,
                            "differences": list(result.differences),
                        }
                        for result in results
                    ],
                },
                option=orjson.OPT_INDENT_2,
            ).decode()
        )
    else:
        for result in failed:
            say(f"FAILED  {result.name}")
            for difference in result.differences:
                say(f"        {difference}")
        typer.echo(f"{loaded.name}: {len(results) - len(failed)} passed, {len(failed)} failed")
        if not results:
            typer.echo("the pack has no cases; add some under `cases:`", err=True)
    if failed:
        raise typer.Exit(Refused.exit_code)


@app.command()
def show(
    pack: _PackArgument = "support-chat",
    workflow: Annotated[str, typer.Option("--workflow", "-w", help="Only this workflow.")] = "",
    as_json: _JsonOption = False,
) -> None:
    """Print a pack as people read it: with defaults filled in and the base merged."""
    loaded = packs.load(pack)
    if as_json:
        typer.echo(shown.as_json(loaded, workflow))
        return
    for line in shown.lines(loaded, workflow):
        say(line)


@app.command()
def schema() -> None:
    """Print the JSON Schema of the pack format, for editors."""
    from handrail.packs.schema import text

    typer.echo(text(), nl=False)


for _step in versions.COMMANDS:
    app.command()(_step)
