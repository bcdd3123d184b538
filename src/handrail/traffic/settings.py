"""What is assumed of a day, and how long things take in it."""

from dataclasses import dataclass
from math import exp, log
from random import Random

MINUTE = 60_000
HOUR = 60 * MINUTE
_SPREAD = 0.75  # of the logarithm: a tenth takes two and a half times the median, or more
_REACTION_SPREAD = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`cases` come in `hours` on average, from `start` (milliseconds since the epoch).

    `handle` seconds is what a person has a case for on average, `reaction` what a person takes to
    answer a proposal in half of all cases, `offers_taken` the share of offers that customers
    accept, in thousandths. All chance comes from `seed`.
    """

    start: int
    hours: int = 24
    cases: int = 200
    seed: int = 1
    handle: int = 600
    reaction: int = 30
    offers_taken: int = 300

    @property
    def end(self) -> int:
        """When nobody comes any more."""
        return self.start + self.hours * HOUR


def gap(settings: Settings, random: Random) -> int:
    """Milliseconds until the next case comes: exponential, so that arrivals are Poisson."""
    return int(random.expovariate(settings.cases / (settings.hours * HOUR)))


def handling(settings: Settings, random: Random) -> int:
    """Milliseconds that a person has a case: log-normal around the mean."""
    return int(1000 * random.lognormvariate(log(settings.handle) - _SPREAD**2 / 2, _SPREAD))


def reacting(settings: Settings, random: Random) -> int:
    """Milliseconds that a person takes to answer: log-normal around the median."""
    return int(1000 * settings.reaction * exp(random.gauss(0, _REACTION_SPREAD)))
