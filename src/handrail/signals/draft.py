"""Signals while they are gathered, and what the caller knows to have happened."""

from typing import Any

from handrail.core.model import Event, Fault, Role, Signals, Source, Turn

_FLAG_OF = {
    Event.HUMAN_REQUESTED: "explicit_request",
    Event.OFFER_ACCEPTED: "offer_accepted",
    Event.OFFER_DECLINED: "offer_declined",
    Event.OFFER_EXPIRED: "offer_expired",
    Event.PROGRESS: "progress",
    Event.POLICY_VIOLATION: "policy_violation",
    Event.PERMISSION_MISSING: "permission_missing",
    Event.DATA_MISSING: "data_missing",
    Event.APPROVAL_EXPIRED: "approval_expired",
    Event.TOOL_SUCCEEDED: "tool_succeeded",
    Event.TOOL_FAILED: "tool_failed",
    Event.TRANSFER_REQUESTED: "agent_request",
    Event.OPERATOR_TAKEOVER: "operator_takeover",
    Event.EPISODE_STARTED: "episode_started",
}
_SETTLED = {Event.APPROVAL_GRANTED, Event.APPROVAL_REJECTED, Event.APPROVAL_EXPIRED}
_FAULTS = {fault: place for place, fault in enumerate(Fault)}


class Draft:
    """Signals while they are gathered: the first to set one wins."""

    __slots__ = ("faults", "sources", "values")

    def __init__(self, role: Role) -> None:
        self.values: dict[str, Any] = {"role": role}
        self.sources: dict[str, Source] = {}
        self.faults: set[Fault] = set()

    def put(self, signal: str, value: object, source: Source) -> None:
        """Set a signal, unless it is set."""
        if signal not in self.sources:
            self.values[signal] = value
            self.sources[signal] = source

    def flag(self, signal: str, source: Source) -> None:
        """Set a signal that is true or not."""
        self.put(signal, True, source)

    def signals(self) -> Signals:
        """What was gathered, faults and sources in their order."""
        values = self.values
        if self.faults:
            values["faults"] = tuple(sorted(self.faults, key=_FAULTS.__getitem__))
        values["sources"] = tuple(sorted(self.sources.items()))
        return Signals(**values)


def events(draft: Draft, turn: Turn) -> None:
    """What the caller knows to have happened."""
    for event in turn.events:
        flag = _FLAG_OF.get(event)
        if flag is not None:
            draft.flag(flag, Source.CALLER)
        if event is Event.APPROVAL_REQUESTED:
            _count(draft, "approvals_requested")
        elif event in _SETTLED:
            _count(draft, "approvals_settled")


def _count(draft: Draft, signal: str) -> None:
    draft.values[signal] = draft.values.get(signal, 0) + 1
    draft.sources[signal] = Source.CALLER
