"""Recorded conversations decided turn by turn as if live, one in memory at a time."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from handrail.core.model import Decision, Outcome, Turn
from handrail.core.record import Input
from handrail.importers import Conversation
from handrail.replay.output import Output
from handrail.replay.tally import Tally


class Step(Protocol):
    """What one turn led to, and what it was decided from."""

    @property
    def given(self) -> Input:
        """What the decision was made from."""

    @property
    def decision(self) -> Decision:
        """The decision."""


class Session(Protocol):
    """One case being decided; `handrail.session.Session` is one."""

    def turn(self, turn: Turn) -> Step:
        """Observe a turn and decide on it; an offer counts as made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A conversation with the steps of its turns, up to the first handoff."""

    conversation: Conversation
    steps: tuple[Step, ...]


def replay(
    conversations: Iterable[Conversation], open_session: Callable[[Conversation], Session]
) -> Iterator[Record]:
    """Decide each conversation until its first handoff: what follows is a human's."""
    for conversation in conversations:
        session = open_session(conversation)
        steps = []
        for turn in conversation.turns:
            step = session.turn(turn)
            steps.append(step)
            if step.decision.outcome is Outcome.HANDOFF:
                break
        yield Record(conversation=conversation, steps=tuple(steps))


def run(
    conversations: Iterable[Conversation],
    open_session: Callable[[Conversation], Session],
    *,
    output: Output | None = None,
    tally: Tally | None = None,
) -> Tally:
    """Replay, write every decision, count. Gives the tally, which may be one begun before."""
    tally = tally or Tally()
    for record in replay(conversations, open_session):
        tally.add(record.conversation, [step.decision for step in record.steps])
        if output is not None:
            for place, step in enumerate(record.steps):
                output.write(record.conversation, place, step.given, step.decision)
    return tally
