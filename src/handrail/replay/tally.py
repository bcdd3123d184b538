"""What a replay came to, folded conversation by conversation in memory that does not grow.

Agreement with the truth is counted twice. *All*: with everything the pack reads, the recorded
agent's own wish to transfer included; there the pack is a gate on that wish. *Before*: only
handoffs on a turn before the recorded agent's transfer, because the transfer itself gives the
answer away. A conversation is decided until its first handoff: the rest is a human's.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from handrail.core.model import Decision, Fault, Outcome, Trigger
from handrail.importers import Conversation, Truth
from handrail.replay.counts import Agreement, Examples, Histogram


@dataclass(slots=True)
class ByTrigger:
    """What one trigger did, where it was *the* trigger. `right` is of `judged` handoffs."""

    offers: int = 0
    handoffs: int = 0
    judged: int = 0
    right: int = 0
    turns: Histogram = field(default_factory=Histogram)


@dataclass(slots=True)
class Judged:
    """Agreement with the truth of three deciders, and of Handrail's turn with the right turn."""

    everything: Agreement = field(default_factory=Agreement)
    before: Agreement = field(default_factory=Agreement)
    recorded: Agreement = field(default_factory=Agreement)


@dataclass(slots=True)
class Tally:
    """The counts of a replay. Turns count from 0, as in the files."""

    conversations: int = 0
    turns: int = 0
    decided: int = 0
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    by_turn: Counter[Outcome] = field(default_factory=Counter)
    triggers: dict[Trigger, ByTrigger] = field(default_factory=dict)
    suppressed: Counter[Trigger] = field(default_factory=Counter)
    faults: Counter[Fault] = field(default_factory=Counter)
    handoff_turns: Histogram = field(default_factory=Histogram)
    should: Judged = field(default_factory=Judged)
    fails: Judged = field(default_factory=Judged)
    gate: Agreement = field(default_factory=Agreement)
    expected: Agreement = field(default_factory=Agreement)
    against_truth: Histogram = field(default_factory=Histogram)
    against_agent: Histogram = field(default_factory=Histogram)
    agent_handoffs: int = 0
    missed: Examples = field(default_factory=Examples)
    earlier: Examples = field(default_factory=Examples)
    not_followed: Examples = field(default_factory=Examples)
    other_trigger: Examples = field(default_factory=Examples)

    def add(self, conversation: Conversation, decisions: Sequence[Decision]) -> None:
        """Count a conversation: its decisions, turn by turn until the first handoff."""
        self.conversations += 1
        self.turns += len(conversation.turns)
        self.decided += len(decisions)
        outcome = Outcome.CONTINUE
        for place, decision in enumerate(decisions):
            if decision.outcome is not Outcome.CONTINUE:
                outcome = max(outcome, decision.outcome)
                self._trigger(decision, place)
            self.by_turn[decision.outcome] += 1
            if decision.faults:
                self.faults.update(decision.faults)
            if decision.suppressed:
                self.suppressed.update({reason.trigger for reason in decision.suppressed})
        self.outcomes[outcome] += 1
        turn = len(decisions) - 1 if outcome is Outcome.HANDOFF else None
        if turn is not None:
            self.handoff_turns.add(turn)
        if conversation.truth is not None:
            last = decisions[-1].trigger if turn is not None else None
            self._judge(conversation, conversation.truth, turn, last)

    def _trigger(self, decision: Decision, turn: int) -> None:
        trigger = decision.trigger
        if trigger is None:
            return
        found = self.triggers.setdefault(trigger, ByTrigger())
        if decision.outcome is Outcome.OFFER:
            found.offers += 1
        else:
            found.handoffs += 1
            found.turns.add(turn)

    def _judge(
        self, conversation: Conversation, truth: Truth, turn: int | None, trigger: Trigger | None
    ) -> None:
        """Hold one conversation against its truth; `turn` is that of the handoff."""
        agent = truth.agent_handoff_turn
        handed = turn is not None
        before = turn is not None and (agent is None or turn < agent)
        for judged, true in ((self.should, truth.should_handoff), (self.fails, truth.would_fail)):
            if true is None:
                continue
            judged.everything.add(said=handed, true=true)
            judged.before.add(said=before, true=true)
            if truth.agent_handoff is not None:
                judged.recorded.add(said=truth.agent_handoff, true=true)
        should = truth.should_handoff
        if should is not None and trigger is not None:
            found = self.triggers[trigger]
            found.judged += 1
            found.right += should
        if should is not None and agent is not None:
            self.gate.add(said=turn is not None and turn <= agent, true=should)
        if truth.trigger and trigger is not None:
            same = truth.trigger == trigger.value
            self.expected.add(said=True, true=same)
            if not same:
                self.other_trigger.add(
                    id=conversation.id, expected=truth.trigger, fired=trigger.value, turn=turn
                )
        self._turns(conversation, truth, turn, trigger)

    def _turns(
        self, conversation: Conversation, truth: Truth, turn: int | None, trigger: Trigger | None
    ) -> None:
        """When the handoff came, against the truth and against the recorded agent."""
        agent = truth.agent_handoff_turn
        self.agent_handoffs += truth.agent_handoff is True
        if turn is None:
            if truth.should_handoff:
                self.missed.add(id=conversation.id, turn=truth.turn, agent_turn=agent)
            if truth.agent_handoff:
                self.not_followed.add(id=conversation.id, agent_turn=agent)
            return
        if truth.turn is not None and truth.should_handoff:
            self.against_truth.add(turn - truth.turn)
        if agent is None:
            return
        self.against_agent.add(turn - agent)
        if turn < agent:
            self.earlier.add(
                id=conversation.id,
                turn=turn,
                agent_turn=agent,
                trigger=trigger.value if trigger else "",
                right=truth.should_handoff,
            )
