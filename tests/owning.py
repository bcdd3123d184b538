"""People, cases and commands for the tests of ownership: examples and generated ones."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random
from typing import Any

from hypothesis import strategies as st

from handrail.core import ownership
from handrail.core.ownership import (
    COMMANDS,
    Accept,
    Actor,
    Begin,
    Command,
    Decline,
    Epoch,
    Escalate,
    Expire,
    FallBack,
    Fallback,
    Handback,
    Judge,
    Merge,
    Move,
    Open,
    Ownership,
    Party,
    PlanStep,
    Prioritise,
    Progress,
    Propose,
    Refusal,
    Refused,
    Reopen,
    Report,
    Reroute,
    Resolve,
    Status,
    Takeover,
    Verdict,
    apply,
    fold,
)

T = 1_700_000_000_000
HOUR = 3_600_000
WEEK = 7 * 24 * HOUR
AI = Actor(kind=Party.AI, id="bot")
SYSTEM = Actor(kind=Party.SYSTEM)
CUSTOMER = Actor(kind=Party.CUSTOMER)
ANN = Actor(kind=Party.HUMAN, id="ann")
BOB = Actor(kind=Party.HUMAN, id="bob")
CAY = Actor(kind=Party.HUMAN, id="cay")
BOSS = Actor(kind=Party.HUMAN, id="boss", supervisor=True)
NOBODY = Actor(kind=Party.HUMAN)
EVERYBODY = (AI, SYSTEM, CUSTOMER, ANN, BOB, CAY, BOSS, NOBODY)
REFUND = PlanStep(id="1", action="refund")
MAIL = PlanStep(id="2", action="mail")
GOOD = Verdict(helpful=True)

# What a command says unless a test says otherwise, and who gives it.
USUAL: dict[type[Command], tuple[Actor, dict[str, Any]]] = {
    Open: (SYSTEM, {"queue": "billing", "steward": "sue", "reason": "explicit_request"}),
    Propose: (SYSTEM, {"human": "ann", "until": T + HOUR}),
    Expire: (SYSTEM, {"proposal": 1, "at": T + HOUR}),
    ownership.Release: (ANN, {}),
    Reroute: (SYSTEM, {"queue": "legal", "steward": "lea"}),
    Prioritise: (SYSTEM, {"priority": 5}),
    Takeover: (ANN, {"queue": "billing", "steward": "sue"}),
    Escalate: (SYSTEM, {"level": 1}),
    FallBack: (SYSTEM, {"kind": Fallback.CALLBACK, "due": T + HOUR}),
    Handback: (ANN, {"steps": (REFUND, MAIL), "expires": T + HOUR}),
    Begin: (AI, {"step": "1"}),
    Report: (AI, {"step": "1", "progress": Progress.DONE}),
    ownership.Return: (AI, {}),
    Resolve: (ANN, {"disposition": "solved", "note": "n1"}),
    ownership.Withdraw: (CUSTOMER, {}),
    Reopen: (CUSTOMER, {"queue": "billing", "steward": "sue"}),
    Merge: (SYSTEM, {"case": "c1", "into": "c2"}),
    Move: (SYSTEM, {"workflow": "sales", "queue": "sales", "steward": "sam"}),
    Judge: (ANN, {"verdict": GOOD}),
}


def to(kind: type[Command], by: Actor | None = None, /, **over: Any) -> Command:
    """A command as usual, but for what is said."""
    usual, said = USUAL.get(kind, (ANN, {}))
    return kind(**{"at": T, "by": by or usual, **said, **over})


def after(own: Ownership, *commands: Command) -> Ownership:
    """The case after commands that must not be refused."""
    return fold(own, commands)


def refused(own: Ownership, command: Command) -> Refusal:
    """Why a command is refused, which it must be."""
    found = apply(own, command)
    assert isinstance(found, Refused), f"`{command.name}` was not refused"
    return found.code


NEW = Ownership(workflow="support")
QUEUED = after(NEW, to(Open))
PROPOSED = after(QUEUED, to(Propose))
HELD = after(PROPOSED, to(Accept))
DELEGATED = after(HELD, to(Handback))
FALLBACK = after(QUEUED, to(FallBack))
CLOSED = after(HELD, to(Resolve))
MERGED = after(HELD, to(Merge))
CASES = {
    Status.AI: NEW,
    Status.QUEUED: QUEUED,
    Status.PROPOSED: PROPOSED,
    Status.HELD: HELD,
    Status.DELEGATED: DELEGATED,
    Status.FALLBACK: FALLBACK,
    Status.CLOSED: CLOSED,
}
STARTS = (
    *CASES.values(),
    MERGED,
    after(DELEGATED, to(Begin)),
    after(DELEGATED, to(Report), to(Report, step="2")),
    after(NEW, to(Resolve)),
    after(FALLBACK, to(Propose)),
    after(PROPOSED, to(Decline)),
    after(DELEGATED, to(Begin), to(ownership.Release), to(Propose, human="bob")),
    after(DELEGATED, to(Begin), to(ownership.Recall), to(Handback, steps=(MAIL,))),
)
"""Cases from which everything is near."""

# What generated commands may say: few values that meet, so that every guard is on both its sides.
_PLACES = ({"queue": "billing", "steward": "sue"}, {"queue": "legal", "steward": "lea"}, {})
_PLANS: tuple[tuple[PlanStep, ...], ...] = (
    (REFUND, MAIL),
    (REFUND, PlanStep(id="3", action="call")),
    (MAIL,),
    (REFUND,),
    (PlanStep(id="1", action="mail"), MAIL),
    (REFUND, REFUND),
    (),
    (PlanStep(id="4", action="close_account"),),
    (replace(REFUND, progress=Progress.FAILED), MAIL),
    (REFUND, replace(MAIL, progress=Progress.DONE)),
)
_CHOICES: dict[type[Command], Callable[[Ownership], dict[str, tuple[Any, ...]]]] = {
    Open: lambda own: {"hard": (True, False), "priority": (0, 3), "reason": ("legal", "vip", "")},
    Propose: lambda own: {"human": ("ann", "bob", "cay", ""), "until": (0, own.at + 5)},
    Expire: lambda own: {"proposal": (own.proposal, own.proposal, own.proposal - 1)},
    Prioritise: lambda own: {"priority": (0, 9)},
    Escalate: lambda own: {"level": (own.level + 1, own.level + 1, own.level)},
    FallBack: lambda own: {"kind": tuple(Fallback), "due": (own.at + 5, 0)},
    Handback: lambda own: {
        "steps": _PLANS,
        "expires": (own.at + HOUR, own.at + HOUR, own.at),
        "max_bounces": (0, 0, 2),
    },
    Begin: lambda own: {"step": ("1", "2", "3", "4", "none")},
    Report: lambda own: {"step": ("1", "2", "3", "4", "none"), "progress": tuple(Progress)},
    Resolve: lambda own: {
        "disposition": ("solved", "solved", ""),
        "note": ("n", "n", ""),
        "verdict": (Verdict(), Verdict(), GOOD),
    },
    Reopen: lambda own: {"window": (WEEK // 1000, 0)},
    Merge: lambda own: {"case": ("c1",), "into": ("c2", "c2", "c1", "")},
    Move: lambda own: {"workflow": ("sales", "support")},
    Judge: lambda own: {"verdict": (GOOD, Verdict(helpful=False))},
}
_PLACED = (Open, Reroute, Takeover, Escalate, Reopen, Move)


def _fitting(kind: type[Command], own: Ownership) -> tuple[Actor, ...]:
    """Those who may give it; the one whom the case is with is twice as likely."""
    may = tuple(actor for actor in EVERYBODY if actor.kind in kind.actors)
    return may + tuple(actor for actor in may if actor.id == own.human) * 3


_ENDS = (Resolve, ownership.Withdraw, Merge)
_KINDS = {
    status: COMMANDS + tuple(kind for kind in COMMANDS if kind not in _ENDS) * 2
    for status in Status
} | {
    Status.HELD: COMMANDS + (Handback,) * 20,
    Status.DELEGATED: COMMANDS + (Begin, Report) * 10,
    Status.CLOSED: COMMANDS + (Reopen,) * 22,
}
"""Ends are rare and what leads into rare states is frequent, so that walks are long and go far."""


Pick = Callable[[Sequence[Any]], Any]


def any_command(pick: Pick, own: Ownership) -> Command:
    """Any command to this case; most are by somebody who may give it, under the right epoch."""
    kind = pick(_KINDS[own.status])
    by = pick(_fitting(kind, own) * 4 + EVERYBODY)
    said = pick(_PLACES) if kind in _PLACED else {}
    if kind in {Open, Reroute} and not said:
        said = {"queue": "", "steward": "sue"}
    choices = _CHOICES.get(kind, lambda own: {})(own)
    picked = {name: pick(values) for name, values in choices.items()}
    old = Epoch(own.epoch.incarnation, own.epoch.number - 1)
    epoch = pick((None, None, None, own.epoch, own.epoch, own.epoch, old))
    at = own.at + pick((1, 1, 1, 1, 1, 0, -5, HOUR))
    return kind(at=at, by=by, epoch=epoch, **said, **picked)


Step = tuple[Ownership, Command, Ownership | Refused]


def _walk(first: Ownership, seed: int, steps: int) -> tuple[Step, ...]:
    chance = Random(seed)
    own, found = first, []
    for _ in range(steps):
        command = any_command(chance.choice, own)
        result = apply(own, command)
        found.append((own, command, result))
        own = own if isinstance(result, Refused) else result
    return tuple(found)


walks = st.builds(_walk, st.sampled_from(STARTS), st.integers(0, 2**32), st.integers(1, 40))
"""A case, each command that is given to it, and what came of it; shrinks to the shortest."""
