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
_NOTICES, _FRESH, _SOON = "workflows", 300.0, 10.0
_STUCK = 10  # cases the service may fail at before it counts as away


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
    """Tell the service what waits, in order; the last answer that says where a case stands. Away
    when it cannot be reached. What it fails at, or this key may not tell, keeps only its own case
    waiting: the others are told, and then that is raised.
    """
    last, seq, stuck = None, 0, dict[str, Exception]()
    while some := spool.waiting(case, behind=seq):
        for kept in some:
            seq, name = kept.seq, kept.call.case
            if name in stuck:
                continue
            try:
                got: Got = yield kept.call
            except Unauthenticated:  # the key is to be mended, not what waits
                raise
            except (Away, Forbidden) as problem:
                if len(stuck) >= _STUCK or (isinstance(problem, Away) and not problem.alone):
                    raise
                stuck[name] = problem
            except HandrailError as problem:  # it will never be taken
                spool.aside(seq, f"{problem.code}: {problem}")
            else:
                spool.done(seq)
                last = got if "status" in got.body else last
    for first in stuck.values():
        raise first
    return last


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
            if got.body["items"] != self._known:
                self._known = got.body["items"]
                self._spool.put(_NOTICES, self._known)
        except (Away, HandrailError):  # what was asked before this has been done all the same
            self._until = time.monotonic() + _SOON

    def holding(self, workflow: str, language: str) -> str:
        """The words for a customer of a workflow; the first one if not said."""
        for one in self._known:
            if workflow in {"", one["workflow"]}:
                found: str = one["holding"].get(language) or one["holding"].get(one["language"], "")
                return found or self._default
        return self._default
