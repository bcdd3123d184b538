"""`handrail replay`: recorded conversations, decided turn by turn as if live."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import orjson
import typer

from handrail import packs
from handrail.cli.explain import say
from handrail.core.model import Attributes
from handrail.errors import InputError
from handrail.importers import FORMATS, Conversation, Problem, read, size
from handrail.session import Session, Workflow, compile_workflow

if TYPE_CHECKING:
    from rich.progress import Progress

    from handrail.replay import Output, Tally

_TOLD = 20
"""Malformed lines that are told one by one; the rest are only counted."""


_REMEMBERED = 1_000_000
"""Ids that are told apart; of a longer history, repeated ids among the rest are not noticed."""

_Pack = Annotated[
    str, typer.Option("--pack", "-p", help="A pack file, or the name of a starter pack.")
]
_Workflow = Annotated[
    str, typer.Option("--workflow", "-w", help="Which workflow of the pack; else the first.")
]
_Out = Annotated[
    Path | None,
    typer.Option("--out", "-o", help="Write every decision to this .jsonl or .parquet file."),
]
_Form = Annotated[
    str | None,
    typer.Option("--format", help=f"{', '.join(FORMATS)}; found out by itself if not given."),
]


class _Problems:
    """Tells the first malformed lines on standard error, and counts them all."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, problem: Problem) -> None:
        self.count += 1
        if self.count <= _TOLD:
            typer.echo(f"handrail: {problem}; left out", err=True)
        elif self.count == _TOLD + 1:
            typer.echo("handrail: more malformed lines follow; they are only counted", err=True)


class _Ids:
    """Counts conversations whose id was there before. Each is decided by itself all the same."""

    def __init__(self) -> None:
        self.repeated = 0
        self.first = ""
        self._seen: set[int] = set()

    def watch(self, found: Iterable[Conversation]) -> Iterator[Conversation]:
        """The same conversations."""
        for one in found:
            key = hash(one.id)
            if key in self._seen:
                self.repeated += 1
                self.first = self.first or f"`{one.id}`, again in {one.source}:{one.line}"
            elif len(self._seen) < _REMEMBERED:
                self._seen.add(key)
            yield one


def replay(
    files: Annotated[
        list[Path], typer.Argument(help="Files of conversations: .jsonl, .jsonl.gz or .json.")
    ],
    pack: _Pack = "support-chat",
    workflow: _Workflow = "",
    out: _Out = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace the file if it is there.")
    ] = False,
    form: _Form = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Stop at the first malformed line.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Replay recorded conversations under a pack, and say what it would have done.

    Formats: OpenAI-style chats, tau-bench and tau2-bench trajectories, Rasa tracker dumps, and
    the uniform JSON lines. Each conversation is decided turn by turn until its first handoff.

    Example: `handrail replay history.jsonl --pack support-chat --out decisions.jsonl`
    """
    from handrail.replay import open_output, report

    ready = compile_workflow(packs.load(pack), workflow)
    problems, ids = _Problems(), _Ids()
    with open_output(out, force=force) if out else nullcontext() as output:
        tally = _run(files, ready, output, problems, ids, form=form, strict=strict)
    if as_json:
        summary = {**report.as_dict(tally), "malformed": problems.count}
        summary["repeated_ids"] = ids.repeated
        typer.echo(orjson.dumps(summary, option=orjson.OPT_INDENT_2).decode())
        return
    report.show(tally)
    if problems.count:
        typer.echo(f"malformed, left out: {problems.count:,}")
    if ids.repeated:
        say(f"same id as one before, each decided by itself: {ids.repeated:,} ({ids.first})")
    if out:
        typer.echo(f"every decision: {out}")


def _run(
    files: list[Path],
    workflow: Workflow,
    output: "Output | None",
    problems: _Problems,
    ids: _Ids,
    *,
    form: str | None,
    strict: bool,
) -> "Tally":
    """Replay with a progress bar. InputError when not one conversation could be read."""
    from handrail.replay import run

    def session(conversation: Conversation) -> Session:
        return Session(
            workflow=workflow,
            attributes=Attributes(tier=conversation.tier, stage=conversation.stage),
            values=conversation.attributes,
            language=conversation.language,
            whole=conversation.whole,
            offers_shown=False,
        )

    with _progress() as progress:
        bar = progress.add_task("replaying", total=size(files))
        found = read(
            files,
            form,
            strict=strict,
            on_problem=problems,
            on_progress=lambda done: progress.update(bar, completed=done),
        )
        tally = run(ids.watch(found), session, output=output)
    if not tally.conversations:
        raise InputError(
            f"no conversation could be read; {problems.count} malformed",
            hint="see `handrail replay --help` for the formats",
        )
    return tally


def _progress() -> "Progress":
    """A bar on standard error, if a person looks at it."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    return Progress(
        TextColumn("replaying"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    )
