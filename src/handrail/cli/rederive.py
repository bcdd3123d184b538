"""`handrail explain`: a decision of the ledger, decided again from what was recorded of it."""

import json
from collections.abc import Iterable, Iterator
from typing import Annotated, Any

import typer

from handrail import packs
from handrail.cli import explain as words
from handrail.cli.verify import NOT_VERIFIED, Export, lines_of, opened
from handrail.core import policy, record
from handrail.core.decision import decide, flip
from handrail.core.ledger import Uncanonical, lines, text
from handrail.core.model import Decision
from handrail.errors import InputError, NotFound
from handrail.session import choose
from handrail.wiring import DEFAULT

DECISION = "decision"


def explain_entry(
    export: Export,
    case: Annotated[str, typer.Argument(metavar="CASE", help="The id of the case.")],
    number: Annotated[
        int, typer.Argument(min=1, metavar="NUMBER", help="The number of the entry in the case.")
    ],
    pack: Annotated[
        str, typer.Option("--pack", "-p", help="The pack that decided: a file, or a starter pack.")
    ] = "support-chat",
    store: Annotated[
        str, typer.Option("--store", help="The store that has the pack, by its digest; no --pack.")
    ] = "",
    space: Annotated[str, typer.Option("--workspace", help="Its workspace.")] = DEFAULT,
    workflow: Annotated[
        str, typer.Option("--workflow", "-w", help="The workflow that decided; else found out.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Explain a decision of the ledger, and decide it again: the bytes must be the same.

    The recorded input and the pack are enough; the pack must have the digest that the decision
    names, by which `--store` finds it. Exit code 1 when another decision comes out. `handrail
    verify` says whether the export itself is right.

    Example: `handrail explain ledger.jsonl case-7 3 --pack my-pack.yaml`
    """
    line = _recorded(export, case, number)
    given, made = _read(line, case, number)
    loaded = _stored(store, space, made.digest) if store else _pack(pack, made.digest)
    name, again = _again(loaded, workflow, given, line)
    rules = policy.rules(loaded, name)
    changes = flip(rules, given.state, given.signals, given.context, made)
    if as_json:
        found = {"case": case, "entry": number, "pack": made.digest, "workflow": name}
        found |= {"roster": given.context.roster, "same": again == line}
        found |= {"recorded": json.loads(line), "derived": json.loads(again)}
        typer.echo(text({**found, "flips": [record.plain(one) for one in changes]}))
    else:
        words.say(f"entry {number} of case `{case}`")
        _tell(words.lines(made, changes))
        words.say(f"  pack     {made.digest}, workflow `{name}`")
        words.say(f"  roster   version {given.context.roster}")
        _compare(line, again)
    if again != line:
        raise typer.Exit(NOT_VERIFIED)


def _read(line: bytes, case: str, number: int) -> tuple[record.Input, Decision]:
    """What was recorded. InputError when it is not what this version writes."""
    try:
        return record.load(line)
    except ValueError as error:
        raise InputError(f"entry {number} of case `{case}` cannot be read: {error}") from error


def _stored(store: str, space: str, digest: str) -> policy.Pack:
    """The pack of a digest, out of a store. NotFound when it was never submitted there."""
    from handrail.wiring.policies import policies_of

    with policies_of(store, space) as found:
        return found.packs.pack(digest)


def _pack(name: str, digest: str) -> policy.Pack:
    """The pack. InputError when it is not the version of that digest."""
    loaded = packs.load(name)
    found = policy.digest(loaded)
    if found != digest:
        raise InputError(
            f"the decision was made by the pack of digest `{digest}`",
            hint=f"`{name}` has `{found}`: name the version that decided",
        )
    return loaded


def _compare(line: bytes, again: bytes) -> None:
    if again == line:
        words.say(f"  again    the same decision, all {len(line):,} bytes", fg="green")
    else:
        words.say("  again    another decision comes out:", fg="red")
        _tell(words.lines(record.load(again)[1], ()))


def _tell(said: Iterable[str]) -> None:
    for line in said:
        words.say(f"  {line}")


def _again(pack: policy.Pack, workflow: str, given: record.Input, line: bytes) -> tuple[str, bytes]:
    """The decision again, and the workflow that makes it: the one that is named, or the first of
    the pack that comes to the same.
    """
    names = [choose(pack, workflow).name] if workflow else [one.name for one in pack.workflows]
    found = [(name, _derive(pack, name, given)) for name in names]
    return next((one for one in found if one[1] == line), found[0])


def _derive(pack: policy.Pack, workflow: str, given: record.Input) -> bytes:
    rules = policy.rules(pack, workflow)
    return record.dump(given, decide(rules, given.state, given.signals, given.context))


def _recorded(export: str, case: str, number: int) -> bytes:
    """The record of a decision. NotFound when the export has no such entry."""
    for entry in _entries(export):
        if (entry["case"], entry["number"]) != (case, number):
            continue
        if entry["name"] != DECISION:
            raise InputError(f"entry {number} of case `{case}` is `{entry['name']}`, no decision")
        found = entry["body"].get("record")
        if not isinstance(found, str):
            raise InputError(f"entry {number} of case `{case}` has no record")
        return found.encode("utf-8", "surrogatepass")
    raise NotFound(f"no entry {number} of case `{case}` in `{export}`")


def _entries(export: str) -> Iterator[dict[str, Any]]:
    """The entries of an export, each by itself: what is broken elsewhere is not looked at."""
    with opened(export) as file:
        for count, line in enumerate(lines_of(file, export), 1):
            if b'"kind":"entry"' not in line:
                continue
            try:
                kind, data = lines.parse(line)
            except Uncanonical as error:
                typer.echo(f"handrail: {export}:{count} - {error}; left out", err=True)
                continue
            if kind == "entry":
                yield data["entry"]
