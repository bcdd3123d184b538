"""Every `handrail …` command that a page tells to run is there, and every command is told of."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from docs.pages import PAGES, blocks, name
from handrail.cli.lazy import WHERE, load

COMMAND = re.compile(r"(?:^|[`/ |])handrail ([a-z][a-z-]*)(?: ([a-z][a-z-]*))?(?=[`\s])")
INLINE = re.compile(r"`[^`\n]+`")
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def known() -> dict[str, set[str]]:
    """The commands of the program, and the sub-commands of each."""
    return {name: set(getattr(load(name), "commands", ())) for name in WHERE}


def told(text: str) -> Iterator[tuple[str, str]]:
    """The commands that the code of a page runs: command and the word behind it."""
    code = [block.body for block in blocks(text) if block.language in {"sh", "console"}]
    for part in [*code, *INLINE.findall(FENCED.sub("", text))]:
        for line in part.splitlines():
            yield from COMMAND.findall(line.split("#")[0] + " ")


def unknown(text: str) -> list[str]:
    """The commands of a page that do not exist."""
    commands = known()
    return [
        f"{command} {word}".strip()
        for command, word in told(text)
        if command not in commands or (commands[command] and word not in commands[command])
    ]


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_the_commands_of_a_page_exist(page: Path) -> None:
    assert unknown(page.read_text("utf-8")) == []


def test_a_command_that_is_not_there_is_seen() -> None:
    text = (
        "`handrail fly` and\n```sh\n.venv/bin/handrail pack fly x.yaml\nhandrail demo  # ok\n```\n"
    )
    assert sorted(unknown(text)) == ["fly", "pack fly"]


def test_every_command_is_told_of_outside_its_reference() -> None:
    pages = [page.read_text("utf-8") for page in PAGES if page.name != "cli.md"]
    said = {pair for page in pages for pair in told(page)}
    missing = [
        f"{command} {sub}"
        for command, subs in known().items()
        for sub in subs
        if (command, sub) not in said
    ]
    missing += sorted(set(known()) - {command for command, _ in said})
    assert missing == []
