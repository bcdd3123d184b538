"""What a workflow decides by: one frozen object, made from the policy pack when it is loaded.

Every rule may be None: the trigger is off. Shares are thousandths. A *hard* rule hands off
whatever the score, the arm or an exception says; a soft one does `action`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from handrail.core.model import Outcome, Strict


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate(Strict):
    """A trigger that needs no threshold: it fires when the evidence is there."""

    action: Outcome = Outcome.HANDOFF
    hard: bool = False
    unless: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic(Strict):
    """A sensitive topic. Active from the turn that names it until the episode ends.

    `action` continue only adds `risk` to the score and asks for high-risk confidence.
    """

    name: str
    risk: int = 1000
    action: Outcome = Outcome.HANDOFF
    hard: bool = True
    reviewer_tag: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LowConfidence(Strict):
    """Fires on an agent turn whose confidence is below `below`; below `below_high_risk` when the
    risk of an active topic is at least `high_risk`.
    """

    below: int = 600
    below_high_risk: int = 800
    high_risk: int = 700
    action: Outcome = Outcome.OFFER
    hard: bool = False
    unless: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NegativeSentiment(Strict):
    """The dual signal. Fires when the sentiment level is at least `level` AND (the case stalls:
    `stall_turns` turns without progress, or a repeat, or a stalled turn; OR it escalates: the
    level rose by at least `escalating` over the trend).
    """

    level: int = 500
    stall_turns: int = 2
    escalating: int = 250
    action: Outcome = Outcome.HANDOFF
    hard: bool = False
    unless: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Vip(Strict):
    """A customer whose tier is in `tiers`: a human at first touch and on any active sensitive
    topic (both hard), else the offer.
    """

    tiers: tuple[str, ...] = ()
    first_touch: bool = True
    on_sensitive: bool = True
    offer: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class LateStage(Strict):
    """A deal whose stage is in `stages`."""

    stages: tuple[str, ...] = ()
    action: Outcome = Outcome.OFFER
    hard: bool = False
    unless: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NoProgress(Strict):
    """`turns` customer turns, `minutes`, or `repeats` of the customer without progress; 0 = off."""

    turns: int = 8
    minutes: int = 0
    repeats: int = 0
    action: Outcome = Outcome.HANDOFF
    hard: bool = False
    unless: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolFailure(Strict):
    """`consecutive` tool calls failed, with no success between them."""

    consecutive: int = 3
    action: Outcome = Outcome.HANDOFF
    hard: bool = False
    unless: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockedApproval(Strict):
    """An approval that has been open for at least `minutes`."""

    minutes: int = 30
    action: Outcome = Outcome.HANDOFF
    hard: bool = False
    unless: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentRequest(Strict):
    """The AI's own wish to transfer: soft. Held back while the score is under `min_score`."""

    action: Outcome = Outcome.HANDOFF
    min_score: int = 0
    unless: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition(Strict):
    """A named condition on attributes; the shell evaluates `when` before the decision."""

    name: str
    when: str
    action: Outcome = Outcome.CONTINUE
    hard: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Score(Strict):
    """The handoff score: the sum of weight x part, at most 1000.

    Parts: `confidence` (1000 - confidence of the last agent turn), `sentiment` (level), `value`
    (the greater of the tier's and the stage's value), `risk` (of the riskiest active topic),
    `progress` (turns without progress as a share of `progress_turns`, at most 1000). A part
    without signal counts 0. 0 for `offer_at` or `handoff_at` turns that threshold off.
    """

    confidence: int = 300
    sentiment: int = 250
    value: int = 100
    risk: int = 200
    progress: int = 150
    progress_turns: int = 8
    offer_at: int = 0
    handoff_at: int = 0
    tier_values: tuple[tuple[str, int], ...] = ()
    stage_values: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers(Strict):
    """How often "talk to a human now" may be offered: `max_per_episode`, and not again within
    `cooldown_turns` customer turns of the last one, nor while one is open.
    """

    max_per_episode: int = 1
    cooldown_turns: int = 3


class _Indexed(Strict):
    """A place beside the fields for what is derived from them, made when first asked for."""

    __slots__ = ("_places",)
    _places: Mapping[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules(_Indexed):
    """All of it, for one workflow. Explicit requests and takeovers have no switch: always hard.

    `max_wait` (seconds; 0 = off): while the forecast wait is longer, a soft handoff becomes an
    offer (of a callback); hard ones never yield.
    """

    policy_violation: Gate | None = Gate(hard=True)
    topics: tuple[Topic, ...] = ()
    missing_permission: Gate | None = Gate(hard=True)
    blocked_approval: BlockedApproval | None = None
    approval_expired: Gate | None = Gate(hard=True)
    tool_failure: ToolFailure | None = ToolFailure()
    missing_data: Gate | None = Gate(action=Outcome.OFFER)
    low_confidence: LowConfidence | None = None
    negative_sentiment: NegativeSentiment | None = NegativeSentiment()
    vip: Vip | None = None
    late_stage: LateStage | None = None
    no_progress: NoProgress | None = NoProgress()
    agent_request: AgentRequest | None = AgentRequest()
    conditions: tuple[Condition, ...] = ()
    score: Score = Score()
    offers: Offers = Offers()
    max_wait: int = 0
    digest: str = ""

    @property
    def topic_places(self) -> Mapping[str, tuple[int, ...]]:
        """Where in `topics` a name stands: 4,000 topics cost a decision no more than 40."""
        try:
            return self._places
        except AttributeError:
            places: dict[str, tuple[int, ...]] = {}
            for place, topic in enumerate(self.topics):
                places[topic.name] = (*places.get(topic.name, ()), place)
            object.__setattr__(self, "_places", places)
            return places
