"""What can be done to a case. Each command carries all that its effect depends on.

So the state of a case is the fold of its commands (law 12), whatever pack is active by then.
"""

from dataclasses import dataclass
from typing import ClassVar

from handrail.core.model import Strict
from handrail.core.ownership.settings import DAY, Fallback
from handrail.core.ownership.state import (
    UNJUDGED,
    Actor,
    Epoch,
    Party,
    PlanStep,
    Progress,
    Routed,
    Verdict,
)

_PEOPLE = frozenset({Party.HUMAN})
_MACHINE = frozenset({Party.SYSTEM})
_STAFF = _PEOPLE | _MACHINE
_AGENT = frozenset({Party.AI})


@dataclass(frozen=True, slots=True, kw_only=True)
class Command(Strict):
    """The common part. `epoch` is the one that the actor saw; None = not fenced.

    `reason` is a code, never text of a person.
    """

    name: ClassVar[str] = ""
    actors: ClassVar[frozenset[Party]] = frozenset()
    at: int
    by: Actor
    epoch: Epoch | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Open(Command):
    """Hand off to a queue, or add a reason to the handoff that is open.

    A hard one of another queue moves the case there, unless the AI or the customer gives it: theirs
    is a reason, no more. While delegated it ends the mandate: the sponsor has the case again.
    """

    name = "open"
    actors = _STAFF | _AGENT | frozenset({Party.CUSTOMER})
    queue: str
    steward: str
    hard: bool = False
    priority: int = 0
    routed: Routed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Propose(Command):
    """Ask a person to take the case, until `until`."""

    name = "propose"
    actors = _STAFF
    human: str
    until: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Accept(Command):
    """Take a case that waits; while it is proposed, only the person asked may."""

    name = "accept"
    actors = _PEOPLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Decline(Command):
    """Say no to a proposal."""

    name = "decline"
    actors = _PEOPLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Expire(Command):
    """A proposal that nobody answered in time is over: this is nobody's decision (law 20)."""

    name = "expire"
    actors = _MACHINE
    proposal: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Release(Command):
    """Put a case back into its queue: by its holder, a supervisor, or because the holder is
    silent, offline, at the end of the shift or gone.
    """

    name = "release"
    actors = _STAFF


@dataclass(frozen=True, slots=True, kw_only=True)
class Reroute(Command):
    """To another queue, with what was promised; by a person, so that all may be asked again."""

    name = "reroute"
    actors = _STAFF
    queue: str
    steward: str
    routed: Routed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Prioritise(Command):
    """Change the place in the queue."""

    name = "prioritise"
    actors = _STAFF
    priority: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Takeover(Command):
    """A human takes the case: from the AI, from a queue, as a supervisor from another human.

    On a case of the AI it opens a handoff.
    """

    name = "takeover"
    actors = _PEOPLE
    queue: str = ""
    steward: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalate(Command):
    """Go up to a level of the escalation policy; with a queue, a case that waits moves there."""

    name = "escalate"
    actors = _STAFF
    level: int
    queue: str = ""
    steward: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FallBack(Command):
    """Nobody takes it: the fallback runs, the steward owns it, due at `due` or as promised."""

    name = "fall_back"
    actors = _STAFF
    kind: Fallback
    due: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Handback(Command):
    """The holder gives the case to the AI with a plan; at most `max_bounces` times (0 = any).

    A step that was begun stays unknown unless its `progress` says: `done`, or `failed` = do it.
    """

    name = "handback"
    actors = _PEOPLE
    steps: tuple[PlanStep, ...]
    actions: tuple[str, ...] = ("message",)
    expires: int
    max_bounces: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall(Command):
    """The sponsor takes the case back before the plan is done."""

    name = "recall"
    actors = _PEOPLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Begin(Command):
    """The AI begins a step of the plan: from now on nobody knows, until it reports."""

    name = "begin"
    actors = _AGENT
    step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report(Command):
    """How a step ended. When it failed or nobody knows, or all are done, the sponsor has the case
    again. Late it is still true; under an epoch from before the plan, of a step of an earlier one.
    """

    name = "report"
    actors = _AGENT | _MACHINE
    step: str
    progress: Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Return(Command):
    """The plan was left, cannot go on or has expired: the sponsor has the case again."""

    name = "return"
    actors = _AGENT | _MACHINE


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolve(Command):
    """Close the case. `note` is the key of the closure note."""

    name = "resolve"
    actors = _STAFF | _AGENT
    disposition: str
    note: str = ""
    verdict: Verdict = UNJUDGED


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdraw(Command):
    """The customer cancelled or left."""

    name = "withdraw"
    actors = frozenset({Party.CUSTOMER, Party.SYSTEM, Party.HUMAN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopen(Command):
    """The customer came back within `window` seconds: a new episode, routed like a handoff.

    Without a queue it is the AI's again: nobody but the AI ever had it.
    """

    name = "reopen"
    actors = frozenset({Party.CUSTOMER, Party.SYSTEM, Party.HUMAN})
    queue: str = ""
    steward: str = ""
    priority: int = 0
    window: int = 7 * DAY
    routed: Routed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge(Command):
    """This case goes into another, which goes on; `case` is this one's own id."""

    name = "merge"
    actors = _STAFF
    case: str
    into: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Move(Command):
    """The case belongs to another workflow; where it waits, to a queue of that one."""

    name = "move"
    actors = _STAFF | _AGENT
    workflow: str
    queue: str = ""
    steward: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge(Command):
    """A verdict on a handoff that was closed without one, or a better one."""

    name = "judge"
    actors = _PEOPLE
    verdict: Verdict


COMMANDS: tuple[type[Command], ...] = (
    Open,
    Propose,
    Accept,
    Decline,
    Expire,
    Release,
    Reroute,
    Prioritise,
    Takeover,
    Escalate,
    FallBack,
    Handback,
    Recall,
    Begin,
    Report,
    Return,
    Resolve,
    Withdraw,
    Reopen,
    Merge,
    Move,
    Judge,
)
"""Every command there is."""
