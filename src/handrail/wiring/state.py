"""Whether a service can do its work now: what readiness, `handrail doctor` and the metrics ask."""

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple, cast

from handrail.adapters.sql import migrate
from handrail.adapters.sql.unit import SqlUnit
from handrail.errors import HandrailError
from handrail.wiring.spaces import clock_skew

if TYPE_CHECKING:
    from handrail.wiring.service import Service

SKEW, LAG, SLOW = 5_000, 60_000, 1_000
"""Milliseconds: more of them, and somebody should look at it."""
_VERSION = "select version_num from handrail_version where ? <> ''"


class Check(NamedTuple):
    """One thing that was looked at. `ok` False: the service cannot do its work. `note`: what is
    wrong, or should be looked at although the work goes on; empty when all is well.
    """

    name: str
    ok: bool
    note: str = ""


def look(service: "Service") -> Iterator[Check]:
    """All that there is to look at, the store first: without it nothing else is."""
    begun = time.monotonic()
    store = _tried("store", lambda: _store(service))
    took = int((time.monotonic() - begun) * 1000)
    yield store
    if not store.ok:
        return
    yield Check("answer", ok=True, note=f"the store took {took} ms" if took > SLOW else "")
    yield _tried("migrations", lambda: _migrations(service))
    yield _tried("clock", lambda: _clock(service))
    yield _tried("alarms", lambda: _alarms(service))
    yield _tried("changes", lambda: _changes(service))


def _tried(name: str, work: Callable[[], Check]) -> Check:
    try:
        return work()
    except HandrailError as problem:
        return Check(name, ok=False, note=str(problem))
    except Exception as problem:  # noqa: BLE001  # whatever it is, it is what is wrong
        return Check(name, ok=False, note=type(problem).__name__)


def _store(service: "Service") -> Check:
    with service.store.view() as unit:
        unit.stopped("")
    return Check("store", ok=True)


def _migrations(service: "Service") -> Check:
    """Tables of a newer version are no reason to stop: an upgrade is under way."""
    with service.store.view() as made:
        found = str(cast("SqlUnit", made).ask(_VERSION)[0][0])
    if found < migrate.LATEST:
        note = f"the tables are `{found}`, this program needs `{migrate.LATEST}`"
        return Check("migrations", ok=False, note=note)
    newer = "" if found == migrate.LATEST else f"the tables are of a newer version, `{found}`"
    return Check("migrations", ok=True, note=newer)


def _clock(service: "Service") -> Check:
    skew = clock_skew(service.store)
    side = "ahead of" if skew > 0 else "behind"
    note = f"our clock is {abs(skew)} ms {side} the database's" if abs(skew) > SKEW else ""
    return Check("clock", ok=abs(skew) <= SKEW * 12, note=note)


def _alarms(service: "Service") -> Check:
    asleep = {one.workspace: one.asleep for one in service.desks() if one.asleep}
    if not asleep:
        return Check("alarms", ok=True)
    longest = max(asleep.values())
    note = f"deadlines and deliveries were not looked at for {longest:.0f} s"
    return Check("alarms", ok=False, note=note)


def _changes(service: "Service") -> Check:
    """A transaction of anybody in the database holds back what came after it: no reason to stop,
    as every other process has the same.
    """
    lag = max((one.feed.lag() for one in service.desks()), default=0)
    note = f"the oldest change that cannot be shown yet is {lag // 1000} s old" if lag > LAG else ""
    return Check("changes", ok=True, note=note)
