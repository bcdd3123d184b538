"""Why a command is refused: a closed list. When several apply, the first in the list is told."""

from dataclasses import dataclass
from enum import StrEnum


class Refusal(StrEnum):
    """The codes of the refusals, in order of precedence."""

    NOT_ALLOWED = "not_allowed"
    MERGED = "merged"
    CLOSED = "closed"
    NOT_CLOSED = "not_closed"
    ALREADY_YOURS = "already_yours"
    STALE_EPOCH = "stale_epoch"
    NOT_HANDED_OFF = "not_handed_off"
    ALREADY_HELD = "already_held"
    ALREADY_WAITING = "already_waiting"
    DELEGATED = "delegated"
    NOT_DELEGATED = "not_delegated"
    NOT_HELD = "not_held"
    NOT_OWNER = "not_owner"
    NOT_PROPOSED = "not_proposed"
    STALE_PROPOSAL = "stale_proposal"
    NOT_DUE = "not_due"
    PROPOSED_TO_OTHER = "proposed_to_other"
    ALREADY_TRIED = "already_tried"
    NO_QUEUE = "no_queue"
    NO_PERSON = "no_person"
    UNKNOWN_PERSON = "unknown_person"
    NO_PLAN = "no_plan"
    MANDATE_EXPIRED = "mandate_expired"
    TOO_MANY_BOUNCES = "too_many_bounces"
    UNKNOWN_STEP = "unknown_step"
    STEP_DONE = "step_done"
    STEP_BEGUN = "step_begun"
    NOT_IN_PLAN = "not_in_plan"
    STALE_LEVEL = "stale_level"
    NO_DISPOSITION = "no_disposition"
    NO_NOTE = "no_note"
    WINDOW_OVER = "window_over"
    SAME_CASE = "same_case"


MEANING = {
    Refusal.NOT_ALLOWED: "this kind of actor never gives this command",
    Refusal.MERGED: "the case was merged into another; go on there",
    Refusal.CLOSED: "the case is closed; a new turn of the customer reopens it",
    Refusal.NOT_CLOSED: "the case is open, so there is nothing to reopen or judge",
    Refusal.ALREADY_YOURS: "you have the case already",
    Refusal.STALE_EPOCH: "the case has changed its owner since; look at it again",
    Refusal.NOT_HANDED_OFF: "the AI has the case, and no handoff is open; take it over instead",
    Refusal.ALREADY_HELD: "somebody else has the case",
    Refusal.ALREADY_WAITING: "the case waits already",
    Refusal.DELEGATED: "the AI carries out a plan; recall the case or take it over first",
    Refusal.NOT_DELEGATED: "no plan is under way",
    Refusal.NOT_HELD: "no human holds the case",
    Refusal.NOT_OWNER: "the case is not yours",
    Refusal.NOT_PROPOSED: "the case is proposed to nobody",
    Refusal.STALE_PROPOSAL: "that proposal is over",
    Refusal.NOT_DUE: "the person who is asked has still time to answer",
    Refusal.PROPOSED_TO_OTHER: "the case is proposed to somebody else",
    Refusal.ALREADY_TRIED: "this person had the case or the proposal in this handoff already",
    Refusal.NO_QUEUE: "a handoff needs a queue and its steward",
    Refusal.NO_PERSON: "name the person",
    Refusal.UNKNOWN_PERSON: "the roster has nobody of that id, or no longer; add the person first",
    Refusal.NO_PLAN: "a handback needs a plan that has not expired: steps with id and action",
    Refusal.MANDATE_EXPIRED: "the mandate has expired; the case goes back to its sponsor",
    Refusal.TOO_MANY_BOUNCES: "the case went back to the AI as often as the pack allows",
    Refusal.UNKNOWN_STEP: "the plan has no such step",
    Refusal.STEP_DONE: "that step is done, and is not done twice",
    Refusal.STEP_BEGUN: "that step was begun, and nobody has reported how it ended",
    Refusal.NOT_IN_PLAN: "the plan does not allow this action",
    Refusal.STALE_LEVEL: "the case has reached this level of escalation already",
    Refusal.NO_DISPOSITION: "a closure needs a disposition",
    Refusal.NO_NOTE: "a closure by a human needs a closure note",
    Refusal.WINDOW_OVER: "the window for reopening is over; open a new, linked case",
    Refusal.SAME_CASE: "a case cannot be merged into itself",
}
"""What each code means, for people, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A command that changed nothing. `who` has the case or is asked to, where that matters."""

    code: Refusal
    who: str = ""

    @property
    def message(self) -> str:
        """The code in words."""
        return f"{MEANING[self.code]} ({self.who})" if self.who else MEANING[self.code]
