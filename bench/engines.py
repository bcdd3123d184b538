"""The same rules in the languages of rule engines: which triggers fire, and the score.

Each engine is given what favours it: the facts of a turn as one flat dictionary, made ready
beforehand and not timed, with topics, times and the customer's worth looked up already. It says
which triggers fire. What `decide` does besides (exceptions, precedence, limits of the offer,
explanation, faults) is not asked of it; `outcome` does it here, untimed, to check agreement.
"""

from collections.abc import Callable
from typing import Any

from bench.cases import RULES, World

from handrail.core.model import Outcome, Role

Facts = dict[str, Any]
Fired = tuple[set[str], int]
"""Names of the triggers that fire, and the score or the line that it is over."""

TOPICS = {topic.name: topic for topic in RULES.topics}
# What fires, in the grammar that the expression languages share.
TRIGGERS = {
    "explicit_request": "explicit",
    "operator_takeover": "takeover",
    "policy_violation": "violation",
    "missing_permission": "permission",
    "approval_expired": "expired",
    "firm_topic": "firm_topic",
    "soft_topic": "soft_topic",
    "blocked_approval": "approval_age >= 30",
    "tool_failure": "failures >= 3",
    "missing_data": "data",
    "low_confidence": "role == 'agent' and confidence >= 0"
    " and (confidence < 600 or (confidence < 800 and risk >= 700))",
    "negative_sentiment": "known and level >= 500"
    " and (turns >= 2 or repeats > 0 or stalled > 0 or (run > 0 and level - run_start >= 250))",
    "vip_first": "(tier == 'gold' or tier == 'platinum') and (topics > 0"
    " or (whole and episode == 1 and customer_turns == 1 and role == 'customer'))",
    "vip": "tier == 'gold' or tier == 'platinum'",
    "late_stage": "stage == 'contract' or stage == 'closing'",
    "no_progress": "turns >= 8 or idle >= 45 or repeats >= 4",
    "agent_request": "agent_request",
    "custom_condition": "big_order",
}
HARD = frozenset(
    [
        "explicit_request",
        "operator_takeover",
        "policy_violation",
        "missing_permission",
        "approval_expired",
        "firm_topic",
        "vip_first",
    ]
)
OFFERS = frozenset(
    ["missing_data", "low_confidence", "vip", "late_stage", "custom_condition", "offer_score"]
)
UNLESS = frozenset(["missing_data", "low_confidence", "late_stage"])


def facts(world: World) -> Facts:
    """A turn as the flat dictionary that every engine is given."""
    state, signals, context = world
    topics = [TOPICS[name] for name in state.topics if name in TOPICS]
    acting = [topic for topic in topics if topic.action is Outcome.HANDOFF]
    who, score = context.attributes, RULES.score
    tiers, stages = dict(score.tier_values), dict(score.stage_values)
    waiting = state.approvals_open > 0 and state.approval_since > 0
    return {
        "explicit": signals.explicit_request or signals.offer_accepted,
        "takeover": signals.operator_takeover,
        "violation": signals.policy_violation,
        "permission": signals.permission_missing,
        "expired": signals.approval_expired,
        "data": signals.data_missing,
        "agent_request": signals.agent_request,
        "role": "customer" if signals.role is Role.CUSTOMER else str(signals.role),
        "confidence": -1 if signals.confidence is None else signals.confidence,
        "last_confidence": state.confidence,
        "topics": len(topics),
        "firm_topic": any(topic.hard for topic in acting),
        "soft_topic": any(not topic.hard for topic in acting),
        "risk": max((topic.risk for topic in topics), default=0),
        "approval_age": (state.now - state.approval_since) // 60_000 if waiting else -1,
        "idle": (state.now - state.progress_at) // 60_000 if state.progress_at else -1,
        "failures": state.tool_failures,
        "known": state.sentiment_known,
        "level": state.level,
        "turns": state.no_progress_turns,
        "repeats": state.repeats,
        "stalled": state.stalled,
        "run": state.sentiment_run,
        "run_start": state.run_start,
        "tier": who.tier,
        "stage": who.stage,
        "worth": max(tiers.get(who.tier, 0), stages.get(who.stage, 0)),
        "whole": state.whole,
        "episode": state.episode,
        "customer_turns": state.customer_turns,
        "big_order": ("big_order", True) in context.conditions,
    }


def outcome(fired: Fired, world: World) -> Outcome:
    """What the rest of the rules makes of the triggers that an engine found. Not timed."""
    names, score = set(fired[0]), fired[1]
    state, _, context = world
    if score >= 600:
        names.add("handoff_score")
    elif score >= 450:
        names.add("offer_score")
    if score < 150:
        names.discard("agent_request")
    if ("rehearsal", True) in context.conditions:
        names -= UNLESS
    scarce = (context.forecast.wait or 0) > 900
    if names & HARD or (not scarce and names - OFFERS):
        return Outcome.HANDOFF
    again = not state.offers or state.turns_since_offer >= 3
    if names and not state.offer_open and state.offers < 2 and again:
        return Outcome.OFFER
    return Outcome.CONTINUE


def zen() -> Callable[[Facts], Any]:
    """GoRules zen-engine: one compiled expression."""
    from zen import compile_expression  # type: ignore[import-not-found]

    score = (
        "(last_confidence >= 0 ? floor((1000 - last_confidence) * 300 / 1000) : 0)"
        " + (known ? floor(level * 250 / 1000) : 0) + floor(worth * 100 / 1000)"
        " + floor(risk * 200 / 1000) + floor((turns > 8 ? 1000 : turns * 125) * 150 / 1000)"
    )
    members = ", ".join(f"{name}: {test}" for name, test in TRIGGERS.items())
    return compile_expression(f"{{{members}, score: {score}}}").evaluate


def cel() -> Callable[[Facts], Any]:
    """The Common Expression Language: one compiled program."""
    from cel import compile as compile_program

    score = (
        "(last_confidence >= 0 ? (1000 - last_confidence) * 300 / 1000 : 0)"
        " + (known ? level * 250 / 1000 : 0) + worth * 100 / 1000"
        " + risk * 200 / 1000 + (turns > 8 ? 1000 : turns * 125) * 150 / 1000"
    )
    members = ", ".join(f"'{name}': {_symbols(test)}" for name, test in TRIGGERS.items())
    return compile_program(f"{{{members}, 'score': {score}}}").execute


def found(answer: dict[str, Any]) -> Fired:
    """The triggers in the answer of zen or CEL."""
    return {name for name in TRIGGERS if answer[name]}, int(answer["score"])


def cedar(known: set[str]) -> tuple[Callable[[Facts], Any], Callable[[Any], Fired]]:
    """Cedar: one permit for each trigger, parsed once. It has no division, so the score is a
    fact (`points`) and only its lines are policies. `known` are the names of the facts.
    """
    from cedarpy import Entities, PolicySet, is_authorized  # type: ignore[import-untyped]

    tests = TRIGGERS | {"score_450": "points >= 450", "score_600": "points >= 600"}
    tests["score_150"] = "points >= 150"
    names = list(tests)
    policies = PolicySet.from_str(
        "\n".join(
            f"permit(principal, action, resource) when {{ {_cedar(test, known)} }};"
            for test in tests.values()
        )
    )
    nobody = Entities.from_json_str("[]")
    who = {"principal": 'Case::"1"', "action": 'Action::"hand_off"', "resource": 'Desk::"1"'}

    def read(result: Any) -> Fired:
        if result.diagnostics.errors:
            raise RuntimeError(f"cedar reports {result.diagnostics.errors[0]}")
        fired = {names[int(reason[6:])] for reason in result.diagnostics.reasons}
        score = max((int(n[6:]) for n in fired if n.startswith("score_")), default=0)
        return fired & TRIGGERS.keys(), score

    return lambda context: is_authorized({**who, "context": context}, policies, nobody), read


def _symbols(test: str) -> str:
    return test.replace(" and ", " && ").replace(" or ", " || ")


def _cedar(test: str, known: set[str]) -> str:
    """Facts are members of `context`, and text has double quotes."""
    words = _symbols(test).replace("'", '"').replace("(", "( ").replace(")", " )").split(" ")
    return " ".join(f"context.{word}" if word in known else word for word in words)
