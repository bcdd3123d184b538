"""The client of an AI agent: it tells what happens, and learns whether the AI may speak or act.

    client = Client()                       # HANDRAIL_URL and HANDRAIL_KEY
    case = client.case("chat-17")
    if case.heard(text).ai_may_speak:       # what the customer wrote
        case.say(model(text))               # leaves under the epoch that was seen, or not at all
    for line in case.read():                # answers, notices, what people write: in order
        show(line.text)

When the service cannot be reached the AI is held: nothing of it passes without a confirmed epoch.
What the customer says is kept on disk and told later, once; the answer is `pending`.
"""

import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

from handrail.agents.answers import Admission, Answer, Line, Standing, Step
from handrail.agents.calls import Away, Call, Got, Pause
from handrail.agents.flows import Talk
from handrail.agents.gates import POLL, Gate
from handrail.agents.holding import HOLDING, Flow, flush
from handrail.agents.http import Http
from handrail.agents.shared import LIMIT, Backoff, Shared, address, close, local, trial
from handrail.agents.verbs import Verbs
from handrail.errors import HandrailError

if TYPE_CHECKING:
    from handrail.agents.local import Local
    from handrail.engine import Engine

_T = TypeVar("_T")
_LET_GO = 1.0  # seconds for a question under way to end; it changes nothing any more


class Client(Shared):
    """A client for many threads; `with` closes it."""

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
        self._transport: Local | Http
        self._transport = local(engine) if engine else Http(*address(url, key), timeout)
        super().__init__(spool, spool_limit, holding)
        self._lock = threading.Lock()
        self._end = threading.Event()
        self._sender: threading.Thread | None = None
        self._settled()

    def case(self, name: str, **begins: Any) -> "Case":
        """A conversation or a task, by an id of yours; see `Shared.talk`. Nothing is asked yet."""
        return Case(self, self.talk(name, **begins))

    def flush(self) -> int:
        """Tell the service what waits, now; how much waits still."""
        with suppress(Away):
            self.run(flush(self._spool))
        return len(self._spool.waiting())

    def close(self) -> None:
        """End. What waits stays on disk for the next client on that folder."""
        self._end.set()
        if self._sender is not None:
            self._sender.join(10)
        self._transport.close()
        self._spool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(self, flow: Flow[_T]) -> _T:
        """Carry a flow: ask what it asks."""
        answer: Got | Away | HandrailError | None = None
        try:
            while True:
                step = flow.throw(answer) if isinstance(answer, Exception) else flow.send(answer)
                if isinstance(step, Pause):
                    answer = None
                    self._end.wait(step.seconds)
                    continue
                try:
                    answer = self._transport(step)
                except (Away, HandrailError) as problem:
                    answer = problem
        except StopIteration as done:
            made: _T = done.value
            return made
        finally:
            flow.close()  # on an interruption: what was to be told is kept

    def ask(self, call: Call) -> Got:
        """One call, without a second try."""
        return self._transport(call)

    def _settled(self) -> None:
        """See to it that what waits is told, by a thread that ends when nothing does."""
        if not self._spool.waiting(limit=1):
            return
        with self._lock:
            if self._sender is None or not self._sender.is_alive():
                self._sender = threading.Thread(target=self._send, daemon=True)
                self._sender.start()

    def _send(self) -> None:
        backoff = Backoff()
        while not self._end.wait(backoff.pause()):
            try:
                self.run(flush(self._spool))
            except (Away, HandrailError) as problem:
                backoff.failed(problem)
            else:
                return


class Case(Verbs[Answer]):
    """One case as the program of its AI sees it. For one thread at a time."""

    def __init__(self, client: Client, talk: Talk) -> None:
        self._client, self._talk = client, talk

    def _run(self, flow: Flow[_T]) -> _T:
        try:
            return self._client.run(flow)
        finally:
            if self._talk.waits:
                self._client._settled()  # noqa: SLF001  # the same room

    def read(self) -> Iterator[Line]:
        """What the customer is to read, in order; each is reported as delivered when the next is
        asked for, so what a crash interrupts comes again.
        """
        for line in self._run(self._talk.read()):
            yield line
            if line.number:
                self._run(self._talk.delivered(line))

    def stream(
        self,
        pieces: Iterable[str],
        *,
        confidence: float | None = None,
        id: str = "",  # noqa: A002
    ) -> Iterator[str]:
        """Let the AI say something piece by piece: admitted before the first, cut when the case
        changes its owner. What has passed is the turn, however it ends; see `answer` afterwards.
        """
        begun = time.monotonic()
        admitted = self.admit("message")  # asked anew each time: an old answer says nothing of now
        source = iter(pieces)
        if not admitted:
            close(source)
            return
        gate = Gate(self._talk.seen(), begun)
        shown: list[str] = []
        with _Watch(self._client, Call("look", self._talk.name), gate) as watch:
            try:
                for piece in source:
                    if not watch.passes():
                        break
                    shown.append(piece)
                    yield piece
            finally:
                close(source)
                if shown:
                    self._run(self._talk.streamed("".join(shown), confidence, id, gate.cut))

    def admit(
        self,
        action: str,
        args: Mapping[str, Any] | None = None,
        *,
        approval: str = "",
        id: str = "",  # noqa: A002
    ) -> Admission:
        """Ask whether a tool effect may happen now. Do it only when the answer is true."""
        return self._run(self._talk.admit(action, args or {}, approval, id))

    def plan(self) -> list[Step]:
        """The steps that a person has planned for the AI; `begin`, `admit` and `report` each."""
        return self._run(self._talk.plan())

    def approved(
        self,
        tool: str,
        args: Mapping[str, Any],
        *,
        name: str,
        wait: float = 3600.0,
    ) -> bool:
        """Ask people to approve one exact action, and wait for their answer; no answer is a no.
        `admit` with `approval=name` then lets it pass, once.
        """
        until = time.monotonic() + wait
        return self._run(self._talk.approval(tool, args, name, until))


class _Watch:
    """Asks where a case is while an answer is streamed."""

    def __init__(self, client: Client, call: Call, gate: Gate) -> None:
        self._client, self._call, self._gate = client, call, gate
        self._news, self._end = threading.Condition(), threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join(_LET_GO)

    def passes(self) -> bool:
        """Whether a piece may pass; waits for a confirmation if that has to be asked."""
        with self._news:
            while not self._gate.passes():
                if self._gate.cut:
                    return False
                self._news.wait(POLL)
        return True

    def _look(self) -> None:
        while not self._end.wait(POLL):
            asked = time.monotonic()
            try:
                self._gate.confirmed(self._client.ask(self._call), asked)
            except Away:
                continue
            except HandrailError as problem:
                self._gate.failed(problem.code)
            with self._news:
                self._news.notify_all()
            if self._gate.cut:
                return


__all__ = ["Admission", "Answer", "Case", "Client", "Line", "Standing", "Step", "trial"]
