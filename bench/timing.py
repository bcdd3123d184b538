"""How things are timed here: CPU time of this process, in interleaved rounds, as ratios.

The machine may be shared. CPU time leaves out what other processes take, and a ratio is made
within one round, so that a slow moment slows both sides; the table has the median of the rounds.
"""

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from statistics import median
from time import perf_counter_ns, process_time_ns
from typing import Any, NamedTuple

Call = Callable[..., Any]
ROUNDS = 15


class Side(NamedTuple):
    """Something to time: a function, and the arguments of each of its calls."""

    call: Call
    arguments: Sequence[tuple[Any, ...]]


@contextmanager
def quiet() -> Iterator[None]:
    """No garbage collection meanwhile: it would come in one side's time or the other's."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def spent(side: Side) -> float:
    """Microseconds of CPU for each call."""
    call, start = side.call, process_time_ns()
    for arguments in side.arguments:
        call(*arguments)
    return (process_time_ns() - start) / 1000 / len(side.arguments)


def against(base: Side, sides: dict[str, Side], rounds: int = ROUNDS) -> dict[str, float]:
    """What each side costs in units of `base`, which is timed just before and after it."""
    ratios: dict[str, list[float]] = {name: [] for name in sides}
    with quiet():
        for _ in range(rounds):
            for name, side in sides.items():
                before = spent(base)
                own = spent(side)
                ratios[name].append(2 * own / (before + spent(base)))
    return {name: median(found) for name, found in ratios.items()}


def costs(*sides: Side, rounds: int = ROUNDS) -> list[float]:
    """Microseconds of CPU for each call, of each side its least disturbed round."""
    best = [float("inf")] * len(sides)
    with quiet():
        for _ in range(rounds):
            best = [min(least, spent(side)) for least, side in zip(best, sides, strict=True)]
    return best


def spread(side: Side, passes: int = 25) -> tuple[float, float]:
    """p50 and p99 over the different calls, in microseconds; of each call its best pass.

    By the wall clock, which alone is fine enough for one call. What another process adds to a
    call, it does not add in every pass; what the call itself costs, it costs in each.
    """
    best = [1 << 62] * len(side.arguments)
    with quiet():
        for _ in range(passes):
            for place, arguments in enumerate(side.arguments):
                best[place] = min(best[place], _single(side.call, arguments))
    best.sort()
    return best[len(best) // 2] / 1000, best[len(best) * 99 // 100] / 1000


def _single(call: Call, arguments: tuple[Any, ...]) -> int:
    start = perf_counter_ns()
    call(*arguments)
    return perf_counter_ns() - start
