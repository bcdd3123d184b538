"""Findings about rules that cannot fire, or have no effect."""

from collections.abc import Iterator

from handrail.core.decision import Rules
from handrail.core.lint.finding import Finding, KeyPath
from handrail.core.model import Outcome
from handrail.core.policy import Pack, Workflow

SOFT_OR_HARD = (
    "policy_violation", "missing_permission", "blocked_approval", "approval_expired",
    "tool_failure", "missing_data", "low_confidence", "negative_sentiment", "late_stage",
    "no_progress", "agent_request",
)  # fmt: skip


def find(pack: Pack) -> Iterator[Finding]:
    """All of them, workflow by workflow."""
    for own in pack.workflows:
        path = ("workflows", own.name)
        yield from _score(own.rules, path)
        yield from _confidence(own.rules, path)
        yield from _topics(pack, own, path)
        yield from _names(own.rules, path)
        yield from _conditions(own.rules, path)
        yield from _offers(own.rules, path)


def highest(rules: Rules) -> int:
    """The highest score that any case can have."""
    at = rules.score
    worth = max((value for _, value in (*at.tier_values, *at.stage_values)), default=0)
    risk = max((topic.risk for topic in rules.topics), default=0)
    parts = (
        at.confidence,
        at.sentiment,
        worth * at.value // 1000,
        risk * at.risk // 1000,
        at.progress,
    )
    return min(1000, sum(parts))


def _score(rules: Rules, path: KeyPath) -> Iterator[Finding]:
    at, top = rules.score, highest(rules)
    if at.handoff_at and at.offer_at >= at.handoff_at:
        yield Finding(
            code="HR201",
            keys=(*path, "score", "offer_at"),
            message=f"`offer_at` {_share(at.offer_at)} is not below `handoff_at` "
            f"{_share(at.handoff_at)}, so the score hands off and never offers",
            fix="lower `offer_at`, raise `handoff_at`, or write `offer_at: off`",
        )
    for name, value in (("offer_at", at.offer_at), ("handoff_at", at.handoff_at)):
        if value > top:
            yield Finding(
                code="HR202",
                keys=(*path, "score", name),
                message=f"`{name}` is {_share(value)}, and no case can score above {_share(top)}",
                fix="lower it, raise the weights, or give tiers, stages and topics more value",
            )
    request = rules.agent_request
    if request is not None and request.min_score > top:
        yield Finding(
            code="HR209",
            keys=(*path, "triggers", "agent_request", "min_score"),
            message=f"`min_score` is {_share(request.min_score)}, and no case can score above "
            f"{_share(top)}",
            fix="lower it, or write `agent_request: off`",
        )


def _confidence(rules: Rules, path: KeyPath) -> Iterator[Finding]:
    low = rules.low_confidence
    if low is None:
        return
    path = (*path, "triggers", "low_confidence")
    risky = any(topic.risk >= low.high_risk for topic in rules.topics)
    if not low.below and not (risky and low.below_high_risk):
        yield Finding(
            code="HR203",
            keys=(*path, "below"),
            message="no confidence is below 0",
            fix="raise `below`, or write `low_confidence: off`",
        )
    elif low.below_high_risk <= low.below:
        yield Finding(
            code="HR208",
            keys=(*path, "below_high_risk"),
            message=f"`below_high_risk` {_share(low.below_high_risk)} is not above `below` "
            f"{_share(low.below)}, so topics of high risk get no more care",
            fix="raise `below_high_risk` above `below`",
        )
    elif rules.topics and not risky:
        yield Finding(
            code="HR208",
            keys=(*path, "high_risk"),
            message=f"no topic has a risk of {_share(low.high_risk)} or more, so "
            "`below_high_risk` is never used",
            fix="lower `high_risk`, or raise the risk of the topics that need it",
        )


def _topics(pack: Pack, own: Workflow, path: KeyPath) -> Iterator[Finding]:
    for text in own.topics:
        here = (*path, "topics", text.name)
        spoken = {language for language, phrases in text.phrases if phrases}
        if text.caller or text.patterns:
            continue
        if not spoken:
            yield Finding(
                code="HR204",
                keys=here,
                message=f"`{text.name}` has no phrases and no patterns",
                fix="add some, or `caller: true` when the caller or a classifier names it",
            )
            continue
        for language in pack.languages:
            if language not in spoken:
                yield Finding(
                    code="HR205",
                    keys=(*here, "phrases"),
                    message=f"`{text.name}` has no phrases in `{language}`, so it is missed there",
                    fix=f"add `{language}:` under `phrases`",
                )


def _names(rules: Rules, path: KeyPath) -> Iterator[Finding]:
    for name, rule, wanted in (
        ("vip", rules.vip, rules.vip.tiers if rules.vip else ()),
        ("late_stage", rules.late_stage, rules.late_stage.stages if rules.late_stage else ()),
    ):
        kind = "tiers" if name == "vip" else "stages"
        if rule is not None and not wanted:
            yield Finding(
                code="HR206",
                keys=(*path, "triggers", name),
                message=f"`{name}` is on and names no {kind}, so it never fires",
                fix=f"add `{kind}: […]`, or write `{name}: off`",
            )
    idle = rules.no_progress
    if idle is not None and not (idle.turns or idle.minutes or idle.repeats):
        yield Finding(
            code="HR207",
            keys=(*path, "triggers", "no_progress"),
            message="`turns`, `minutes` and `repeats` are all 0, so it never fires",
            fix="set one of them, or write `no_progress: off`",
        )


def _conditions(rules: Rules, path: KeyPath) -> Iterator[Finding]:
    used = {
        name for trigger in SOFT_OR_HARD for name in getattr(getattr(rules, trigger), "unless", ())
    }
    for condition in rules.conditions:
        if condition.action is Outcome.CONTINUE and condition.name not in used:
            yield Finding(
                code="HR210",
                keys=(*path, "conditions", condition.name),
                message=f"`{condition.name}` has no action, and no `unless` names it",
                fix="give it an `action`, name it in an `unless`, or remove it",
            )


def _offers(rules: Rules, path: KeyPath) -> Iterator[Finding]:
    if rules.offers.max_per_episode:
        return
    offering = [
        name
        for name in SOFT_OR_HARD
        if getattr(getattr(rules, name), "action", None) is Outcome.OFFER
    ]
    if rules.vip is not None and rules.vip.offer:
        offering.append("vip")
    if rules.score.offer_at:
        offering.append("handoff_score")
    offering += [topic.name for topic in rules.topics if topic.action is Outcome.OFFER]
    offering += [one.name for one in rules.conditions if one.action is Outcome.OFFER]
    if offering:
        yield Finding(
            code="HR211",
            keys=(*path, "offers", "max_per_episode"),
            message=f"no offer is allowed, so `{offering[0]}` never acts",
            fix="allow at least one offer, or let it hand off",
        )


def _share(value: int) -> str:
    return f"{value / 1000:g}"
