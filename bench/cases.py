"""The rules and the turns that every decider here is measured on. Synthetic, from a fixed seed."""

import random
from collections.abc import Iterator
from typing import NamedTuple

from handrail.core import case
from handrail.core.case import CaseState
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
    decide,
)
from handrail.core.model import Attributes, Context, Forecast, Outcome, Role, Signals

START = 1_700_000_000_000
TAGS = ("legal", "security", "finance", "privacy", "safety", "sales")
MIX = {Outcome.CONTINUE: 800, Outcome.OFFER: 90, Outcome.HANDOFF: 110}  # of 1,000 turns


class World(NamedTuple):
    """What a decision is made from, besides the rules."""

    state: CaseState
    signals: Signals
    context: Context


def topic(number: int) -> Topic:
    """Every fourth topic only adds to the score, every other of the rest is hard."""
    action = Outcome.CONTINUE if number % 4 == 3 else Outcome.HANDOFF
    return Topic(
        name=f"topic_{number}",
        risk=400 + number % 7 * 100,
        action=action,
        hard=number % 2 == 0,
        reviewer_tag=TAGS[number % 6],
    )


RULES = Rules(
    policy_violation=Gate(hard=True),
    topics=tuple(topic(number) for number in range(40)),
    missing_permission=Gate(hard=True),
    blocked_approval=BlockedApproval(minutes=30),
    approval_expired=Gate(hard=True),
    tool_failure=ToolFailure(consecutive=3),
    missing_data=Gate(action=Outcome.OFFER, unless=("rehearsal",)),
    low_confidence=LowConfidence(
        below=600, below_high_risk=800, high_risk=700, unless=("rehearsal",)
    ),
    negative_sentiment=NegativeSentiment(level=500, stall_turns=2, escalating=250),
    vip=Vip(tiers=("platinum", "gold")),
    late_stage=LateStage(stages=("contract", "closing"), unless=("rehearsal",)),
    no_progress=NoProgress(turns=8, minutes=45, repeats=4),
    agent_request=AgentRequest(min_score=150),
    conditions=(
        Condition(name="big_order", when="order.amount >= 5000", action=Outcome.OFFER),
        Condition(name="rehearsal", when="deal.rehearsal"),
    ),
    score=Score(
        offer_at=450,
        handoff_at=600,
        tier_values=(("silver", 300), ("gold", 800), ("platinum", 1000)),
        stage_values=(("trial", 200), ("contract", 700), ("closing", 900)),
    ),
    offers=Offers(max_per_episode=2, cooldown_turns=3),
    max_wait=900,
    digest="sha256:" + "0" * 64,
)


def worlds(count: int, seed: int = 1) -> list[World]:
    """So many turns in the mix of outcomes of `MIX`, shuffled."""
    chance = random.Random(seed)
    wanted = {outcome: share * count // 1000 for outcome, share in MIX.items()}
    found: list[World] = []
    for world in _endless(chance):
        outcome = decide(RULES, *world).outcome
        if wanted[outcome]:
            wanted[outcome] -= 1
            found.append(world)
            if not any(wanted.values()):
                break
    chance.shuffle(found)
    return found


def _endless(chance: random.Random) -> Iterator[World]:
    """Turns of one conversation after the other; each ends with its first handoff."""
    while True:
        state = case.start(whole=chance.random() < 0.9)
        context = Context(
            attributes=Attributes(
                tier=chance.choice(("", "basic", "basic", "basic", "silver", "silver", "gold")),
                stage=chance.choice(("", "", "lead", "lead", "lead", "trial", "trial", "contract")),
            ),
            conditions=(
                ("big_order", chance.random() < 0.02),
                ("rehearsal", chance.random() < 0.05),
            ),
            forecast=Forecast(wait=chance.choice((None, 60, 300, 1200))),
        )
        at = START
        for number in range(chance.randint(2, 24)):
            at += chance.randint(5_000, 180_000)
            signals = _signals(chance, at, customer=number % 2 == 0)
            state = case.observe(state, signals)
            world = World(state, signals, context)
            yield world
            outcome = decide(RULES, *world).outcome
            if outcome is Outcome.HANDOFF:
                break
            if outcome is Outcome.OFFER:
                state = case.offered(state)


def _signals(chance: random.Random, at: int, *, customer: bool) -> Signals:
    """One turn: calm as a rule, with a little of everything."""

    def seldom(share: float) -> bool:
        return chance.random() < share

    faced = customer or seldom(0.1)
    return Signals(
        role=Role.CUSTOMER if customer else chance.choice((Role.AGENT, Role.AGENT, Role.TOOL)),
        at=at,
        confidence=None if customer else min(1000, int(chance.gauss(850, 120))),
        dissatisfaction=max(0, min(1000, int(chance.gauss(250, 220)))) if faced else None,
        topics=(f"topic_{chance.randrange(40)}",) if customer and seldom(0.04) else (),
        language="en",
        explicit_request=customer and seldom(0.02),
        agent_request=not customer and seldom(0.02),
        repeated=customer and seldom(0.05),
        stalled=seldom(0.03),
        progress=seldom(0.2),
        tool_failed=not customer and seldom(0.05),
        tool_succeeded=not customer and seldom(0.1),
        permission_missing=not customer and seldom(0.005),
        policy_violation=seldom(0.003),
        data_missing=not customer and seldom(0.01),
        approvals_requested=int(not customer and seldom(0.03)),
        approvals_settled=int(seldom(0.05)),
        approval_expired=seldom(0.003),
        offer_declined=customer and seldom(0.05),
    )
