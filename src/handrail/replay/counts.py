"""Exact counts in little memory: a median over whole numbers, a 2 x 2 table, a bounded list."""

from collections import Counter
from dataclasses import dataclass, field
from math import sqrt

LISTED = 50
"""How many conversations a list of examples holds; its count goes on."""

_Z = 1.959964  # two-sided 95 %


@dataclass(slots=True)
class Histogram:
    """Whole numbers by how often they came: exact, and as large as there are different ones."""

    counts: Counter[int] = field(default_factory=Counter)

    def add(self, value: int) -> None:
        """Count a number."""
        self.counts[value] += 1

    @property
    def total(self) -> int:
        """How many numbers were counted."""
        return self.counts.total()

    def median(self) -> int | None:
        """The lower median, or None without numbers."""
        rank = (self.total + 1) // 2
        for value in sorted(self.counts):
            rank -= self.counts[value]
            if rank <= 0:
                return value
        return None

    def between(self, low: float, high: float) -> int:
        """How many numbers lie from `low` to `high`, both included."""
        return sum(count for value, count in self.counts.items() if low <= value <= high)


@dataclass(slots=True)
class Agreement:
    """Yes or no, said against true: by conversation."""

    true_yes: int = 0
    false_yes: int = 0
    false_no: int = 0
    true_no: int = 0

    def add(self, *, said: bool, true: bool) -> None:
        """Count one conversation."""
        if said:
            self.true_yes += true
            self.false_yes += not true
        else:
            self.false_no += true
            self.true_no += not true

    @property
    def total(self) -> int:
        """How many conversations have a truth."""
        return self.true_yes + self.false_yes + self.false_no + self.true_no

    @property
    def precision(self) -> tuple[int, int]:
        """Right of those that were said."""
        return self.true_yes, self.true_yes + self.false_yes

    @property
    def recall(self) -> tuple[int, int]:
        """Said of those that are true."""
        return self.true_yes, self.true_yes + self.false_no


@dataclass(slots=True)
class Examples:
    """The first `LISTED` of something, and how many there were."""

    count: int = 0
    first: list[dict[str, object]] = field(default_factory=list)

    def add(self, **said: object) -> None:
        """Count one, and keep it while there is room."""
        self.count += 1
        if len(self.first) < LISTED:
            self.first.append(said)


def wilson(part: int, whole: int) -> tuple[float, float]:
    """The Wilson 95 % interval of a share; 0 to 1 when there is nothing to go by."""
    if not whole:
        return 0.0, 1.0
    share = part / whole
    scale = 1 + _Z**2 / whole
    middle = (share + _Z**2 / (2 * whole)) / scale
    half = _Z * sqrt(share * (1 - share) / whole + _Z**2 / (4 * whole**2)) / scale
    return max(0.0, middle - half), min(1.0, middle + half)
