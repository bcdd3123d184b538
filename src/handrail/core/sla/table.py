"""What each event of a case does to its clocks: one table."""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from handrail.core.sla.deadline import Kind


class Event(StrEnum):
    """What happens to a case, as far as its clocks care."""

    OPENED = "opened"
    PROPOSED = "proposed"
    PROPOSAL_ENDED = "proposal_ended"
    ACCEPTED = "accepted"
    TAKEN_OVER = "taken_over"
    RELEASED = "released"
    REROUTED = "rerouted"
    MOVED_ON = "moved_on"
    FELL_BACK = "fell_back"
    CUSTOMER_TURN = "customer_turn"
    AI_TURN = "ai_turn"
    AI_WORKS = "ai_works"
    HUMAN_MESSAGE = "human_message"
    HOLDER_AWAY = "holder_away"
    HOLDER_BACK = "holder_back"
    HANDED_BACK = "handed_back"
    PLAN_STEP = "plan_step"
    RETURNED = "returned"
    OFFERED = "offered"
    OFFER_ENDED = "offer_ended"
    APPROVAL_ASKED = "approval_asked"
    APPROVAL_SETTLED = "approval_settled"
    PAUSED = "paused"
    RESUMED = "resumed"
    RESOLVED = "resolved"
    WITHDRAWN = "withdrawn"
    REOPENED = "reopened"


class Row(NamedTuple):
    """An event's effect. `starts` leaves a clock that is there as it is, `restarts` does not.

    `until` is the one clock that ends at the instant which the event brings. `resumes`: what was
    paused goes on. Besides, a clock ends when the case comes into a state that it does not run in
    (see `PATHS`), so nothing of that is said here.
    """

    starts: tuple[Kind, ...] = ()
    restarts: tuple[Kind, ...] = ()
    until: Kind | None = None
    meets: tuple[Kind, ...] = ()
    cancels: tuple[Kind, ...] = ()
    resumes: bool = False


K = Kind
TABLE: Mapping[Event, Row] = {
    Event.OPENED: Row(starts=(K.ACCEPT, K.FIRST_RESPONSE, K.RESOLUTION), resumes=True),
    Event.PROPOSED: Row(until=K.PROPOSAL),
    Event.PROPOSAL_ENDED: Row(cancels=(K.PROPOSAL,)),
    Event.ACCEPTED: Row(
        meets=(K.ACCEPT, K.CALLBACK),
        restarts=(K.HOLDER_SILENCE,),
        cancels=(K.HOLDER_AWAY,),
        resumes=True,
    ),
    Event.TAKEN_OVER: Row(  # from the AI, with no handoff open
        starts=(K.FIRST_RESPONSE, K.RESOLUTION), restarts=(K.HOLDER_SILENCE,), resumes=True
    ),
    Event.RELEASED: Row(starts=(K.ACCEPT,), resumes=True),
    Event.REROUTED: Row(restarts=(K.ACCEPT,), resumes=True),  # by a person
    Event.MOVED_ON: Row(starts=(K.ACCEPT,), resumes=True),  # by a machine: its level goes on
    Event.FELL_BACK: Row(until=K.CALLBACK, resumes=True),
    Event.CUSTOMER_TURN: Row(
        starts=(K.AI_SILENCE, K.NEXT_RESPONSE, K.HOLDER_SILENCE), cancels=(K.OFFER,), resumes=True
    ),
    Event.AI_TURN: Row(meets=(K.AI_SILENCE,)),
    Event.AI_WORKS: Row(restarts=(K.AI_SILENCE,)),  # it still owes the answer
    Event.HUMAN_MESSAGE: Row(
        meets=(K.FIRST_RESPONSE, K.NEXT_RESPONSE), cancels=(K.HOLDER_SILENCE, K.HOLDER_AWAY)
    ),
    Event.HOLDER_AWAY: Row(starts=(K.HOLDER_AWAY,)),
    Event.HOLDER_BACK: Row(cancels=(K.HOLDER_AWAY,)),
    Event.HANDED_BACK: Row(until=K.MANDATE, restarts=(K.AI_SILENCE,), resumes=True),
    Event.PLAN_STEP: Row(restarts=(K.AI_SILENCE,)),
    Event.RETURNED: Row(starts=(K.NEXT_RESPONSE, K.HOLDER_SILENCE), resumes=True),
    Event.OFFERED: Row(until=K.OFFER),
    Event.OFFER_ENDED: Row(cancels=(K.OFFER,)),
    Event.APPROVAL_ASKED: Row(until=K.APPROVAL),
    Event.APPROVAL_SETTLED: Row(cancels=(K.APPROVAL,)),
    Event.PAUSED: Row(until=K.CHECK_BACK),
    Event.RESUMED: Row(resumes=True),
    Event.RESOLVED: Row(meets=(K.RESOLUTION,)),
    Event.WITHDRAWN: Row(),
    Event.REOPENED: Row(
        starts=(K.ACCEPT, K.FIRST_RESPONSE, K.RESOLUTION, K.AI_SILENCE), resumes=True
    ),
}
"""Every event there is."""
