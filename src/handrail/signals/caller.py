"""Numbers from outside: checked, never trusted, never a reason to fail."""

from collections.abc import Sequence
from math import exp, floor, isfinite

from handrail.core.model import FULL

LATEST = 253_402_300_799_999
"""The end of the year 9999, in milliseconds: a later time is no time."""


def milli(share: object) -> int | None:
    """A share 0..1 in thousandths, rounded half up; None when it is no such share."""
    if not isinstance(share, int | float) or not 0 <= share <= 1:  # NaN is in no range
        return None
    return floor(share * FULL + 0.5)


def likelihood(logprobs: Sequence[float]) -> int | None:
    """Confidence in thousandths from the logprobs of a message's tokens; None if they are none.

    The geometric mean of the tokens' probabilities.
    """
    try:
        mean = sum(logprobs) / len(logprobs)
    except (TypeError, OverflowError, ZeroDivisionError):
        return None
    # A little above zero is how some engines round a certain token.
    return milli(min(1.0, exp(mean))) if isfinite(mean) and mean <= 1e-3 else None


def instant(at: int) -> int | None:
    """A time in milliseconds since the epoch; None when it cannot be one."""
    return at if 0 <= at <= LATEST else None
