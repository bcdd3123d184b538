"""The laws of the design that can be seen from outside, each as a function of one sight.

They read the ledger, the lines, the deadlines and the effects, and derive what must hold by
themselves: nothing here asks the rules that it checks.
"""

from collections.abc import Callable, Iterator, Mapping

from handrail.testing.laws.owning import (
    law_8,
    law_11,
    law_12,
    law_13,
    law_14,
    law_15,
    no_circle,
    no_limbo,
)
from handrail.testing.laws.saying import law_7, law_9, law_10, law_18, law_19, law_23
from handrail.testing.laws.sight import Call, Issued, Move, Sight, Track, moves_of
from handrail.testing.laws.timing import law_16, law_17, law_20

Law = Callable[[Sight], Iterator[str]]

LAWS: Mapping[str, Law] = {
    "7": law_7,
    "8": law_8,
    "9": law_9,
    "10": law_10,
    "11": law_11,
    "12": law_12,
    "13": law_13,
    "14": law_14,
    "15": law_15,
    "16": law_16,
    "17": law_17,
    "18": law_18,
    "19": law_19,
    "20": law_20,
    "23": law_23,
    "no circle": no_circle,
    "no limbo": no_limbo,
}
"""Each law by its number."""

__all__ = ["LAWS", "Call", "Issued", "Law", "Move", "Sight", "Track", "moves_of"]
