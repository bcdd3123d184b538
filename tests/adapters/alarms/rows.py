"""Cases with something to deliver, made as cheaply as a store allows."""

from collections.abc import Sequence

from handrail.core.case import start
from handrail.core.ownership import Ownership
from handrail.core.sla import Deadline, Kind
from handrail.ports import Case, Effect, Store, Unit

HOUR = 3_600_000


def put(store: Store, names: Sequence[str], effects: int = 1, fires_in: int = HOUR) -> list[str]:
    """New cases of these names, each with messages to deliver; gives the keys of those."""
    keys = []
    for first in range(0, len(names), 500):
        with store.unit() as unit:
            for name in names[first : first + 500]:
                keys += _case(unit, name, effects, fires_in)
    return keys


def _case(unit: Unit, name: str, effects: int, fires_in: int) -> list[str]:
    now = unit.now()
    own = Ownership(workflow="w", at=now)
    unit.save(Case(id=name, workflow="w", ownership=own, state=start(), effects=effects))
    fires = now + fires_in
    kind = Kind.CHECK_BACK
    unit.arm(name, [Deadline(kind=kind, started=now, limit=fires_in, due=fires, fires=fires)])
    keys = [f"{name}/{number}" for number in range(1, effects + 1)]
    for number, key in enumerate(keys, 1):
        unit.put_effect(
            Effect(key=key, case=name, kind="notice", body={}, at=now, number=number, due=now)
        )
        unit.keep(name, key, f"text {number}")
    return keys
