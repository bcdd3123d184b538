"""`handrail decide`: one turn, or a conversation from a pipe, decided and explained."""

import sys
import time
from typing import Annotated

import orjson
import typer

from handrail import packs
from handrail.cli import explain
from handrail.core.model import Attributes, Role, Turn
from handrail.core.record import plain
from handrail.errors import InputError
from handrail.importers import turns
from handrail.session import Session, Step, compile_workflow


def decide(
    text: Annotated[
        str | None,
        typer.Argument(help="What the customer says. Without it, turns are read from a pipe."),
    ] = None,
    pack: Annotated[
        str, typer.Option("--pack", "-p", help="A pack file, or the name of a starter pack.")
    ] = "support-chat",
    workflow: Annotated[
        str, typer.Option("--workflow", "-w", help="Which workflow of the pack; else the first.")
    ] = "",
    tier: Annotated[str, typer.Option(help="The customer's tier, as the pack names it.")] = "",
    stage: Annotated[str, typer.Option(help="The stage of the deal.")] = "",
    attribute: Annotated[
        list[str] | None,
        typer.Option("--attribute", "-a", help="For conditions: `order.amount=5000`. Repeatable."),
    ] = None,
    confidence: Annotated[
        float | None,
        typer.Option(help="Decide on an agent's answer of this confidence, 0 to 1."),
    ] = None,
    partway: Annotated[
        bool, typer.Option("--partway", help="The first turn is not the beginning of the case.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a turn.")] = False,
) -> None:
    """Decide on one turn, or on a conversation from a pipe, and explain the decision.

    A piped line is a JSON object (`{"role": "customer", "text": "…"}`) or `customer: …`,
    `agent: …`, `tool: …`.

    Example: `handrail decide "let me talk to a person"`
    """
    session = Session(
        workflow=compile_workflow(packs.load(pack), workflow),
        attributes=Attributes(tier=tier, stage=stage),
        values=_values(attribute or []),
        whole=not partway,
    )
    for turn in _turns(text, confidence):
        step = session.turn(turn)
        _show(session, turn, step, as_json=as_json)


def _turns(text: str | None, confidence: float | None) -> list[Turn] | turns.Lines:
    """The turns to decide on: the argument, or the pipe."""
    if text is None:
        if sys.stdin.isatty():
            raise InputError(
                "nothing to decide on",
                hint='say what the customer says: handrail decide "let me talk to a person"',
            )
        return turns.lines(sys.stdin.buffer, "standard input")
    now = time.time_ns() // 1_000_000
    if confidence is None:
        return [Turn(role=Role.CUSTOMER, text=text, at=now)]
    return [Turn(role=Role.AGENT, text=text, confidence=confidence, at=now)]


def _values(pairs: list[str]) -> dict[str, dict[str, object]]:
    """`order.amount=5000` as {"order": {"amount": 5000}}."""
    values: dict[str, dict[str, object]] = {}
    for pair in pairs:
        path, found, raw = pair.partition("=")
        group, dot, name = path.partition(".")
        if not (found and dot and group and name):
            raise InputError(
                f"attribute `{pair}` is not of the form `group.name=value`",
                hint="for example: --attribute order.amount=5000",
            )
        try:
            value = orjson.loads(raw)
        except orjson.JSONDecodeError:
            value = raw
        values.setdefault(group, {})[name] = value
    return values


def _show(session: Session, turn: Turn, step: Step, *, as_json: bool) -> None:
    changes = session.flips(step)
    if as_json:
        shown = {
            "turn": step.given.state.turns,
            "role": turn.role.value,
            "decision": plain(step.decision),
            "trigger": step.decision.trigger,
            "flips": [plain(change) for change in changes],
            "signals": plain(step.given.signals),
        }
        typer.echo(orjson.dumps(shown).decode())
        return
    typer.echo(f"{turn.role.value}: {turn.text[:200]}" if turn.text else f"{turn.role.value}")
    for line in explain.lines(step.decision, changes):
        typer.echo(f"  {line}")
