"""The simulation can fail: each fault that is planted here is found, by the law that it breaks.

A fault changes one rule of a running engine, and only for the test.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from handrail import outbox, packs
from handrail.core import bundle, ownership, routing, sla
from handrail.core.model import Decision, Outcome, Trigger
from handrail.core.ownership import Epoch, Ownership, Progress, Refusal, Refused, Status
from handrail.core.ownership import commands as c
from handrail.core.policy import Pack
from handrail.core.routing import Roster
from handrail.engine import Deployment, acts, answers, bulk, deploy, transfer, turns
from handrail.engine.work import Work
from handrail.packs import roster
from handrail.ports import Channel, Delivery, Store
from handrail.testing import run, simulate

Patch = pytest.MonkeyPatch
Rule = Callable[[Ownership, c.Command, Ownership | Refused], Ownership | Refused]
SEEDS = 80
"""Worlds within which each fault must show."""

right_apply, right_entry, right_clocks = ownership.apply, Work.entry, Work.clocks


@cache
def ready() -> tuple[Pack, Roster]:
    pack = packs.load("support-chat")
    return pack, roster.load("support-chat", pack)


def rule(patch: Patch, wrong: Rule) -> None:
    """Let the one way to change an owner end otherwise."""

    def apply(own: Ownership, cmd: c.Command) -> Ownership | Refused:
        return wrong(own, cmd, right_apply(own, cmd))

    patch.setattr(ownership, "apply", apply)


def epoch_not_raised(patch: Patch) -> None:
    def wrong(own: Ownership, cmd: c.Command, after: Ownership | Refused) -> Ownership | Refused:
        taken = isinstance(cmd, c.Takeover | c.Accept) and isinstance(after, Ownership)
        return replace(after, epoch=own.epoch) if taken else after

    rule(patch, wrong)


def expire_recorded_as_decline(patch: Patch) -> None:
    def entry(work: Work, name: str, actor: Any, body: Mapping[str, Any]) -> None:
        if name == "expire":
            name, actor = "decline", ownership.Actor(kind=ownership.Party.HUMAN, id="ana")
        right_entry(work, name, actor, body)

    patch.setattr(Work, "entry", entry)


def deadlines_forgotten_on_release(patch: Patch) -> None:
    def clocks(work: Work, event: sla.Event, until: int = 0) -> None:
        right_clocks(work, event, until)
        if event is sla.Event.RELEASED:
            work.deadlines = ()

    patch.setattr(Work, "clocks", clocks)


def tried_list_emptied_by_the_machine(patch: Patch) -> None:
    def wrong(own: Ownership, cmd: c.Command, after: Ownership | Refused) -> Ownership | Refused:  # noqa: ARG001
        passed = isinstance(cmd, c.Expire | c.Decline) and isinstance(after, Ownership)
        return replace(after, tried=()) if passed else after

    rule(patch, wrong)


def fence_not_checked_at_the_outbox(patch: Patch) -> None:
    patch.setattr(outbox, "late", lambda unit, effect: "")
    patch.setattr(Work, "silence", lambda work, why, keep=None: None)


def second_handoff_opened(patch: Patch) -> None:
    def wrong(own: Ownership, cmd: c.Command, after: Ownership | Refused) -> Ownership | Refused:
        again = isinstance(cmd, c.Open) and own.status is Status.HELD
        if again and isinstance(after, Ownership):
            return replace(after, handoff=own.handoff + 1)
        return after

    rule(patch, wrong)


def done_step_begun_again(patch: Patch) -> None:
    def wrong(own: Ownership, cmd: c.Command, after: Ownership | Refused) -> Ownership | Refused:
        done = isinstance(after, Refused) and after.code is Refusal.STEP_DONE
        if not (done and isinstance(cmd, c.Begin) and own.mandate):
            return after
        steps = tuple(
            replace(one, progress=Progress.UNKNOWN) if one.id == cmd.step else one
            for one in own.mandate.steps
        )
        return replace(own, mandate=replace(own.mandate, steps=steps))

    rule(patch, wrong)


def effect_lost_on_a_crash(patch: Patch) -> None:
    """What is to be sent is marked as sent first."""
    right = outbox.drain

    def drain(store: Store, channel: Channel, *, limit: int = 100) -> int:
        with store.unit() as unit:
            due = list(unit.undelivered(unit.now(), limit))
        for effect in due:
            with store.unit() as unit:
                unit.put_effect(replace(effect, status=Delivery.SENT))
            try:
                channel.deliver(effect, "")
            except ConnectionError:
                continue
        return right(store, channel, limit=limit)

    patch.setattr(outbox, "drain", drain)


def bound_on_bounces_ignored(patch: Patch) -> None:
    def wrong(own: Ownership, cmd: c.Command, after: Ownership | Refused) -> Ownership | Refused:
        if isinstance(cmd, c.Handback) and isinstance(after, Refused):
            return right_apply(own, replace(cmd, max_bounces=0))
        return after

    rule(patch, wrong)


def entry_not_written(patch: Patch) -> None:
    def entry(work: Work, name: str, actor: Any, body: Mapping[str, Any]) -> None:
        if name != "release":
            right_entry(work, name, actor, body)

    patch.setattr(Work, "entry", entry)


def clock_not_moved_on(patch: Patch) -> None:
    def fire(work: Work) -> None:
        policy, calendar = work._hours()
        fired, _ = sla.fire(policy, calendar, work.deadlines, work.now)
        work.fired.extend(one for one in fired if one.what is sla.Happened.BREACH)

    right = sla.fire
    patch.setattr(Work, "fire", fire)
    assert sla.fire is right


def second_accept_wins_too(patch: Patch) -> None:
    def wrong(own: Ownership, cmd: c.Command, after: Ownership | Refused) -> Ownership | Refused:
        if isinstance(cmd, c.Accept) and isinstance(after, Refused) and own.status is Status.HELD:
            number = own.epoch.number + (cmd.by.id != own.human)
            return replace(own, human=cmd.by.id, epoch=Epoch(own.epoch.incarnation, number))
        return after

    rule(patch, wrong)


def request_for_a_person_not_heard(patch: Patch) -> None:
    right = turns.decide

    def decide(*given: Any) -> Decision:
        decision = right(*given)
        if decision.trigger is Trigger.EXPLICIT_REQUEST:
            return replace(decision, outcome=Outcome.CONTINUE, reasons=())
        return decision

    patch.setattr(turns, "decide", decide)


def bundle_not_made(patch: Patch) -> None:
    patch.setattr(transfer, "hand_over", lambda work, decision: None)


def nothing_masked(patch: Patch) -> None:
    right = bundle.assemble
    patch.setattr(bundle, "assemble", lambda made, detect: right(made, lambda text, kinds: ()))


def episode_without_a_boundary(patch: Patch) -> None:
    patch.setattr(turns, "fresh_episode", lambda work: None)


def answers_forgotten(patch: Patch) -> None:
    patch.setattr(answers, "remember", lambda unit, case, key, mark, reply: None)


def nobody_accountable(patch: Patch) -> None:
    def wrong(own: Ownership, cmd: c.Command, after: Ownership | Refused) -> Ownership | Refused:  # noqa: ARG001
        fell = isinstance(cmd, c.FallBack) and isinstance(after, Ownership)
        return replace(after, steward="") if fell else after

    rule(patch, wrong)


def preview_kept(patch: Patch) -> None:
    def preview(store: Store, on: Deployment, names: Sequence[str], cmd: c.Command) -> Any:
        with store.unit() as unit:
            return {name: bulk.command(unit, on, name, cmd)[0] for name in names}

    patch.setattr(bulk, "preview", preview)


def customer_s_button_without_effect(patch: Patch) -> None:
    right = acts.act

    def act(work: Work, cmd: c.Command) -> Refused | None:
        pressed = isinstance(cmd, c.Open) and cmd.by.kind is ownership.Party.CUSTOMER
        return None if pressed else right(work, cmd)

    patch.setattr(acts, "act", act)


def queue_without_steward_hours_or_overflow_passes(patch: Patch) -> None:
    def hollow(pack: Pack, people: Roster) -> Deployment:
        queues = [replace(one, steward="", hours=None, overflow="") for one in pack.queues]
        return deploy(replace(pack, queues=tuple(queues)), people)

    patch.setattr(run, "_COMPILED", [])
    patch.setattr(run, "deploy", hollow)


def route_to_no_queue(patch: Patch) -> None:
    right = routing.assign

    def assign(*given: Any) -> routing.Assignment:
        found = right(*given)
        nobody = replace(found.nomination, person="")
        return replace(found, route=replace(found.route, queue=""), nomination=nobody)

    patch.setattr(routing, "assign", assign)


PLANTED: dict[Callable[[Patch], None], str] = {
    epoch_not_raised: "15",
    expire_recorded_as_decline: "20",
    deadlines_forgotten_on_release: "16",
    tried_list_emptied_by_the_machine: "no circle",
    fence_not_checked_at_the_outbox: "15",
    second_handoff_opened: "11",
    done_step_begun_again: "12",
    effect_lost_on_a_crash: "19",
    bound_on_bounces_ignored: "14",
    entry_not_written: "12",
    clock_not_moved_on: "17",
    second_accept_wins_too: "13",
    request_for_a_person_not_heard: "23",
    bundle_not_made: "9",
    nothing_masked: "10",
    episode_without_a_boundary: "7",
    answers_forgotten: "18",
    nobody_accountable: "no limbo",
    queue_without_steward_hours_or_overflow_passes: "8",
    route_to_no_queue: "8",
    preview_kept: "12",
    customer_s_button_without_effect: "23",
}


@pytest.mark.parametrize(
    ("plant", "law"), PLANTED.items(), ids=lambda one: getattr(one, "__name__", one)
)
def test_a_planted_fault_is_found(
    plant: Callable[[Patch], None], law: str, monkeypatch: Patch
) -> None:
    pack, people = ready()
    plant(monkeypatch)
    found: set[str] = set()
    for seed in range(SEEDS):
        found |= {one.law for one in simulate(pack, people, seed=seed).broken}
        if law in found:
            return
    pytest.fail(f"{SEEDS} worlds, and only {sorted(found)} were found to be broken")
