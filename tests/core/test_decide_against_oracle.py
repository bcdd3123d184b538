"""Law 24, scalar side: `decide` and the oracle agree on every generated case."""

import os
from collections import Counter

from hypothesis import HealthCheck, given, settings

from handrail.core.decision import decide
from handrail.core.model import Outcome, Trigger
from oracle import expect
from strategies import World, worlds

EXAMPLES = 10_000 if os.environ.get("CI") else 500


def test_decide_agrees_with_the_oracle_on_every_generated_case() -> None:
    seen: Counter[object] = Counter()

    @settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow])
    @given(worlds())
    def agree(world: World) -> None:
        decision = decide(*world)
        triggers = [reason.trigger for reason in decision.reasons]
        assert (decision.outcome, triggers, decision.score) == expect(*world)
        seen.update({decision.outcome, *triggers})

    agree()
    floor = EXAMPLES // 1000  # ten of everything in CI; a desk's few cases promise nothing
    assert all(seen[item] >= floor for item in (*Outcome, *Trigger)), seen
