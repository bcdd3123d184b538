"""One reader of changes for each workspace of a process, whatever the number of its streams.

It reads in a thread and hands what it found to the event loop, where everything else here happens.
"""

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

import orjson

from handrail import books
from handrail.wiring.desk import Change, Desk, Place

_LOG = logging.getLogger("handrail.streams")
PAGE = 500
_SOON, _LATER = 0.005, 0.25  # seconds until what was held back is looked for again: doubled
_REST = 1.0  # seconds until the store is asked again after it failed
_REMEMBERED = 10_000  # cases that a stream has shown and may have to say good-bye to
Sees = Callable[[Change], bool]


class Item(NamedTuple):
    """A change, and how it is written."""

    change: Change
    text: bytes


def written(change: Change) -> bytes:
    """A change as an event of a stream: no text of anybody is in it."""
    entry = change.entry
    told = {
        "case": entry.case,
        "number": entry.number,
        "at": entry.at,
        "name": entry.name,
        "actor": entry.actor,
        "epoch": list(entry.epoch),
        "status": change.status,
        "owner": change.owner,
        "queue": change.queue,
        "workflow": change.workflow,
    }
    return event(change.cursor, entry.name, told)


def event(cursor: str, name: str, told: object) -> bytes:
    """One event. JSON has no line breaks, and names of entries are ours."""
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (
        cursor.encode(),
        name.encode(),
        orjson.dumps(told),
    )


class Tap:
    """What one stream has still to send. `news` is set when there is something to look at: events,
    `full` (too many waited), `check` (rights may have changed), `over` (the service ends).
    """

    def __init__(self, sees: Sees, most: int) -> None:
        self.sees, self._most = sees, most
        self.news = asyncio.Event()
        self.pending: deque[tuple[Change, bytes]] = deque()
        self.full = self.check = self.over = False
        self.sent: Place = (-1, "", 0)  # what comes no later than this was sent already
        self._shown: dict[str, None] = {}

    def offer(self, item: Item) -> None:
        """Take a change, if it is one for this stream."""
        change = item.change
        if change.place <= self.sent or self.full:
            return
        text = self.shown(item)
        if not text:
            return
        if len(self.pending) >= self._most:
            self.full = True
            self.pending.clear()
        else:
            self.pending.append((change, text))
        self.news.set()

    def look_again(self, sees: Sees) -> None:
        """What may be seen has changed: also of what waits."""
        self.sees = sees
        waiting = list(self.pending)
        self.pending.clear()
        for change, text in waiting:
            if sees(change) or text == _gone(change):
                self.pending.append((change, text))

    def shown(self, item: Item) -> bytes:
        """What this stream says of a change: itself, that a case is out of sight from now on, or
        nothing.
        """
        case = item.change.entry.case
        if self.sees(item.change):
            self._shown[case] = None
            if len(self._shown) > _REMEMBERED:
                del self._shown[next(iter(self._shown))]
            return item.text
        if case not in self._shown:
            return b""
        del self._shown[case]
        return _gone(item.change)


def _gone(change: Change) -> bytes:
    return event(change.cursor, "gone", {"case": change.entry.case})


class Reader:
    """The reader of a workspace. It runs while anybody listens."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._loop = asyncio.get_running_loop()
        self.taps: set[Tap] = set()
        self.position = ""
        self._news, self._taken = threading.Event(), threading.Event()
        self._end = False
        self._leave: Callable[[], None] = lambda: None

    async def start(self) -> None:
        """Begin at the end of what there is."""
        self._leave = self._desk.hear(self._news.set)
        self.position = await asyncio.to_thread(self._desk.feed.last)
        name = f"handrail-changes-{self._desk.workspace}"
        threading.Thread(target=self._read, args=(self.position,), name=name, daemon=True).start()

    def stop(self) -> None:
        """End."""
        self._end = True
        self._leave()
        self._news.set()
        self._taken.set()

    def _read(self, cursor: str) -> None:
        rest: float | None = None
        while True:
            self._news.wait(rest)
            self._news.clear()
            if self._end:
                return
            try:
                page = self._desk.feed.read(cursor, PAGE)
                items = [Item(one, written(one)) for one in page.changes]
            except Exception as problem:  # noqa: BLE001  # the store may be away for a while
                _LOG.warning("reading changes failed: %s", type(problem).__name__)
                rest = _REST
                continue
            if page.changes or page.cursor != cursor:
                self._hand_over(items, page.cursor)
                cursor = page.cursor
            held = min(_LATER, rest * 2) if rest and not page.changes else _SOON
            rest = 0.0 if page.more else held if page.held else None

    def _hand_over(self, items: Sequence[Item], cursor: str) -> None:
        """To the loop; and wait until it has taken them, so that nothing piles up before it."""
        self._taken.clear()
        try:
            self._loop.call_soon_threadsafe(self._spread, items, cursor)
        except RuntimeError:  # the loop is closed: the process ends
            self._end = True
            return
        while not self._taken.wait(1.0) and not self._end:
            pass

    def _spread(self, items: Sequence[Item], cursor: str) -> None:
        rights = any(one.change.entry.case == books.ACCESS for one in items)
        for tap in self.taps:
            if rights:
                tap.check = True
                tap.news.set()
            for item in items:
                tap.offer(item)
        self.position = cursor
        self._taken.set()


class Readers:
    """The readers of a process, in its event loop."""

    def __init__(self) -> None:
        self._readers: dict[str, Reader] = {}
        self._starting = asyncio.Lock()
        self.over = False

    @property
    def count(self) -> int:
        """How many streams are open."""
        return sum(len(one.taps) for one in list(self._readers.values()))

    async def join(self, desk: Desk, tap: Tap) -> Reader:
        """From now on the tap gets what the reader finds behind its `position`."""
        async with self._starting:
            reader = self._readers.get(desk.workspace)
            if reader is None:
                reader = Reader(desk)
                await reader.start()
                self._readers[desk.workspace] = reader
            reader.taps.add(tap)
        return reader

    def leave(self, desk: Desk, tap: Tap) -> None:
        """It listens no more."""
        reader = self._readers.get(desk.workspace)
        if reader is not None:
            reader.taps.discard(tap)
            if not reader.taps and not self._starting.locked():
                reader.stop()
                del self._readers[desk.workspace]

    def close(self) -> None:
        """The service ends: every stream is told to."""
        self.over = True
        for reader in self._readers.values():
            for tap in reader.taps:
                tap.over = True
                tap.news.set()
