#!/usr/bin/env python3
"""Write the generated parts of the documentation, or with `--check` say which are out of date.

A generated part stands between `<!-- generated: NAME -->` and `<!-- end -->` in a page.
"""

import dataclasses
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import typer

from handrail import errors
from handrail.cli import app
from handrail.core import ownership, sla
from handrail.core.bundle import settings as bundles
from handrail.core.sla.deadline import PATHS
from handrail.engine import Barred
from handrail.engine.gate import MEANING

ROOT = Path(__file__).resolve().parent.parent
WIDTH = 80
_PART = re.compile(r"(<!-- generated: ([\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def cli() -> str:
    """The help of every command, as plain text of a fixed width."""
    return "\n".join(
        f"## {' '.join(words)}\n\n```text\n{text}\n```\n" for words, text in helps(app)
    )


def helps(application: typer.Typer) -> Iterator[tuple[tuple[str, ...], str]]:
    """The words of each command and its help, the program itself first."""
    root: Any = typer.main.get_command(application)
    yield from _helps(root, ("handrail",), None)


def _helps(
    command: Any, words: tuple[str, ...], parent: Any
) -> Iterator[tuple[tuple[str, ...], str]]:
    command.rich_markup_mode = None  # no boxes, no colours
    settings = {"terminal_width": WIDTH, "max_content_width": WIDTH, **command.context_settings}
    context = command.context_class(command, info_name=words[-1], parent=parent, **settings)
    text = "\n".join(line.rstrip() for line in command.get_help(context).strip().splitlines())
    yield words, text
    for name in command.list_commands(context) if hasattr(command, "list_commands") else ():
        inner = command.get_command(context, name)
        yield from _helps(inner, (*words, name), context)


def error_table() -> str:
    """The error tree, a row each, each after the one that it is a kind of."""
    rows = [
        "| Error | Is a | Code | Exit code | HTTP | Means |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for kind in tree(errors.HandrailError):
        parent = "`Exception`" if kind is errors.HandrailError else f"`{kind.__base__.__name__}`"
        code = f"[`{kind.code}`](#{kind.code})"
        means = (kind.__doc__ or "").strip().split("\n\n")[0].split(". ")[0].rstrip(".")
        cells = (f"`{kind.__name__}`", parent, code, kind.exit_code, kind.status, means)
        rows.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(rows) + "\n"


def tree(kind: type[errors.HandrailError]) -> Iterator[type[errors.HandrailError]]:
    """An error and all that are one, as the tree is written."""
    yield kind
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from tree(child)


def states() -> str:
    """The answer of every state to every command: where it leads, or the refusal."""
    rows = [
        f"| Command | {' | '.join(f'`{status}`' for status in ownership.Status)} |",
        "| --- |" + " --- |" * len(ownership.Status),
    ]
    for command in ownership.COMMANDS:
        cells = " | ".join(_cell(status, command) for status in ownership.Status)
        rows.append(f"| `{command.name}` | {cells} |")
    return "\n".join(rows) + "\n"


def _cell(status: ownership.Status, command: type[ownership.Command]) -> str:
    cell = ownership.CELLS[status, command]
    if isinstance(cell, ownership.Refusal):
        return f"*{cell}*"
    return " or ".join(dict.fromkeys(str(to or status) for to in ownership.LEADS[cell.__name__]))


def commands() -> str:
    """Every command, who may give it, what it says, and what it is."""
    common = {field.name for field in dataclasses.fields(ownership.Command)}
    rows = ["| Command | By | Says | Means |", "| --- | --- | --- | --- |"]
    for command in ownership.COMMANDS:
        by = ", ".join(party for party in ownership.Party if party in command.actors)
        names = [field.name for field in dataclasses.fields(command) if field.name not in common]
        says = ", ".join(f"`{name}`" for name in names)
        means = " ".join((command.__doc__ or "").split())
        rows.append(f"| `{command.name}` | {by} | {says} | {means} |")
    return "\n".join(rows) + "\n"


def refusals() -> str:
    """Every code of a refusal, in order of precedence, and where the state alone gives it."""
    rows = ["| Refusal | Means | By the state alone |", "| --- | --- | --- |"]
    for code in ownership.Refusal:
        where = "; ".join(
            f"`{status}`: {', '.join(names)}"
            for status in ownership.Status
            if (names := [one.name for one in ownership.COMMANDS
                          if ownership.CELLS[status, one] is code])
        )  # fmt: skip
        rows.append(f"| `{code}` | {ownership.MEANING[code]} | {where} |")
    return "\n".join(rows) + "\n"


def barred() -> str:
    """Every code of the gate besides the refusals."""
    rows = ["| Barred | Means |", "| --- | --- |"]
    rows += [f"| `{code}` | {MEANING[code]} |" for code in Barred]
    return "\n".join(rows) + "\n"


_TIMES = (
    "time_to_accept", "first_response", "next_response", "resolution", "ai_silence",
    "holder_silence", "check_back",
)  # fmt: skip
_LENGTHS = sla.SlaPolicy(name="", **{name: 10 + place for place, name in enumerate(_TIMES)})


def clock_kinds() -> str:
    """Every kind of clock: its length, when it runs, and what it does at its end."""
    rows = ["| Clock | Lasts | Runs while | At its end |", "| --- | --- | --- | --- |"]
    for kind in sla.Kind:
        path = PATHS[kind]
        length = path.seconds(_LENGTHS) if path.seconds else 0
        if kind is sla.Kind.CHECK_BACK:
            length = _LENGTHS.check_back
        names = [name for name in _TIMES if getattr(_LENGTHS, name) == length]
        lasts = f"`{names[0]}`" if names else "until the instant that the event brings"
        runs = ", ".join(f"`{one}`" for one in ownership.Status if one in path.runs)
        ends = "breach, then the levels" if path.escalates else "it lapses"
        if kind is sla.Kind.CHECK_BACK:
            ends = "the steward looks at the case, and it begins anew"
        warns = "; warns before" if path.warns else ""
        rows.append(f"| `{kind}` | {lasts} | {runs} | {ends}{warns} |")
    return "\n".join(rows) + "\n"


def clock_events() -> str:
    """What each event of a case does to its clocks."""
    rows = [
        "| Event | Starts | Starts anew | Met | Ends | Resumes what was paused |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for event, row in sla.TABLE.items():
        starts = [*row.starts, *([row.until] if row.until else [])]
        cells = [
            ", ".join(f"`{kind}`" for kind in kinds)
            for kinds in (starts, row.restarts, row.meets, row.cancels)
        ]
        rows.append(f"| `{event}` | {' | '.join(cells)} | {'yes' if row.resumes else ''} |")
    return "\n".join(rows) + "\n"


_MASKED = {
    bundles.Masked.SECRET: "keys of known shape, private keys, passwords in links, what a word "
    "such as `password:` or `token is` names",
    bundles.Masked.CARD: "12 to 19 digits that a network begins with, check digit right",
    bundles.Masked.IBAN: "an account number whose check holds",
    bundles.Masked.NATIONAL_ID: "numbers of personal documents of many countries by shape "
    "and check, others behind the word that names them",
    bundles.Masked.EMAIL: "mail addresses",
    bundles.Masked.PHONE: "numbers that one of ten regions dials, or any with a `+`",
    bundles.Masked.IP: "addresses of the internet protocol, versions 4 and 6",
}


def masked() -> str:
    """Every class that a bundle can hide."""
    rows = ["| Class | What is hidden | If the pack does not say |", "| --- | --- | --- |"]
    for kind in bundles.Masked:
        usual = "hidden" if kind in bundles.MASKED else "shown"
        rows.append(f"| `{kind}` | {_MASKED[kind]} | {usual} |")
    return "\n".join(rows) + "\n"


def api() -> str:
    """Every route of the API by area: what it needs, and what it does."""
    from fastapi.routing import APIRoute

    from handrail.web.app import ROUTERS
    from handrail.web.auth import declared

    found: dict[str, list[str]] = {}
    for route in (one for some in ROUTERS for one in some.routes):
        assert isinstance(route, APIRoute)
        need = next((one.right.value for one in declared(route.dependant)), "nobody's key")
        says = " ".join(route.description.split())
        row = f"| `{min(route.methods or ())} {route.path}` | {need} | {says} |"
        found.setdefault(str(route.tags[0]), []).append(row)
    heads = "| Route | Right | Does |\n| --- | --- | --- |"
    parts = [
        f"## {area.capitalize()}\n\n{heads}\n" + "\n".join(rows) for area, rows in found.items()
    ]
    return "\n\n".join(parts) + "\n"


PARTS: dict[str, tuple[str, Callable[[], str]]] = {
    "api": ("docs/reference/api.md", api),
    "cli": ("docs/reference/cli.md", cli),
    "errors": ("docs/reference/errors.md", error_table),
    "states": ("docs/reference/ownership.md", states),
    "commands": ("docs/reference/ownership.md", commands),
    "refusals": ("docs/reference/refusals.md", refusals),
    "barred": ("docs/reference/refusals.md", barred),
    "clock-kinds": ("docs/reference/clocks.md", clock_kinds),
    "clock-events": ("docs/reference/clocks.md", clock_events),
    "masked": ("docs/reference/bundle.md", masked),
}
"""Each generated part: its page, and what makes it."""


def filled(page: str, text: str) -> str:
    """A page with its generated parts made anew."""

    def part(match: re.Match[str]) -> str:
        where, make = PARTS[match[2]]
        if where != page:
            raise SystemExit(f"`{match[2]}` is generated in {where}, not in {page}")
        return f"{match[1]}\n{make()}\n{match[3]}"

    return _PART.sub(part, text)


def stale() -> list[str]:
    """The pages whose generated parts are out of date, or not there."""
    found = []
    for name, (page, _) in PARTS.items():
        text = (ROOT / page).read_text("utf-8")
        if f"<!-- generated: {name} -->" not in text or filled(page, text) != text:
            found.append(page)
    return found


def main() -> None:
    """Write or check."""
    if sys.argv[1:] == ["--check"]:
        pages = stale()
        if pages:
            sys.exit(f"out of date: {', '.join(pages)}; run scripts/docs.py")
        return
    if sys.argv[1:]:
        sys.exit("usage: scripts/docs.py [--check]")
    for page in {page for page, _ in PARTS.values()}:
        path = ROOT / page
        path.write_text(filled(page, path.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
