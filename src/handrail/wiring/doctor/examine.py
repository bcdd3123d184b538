"""The store of a service, looked at on its own machine, while it runs or not."""

from collections.abc import Callable, Iterator
from pathlib import Path

from handrail.adapters.sql.store import SqlStore, wall_clock
from handrail.config import Settings
from handrail.wiring import DEFAULT
from handrail.wiring.doctor import place, trust, work
from handrail.wiring.doctor.line import Level, Line, ok, tried
from handrail.wiring.spaces import workspaces

KEYS = "signing-keys.json"
"""What `handrail.wiring.service` names the keys of a data folder."""
_FIRST = frozenset({"store", "tables", "writing"})


def examine(
    settings: Settings, url: str = "", clock: Callable[[], int] = wall_clock
) -> Iterator[Line]:
    """Look at the store at `url`, or at that of the settings; at all its workspaces."""
    found: list[Line] = []
    for line in tried("store", lambda: _open(settings, url or settings.url)):
        found.append(line)
        yield line
    if any(one.level is Level.WRONG and one.name in _FIRST for one in found):
        return  # the rest would wait, or change it
    store = SqlStore(place.address(url or settings.url), clock=clock)
    try:
        file = place.file_of(store.url)
        yield from tried("store", lambda: [place.quick(store)])
        if file is None:
            yield from tried("writing", lambda: [place.writable(store)])
        yield from tried("clock", lambda: [place.clock(store)])
        for name in sorted({DEFAULT, *workspaces(store)}):
            for line in _workspace(store.within(name), settings, file):
                mark = "" if name == DEFAULT else f" of {name}"
                yield line._replace(name=line.name + mark)
    finally:
        store.close()


def _open(settings: Settings, url: str) -> Iterator[Line]:
    """What can be said before the store is opened: one of an old version would be changed by it."""
    known = place.address(url)
    file = place.file_of(known)
    version = place.version(known)
    yield place.tables(version)
    if file is not None:
        yield from place.disk(file)
        yield place.lockable(file)
    else:
        kind = "given" if settings.url != url else "of the settings"
        yield ok("database", f"PostgreSQL, {kind}, answers")


def _workspace(store: SqlStore, settings: Settings, file: Path | None) -> Iterator[Line]:
    now = store.clock()
    who: list[trust.Known] = []

    def keys() -> Iterator[Line]:
        who.append(trust.known(store, now))
        yield from trust.keys(who[0], now)

    yield from tried("keys", keys)
    signers = settings.signing_keys or (file.parent / KEYS if file else None)
    every = settings.checkpoint_every
    yield from tried("signing", lambda: trust.signing(store, signers, every))
    force: list[work.Force] = []

    def pack() -> Iterator[Line]:
        found = work.force(store)
        force.extend([found] if found else [])
        yield from work.pack(found)

    yield from tried("pack", pack)
    if force:
        yield from tried("roster", lambda: work.roster(force[0], now))
    if who:
        yield from tried("people", lambda: work.holders(store, who[0]))
    yield from tried("deadlines", lambda: work.waiting(store))
    yield from tried("changes", lambda: [place.changes(store)])
