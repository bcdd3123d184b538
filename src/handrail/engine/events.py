"""What a command that was applied means to the clocks."""

from collections.abc import Mapping

from handrail.core.ownership import Command, Ownership, Party, Status
from handrail.core.ownership import commands as c
from handrail.core.sla import Event


def meaning(before: Ownership, after: Ownership, cmd: Command) -> tuple[Event | None, int]:
    """The event, and the instant that it brings."""
    moved = (after.queue, after.status) != (before.queue, before.status)
    machine = cmd.by.kind is not Party.HUMAN
    if isinstance(cmd, c.Open):
        if before.status is Status.AI:
            return Event.OPENED, 0
        if before.status is Status.DELEGATED:
            return Event.RETURNED, 0
        return (Event.MOVED_ON if moved else None), 0
    if isinstance(cmd, c.Takeover):
        return (Event.TAKEN_OVER if before.status is Status.AI else Event.ACCEPTED), 0
    if isinstance(cmd, c.Reroute):
        return (Event.MOVED_ON if machine else Event.REROUTED), 0
    if isinstance(cmd, c.Escalate | c.Move):
        return (Event.MOVED_ON if moved else None), 0
    if isinstance(cmd, c.Report):
        return (Event.RETURNED if moved else Event.PLAN_STEP), 0
    if isinstance(cmd, c.Propose):
        return Event.PROPOSED, cmd.until
    if isinstance(cmd, c.FallBack):
        return Event.FELL_BACK, after.fallback_due
    if isinstance(cmd, c.Handback):
        return Event.HANDED_BACK, cmd.expires
    return _PLAIN.get(type(cmd)), 0


_PLAIN: Mapping[type[Command], Event] = {
    c.Accept: Event.ACCEPTED,
    c.Decline: Event.PROPOSAL_ENDED,
    c.Expire: Event.PROPOSAL_ENDED,
    c.Release: Event.RELEASED,
    c.Recall: Event.RETURNED,
    c.Return: Event.RETURNED,
    c.Begin: Event.PLAN_STEP,
    c.Resolve: Event.RESOLVED,
    c.Withdraw: Event.WITHDRAWN,
    c.Merge: Event.WITHDRAWN,
    c.Reopen: Event.REOPENED,
}
