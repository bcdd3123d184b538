"""A tally as a table that a person reads, and as plain data."""

from collections.abc import Iterator

from rich import box
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from handrail.core.model import Outcome, Trigger
from handrail.replay.counts import Agreement, Examples, Histogram, wilson
from handrail.replay.tally import ByTrigger, Judged, Tally

_SHOWN = 8  # examples of a list that the table shows; the data has more
_ROWS = (
    ("everything", "Handrail, all"),
    ("before", "Handrail, before"),
    ("recorded", "recorded agent"),
)


def as_dict(tally: Tally) -> dict[str, object]:
    """The tally as JSON types. Lists of examples are cut, `count` is of all."""
    return {
        "conversations": tally.conversations,
        "turns": tally.turns,
        "turns_decided": tally.decided,
        "outcomes": {outcome.code: tally.outcomes[outcome] for outcome in Outcome},
        "decisions": {outcome.code: tally.by_turn[outcome] for outcome in Outcome},
        "median_handoff_turn": tally.handoff_turns.median(),
        "triggers": {
            trigger.value: {
                "offers": found.offers,
                "handoffs": found.handoffs,
                "median_turn": found.turns.median(),
                "judged": found.judged,
                "right": found.right,
            }
            for trigger, found in _triggers(tally)
        },
        "suppressed": {t.value: tally.suppressed[t] for t in Trigger if tally.suppressed[t]},
        "faults": {fault.value: count for fault, count in sorted(tally.faults.items())},
        "should_handoff": _judged(tally.should),
        "would_fail": _judged(tally.fails),
        "gate": _agreement(tally.gate),
        "expected_trigger": {
            "same": tally.expected.true_yes,
            "other": _examples(tally.other_trigger),
        },
        "turns_against_truth": _turns(tally.against_truth),
        "turns_against_agent": _turns(tally.against_agent),
        "agent_handoffs": tally.agent_handoffs,
        "missed": _examples(tally.missed),
        "earlier_than_agent": _examples(tally.earlier),
        "agent_not_followed": _examples(tally.not_followed),
    }


def show(tally: Tally, console: Console | None = None) -> None:
    """Print the table."""
    (console or Console()).print(render(tally))


def render(tally: Tally) -> Group:
    """The tables, for a console."""
    parts: list[Table | Text] = [_summary(tally), _by_trigger(tally)]
    for title, judged in (
        ("against the truth: should it have been handed off?", tally.should),
        ("against the truth: did the recorded agent fail at its task?", tally.fails),
    ):
        if judged.everything.total:
            head = f"{title} ({judged.everything.total:,} told)"
            parts += [Text(head), _truth(judged), Text()]
    parts += [Text(line) for line in _notes(tally)]
    return Group(*parts)


def _summary(tally: Tally) -> Table:
    table = Table("", "conversations", "share", "decisions", box=box.SIMPLE_HEAD)
    for column in table.columns[1:]:
        column.justify = "right"
    names = {
        Outcome.CONTINUE: "continue",
        Outcome.OFFER: "offer, and no handoff",
        Outcome.HANDOFF: "handoff",
    }
    for outcome in Outcome:
        count = tally.outcomes[outcome]
        table.add_row(
            names[outcome],
            f"{count:,}",
            _percent(count, tally.conversations),
            f"{tally.by_turn[outcome]:,}",
        )
    table.add_section()
    table.add_row("all", f"{tally.conversations:,}", "", f"{tally.decided:,}")
    return table


def _by_trigger(tally: Tally) -> Table:
    judged = any(found.judged for found in tally.triggers.values())
    table = Table("trigger", "offers", "handoffs", "median turn", box=box.SIMPLE_HEAD)
    if judged:
        table.add_column("right")
    for column in table.columns[1:]:
        column.justify = "right"
    for trigger, found in _triggers(tally):
        median = found.turns.median()
        row = [
            trigger.value,
            f"{found.offers:,}" if found.offers else "",
            f"{found.handoffs:,}" if found.handoffs else "",
            "" if median is None else str(median),
        ]
        if judged:
            row.append(f"{found.right} of {found.judged}" if found.judged else "")
        table.add_row(*row)
    table.add_section()
    median = tally.handoff_turns.median()
    offers, handoffs = (tally.by_turn[o] for o in (Outcome.OFFER, Outcome.HANDOFF))
    row = ["all", f"{offers:,}", f"{handoffs:,}", "" if median is None else str(median)]
    table.add_row(*row, *([""] if judged else []))
    return table


def _truth(judged: Judged) -> Table:
    names = ("precision (95 %)", "recall (95 %)", "right", "wrong", "missed")
    table = Table("", *names, box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for field, name in _ROWS:
        found: Agreement = getattr(judged, field)
        if not found.total:
            continue
        table.add_row(
            name,
            _share(*found.precision),
            _share(*found.recall),
            f"{found.true_yes:,}",
            f"{found.false_yes:,}",
            f"{found.false_no:,}",
        )
    return table


def _notes(tally: Tally) -> Iterator[str]:
    """What the tables leave out, a line each."""
    if tally.agent_handoffs:
        yield (
            f"the recorded agent transferred {tally.agent_handoffs:,}. `all` may use its wish to "
            "transfer, which gives the answer away; `before` counts handoffs on earlier turns only"
        )
    if tally.gate.total:
        gate = tally.gate
        yield (
            f"of its transfers that have a truth, {gate.true_yes + gate.false_yes:,} were let "
            f"through or came sooner ({gate.true_yes:,} right), "
            f"{gate.false_no + gate.true_no:,} were held back ({gate.true_no:,} rightly)"
        )
    if tally.against_truth.total:
        yield f"against the right turn: {_when(tally.against_truth)}"
    if tally.against_agent.total:
        yield f"against the agent's turn: {_when(tally.against_agent)}"
    if tally.expected.total:
        yield (
            f"fired for the expected reason: {tally.expected.true_yes:,} of "
            f"{tally.expected.total:,}"
        )
    yield from _list(
        "earlier than the agent", tally.earlier, "{id} (turn {turn}, not {agent_turn})"
    )
    yield from _list("missed, should be handed off", tally.missed, "{id}")
    yield from _list("the agent transferred, the pack did not", tally.not_followed, "{id}")
    yield from _list("other reason than expected", tally.other_trigger, "{id} ({fired})")
    if tally.faults:
        told = ", ".join(
            f"{fault.value} {count:,}" for fault, count in sorted(tally.faults.items())
        )
        yield f"faults: {told}"
    yield "turns count from 0, as in the files"


def _list(title: str, found: Examples, line: str) -> Iterator[str]:
    if found.count:
        named = ", ".join(line.format(**said) for said in found.first[:_SHOWN])
        more = f", and {found.count - _SHOWN:,} more" if found.count > _SHOWN else ""
        yield f"{title}: {found.count:,}: {named}{more}"


def _when(found: Histogram) -> str:
    median = found.median() or 0
    return (
        f"{found.between(float('-inf'), -1):,} earlier, {found.between(0, 0):,} on it, "
        f"{found.between(1, float('inf')):,} later; median {median:+d} turns"
    )


def _triggers(tally: Tally) -> Iterator[tuple[Trigger, ByTrigger]]:
    """Triggers that fired, in order of precedence."""
    for trigger in Trigger:
        if trigger in tally.triggers:
            yield trigger, tally.triggers[trigger]


def _share(part: int, whole: int) -> str:
    if not whole:
        return "-"
    low, high = wilson(part, whole)
    return f"{part / whole:.2f} ({low:.2f}-{high:.2f})"


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else ""


def _judged(judged: Judged) -> dict[str, object]:
    return {name: _agreement(getattr(judged, name)) for name, _ in _ROWS}


def _agreement(found: Agreement) -> dict[str, object]:
    """Counts, and shares with their intervals; None where there is nothing to divide by."""
    shares: dict[str, object] = {}
    for name, (part, whole) in (("precision", found.precision), ("recall", found.recall)):
        shares[name] = part / whole if whole else None
        shares[f"{name}_interval"] = list(wilson(part, whole)) if whole else None
    return {
        "true_positive": found.true_yes,
        "false_positive": found.false_yes,
        "false_negative": found.false_no,
        "true_negative": found.true_no,
        **shares,
    }


def _turns(found: Histogram) -> dict[str, object]:
    return {
        "count": found.total,
        "earlier": found.between(float("-inf"), -1),
        "same": found.between(0, 0),
        "later": found.between(1, float("inf")),
        "median": found.median(),
    }


def _examples(found: Examples) -> dict[str, object]:
    return {"count": found.count, "first": found.first}
