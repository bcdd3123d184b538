"""What it costs that a turn is durable, on SQLite: against one raw insert by the same driver, and
against the most used way to pause an agent, LangGraph with its SQLite checkpointer.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from time import perf_counter_ns, process_time_ns
from typing import TYPE_CHECKING, Any

from bench.timing import quiet

from handrail import packs
from handrail.adapters.sql import SqlStore
from handrail.core.model import Role, Turn
from handrail.core.ownership import Accept, Actor, Party, Status
from handrail.engine import Engine, deploy
from handrail.packs import roster

if TYPE_CHECKING:
    from bench.rows import Row

ROUNDS, CALLS, WARM = 7, 200, 20
ASKS = (
    "And when will order {0} arrive? It is {1} days late by now.",
    "Thanks, that works for order {0}. Is there a number for parcel {1} as well?",
)
SAYS = "I have looked at order {0}: it left the depot on day {1} and is on its way to you."
Clock = Callable[[], int]


def said(number: int) -> Turn:
    """A calm turn, after which the AI goes on; no two are alike."""
    if number % 2:
        return Turn(role=Role.AGENT, text=SAYS.format(4000 + number, number % 9), confidence=0.9)
    text = ASKS[number // 2 % 2].format(4000 + number, number % 9)
    return Turn(role=Role.CUSTOMER, text=text)


def taken(engine: Engine, case: str, number: int) -> None:
    """A turn of the case, decided. RuntimeError when it was not: then nothing is measured."""
    reply = engine.turn(case, said(number), id=str(number))
    if reply.decision is None or reply.paused:
        raise RuntimeError(f"turn {number} of case `{case}` was not taken by the AI")


@contextmanager
def opened(*, durable: bool) -> Iterator[tuple[SqlStore, Engine]]:
    """A store in a file of its own, and an engine on it."""
    pack = packs.load("support-chat")
    on = deploy(pack, roster.load("support-chat", pack))
    with tempfile.TemporaryDirectory() as folder:
        store = SqlStore(f"sqlite:///{Path(folder) / 'bench.db'}", durable=durable)
        yield store, Engine(store, on)
        store.close()


def timed(call: Callable[[int], Any], numbers: range, clock: Clock) -> float:
    """Microseconds for each call."""
    start = clock()
    for number in numbers:
        call(number)
    return (clock() - start) / 1000 / len(numbers)


def durable() -> list["Row"]:
    """A turn (decided; its row, the case, its entry and its answer in one transaction) against
    one raw insert of a row of that size, each in a transaction of its own.
    """
    from bench.rows import Row

    found = []
    for full, bar in ((True, 5), (False, 6)):
        ratios, turns, inserts = [], [], []
        with opened(durable=full) as (store, engine), quiet():
            raw = _inserts(store)
            count = 0
            for _ in range(ROUNDS):
                numbers = range(count, count + CALLS)
                insert = timed(raw, numbers, perf_counter_ns)
                turn = timed(
                    lambda n: taken(engine, f"c{n // 20}", n),
                    numbers,
                    perf_counter_ns,
                )
                ratios.append(turn / insert)
                turns.append(turn)
                inserts.append(insert)
                count += CALLS
        name = f"durable turn, synchronous={'FULL' if full else 'NORMAL'}, against a raw insert"
        note = f"{median(turns):.0f} us against {median(inserts):.0f} us"
        found.append(Row(name=name, value=median(ratios), bar=bar, note=note))
    return found


def _inserts(store: SqlStore) -> Callable[[int], None]:
    """One row of eight hundred bytes, committed by itself, on a connection as the store's."""
    connection = store._engine.raw_connection()  # noqa: SLF001  # the same driver and settings
    cursor = connection.cursor()
    cursor.execute("create table raw (id integer primary key, body text not null)")
    body = "x" * 800

    def insert(number: int) -> None:
        cursor.execute("begin immediate")
        cursor.execute("insert into raw (id, body) values (?, ?)", (number, body))
        cursor.execute("commit")

    return insert


def paused() -> list["Row"]:
    """CPU of a turn, early and late in a conversation, against LangGraph; and bytes a turn."""
    from bench.rows import Row

    bars = {10: 10.0, 400: 40.0}
    names = {at: f"turn {at}: LangGraph with its SQLite checkpointer, in our turns" for at in bars}
    missing = [one for one in ("langgraph", "langgraph.checkpoint.sqlite") if not _there(one)]
    if missing:
        why = f"`{missing[0]}` is not installed"
        return [Row(name=names[at], bar=bar, least=True, note=why) for at, bar in bars.items()]
    theirs, their_bytes = _langgraph(max(bars))
    ours, our_bytes = _ours(max(bars))
    rows = []
    for at, bar in bars.items():
        window = slice(at - 10, at)
        value = median(theirs[window]) / median(ours[window])
        note = f"{median(theirs[window]):,.0f} us against {median(ours[window]):,.0f} us of CPU"
        rows.append(Row(name=names[at], value=value, bar=bar, least=True, note=note))
    grows = (our_bytes[-1] - our_bytes[200]) / 200 / ((our_bytes[200] - our_bytes[20]) / 180)
    told = (
        f"{our_bytes[-1] / len(ours):,.0f} bytes a turn, LangGraph {their_bytes / len(theirs):,.0f}"
    )
    rows.append(Row(name="bytes a turn, turns 200-400 / 20-200", value=grows, bar=1.1, note=told))
    return rows


def _there(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def _ours(turns: int) -> tuple[list[float], list[int]]:
    """CPU microseconds of each turn of one conversation, and the bytes in use after it."""
    costs, sizes = [], []
    with opened(durable=True) as (store, engine), quiet():
        for number in range(WARM):
            taken(engine, "warm", number)
        for number in range(turns + 1):
            costs.append(
                timed(
                    lambda n: taken(engine, "c", n),
                    range(number, number + 1),
                    process_time_ns,
                )
            )
            sizes.append(_used(store))
    return costs[1:], sizes


def _used(store: SqlStore) -> int:
    """Bytes in the pages that hold something."""
    with store.view() as unit:
        cursor = unit._cursor  # type: ignore[attr-defined]  # noqa: SLF001
        found = []
        for name in ("page_count", "freelist_count", "page_size"):
            cursor.execute(f"pragma {name}")
            found.append(cursor.fetchone()[0])
    return int((found[0] - found[1]) * found[2])


def _langgraph(turns: int) -> tuple[list[float], int]:
    """The same conversation as the messages of a graph that pauses for a human."""
    from typing import Annotated, TypedDict

    from langgraph.checkpoint.sqlite import SqliteSaver
    from langgraph.graph import START, StateGraph
    from langgraph.graph.message import add_messages

    class Chat(TypedDict):
        messages: Annotated[list[Any], add_messages]

    def pause(_: Chat) -> dict[str, Any]:
        return {}

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "langgraph.db"
        with SqliteSaver.from_conn_string(str(path)) as saver, quiet():
            graph = StateGraph(Chat)
            graph.add_node("agent", pause)
            graph.add_edge(START, "agent")
            app = graph.compile(checkpointer=saver)
            roles = {Role.AGENT: "assistant", Role.CUSTOMER: "user"}

            def turn(number: int, case: str = "c") -> None:
                one = said(number)
                message = {"role": roles[one.role], "content": one.text}
                config = {"configurable": {"thread_id": case}}
                app.invoke({"messages": [message]}, config)  # type: ignore[arg-type]

            for number in range(WARM):
                turn(number, "warm")
            costs = [
                timed(turn, range(number, number + 1), process_time_ns)
                for number in range(turns + 1)
            ]
            size = path.stat().st_size + path.with_name(path.name + "-wal").stat().st_size
    return costs[1:], size


def accepted() -> list["Row"]:
    """Accepting one case among many that wait: among a million against among a thousand."""
    from bench.rows import Row

    few, many = 1_000, 1_000_000
    ratios, times = [], []
    with opened(durable=False) as (small, desk), opened(durable=False) as (large, hall):
        _wait(small, desk, few)
        _wait(large, hall, many)
        with quiet():
            for number in range(ROUNDS):
                numbers = range(number * 50, number * 50 + 50)
                one = timed(lambda n: _accept(desk, n), numbers, process_time_ns)
                other = timed(lambda n: _accept(hall, n), numbers, process_time_ns)
                ratios.append(other / one)
                times.append(other)
    note = f"{median(times):,.0f} us of CPU among a million"
    name = "accept, 1,000,000 open / 1,000 open"
    return [Row(name=name, value=median(ratios), bar=1.3, note=note)]


def _accept(engine: Engine, number: int) -> None:
    ana = Actor(kind=Party.HUMAN, id=f"ana{number}", supervisor=True)
    reply = engine.act(f"w{number}", Accept(at=0, by=ana), id=f"a{number}")
    if reply.refused is not None:
        raise RuntimeError(reply.why)


def _wait(store: SqlStore, engine: Engine, count: int) -> None:
    """So many cases as one that waits in a queue, written behind the back of the engine."""
    ask = Turn(role=Role.CUSTOMER, text="I want to talk to a human, please.")
    engine.turn("first", ask, id="1")
    with store.unit() as unit:
        case = unit.case("first")
        if case is None:
            raise RuntimeError("the case is gone")
        own = replace(case.ownership, status=Status.QUEUED, human="", proposed_until=0)
        deadlines = unit.deadlines("first")
    for begin in range(0, count, 10_000):
        with store.unit() as unit:
            for number in range(begin, min(begin + 10_000, count)):
                fresh = replace(case, id=f"w{number}", ownership=own, version=0, entries=0)
                unit.arm(fresh.id, deadlines)
                unit.save(fresh)
