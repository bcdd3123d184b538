#!/usr/bin/env python3
"""Write the generated parts of the documentation, or with `--check` say which are out of date.

A generated part stands between `<!-- generated: NAME -->` and `<!-- end -->` in a page.
"""

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import typer

from handrail import errors
from handrail.cli import app

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
    for name, inner in getattr(command, "commands", {}).items():
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


PARTS: dict[str, tuple[str, Callable[[], str]]] = {
    "cli": ("docs/reference/cli.md", cli),
    "errors": ("docs/reference/errors.md", error_table),
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
