"""How long a customer is likely to wait for a human, before anything is promised.

**From the live queue.** While all c places are busy and the handling time is exponential with
mean h, places become free at the rate c/h, whatever has been going on before. Who comes behind w
others needs w + 1 of them: the wait has the mean (w + 1) h / c. Free places serve as many of those
who wait at once. This is exact for M/M/c, first come first served, and needs no arrival rate.

**Without one.** With arrivals at the rate r and the load a = r h < c, the share who must wait is
Erlang's C = B / (1 - (a/c)(1 - B)), and the mean wait of everybody is C h / (c - a). B, Erlang's
loss formula, comes by the recursion B(0) = 1, B(k) = a B(k-1) / (k + a B(k-1)).
Source: A. K. Erlang, "Solution of some problems in the theory of probabilities of significance in
automatic telephone exchanges" (1917); the forms used here: R. B. Cooper, "Introduction to Queueing
Theory", 2nd ed. (1981), ch. 3. Nobody hangs up in this model (Erlang A would let them), so it
rather says too long than too short.
"""

from collections.abc import Mapping
from math import ceil
from typing import NamedTuple

from handrail.core.calendar import Calendar
from handrail.core.model import FULL, Forecast, value
from handrail.core.routing.roster import Away, Roster, away, stand_in

_HOUR = 3600


@value
class Estimate:
    """The expected wait in seconds (None = nobody can say, or it has no end), and whence."""

    wait: int | None
    source: str

    @property
    def forecast(self) -> Forecast:
        """As a decision reads it."""
        return Forecast(wait=self.wait)


class Staffing(NamedTuple):
    """Places for cases of the people at work, and how many of them are taken."""

    places: int
    busy: int


def staffing(
    roster: Roster,
    calendars: Mapping[str, Calendar],
    queue: str,
    at: int,
    held: Mapping[str, int],
) -> Staffing:
    """The live staffing of a queue: of who is at work there, as for a nomination, those who stand
    in for others among them; the busy have only the places they use.
    """
    places = taken = 0
    standing = [stand_in(roster, member, at) for member in roster.members(queue)]
    for person in {one.id: one for one in standing if one is not None}.values():
        what = away(person, queue, calendars, at)
        if what not in {None, Away.BUSY}:
            continue
        own = held.get(person.id, 0)
        places += person.capacity if what is None else min(own, person.capacity)
        taken += min(own, person.capacity)
    return Staffing(places, taken)


def wait(
    *,
    handle_seconds: int,
    staffed: int,
    waiting: int = 0,
    busy: int | None = None,
    arrivals: int = 0,
    opens_in: int = 0,
    answers_in: int = 0,
) -> Estimate:
    """The expected wait of who comes now, behind `waiting` others, rounded up to a second.

    `waiting` are those whom nobody is asked to take: who is asked counts as busy. `answers_in`
    seconds may pass until the person who is asked has answered, and are added.

    `staffed` places for cases, `busy` of them taken; None: not known, and then `arrivals` (per
    hour, in thousandths) say it. `opens_in` seconds pass before anybody is there.
    """
    if staffed <= 0:
        return Estimate(wait=None, source="no staff")
    opens_in += answers_in
    if busy is None:
        mean = _erlang_c(arrivals * handle_seconds / (FULL * _HOUR), staffed)
        if mean is None:
            return Estimate(wait=None, source="erlang_c: more comes than can be handled")
        return Estimate(wait=opens_in + _up(mean * handle_seconds), source="erlang_c")
    behind = waiting + 1 - max(0, staffed - busy)
    live = -(-behind * handle_seconds // staffed) if behind > 0 else 0
    return Estimate(wait=opens_in + live, source="queue position")


def _erlang_c(load: float, places: int) -> float | None:
    """The mean wait in handling times; None when the queue would grow for ever."""
    if load >= places:
        return None
    loss = 1.0
    for place in range(1, places + 1):
        loss = load * loss / (place + load * loss)
    delayed = loss / (1 - load / places * (1 - loss))
    return delayed / (places - load)


def _up(seconds: float) -> int:
    """Whole seconds, upward; what is less than a thousandth above is noise of the arithmetic."""
    return ceil(seconds - 1 / FULL)
