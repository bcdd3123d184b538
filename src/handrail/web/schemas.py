"""What requests say. The shapes of turns, steps and verdicts are those of the core; what is not
known is an error.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from handrail.core.model import Attributes, Turn
from handrail.core.ownership import PlanStep, Progress, Verdict
from handrail.core.ownership.settings import Fallback

_ID = Field(min_length=1, max_length=200)
Name = Annotated[str, _ID]
Word = Annotated[str, Field(max_length=200)]
Count = Annotated[int, Field(ge=-(1 << 53), le=1 << 53)]
Epoch = Annotated[
    tuple[Annotated[int, Field(ge=0, le=1 << 31)], Annotated[int, Field(ge=0, le=1 << 53)]],
    Field(description="The incarnation and the number, as answers give them."),
]


class Body(BaseModel):
    """The common part: unknown fields are errors."""

    model_config = ConfigDict(extra="forbid")


class TurnBody(Body):
    """A turn of a case, which is begun when it is new."""

    turn: Turn
    id: Word = Field("", description="The turn's own id, where no Idempotency-Key gives it.")
    workflow: Word = Field("", description="Of a new case; the pack's first one if not said.")
    epoch: Epoch | None = Field(None, description="The one that the AI saw.")
    by: Word = Field("", description="Of a human turn: the person who spoke, where known.")
    attributes: Attributes | None = None
    values: dict[str, dict[str, Any]] | None = Field(
        None, description="Attributes that the conditions of the pack are about."
    )
    history: tuple[Turn, ...] = Field(
        (), max_length=2_000, description="The turns before, of a case seen first in mid-way."
    )
    transcript: Annotated[str, Field(max_length=2_000)] = ""
    customer: Word = Field("", description="Whose case it is: what is kept is found by it.")
    deliver: bool = Field(False, description="It has not been said yet: it leaves by the outbox.")
    shown: bool = Field(
        False, description="The customer saw it before the AI had to stop: a stream that was cut."
    )


class MessageBody(Body):
    """Something to be said to the customer, if it may be."""

    text: str
    id: Word = ""
    epoch: Epoch | None = None
    confidence: Annotated[float, Field(ge=0, le=1)] | None = None


class AdmitBody(Body):
    """A message or a tool effect that is about to leave."""

    action: Name
    epoch: Epoch
    args: dict[str, Any] = Field(default_factory=dict)
    approval: Word = ""
    id: Word = ""


class AnswerBody(Body):
    """A yes or a no."""

    accepted: bool
    id: Word = ""


class ApprovalBody(Body):
    """A question to people: may this exact action be done, once?"""

    tool: Name
    args: dict[str, Any] = Field(default_factory=dict)
    id: Name
    expires_in: Annotated[int, Field(ge=0, le=30 * 86_400_000)] = Field(
        3_600_000, description="Milliseconds; then the answer is no."
    )


class GrantBody(Body):
    """A person's answer to it."""

    granted: bool


class PauseBody(Body):
    """The clock stops while others are waited for."""

    check_back: Count = Field(description="When somebody looks again, milliseconds since the epoch")
    reason: Name = "customer"
    id: Word = ""


class Unpause(Body):
    """The clock goes on."""

    id: Word = ""


class _Command(Body):
    epoch: Epoch | None = Field(None, description="The one that you saw; refused if it is over.")
    reason: Word = Field("", description="A code, never text of a person.")


class Open(_Command):
    """Hand off, or add a reason. Only a person names a queue."""

    command: Literal["open"]
    queue: Word = ""
    hard: bool = False
    priority: Count = 0


class Plain(_Command):
    """Commands that say nothing more."""

    command: Literal["accept", "decline", "release", "recall", "return", "withdraw"]


class Propose(_Command):
    """Ask a person to take it."""

    command: Literal["propose"]
    human: Name
    until: Count = 0


class Reroute(_Command):
    """To another queue."""

    command: Literal["reroute"]
    queue: Name


class Prioritise(_Command):
    """Another place in the queue."""

    command: Literal["prioritise"]
    priority: Count


class Takeover(_Command):
    """Take it, from the AI or from another."""

    command: Literal["takeover"]
    queue: Word = ""


class Escalate(_Command):
    """Up to a level."""

    command: Literal["escalate"]
    level: Annotated[int, Field(ge=0, le=100)]
    queue: Word = ""


class FallBack(_Command):
    """Let the fallback run."""

    command: Literal["fall_back"]
    kind: Fallback
    due: Count = 0


class Handback(_Command):
    """To the AI, with a plan."""

    command: Literal["handback"]
    steps: Annotated[tuple[PlanStep, ...], Field(min_length=1, max_length=50)]
    actions: tuple[Name, ...] = ("message",)
    expires: Count = Field(0, description="Milliseconds since the epoch; 0: as the pack has it.")


class Begin(_Command):
    """The AI begins a step."""

    command: Literal["begin"]
    step: Name


class Report(_Command):
    """How a step ended."""

    command: Literal["report"]
    step: Name
    progress: Progress


class Resolve(_Command):
    """Close it."""

    command: Literal["resolve"]
    disposition: Name
    note: Annotated[str, Field(max_length=20_000)] = ""
    verdict: Verdict = Verdict()


class Reopen(_Command):
    """Begin a closed case anew."""

    command: Literal["reopen"]
    queue: Word = ""
    priority: Count = 0


class Merge(_Command):
    """Into another case, which goes on."""

    command: Literal["merge"]
    into: Name


class Move(_Command):
    """To another workflow."""

    command: Literal["move"]
    workflow: Name
    queue: Word = ""


class Judge(_Command):
    """A verdict on the handoff."""

    command: Literal["judge"]
    verdict: Verdict


CommandBody = Annotated[
    Open
    | Plain
    | Propose
    | Reroute
    | Prioritise
    | Takeover
    | Escalate
    | FallBack
    | Handback
    | Begin
    | Report
    | Resolve
    | Reopen
    | Merge
    | Move
    | Judge,
    Field(discriminator="command"),
]
"""Any command: `command` names it."""


class BulkBody(Body):
    """One command on many cases."""

    cases: Annotated[tuple[Name, ...], Field(min_length=1, max_length=500)]
    command: CommandBody
    id: Word = ""
    preview: bool = Field(False, description="Say what it would do, and do nothing.")
