"""The service: one process that runs the workspaces of a store."""

import logging
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from handrail import config
from handrail.adapters.sql.hub import Hub, LiveStore
from handrail.adapters.sql.store import wall_clock
from handrail.config import Settings
from handrail.core.model import Role, Turn
from handrail.engine.lifecycle import Simulate
from handrail.errors import HandrailError, Refused, Unauthenticated
from handrail.packs import loader, roster
from handrail.ports import Channel
from handrail.wiring import DEFAULT, folder, in_memory, make_keys, seal_store
from handrail.wiring.access import Gate
from handrail.wiring.desk import Desk, First, Principal, Seen
from handrail.wiring.spaces import clock_skew, workspaces

_LOG = logging.getLogger("handrail.service")
TICK, _LOOK = 1.0, 5
"""Seconds between two refreshes, and after how many of them new workspaces are looked for."""
ADMIN = "admin"
"""The identity that a first start makes."""
KEYS = "signing-keys.json"
"""The keys of a service with a data folder of its own."""


class Service:
    """Opens the store of the settings; `start` lets it run, `stop` ends it and closes the store.

    `channel` gives each workspace its channel to customers; without one effects stand ready to be
    fetched (`handrail.wiring.shelf`). `simulate` plays a pack before it can be approved. `seen` is
    told of the entries of each commit of this process.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        channel: Callable[[str], Channel] | None = None,
        simulate: Simulate | None = None,
        seen: Seen | None = None,
        clock: Callable[[], int] = wall_clock,
    ) -> None:
        self.settings = settings
        self._lock = threading.RLock()
        self._desks: dict[str, Desk] = {}
        self._channel, self._simulate, self.seen = channel, simulate, seen
        self._end = threading.Event()
        self._started = False
        self._ticker = threading.Thread(target=self._tick, name="handrail-service", daemon=True)
        given = settings.database_url.get_secret_value()
        self._folder = None if given else folder.take(settings.data)
        self.store = LiveStore(
            settings.url, clock=clock, durable=settings.durable, pool=settings.pool
        )
        self.hub = Hub(self.store.url)
        self._gate = Gate(self.store)
        self.keys = self._keys()

    def start(self) -> None:
        """Let time pass, effects leave and changes be heard of. Once."""
        self.hub.start()
        with self._lock:
            self._started = True
            for desk in self.desks():
                desk.start()
        self._look()
        self._warm()
        self._ticker.start()

    def stop(self, timeout: float = 2.0) -> bool:
        """End within `timeout` seconds, and close the store; whether all that was under way was
        finished. What was not is taken up again by whoever is next.
        """
        if self._end.is_set():
            return True
        self._end.set()
        end = time.monotonic() + timeout
        stopping = [
            threading.Thread(target=one.stop, args=(timeout,), daemon=True)
            for one in (self.desks() if self._started else ())
        ]
        for thread in stopping:
            thread.start()
        for thread in (*stopping, *([self._ticker] if self._started else [])):
            thread.join(max(0.0, end - time.monotonic()))
        if self._started:
            self.hub.stop(max(0.1, end - time.monotonic()))
        done = not any(thread.is_alive() for thread in (*stopping, self._ticker))
        self.store.close()
        if self._folder is not None:
            self._folder.close()
        return done

    def desk(self, workspace: str = DEFAULT) -> Desk:
        """The desk of a workspace, opened when it is first asked for. The caller has made sure
        that there is such a workspace: that a key of it was shown, for one.
        """
        found = self._desks.get(workspace)
        return found or self._open(workspace)

    def desk_of(self, workspace: str) -> Desk:
        """The desk of a workspace that somebody names who has shown no key yet. Unauthenticated
        when there is none: nothing is made of a name.
        """
        if workspace not in self._desks and workspace not in workspaces(self.store):
            raise Unauthenticated("this person or password is not known here")
        return self.desk(workspace)

    def desks(self) -> list[Desk]:
        """Those that are open."""
        return list(self._desks.values())

    def authenticate(self, text: str) -> Principal:
        """Who shows this key. Unauthenticated when it is nobody's any more, or never was."""
        return self._gate.authenticate(text)

    def known(self, text: str) -> Principal | None:
        """Who was just found to show this key, without a look into the store; None: ask."""
        return self._gate.known(text)

    def reload(self, settings: Settings) -> tuple[list[str], list[str]]:
        """Take over what may change while the service runs: the names of what has changed, and of
        what waits for the next start.
        """
        self.settings, live, later = config.changed(self.settings, settings)
        return live, later

    def first_key(self, workspace: str = DEFAULT) -> str:
        """A key for a first administrator where nobody is known yet, to be shown once; empty where
        somebody is.
        """
        return self.desk(workspace).directory.first_admin(ADMIN)

    def clock_skew(self) -> int:
        """By how many milliseconds the clock of this process is ahead of the database's."""
        return clock_skew(self.store)

    def _open(self, workspace: str) -> Desk:
        with self._lock:
            if workspace in self._desks:
                return self._desks[workspace]
            made = Desk(
                self.store.within(workspace),
                self.hub,
                self._first,
                simulate=self._simulate,
                channel=self._channel(workspace) if self._channel else None,
                carriers=self.settings.carriers,
                private_hooks=self.settings.private_hooks,
                seen=self._see,
            )
            if self._started:
                made.start()
            self._desks[workspace] = made
            return made

    def _see(self, workspace: str, entries: Any) -> None:
        if self.seen is not None:
            self.seen(workspace, entries)

    def _first(self) -> First:
        """The pack and the roster that a workspace begins with."""
        sources = loader.gather(self.settings.pack)
        pack = loader.load_sources(sources).pack
        return sources, roster.tree_of(self.settings.roster or self.settings.pack, pack)

    def _look(self) -> None:
        """Open the desks of all workspaces that there are, so that their clocks run."""
        for name in {DEFAULT, *workspaces(self.store)}:
            self.desk(name)

    def _warm(self) -> None:
        """What is compiled at the first turn is compiled now, not while a customer waits."""
        engine = in_memory(self.desk().engine.deployment, wall_clock)
        engine.turn("warm", Turn(role=Role.CUSTOMER, text="Hello?"), id="1")

    def _tick(self) -> None:
        count, sealed = 0, time.monotonic()
        while not self._end.wait(TICK):
            count += 1
            for desk in self.desks():
                _told("refreshing a workspace", desk.refresh)
            if count % _LOOK == 0:
                _told("looking for workspaces", self._look)
            if self.keys and time.monotonic() - sealed >= self.settings.checkpoint_every:
                sealed = time.monotonic()
                for desk in self.desks():
                    _told("taking a checkpoint", partial(self.seal, desk.workspace))

    def seal(self, workspace: str) -> int:
        """Take a checkpoint of a workspace: its number, or that of the last where nothing is new;
        0: there is none. Refused without keys to sign with.
        """
        if self.keys is None:
            raise Refused(
                "this service has no keys to sign checkpoints with",
                hint="make them with `handrail ledger keys`, and name them as `signing_keys`",
            )
        made = seal_store(self.desk(workspace).store, self.keys, self.settings.witness)
        return made.checkpoint.number if made else 0

    def _keys(self) -> Path | None:
        """The keys that sign checkpoints: those of the settings, else of the data folder, where
        they are made at the first start. Processes that share a database are given theirs.
        """
        if self.settings.signing_keys or self.settings.shared:
            return self.settings.signing_keys
        path = self.settings.data / KEYS
        if not path.exists():
            make_keys(path)
        return path


def _told(what: str, work: Callable[[], object]) -> None:
    """Do it; when it fails say so, and go on: it is done again."""
    try:
        work()
    except HandrailError as problem:
        _LOG.warning("%s failed: %s", what, problem)
    except Exception as problem:  # noqa: BLE001  # whatever it is, the service goes on
        _LOG.error("%s failed: %s", what, type(problem).__name__)  # may hold a text
