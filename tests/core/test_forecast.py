"""The expected wait, held against scipy's Poisson distribution and against a simulated queue."""

import heapq
import random
from collections import deque
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail.core.model import Forecast
from handrail.core.routing import Absence, Availability, Estimate, Staffing, staffing, wait
from rosters import NEVER, NOON, OFFICE, OPEN, at, person, roster


def erlang(arrivals: int, handle: int, staffed: int) -> Estimate:
    return wait(arrivals=arrivals, handle_seconds=handle, staffed=staffed)


@pytest.mark.parametrize("staffed", [1, 2, 3, 7, 20, 100, 400])
@pytest.mark.parametrize("used", [1, 30, 70, 90, 99])
def test_the_wait_is_that_of_a_library(staffed: int, used: int) -> None:
    """Erlang's loss formula is a Poisson probability over a cumulative one: scipy has both."""
    poisson = pytest.importorskip("scipy.stats").poisson
    handle = 600
    arrivals = used * staffed * 3_600_000 // (100 * handle)
    load = arrivals * handle / 3_600_000
    loss = poisson.pmf(staffed, load) / poisson.cdf(staffed, load)
    delayed = loss / (1 - load / staffed * (1 - loss))
    expected = delayed * handle / (staffed - load)
    found = erlang(arrivals, handle, staffed)
    assert found.source == "erlang_c"
    assert found.wait is not None
    assert expected - 0.01 <= found.wait <= expected + 1


def test_one_place_waits_as_the_textbook_says() -> None:
    """M/M/1: the mean wait is load / (1 - load) handling times."""
    assert erlang(3_000, 600, 1) == Estimate(wait=600, source="erlang_c")
    assert erlang(0, 600, 1).wait == 0
    assert erlang(1_500, 600, 1).wait == 200
    assert erlang(1, 600, 1).wait == 1  # a wait that is not nothing is not called nothing


def simulated(rate: float, handle: float, places: int, seed: int) -> tuple[float, list[int]]:
    """The mean wait of many arrivals, and of those who found some waiting, by how many."""
    chance = random.Random(seed)
    free_at = [0.0] * places
    clock, total = 0.0, 0.0
    begun: deque[float] = deque()  # when those who still wait will be served
    sums: dict[int, list[float]] = {}
    count = 150_000
    for _ in range(count):
        clock += chance.expovariate(rate)
        while begun and begun[0] <= clock:
            begun.popleft()
        start = max(clock, free_at[0])
        heapq.heapreplace(free_at, start + chance.expovariate(1 / handle))
        total += start - clock
        if start > clock:
            sums.setdefault(len(begun), []).append(start - clock)
            begun.append(start)
    means = [round(sum(own) / len(own)) for _, own in sorted(sums.items())[:4]]
    return total / count, means


def test_the_wait_is_that_of_a_simulated_queue() -> None:
    mean, by_position = simulated(rate=24 / 3600, handle=600, places=5, seed=11)
    found = erlang(24_000, 600, 5).wait
    assert found is not None
    assert abs(found - mean) / mean < 0.08
    for ahead, measured in enumerate(by_position):
        live = wait(handle_seconds=600, staffed=5, waiting=ahead, busy=5)
        assert live.source == "queue position"
        assert live.wait is not None
        assert abs(live.wait - measured) / measured < 0.08


@pytest.mark.parametrize(
    ("staffed", "busy", "waiting", "expected"),
    [
        (4, 4, 0, 150),
        (4, 4, 3, 600),
        (4, 3, 0, 0),
        (4, 3, 1, 150),
        (4, 0, 3, 0),
        (4, 0, 4, 150),
        (4, 9, 0, 150),
        (7, 7, 0, 86),  # 85.7 seconds: rounded up
    ],
)
def test_a_place_in_the_queue_waits_for_as_many_to_become_free(
    staffed: int, busy: int, waiting: int, expected: int
) -> None:
    found = wait(handle_seconds=600, staffed=staffed, busy=busy, waiting=waiting)
    assert found == Estimate(wait=expected, source="queue position")


def test_time_until_the_queue_opens_is_part_of_the_wait() -> None:
    assert wait(handle_seconds=60, staffed=1, busy=1, opens_in=100).wait == 160
    assert wait(handle_seconds=60, staffed=1, busy=0, opens_in=100).wait == 100
    assert wait(arrivals=0, handle_seconds=60, staffed=1, opens_in=100).wait == 100


def test_what_has_no_end_is_not_promised() -> None:
    told = "erlang_c: more comes than can be handled"
    assert erlang(6_000, 600, 1) == Estimate(wait=None, source=told)
    assert erlang(9_000, 600, 1) == Estimate(wait=None, source=told)
    assert erlang(5_999, 600, 1).source == "erlang_c"
    for nobody in (0, -1):
        found = wait(handle_seconds=600, staffed=nobody, waiting=3, busy=0)
        assert found == Estimate(wait=None, source="no staff")
        assert found.forecast == Forecast(wait=None)
    assert wait(handle_seconds=600, staffed=1, busy=1).forecast == Forecast(wait=600)


@given(st.integers(0, 200_000), st.integers(0, 3600), st.integers(1, 60))
def test_more_people_never_wait_longer_and_more_work_never_shorter(
    arrivals: int, handle: int, staffed: int
) -> None:
    waits = [erlang(arrivals, handle, staffed + more).wait for more in range(4)]
    assert all(b is not None and (a is None or b <= a) for a, b in pairwise(waits) if b is not None)
    assert None not in waits[waits.index(next((w for w in waits if w is not None), None)) :] or (
        waits == [None] * 4
    )
    busier = erlang(arrivals + 500, handle, staffed).wait
    assert busier is None or (waits[0] is not None and busier >= waits[0])


def test_the_live_staffing_counts_the_places_of_who_is_at_work() -> None:
    there = roster(
        person("gone", capacity=9, availability=Availability.OFFLINE),
        person("ana", capacity=3),
        person("bob", capacity=2),
        person("busy", capacity=5, availability=Availability.BUSY),
        person("off", capacity=9, availability=Availability.OFFLINE),
        person("home", capacity=9, shifts=NEVER),
        person("other", capacity=9, queues=("night",)),
    )
    held = {"ana": 1, "bob": 4, "busy": 2, "off": 1}
    assert staffing(there, {"desk": OPEN}, "desk", NOON, held) == Staffing(places=7, busy=5)
    assert staffing(there, {"desk": OPEN}, "desk", NOON, {}) == Staffing(places=5, busy=0)
    night = {"desk": OFFICE}
    assert staffing(there, night, "desk", at(0, 18), held) == Staffing(places=0, busy=0)
    assert staffing(there, {}, "desk", NOON, held) == Staffing(places=0, busy=0)


def test_who_stands_in_for_an_absent_member_is_staff_once() -> None:
    away = (Absence(start=NOON, end=NOON + 1, delegate="sub"),)
    there = roster(
        person("ana", capacity=3, absences=away),
        person("bob", capacity=3, absences=away),
        person("sub", capacity=2, queues=()),
    )
    assert staffing(there, {"desk": OPEN}, "desk", NOON, {"sub": 1}) == Staffing(2, 1)
