"""PostgreSQL under eight client processes: open, accept and transfer against raw inserts.

Every client does the same number of each, one after the other; a rate is all that were done by the
time from the first to the last. Raw inserts, by the same clients and the same driver, are timed
before and after.
"""

import multiprocessing
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from handrail import packs
from handrail.adapters.sql import SqlStore
from handrail.core.model import Role, Turn
from handrail.core.ownership import Accept, Actor, Party, Takeover
from handrail.engine import Engine, Reply, deploy
from handrail.packs import roster

if TYPE_CHECKING:
    from bench.rows import Row

CLIENTS, CALLS, WARM = 8, 100, 10
ASK = Turn(role=Role.CUSTOMER, text="I want to talk to a human, please.")
BARS = {"open": 0.25, "accept": 0.4, "transfer": 0.25}
PHASES = ("raw", *BARS, "raw again")
Span = tuple[str, float, float]


def shared() -> list["Row"]:
    """Rates of the engine as shares of the rate of raw inserts."""
    from bench.rows import Row

    names = {one: f"PostgreSQL, {CLIENTS} clients: {one}, against raw inserts" for one in BARS}
    try:
        server = _server()
    except Exception as problem:  # noqa: BLE001  # whatever is missing here is the remark
        why = str(problem).splitlines()[0][:100]
        return [Row(name=names[one], bar=bar, least=True, note=why) for one, bar in BARS.items()]
    try:
        rates = _rates(server.url)
    finally:
        server.leave()
    raw = (rates["raw"] + rates["raw again"]) / 2
    return [
        Row(
            name=names[one],
            value=rates[one] / raw,
            bar=bar,
            least=True,
            note=f"{rates[one]:,.0f} /s against {raw:,.0f} /s",
        )
        for one, bar in BARS.items()
    ]


def _server() -> Any:
    """A server of our own, as the tests start theirs."""
    folder = str(Path(__file__).parents[1] / "tests")
    if folder not in sys.path:
        sys.path.append(folder)
    return import_module("postgres").own()


def _rates(url: str) -> dict[str, float]:
    """Operations a second of each phase, of all clients together."""
    store = SqlStore(url)  # makes the tables
    connection = store._engine.raw_connection()  # noqa: SLF001  # the same driver and settings
    connection.cursor().execute("create table raw (id text primary key, body text not null)")
    connection.close()
    store.close()
    spawn = multiprocessing.get_context("spawn")
    start, found = spawn.Barrier(CLIENTS), spawn.SimpleQueue()
    clients = [
        spawn.Process(target=_client, args=(url, number, start, found)) for number in range(CLIENTS)
    ]
    for client in clients:
        client.start()
    told = [found.get() for _ in clients]
    for client in clients:
        client.join()
    if failed := [one for one in told if isinstance(one, str)]:
        raise RuntimeError(failed[0])
    spans: list[Span] = [one for spans in told for one in spans]
    rates = {}
    for phase in PHASES:
        begun, ended = zip(*((one[1], one[2]) for one in spans if one[0] == phase), strict=True)
        rates[phase] = CLIENTS * CALLS / (max(ended) - min(begun))
    return rates


def _client(url: str, number: int, start: Any, found: Any) -> None:
    """One process: every phase begins when all have come so far; a failure ends it for all."""
    try:
        pack = packs.load("support-chat")
        store = SqlStore(url)
        work = _work(store, Engine(store, deploy(pack, roster.load("support-chat", pack))), number)
        found.put([_span(phase, work[phase], start) for phase in PHASES])
        store.close()
    except BaseException as problem:
        start.abort()
        found.put(repr(problem))
        raise


def _span(phase: str, call: Callable[[int], object], start: Any) -> Span:
    first = CALLS * 2 if phase == "raw again" else 0
    for numbers in (range(first, first + WARM), range(first + WARM, first + WARM + CALLS)):
        start.wait(timeout=100)
        begun = time.monotonic()
        for count in numbers:
            call(count)
    return phase, begun, time.monotonic()


def _work(store: SqlStore, engine: Engine, client: int) -> dict[str, Callable[[int], object]]:
    """What a client does in each phase, for its n-th case."""
    cursor = store._engine.raw_connection().cursor()  # noqa: SLF001
    people: dict[int, str] = {}
    body = "x" * 800

    def raw(number: int) -> None:
        cursor.execute("begin")
        cursor.execute("insert into raw (id, body) values (%s, %s)", (f"{client}.{number}", body))
        cursor.execute("commit")

    def opened(number: int) -> None:
        _check(engine.turn(f"{client}.{number}", ASK, id="open"), opened=True)

    def accepted(number: int) -> None:
        if not people:  # while it warms up
            with store.view() as unit:
                for one in range(WARM + CALLS):
                    case = unit.case(f"{client}.{one}")
                    people[one] = case.ownership.human if case else ""
        who = Actor(kind=Party.HUMAN, id=people[number] or f"ana{client}")
        _check(engine.act(f"{client}.{number}", Accept(at=0, by=who), id="accept"))

    def transferred(number: int) -> None:
        who = Actor(kind=Party.HUMAN, id=f"bea{client}", supervisor=True)
        _check(engine.act(f"{client}.{number}", Takeover(at=0, by=who), id="transfer"))

    found = (raw, opened, accepted, transferred, raw)
    return dict(zip(PHASES, found, strict=True))


def _check(reply: Reply, *, opened: bool = False) -> None:
    if reply.refused is not None or reply.opened is not opened:
        raise RuntimeError(f"case `{reply.case}`: {reply.why or 'no handoff was opened'}")
