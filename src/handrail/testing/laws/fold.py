"""A second, much simpler reading of the ledger: who has a case, entry by entry.

Written apart from `core.ownership` on purpose: what the store says is held against this.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from handrail.core.ownership import Epoch
from handrail.ports import Entry

WAITS = frozenset({"queued", "proposed", "fallback"})
WITH_AI = frozenset({"ai", "delegated"})
OPEN = WAITS | {"held", "delegated"}


@dataclass(slots=True)
class Fold:
    """What the entries of a case come to so far."""

    status: str = "ai"
    human: str = ""
    queue: str = ""
    steward: str = ""
    promised: bool = False
    handoff: int = 0
    bounces: int = 0
    epoch: Epoch = field(default_factory=Epoch)
    tried: frozenset[str] = frozenset()
    steps: dict[str, str] = field(default_factory=dict)
    begun: frozenset[str] = frozenset()

    @property
    def owner(self) -> tuple[str, str]:
        """Who must act: the AI, a person, a queue, or nobody."""
        if self.status in WITH_AI:
            return "ai", ""
        if self.status == "held":
            return "human", self.human
        return ("queue", self.queue) if self.status in WAITS else ("", "")

    @property
    def accountable(self) -> str:
        """The person who answers for it."""
        if self.status in {"held", "delegated"}:
            return self.human
        return self.steward if self.status in WAITS else ""


def after(before: Fold, entry: Entry) -> Fold:
    """The fold with one more entry."""
    own = replace(before, steps=dict(before.steps))
    change = _CHANGES.get(entry.name)
    if change is not None:
        change(own, entry.body, entry.actor.partition(":")[2])
    if own.owner != before.owner:
        own.epoch = Epoch(own.epoch.incarnation, own.epoch.number + 1)
    return own


def _wait(own: Fold, body: Mapping[str, Any]) -> None:
    own.status, own.human, own.promised = "queued", "", False
    own.queue = body.get("queue") or own.queue
    own.steward = body.get("steward") or own.steward


def _sent_on(own: Fold, body: Mapping[str, Any]) -> None:
    """To another queue, and what a fallback promised goes with the case."""
    promised = own.promised
    _wait(own, body)
    if promised:
        own.status, own.promised = "fallback", True


def _open(own: Fold, body: Mapping[str, Any], _: str) -> None:
    if own.status == "ai":
        own.handoff += 1
        own.tried = frozenset()
        _wait(own, body)
    elif own.status == "delegated":
        own.status = "held"
    elif body.get("hard") and body["queue"] != own.queue and body["by"]["kind"] != "customer":
        _asked(own)
        _sent_on(own, body)


def _asked(own: Fold) -> None:
    """Whoever is asked while a machine moves the case is not asked again."""
    if own.status == "proposed":
        own.tried |= {own.human}


def _propose(own: Fold, body: Mapping[str, Any], _: str) -> None:
    own.status, own.human = "proposed", body["human"]


def _hold(own: Fold, body: Mapping[str, Any], who: str) -> None:
    if own.status == "ai":
        own.handoff += 1
        own.queue, own.steward = body["queue"], body["steward"]
        own.tried = frozenset()
    own.status, own.human, own.promised = "held", who, False


def _pass(own: Fold, _: Mapping[str, Any], __: str) -> None:
    own.tried |= {own.human}
    own.status, own.human = ("fallback" if own.promised else "queued"), ""


def _release(own: Fold, _: Mapping[str, Any], __: str) -> None:
    own.tried |= {own.human}
    _wait(own, {})


def _reroute(own: Fold, body: Mapping[str, Any], who: str) -> None:
    _asked(own)
    own.tried = frozenset() if who else own.tried
    _sent_on(own, body)


def _escalate(own: Fold, body: Mapping[str, Any], _: str) -> None:
    if body.get("queue") not in {None, "", own.queue} and own.status in WAITS:
        _asked(own)
        _sent_on(own, body)


def _fall_back(own: Fold, _: Mapping[str, Any], __: str) -> None:
    _asked(own)
    own.status, own.human, own.promised = "fallback", "", True


def _hand_back(own: Fold, body: Mapping[str, Any], _: str) -> None:
    own.status = "delegated"
    own.bounces += 1
    done = {name: how for name, how in own.steps.items() if how == "done"}
    told = {step["id"]: step.get("progress", "") for step in body["steps"]}
    for name in own.begun & told.keys():
        if told[name] == "done":
            done[name] = "done"
        if told[name] in {"done", "failed"}:
            own.begun -= {name}
    own.steps = {name: "pending" for name in told if name not in own.begun} | done


def _return(own: Fold, _: Mapping[str, Any], __: str) -> None:
    own.status = "held"


def _begin(own: Fold, body: Mapping[str, Any], _: str) -> None:
    own.steps[body["step"]] = "unknown"
    own.begun |= {body["step"]}


def _report(own: Fold, body: Mapping[str, Any], _: str) -> None:
    own.steps[body["step"]] = body["progress"]
    if body["progress"] == "unknown":
        own.begun |= {body["step"]}
    else:
        own.begun -= {body["step"]}
    finished = set(own.steps.values()) == {"done"}
    if own.status == "delegated" and (finished or body["progress"] != "done"):
        own.status = "held"


def _close(own: Fold, _: Mapping[str, Any], __: str) -> None:
    own.status, own.human, own.promised = "closed", "", False


def _reopen(own: Fold, body: Mapping[str, Any], _: str) -> None:
    own.tried = frozenset()
    if not body.get("queue"):
        own.status = "ai"
        return
    own.handoff += 1
    _wait(own, body)


def _move(own: Fold, body: Mapping[str, Any], who: str) -> None:
    if own.status in WAITS:
        _asked(own)
        own.tried = frozenset() if who else own.tried
        _sent_on(own, body)


_CHANGES = {
    "open": _open,
    "propose": _propose,
    "accept": _hold,
    "takeover": _hold,
    "decline": _pass,
    "expire": _pass,
    "release": _release,
    "reroute": _reroute,
    "escalate": _escalate,
    "fall_back": _fall_back,
    "handback": _hand_back,
    "recall": _return,
    "return": _return,
    "begin": _begin,
    "report": _report,
    "resolve": _close,
    "withdraw": _close,
    "merge": _close,
    "reopen": _reopen,
    "move": _move,
}
