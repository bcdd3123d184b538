"""A short simulation of a pack, before anybody approves it."""

from typing import Any

from handrail.adapters.memory import MemoryStore
from handrail.engine import Deployment
from handrail.testing.faults import Faults
from handrail.testing.run import play

_SEEDS = range(1, 9)
_HOURS, _CASES = 8, 4


def short(on: Deployment) -> dict[str, Any]:
    """Play some small worlds in which much goes wrong, a few seconds: how many cases and handoffs
    there were, and the seeds in which a law broke. `handrail.testing.simulate` plays one again.
    """
    played = [
        play(on, seed, MemoryStore, _HOURS, _CASES, Faults(), varied=False) for seed in _SEEDS
    ]
    broken = [one.seed for one in played if not one.ok]
    return {
        "ok": not broken,
        "worlds": len(played),
        "cases": sum(one.cases for one in played),
        "handoffs": sum(one.handoffs for one in played),
        "broken": broken,
    }
