"""What a client in threads and one in an event loop have in common."""

import os
import random
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from handrail.agents.calls import Away, fit
from handrail.agents.flows import Talk, begins
from handrail.agents.holding import Notices
from handrail.agents.spool import Kept, Spool
from handrail.core.model import Attributes
from handrail.errors import InputError

if TYPE_CHECKING:
    from handrail.agents.local import Local
    from handrail.engine import Engine

LIMIT = 100_000
"""Calls that are kept while the service cannot be reached, unless said otherwise."""
_FIRST, _LONGEST, _ASKED = 0.5, 15.0, 60.0  # seconds between two tries to tell what waits


class Shared:
    """The part of a client that asks nothing.

    `url` and `key`, else HANDRAIL_URL and HANDRAIL_KEY, name a service; `engine` is one of this
    process instead, whose only channel to the customer the client is. `spool`: the folder for what
    cannot be told at once; `spool_limit`: how many calls it may hold; `holding`: what a customer is
    told then, where no pack says it; `timeout`: seconds for one answer.
    """

    def __init__(self, spool: Path | None, limit: int, holding: str) -> None:
        self._spool = Spool(spool or _home(), limit)
        self._notices = Notices(self._spool, holding)

    def talk(
        self,
        name: str,
        *,
        workflow: str = "",
        customer: str = "",
        attributes: Attributes | None = None,
        values: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> Talk:
        """What is known of a case: `workflow` of the pack (its first one if not said), whose case
        it is, the tier and stage, and the attributes that conditions of the pack are about.
        """
        given = begins(workflow, customer, attributes, values)
        return Talk(fit(name, "a case"), self._spool, self._notices, given)

    def refused(self) -> list[Kept]:
        """What was kept and the service will never take, with its problem."""
        return list(self._spool.refused())

    def forget(self, kept: Kept) -> None:
        """Somebody has looked at what was refused, and it need not be kept any longer."""
        self._spool.done(kept.seq)


class Backoff:
    """How long to wait before what was kept is told again."""

    def __init__(self) -> None:
        self._next = _FIRST

    def pause(self) -> float:
        """Seconds, never the same for two."""
        return self._next * random.uniform(0.5, 1.5)  # noqa: S311  # no secret

    def failed(self, problem: Exception) -> None:
        """It did not work; a key that is refused may be mended, so that is tried again too."""
        if isinstance(problem, Away):
            self._next = max(min(2 * self._next, _LONGEST), min(problem.after, _ASKED))
        else:
            self._next = _LONGEST


def address(url: str, key: str) -> tuple[str, str]:
    """Where the service is, and the key."""
    where = url or os.environ.get("HANDRAIL_URL", "")
    if not where:
        raise InputError("no service is named", hint="set HANDRAIL_URL, or give `url` or `engine`")
    return where, key or os.environ.get("HANDRAIL_KEY", "")


def _home() -> Path:
    from handrail import config

    return config.data_home() / "spool"


def local(engine: "Engine") -> "Local":
    """The transport onto an engine, which a client of a service need not load."""
    from handrail.agents.local import Local

    return Local(engine)


def trial(pack: str = "support-chat") -> "Engine":
    """An engine in memory on a starter pack or a pack file with its roster, to try an agent or to
    test one. It keeps nothing.
    """
    from handrail import packs
    from handrail.engine import deploy
    from handrail.packs import roster as rosters
    from handrail.wiring import in_memory

    loaded = packs.load(pack)
    on = deploy(loaded, rosters.load(pack, loaded))
    return in_memory(on, lambda: int(time.time() * 1000))


def close(source: Iterable[str]) -> None:
    """End a model's stream that nobody reads any more."""
    end = getattr(source, "close", None)
    if end is not None:
        end()
