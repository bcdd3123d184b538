"""The last look at a bundle: what has no evidence goes, what is masked is masked again (law 10)."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, TypeVar

from handrail.core.bundle.mask import Mask
from handrail.core.bundle.parts import (
    MAX_STEPS,
    MAX_WORDS,
    MIN_STEPS,
    Action,
    Bundle,
    Claim,
    Status,
    Step,
)
from handrail.core.bundle.settings import BundleField
from handrail.core.bundle.text import words

_Part = TypeVar("_Part", Claim, Step, Action)
_LISTS = ("summary", "last_actions", "sources", "constraints", "next_steps", "customer_visible")


def missing(bundle: Bundle, required: tuple[BundleField, ...]) -> tuple[BundleField, ...]:
    """The required fields that a bundle has nothing for, sorted."""
    there = {
        BundleField.GOAL: bundle.goal is not None,
        BundleField.SUMMARY: bool(bundle.summary),
        BundleField.LAST_ACTIONS: bool(bundle.last_actions),
        BundleField.TRANSCRIPT: bool(bundle.transcript),
        BundleField.SOURCES: bool(bundle.sources),
        BundleField.CONSTRAINTS: bool(bundle.constraints),
        BundleField.NEXT_STEPS: len(bundle.next_steps) >= MIN_STEPS
        and any(_of_case(one) for one in bundle.next_steps),
        BundleField.TRIGGER: bundle.trigger is not None,
        BundleField.SCORE: bundle.trigger is not None,
        BundleField.CUSTOMER_VALUE: bundle.customer_value is not None,
        BundleField.SENTIMENT_TREND: bundle.sentiment_trend is not None,
    }
    return tuple(sorted(name for name in set(required) if not there[name]))


def _of_case(step: Step) -> bool:
    """Whether a step names something of the case itself, not only of its kind."""
    return step.source != "playbook" or "`" in step.text


def sealed(
    bundle: Bundle, turns: frozenset[int], required: tuple[BundleField, ...], mask: Mask
) -> Bundle:
    """The bundle as it may be sent: claims without a turn of the case left out, every text
    masked, what is missing listed.
    """
    bundle = covered(cited(bundle, turns), mask)
    lacking = missing(bundle, required)
    return replace(bundle, missing=lacking, status=Status.DEGRADED if lacking else Status.COMPLETE)


def cited(bundle: Bundle, turns: frozenset[int] | None = None) -> Bundle:
    """LAW 10: without what cites no turn, or, where the case's turns are told, another's."""

    def kept(parts: tuple[_Part, ...]) -> tuple[_Part, ...]:
        return tuple(
            [
                one
                for one in parts
                if one.evidence and (turns is None or turns.issuperset(one.evidence))
            ]
        )

    goal = bundle.goal
    fields: dict[str, Any] = {name: kept(getattr(bundle, name)) for name in _LISTS}
    fields["goal"] = goal if goal is not None and kept((goal,)) else None
    changed = {name: now for name, now in fields.items() if now != getattr(bundle, name)}
    return replace(bundle, **changed) if changed else bundle


def covered(bundle: Bundle, mask: Mask) -> Bundle:
    """The bundle with every text masked, whatever was masked before; a link that holds something
    to hide is dropped, because it would lead nowhere.
    """
    if mask.all(told := list(texts(bundle))) == told:
        return _told(bundle, mask)
    goal, value = bundle.goal, bundle.customer_value
    link = bundle.transcript
    bundle = replace(
        bundle,
        goal=goal and replace(goal, text=mask(goal.text)),
        summary=_claims(bundle.summary, mask),
        last_actions=tuple(
            [
                replace(one, tool=mask(one.tool), detail=mask(one.detail), result=mask(one.result))
                for one in bundle.last_actions
            ]
        ),
        transcript=link if mask(link) == link else "",
        sources=_claims(bundle.sources, mask),
        constraints=_claims(bundle.constraints, mask),
        next_steps=tuple([replace(one, text=mask(one.text)) for one in bundle.next_steps]),
        reasons=tuple([replace(one, detail=mask(one.detail)) for one in bundle.reasons]),
        customer_value=value and replace(value, tier=mask(value.tier), stage=mask(value.stage)),
        customer_visible=_claims(bundle.customer_visible, mask),
    )
    return _told(bundle, mask)


def texts(bundle: Bundle) -> Iterator[str]:
    """Every free text of a bundle."""
    for name in ("summary", "sources", "constraints", "next_steps", "customer_visible"):
        yield from [one.text for one in getattr(bundle, name)]
    for action in bundle.last_actions:
        yield from (action.tool, action.detail, action.result)
    yield from [one.detail for one in bundle.reasons]
    yield bundle.transcript
    if bundle.goal is not None:
        yield bundle.goal.text
    if bundle.customer_value is not None:
        yield from (bundle.customer_value.tier, bundle.customer_value.stage)


def problems(bundle: Bundle, mask: Mask | None = None) -> tuple[str, ...]:
    """What is wrong with a bundle that was made elsewhere or stored; empty when nothing is.

    What `mask` would change is a problem.
    """
    found = []
    for name in ("goal", *_LISTS):
        value = getattr(bundle, name)
        parts = () if value is None else value if isinstance(value, tuple) else (value,)
        if any(not one.evidence for one in parts):
            found.append(f"`{name}` has a part that cites no turn")
    if (count := sum(words(one.text) for one in bundle.summary)) > MAX_WORDS:
        found.append(f"`summary` has {count} words, at most {MAX_WORDS}")
    if len(bundle.next_steps) > MAX_STEPS:
        found.append(f"`next_steps` has {len(bundle.next_steps)} steps, at most {MAX_STEPS}")
    if (bundle.status is Status.DEGRADED) != bool(bundle.missing):
        found.append("`status` is `degraded` exactly when something is missing")
    if mask is not None and mask.all(told := list(texts(bundle))) != told:
        found.append("a text holds what the pack masks")
    return tuple(found)


def _claims(claims: tuple[Claim, ...], mask: Mask) -> tuple[Claim, ...]:
    return tuple([replace(one, text=mask(one.text)) for one in claims])


def _told(bundle: Bundle, mask: Mask) -> Bundle:
    """With the fault that masking failed, if it did."""
    fault = "masking failed: a text was withheld"
    if not mask.failed or fault in bundle.faults:
        return bundle
    return replace(bundle, faults=(*bundle.faults, fault))
