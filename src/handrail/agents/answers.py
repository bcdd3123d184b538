"""What a client tells the program of an AI agent."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from handrail.core.ownership import Epoch


class Standing(StrEnum):
    """Where a case stands, as far as the AI is concerned. Only `ai` lets it speak."""

    AI = "ai"
    DELEGATED = "delegated"
    HANDED_OFF = "handed_off"
    STOPPED = "stopped"
    CLOSED = "closed"
    PENDING = "pending"
    """The service could not be reached: the AI is held, and nobody knows of a handoff."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of a turn, a message or a command.

    `case` may be another than the one asked for: a customer who comes back late gets a new one.
    `refused` is the code of a refusal: nothing was changed, and nothing was said. `pending`: it was
    kept here and is told to the service when that can be reached again; `holding` is what the
    customer can be told meanwhile. `outcome` is `continue`, `offer` or `handoff`; empty while that
    is not known. `raw` is the answer of the service, with the decision and its reasons.
    """

    case: str
    standing: Standing
    epoch: Epoch | None = None
    outcome: str = ""
    refused: str = ""
    offer: str = ""
    holding: str = ""
    raw: dict[str, Any] | None = None

    @property
    def pending(self) -> bool:
        """Whether the service has not confirmed it."""
        return self.standing is Standing.PENDING

    @property
    def ai_may_speak(self) -> bool:
        """Whether the AI may answer the customer: it has the case, and that is confirmed."""
        return self.standing in {Standing.AI, Standing.DELEGATED} and not self.refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """Whether a tool effect may happen now. `why` is the code of what is against it; `pending`: the
    service could not be asked, so the answer is no.
    """

    ok: bool
    why: str = ""
    pending: bool = False

    def __bool__(self) -> bool:
        return self.ok


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Something that the customer is to read: an answer of the AI, a notice, or what a person
    writes. `number` 0: words of the client itself while the service cannot be reached.
    """

    text: str
    by: str
    number: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step of a plan: its action, and how far it is (`pending`, `unknown` while it is being done,
    `done`, `failed`).
    """

    id: str
    action: str
    progress: str


PENDING = "pending"
"""The code of what could not be asked."""


def standing(told: dict[str, Any]) -> Standing:
    """Where a case stands, from an answer of the service."""
    if told.get("stopped"):
        return Standing.STOPPED
    status = told["status"]
    if status in {Standing.AI, Standing.DELEGATED, Standing.CLOSED}:
        return Standing(status)
    return Standing.HANDED_OFF
