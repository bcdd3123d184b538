"""`handrail decide`: one turn, or a conversation from a pipe, decided and explained."""

import json
import math
import sys
import time
from collections.abc import Iterable
from typing import Annotated

import orjson
import typer

from handrail import packs
from handrail.cli import explain
from handrail.core.model import Attributes, Role, Turn
from handrail.core.record import plain
from handrail.errors import InputError
from handrail.importers import turns
from handrail.packs.conditions import VARIABLES
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
    loaded = packs.load(pack)
    _declared("tier", tier, loaded.tiers)
    _declared("stage", stage, loaded.stages)
    session = Session(
        workflow=compile_workflow(loaded, workflow),
        attributes=Attributes(tier=tier, stage=stage),
        values=_values(attribute or []),
        whole=not partway,
    )
    for turn in _turns(text, confidence):
        step = session.turn(turn)
        _show(session, turn, step, as_json=as_json)


def _turns(text: str | None, confidence: float | None) -> list[Turn] | turns.Lines:
    """The turns to decide on: the argument, or the pipe."""
    if confidence is not None and not 0 <= confidence <= 1:
        raise InputError(f"confidence `{confidence:g}` is not from 0 to 1", hint="such as 0.45")
    if text is None and confidence is not None:
        raise InputError(
            "--confidence is of an answer on the command line",
            hint='in a pipe, write {"role": "agent", "text": "…", "confidence": 0.45}',
        )
    if text == "" or (text is None and sys.stdin.isatty()):
        raise InputError(
            "nothing to decide on",
            hint='say what the customer says: handrail decide "let me talk to a person"',
        )
    if text is None:
        return turns.lines(sys.stdin.buffer, "standard input")
    now = time.time_ns() // 1_000_000
    if confidence is None:
        return [Turn(role=Role.CUSTOMER, text=text, at=now)]
    return [Turn(role=Role.AGENT, text=text, confidence=confidence, at=now)]


def _suggestion(name: str, names: Iterable[str]) -> str:
    """`; did you mean …?`, or what is known."""
    from handrail.packs.problems import suggestion  # with the validator, only after a mistake

    return suggestion(name, names)


def _declared(kind: str, name: str, names: tuple[str, ...]) -> None:
    """InputError for a tier or stage that the pack does not declare: no rule would know it."""
    if name and name not in names:
        hint = _suggestion(name, names).lstrip("; ") or f"the pack declares no `{kind}s`"
        raise InputError(f"unknown {kind} `{name}`", hint=hint)


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
        if group not in VARIABLES:
            raise InputError(
                f"no condition can read the attribute `{pair}`",
                hint=f"`{group}` is no group{_suggestion(group, VARIABLES)}",
            )
        values.setdefault(group, {})[name] = _value(pair, raw)
    return values


def _value(pair: str, raw: str) -> object:
    """A value as JSON; what is no JSON is text."""

    def finite(number: str) -> float:
        if not math.isfinite(float(number)):
            raise InputError(f"attribute `{pair}` is no number that can be compared")
        return float(number)

    try:
        return json.loads(raw, parse_float=finite, parse_constant=finite)
    except json.JSONDecodeError:
        return raw


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
    said = " ".join(turn.text[:200].split())
    explain.say(f"{turn.role.value}: {said}" if said else turn.role.value)
    for line in explain.lines(step.decision, changes):
        explain.say(f"  {line}")
