"""Laws 11 to 15 and 20, as far as ownership keeps them, on generated walks of a case."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from handrail.core.ownership import (
    CELLS,
    WAITING,
    Accept,
    Actor,
    Begin,
    Decline,
    Epoch,
    Expire,
    Handback,
    Open,
    Ownership,
    Party,
    Progress,
    Recall,
    Refusal,
    Refused,
    Release,
    Reopen,
    Report,
    Resolve,
    Return,
    Status,
    Takeover,
    Verdict,
    accountable,
    admit,
    apply,
    fold,
    has_open_handoff,
    owner,
)
from owning import (
    AI,
    ANN,
    BOB,
    BOSS,
    CAY,
    EVERYBODY,
    FALLBACK,
    HELD,
    HOUR,
    MAIL,
    NEW,
    PROPOSED,
    QUEUED,
    REFUND,
    SYSTEM,
    Step,
    T,
    after,
    to,
    walks,
)

people = st.permutations((ANN, BOB, CAY, BOSS))

# Law 11


@given(walks)
def test_an_unclosed_case_has_one_owner_and_at_most_one_open_handoff_and_a_closed_one_none(
    steps: tuple[Step, ...],
) -> None:
    for own, _, found in steps:
        if isinstance(found, Refused):
            continue
        has = owner(found)
        assert (has is None) == (found.status is Status.CLOSED) == (found.closure is not None)
        if has is not None and has.kind is not Party.AI:
            assert has.id
        # A case that was ever handed off and is not closed has a person who answers for it.
        assert bool(accountable(found)) == has_open_handoff(found)
        assert (found.status is Status.PROPOSED) == (found.status in WAITING and found.human != "")
        opened = found.handoff - own.handoff
        assert opened == (has_open_handoff(found) and not has_open_handoff(own))


@given(walks)
def test_while_delegated_the_ai_owns_and_the_sponsor_is_accountable(
    steps: tuple[Step, ...],
) -> None:
    for _, _, found in steps:
        if isinstance(found, Ownership) and found.status is Status.DELEGATED:
            assert owner(found) == (Party.AI, "")
            assert found.mandate is not None
            assert accountable(found) == found.mandate.sponsor != ""


# Law 12


@given(walks)
def test_ownership_changes_only_by_a_command_and_the_state_is_the_fold_of_the_commands(
    steps: tuple[Step, ...],
) -> None:
    taken, own = [], steps[0][0]
    for before, command, found in steps:
        assert before == own
        if isinstance(found, Ownership):
            taken.append(command)
            own = found
        assert apply(before, command) == found
    assert fold(steps[0][0], taken) == own


@given(walks)
def test_the_epoch_rises_exactly_when_the_owner_changes_and_never_falls(
    steps: tuple[Step, ...],
) -> None:
    states = [steps[0][0], *(f for _, _, f in steps if isinstance(f, Ownership))]
    for before, now in pairwise(states):
        risen = now.epoch.number - before.epoch.number
        assert risen == (owner(now) != owner(before))
        assert now.epoch.incarnation == before.epoch.incarnation
        assert now.at >= before.at


@given(walks)
def test_a_command_is_taken_only_from_whom_may_give_it_and_a_person_has_a_name(
    steps: tuple[Step, ...],
) -> None:
    for own, command, found in steps:
        if isinstance(found, Ownership):
            assert command.by.kind in type(command).actors
            assert command.by.id or command.by.kind is not Party.HUMAN
            assert not isinstance(CELLS[own.status, type(command)], Refusal)


# Law 13


@given(st.sampled_from((QUEUED, PROPOSED, FALLBACK)), people, st.booleans())
def test_of_several_who_accept_at_once_one_wins_and_the_others_are_told_who(
    own: Ownership, order: list[Actor], fenced: bool
) -> None:
    epoch = own.epoch if fenced else None
    winners, told = [], []
    for person in order:
        found = apply(own, to(Accept, person, epoch=epoch))
        if isinstance(found, Refused):
            told.append(found)
        else:
            own = found
            winners.append(person.id)
    assert [owner(own)] == [(Party.HUMAN, winner) for winner in winners]
    assert len(told) == len(order) - 1
    known = {Refusal.ALREADY_HELD, Refusal.STALE_EPOCH, Refusal.PROPOSED_TO_OTHER}
    assert {refusal.code for refusal in told} <= known
    assert {refusal.who for refusal in told} == {own.human}


# Law 14


@given(walks)
def test_the_ai_gets_a_case_back_only_by_the_owners_handback_with_a_plan(
    steps: tuple[Step, ...],
) -> None:
    for own, command, found in steps:
        if isinstance(found, Refused):
            continue
        was, has = owner(own), owner(found)
        if has == (Party.AI, "") != was and found.handoff:
            assert isinstance(command, Handback)
            assert was == (Party.HUMAN, command.by.id)
            assert found.mandate is not None
            assert not found.mandate.finished
            assert found.bounces == own.bounces + 1


@given(st.integers(1, 4), st.data())
def test_the_bound_on_bounces_refuses_the_next_handback_and_never_a_handoff(
    bound: int, data: st.DataObject
) -> None:
    own = HELD
    plan = to(Handback, steps=(MAIL,), max_bounces=bound)
    ends = (to(Recall), to(Return), to(Open, hard=True), to(Release), to(Resolve))
    for _ in range(bound):
        own = after(own, plan, data.draw(st.sampled_from(ends)))
        if own.status is Status.CLOSED:
            own = after(own, to(Reopen))
        own = own if own.status is Status.HELD else after(own, to(Accept))
    assert apply(own, plan) == Refused(code=Refusal.TOO_MANY_BOUNCES)
    assert isinstance(apply(own, to(Open, hard=True, queue="legal", reason="legal")), Ownership)
    back = apply(after(own, to(Resolve)), to(Reopen))
    assert isinstance(back, Ownership)
    assert back.bounces == bound


@given(walks)
def test_a_step_that_is_done_is_never_begun_again(steps: tuple[Step, ...]) -> None:
    done: set[str] = set()
    for own, command, found in steps:
        steps = own.mandate.steps if own.mandate else ()
        done |= {step.id for step in steps if step.progress is Progress.DONE}
        if isinstance(command, Begin) and command.step in done:
            assert isinstance(found, Refused)
        if isinstance(found, Ownership) and done:
            assert found.mandate is not None
            kept = {s.id for s in found.mandate.steps if s.progress is Progress.DONE}
            assert done <= kept


# Law 15


@given(walks, st.sampled_from(EVERYBODY))
def test_output_under_an_old_epoch_is_refused(steps: tuple[Step, ...], by: Actor) -> None:
    seen: set[Epoch] = set()
    for own, _, found in steps:
        now = own if isinstance(found, Refused) else found
        seen.add(own.epoch)
        for epoch in seen - {now.epoch}:
            for action in ("message", "refund", "mail"):
                assert isinstance(admit(now, by, epoch, action, now.at), Refused)


@given(walks)
def test_output_is_the_owners_alone_and_of_a_delegated_ai_within_its_mandate(
    steps: tuple[Step, ...],
) -> None:
    for _, _, found in steps:
        if isinstance(found, Refused):
            continue
        for by in EVERYBODY:
            for action in ("message", "refund"):
                if admit(found, by, found.epoch, action, found.at) is not None:
                    continue
                has = owner(found)
                assert has is not None
                assert (by.kind, by.id) == has or by.kind is has.kind is Party.AI
                if found.status is Status.DELEGATED:
                    assert found.mandate is not None
                    begun = {
                        s.action for s in found.mandate.steps if s.progress is Progress.UNKNOWN
                    }
                    assert found.at < found.mandate.expires
                    assert action in {"message", *begun}


@given(walks)
def test_a_command_under_an_old_epoch_changes_nothing(steps: tuple[Step, ...]) -> None:
    for own, command, found in steps:
        if command.epoch not in {None, own.epoch} and not isinstance(command, Report):
            assert isinstance(found, Refused)


# Law 20


@settings(max_examples=300)
@given(walks)
def test_a_timeout_is_never_recorded_as_somebodys_decision(steps: tuple[Step, ...]) -> None:
    for own, command, found in steps:
        if isinstance(found, Refused):
            continue
        if command.by.kind is Party.SYSTEM:
            assert not isinstance(command, Accept | Decline | Takeover | Handback | Recall)
            if found.closure and found.closure is not (own.closure):
                assert found.closure.by == SYSTEM
                assert found.closure.verdict == Verdict()
        if own.status is Status.PROPOSED and isinstance(command, Expire):
            assert command.by.kind is Party.SYSTEM
        if isinstance(command, Decline):
            assert (command.by.kind, command.by.id) == (Party.HUMAN, own.human)


@given(st.sampled_from((SYSTEM, AI)))
def test_neither_a_clock_nor_the_ai_declines_accepts_or_judges_for_a_person(by: Actor) -> None:
    for own, command in (
        (PROPOSED, to(Decline, by)),
        (PROPOSED, to(Accept, by)),
        (HELD, to(Handback, by, steps=(REFUND,), expires=T + HOUR)),
        (NEW, to(Resolve, by, verdict=Verdict(helpful=False))),
    ):
        assert apply(own, command) == Refused(code=Refusal.NOT_ALLOWED)
