"""Generated rules, states, signals and contexts: near the thresholds, where deciders disagree.

`worlds` are plausible and dense; `wild` is anything the types allow. Most choices are made from a
menu built once, because every draw costs time and ten thousand worlds are drawn.
"""

from dataclasses import fields, is_dataclass, replace
from functools import reduce
from itertools import combinations, product
from types import UnionType
from typing import Any, NamedTuple, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

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
)
from handrail.core.model import (
    Attributes,
    Context,
    Fault,
    Forecast,
    Outcome,
    Role,
    Signals,
    Source,
)

TOPICS = ("billing", "legal", "security")
CONDITIONS = ("big_order", "night_time", "under_embargo")
TIERS = ("basic", "gold")
STAGES = ("closing", "lead")
START = 1_700_000_000_000
SECOND = 1000
MINUTE = 60 * SECOND


class World(NamedTuple):
    """All that a decision is made from."""

    rules: Rules
    state: CaseState
    signals: Signals
    context: Context


FLAGS = tuple(name for name, kind in get_type_hints(Signals).items() if kind is bool)
SHARES = (0, 1, 249, 250, 251, 333, 499, 500, 501, 599, 600, 601, 717, 799, 800, 801, 999, 1000)
TIMES = tuple(START + minute * MINUTE + shift for minute in range(10) for shift in (-1, 0, 1))


def subsets(names: tuple[str, ...]) -> list[tuple[str, ...]]:
    """All of them, in order of size."""
    return [found for size in range(len(names) + 1) for found in combinations(names, size)]


def menu(kind: Any, *, off: bool = False, **choices: Any) -> list[Any]:
    """Every combination of the choices; with `off`, None half of the time."""
    rows = [kind(**dict(zip(choices, row, strict=True))) for row in product(*choices.values())]
    return [None] * len(rows) + rows if off else rows


def pick(kind: Any, **choices: Any) -> st.SearchStrategy[Any]:
    """A rule of the menu, or None: the trigger is off."""
    return st.sampled_from(menu(kind, off=True, **choices))


def several(*menus: list[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    """One of each menu, without the Nones."""
    return st.tuples(*(st.sampled_from(rows) for rows in menus)).map(
        lambda found: tuple(item for item in found if item is not None)
    )


milli = st.sampled_from(SHARES)
counts = st.sampled_from((*range(10), 1_000_000_000))
moments = st.sampled_from(TIMES)
rare = st.sampled_from((False, False, False, False, True))
FIRM = {
    "action": tuple(Outcome),
    "hard": (False, True),
    "unless": ((), ("big_order",), ("big_order", "night_time")),
}
ACTS = {"action": tuple(Outcome), "hard": (False, True)}
VALUES = ((), (("gold", 500),), (("basic", 1), ("gold", 1000)))
GATED = ("permission_missing", "policy_violation", "data_missing", "approval_expired")
RARE = (
    *GATED,
    "explicit_request",
    "offer_accepted",
    "offer_declined",
    "offer_expired",
    "progress",
    "tool_succeeded",
    "operator_takeover",
    "episode_started",
)
USUAL = ("agent_request", "announced_transfer", "repeated", "stalled", "tool_failed")

scores = st.builds(
    Score,
    confidence=milli,
    sentiment=milli,
    value=milli,
    risk=milli,
    progress=milli,
    progress_turns=st.integers(1, 12),
    offer_at=st.sampled_from((0, 0, 0, 1, 200, 400, 1000)),
    handoff_at=st.sampled_from((0, 0, 0, 0, 1, 300, 600, 1000)),
    tier_values=st.sampled_from(VALUES),
    stage_values=st.sampled_from(((), (("lead", 250),), (("closing", 999), ("lead", 10)))),
)
rules = st.builds(
    Rules,
    policy_violation=pick(Gate, **FIRM),
    topics=several(
        *(
            menu(
                Topic,
                off=True,
                name=(name,),
                risk=(0, 500, 699, 700, 1000),
                **ACTS,
                reviewer_tag=("", f"{name}_team", "all_teams"),
            )
            for name in TOPICS
        )
    ),
    missing_permission=pick(Gate, **FIRM),
    blocked_approval=pick(BlockedApproval, minutes=range(9), **FIRM),
    approval_expired=pick(Gate, **FIRM),
    tool_failure=pick(ToolFailure, consecutive=range(1, 5), **FIRM),
    missing_data=pick(Gate, **FIRM),
    low_confidence=pick(
        LowConfidence,
        below=(0, 500, 600, 1000),
        below_high_risk=(0, 599, 800),
        high_risk=(0, 500, 700),
        **FIRM,
    ),
    negative_sentiment=pick(
        NegativeSentiment,
        level=(0, 250, 500),
        stall_turns=(0, 2, 3),
        escalating=(0, 250, 499),
        **FIRM,
    ),
    vip=pick(
        Vip,
        tiers=subsets(TIERS)[1:],
        first_touch=(True, False),
        on_sensitive=(True, False),
        offer=(True, False),
    ),
    late_stage=pick(LateStage, stages=subsets(STAGES)[1:], **FIRM),
    no_progress=pick(NoProgress, turns=(0, 2, 8), minutes=(0, 1, 5), repeats=(0, 1, 3), **FIRM),
    agent_request=pick(
        AgentRequest, action=tuple(Outcome), min_score=(0, 250, 500), unless=FIRM["unless"]
    ),
    conditions=several(
        *(menu(Condition, off=True, name=(n,), when=("true",), **ACTS) for n in CONDITIONS)
    ),
    score=scores,
    offers=st.sampled_from(menu(Offers, max_per_episode=range(4), cooldown_turns=range(5))),
    max_wait=st.sampled_from((0, 0, 0, 60, 61)),
    digest=st.just("d" * 64),
)


def _signals(flags: tuple[str, ...], **parts: Any) -> Signals:
    return Signals(**parts, **dict.fromkeys(flags, True))


signals = st.builds(
    _signals,
    st.builds(
        lambda usual, seldom: (*usual, *seldom),
        st.sampled_from(subsets(USUAL)),
        st.sampled_from([()] * 40 + [(name,) for name in GATED] * 8 + subsets(RARE)[:67]),
    ),
    role=st.sampled_from((*Role, Role.CUSTOMER, Role.AGENT, Role.AGENT)),
    at=st.sampled_from((None, *TIMES)),
    confidence=st.sampled_from((None, None, *SHARES)),
    dissatisfaction=st.sampled_from((None, None, *SHARES)),
    topics=st.sampled_from([()] * 15 + subsets((*TOPICS, "unmapped"))),
    language=st.sampled_from(("", "de", "en")),
    approvals_requested=st.sampled_from((0, 0, 1, 2)),
    approvals_settled=st.sampled_from((0, 0, 1, 2)),
    faults=st.sampled_from([(), *combinations(Fault, 2)]),
    sources=st.just((("confidence", Source.CALLER),)),
)
histories = st.lists(signals, max_size=8)
free_states = st.builds(
    CaseState,
    turns=counts,
    customer_turns=st.sampled_from((1, 1, 0, 2, 7)),
    episode=st.sampled_from((1, 1, 2)),
    whole=st.booleans(),
    now=st.sampled_from((0, *TIMES)),
    progress_at=st.sampled_from((0, *TIMES)),
    no_progress_turns=counts,
    repeats=counts,
    stalled=counts,
    tool_failures=counts,
    sentiment_known=st.booleans(),
    level=milli,
    sentiment_run=st.integers(0, 3),
    run_start=milli,
    confidence=st.sampled_from((-1, *SHARES)),
    topics=st.sampled_from(subsets((*TOPICS, "unmapped"))),
    approvals_open=st.integers(0, 2),
    approval_since=st.sampled_from((0, *TIMES)),
    offers=st.integers(0, 3),
    turns_since_offer=st.integers(0, 5),
    offer_open=rare,
    agent_requests=counts,
    language=st.sampled_from(("", "de", "en")),
)
contexts = st.builds(
    Context,
    attributes=st.sampled_from(
        menu(Attributes, tier=("", *TIERS, "other"), stage=("", *STAGES, "other"))
    ),
    conditions=several(*([None, (name, True), (name, False)] for name in CONDITIONS)),
    arm=st.sampled_from(("", "a", "b")),
    forecast=st.sampled_from([Forecast(wait=wait) for wait in (None, 0, 59, 60, 61, 62)]),
    roster=st.integers(0, 3),
    at=st.sampled_from((None, *TIMES)),
)


def fold(history: list[Signals], state: CaseState | None = None) -> CaseState:
    """The state after a history, from the first turn unless another state is given."""
    return reduce(case.observe, history, state or case.start())


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A decision to make: in a state as such, or reached turn by turn with offers made."""
    now = draw(signals)
    if draw(st.booleans()):
        state = draw(free_states)
    else:
        state = case.start(whole=draw(st.booleans()))
        for turn in [*draw(histories), now]:
            state = case.observe(state, turn)
            state = case.offered(state) if turn is not now and draw(rare) else state
    return World(draw(rules), state, now, draw(contexts))


@st.composite
def quiet_worlds(draw: st.DrawFn) -> World:
    """Worlds where little fires, so that one more piece of evidence decides."""
    world = draw(worlds())
    calmed: dict[str, Any] = dict.fromkeys(FLAGS, False)
    return world._replace(
        rules=replace(world.rules, topics=world.rules.topics[:1], conditions=()),
        state=replace(world.state, topics=world.state.topics[:1]),
        signals=replace(world.signals, **calmed),
    )


def wild(kind: Any) -> st.SearchStrategy[Any]:
    """Anything of a type, every field of a dataclass drawn."""
    origin, args = get_origin(kind), get_args(kind)
    if origin in {Union, UnionType}:
        return st.one_of(*(wild(arg) for arg in args))
    if origin is tuple and args[-1] is Ellipsis:
        return st.lists(wild(args[0]), max_size=3).map(tuple)
    if origin is tuple:
        return st.tuples(*(wild(arg) for arg in args))
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        return st.builds(kind, **{f.name: wild(hints[f.name]) for f in fields(kind)})
    if kind is str:
        return st.one_of(st.sampled_from((*TOPICS, *CONDITIONS, *TIERS)), st.text(max_size=5))
    return st.one_of(st.integers(-2, 2), st.integers()) if kind is int else st.from_type(kind)
