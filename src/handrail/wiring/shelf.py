"""The channel of a service that was given no other: effects stand ready to be fetched.

Nothing is delivered by it, and nothing is said to be: an effect becomes `accepted`, its `delivery`
entry tells whoever reads the changes, and the program that talks to the customer fetches the text
and reports `sent` or `failed`. What the AI said is looked at once more when it is fetched.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from handrail import outbox
from handrail.ports import Delivery, Effect, Sent, Store

_OVER = frozenset({Delivery.SENT, Delivery.FAILED, Delivery.CANCELLED})


class Shelf:
    """See `handrail.ports.Channel`."""

    def deliver(self, effect: Effect, text: str) -> Sent:  # noqa: ARG002  # both are in the store
        """It stands ready; how it ended is reported later."""
        return Sent.QUEUED


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """An effect with its text. `late`: why the AI may not say it any more, and then `text` is
    withheld; empty = it may leave now. `text` None: it was erased, or there is none.
    """

    effect: Effect
    text: str | None
    late: str = ""


def fetch(store: Store, case: str, *, over: bool = True) -> Sequence[Ready]:
    """The effects of a case with their texts, in the order in which they were written; `over` False
    leaves out those that have ended.
    """
    with store.view() as unit:
        found = []
        for effect in unit.effects(case):
            if not over and effect.status in _OVER:
                continue
            late = "" if effect.status in _OVER else outbox.late(unit, effect)
            text = None if late else unit.payload(effect.key)
            found.append(Ready(effect=effect, text=text, late=late))
        return found
