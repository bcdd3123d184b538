"""One case decided turn by turn, in memory: no store, no queue, no person yet.

What `handrail decide`, `replay`, `demo` and a pack's own cases share: pack in, decisions out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from handrail.core import case, policy
from handrail.core.case import CaseState
from handrail.core.decision import Rules, decide, flip
from handrail.core.model import (
    Attributes,
    Change,
    Context,
    Decision,
    Fault,
    Forecast,
    Outcome,
    Signals,
    Turn,
    value,
)
from handrail.core.record import Input, dump
from handrail.errors import NotFound
from handrail.packs.conditions import Conditions
from handrail.signals import Extractor, Memory, TopicMatcher
from handrail.signals.classifier import Classifier

Values = Mapping[str, Mapping[str, object]]
"""What named conditions read: groups such as `order`, each a map."""

Named = tuple[tuple[tuple[str, bool], ...], tuple[Fault, ...]]
"""Which named conditions are true, and the faults met on the way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    """A workflow of a pack, made ready to decide: compile once, use for every case.

    `untold` is what the conditions come to for a case of which no values are known; `tiers` and
    `stages` are what the pack declares.
    """

    name: str
    rules: Rules
    extractor: Extractor
    conditions: Conditions
    untold: Named
    tiers: frozenset[str]
    stages: frozenset[str]

    def named(self, attributes: Attributes, values: Values) -> Named:
        """The conditions for a case, with what is wrong in what the caller says of it: no rule
        knows a tier or stage that the pack does not declare, so it is a fault and never silent.
        """
        conditions, faults = self.conditions.evaluate(values) if values else self.untold
        if attributes.tier and attributes.tier not in self.tiers:
            faults += (Fault.UNKNOWN_TIER,)
        if attributes.stage and attributes.stage not in self.stages:
            faults += (Fault.UNKNOWN_STAGE,)
        return conditions, faults


@value
class Step:
    """What one turn led to. `given` is the recorded input, from which `decision` replays."""

    given: Input
    decision: Decision

    def record(self) -> bytes:
        """The canonical line of this decision."""
        return dump(self.given, self.decision)


def compile_workflow(
    pack: policy.Pack, name: str = "", *, classifier: Classifier | None = None
) -> Workflow:
    """The workflow `name` of a pack, or its only one. NotFound when there is no such one."""
    workflow = choose(pack, name)
    conditions = Conditions(workflow.rules.conditions)
    return Workflow(
        name=workflow.name,
        rules=policy.rules(pack, workflow.name),
        extractor=Extractor(
            topics=TopicMatcher.of(workflow.topics),
            default_language=workflow.language,
            classifier=classifier,
            transfer_tools=workflow.transfer_tools,
        ),
        conditions=conditions,
        untold=conditions.evaluate({}),
        tiers=frozenset(pack.tiers),
        stages=frozenset(pack.stages),
    )


def choose(pack: policy.Pack, name: str) -> policy.Workflow:
    """The workflow of that name; without a name, the first one."""
    for workflow in pack.workflows:
        if workflow.name == name or not name:
            return workflow
    names = ", ".join(f"`{workflow.name}`" for workflow in pack.workflows)
    raise NotFound(f"no workflow `{name}` in pack `{pack.name}`", hint=f"name one of {names}")


@dataclass(slots=True, kw_only=True)
class Session:
    """The state of one case and what is known of it.

    After the first handoff the case is a human's, see `handed_off`. `offers_shown` is false for
    turns that were recorded elsewhere: the customer saw no offer of ours, so no "yes" answers one.
    """

    workflow: Workflow
    attributes: Attributes = field(default_factory=Attributes)
    values: Values = field(default_factory=dict)
    forecast: Forecast = field(default_factory=Forecast)
    arm: str = ""
    language: str = ""
    whole: bool = True
    offers_shown: bool = True
    handed_off: bool = False
    state: CaseState = field(init=False)
    memory: Memory = field(default_factory=Memory)
    _named: Named = field(init=False)

    def __post_init__(self) -> None:
        """Start the case; conditions on attributes are evaluated once, until they change."""
        self.state = case.start(whole=self.whole, language=self.language)
        self._named = self.workflow.named(self.attributes, self.values)

    def turn(self, turn: Turn) -> Step:
        """Observe a turn and decide on it."""
        signals = self.workflow.extractor.extract(
            turn, self.memory, offer_open=self.offers_shown and self.state.offer_open
        )
        return self.decide(signals)

    def decide(self, signals: Signals) -> Step:
        """Decide on a turn that is measured already."""
        conditions, faults = self._named
        if faults:
            signals = _with_faults(signals, faults)
        self.state = case.observe(self.state, signals)
        context = Context(
            attributes=self.attributes,
            conditions=conditions,
            arm=self.arm,
            forecast=self.forecast,
        )
        given = Input(state=self.state, signals=signals, context=context)
        decision = decide(self.workflow.rules, self.state, signals, context)
        if decision.outcome is Outcome.OFFER:
            self.state = case.offered(self.state)
        elif decision.outcome is Outcome.HANDOFF:
            self.handed_off = True
        return Step(given=given, decision=decision)

    def flips(self, step: Step) -> tuple[Change, ...]:
        """The smallest change that would have flipped the outcome of a step."""
        given = step.given
        return flip(self.workflow.rules, given.state, given.signals, given.context, step.decision)


def _with_faults(signals: Signals, faults: tuple[Fault, ...]) -> Signals:
    return replace(signals, faults=(*signals.faults, *faults))
