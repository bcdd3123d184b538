"""However many wait, and in vain: each is looked at in turn, and the most urgent every time."""

import math
from collections import Counter

import pytest

from handrail import packs
from handrail.adapters.memory import MemoryStore
from handrail.core.case import start
from handrail.core.ownership import Ownership, Status
from handrail.engine import deploy, sweep
from handrail.packs import roster
from handrail.ports import Case


def test_nobody_who_waits_is_passed_over_for_good(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "FIRST", 4)
    monkeypatch.setattr(sweep, "IN_TURN", 10)
    monkeypatch.setattr(sweep, "VAIN", 3)
    store, count = MemoryStore(lambda: 1_000_000), 50
    with store.unit() as unit:
        for number in range(count):  # no two need the same: each has been tried on another person
            own = Ownership(
                workflow="support",
                at=1,
                status=Status.QUEUED,
                queue="q",
                steward="s",
                handoff=1,
                tried=(f"p{number}",),
                priority=number == 7,
            )
            made = Case(id=f"c{number}", workflow="support", ownership=own, state=start())
            unit.save(made)
    looked: Counter[str] = Counter()

    def in_vain(_: object, __: object, case: Case) -> bool:
        looked[case.id] += 1
        return False

    monkeypatch.setattr(sweep, "_propose", in_vain)
    pack = packs.load("support-chat")
    on, rounds = deploy(pack, roster.load("support-chat", pack)), sweep.Rounds()
    calls = math.ceil(count / sweep.VAIN) + 1
    for _ in range(calls):
        sweep.nudge(store, on, rounds=rounds)
    assert len(looked) == count
    assert looked["c7"] == calls
