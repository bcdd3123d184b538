"""Whether every unclosed case has a place in another pack: its workflow, and the queue it is in."""

from collections.abc import Iterator

from handrail.core.ownership import Status
from handrail.core.policy import Pack
from handrail.engine.deployment import Deployment, unplaced
from handrail.errors import Refused
from handrail.ports import Case, Unit

_AT_ONCE = 500
_SHOWN = 5


def lost(unit: Unit, on: Deployment) -> list[tuple[str, str]]:
    """The cases that would have no place, and what of theirs is not there, in order of their ids.

    A case's clocks, its plan and what was promised go by its workflow and its queue, so they have
    a place where these have one.
    """
    found = []
    names = sorted(unit.cases_of())
    for start in range(0, len(names), _AT_ONCE):
        for case in unit.look(names[start : start + _AT_ONCE]):
            if unplaced(on, [case]):
                found.append((case.id, _what(on, case)))
    return found


def check(unit: Unit, on: Deployment) -> None:
    """Refused when some case would have no place, with the first of them and what to do."""
    found = lost(unit, on)
    if not found:
        return
    first = "; ".join(f"`{name}` ({what})" for name, what in found[:_SHOWN])
    more = f"; and {len(found) - _SHOWN:,} more" if len(found) > _SHOWN else ""
    raise Refused(
        f"{len(found):,} unclosed cases would have no place in `{on.pack.name}` "
        f"{on.pack.version}: {first}{more}",
        hint="; ".join(dict.fromkeys(_todo(found))),
    )


def check_ramp(current: Pack, new: Pack) -> None:
    """Refused when a case under one of two packs could not be found under the other."""
    ours, theirs = ({one.name for one in pack.workflows} for pack in (current, new))
    if ours != theirs:
        names = ", ".join(f"`{name}`" for name in sorted(ours ^ theirs))
        raise Refused(
            f"only one of the two packs has the workflow {names}",
            hint="a pack with other workflows is activated for all cases at once",
        )


def _what(on: Deployment, case: Case) -> str:
    if case.workflow not in on.workflows:
        return f"workflow `{case.workflow}`"
    own = case.ownership
    state = "with a plan" if own.status is Status.DELEGATED else own.status.value
    return f"{state} in queue `{own.queue}`"


def _todo(found: list[tuple[str, str]]) -> Iterator[str]:
    for _, what in found:
        name = what.rpartition(" ")[2]
        if what.startswith("workflow"):
            yield f"keep the workflow {name}, or move its cases first"
        else:
            yield f"keep the queue {name}, with `merged_into` if it is to go away"
