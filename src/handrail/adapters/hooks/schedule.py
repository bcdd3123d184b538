"""When what has failed is tried again."""

import random

_SECOND, _MINUTE, _HOUR, _DAY = 1_000, 60_000, 3_600_000, 86_400_000
SCHEDULE = (
    *(5 * _SECOND, 5 * _MINUTE, 30 * _MINUTE, 2 * _HOUR, 5 * _HOUR),
    *(10 * _HOUR, 14 * _HOUR, 20 * _HOUR, 24 * _HOUR),
)
"""Milliseconds from one try to the next, a little more or less: ten tries in three days."""
_JITTER = 0.1


def rest(attempts: int, wait: int = 0) -> int:
    """How long to rest after so many tries, in milliseconds: a little more or less than the
    schedule, so that not all come at once; longer when the receiver wants it, up to a day.
    """
    usual = SCHEDULE[min(attempts, len(SCHEDULE)) - 1]
    usual = int(usual * random.uniform(1 - _JITTER, 1 + _JITTER))  # noqa: S311  # no secret
    return max(usual, min(wait, _DAY))
