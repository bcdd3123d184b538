"""Plays the test cases that a pack carries and says how each differs from what it expects."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace

from handrail.core import case as state
from handrail.core import policy
from handrail.core.decision import Rules, decide
from handrail.core.model import (
    FULL,
    Attributes,
    Context,
    Decision,
    Forecast,
    Outcome,
    ToolCall,
    Turn,
)
from handrail.packs.conditions import Conditions
from handrail.signals import Extractor, Memory, TopicMatcher

_START = 1_700_000_000_000  # any instant will do: cases say when since the start


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How a case ended. `differences` are sentences, none when it passed.

    `turn` is the one that reached the hottest outcome, from 1; `decision` the one made there.
    """

    name: str
    workflow: str
    decision: Decision
    turn: int
    topics: tuple[str, ...]
    differences: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether the case led to what it expects."""
        return not self.differences


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """One turn of a case: the decision, and the topics that were active."""

    decision: Decision
    topics: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Player:
    """A workflow made ready to play cases."""

    rules: Rules
    extractor: Extractor
    conditions: Conditions


def run(pack: policy.Pack) -> tuple[Result, ...]:
    """Play all cases of a pack, in the order of its file."""
    players = {own.name: _player(pack, own) for own in pack.workflows}
    return tuple(_result(case, play(case, players[case.workflow])) for case in pack.cases)


def play_one(pack: policy.Pack, case: policy.Case) -> tuple[Played, ...]:
    """Every turn of one case, until the first handoff. KeyError for an unknown workflow."""
    return play(case, _player(pack, policy.workflow(pack, case.workflow)))


def _player(pack: policy.Pack, own: policy.Workflow) -> _Player:
    return _Player(
        policy.rules(pack, own.name),
        Extractor(
            topics=TopicMatcher.of(own.topics),
            default_language=own.language,
            transfer_tools=own.transfer_tools,
        ),
        Conditions(own.rules.conditions),
    )


def play(case: policy.Case, player: _Player) -> tuple[Played, ...]:
    """The decisions of a case, turn by turn, until the first handoff; offers are made."""
    named, faults = player.conditions.evaluate(json.loads(case.attributes))
    context = Context(
        attributes=Attributes(tier=case.tier, stage=case.stage),
        conditions=named,
        forecast=Forecast(wait=case.wait),
    )
    now = state.start(whole=case.whole, language=case.language)
    memory = Memory()
    played: list[Played] = []
    for turn in case.turns:
        signals = player.extractor.extract(_turn(turn, case), memory, offer_open=now.offer_open)
        signals = replace(signals, faults=(*signals.faults, *faults))
        now = state.observe(now, signals)
        decision = decide(player.rules, now, signals, context)
        played.append(Played(decision=decision, topics=now.topics))
        if decision.outcome is Outcome.HANDOFF:
            break
        if decision.outcome is Outcome.OFFER:
            now = state.offered(now)
    return tuple(played)


def _turn(turn: policy.CaseTurn, case: policy.Case) -> Turn:
    return Turn(
        role=turn.role,
        text=turn.text,
        at=None if turn.at is None else _START + 1000 * turn.at,
        events=turn.events,
        tool=turn.tool,
        tool_calls=tuple(ToolCall(name=name) for name in turn.calls),
        error=turn.error,
        confidence=None if turn.confidence is None else turn.confidence / FULL,
        sentiment=None if turn.sentiment is None else turn.sentiment / FULL,
        topics=turn.topics,
        language=turn.language or case.language or None,
    )


def _result(case: policy.Case, played: tuple[Played, ...]) -> Result:
    """The first turn with the hottest outcome counts; when none is hot, the last one."""
    hottest = max(one.decision.outcome for one in played)
    if hottest is Outcome.CONTINUE:
        number = len(played)
    else:
        number = 1 + [one.decision.outcome for one in played].index(hottest)
    met = played[number - 1]
    return Result(
        name=case.name,
        workflow=case.workflow,
        decision=met.decision,
        turn=number,
        topics=met.topics,
        differences=tuple(_differences(case, played, number)),
    )


def _differences(case: policy.Case, played: tuple[Played, ...], number: int) -> Iterator[str]:
    """What is not as expected, one sentence each."""
    expect, met = case.expect, played[number - 1]
    decision = met.decision
    if decision.outcome is not expect.outcome:
        yield (
            f"outcome: expected `{expect.outcome.code}`, got `{decision.outcome.code}`"
            f"{_why(decision)} at turn {number}{_said(case.turns[number - 1])}"
        )
    elif expect.at_turn not in {None, number}:
        yield f"at_turn: expected {expect.at_turn}, got {number}"
    if expect.trigger is not None and decision.trigger is not expect.trigger:
        yield f"trigger: expected `{expect.trigger}`, got `{decision.trigger or 'none'}`"
    acted = tuple(reason.trigger for reason in decision.reasons)
    if expect.reasons is not None and acted != expect.reasons:
        yield f"reasons: expected {_listed(expect.reasons)}, got {_listed(acted)}"
    lost = [topic for topic in expect.topics if topic not in met.topics]
    if lost:
        yield f"topics: expected {_listed(lost)} too, got {_listed(met.topics)}"
    told = {fault for one in played[:number] for fault in one.decision.faults}
    silent = [fault for fault in expect.faults if fault not in told]
    if silent:
        yield f"faults: expected {_listed(silent)} too, got {_listed(sorted(told))}"


def _why(decision: Decision) -> str:
    """What acted, or what was held back."""
    if decision.reasons:
        return f" because of {_listed([reason.trigger for reason in decision.reasons])}"
    if decision.suppressed:
        held = _listed([reason.trigger for reason in decision.suppressed])
        return f" (held back: {held})"
    return f" with score {decision.score / FULL:g}"


def _said(turn: policy.CaseTurn) -> str:
    text = turn.text if len(turn.text) <= 60 else f"{turn.text[:60]}…"
    return f": {turn.role} “{text}”" if text else f": {turn.role}"


def _listed(names: object) -> str:
    """Names as a message lists them."""
    assert isinstance(names, list | tuple)
    return ", ".join(f"`{name}`" for name in names) or "none"
