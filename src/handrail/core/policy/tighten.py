"""What a child pack may change of its base: tighten, never relax.

At equal state, a tightened pack never decides cooler than its base, and hands off hard wherever
the base does. `order` has the table of what is tighter.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from handrail.core.bundle.settings import BundleTemplate
from handrail.core.policy import pack as p
from handrail.core.policy.order import ROLLOUT, TABLE, Order, holds, said
from handrail.core.policy.read import row
from handrail.core.routing.settings import Queue

KeyPath = tuple[str, ...]
_TRIGGERS = (
    "policy_violation", "missing_permission", "blocked_approval", "approval_expired",
    "tool_failure", "missing_data", "low_confidence", "negative_sentiment", "vip", "late_stage",
    "no_progress", "agent_request",
)  # fmt: skip
_FILE_NAMES = {"tier_values": "tiers", "stage_values": "stages"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Relaxed:
    """A setting of the child that is looser than the base's; paths are those of the files."""

    path: KeyPath
    base_path: KeyPath
    message: str


def relaxed(base: p.Pack, child: p.Pack) -> tuple[Relaxed, ...]:
    """All that a child relaxes; empty when it only tightens."""
    return tuple(_relaxed(base, child))


def _relaxed(base: p.Pack, child: p.Pack) -> Iterator[Relaxed]:
    yield from _fields(base, child, (), ())
    yield from _fields(base.metrics, child.metrics, ("metrics",), ("metrics",))
    yield from _entries(base.sla, child.sla, ("sla",), ("sla",))
    yield from _matrix(base, child)
    known = {own.name: own for own in base.workflows}
    for own in child.workflows:
        here = ("workflows", own.name)
        if own.name in known:
            yield from _fields(known[own.name], own, here, here, ROLLOUT)
            yield from _workflow(base, known[own.name], child, own, here, here)
        else:
            yield from _workflow(base, base.defaults, child, own, ("defaults",), here)
    for name in known.keys() - {own.name for own in child.workflows}:
        yield _gone(("workflows",), ("workflows", name))
    yield from _workflow(base, base.defaults, child, child.defaults, ("defaults",), ("defaults",))


def _workflow(
    base: p.Pack,
    old: p.Workflow,
    child: p.Pack,
    new: p.Workflow,
    there: KeyPath,
    here: KeyPath,
) -> Iterator[Relaxed]:
    """All of a workflow but its mode and percentage."""
    for name in _TRIGGERS:
        below = ("triggers", name)
        before, after = getattr(old.rules, name), getattr(new.rules, name)
        if before is not None and after is None:
            yield Relaxed(
                path=(*here, *below), base_path=(*there, *below), message=f"`{name}` is off"
            )
        elif before is not None:
            yield from _fields(before, after, (*there, *below), (*here, *below))
    yield from _fields(old.rules, new.rules, there, here)
    for name in ("topics", "conditions"):
        yield from _entries(
            getattr(old.rules, name), getattr(new.rules, name), (*there, name), (*here, name)
        )
    for before, after, name in (
        (old.rules.score, new.rules.score, "score"),
        (old.rules.offers, new.rules.offers, "offers"),
        (old.handback, new.handback, "handback"),
    ):
        yield from _fields(before, after, (*there, name), (*here, name))
    yield from _fields(old, new, there, here)
    yield from _texts(old, new, there, here)
    yield from _bundle(base, old, child, new, there, here)
    yield from _sla(base, old, child, new, there, here)
    if old.fallback is not None and new.fallback is None:
        yield _gone((*here, "fallback"), (*there, "fallback"))


def _bundle(
    base: p.Pack,
    old: p.Workflow,
    child: p.Pack,
    new: p.Workflow,
    there: KeyPath,
    here: KeyPath,
) -> Iterator[Relaxed]:
    """The template that a workflow names, whatever it is called, may not ask for less."""
    before = next((one for one in base.bundles if one.name == old.bundle), BundleTemplate())
    after = next((one for one in child.bundles if one.name == new.bundle), BundleTemplate())
    yield from _fields(
        before,
        after,
        ("bundles", before.name) if before.name else (*there, "bundle"),
        ("bundles", after.name) if after.name else (*here, "bundle"),
    )


def _texts(old: p.Workflow, new: p.Workflow, there: KeyPath, here: KeyPath) -> Iterator[Relaxed]:
    """No phrase or pattern may go."""
    after = {text.name: text for text in new.topics}
    for before in old.topics:
        now = after.get(before.name)
        if now is None:
            continue  # told already: the topic itself is gone
        place = ("topics", before.name)
        yield from _fields(before, now, (*there, *place), (*here, *place))
        spoken = dict(now.phrases)
        for language, phrases in before.phrases:
            lost = sorted(set(phrases) - set(spoken.get(language, ())))
            if lost:
                below = (*place, "phrases", language)
                yield Relaxed(
                    path=(*here, *below),
                    base_path=(*there, *below),
                    message=f"phrase `{lost[0]}` is missing",
                )


def _sla(
    base: p.Pack,
    old: p.Workflow,
    child: p.Pack,
    new: p.Workflow,
    there: KeyPath,
    here: KeyPath,
) -> Iterator[Relaxed]:
    """The SLA policy of a handoff, whatever it is called, may not be slower, in no queue."""
    queues = {one.name: one for one in base.queues}
    found: dict[Relaxed, None] = {}
    for queue in (Queue(name=""), *child.queues):
        known = queues.get(queue.name)
        old_name = (known.sla if known else "") or old.sla
        new_name = queue.sla or new.sla
        before = next((one for one in base.sla if one.name == old_name), None)
        after = next((one for one in child.sla if one.name == new_name), None)
        place = ("queues", queue.name, "sla") if queue.sla else (*here, "sla")
        if before is None:
            continue
        if after is None:
            found[_gone(place, (*there, "sla"))] = None
        elif old_name != new_name:  # policies of one name are compared on their own
            found |= dict.fromkeys(_fields(before, after, ("sla", old_name), ("sla", new_name)))
    yield from found


def _matrix(base: p.Pack, child: p.Pack) -> Iterator[Relaxed]:
    """Wherever the base asks for reviewer tags, the child's winning row asks for them too."""
    for topic, tier in sorted({(one.topic, one.tier) for one in (*base.matrix, *child.matrix)}):
        before, after = row(base, topic, tier), row(child, topic, tier)
        if before is None:
            continue
        lost = sorted(set(before.tags) - set(after.tags if after else ()))
        if after is None or lost:
            yield Relaxed(
                path=("matrix", topic, tier),
                base_path=("matrix", before.topic, before.tier),
                message=f"reviewers need no tag `{lost[0]}`" if lost else "the row is gone",
            )


def _entries(
    old: tuple[Any, ...], new: tuple[Any, ...], there: KeyPath, here: KeyPath
) -> Iterator[Relaxed]:
    """Entries that have names."""
    after = {one.name: one for one in new}
    for before in old:
        if before.name in after:
            yield from _fields(
                before, after[before.name], (*there, before.name), (*here, before.name)
            )
        else:
            yield _gone((*here, before.name), (*there, before.name))


def _gone(path: KeyPath, base_path: KeyPath) -> Relaxed:
    return Relaxed(path=path, base_path=base_path, message=f"`{base_path[-1]}` is gone")


def _fields(
    old: Any,
    new: Any,
    there: KeyPath,
    here: KeyPath,
    orders: Mapping[str, Order] | None = None,
) -> Iterator[Relaxed]:
    """The settings of one object, by the table."""
    for name, order in (orders or TABLE[type(old)]).items():
        before, after = getattr(old, name), getattr(new, name)
        if before != after and not holds(order, before, after):
            shown = _FILE_NAMES.get(name, name)
            yield Relaxed(
                path=(*here, shown),
                base_path=(*there, shown),
                message=f"`{shown}` is {said(order, after)}, and should be "
                f"{order.way} {said(order, before)}",
            )
