"""The pages of the documentation, and the player that runs their examples.

The examples of a page run from top to bottom in one folder, so that a page can be followed. A
comment before a block says what the block is:

- `<!-- file: NAME -->`: its text is written to that file.
- `<!-- merge: NAME -->`: this YAML is put into that YAML file: maps merge, lists grow.

Every block of YAML must parse, and load if it is a whole pack; every block of Python must run;
a block with lines that begin with `$ ` is run by the shell, each command must succeed, and the
output must be what the page shows below it, where it shows any. `...` stands for anything, alone
on its line for any number of lines.
"""

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest import mock

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from handrail import cli, packs
from handrail.errors import HandrailError
from handrail.packs import roster

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_BLOCK = re.compile(
    r"^(?:<!-- (?P<note>[^\n]+) -->\n)?```(?P<language>\w*)\n(?P<body>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_SECONDS = 120
_PLAIN = {"NO_COLOR": "1", "TERM": "dumb", "PYTHONUTF8": "1"}


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: where it begins, what the comment before it says, and its text."""

    line: int
    note: str
    language: str
    body: str

    @property
    def file(self) -> str:
        """The file that the block is written to."""
        return self.note.removeprefix("file: ") if self.note.startswith("file: ") else ""

    @property
    def merged_into(self) -> str:
        """The file that the block is merged into."""
        return self.note.removeprefix("merge: ") if self.note.startswith("merge: ") else ""


def name(path: Path) -> str:
    """A page as people name it."""
    return path.relative_to(ROOT).as_posix()


def blocks(text: str) -> list[Block]:
    """The fenced blocks of a page."""
    return [
        Block(text.count("\n", 0, found.start()) + 1, found["note"] or "", *found.group(2, 3))
        for found in _BLOCK.finditer(text)
    ]


def play(text: str, folder: Path) -> list[str]:
    """Run the examples of a page in a folder; what went wrong, with the line of the block."""
    return [
        f"line {block.line}: {problem}" for block in blocks(text) for problem in _run(block, folder)
    ]


def _run(block: Block, folder: Path) -> Iterator[str]:
    if block.file:
        (folder / block.file).write_text(block.body, "utf-8")
    if block.language == "yaml":
        yield from _yaml(block, folder)
    elif block.language == "python":
        yield from _python(block, folder)
    for command, output in commands(block.body):
        yield from _command(command, output, folder)


def _yaml(block: Block, folder: Path) -> Iterator[str]:
    """A block of YAML parses; a whole pack, or what a fragment makes of one, loads."""
    try:
        value = YAML(typ="rt").load(block.body)
        path = folder / (block.file or block.merged_into or "example.yaml")
        if block.merged_into:
            value = _merged(YAML(typ="rt").load(path.read_text("utf-8")), value)
            YAML(typ="rt").dump(value, path)
        elif not block.file:
            path.write_text(block.body, "utf-8")
        if isinstance(value, dict) and "people" in value:
            roster.load(path, packs.load("support-chat"))
        elif isinstance(value, dict) and "handrail" in value:
            packs.load(path)
    except (YAMLError, OSError, HandrailError) as error:
        yield str(error)


def _merged(old: Any, new: Any) -> Any:
    if isinstance(old, dict) and isinstance(new, dict):
        for key, value in new.items():
            old[key] = _merged(old[key], value) if key in old else value
        return old
    if isinstance(old, list) and isinstance(new, list):
        old.extend(new)
        return old
    return new


def _python(block: Block, folder: Path) -> Iterator[str]:
    try:
        with contextlib.chdir(folder):
            exec(compile(block.body, "example", "exec"), {"__name__": "example"})  # noqa: S102
    except Exception as error:  # noqa: BLE001 (an example may fail in any way)
        yield f"{type(error).__name__}: {error}"


def commands(body: str) -> list[tuple[str, str]]:
    """The commands of a block and the output that is shown below each."""
    found: list[tuple[str, str]] = []
    for line in body.splitlines(keepends=True):
        if line.startswith("$ "):
            found.append((line[2:], ""))
        elif found and found[-1][0].endswith("\\\n"):
            found[-1] = (found[-1][0] + line.removeprefix("> "), "")
        elif found:
            found[-1] = (found[-1][0], found[-1][1] + line)
    return found


def _command(command: str, output: str, folder: Path) -> Iterator[str]:
    """Run a command, and compare what it says with what the page shows."""
    words = _plain(command)
    code, said = _inside(words, folder) if words else _shell(command, folder)
    if code:
        yield f"`{command.strip()}` ended with {code}: {said}"
    elif output.strip() and not shows(output, said):
        yield f"`{command.strip()}` does not show\n{output}but\n{said}"


def _plain(command: str) -> list[str]:
    """The words of a command that needs no shell, because it is `handrail` with files only."""
    lexer = shlex.shlex(command, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words = list(lexer)
    special = set(words) & {"|", "||", "&", "&&", ";", "(", ")", ">>", ">&"}
    plain = words[:1] == ["handrail"] and not special and not re.search(r"[$*`\\]", command)
    return words if plain else []


def _inside(words: list[str], folder: Path) -> tuple[int, str]:
    """Run `handrail` in this process, which saves starting one; output and errors together."""
    files = {sign: folder / file for sign, file in pairwise(words) if sign in {"<", ">"}}
    end = min((words.index(sign) for sign in files), default=len(words))
    given = io.BytesIO(files["<"].read_bytes() if "<" in files else b"")
    said = io.BytesIO()
    written = io.BytesIO() if ">" in files else said
    errors = io.TextIOWrapper(said, "utf-8", write_through=True)
    out = errors if written is said else io.TextIOWrapper(written, "utf-8", write_through=True)
    code = 0
    with (
        contextlib.chdir(folder),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(errors),
        mock.patch.object(sys, "stdin", io.TextIOWrapper(given, "utf-8")),
        mock.patch.object(sys, "argv", words[:end]),
        mock.patch.dict(os.environ, {**_PLAIN, "COLUMNS": "80"}),
    ):
        try:
            cli.main()
        except SystemExit as done:
            code = done.code if isinstance(done.code, int) else 0
    if ">" in files:
        files[">"].write_bytes(written.getvalue())
    return code, said.getvalue().decode()


def _shell(command: str, folder: Path) -> tuple[int, str]:
    """Run a command in a shell in which `handrail` is the one under test."""
    shim = f'handrail() {{ "{sys.executable}" -m handrail.cli "$@"; }}\n'
    unset = {"COLUMNS", "LINES", "FORCE_COLOR", "CLICOLOR_FORCE", "TTY_COMPATIBLE"}
    env = {key: value for key, value in os.environ.items() if key not in unset}
    done = subprocess.run(
        ["/bin/sh", "-c", shim + command],
        cwd=folder,
        env=env | _PLAIN,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=_SECONDS,
        check=False,
    )
    return done.returncode, done.stdout.decode()


def shows(pattern: str, said: str) -> bool:
    """Whether an output is the one that a page shows; see the top for `...`."""
    parts = []
    for line in pattern.strip("\n").splitlines():
        if line.strip() == "...":
            parts.append(r"(?:.*\n)*?")
        else:
            parts.append(re.escape(line.rstrip()).replace(r"\.\.\.", ".*") + r"[ \t]*\n")
    return re.fullmatch("".join(parts), said.strip("\n") + "\n") is not None
