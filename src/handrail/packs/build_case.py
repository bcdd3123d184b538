"""The test cases of a pack."""

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from handrail.core import policy
from handrail.core.model import Outcome, Role
from handrail.packs import shape as shapes
from handrail.packs.conditions import VARIABLES
from handrail.packs.shape import case as file
from handrail.packs.source import KeyPath

if TYPE_CHECKING:
    from handrail.packs.build import Issues

_ROLES = {
    "customer": Role.CUSTOMER,
    "agent": Role.AGENT,
    "human": Role.HUMAN,
    "tool": Role.TOOL,
    "event": Role.OPS,
}
_ONLY = {
    "confidence": ("agent",),
    "calls": ("agent",),
    "sentiment": ("customer",),
    "error": ("tool",),
    "text": ("tool",),
}


def cases(
    pack: shapes.Pack, workflows: list[policy.Workflow], issues: "Issues"
) -> tuple[policy.Case, ...]:
    """The cases in the order of the file."""
    topics = {own.name: [text.name for text in own.topics] for own in workflows}
    made: dict[str, policy.Case] = {}
    for place, own in enumerate(pack.cases):
        path = ("cases", place)
        if own.name in made:
            issues.add((*path, "name"), f"there is a case `{own.name}` already")
        issues.known((*path, "workflow"), "workflow", own.workflow, topics)
        issues.declared((*path, "tier"), "tier", own.tier, pack.tiers)
        issues.declared((*path, "stage"), "stage", own.stage, pack.stages)
        for topic in own.expect.topics:
            if own.workflow in topics:
                issues.known((*path, "expect", "topics"), "topic", topic, topics[own.workflow])
        for name in own.attributes:
            issues.known((*path, "attributes", name), "variable", name, VARIABLES)
        if (own.expect.at_turn or 0) > len(own.turns):
            issues.add((*path, "expect", "at_turn"), f"the case has {len(own.turns)} turns")
        made[own.name] = policy.Case(
            name=own.name,
            workflow=own.workflow,
            turns=tuple(
                _turn(turn, issues, (*path, "turns", number))
                for number, turn in enumerate(own.turns)
            ),
            expect=_expect(own.expect, issues, (*path, "expect")),
            tier=own.tier,
            stage=own.stage,
            language=own.language,
            attributes=json.dumps(_plain(own.attributes), sort_keys=True),
            whole=own.whole,
            wait=own.wait,
        )
    return tuple(made.values())


def _turn(own: file.Turn, issues: "Issues", path: KeyPath) -> policy.CaseTurn:
    given = own.given()
    kinds = [name for name in _ROLES if name in given]
    if len(kinds) != 1:
        issues.add(path, "a turn has exactly one of `customer`, `agent`, `human`, `tool`, `event`")
        return policy.CaseTurn(role=Role.OPS)
    kind = kinds[0]
    for name, allowed in _ONLY.items():
        if name in given and kind not in allowed:
            issues.add((*path, name), f"only a turn of `{allowed[0]}` has `{name}`")
    happened = [] if own.event is None else [own.event]
    said = own.text if kind == "tool" else given[kind]
    return policy.CaseTurn(
        role=_ROLES[kind],
        text="" if kind == "event" or said is None else said,
        tool=own.tool or "",
        at=own.at,
        events=tuple(dict.fromkeys([*happened, *own.events])),
        calls=tuple(own.calls),
        error=own.error,
        confidence=own.confidence,
        sentiment=own.sentiment,
        topics=None if own.topics is None else tuple(own.topics),
        language=own.language,
    )


def _expect(own: file.Expect, issues: "Issues", path: KeyPath) -> policy.Expect:
    outcome = Outcome[own.outcome.upper()]
    if outcome is Outcome.CONTINUE:
        for name in ("trigger", "reasons", "at_turn"):
            if name in own.model_fields_set:
                issues.add((*path, name), "`outcome: continue` has no trigger and no turn")
    return policy.Expect(
        outcome=outcome,
        trigger=own.trigger,
        reasons=None if own.reasons is None else tuple(own.reasons),
        topics=tuple(sorted(set(own.topics))),
        faults=tuple(own.faults),
        at_turn=own.at_turn,
    )


def _plain(value: Any) -> Any:
    """A value of the file as JSON has it."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return float(value) if isinstance(value, Decimal) else value
