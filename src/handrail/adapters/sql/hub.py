"""Who waits for changes is woken when there are some: at once after a commit of this process, soon
after one of another that shares the PostgreSQL, and each second in any case.

Nothing is told but "look again", so a wake-up that is lost costs a second and one too many nothing.
"""

import logging
import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

from handrail.adapters.sql.store import SqlStore
from handrail.adapters.sql.unit import SqlUnit
from handrail.ports import Entry, Unit

_LOG = logging.getLogger("handrail.hub")
CHANNEL = "handrail"
POLL = 1.0
_REST, _LONGEST = 0.5, 10.0  # seconds before the database is asked again, doubled each time
Wake = Callable[[], None]


class LiveStore(SqlStore):
    """A store that calls `after` with the entries of each unit that was committed: it must be quick
    and never raise.
    """

    after: Callable[[Sequence[Entry]], None] | None = None

    @contextmanager
    def unit(self) -> Iterator[Unit]:
        """One unit of work."""
        with super().unit() as unit:
            yield unit
        if self.after is not None:
            self.after(cast("SqlUnit", unit).written)


class Hub:
    """The wake-ups of one process, by workspace. `url`: the store's, as SQLAlchemy has it."""

    def __init__(self, url: str) -> None:
        self._url = url.replace("postgresql+psycopg://", "postgresql://", 1)
        self._shared = self._url.startswith("postgresql")
        self._name = secrets.token_hex(8)  # so that nobody listens to himself
        self._lock = threading.Lock()
        self._calls: dict[str, list[Wake]] = {}
        self._told: set[str] = set()  # workspaces that other processes have not heard of yet
        self._news, self._end = threading.Event(), threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin. An instance is started once."""
        work = {"poll": self._poll}
        if self._shared:
            work |= {"notify": self._notify, "listen": self._listen}
        for name, target in work.items():
            thread = threading.Thread(target=target, name=f"handrail-{name}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self, timeout: float = 1.0) -> None:
        """End; what is committed from now on is told to nobody."""
        self._end.set()
        self._news.set()
        for thread in self._threads:
            thread.join(timeout)

    def join(self, workspace: str, wake: Wake) -> Callable[[], None]:
        """From now on `wake` is called when the workspace may have changed, from any thread: it
        must be quick and never raise. Call what is given back to end that.
        """
        with self._lock:
            self._calls[workspace] = [*self._calls.get(workspace, ()), wake]

        def leave() -> None:
            with self._lock:
                rest = [one for one in self._calls.get(workspace, ()) if one is not wake]
                self._calls[workspace] = rest

        return leave

    def wake(self, workspace: str) -> None:
        """This process has committed something there."""
        self._call(workspace)
        if self._shared:
            with self._lock:
                self._told.add(workspace)
            self._news.set()

    def _call(self, workspace: str) -> None:
        for wake in self._calls.get(workspace, ()):
            wake()

    def _all(self) -> None:
        for workspace in list(self._calls):
            self._call(workspace)

    def _poll(self) -> None:
        while not self._end.wait(POLL):
            self._all()

    def _notify(self) -> None:
        """Tell the others, outside any unit: a NOTIFY within one would make all commits queue up.
        What is committed while it is under way is told together.
        """

        def work(connection: Any) -> None:
            while not self._end.is_set():
                self._news.wait()
                self._news.clear()
                with self._lock:
                    told, self._told = self._told, set()
                try:
                    for workspace in told:
                        said = f"{self._name} {workspace}"
                        connection.execute("select pg_notify(%s, %s)", (CHANNEL, said))
                except Exception:
                    with self._lock:
                        self._told |= told
                    self._news.set()
                    raise

        self._kept_up("telling other processes of changes", work)

    def _listen(self) -> None:
        """Hear of the others. What was told while there was no connection is looked at first."""

        def work(connection: Any) -> None:
            connection.execute(f"listen {CHANNEL}")
            self._all()
            while not self._end.is_set():
                for heard in connection.notifies(timeout=POLL / 2):
                    name, _, workspace = heard.payload.partition(" ")
                    if name != self._name:
                        self._call(workspace)

        self._kept_up("hearing of changes by other processes", work)

    def _kept_up(self, what: str, work: Callable[[Any], None]) -> None:
        """Do something with a connection of its own, and with another when that breaks."""
        import psycopg

        rest = _REST
        while not self._end.is_set():
            try:
                with psycopg.connect(self._url, autocommit=True, connect_timeout=5) as connection:
                    rest = _REST
                    work(connection)
            except psycopg.Error as problem:
                if not self._end.is_set():
                    _LOG.warning("%s failed: %s", what, type(problem).__name__)
            self._end.wait(rest)
            rest = min(_LONGEST, rest * 2)
