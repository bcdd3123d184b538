"""The client for one event loop: `AsyncClient`, with the words of `handrail.agents.client`.

What is kept on disk is written in the loop: a small write, and only while the service is away.
"""

import asyncio
import time
from collections.abc import AsyncIterable, AsyncIterator, Coroutine, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

from handrail.agents.answers import Admission, Answer, Line, Step
from handrail.agents.calls import Away, Call, Got, Pause
from handrail.agents.flows import Talk
from handrail.agents.gates import POLL, Gate
from handrail.agents.holding import HOLDING, Flow, flush
from handrail.agents.http import AsyncHttp
from handrail.agents.shared import LIMIT, Backoff, Shared, address, local
from handrail.agents.verbs import Verbs
from handrail.errors import HandrailError

if TYPE_CHECKING:
    from handrail.engine import Engine

_T = TypeVar("_T")


class AsyncClient(Shared):
    """A client for one event loop; `async with` closes it."""

    def __init__(
        self,
        url: str = "",
        key: str = "",
        *,
        engine: "Engine | None" = None,
        spool: Path | None = None,
        spool_limit: int = LIMIT,
        holding: str = HOLDING,
        timeout: float = 5.0,
    ) -> None:
        """See `Shared`."""
        self._engine = local(engine) if engine else None
        self._http = None if engine else AsyncHttp(*address(url, key), timeout)
        super().__init__(spool, spool_limit, holding)
        self._sender: asyncio.Task[None] | None = None

    def case(self, name: str, **begins: Any) -> "AsyncCase":
        """A conversation or a task, by an id of yours; see `Shared.talk`. Nothing is asked yet."""
        return AsyncCase(self, self.talk(name, **begins))

    async def flush(self) -> int:
        """Tell the service what waits, now; how much waits still."""
        with suppress(Away):
            await self.run(flush(self._spool))
        return len(self._spool.waiting())

    async def close(self) -> None:
        """End. What waits stays on disk for the next client on that folder."""
        if self._sender is not None:
            self._sender.cancel()
            with suppress(asyncio.CancelledError):
                await self._sender
        if self._http is not None:
            await self._http.close()
        self._spool.close()

    async def __aenter__(self) -> Self:
        self._settled()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def ask(self, call: Call) -> Got:
        """One call, without a second try."""
        if self._http is not None:
            return await self._http(call)
        assert self._engine is not None
        return await asyncio.to_thread(self._engine, call)

    async def run(self, flow: Flow[_T]) -> _T:
        """Carry a flow: ask what it asks."""
        answer: Got | Exception | None = None
        try:
            while True:
                step = flow.throw(answer) if isinstance(answer, Exception) else flow.send(answer)
                if isinstance(step, Pause):
                    answer = None
                    await asyncio.sleep(step.seconds)
                    continue
                try:
                    answer = await self.ask(step)
                except (Away, HandrailError) as problem:
                    answer = problem
        except StopIteration as done:
            made: _T = done.value
            return made
        finally:
            flow.close()  # when the task is cancelled: what was to be told is kept

    def _settled(self) -> None:
        """See to it that what waits is told, by a task that ends when nothing does."""
        if self._spool.waiting(limit=1) and (self._sender is None or self._sender.done()):
            self._sender = asyncio.get_running_loop().create_task(self._send())

    async def _send(self) -> None:
        backoff = Backoff()
        while True:
            await asyncio.sleep(backoff.pause())
            try:
                await self.run(flush(self._spool))
            except (Away, HandrailError) as problem:
                backoff.failed(problem)
            else:
                return


class AsyncCase(Verbs[Coroutine[Any, Any, Answer]]):
    """One case as the program of its AI sees it. For one task at a time."""

    def __init__(self, client: AsyncClient, talk: Talk) -> None:
        self._client, self._talk = client, talk

    async def _run(self, flow: Flow[_T]) -> _T:
        try:
            return await self._client.run(flow)
        finally:
            if self._talk.waits:
                self._client._settled()  # noqa: SLF001  # the same room

    async def read(self) -> AsyncIterator[Line]:
        """What the customer is to read; see `Case.read`."""
        for line in await self._run(self._talk.read()):
            yield line
            if line.number:
                await self._run(self._talk.delivered(line))

    async def stream(
        self,
        pieces: AsyncIterable[str],
        *,
        confidence: float | None = None,
        id: str = "",  # noqa: A002
    ) -> AsyncIterator[str]:
        """Let the AI say something piece by piece; see `Case.stream`."""
        begun = time.monotonic()
        admitted = await self.admit("message")  # asked anew: an old answer says nothing of now
        source = aiter(pieces)
        if not admitted:
            await _close(source)
            return
        gate, shown = Gate(self._talk.seen(), begun), list[str]()
        news = asyncio.Event()
        call = Call("look", self._talk.name)
        watch = asyncio.get_running_loop().create_task(_watch(self._client, call, gate, news))
        try:
            async for piece in source:
                if not await _passes(gate, news):
                    break
                shown.append(piece)
                yield piece
        finally:
            watch.cancel()
            await asyncio.wait([watch])
            await _close(source)
            if shown:
                await self._run(self._talk.streamed("".join(shown), confidence, id, gate.cut))

    async def admit(
        self,
        action: str,
        args: Mapping[str, Any] | None = None,
        *,
        approval: str = "",
        id: str = "",  # noqa: A002
    ) -> Admission:
        """Ask whether a tool effect may happen now. Do it only when the answer is true."""
        return await self._run(self._talk.admit(action, args or {}, approval, id))

    async def plan(self) -> list[Step]:
        """The steps that a person has planned for the AI; see `Case.plan`."""
        return await self._run(self._talk.plan())

    async def approved(
        self, tool: str, args: Mapping[str, Any], *, name: str, wait: float = 3600.0
    ) -> bool:
        """Ask people to approve one exact action, and wait; see `Case.approved`."""
        until = time.monotonic() + wait
        return await self._run(self._talk.approval(tool, args, name, until))


async def _watch(client: AsyncClient, call: Call, gate: Gate, news: asyncio.Event) -> None:
    """Ask where a case is while an answer is streamed."""
    while not gate.cut:
        await asyncio.sleep(POLL)
        asked = time.monotonic()
        try:
            gate.confirmed(await client.ask(call), asked)
        except Away:
            continue
        except HandrailError as problem:
            gate.failed(problem.code)
        news.set()


async def _passes(gate: Gate, news: asyncio.Event) -> bool:
    """Whether a piece may pass; waits for a confirmation if that has to be asked."""
    while not gate.passes():
        if gate.cut:
            return False
        news.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(news.wait(), POLL)
    return True


async def _close(source: AsyncIterator[str]) -> None:
    """End a model's stream that nobody reads any more."""
    end = getattr(source, "aclose", None)
    if end is not None:
        await end()
