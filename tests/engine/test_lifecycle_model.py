"""Any steps of any people in any order, against a model that is written by itself: a dictionary of
stages and a list of what was in force.
"""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from engine import policies as p
from engine.policies import ANA, BO, CI
from engine.world import World
from handrail.core.policy import digest
from handrail.errors import HandrailError

PACKS = {name: p.files(name) for name in ("2", "3", "4")}
WHO = st.sampled_from([ANA, BO, CI])
NAMES = st.sampled_from(sorted(PACKS))


class Lives(RuleBasedStateMachine):
    """Two processes take the steps in turn; both must agree with the model after each."""

    @initialize()
    def begin(self) -> None:
        self.patch = pytest.MonkeyPatch()
        p.quick(self.patch)
        world = World()
        first = p.begun(world)
        self.both = (first, p.again(world, first))
        self.digests = {name: digest(p.load_sources(files).pack) for name, files in PACKS.items()}
        one = first.packs.overview().state.current
        self.stage = {one: "active"}
        self.by: dict[str, set[str]] = {one: {"ana"}}
        self.force = [one]
        self.ramp: tuple[str, int] | None = None
        self.steps = 1

    def teardown(self) -> None:
        with suppress(AttributeError):
            self.patch.undo()

    def step(self, which: int, call: str, *given: Any, may: bool) -> bool:
        """Take a step; whether it may be taken is what the model says."""
        try:
            getattr(self.both[which].packs, call)(*given)
        except HandrailError:
            assert not may, (call, given)
            return False
        assert may, (call, given)
        self.steps += 1
        return True

    @rule(which=st.integers(0, 1), name=NAMES, by=WHO)
    def submit(self, which: int, name: str, by: Any) -> None:
        key = self.digests[name]
        may = self.stage.get(key, "retired") in {"draft", "simulated", "retired"}
        if self.step(which, "submit", PACKS[name], by, may=may):
            self.stage[key] = "draft"
            self.by.setdefault(key, set()).add(by.id)

    @rule(which=st.integers(0, 1), name=NAMES, by=WHO)
    def check(self, which: int, name: str, by: Any) -> None:
        key = self.digests[name]
        if self.step(which, "check", key, by, may=self.stage.get(key) in {"draft", "simulated"}):
            self.stage[key] = "simulated"

    @rule(which=st.integers(0, 1), name=NAMES, by=WHO)
    def approve(self, which: int, name: str, by: Any) -> None:
        key = self.digests[name]
        mine = by.id in self.by.get(key, ())
        may = self.stage.get(key) == "simulated" and by is not CI and not mine
        if self.step(which, "approve", key, by, may=may):
            self.stage[key] = "approved"

    @rule(which=st.integers(0, 1), name=NAMES, by=WHO, share=st.sampled_from([100, 100, 30, 60]))
    def activate(self, which: int, name: str, by: Any, share: int) -> None:
        key = self.digests[name]
        may = self.stage.get(key) in {"approved", "ramped"} and by is not CI
        may = may and self.ramp != (key, share)
        if not self.step(which, "activate", key, by, share, may=may):
            return
        if self.ramp:
            self.stage[self.ramp[0]] = "approved"
        self.ramp = (key, share) if share < 100 else None
        self.stage[key] = "ramped" if share < 100 else "active"
        if share == 100:
            self.stage[self.force[-1]] = "approved"
            self.force = [*(one for one in self.force if one != key), key]

    @rule(which=st.integers(0, 1), by=WHO)
    def roll_back(self, which: int, by: Any) -> None:
        if not self.step(which, "roll_back", by, may=bool(self.ramp) or len(self.force) > 1):
            return
        if self.ramp:
            self.stage[self.ramp[0]], self.ramp = "approved", None
        else:
            self.stage[self.force.pop()] = "approved"
            self.stage[self.force[-1]] = "active"

    @rule(which=st.integers(0, 1), name=NAMES, by=WHO)
    def retire(self, which: int, name: str, by: Any) -> None:
        key = self.digests[name]
        may = self.stage.get(key) in {"draft", "simulated", "approved"}
        if self.step(which, "retire", key, by, may=may):
            self.stage[key] = "retired"
            self.force = [one for one in self.force if one != key]

    @invariant()
    def both_agree_with_the_model(self) -> None:
        if not hasattr(self, "both"):
            return
        for one in self.both:
            one.force.refresh()
            found = one.packs.overview()
            assert {name: own.stage.value for name, own in found.state.packs.items()} == self.stage
            assert [*found.state.before, found.state.current] == self.force
            assert found.state.entries == self.steps
            engine = one.force.engine
            assert engine is not None
            on = engine.deployment
            assert on.digest == self.force[-1]
            ramp = (on.candidate.digest, on.share) if on.candidate else None
            assert ramp == self.ramp


def test_packs_live_as_the_model_says(store: str) -> None:
    from hypothesis.stateful import run_state_machine_as_test

    count = 15 if store == "memory" else 4
    run_state_machine_as_test(
        Lives, settings=settings(max_examples=count, stateful_step_count=25, deadline=None)
    )
