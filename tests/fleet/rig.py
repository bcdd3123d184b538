"""A fleet under load: servers on one PostgreSQL behind a proxy, clients that go on all the same.

`kills` ends a server without a word every few seconds; `rolls` replaces them one by one by those of
another version. Then everything is checked.
"""

import contextlib
import shutil
import statistics
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

import postgres
from fleet import house, verdict
from fleet.caller import Caller, Journal
from fleet.clients import Agent, Channel, Client, Person, Watcher
from fleet.proxy import proxy
from fleet.servers import Server, Setting, complaints
from handrail.adapters.sql import SqlStore

CALM = 4.0  # seconds between the last kill and the end
DOWN = 1.0  # seconds that a killed server stays away, as a supervisor has it


@dataclass(slots=True)
class Figures:
    """What a run came to. `wrong` is empty, or it has failed."""

    proxy: str = ""
    servers: int = 0
    clients: int = 0
    seconds: float = 0.0
    kills: int = 0
    calls: int = 0
    turns: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    retried: dict[str, int] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    cases: int = 0
    entries: int = 0
    handoffs: int = 0
    delivered: int = 0
    withheld: int = 0
    stream_breaks: int = 0
    silence_ms: dict[str, int] = field(default_factory=dict)
    call_ms: dict[str, int] = field(default_factory=dict)
    complaints: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Fleet:
    """What runs."""

    setting: Setting
    servers: list[Server]
    journal: Journal
    clients: list[Client]
    watcher: Watcher
    channel: Channel
    ending: threading.Event
    store: SqlStore | None = None
    watched: int = 0  # until when, by the wall

    def opened(self) -> SqlStore:
        """The store, opened when it is first asked for: by then its tables are as they will be."""
        self.store = self.store or SqlStore(self.setting.url)
        return self.store


@contextlib.contextmanager
def _place(source: str) -> Iterator[Setting]:
    folder = Path(tempfile.mkdtemp(prefix="hr-fleet-"))
    url = postgres.fresh_database(postgres.server())
    try:
        yield replace(house.folder(folder, url), source=source)
    finally:
        postgres.drop_database(url)
        shutil.rmtree(folder)


@contextlib.contextmanager
def running(
    setting: Setting, url: str, servers: list[Server], agents: int, seed: object
) -> Iterator[Fleet]:
    """Clients that talk to `url`, until the end of the block; then until all is quiet."""
    keys = house.keys(setting, agents)
    for one in servers:
        one.start()
    for one in servers:
        one.ready()
    journal, ending = Journal(), threading.Event()

    def caller(name: str) -> Caller:
        return Caller(url, keys[name], name, journal)

    clients: list[Client] = [Agent(caller(f"agent{n}"), ending, seed) for n in range(agents)]
    clients += [Person(caller(name), ending, seed) for name in house.PEOPLE]
    channel = Channel(caller("channel"))
    watcher = Watcher(url, keys["watcher"], journal, channel.cases.put)
    fleet = Fleet(
        setting=setting,
        servers=servers,
        journal=journal,
        clients=clients,
        watcher=watcher,
        channel=channel,
        ending=ending,
    )
    try:
        watcher.start()
        _until(lambda: watcher.last, "the stream")
        for thread in (channel, *clients):
            thread.start()
        yield fleet
        _quiet(fleet)
    finally:
        ending.set()
        watcher.ending = channel.ending = True
        for one in servers:
            one.kill()


def _quiet(fleet: Fleet) -> None:
    """Let the clients end what they do, and what is to leave leave."""
    fleet.ending.set()
    for thread in fleet.clients:
        thread.join(90)
        if thread.is_alive():
            fleet.journal.wrong(f"{thread.name} did not end")
    store = fleet.opened()
    try:
        _until(lambda: _settled(store, fleet), "the last deliveries", 60)
        fleet.watched = store.clock()
        time.sleep(1)  # what is written now has that time, or an earlier one
        _until(lambda: _count(store, fleet.watched) <= len(fleet.watcher.seen), "the events", 30)
    except TimeoutError as problem:
        fleet.journal.wrong(str(problem))
    fleet.channel.ending = fleet.watcher.ending = True
    fleet.channel.join(30)


def _settled(store: SqlStore, fleet: Fleet) -> bool:
    """Whether nothing is to leave any more: what was withheld stays as it is, for nobody to say."""
    asked = (
        'select "case", key, status from effects where workspace = ? '
        "and status not in ('sent', 'cancelled', 'failed')"
    )
    with store.view() as unit:
        found = unit.ask(asked)  # type: ignore[attr-defined]
    withheld = fleet.channel.withheld.copy()  # the channel goes on
    left = [(case, status) for case, key, status in found if key not in withheld]
    if fleet.channel.cases.empty():
        for case in {case for case, status in left if status == "accepted"}:
            fleet.channel.cases.put(case)
    return not left


def _count(store: SqlStore, until: int) -> int:
    asked = "select count(*) from entries where workspace = ? and at <= ? and "
    with store.view() as unit:
        found = unit.ask(f"{asked} substr(\"case\", 1, 1) <> '@'", until)  # type: ignore[attr-defined]
        return int(found[0][0])


def _until(true: Callable[[], object], what: str, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {seconds:.0f} s")
        time.sleep(0.1)


def kills(
    *,
    seconds: float,
    every: float = 10.0,
    servers: int = 3,
    agents: int = 6,
    seed: object = 1,
    kind: str = "auto",
    source: str = "",
) -> Figures:
    """Kill one server every few seconds, under load; check what is left."""
    random = Random(f"{seed}")  # nothing secret
    times: list[float] = []

    def trouble(fleet: Fleet) -> None:
        time.sleep(min(every, 5))
        for _ in range(max(1, int(seconds / every))):
            up = [one for one in fleet.servers if one.is_ready()]
            one = random.choice(up or fleet.servers)
            times.append(time.monotonic())
            one.kill()
            time.sleep(DOWN)
            one.start()
            time.sleep(max(0.0, times[-1] + every - time.monotonic()))
        for one in fleet.servers:
            one.ready()
        time.sleep(CALM)

    return drive(
        trouble, times, servers=servers, agents=agents, seed=seed, kind=kind, source=source
    )


def drive(
    trouble: Callable[[Fleet], None],
    times: list[float],
    *,
    servers: int = 3,
    agents: int = 6,
    seed: object = 1,
    kind: str = "auto",
    source: str = "",
) -> Figures:
    """Run a fleet through some trouble, whose `times` are noted, and judge it."""
    begun = time.monotonic()
    with _place(source) as setting:
        made = [Server(number, setting) for number in range(servers)]
        ports = [one.port for one in made]
        with (
            proxy(setting.folder, ports, kind) as (name, url),
            running(setting, url, made, agents, seed) as fleet,
        ):
            trouble(fleet)
            end = time.monotonic()
        figures = _figures(fleet, times, end)
        figures.proxy, figures.servers = name, servers
    figures.seconds = round(time.monotonic() - begun, 1)
    return figures


def _figures(fleet: Fleet, times: Sequence[float], end: float) -> Figures:
    calls, store = list(fleet.journal.calls), fleet.opened()
    try:
        found = verdict.stored(store)
        silences, wrong = verdict.progressed(calls, times, end)
        wrong += fleet.journal.failed
        wrong += verdict.kept(calls, found)
        wrong += verdict.fenced(calls, fleet.channel.delivered, found)
        wrong += verdict.whole(found, store)
        wrong += verdict.watched(fleet.watcher.seen, found, fleet.watched)
        wrong += verdict.verified(fleet.servers[0].setting)
    finally:
        store.close()
    said = [one for one in calls if one.path.endswith(("/turns", "/messages"))]
    return Figures(
        clients=len(fleet.clients) + 2,
        kills=len(times),
        calls=len(calls),
        turns=sum(one.status == 200 for one in said),
        refused=dict(Counter(one.code for one in calls if one.status != 200).most_common()),
        retried=dict(fleet.journal.retried),
        statuses=dict(Counter(one.case.ownership.status.value for one in found.seen.values())),
        cases=len(found.seen),
        entries=len(found.entries),
        handoffs=sum(one.case.ownership.handoff for one in found.seen.values()),
        delivered=len(fleet.channel.delivered),
        withheld=len(fleet.channel.withheld),
        stream_breaks=fleet.watcher.breaks,
        silence_ms=_middle([one * 1000 for one in silences]),
        call_ms=_middle([(one.answered - one.begun) * 1000 for one in calls]),
        complaints=dict(list(complaints(fleet.servers).items())[:10]),
        wrong=wrong,
    )


def _middle(times: list[float]) -> dict[str, Any]:
    if not times:
        return {}
    times.sort()
    return {
        "p50": round(statistics.median(times)),
        "p99": round(times[int(len(times) * 0.99)]),
        "max": round(times[-1]),
    }
