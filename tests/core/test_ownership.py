"""Who owns a case, by example: what each command changes, and every refusal."""

from dataclasses import replace
from typing import Any

import pytest

from handrail.core.ownership import (
    COMMANDS,
    MEANING,
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
    Owner,
    Ownership,
    Party,
    PlanStep,
    Prioritise,
    Progress,
    Propose,
    Recall,
    Refusal,
    Refused,
    Release,
    Reopen,
    Report,
    Reroute,
    Resolve,
    Return,
    Status,
    Takeover,
    Verdict,
    Withdraw,
    accountable,
    admit,
    apply,
    fold,
    has_open_handoff,
    owner,
    restored,
)
from handrail.core.ownership import Refusal as R  # noqa: N817 (a long list)
from owning import (
    AI,
    ANN,
    BOB,
    BOSS,
    CASES,
    CAY,
    CLOSED,
    CUSTOMER,
    DELEGATED,
    FALLBACK,
    GOOD,
    HELD,
    HOUR,
    MAIL,
    MERGED,
    NEW,
    NOBODY,
    PROPOSED,
    QUEUED,
    REFUND,
    SYSTEM,
    WEEK,
    T,
    after,
    refused,
    to,
)

STALE = Epoch(1, 0)


def changed(before: Ownership, now: Ownership) -> dict[str, Any]:
    """The fields that a command changed, without the time."""
    names = set(Ownership.__slots__) - {"at"}
    return {
        name: getattr(now, name) for name in names if getattr(now, name) != getattr(before, name)
    }


# Owners.


@pytest.mark.parametrize(
    ("status", "has", "answers"),
    [
        (Status.AI, Owner(Party.AI), ""),
        (Status.QUEUED, Owner(Party.QUEUE, "billing"), "sue"),
        (Status.PROPOSED, Owner(Party.QUEUE, "billing"), "sue"),
        (Status.HELD, Owner(Party.HUMAN, "ann"), "ann"),
        (Status.DELEGATED, Owner(Party.AI), "ann"),
        (Status.FALLBACK, Owner(Party.QUEUE, "billing"), "sue"),
        (Status.CLOSED, None, ""),
    ],
)
def test_each_state_has_its_owner_and_who_is_accountable(
    status: Status, has: Owner | None, answers: str
) -> None:
    own = CASES[status]
    assert own.status is status
    assert owner(own) == has
    assert accountable(own) == answers
    assert has_open_handoff(own) is (status not in {Status.AI, Status.CLOSED})


# What each command changes.


def test_open_puts_the_ai_s_case_into_a_queue() -> None:
    own = after(NEW, to(Open, priority=3))
    assert changed(NEW, own) == {
        "status": Status.QUEUED,
        "epoch": Epoch(1, 2),
        "handoff": 1,
        "queue": "billing",
        "steward": "sue",
        "reasons": ("explicit_request",),
        "priority": 3,
    }


def test_open_again_adds_a_reason_and_never_a_second_handoff() -> None:
    own = after(QUEUED, to(Open, reason="vip", priority=2), to(Open, reason="vip", priority=1))
    assert changed(QUEUED, own) == {"reasons": ("explicit_request", "vip"), "priority": 2}
    soft = after(HELD, to(Open, queue="legal", steward="lea", reason="vip"))
    assert changed(HELD, soft) == {"reasons": ("explicit_request", "vip")}
    same = after(HELD, to(Open, reason="vip", hard=True))
    assert changed(HELD, same) == {"reasons": ("explicit_request", "vip")}


@pytest.mark.parametrize("own", [QUEUED, PROPOSED, HELD, FALLBACK])
def test_a_hard_reason_of_another_queue_moves_the_case_there(own: Ownership) -> None:
    moved = after(own, to(Open, queue="legal", steward="lea", reason="legal", hard=True))
    promised = own is FALLBACK  # and a promise to the customer goes with the case
    assert moved.status is (Status.FALLBACK if promised else Status.QUEUED)
    assert (moved.queue, moved.steward, moved.handoff) == ("legal", "lea", 1)
    assert (moved.fallback, moved.fallback_due) == (own.fallback, own.fallback_due)
    assert moved.previous == ("ann" if own is HELD else "")
    assert moved.tried == (("ann",) if own is PROPOSED else ())
    assert (moved.human, moved.proposed_until) == ("", 0)


def test_open_while_delegated_ends_the_mandate_and_the_sponsor_has_the_case() -> None:
    own = after(DELEGATED, to(Open, queue="", steward="", reason="legal", hard=True, priority=4))
    assert changed(DELEGATED, own) == {
        "status": Status.HELD,
        "epoch": Epoch(1, 5),
        "reasons": ("explicit_request", "legal"),
        "priority": 4,
    }
    assert after(own, to(Open, priority=1)).priority == 4


def test_propose_asks_one_person_under_the_same_owner() -> None:
    assert changed(QUEUED, PROPOSED) == {
        "status": Status.PROPOSED,
        "human": "ann",
        "proposal": 1,
        "proposed_until": T + HOUR,
    }


def test_accept_gives_the_case_to_the_person_asked() -> None:
    assert changed(PROPOSED, HELD) == {
        "status": Status.HELD,
        "epoch": Epoch(1, 3),
        "proposed_until": 0,
    }


@pytest.mark.parametrize("own", [QUEUED, FALLBACK])
def test_anybody_may_accept_what_waits(own: Ownership) -> None:
    got = after(own, to(Accept, BOB))
    assert owner(got) == (Party.HUMAN, "bob")
    assert (got.fallback, got.fallback_due, got.previous) == (None, 0, "")


@pytest.mark.parametrize("no", [to(Decline), to(Expire)])
def test_who_declined_or_let_a_proposal_expire_is_not_asked_again(no: Any) -> None:
    own = after(PROPOSED, no)
    assert changed(QUEUED, own) == {"proposal": 1, "tried": ("ann",)}


def test_a_fallback_stays_in_force_until_somebody_accepts() -> None:
    asked = after(FALLBACK, to(Propose))
    assert (asked.fallback, asked.fallback_due) == (Fallback.CALLBACK, T + HOUR)
    assert changed(FALLBACK, after(asked, to(Decline))) == {"proposal": 1, "tried": ("ann",)}
    assert after(asked, to(Accept)).fallback is None


@pytest.mark.parametrize(
    "command",
    [
        to(Reroute, BOSS, queue="legal", steward="lea"),
        to(Move, BOSS),
        to(Escalate, BOSS, queue="legal", steward="lea"),
    ],
)
@pytest.mark.parametrize("own", [FALLBACK, after(FALLBACK, to(Propose))])
def test_a_promise_goes_with_the_case_to_another_queue(own: Ownership, command: Command) -> None:
    got = after(own, command)
    assert (got.status, got.fallback) == (Status.FALLBACK, Fallback.CALLBACK)
    assert (got.fallback_due, got.human) == (T + HOUR, "")
    assert accountable(got) == got.steward != "sue"


@pytest.mark.parametrize(("due", "kept"), [(T + 9 * HOUR, T + HOUR), (T + 9, T + 9), (0, T + HOUR)])
def test_of_two_promises_the_earlier_one_holds(due: int, kept: int) -> None:
    assert after(FALLBACK, to(FallBack, due=due)).fallback_due == kept
    asked = after(FALLBACK, to(Propose))
    assert after(asked, to(FallBack, due=due)).fallback_due == kept


def test_a_report_of_a_step_that_the_next_plan_leaves_out_is_noted() -> None:
    begun = after(DELEGATED, to(Begin), to(Recall), to(Handback, steps=(MAIL,)))
    assert begun.mandate is not None
    assert [step.id for step in begun.mandate.steps] == ["2"]
    assert admit(begun, AI, begun.epoch, "refund", T) == Refused(code=R.NOT_IN_PLAN)
    done = after(begun, to(Report))
    assert done.status is Status.DELEGATED
    assert done.mandate is not None
    assert {step.id: step.progress.value for step in done.mandate.steps} == {
        "1": "done",
        "2": "pending",
    }
    failed = after(begun, to(Report, progress=Progress.FAILED))
    assert (failed.status, failed.human) == (Status.HELD, "ann")  # news for the sponsor
    again = after(begun, to(Report, step="2", progress=Progress.FAILED), to(Report))
    assert refused(again, to(Handback, steps=(REFUND,))) is R.NO_PLAN  # it is done


AGAIN = after(DELEGATED, to(Begin), to(Recall))


def test_a_step_that_was_begun_stays_unknown_in_the_next_plan_until_somebody_says() -> None:
    silent = after(AGAIN, to(Handback))
    assert silent.mandate is not None
    assert [(one.id, one.progress.value) for one in silent.mandate.earlier] == [("1", "unknown")]
    assert progress(silent) == ("pending",)
    assert refused(silent, to(Begin)) is R.STEP_BEGUN
    assert admit(silent, AI, silent.epoch, "refund", T) == Refused(code=R.NOT_IN_PLAN)
    assert progress(after(silent, to(Report))) == ("pending", "done")
    assert refused(AGAIN, to(Handback, steps=(REFUND,))) is R.NO_PLAN  # there is nothing to do
    other = PlanStep(id="1", action="mail")
    assert refused(AGAIN, to(Handback, steps=(other, MAIL))) is R.STEP_BEGUN


def test_the_next_plan_may_say_how_a_step_ended() -> None:
    undone, done = (replace(REFUND, progress=how) for how in (Progress.FAILED, Progress.DONE))
    once_more = after(AGAIN, to(Handback, steps=(undone, MAIL)))
    assert progress(once_more) == ("pending", "pending")
    assert progress(after(once_more, to(Begin))) == ("unknown", "pending")
    over = after(AGAIN, to(Handback, steps=(done, MAIL)))
    assert progress(over) == ("done", "pending")
    assert refused(over, to(Begin)) is R.STEP_DONE
    for own in (once_more, over):
        assert own.mandate is not None
        assert own.mandate.earlier == ()


def test_a_late_report_is_of_the_plan_whose_epoch_it_bears() -> None:
    undone = replace(REFUND, progress=Progress.FAILED)
    own = after(AGAIN, to(Handback, steps=(undone, MAIL)))
    late = to(Report, epoch=DELEGATED.epoch, progress=Progress.FAILED)
    assert refused(own, late) is R.STALE_EPOCH
    assert refused(after(own, to(Recall)), late) is R.STALE_EPOCH
    assert after(own, replace(late, epoch=own.epoch)).status is Status.HELD
    assert after(own, replace(late, epoch=None)).status is Status.HELD
    silent = after(AGAIN, to(Handback))
    assert progress(after(silent, replace(late, progress=Progress.DONE))) == ("pending", "done")


@pytest.mark.parametrize("who", [AI, CUSTOMER])
@pytest.mark.parametrize("own", [QUEUED, PROPOSED, HELD, FALLBACK])
def test_neither_the_ai_nor_a_customer_has_a_say_in_where_a_case_goes(
    own: Ownership, who: Actor
) -> None:
    wish = to(Open, who, queue="legal", steward="lea", hard=True, priority=9, reason="vip")
    if who is AI:
        assert refused(own, wish) is R.NOT_OWNER
    else:
        assert changed(own, after(own, wish)).keys() == {"reasons"}


def test_who_is_not_asked_does_not_close_what_is_proposed_to_another() -> None:
    assert refused(PROPOSED, to(Resolve, BOB)) is R.PROPOSED_TO_OTHER
    for who in (ANN, BOSS):
        assert after(PROPOSED, to(Resolve, who)).status is Status.CLOSED


@pytest.mark.parametrize("own", [HELD, DELEGATED])
@pytest.mark.parametrize("by", [ANN, BOSS, SYSTEM])
def test_release_puts_the_case_back_into_its_queue_for_others(own: Ownership, by: Actor) -> None:
    got = after(own, to(Release, by))
    assert (got.status, got.queue, got.steward) == (Status.QUEUED, "billing", "sue")
    assert (got.human, got.previous, got.tried) == ("", "ann", ("ann",))


def test_reroute_by_a_person_has_everybody_asked_again() -> None:
    declined = after(PROPOSED, to(Decline))
    assert after(declined, to(Reroute, BOB)).tried == ()
    assert after(declined, to(Reroute, BOB)).queue == "legal"
    assert after(declined, to(Reroute)).tried == ("ann",)
    assert after(PROPOSED, to(Reroute)).tried == ("ann",)
    assert after(HELD, to(Reroute, ANN)).previous == "ann"
    assert after(HELD, to(Reroute)).tried == ()
    sent = after(FALLBACK, to(Reroute))
    assert (sent.status, sent.fallback_due, sent.queue) == (Status.FALLBACK, T + HOUR, "legal")


@pytest.mark.parametrize("own", [QUEUED, PROPOSED, HELD, DELEGATED, FALLBACK])
def test_prioritise_changes_the_place_and_nothing_else(own: Ownership) -> None:
    assert changed(own, after(own, to(Prioritise))) == {"priority": 5}


def test_takeover_of_the_ai_s_case_opens_a_handoff() -> None:
    own = after(NEW, to(Takeover))
    assert changed(NEW, own) == {
        "status": Status.HELD,
        "epoch": Epoch(1, 2),
        "handoff": 1,
        "queue": "billing",
        "steward": "sue",
        "human": "ann",
        "reasons": ("operator_takeover",),
    }


@pytest.mark.parametrize("own", [QUEUED, PROPOSED, HELD, DELEGATED, FALLBACK])
def test_takeover_of_a_handed_off_case_keeps_its_handoff(own: Ownership) -> None:
    got = after(own, to(Takeover, BOSS, queue="", steward=""))
    assert (got.status, got.human, got.handoff) == (Status.HELD, "boss", 1)
    assert (got.queue, got.steward, got.proposed_until) == ("billing", "sue", 0)
    assert got.previous == ("ann" if own in {HELD, DELEGATED} else "")


def test_a_colleague_does_not_take_a_case_from_who_holds_it() -> None:
    assert refused(HELD, to(Takeover, BOB)) is R.NOT_OWNER
    assert after(DELEGATED, to(Takeover, BOB)).human == "bob"


def test_another_steward_leaves_the_promise_of_a_fallback_as_it_was() -> None:
    got = after(FALLBACK, to(Reroute, SYSTEM, queue=FALLBACK.queue, steward="new"))
    assert changed(FALLBACK, got) == {"steward": "new"}


@pytest.mark.parametrize("own", [QUEUED, PROPOSED, HELD, DELEGATED, FALLBACK])
def test_escalate_raises_the_level_and_moves_only_what_waits(own: Ownership) -> None:
    assert changed(own, after(own, to(Escalate))) == {"level": 1}
    same = after(own, to(Escalate, queue="billing", steward="sue"))
    assert changed(own, same) == {"level": 1}
    moved = after(own, to(Escalate, level=2, queue="legal", steward="lea"))
    held = own in {HELD, DELEGATED}
    assert moved.level == 2
    assert moved.queue == ("billing" if held else "legal")
    assert moved.status is (own.status if held or own.fallback else Status.QUEUED)
    assert moved.tried == (("ann",) if own is PROPOSED else ())


def test_fall_back_leaves_the_case_with_the_steward_until_it_is_due() -> None:
    own = after(PROPOSED, to(FallBack, kind=Fallback.TICKET))
    assert changed(QUEUED, own) == {
        "status": Status.FALLBACK,
        "proposal": 1,
        "tried": ("ann",),
        "fallback": Fallback.TICKET,
        "fallback_due": T + HOUR,
    }
    assert after(HELD, to(FallBack, ANN)).previous == "ann"


def test_handback_gives_the_ai_a_plan_under_its_sponsor() -> None:
    assert DELEGATED.mandate is not None
    assert set(changed(HELD, DELEGATED)) == {"status", "epoch", "bounces", "mandate"}
    assert (DELEGATED.mandate.sponsor, DELEGATED.mandate.expires) == ("ann", T + HOUR)
    assert DELEGATED.mandate.steps == (REFUND, MAIL)
    assert DELEGATED.mandate.actions == ("message",)
    assert not DELEGATED.mandate.finished
    lied = replace(REFUND, progress=Progress.DONE)
    assert after(HELD, to(Handback, steps=(lied,))).mandate.steps == (REFUND,)  # type: ignore[union-attr]


@pytest.mark.parametrize("end", [to(Recall), to(Recall, BOSS), to(Return), to(Return, SYSTEM)])
def test_a_plan_that_ends_returns_the_case_to_its_sponsor(end: Any) -> None:
    own = after(DELEGATED, end)
    assert changed(DELEGATED, own) == {"status": Status.HELD, "epoch": Epoch(1, 5)}
    assert owner(own) == (Party.HUMAN, "ann")


def progress(own: Ownership) -> tuple[str, ...]:
    return tuple(step.progress.value for step in own.mandate.steps) if own.mandate else ()


def test_a_step_is_unknown_once_begun_and_done_once_reported() -> None:
    begun = after(DELEGATED, to(Begin))
    assert (begun.status, progress(begun)) == (Status.DELEGATED, ("unknown", "pending"))
    done = after(begun, to(Report))
    assert (done.status, progress(done)) == (Status.DELEGATED, ("done", "pending"))
    assert changed(begun, done).keys() == {"mandate"}


@pytest.mark.parametrize("end", [Progress.FAILED, Progress.UNKNOWN])
def test_a_step_that_failed_or_is_unknown_returns_the_case(end: Progress) -> None:
    own = after(DELEGATED, to(Begin), to(Report, progress=end))
    assert (own.status, progress(own)) == (Status.HELD, (end.value, "pending"))


def test_a_plan_that_is_done_returns_the_case() -> None:
    own = after(DELEGATED, to(Report), to(Report, SYSTEM, step="2"))
    assert (own.status, progress(own)) == (Status.HELD, ("done", "done"))


DONE = after(DELEGATED, to(Report), to(Report, step="2"))


def test_a_rule_of_the_pack_may_close_what_a_plan_has_finished() -> None:
    assert after(DONE, to(Resolve, SYSTEM, note="")).status is Status.CLOSED
    assert refused(DONE, to(Resolve, AI)) is R.NOT_OWNER
    assert refused(after(DONE, to(Takeover, BOSS)), to(Resolve, SYSTEM)) is R.NOT_OWNER
    assert refused(after(DELEGATED, to(Recall)), to(Resolve, SYSTEM)) is R.NOT_OWNER
    asked = after(DONE, to(Release), to(Propose, BOSS))
    assert refused(asked, to(Resolve, SYSTEM)) is R.NOT_OWNER
    again = after(DONE, to(Resolve), to(Reopen), to(Accept))
    assert refused(again, to(Resolve, SYSTEM)) is R.NOT_OWNER


def late(*commands: Any) -> tuple[str, ...]:
    own = after(DELEGATED, to(Begin), *commands)
    got = after(own, to(Report, epoch=DELEGATED.epoch))
    assert changed(own, got).keys() == {"mandate"}
    return progress(got)


def test_a_late_report_is_noted_wherever_the_case_is() -> None:
    assert late(to(Recall)) == ("done", "pending")
    assert late(to(Release)) == ("done", "pending")
    assert late(to(Release), to(Propose, human="bob")) == ("done", "pending")
    assert late(to(Release), to(FallBack)) == ("done", "pending")
    assert late(to(Resolve)) == ("done", "pending")
    assert late(to(Resolve), to(Reopen)) == ("done", "pending")


def test_a_done_step_stays_done_through_every_later_plan() -> None:
    own = after(DELEGATED, to(Begin), to(Report), to(Recall))
    own = after(own, to(Handback, steps=(MAIL,)), to(Return))
    assert progress(own) == ("done", "pending")
    own = after(own, to(Resolve), to(Reopen), to(Accept))
    own = after(own, to(Handback, steps=(REFUND, MAIL), max_bounces=0))
    assert progress(own) == ("done", "pending")
    assert refused(own, to(Begin)) is R.STEP_DONE
    assert after(own, to(Begin, step="2"), to(Report, step="2")).status is Status.HELD


def test_resolve_closes_with_a_disposition_a_note_and_a_verdict() -> None:
    own = after(DELEGATED, to(Resolve, verdict=GOOD, at=T + 7))
    closure = own.closure
    assert closure is not None
    assert (closure.disposition, closure.note, closure.by) == ("solved", "n1", ANN)
    assert (closure.at, closure.verdict, closure.merged_into) == (T + 7, GOOD, "")
    assert (own.human, own.previous, own.status) == ("", "ann", Status.CLOSED)
    assert after(QUEUED, to(Resolve, BOB)).previous == ""
    assert after(HELD, to(Release), to(Resolve, BOB)).previous == "ann"
    assert after(NEW, to(Resolve, AI, note="")).closure is not None


def test_withdraw_and_merge_are_closures_of_their_own() -> None:
    left = after(FALLBACK, to(Withdraw)).closure
    gone = MERGED.closure
    assert left is not None
    assert gone is not None
    assert (left.disposition, left.by, left.at) == ("withdrawn", CUSTOMER, T)
    assert (gone.disposition, gone.merged_into, gone.by, gone.at) == ("merged", "c2", SYSTEM, T)
    assert after(FALLBACK, to(Withdraw)).fallback is None
    assert after(FALLBACK, to(Withdraw)).fallback_due == 0
    assert after(PROPOSED, to(Withdraw)).proposed_until == 0


def test_reopen_starts_a_routed_episode_and_the_bounces_count_on() -> None:
    own = after(DELEGATED, to(Escalate), to(Open, priority=8), to(Resolve), to(Reopen, priority=2))
    assert (own.status, own.episode, own.handoff, own.bounces) == (Status.QUEUED, 2, 2, 1)
    assert (own.reasons, own.priority, own.level, own.tried) == (("reopened",), 2, 0, ())
    assert (own.previous, own.closure, own.human) == ("ann", None, "")
    assert own.mandate is not None
    assert own.mandate.sponsor == ""
    assert after(CLOSED, to(Reopen, reason="legal")).reasons == ("legal",)
    assert after(CLOSED, to(Reopen)).mandate is None


def test_reopen_gives_the_ai_only_what_was_never_handed_off() -> None:
    solved = after(NEW, to(Resolve, AI))
    own = after(solved, to(Reopen, queue="", steward="", priority=1))
    assert (own.status, own.episode, own.handoff) == (Status.AI, 2, 0)
    assert (own.reasons, own.priority) == ((), 1)
    assert refused(CLOSED, to(Reopen, queue="", steward="")) is R.NO_QUEUE
    assert after(solved, to(Reopen)).status is Status.QUEUED
    assert refused(solved, to(Reopen, steward="")) is R.NO_QUEUE


def test_the_window_of_reopening_is_closed_only_after_its_last_instant() -> None:
    assert after(CLOSED, to(Reopen, at=T + WEEK)).status is Status.QUEUED
    assert refused(CLOSED, to(Reopen, at=T + WEEK + 1)) is R.WINDOW_OVER


def test_move_changes_the_workflow_and_where_it_waits_the_queue() -> None:
    assert changed(NEW, after(NEW, to(Move, AI, queue="", steward=""))) == {"workflow": "sales"}
    assert changed(HELD, after(HELD, to(Move, ANN))) == {"workflow": "sales"}
    own = after(PROPOSED, to(Move))
    assert (own.status, own.queue, own.steward) == (Status.QUEUED, "sales", "sam")
    assert (own.workflow, own.tried) == ("sales", ("ann",))
    assert after(PROPOSED, to(Move, BOB)).tried == ()


def test_judge_replaces_the_verdict_of_a_closure() -> None:
    own = after(CLOSED, to(Judge, verdict=Verdict(helpful=False, missing=("goal",))))
    assert own.closure is not None
    assert CLOSED.closure is not None
    verdict = Verdict(helpful=False, missing=("goal",))
    judged = replace(CLOSED.closure, verdict=verdict, judged_by=ANN, judged_at=T)
    assert own.closure == judged


def test_a_verdict_says_whose_it_is_and_when_it_was_given() -> None:
    closed = after(HELD, to(Resolve, verdict=GOOD)).closure
    assert closed is not None
    assert (closed.judged_by, closed.judged_at) == (ANN, T)
    assert CLOSED.closure is not None
    assert (CLOSED.closure.judged_by, CLOSED.closure.judged_at) == (None, 0)
    later = after(CLOSED, to(Judge, BOSS, at=T + 7)).closure
    assert later is not None
    assert (later.by, later.at, later.judged_by, later.judged_at) == (ANN, T, BOSS, T + 7)
    nothing = after(CLOSED, to(Judge, BOSS, at=T + 7), to(Judge, verdict=Verdict())).closure
    assert nothing is not None
    assert nothing.judged_by is None


# Every refusal.

BEGUN = after(DELEGATED, to(Begin))
STEP_DONE = after(DELEGATED, to(Report))
OTHER = PlanStep(id="1", action="close_account")
RETURNED = after(STEP_DONE, to(Recall))

REFUSALS = [
    (NEW, to(Open, queue=""), R.NO_QUEUE),
    (NEW, to(Open, steward=""), R.NO_QUEUE),
    (HELD, to(Open, queue=""), R.NO_QUEUE),
    (CLOSED, to(Open), R.CLOSED),
    (MERGED, to(Open), R.MERGED),
    (NEW, to(Open, epoch=STALE), R.STALE_EPOCH),
    (NEW, to(Open, epoch=Epoch(2, 1)), R.STALE_EPOCH),
    (NEW, to(Propose), R.NOT_HANDED_OFF),
    (PROPOSED, to(Propose), R.ALREADY_WAITING),
    (HELD, to(Propose), R.ALREADY_HELD),
    (HELD, to(Propose, ANN, human="bob"), R.ALREADY_YOURS),
    (DELEGATED, to(Propose), R.DELEGATED),
    (QUEUED, to(Propose, human=""), R.NO_PERSON),
    (QUEUED, to(Propose, CUSTOMER), R.NOT_ALLOWED),
    (after(PROPOSED, to(Decline)), to(Propose), R.ALREADY_TRIED),
    (NEW, to(Accept), R.NOT_HANDED_OFF),
    (QUEUED, to(Accept, NOBODY), R.NO_PERSON),
    (QUEUED, to(Accept, SYSTEM), R.NOT_ALLOWED),
    (PROPOSED, to(Accept, BOB), R.PROPOSED_TO_OTHER),
    (HELD, to(Accept), R.ALREADY_YOURS),
    (HELD, to(Accept, BOB), R.ALREADY_HELD),
    (DELEGATED, to(Accept), R.DELEGATED),
    (QUEUED, to(Decline), R.NOT_PROPOSED),
    (PROPOSED, to(Decline, BOSS), R.PROPOSED_TO_OTHER),
    (PROPOSED, to(Decline, SYSTEM), R.NOT_ALLOWED),
    (PROPOSED, to(Expire, ANN), R.NOT_ALLOWED),
    (PROPOSED, to(Expire, proposal=0), R.STALE_PROPOSAL),
    (HELD, to(Expire), R.STALE_PROPOSAL),
    (PROPOSED, to(Expire, at=T + HOUR - 1), R.NOT_DUE),
    (PROPOSED, to(Expire, at=T, proposal=0), R.STALE_PROPOSAL),
    (QUEUED, to(Release), R.NOT_HELD),
    (NEW, to(Release), R.NOT_HANDED_OFF),
    (HELD, to(Release, BOB), R.NOT_OWNER),
    (DELEGATED, to(Release, BOB), R.NOT_OWNER),
    (HELD, to(Reroute, BOB), R.NOT_OWNER),
    (QUEUED, to(Reroute, queue=""), R.NO_QUEUE),
    (QUEUED, to(Reroute, steward=""), R.NO_QUEUE),
    (DELEGATED, to(Reroute), R.DELEGATED),
    (NEW, to(Prioritise), R.NOT_HANDED_OFF),
    (NEW, to(Takeover, NOBODY), R.NO_PERSON),
    (NEW, to(Takeover, queue="", steward=""), R.NO_QUEUE),
    (HELD, to(Takeover), R.ALREADY_YOURS),
    (QUEUED, to(Escalate, level=0), R.STALE_LEVEL),
    (QUEUED, to(Escalate, queue="legal"), R.NO_QUEUE),
    (NEW, to(Escalate), R.NOT_HANDED_OFF),
    (NEW, to(FallBack), R.NOT_HANDED_OFF),
    (HELD, to(FallBack), R.ALREADY_HELD),
    (HELD, to(FallBack, BOB), R.NOT_OWNER),
    (DELEGATED, to(FallBack), R.DELEGATED),
    (QUEUED, to(Handback), R.NOT_HELD),
    (DELEGATED, to(Handback), R.DELEGATED),
    (HELD, to(Handback, BOSS), R.NOT_OWNER),
    (HELD, to(Handback, steps=()), R.NO_PLAN),
    (HELD, to(Handback, steps=(REFUND, REFUND)), R.NO_PLAN),
    (HELD, to(Handback, steps=(PlanStep(id="", action="refund"),)), R.NO_PLAN),
    (HELD, to(Handback, steps=(PlanStep(id="1", action=""),)), R.NO_PLAN),
    (HELD, to(Handback, expires=T), R.NO_PLAN),
    (HELD, to(Handback, at=T - 9, expires=T), R.NO_PLAN),
    (HELD, to(Handback, at=T + 9, expires=T + 9), R.NO_PLAN),
    (RETURNED, to(Handback, steps=(REFUND,)), R.NO_PLAN),
    (RETURNED, to(Handback, steps=(OTHER, MAIL)), R.STEP_DONE),
    (RETURNED, to(Handback, max_bounces=1), R.TOO_MANY_BOUNCES),
    (HELD, to(Recall), R.NOT_DELEGATED),
    (DELEGATED, to(Recall, BOB), R.NOT_OWNER),
    (HELD, to(Begin), R.NOT_DELEGATED),
    (DELEGATED, to(Begin, ANN), R.NOT_ALLOWED),
    (DELEGATED, to(Begin, at=T + HOUR), R.MANDATE_EXPIRED),
    (DELEGATED, to(Begin, step="9"), R.UNKNOWN_STEP),
    (STEP_DONE, to(Begin), R.STEP_DONE),
    (BEGUN, to(Begin), R.STEP_BEGUN),
    (NEW, to(Report), R.NOT_DELEGATED),
    (HELD, to(Report), R.NOT_DELEGATED),
    (CLOSED, to(Report), R.NOT_DELEGATED),
    (DELEGATED, to(Report, step="9"), R.UNKNOWN_STEP),
    (STEP_DONE, to(Report, progress=Progress.FAILED), R.STEP_DONE),
    (BEGUN, to(Report, progress=Progress.PENDING), R.STEP_BEGUN),
    (QUEUED, to(Return), R.NOT_DELEGATED),
    (HELD, to(Resolve, BOB), R.NOT_OWNER),
    (DELEGATED, to(Resolve, AI), R.NOT_OWNER),
    (DELEGATED, to(Resolve, SYSTEM), R.NOT_OWNER),
    (HELD, to(Resolve, SYSTEM), R.NOT_OWNER),
    (QUEUED, to(Resolve, SYSTEM), R.NOT_OWNER),
    (QUEUED, to(Resolve, CUSTOMER), R.NOT_ALLOWED),
    (HELD, to(Resolve, disposition=""), R.NO_DISPOSITION),
    (NEW, to(Resolve, AI, disposition=""), R.NO_DISPOSITION),
    (HELD, to(Resolve, note=""), R.NO_NOTE),
    (NEW, to(Resolve, AI, verdict=GOOD), R.NOT_ALLOWED),
    (DONE, to(Resolve, SYSTEM, verdict=GOOD), R.NOT_ALLOWED),
    (NEW, to(Resolve, verdict=GOOD), R.NOT_HANDED_OFF),
    (HELD, to(Withdraw, BOB), R.NOT_OWNER),
    (HELD, to(Withdraw, AI), R.NOT_ALLOWED),
    (NEW, to(Withdraw, NOBODY), R.NO_PERSON),
    (CLOSED, to(Withdraw), R.CLOSED),
    (QUEUED, to(Reopen), R.NOT_CLOSED),
    (MERGED, to(Reopen), R.MERGED),
    (CLOSED, to(Reopen, at=T + WEEK + 1), R.WINDOW_OVER),
    (CLOSED, to(Reopen, at=T + 1, window=0), R.WINDOW_OVER),
    (HELD, to(Merge, BOB), R.NOT_OWNER),
    (QUEUED, to(Merge, into="c1"), R.SAME_CASE),
    (QUEUED, to(Merge, into=""), R.SAME_CASE),
    (MERGED, to(Merge), R.MERGED),
    (HELD, to(Move, BOB), R.NOT_OWNER),
    (HELD, to(Move, AI), R.NOT_OWNER),
    (QUEUED, to(Move, AI), R.NOT_OWNER),
    (QUEUED, to(Move, queue=""), R.NO_QUEUE),
    (DELEGATED, to(Move), R.DELEGATED),
    (HELD, to(Judge), R.NOT_CLOSED),
    (MERGED, to(Judge), R.MERGED),
    (after(NEW, to(Resolve)), to(Judge), R.NOT_HANDED_OFF),
    (CLOSED, to(Judge, SYSTEM), R.NOT_ALLOWED),
]


@pytest.mark.parametrize(
    ("own", "command", "code"),
    REFUSALS,
    ids=[f"{own.status}-{command.name}-{code}" for own, command, code in REFUSALS],
)
def test_a_command_is_refused_with_its_code(own: Ownership, command: Any, code: Refusal) -> None:
    assert refused(own, command) is code


def test_every_code_is_reached_and_has_a_meaning() -> None:
    """`not_in_plan` is the gate's only, `unknown_person` the engine's, which has the roster."""
    elsewhere = {R.NOT_IN_PLAN, R.UNKNOWN_PERSON}
    assert {code for _, _, code in REFUSALS} | elsewhere == set(Refusal)
    assert list(MEANING) == list(Refusal)
    assert {type(command) for _, command, _ in REFUSALS} == set(COMMANDS)


# Which refusal is told, and to whom.


@pytest.mark.parametrize(
    ("own", "command", "codes"),
    [
        (MERGED, to(Accept, SYSTEM), (R.NOT_ALLOWED, R.MERGED)),
        (MERGED, to(Reopen, at=T + WEEK + 1, queue=""), (R.MERGED, R.WINDOW_OVER)),
        (CLOSED, to(Accept, epoch=STALE), (R.CLOSED, R.STALE_EPOCH)),
        (QUEUED, to(Reopen, epoch=STALE), (R.NOT_CLOSED, R.STALE_EPOCH)),
        (HELD, to(Accept, epoch=STALE), (R.ALREADY_YOURS, R.STALE_EPOCH)),
        (HELD, to(Accept, BOB, epoch=STALE), (R.STALE_EPOCH, R.ALREADY_HELD)),
        (HELD, to(Handback, BOB, steps=(), max_bounces=0), (R.NOT_OWNER, R.NO_PLAN)),
        (RETURNED, to(Handback, steps=(), max_bounces=1), (R.NO_PLAN, R.TOO_MANY_BOUNCES)),
        (DELEGATED, to(Begin, step="9", at=T + HOUR), (R.MANDATE_EXPIRED, R.UNKNOWN_STEP)),
        (HELD, to(Resolve, disposition="", note=""), (R.NO_DISPOSITION, R.NO_NOTE)),
        (HELD, to(Reroute, BOB, queue=""), (R.NOT_OWNER, R.NO_QUEUE)),
        (NEW, to(Takeover, NOBODY, queue=""), (R.NO_QUEUE, R.NO_PERSON)),
    ],
)
def test_of_several_refusals_the_first_of_the_list_is_told(
    own: Ownership, command: Any, codes: tuple[Refusal, Refusal]
) -> None:
    order = list(Refusal)
    assert order.index(codes[0]) < order.index(codes[1])
    assert refused(own, command) is codes[0]


@pytest.mark.parametrize(
    ("own", "command", "who"),
    [
        (HELD, to(Accept, BOB), "ann"),
        (HELD, to(Accept, BOB, epoch=STALE), "ann"),
        (HELD, to(Release, BOB), "ann"),
        (PROPOSED, to(Accept, BOB), "ann"),
        (PROPOSED, to(Propose, human="bob"), "ann"),
        (QUEUED, to(Accept, epoch=STALE), ""),
        (DELEGATED, to(Begin, step="9"), ""),
        (HELD, to(Resolve, note=""), ""),
    ],
)
def test_who_has_the_case_is_told_where_it_matters(own: Ownership, command: Any, who: str) -> None:
    found = apply(own, command)
    assert isinstance(found, Refused)
    assert found.who == who
    assert found.message == MEANING[found.code] + (f" ({who})" if who else "")


@pytest.mark.parametrize(
    "command",
    [
        to(Release, BOSS),
        to(Reroute, BOSS),
        to(FallBack, BOSS),
        to(Resolve, BOSS),
        to(Withdraw, BOSS),
        to(Merge, BOSS),
        to(Move, BOSS),
    ],
    ids=lambda command: command.name,
)
def test_a_supervisor_acts_on_a_case_of_others_and_a_colleague_does_not(command: Any) -> None:
    assert not isinstance(apply(HELD, command), Refused)
    assert refused(HELD, replace(command, by=CAY)) is R.NOT_OWNER
    assert not isinstance(apply(HELD, replace(command, by=ANN)), Refused)


# Epochs and time.


def test_an_epoch_rises_exactly_when_the_owner_changes() -> None:
    own, epochs = NEW, [NEW.epoch.number]
    for command in (
        to(Open),  # the queue's
        to(Open, reason="vip"),
        to(Propose),
        to(Decline),
        to(Reroute, ANN),  # another queue's
        to(Accept, BOSS),  # the supervisor's
        to(Release, BOSS),
        to(Accept),  # Ann's
        to(Handback),  # the AI's
        to(Begin),
        to(Return),  # Ann's
        to(Resolve),  # nobody's
        to(Judge),
        to(Reopen),  # the queue's
    ):
        own = after(own, command)
        epochs.append(own.epoch.number)
    assert epochs == [1, 2, 2, 2, 2, 3, 4, 5, 6, 7, 7, 8, 9, 9, 10]


def test_a_restored_store_issues_no_epoch_twice() -> None:
    own = restored(HELD, 2)
    assert own == replace(HELD, epoch=Epoch(2, 3))
    assert own.epoch > HELD.epoch
    assert refused(own, to(Release, epoch=HELD.epoch)) is R.STALE_EPOCH
    assert after(own, to(Release)).epoch == Epoch(2, 4)
    assert restored(own, 1).epoch == own.epoch
    assert str(own.epoch) == "2.3"


def test_time_never_runs_backwards() -> None:
    own = after(NEW, to(Open, at=T + 10), to(Accept, at=T))
    assert own.at == T + 10
    closed = after(own, to(Resolve, at=T)).closure
    assert closed is not None
    assert closed.at == T + 10


# The gate.


def gate(own: Ownership, by: Actor, action: str = "message", **said: Any) -> Refusal | None:
    found = admit(own, by, said.get("epoch", own.epoch), action, said.get("at", T))
    return found.code if found else None


def test_the_ai_speaks_under_the_present_epoch_only() -> None:
    assert gate(NEW, AI) is None
    assert gate(NEW, AI, "refund") is None
    assert gate(NEW, AI, epoch=STALE) is R.STALE_EPOCH
    assert gate(NEW, AI, epoch=Epoch(2, 1)) is R.STALE_EPOCH


@pytest.mark.parametrize("own", [QUEUED, PROPOSED, HELD, FALLBACK])
def test_the_ai_is_silent_once_the_case_is_handed_off(own: Ownership) -> None:
    assert gate(own, AI) is R.NOT_OWNER
    found = admit(own, AI, NEW.epoch, "message", T)
    assert found == Refused(code=R.STALE_EPOCH, who=own.human)


def test_a_delegated_ai_does_what_the_plan_says_and_no_more() -> None:
    assert gate(DELEGATED, AI) is None
    assert gate(DELEGATED, AI, "refund") is R.NOT_IN_PLAN
    assert gate(BEGUN, AI, "refund") is None
    assert gate(BEGUN, AI, "mail") is R.NOT_IN_PLAN
    assert gate(STEP_DONE, AI, "refund") is R.NOT_IN_PLAN
    assert gate(BEGUN, AI, "close_account") is R.NOT_IN_PLAN


def test_a_mandate_ends_at_its_instant() -> None:
    assert gate(DELEGATED, AI, at=T + HOUR - 1) is None
    assert gate(DELEGATED, AI, at=T + HOUR) is R.MANDATE_EXPIRED
    assert gate(after(DELEGATED, to(Prioritise, at=T + HOUR)), AI, at=T) is R.MANDATE_EXPIRED
    told = admit(DELEGATED, AI, DELEGATED.epoch, "message", T + HOUR)
    assert told is not None
    assert told.who == "ann"


def test_only_the_holder_speaks_on_a_held_case() -> None:
    assert gate(HELD, ANN) is None
    assert gate(HELD, ANN, epoch=STALE) is R.STALE_EPOCH
    for by in (BOB, BOSS, SYSTEM, CUSTOMER, AI):
        assert admit(HELD, by, HELD.epoch, "message", T) == Refused(code=R.NOT_OWNER, who="ann")
    for own in (NEW, QUEUED, PROPOSED, DELEGATED, FALLBACK):
        assert gate(own, ANN) is R.NOT_OWNER
    assert gate(NEW, SYSTEM) is R.NOT_OWNER


@pytest.mark.parametrize("by", [AI, ANN, SYSTEM])
def test_nothing_leaves_a_closed_case(by: Actor) -> None:
    assert gate(CLOSED, by) is R.CLOSED
    assert gate(MERGED, by) is R.MERGED


# The fold.


def test_the_fold_of_commands_is_what_applying_them_gave() -> None:
    told = [to(Open), to(Propose), to(Accept), to(Handback), to(Begin), to(Report), to(Recall)]
    own = NEW
    for command in told:
        found = apply(own, command)
        assert isinstance(found, Ownership)
        own = found
    assert fold(NEW, told) == own


def test_a_fold_of_what_was_never_applied_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"`accept` was never applied here: the AI has the case"):
        fold(NEW, [to(Accept)])
