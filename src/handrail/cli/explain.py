"""A decision in words: what was decided, why, and what would have changed it."""

import re
from collections.abc import Iterable, Iterator
from shutil import get_terminal_size
from textwrap import fill

import typer

from handrail.core.model import Change, Contribution, Decision, Outcome, Reason, Trigger

HEADLINES = {
    Outcome.CONTINUE: "continue: the AI goes on",
    Outcome.OFFER: "offer: ask the customer whether they want a human",
    Outcome.HANDOFF: "handoff: the AI stops, a human takes over",
}

_SHARES = {
    Trigger.LOW_CONFIDENCE: ("confidence {value}", "line {threshold}"),
    Trigger.NEGATIVE_SENTIMENT: ("dissatisfaction {value} and a stall", "line {threshold}"),
    Trigger.HANDOFF_SCORE: ("score {value}", "line {threshold}"),
}
_COUNTS = {
    Trigger.TOOL_FAILURE: "{value} tool failures in a row, line {threshold}",
    Trigger.BLOCKED_APPROVAL: "approval open for {value} min, line {threshold}",
}
_PLAIN = {
    Trigger.EXPLICIT_REQUEST: "the customer asks for a human",
    Trigger.POLICY_VIOLATION: "a policy was violated",
    Trigger.MISSING_PERMISSION: "the agent lacks a permission",
    Trigger.APPROVAL_EXPIRED: "an approval expired unanswered",
    Trigger.MISSING_DATA: "data that is needed is missing",
    Trigger.AGENT_REQUEST: "the agent itself asks to transfer",
    Trigger.OPERATOR_TAKEOVER: "a human operator takes over",
}
_GRADES = {"level": "dissatisfaction", "confidence": "confidence"}
_UNITS = {
    "no_progress_turns": ("turn", "without progress"),
    "tool_failures": ("tool failure", "in a row"),
    "repeats": ("repeat", "of the customer"),
    "stalled": ("turn", "that shows a stall"),
    "approval_minutes": ("minute", "of an open approval"),
    "idle_minutes": ("minute", "without progress"),
}
_PRODUCT = re.compile(r"\w+ [0-9.]+ x [0-9.]+ = [0-9.]+")
_LABEL = re.compile(r" *\S+(?: \S+)*?  +| *")


def say(line: str, *, fg: str | None = None, dim: bool | None = None, hang: int = 0) -> None:
    """Print a line for people, wrapped at the terminal's width under where its text begins, which
    is after its label, or at `hang`.
    """
    label = _LABEL.match(line)
    if not hang:
        hang = label.end() if label and label[0].strip() else len(line) - len(line.lstrip()) + 2
    width = max(40, get_terminal_size().columns)
    text = fill(
        _PRODUCT.sub(lambda found: found[0].replace(" ", "\0"), line),  # stays together
        width,
        subsequent_indent=" " * min(hang, width // 2),
        break_long_words=False,
        break_on_hyphens=False,
    )
    typer.secho(text.replace("\0", " "), fg=fg, dim=dim)


def counted(count: int, what: str) -> str:
    """A count with its noun: `1 error`, `2 errors`."""
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def share(thousandths: int) -> str:
    """Thousandths as people write a share: 0.62."""
    return f"{thousandths / 1000:.3f}".rstrip("0").rstrip(".")


def reason(found: Reason) -> str:
    """One reason in words."""
    if found.trigger in _SHARES:
        what, line = _SHARES[found.trigger]
        text = f"{what}, {line}".format(value=share(found.value), threshold=share(found.threshold))
    elif found.trigger in _COUNTS:
        text = _COUNTS[found.trigger].format(value=found.value, threshold=found.threshold)
    elif found.trigger is Trigger.SENSITIVE_TOPIC:
        text = f"topic `{found.detail}`, risk {share(found.value)}"
    elif found.trigger is Trigger.NO_PROGRESS:
        text = f"{found.value} {found.detail} without progress, line {found.threshold}"
    elif found.trigger is Trigger.CUSTOM_CONDITION:
        text = f"condition `{found.detail}` holds"
    elif found.trigger in {Trigger.VIP, Trigger.LATE_STAGE}:
        text = f"`{found.detail}`"
    else:
        text = _PLAIN[found.trigger]
    kind = "hard" if found.hard else found.outcome.code
    return f"{found.trigger.value} ({kind}): {text}"


def contribution(part: Contribution) -> str:
    """One part of the score in words."""
    return f"{part.part} {share(part.value)} x {share(part.weight)} = {share(part.points)}"


def change(found: Change) -> str:
    """One change that helps to flip the outcome, in words."""
    kind, _, label = found.signal.partition(":")
    if label:
        return f"without {kind} `{label}`"
    if found.signal in _GRADES:
        name = _GRADES[found.signal]
        return f"at {name} {share(found.after)} instead of {share(found.before)}"
    if found.signal in _UNITS:
        unit, rest = _UNITS[found.signal]
        return f"at {counted(found.after, unit)} {rest} instead of {found.before}"
    return f"without {found.signal}"


def flips(changes: Iterable[Change]) -> str:
    """The whole flip in words."""
    text = ", and ".join(change(found) for found in changes)
    return text or "no single measured signal would"


def lines(decision: Decision, changes: Iterable[Change]) -> Iterator[str]:
    """The whole explanation, a line each."""
    yield HEADLINES[decision.outcome]
    for found in decision.reasons:
        yield f"  because  {reason(found)}"
    for found in decision.suppressed:
        yield f"  held back  {reason(found)}"
    parts = "; ".join(contribution(part) for part in decision.contributions)
    yield f"  score    {share(decision.score)}" + (f"  ({parts})" if parts else "")
    if decision.reviewer_tags:
        yield f"  tags     {', '.join(decision.reviewer_tags)}"
    for fault in decision.faults:
        yield f"  fault    {fault.value}"
    yield f"  flips    {flips(changes)}"
