"""A call back instead of a wait: when, by whom, and until when it must have happened."""

from handrail.core.calendar import Calendar, after, next_open
from handrail.core.model import value
from handrail.core.routing.route import Route

_SECOND = 1000


@value
class Callback:
    """A promise: between `at` and `due` (milliseconds); `owner` is accountable for it."""

    queue: str
    owner: str
    at: int
    due: int


def callback(
    route: Route, calendar: Calendar | None, at: int, *, wait: int, within: int
) -> Callback | None:
    """The first call that can be promised: when the queue has been open for `wait` seconds from
    now, and within `within` open seconds of that. None: it never opens, so write a ticket.
    """
    if calendar is None:
        return None
    ready = after(calendar, at, max(0, wait) * _SECOND)
    start = None if ready is None else next_open(calendar, ready)
    due = None if start is None else after(calendar, start, within * _SECOND)
    if start is None or due is None:
        return None
    return Callback(queue=route.queue, owner=route.steward, at=start, due=due)
