"""A seeded world to test a pack in: customers, an AI agent and people who behave as they do, and
all that can go wrong. The laws are checked after every call.
"""

from handrail.testing.faults import NONE, Crash, Faults
from handrail.testing.laws import LAWS
from handrail.testing.result import Result
from handrail.testing.run import replay, simulate
from handrail.testing.trace import Step, dumps, loads
from handrail.testing.world import Broken

__all__ = [
    "LAWS",
    "NONE",
    "Broken",
    "Crash",
    "Faults",
    "Result",
    "Step",
    "dumps",
    "loads",
    "replay",
    "simulate",
]
