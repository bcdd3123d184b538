"""Changes as server-sent events: resumable, of what may be seen, bounded for every reader.

A stream begins with `ready`, then has one event for each ledger entry that its reader may see now,
`gone` when a case that it has shown cannot be seen any more, and `reset` when the cursor is of
another store. Each has its cursor as `id`; what comes behind `Last-Event-ID` is sent again.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any

from starlette.responses import Response

from handrail.config import Settings
from handrail.errors import Conflict, HandrailError, Unavailable
from handrail.web.readers import PAGE, Item, Reader, Readers, Sees, Tap, event, written
from handrail.wiring.desk import Desk

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]
_CHUNK = 65_536
_LOOK = 60.0  # seconds after which rights are looked at though nobody has changed any
_HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}
_RETRY = b"retry: 1000\n\n"


class Streams:
    """The streams of a process. Made and used in its event loop."""

    def __init__(self, settings: Callable[[], Settings]) -> None:
        self.settings = settings
        self.readers = Readers()

    def open(self, desk: Desk, rights: Callable[[], Sees], after: str = "") -> "EventStream":
        """A response that streams what `rights` lets be seen from behind `after`; empty: from now.

        `rights` is asked in a thread, at the beginning and whenever rights may have changed; the
        error that it raises ends the stream. Unavailable when too many are open; InputError for
        what is no cursor.
        """
        most = self.settings().streams
        if self.readers.over or self.readers.count >= most:
            raise Unavailable("too many streams are open", hint="try again in a minute")
        with suppress(Conflict):  # told in the stream
            _ = desk.feed.place(after) if after else None
        return EventStream(self, desk, rights, after)

    @property
    def count(self) -> int:
        """How many are open."""
        return self.readers.count

    def close(self) -> None:
        """End all of them, as they are to be ended: with a whole event."""
        self.readers.close()


class EventStream(Response):
    """One stream, as a response."""

    media_type = "text/event-stream"

    def __init__(
        self, streams: Streams, desk: Desk, rights: Callable[[], Sees], after: str
    ) -> None:
        self.status_code, self.background = 200, None
        self.init_headers(_HEADERS)
        self._streams, self._desk = streams, desk
        self._rights, self._cursor = rights, after
        self._looked = time.monotonic()
        self._send: Send
        self._tap: Tap

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Send until the reader goes, is too slow, or the service ends."""
        self._send = send
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        body = asyncio.ensure_future(self._body())
        gone = asyncio.ensure_future(_gone(receive))
        try:
            await asyncio.wait({body, gone}, return_when=asyncio.FIRST_COMPLETED)
            if body.done() and isinstance(body.exception(), TimeoutError):
                _cut(scope)
        finally:
            for task in (body, gone):
                task.cancel()
            await asyncio.gather(body, gone, return_exceptions=True)
        with suppress(Exception):
            await asyncio.wait_for(send({"type": "http.response.body", "body": b""}), 1.0)

    async def _body(self) -> None:
        try:
            sees = await asyncio.to_thread(self._rights)
        except HandrailError:
            return
        self._tap = Tap(sees, self._streams.settings().stream_buffer)
        try:
            await self._begin()
            reader = await self._catch_up()
            await self._go_on(reader)
        finally:
            self._streams.readers.leave(self._desk, self._tap)

    async def _begin(self) -> None:
        """Tell the reader where it is, so that it can come back even before the first event."""
        feed, told = self._desk.feed, _RETRY
        if self._cursor:
            try:
                await asyncio.to_thread(feed.check, self._cursor)
            except Conflict:
                self._cursor = await asyncio.to_thread(feed.last)
                told += event(self._cursor, "reset", {"reason": "another_store"})
        else:
            self._cursor = await asyncio.to_thread(feed.last)
        await self._write(told + event(self._cursor, "ready", {}))

    async def _catch_up(self) -> Reader:
        """Send what was missed, then join the others without a gap and without a repetition."""
        while not self._over() and await self._page():
            pass
        feed = self._desk.feed
        self._tap.sent = feed.place(self._cursor)
        reader = await self._streams.readers.join(self._desk, self._tap)
        until = reader.position
        while not self._over() and feed.place(self._cursor) < feed.place(until):
            if not await self._page(until):
                self._cursor = max(self._cursor, until, key=feed.place)
        return reader

    async def _page(self, until: str = "") -> bool:
        """Send one page of what was missed; whether there is more."""
        read = self._desk.feed.read
        page = await asyncio.to_thread(read, self._cursor, PAGE, until=until)
        texts = [self._tap.shown(Item(one, written(one))) for one in page.changes]
        for first in range(0, len(texts), 100):
            await self._write(b"".join(texts[first : first + 100]))
        self._cursor = page.cursor
        return page.more

    async def _go_on(self, reader: Reader) -> None:
        """What happens from now on, with a sign of life whenever nothing did."""
        tap = self._tap
        while True:
            try:
                async with asyncio.timeout(self._streams.settings().heartbeat):
                    await tap.news.wait()
            except TimeoutError:
                tap.check |= time.monotonic() - self._looked > _LOOK  # a session may have run out
            idle = not tap.news.is_set()
            tap.news.clear()
            if tap.check and not await self._may():
                return
            if self._over():
                return
            if tap.full:
                await self._write(b": you are too slow; come again with the last id\n\n")
                return
            if idle and not tap.pending:
                # Nothing waits, so all up to here was sent: whoever comes back begins there.
                await self._write(b": alive\nid: %b\n\n" % reader.position.encode())
            while tap.pending:
                await self._write(self._chunk())

    async def _may(self) -> bool:
        """Look at the rights again, before anything else is sent."""
        tap = self._tap
        tap.check = False
        self._looked = time.monotonic()
        try:
            tap.look_again(await asyncio.to_thread(self._rights))
        except HandrailError:
            return False
        return True

    def _chunk(self) -> bytes:
        """Some of what waits, as one write."""
        texts, size = [], 0
        while self._tap.pending and size < _CHUNK:
            _, text = self._tap.pending.popleft()
            texts.append(text)
            size += len(text)
        return b"".join(texts)

    def _over(self) -> bool:
        return self._tap.over or self._streams.readers.over

    async def _write(self, text: bytes) -> None:
        """Send; TimeoutError when the reader takes nothing for too long."""
        if text:
            message = {"type": "http.response.body", "body": text, "more_body": True}
            async with asyncio.timeout(self._streams.settings().stream_patience):
                await self._send(message)


async def _gone(receive: Receive) -> None:
    """Until the reader has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _cut(scope: Message) -> None:
    """Drop the connection of a reader that takes nothing: what was written for it is thrown away.
    `handrail.web.server` puts its transport there.
    """
    transport = scope.get("state", {}).get("transport")
    if transport is not None:
        transport.abort()
