"""A day of traffic through the engine: what would wait where, for how long, and for whom.

Nothing goes wrong here; for worlds in which much does see `handrail.testing`.
"""

from handrail.traffic.day import play
from handrail.traffic.figures import Figures, Person, Queue, measure, percentile
from handrail.traffic.settings import Settings

__all__ = ["Figures", "Person", "Queue", "Settings", "measure", "percentile", "play"]
