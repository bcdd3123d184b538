"""How a client asks, what it does with what waits, and what customers are told meanwhile."""

import random
import time
from collections.abc import Generator
from typing import Any, TypeVar

from handrail.agents.calls import Away, Call, Got, Pause
from handrail.agents.spool import Spool
from handrail.errors import Forbidden, HandrailError, Unauthenticated

_T = TypeVar("_T")
Flow = Generator[Call | Pause, Any, _T]
"""What is yielded is asked or waited for; its answer is sent back."""
HOLDING = "One moment please, I will be right back with you."
"""What the customer is told where no pack is known yet that says it."""
_AGAIN = (0.1, 0.4)  # seconds before a call is made once more
_PATIENCE = 2.0  # seconds after which a caller who waits is not kept waiting any longer
_NOTICES, _FRESH = "workflows", 300.0


def asked(call: Call) -> Flow[Got]:
    """Ask, and once more when that failed quickly. Away when it goes on."""
    begun = time.monotonic()
    for pause in _AGAIN:
        try:
            got: Got = yield call
        except Away as problem:
            if problem.after > pause or time.monotonic() - begun > _PATIENCE:
                raise
            yield Pause(pause * random.uniform(0.5, 1.5))  # noqa: S311  # no secret
        else:
            return got
    last: Got = yield call
    return last


def flush(spool: Spool, case: str = "") -> Flow[Got | None]:
    """Tell the service what waits, in order; the last answer. Away when it cannot be reached."""
    got: Got | None = None
    while some := spool.waiting(case):
        for kept in some:
            try:
                got = yield kept.call
            except (Unauthenticated, Forbidden):  # the key is to be mended, not what waits
                raise
            except HandrailError as problem:  # it will never be taken
                spool.aside(kept.seq, f"{problem.code}: {problem}")
            else:
                spool.done(kept.seq)
    return got


class Notices:
    """What customers are told while the service cannot be reached: of the pack, as last heard."""

    def __init__(self, spool: Spool, default: str) -> None:
        self._spool, self._default, self._until = spool, default, 0.0
        self._known: list[dict[str, Any]] = spool.get(_NOTICES) or []

    def refresh(self) -> Flow[None]:
        """Ask for them now and then, when the service answers anyway."""
        if time.monotonic() < self._until:
            return
        self._until = time.monotonic() + _FRESH
        try:
            got: Got = yield Call("workflows")
        except (Away, HandrailError):  # the next call asks again
            self._until = 0.0
            return
        if got.body["items"] != self._known:
            self._known = got.body["items"]
            self._spool.put(_NOTICES, self._known)

    def holding(self, workflow: str, language: str) -> str:
        """The words for a customer of a workflow; the first one if not said."""
        for one in self._known:
            if workflow in {"", one["workflow"]}:
                found: str = one["holding"].get(language) or one["holding"].get(one["language"], "")
                return found or self._default
        return self._default
