"""After a restore: all that fell due meanwhile is fired as ever, and told as one summary a queue.

The summaries grow in one row of the store, the account of `handrail.missed`, in the same unit as
the cases that they are of; so a crash neither loses nor doubles any, and processes that catch up
together take turns at it.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from handrail import missed
from handrail.engine.deployment import Deployment
from handrail.engine.transfer import NOBODY
from handrail.engine.work import Work
from handrail.ports import Case, Delivery, Effect, Store, Unit

Missed = list[tuple[str, Mapping[str, Any]]]
"""Ids of cases with what would have been told of them."""
_NAMED = 100
"""So many cases a queue are named; the rest is counted."""


class Quiet(Work):
    """Work on a case of which nobody is told that a clock ran out: it is kept in `kept`. With
    None it is work like any other.
    """

    def __init__(self, unit: Unit, deployment: Deployment, case: Case, kept: Missed | None) -> None:
        super().__init__(unit, deployment, case)
        self._missed = kept

    def effect(
        self, kind: str, body: Mapping[str, Any], *, text: str = "", fenced: bool = False
    ) -> str:
        """Something to do outside, unless it is the news of a clock."""
        if kind == "clock" and self._missed is not None:
            self._missed.append((self.case.id, body))
            return ""
        return super().effect(kind, body, text=text, fenced=fenced)


class CatchUp:
    """Whether this store came back from a backup, and is not done with what it missed. While it is
    not `over`, nobody is looked for for those that wait: their clocks come first.
    """

    def __init__(self) -> None:
        self.over = False

    @contextmanager
    def taking(self, unit: Unit) -> Iterator[Missed | None]:
        """What is to be kept of the cases that this unit takes; None: all is told at once."""
        found = self._account(unit)
        if found is None:
            yield None
            return
        kept: Missed = []
        yield kept
        unit.put_effect(replace(found, body=_added(found.body, kept)))

    def finish(self, store: Store, on: Deployment) -> None:
        """Nothing is overdue any more: what was missed is told, once."""
        if self.over:
            return
        with store.unit() as unit:
            found = self._account(unit)
            if found is None:
                return
            for name, kept in found.body["queues"].items():
                queue = on.queues.get(name)
                to = (queue.steward if queue else "") or on.pack.owner or NOBODY
                unit.put_effect(
                    Effect(
                        key=f"{found.key}/{name}",
                        case="",
                        kind=missed.SUMMARY,
                        body={"queue": name, "to": to, **kept},
                        at=unit.now(),
                        due=unit.now(),
                    )
                )
            unit.put_effect(replace(found, status=Delivery.SENT))
        self.over = True

    def _account(self, unit: Unit) -> Effect | None:
        """The account, ours until the unit ends; None when there is none, or it is told."""
        if self.over:
            return None
        found = unit.effect(missed.key(unit.first_epoch().incarnation))
        if found is None or found.status is not Delivery.ACCEPTED:
            self.over = True
            return None
        return found


def _added(body: Mapping[str, Any], kept: Missed) -> Mapping[str, Any]:
    """The account with these too: by queue how often what happened, how many cases, and some."""
    queues = dict(body["queues"])
    for case, one in kept:
        before = queues.get(one["queue"], {"missed": {}, "count": 0, "cases": []})
        what = f"{one['kind']}.{one['what']}"
        new = case not in before["cases"]
        queues[one["queue"]] = {
            "missed": before["missed"] | {what: before["missed"].get(what, 0) + 1},
            "count": before["count"] + new,
            "cases": [*before["cases"], case][:_NAMED] if new else before["cases"],
        }
    return {"queues": queues}
