"""Triggers, topics, conditions and score of a workflow, as the decider knows them."""

from collections.abc import Iterable
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from handrail.core import policy
from handrail.core.decision import (
    AgentRequest,
    BlockedApproval,
    Condition,
    Gate,
    LateStage,
    LowConfidence,
    NegativeSentiment,
    NoProgress,
    Offers,
    Rules,
    Score,
    ToolFailure,
    Topic,
    Vip,
)
from handrail.core.model import Outcome
from handrail.packs import conditions as language
from handrail.packs.shape import Pack, workflow
from handrail.packs.shape.triggers import Triggers
from handrail.packs.source import KeyPath
from handrail.signals.topics import token_forms

if TYPE_CHECKING:
    from handrail.packs.build import Issues

_OUTCOMES = {
    "none": Outcome.CONTINUE,
    "score": Outcome.CONTINUE,
    "offer": Outcome.OFFER,
    "handoff": Outcome.HANDOFF,
}
# What a trigger that the file switches on starts from, where `Rules` has it off.
KINDS: dict[str, Any] = {
    "policy_violation": Gate,
    "missing_permission": Gate,
    "blocked_approval": BlockedApproval,
    "approval_expired": Gate,
    "tool_failure": ToolFailure,
    "missing_data": Gate,
    "low_confidence": LowConfidence,
    "negative_sentiment": NegativeSentiment,
    "vip": Vip,
    "late_stage": LateStage,
    "no_progress": NoProgress,
    "agent_request": AgentRequest,
}


def names(given: Iterable[str]) -> tuple[str, ...]:
    """Each name once, sorted: the order that a file has them in means nothing."""
    return tuple(sorted(set(given)))


class Conditions:
    """Compiles each condition once, however many workflows have it from the defaults."""

    def __init__(self, issues: "Issues") -> None:
        self.issues = issues
        self._checked: dict[str, str] = {}

    def build(self, shape: workflow.Workflow, path: KeyPath) -> tuple[Condition, ...]:
        """The conditions of a workflow, by name."""
        made: dict[str, Condition] = {}
        for place, own in enumerate(shape.conditions):
            here = (*path, "conditions", place)
            if own.name in made:
                self.issues.add(here, f"there is a condition `{own.name}` already")
            if own.when not in self._checked:
                self._checked[own.when] = language.check(own.when)
            if self._checked[own.when]:
                self.issues.add((*here, "when"), self._checked[own.when])
            action = _OUTCOMES[own.action]
            _only_handoffs_are_hard(action, hard=own.hard, issues=self.issues, path=here)
            made[own.name] = Condition(name=own.name, when=own.when, action=action, hard=own.hard)
        return tuple(made[name] for name in sorted(made))


def rules(shape: workflow.Workflow, conditions: Conditions, path: KeyPath) -> Rules:
    """What a workflow decides by. What the file does not say holds its documented default."""
    named = conditions.build(shape, path)
    issues = conditions.issues
    triggers = {
        name: _trigger(name, own, named, issues, (*path, "triggers", name))
        for name, own in shape.triggers.given().items()
    }
    offers = {name: value for name, value in shape.offers.given().items() if name != "expires"}
    return Rules(
        **triggers,
        topics=_topics(shape, issues, path),
        conditions=named,
        score=_score(shape.score),
        offers=Offers(**offers),
        max_wait=shape.max_wait,
    )


def _trigger(
    name: str, own: Any, named: tuple[Condition, ...], issues: "Issues", path: KeyPath
) -> Any:
    """One trigger: its default with what the file says, or None when it is off."""
    if own is None:
        return None
    start = getattr(Rules(), name) or KINDS[name]()
    known = {item.name for item in fields(start)}
    given: dict[str, Any] = {}
    for key, value in own.given().items():
        if key not in known:
            issues.add((*path, key), "unknown key")
        elif key == "action":
            given[key] = _OUTCOMES[value]
        else:
            given[key] = names(value) if isinstance(value, list) else value
    rule = replace(start, **given)
    hard = getattr(rule, "hard", False)
    exceptions = getattr(rule, "unless", ())
    if "action" in known:
        _only_handoffs_are_hard(rule.action, hard=hard, issues=issues, path=path)
    if hard and exceptions:
        issues.add((*path, "unless"), "a hard trigger has no exceptions; remove `unless`")
    for exception in exceptions:
        issues.known((*path, "unless"), "condition", exception, (one.name for one in named))
    return rule


def _only_handoffs_are_hard(
    action: Outcome, *, hard: bool, issues: "Issues", path: KeyPath
) -> None:
    if hard and action is not Outcome.HANDOFF:
        issues.add(path, "only a handoff is hard; write `action: handoff`, or `hard: false`")


def _topics(shape: workflow.Workflow, issues: "Issues", path: KeyPath) -> tuple[Topic, ...]:
    """The riskiest first, so that the first reason is of the riskiest topic."""
    made = []
    for name, own in shape.topics.items():
        if own is None:
            continue
        action = _OUTCOMES[own.action]
        hard = action is Outcome.HANDOFF if own.hard is None else own.hard
        _only_handoffs_are_hard(action, hard=hard, issues=issues, path=(*path, "topics", name))
        made.append(
            Topic(name=name, risk=own.risk, action=action, hard=hard, reviewer_tag=own.reviewer_tag)
        )
    return tuple(sorted(made, key=lambda topic: (-topic.risk, topic.name)))


def check_values(shape: workflow.Workflow, pack: Pack, issues: "Issues", path: KeyPath) -> None:
    """Every tier and stage that a workflow names is declared."""
    vip, late = shape.triggers.vip, shape.triggers.late_stage
    for kind, named, rule, values in (
        ("tier", pack.tiers, vip.tiers if vip else [], shape.score.tiers),
        ("stage", pack.stages, late.stages if late else [], shape.score.stages),
    ):
        trigger = "vip" if kind == "tier" else "late_stage"
        for place, name in enumerate(rule):
            issues.declared((*path, "triggers", trigger, f"{kind}s", place), kind, name, named)
        for name in values:
            issues.declared((*path, "score", f"{kind}s", name), kind, name, named)


def texts(
    shape: workflow.Workflow, pack: Pack, issues: "Issues", path: KeyPath
) -> tuple[policy.TopicText, ...]:
    """How the topics are found in text, by name."""
    made = []
    for name, own in sorted(shape.topics.items()):
        if own is None:
            continue
        here = (*path, "topics", name)
        for spoken in own.phrases:
            issues.known((*here, "phrases", spoken), "language", spoken, pack.languages)
            for place, phrase in enumerate(own.phrases[spoken]):
                try:
                    token_forms(phrase)
                except ValueError as error:
                    issues.add((*here, "phrases", spoken, place), str(error))
        for place, pattern in enumerate(own.patterns):
            _check_pattern(pattern, issues, (*here, "patterns", place))
        made.append(
            policy.TopicText(
                name=name,
                phrases=tuple(
                    (spoken, names(phrases)) for spoken, phrases in sorted(own.phrases.items())
                ),
                patterns=names(own.patterns),
                caller=own.caller,
            )
        )
    return tuple(made)


def _check_pattern(pattern: str, issues: "Issues", path: KeyPath) -> None:
    import re2  # only packs with patterns need it

    options = re2.Options()
    options.log_errors = False
    try:
        found = re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0] if error.args else "no valid expression"
        text = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        issues.add(path, f"`{pattern}` is not a valid RE2 expression: {text}")
        return
    if found.search(""):
        issues.add(path, f"`{pattern}` matches the empty text, so every turn")


def _score(shape: workflow.Score) -> Score:
    given = shape.given()
    tiers = given.pop("tiers", {})
    stages = given.pop("stages", {})
    return Score(
        **given,
        tier_values=tuple(sorted(tiers.items())),
        stage_values=tuple(sorted(stages.items())),
    )


def trigger_names() -> tuple[str, ...]:
    """The triggers that a file can set."""
    return tuple(Triggers.model_fields)
