"""Findings about promises that a pack could break: hard triggers, requests, bounds, bundles."""

from collections.abc import Iterator

from handrail.core.lint.finding import Finding, KeyPath
from handrail.core.lint.routing import covered
from handrail.core.lint.triggers import SOFT_OR_HARD
from handrail.core.model import Mode, Outcome
from handrail.core.policy import (
    BundleField,
    Kind,
    Masked,
    Pack,
    Workflow,
    bundle,
    row,
)

_SAFETY = ("policy_violation", "missing_permission", "approval_expired")
# What a human needs to start warm.
_NEEDED = (
    BundleField.GOAL,
    BundleField.SUMMARY,
    BundleField.TRANSCRIPT,
    BundleField.SOURCES,
    BundleField.CONSTRAINTS,
    BundleField.NEXT_STEPS,
)
_HIDDEN = (Masked.SECRET, Masked.CARD)


def find(pack: Pack) -> Iterator[Finding]:
    """All of them, workflow by workflow."""
    for own in pack.workflows:
        path = ("workflows", own.name)
        yield from _hard(own, path)
        yield from _requests(pack, own, path)
        yield from _bounds(own, path)
        yield from _bundle(pack, own, path)


def _hard(own: Workflow, path: KeyPath) -> Iterator[Finding]:
    rules = own.rules
    named = [(("triggers", name), name, getattr(rules, name)) for name in SOFT_OR_HARD]
    named += [(("topics", one.name), one.name, one) for one in rules.topics]
    named += [(("conditions", one.name), one.name, one) for one in rules.conditions]
    for place, name, rule in named:
        if rule is None or not getattr(rule, "hard", False):
            continue
        exceptions = getattr(rule, "unless", ())
        if exceptions or rule.action is not Outcome.HANDOFF:
            what = f"except when `{exceptions[0]}`" if exceptions else f"only to {rule.action.code}"
            yield Finding(
                code="HR301",
                keys=(*path, *place),
                message=f"`{name}` is marked hard, and asks {what}",
                fix="remove `unless` and let it hand off, or write `hard: false`",
            )
    for name in _SAFETY:
        rule = getattr(rules, name)
        if rule is None or not rule.hard:
            yield Finding(
                code="HR302",
                keys=(*path, "triggers", name),
                message=f"`{name}` is {'off' if rule is None else 'soft'}, so the agent may go on "
                "after it",
                fix=f"write `{name}: {{hard: true}}`, or remove the line",
            )


def _requests(pack: Pack, own: Workflow, path: KeyPath) -> Iterator[Finding]:
    """Whoever asks for a person gets one, in every tier."""
    queues = {queue.name for queue in pack.queues}
    for tier in ("", *pack.tiers):
        found = row(pack, "", tier)
        if found is None or own.fallback is not None:
            continue
        if found.queue not in queues or not covered(pack, found.queue):
            yield Finding(
                code="HR303",
                keys=path,
                message=f"a customer of tier `{tier or 'none'}` who asks for a person lands in "
                f"`{found.queue}`, which is never staffed, and there is no fallback",
                fix="give the queue hours or an overflow that has them, and declare a `fallback`",
            )
            break
    if own.mode is not Mode.ENFORCE or own.percentage < 100:
        part = "cases" if own.mode is not Mode.ENFORCE else f"{100 - own.percentage} % of cases"
        yield Finding(
            code="HR304",
            keys=(*path, "percentage" if own.mode is Mode.ENFORCE else "mode"),
            message=f"in {part} of `{own.name}` a request for a person is recorded and not "
            "acted on by Handrail",
            fix="use `mode: enforce` and `percentage: 100` once you trust the pack",
        )


def _bounds(own: Workflow, path: KeyPath) -> Iterator[Finding]:
    back = own.handback
    if not back.max_bounces or not back.cooldown_turns:
        what = "bound on handbacks" if not back.max_bounces else "cool-down after a handback"
        yield Finding(
            code="HR305",
            keys=(*path, "handback"),
            message=f"there is no {what}, so a case can go to and fro between AI and humans",
            fix="set `max_bounces` (such as 2) and `cooldown_turns` (such as 2)",
        )
    if own.mode is Mode.ENFORCE and own.fallback is None:
        yield Finding(
            code="HR306",
            keys=(*path, "fallback"),
            message=f"when no human can be found, a case of `{own.name}` has nowhere to go",
            fix="declare `fallback: callback` or `fallback: ticket`",
        )


def _bundle(pack: Pack, own: Workflow, path: KeyPath) -> Iterator[Finding]:
    template = bundle(pack, own.name)
    missing = [one for one in _NEEDED if one not in template.required]
    # Operations have no conversation to link.
    if own.kind is Kind.OPERATIONS and BundleField.TRANSCRIPT in missing:
        missing.remove(BundleField.TRANSCRIPT)
    if missing:
        yield Finding(
            code="HR307",
            keys=(*path, "bundle"),
            message=f"a handoff need not bring `{missing[0]}`",
            fix=f"add `{missing[0]}` to `required` of the bundle template",
        )
    shown = [one for one in _HIDDEN if one not in template.masked]
    if shown:
        yield Finding(
            code="HR308",
            keys=(*path, "bundle"),
            message=f"data of the class `{shown[0]}` is not hidden in bundles",
            fix=f"add `{shown[0]}` to `masked` of the bundle template",
        )
