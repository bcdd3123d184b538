"""What the engine answers: to a turn, a command, or a question whether something may leave."""

from dataclasses import dataclass

from handrail.core.model import Decision, Mode, Outcome
from handrail.core.ownership import Epoch, Owner, Party, Refused, Status
from handrail.core.policy import Speaker
from handrail.engine.gate import Barred, code


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A notice for the customer, and who it says is speaking."""

    event: str
    text: str
    speaker: Speaker


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came of a turn or a command, and who has the case now.

    `case` may be another than the one asked for: a customer who comes back late gets a new,
    linked case. `refused` = nothing changed. `opened` = this opened a handoff. `caught` names what
    was wrong with the agent's turn. `offer` is the id of the open one, `message` the key of what
    was sent. `stopped`: the AI of the workflow is. `cooldown`: a soft reason came so soon after a
    handback that nothing follows from the decision.
    """

    case: str
    status: Status
    owner: Owner | None
    accountable: str
    epoch: Epoch
    mode: Mode = Mode.ENFORCE
    decision: Decision | None = None
    refused: Refused | Barred | None = None
    opened: bool = False
    queue: str = ""
    offer: str = ""
    message: str = ""
    stopped: bool = False
    cooldown: bool = False
    told: tuple[Told, ...] = ()
    caught: tuple[str, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """What the agent does next: in `observe` and `advise`, and within the cooldown after a
        handback, it goes on, whatever was decided.
        """
        if self.decision is None or self.mode is not Mode.ENFORCE or self.cooldown:
            return Outcome.CONTINUE
        return self.decision.outcome

    @property
    def paused(self) -> bool:
        """Whether the AI must not speak now: somebody else has the case, or the AI is stopped."""
        return self.stopped or self.owner is None or self.owner.kind is not Party.AI

    @property
    def why(self) -> str:
        """The code of the refusal; empty when nothing was refused."""
        return "" if self.refused is None else code(self.refused)
