"""`handrail demo`: the shipped conversations, decided live, turn by turn; and a case, served."""

import sys
import time
from collections.abc import Iterator
from shutil import get_terminal_size
from typing import Annotated

import orjson
import typer

from handrail import packs, samples
from handrail.cli import explain, tale
from handrail.core.model import Attributes, Outcome, Role, Turn
from handrail.core.record import plain
from handrail.errors import NotFound
from handrail.importers import Conversation
from handrail.replay import Tally, report
from handrail.session import Session, Step, Workflow, compile_workflow

_MARKS = {Outcome.CONTINUE: "  ", Outcome.OFFER: "? ", Outcome.HANDOFF: "! "}
_COLOURS = {
    Outcome.CONTINUE: typer.colors.BRIGHT_BLACK,
    Outcome.OFFER: typer.colors.YELLOW,
    Outcome.HANDOFF: typer.colors.RED,
}
_SLOWEST = 60.0  # seconds between turns
_MARGIN = 29  # columns beside what was said


def demo(
    only: Annotated[
        str, typer.Option("--only", help="Only conversations whose title contains this.")
    ] = "",
    pace: Annotated[
        float | None, typer.Option(help="Seconds between turns; 0.04 on a terminal, else 0.")
    ] = None,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Where the service listens; 0: where it can.")
    ] = 0,
    stay: Annotated[
        bool | None, typer.Option(help="Let the service go on afterwards; on a terminal it does.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a turn.")] = False,
) -> None:
    """Replay the sample conversations, turn by turn, with what is decided and why; then start the
    service and play one whole case over HTTP, from the first turn to the closure and its ledger.

    Nothing to configure: support, sales and operations agents under the three starter packs.

    Example: `handrail demo --only "whole case"` plays only the whole cases, of which there are
    three: one over HTTP, two in memory with a clock that jumps.
    """
    seen = sys.stdout.isatty() and not as_json
    wait = (0.04 if seen else 0.0) if pace is None else max(0.0, min(pace, _SLOWEST))
    played, served = _stories(only), only.lower() in tale.TITLE.lower()
    tally = Tally()
    shown = 0
    workflows = _workflows()
    for conversation in samples.read():
        if only.lower() not in conversation.title.lower():
            continue
        shown += 1
        session = _session(workflows[conversation.workflow or "support"], conversation)
        steps = _play(session, conversation, wait=0.0 if as_json else wait, as_json=as_json)
        tally.add(conversation, tuple(step.decision for step in steps))
    if not shown and not played and not served:
        raise NotFound(
            f"no sample conversation has `{only}` in its title", hint="leave out --only to see all"
        )
    _sum_up(tally, as_json=as_json)
    for title in played:
        _tell(title, wait, as_json=as_json)
    if served:
        stays = (seen and sys.stdin.isatty()) if stay is None else stay
        _serve(port, wait, stay=stays and not as_json, as_json=as_json)
    elif not as_json:
        _next()


def _sum_up(tally: Tally, *, as_json: bool) -> None:
    """What the conversations came to, if there were any."""
    if as_json:
        typer.echo(orjson.dumps({"summary": report.as_dict(tally)}).decode())
    elif tally.conversations:
        typer.echo("")
        report.show(tally)
        typer.echo("These are our own samples, written with the packs: no measure of quality.")


def _next() -> None:
    """What can be done next."""
    typer.echo('\nNext: handrail decide "let me talk to a person"   (one decision, explained)')
    typer.echo("      handrail serve                   (a service that keeps what it is told)")
    typer.echo("      handrail simulate support-chat   (a day of traffic: waits, clocks, people)")
    typer.echo("      handrail replay YOUR.jsonl --pack support-chat   (your own history)")
    typer.echo("      handrail pack new my-pack.yaml                   (your own policy)")


def _serve(port: int, wait: float, *, stay: bool, as_json: bool) -> None:
    """Start a service, play a case over HTTP, and let it go on if that is wanted."""
    from handrail.cli import live

    if not live.possible():
        if not as_json:
            typer.echo("\nA case over HTTP needs more libraries: install `handrail[server]`.")
            _next()
        return
    if not as_json:
        typer.secho(f"\n{tale.TITLE}", bold=True)
        explain.say(
            "  `handrail serve` runs in a folder of its own. Who says what is written beforehand; "
            "what comes of it is answered now.",
            dim=True,
        )
    with live.served(port, wait=2 * wait, quiet=as_json) as service:
        tale.play(service)
        if as_json:
            typer.echo(orjson.dumps({"story": tale.TITLE, "requests": service.told}).decode())
            return
        _next()
        if stay:
            tale.stay(service)


def _stories(only: str) -> list[str]:
    """The titles of the whole cases in memory that are to be played: those that are asked for."""
    from handrail.cli.stories import STORIES

    return [title for title in STORIES if only and only.lower() in title.lower()]


def _tell(title: str, wait: float, *, as_json: bool) -> None:
    """Play a whole case through the engine."""
    from handrail.cli.stage import Stage
    from handrail.cli.stories import STORIES

    story = STORIES[title]
    stage = Stage(story.pack, story.tier, wait=2 * wait, quiet=as_json)
    if as_json:
        story.play(stage)
        typer.echo(orjson.dumps({"story": title, "ledger": stage.as_list()}).decode())
        return
    typer.secho(f"\n{title}", bold=True)
    typer.secho(f"  {story.pack}, tier {story.tier}, {stage.begins()}", dim=True)
    explain.say(
        "  Who says what is written beforehand; what comes of it is computed now.", dim=True
    )
    story.play(stage)


def _workflows() -> dict[str, Workflow]:
    """Every workflow of the starter packs by its name."""
    found = {}
    for name in packs.starters():
        pack = packs.load(name)
        for workflow in pack.workflows:
            found[workflow.name] = compile_workflow(pack, workflow.name)
    return found


def _session(workflow: Workflow, conversation: Conversation) -> Session:
    return Session(
        workflow=workflow,
        attributes=Attributes(tier=conversation.tier, stage=conversation.stage),
        values=conversation.attributes,
        whole=conversation.whole,
    )


def _play(
    session: Session, conversation: Conversation, *, wait: float, as_json: bool
) -> Iterator[Step]:
    """Decide turn by turn until the first handoff; say it as it happens."""
    steps = []
    if not as_json:
        who = ", ".join(
            filter(None, (conversation.workflow, conversation.tier, conversation.stage))
        )
        typer.secho(f"\n{conversation.title}", bold=True, nl=False)
        typer.secho(f"  ({who})", dim=True)
    for turn in conversation.turns:
        step = session.turn(turn)
        steps.append(step)
        if as_json:
            _print_json(conversation, turn, step)
        else:
            _print(session, turn, step)
            time.sleep(wait)
        if session.handed_off:
            break
    return iter(steps)


def _print(session: Session, turn: Turn, step: Step) -> None:
    decision = step.decision
    width = max(40, min(92, get_terminal_size().columns - _MARGIN))
    said = _said(turn)
    if len(said) > width:
        said = said[: width - 1] + "…"
    mark = f"{_MARKS[decision.outcome]}{decision.outcome.code:<9}"
    line = f"  {turn.role.value:<9}{said:<{width}} "
    typer.echo(line, nl=False)
    typer.secho(f"{mark}{explain.share(decision.score):>6}", fg=_COLOURS[decision.outcome])
    for fault in decision.faults:
        explain.say(f"           fault: {fault.value}", dim=True)
    if decision.outcome is Outcome.CONTINUE:
        return
    for found in decision.reasons:
        explain.say(f"           because {explain.reason(found)}", fg=_COLOURS[decision.outcome])
    explain.say(f"           would flip: {explain.flips(session.flips(step))}", dim=True)


def _said(turn: Turn) -> str:
    """What a turn was, on one line."""
    parts = [" ".join(turn.text.split())] if turn.text else []
    if turn.role is Role.TOOL:
        parts.insert(0, f"[{turn.tool or 'tool'}{' failed' if turn.error else ''}]")
    parts += [f"[calls {call.name}]" for call in turn.tool_calls]
    parts += [f"[{event.value}]" for event in turn.events]
    return " ".join(parts)


def _print_json(conversation: Conversation, turn: Turn, step: Step) -> None:
    shown = {
        "conversation": conversation.id,
        "turn": step.given.state.turns,
        "role": turn.role.value,
        "decision": plain(step.decision),
        "trigger": step.decision.trigger,
    }
    typer.echo(orjson.dumps(shown).decode())
