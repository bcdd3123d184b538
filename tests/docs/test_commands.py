"""Every `handrail …` command that a page tells to run is there, and every command is told of."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from handrail.cli import app

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
COMMAND = re.compile(r"(?:^|[`/ |])handrail ([a-z][a-z-]*)(?: ([a-z][a-z-]*))?(?=[`\s])")
CODE = re.compile(r"^```\w*\n.*?^```$|`[^`\n]+`", re.MULTILINE | re.DOTALL)


def known() -> dict[str, set[str]]:
    """The commands of the program, and the sub-commands of each."""
    root: Any = typer.main.get_command(app)
    return {name: set(getattr(made, "commands", ())) for name, made in root.commands.items()}


def told(text: str) -> Iterator[tuple[str, str]]:
    """The commands that the code of a page runs: command and the word behind it."""
    for code in CODE.findall(text):
        for line in code.splitlines():
            yield from COMMAND.findall(line.split("#")[0] + " ")


def unknown(text: str) -> list[str]:
    """The commands of a page that do not exist."""
    commands = known()
    return [
        f"{command} {word}".strip()
        for command, word in told(text)
        if command not in commands or (commands[command] and word not in commands[command])
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_the_commands_of_a_page_exist(page: Path) -> None:
    assert unknown(page.read_text("utf-8")) == []


def test_a_command_that_is_not_there_is_seen() -> None:
    text = (
        "`handrail fly` and\n```sh\n.venv/bin/handrail pack fly x.yaml\nhandrail demo  # ok\n```\n"
    )
    assert unknown(text) == ["fly", "pack fly"]


def test_every_command_is_told_of() -> None:
    pages = "\n".join(page.read_text("utf-8") for page in PAGES)
    said = set(told(pages))
    wanted = {(name, sub) for name, subs in known().items() for sub in subs}
    missing = sorted(f"{name} {sub}" for name, sub in wanted - said)
    missing += sorted(set(known()) - {command for command, _ in said})
    assert missing == []
