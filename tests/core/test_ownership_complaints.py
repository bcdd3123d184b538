"""What people complain of in other systems, each as a test that it does not happen here."""

from dataclasses import replace

import pytest

from handrail.core.ownership import (
    COMMANDS,
    Accept,
    Actor,
    Begin,
    Decline,
    Escalate,
    Expire,
    FallBack,
    Handback,
    Open,
    Ownership,
    Party,
    Propose,
    Recall,
    Refusal,
    Refused,
    Reopen,
    Report,
    Reroute,
    Resolve,
    Return,
    Status,
    Takeover,
    accountable,
    admit,
    apply,
    owner,
)
from handrail.core.ownership import Refusal as R  # noqa: N817 (short)
from owning import (
    AI,
    ANN,
    BOB,
    CLOSED,
    DELEGATED,
    FALLBACK,
    HELD,
    MAIL,
    NEW,
    NOBODY,
    PROPOSED,
    QUEUED,
    REFUND,
    SYSTEM,
    T,
    after,
    refused,
    to,
)


def says(own: Ownership, by: Actor, seen: Ownership) -> Refusal | None:
    """Whether a message may leave that was written when the case was as `seen`."""
    found = admit(own, by, seen.epoch, "message", T)
    return found.code if found else None


def test_a_human_replies_and_the_ai_keeps_answering() -> None:
    assert says(NEW, AI, NEW) is None
    taken = after(NEW, to(Takeover))
    assert says(taken, ANN, taken) is None
    assert says(taken, AI, NEW) is R.STALE_EPOCH
    assert says(taken, AI, taken) is R.NOT_OWNER  # even one that has read the new epoch


def test_two_bots_answer_the_same_message() -> None:
    """After a plan was given out anew, only the run under the new epoch speaks or acts."""
    again = after(DELEGATED, to(Recall), to(Handback, steps=(MAIL,)))
    assert says(again, AI, again) is None
    assert says(again, AI, DELEGATED) is R.STALE_EPOCH
    begun = after(again, to(Begin, step="2", epoch=again.epoch))
    assert refused(begun, to(Begin, step="2", epoch=again.epoch)) is R.STEP_BEGUN
    assert refused(begun, to(Begin, step="2", epoch=DELEGATED.epoch)) is R.STALE_EPOCH


@pytest.mark.parametrize("own", [NEW, DELEGATED])
def test_a_stale_ai_owner_blocks_human_replies(own: Ownership) -> None:
    """No consent of the AI is needed, and no wait for it."""
    taken = after(own, to(Takeover, BOB))
    assert says(taken, BOB, taken) is None
    assert says(taken, AI, own) is R.STALE_EPOCH


def test_a_double_start_of_a_handoff() -> None:
    start = to(Open, epoch=NEW.epoch)
    once = after(NEW, start)
    assert refused(once, start) is R.STALE_EPOCH
    twice = after(once, replace(start, epoch=None))
    assert twice == once
    assert twice.handoff == 1


def test_concurrent_assignment_writers_make_a_conversation_bounce() -> None:
    """Every writer has read the same case; one assigns, and the others change nothing."""
    writers = (
        to(Accept, ANN, epoch=QUEUED.epoch),
        to(Takeover, BOB, epoch=QUEUED.epoch),
        to(Reroute, epoch=QUEUED.epoch),
        to(FallBack, epoch=QUEUED.epoch),
        to(Open, queue="legal", steward="lea", hard=True, epoch=QUEUED.epoch),
    )
    own = after(QUEUED, writers[0])
    for writer in writers[1:]:
        assert apply(own, writer) == Refused(code=R.STALE_EPOCH, who="ann")


def test_a_fallback_that_comes_late_takes_the_case_from_its_holder() -> None:
    assert refused(HELD, to(FallBack)) is R.ALREADY_HELD


def test_a_closed_cases_old_handoff_is_seen_again_and_hands_off_in_an_endless_loop() -> None:
    for old in (to(Open, hard=True), to(Propose), to(Accept), to(Expire), to(Escalate)):
        assert refused(CLOSED, old) is R.CLOSED
    own = after(CLOSED, to(Reopen))
    assert (own.episode, own.handoff, own.reasons) == (2, 2, ("reopened",))
    for old in (to(Accept, epoch=PROPOSED.epoch), to(Resolve, epoch=HELD.epoch)):
        assert refused(own, old) is R.STALE_EPOCH
    asked = after(own, to(Propose))
    assert refused(asked, to(Expire, proposal=PROPOSED.proposal)) is R.STALE_PROPOSAL


def test_the_ai_and_the_human_hand_a_case_to_one_another_for_ever() -> None:
    own, times = HELD, 0
    while not isinstance(found := apply(own, to(Handback, steps=(MAIL,))), Refused):
        own, times = after(found, to(Open, reason="low_confidence")), times + 1
    assert (times, found.code) == (2, R.TOO_MANY_BOUNCES)
    assert owner(own) == (Party.HUMAN, "ann")


def test_a_reviewer_approves_and_the_run_asks_again_in_a_loop() -> None:
    """A plan that was confirmed is carried out step by step, and what is done stays done."""
    own = after(DELEGATED, to(Begin))
    assert admit(own, AI, own.epoch, "refund", T) is None
    own = after(own, to(Report))
    assert refused(own, to(Begin)) is R.STEP_DONE
    own = after(own, to(Return), to(Handback, steps=(REFUND, MAIL), max_bounces=0))
    assert refused(own, to(Begin)) is R.STEP_DONE
    done = after(own, to(Begin, step="2"), to(Report, step="2"))
    assert refused(done, to(Handback, steps=(REFUND, MAIL), max_bounces=0)) is R.NO_PLAN


def test_with_one_available_person_a_declined_item_is_not_offered_again() -> None:
    """No machine asks the same person in a circle; the person may still come and take it."""
    own = after(PROPOSED, to(Decline))
    for machine in (to(Reroute), to(Escalate, queue="legal", steward="lea"), to(FallBack)):
        assert refused(after(own, machine), to(Propose)) is R.ALREADY_TRIED
    circle = after(
        own,
        to(Open, queue="legal", steward="lea", hard=True),
        to(Open, queue="billing", hard=True),
    )
    assert refused(circle, to(Propose)) is R.ALREADY_TRIED
    assert after(own, to(Accept)).human == "ann"
    assert after(own, to(Propose, BOB)).human == "ann"
    assert after(own, to(Reroute, BOB), to(Propose)).human == "ann"
    waiting = after(own, to(FallBack))
    assert (waiting.status, accountable(waiting)) == (Status.FALLBACK, "sue")


def test_an_approval_time_out_recorded_as_a_humans_rejection() -> None:
    assert refused(PROPOSED, to(Decline, SYSTEM)) is R.NOT_ALLOWED
    assert refused(PROPOSED, to(Expire, ANN)) is R.NOT_ALLOWED
    assert after(PROPOSED, to(Expire)).tried == ("ann",)


def test_a_person_cannot_pull_a_case_that_the_ai_holds() -> None:
    for own in (NEW, DELEGATED, FALLBACK):
        assert owner(after(own, to(Takeover, BOB))) == (Party.HUMAN, "bob")


@pytest.mark.parametrize("kind", COMMANDS, ids=lambda kind: kind.name)
def test_nobody_can_tell_who_approved(kind: type) -> None:
    """Every command names who gave it, and a person has a name."""
    with pytest.raises(TypeError):
        kind(at=T)
    for own in (NEW, QUEUED, PROPOSED, HELD, DELEGATED, FALLBACK, CLOSED):
        assert isinstance(apply(own, to(kind, NOBODY)), Refused)
