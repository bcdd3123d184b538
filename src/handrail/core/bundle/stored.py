"""A bundle as it is kept: the values of JSON, keys sorted, without the fields that are default.

What `record.plain` gives, written out field by field: walking over the fields of every part takes
four times as long. A test holds it to `plain`, so that no field can be forgotten.
"""

from collections.abc import Sequence

from handrail.core.bundle.parts import Action, Bundle, Claim, CustomerValue, Step, Trend
from handrail.core.model import Reason

_Plain = dict[str, object]


def stored(bundle: Bundle) -> _Plain:
    """The bundle as dictionaries, tuples, texts and numbers; tuples stand for lists."""
    told: _Plain = {}
    if bundle.constraints:
        told["constraints"] = _claims(bundle.constraints)
    if bundle.contributions:
        told["contributions"] = [list(one) for one in bundle.contributions]
    if bundle.customer_value is not None:
        told["customer_value"] = _value(bundle.customer_value)
    if bundle.customer_visible:
        told["customer_visible"] = _claims(bundle.customer_visible)
    if bundle.faults:
        told["faults"] = bundle.faults
    if bundle.goal is not None:
        told["goal"] = {"evidence": bundle.goal.evidence, "text": bundle.goal.text}
    told["language"] = bundle.language
    if bundle.last_actions:
        told["last_actions"] = [_action(one) for one in bundle.last_actions]
    told["missing"] = [one.value for one in bundle.missing]
    if bundle.next_steps:
        told["next_steps"] = [_step(one) for one in bundle.next_steps]
    if bundle.reasons:
        told["reasons"] = [_reason(one) for one in bundle.reasons]
    if bundle.score:
        told["score"] = bundle.score
    if bundle.sentiment_trend is not None:
        told["sentiment_trend"] = _trend(bundle.sentiment_trend)
    if bundle.sources:
        told["sources"] = _claims(bundle.sources)
    told["status"] = bundle.status.value
    if bundle.summary:
        told["summary"] = _claims(bundle.summary)
    if bundle.transcript:
        told["transcript"] = bundle.transcript
    if bundle.trigger is not None:
        told["trigger"] = bundle.trigger.value
    if bundle.writer != "extractive":
        told["writer"] = bundle.writer
    return told


def _claims(claims: Sequence[Claim]) -> list[_Plain]:
    return [{"evidence": one.evidence, "text": one.text} for one in claims]


def _step(one: Step) -> _Plain:
    return {"evidence": one.evidence, "source": one.source, "text": one.text}


def _action(one: Action) -> _Plain:
    return {
        "detail": one.detail,
        "evidence": one.evidence,
        "failed": one.failed,
        "result": one.result,
        "tool": one.tool,
    }


def _reason(one: Reason) -> _Plain:
    told: _Plain = {"detail": one.detail} if one.detail else {}
    if one.hard:
        told["hard"] = True
    told["outcome"] = one.outcome.code
    if one.threshold != 1:
        told["threshold"] = one.threshold
    told["trigger"] = one.trigger.value
    if one.value != 1:
        told["value"] = one.value
    return told


def _value(who: CustomerValue) -> _Plain:
    told = {"stage": who.stage, "tier": who.tier, "value": who.value}
    return {name: item for name, item in told.items() if item}


def _trend(mood: Trend) -> _Plain:
    return {"before": mood.before, "level": mood.level, "turns": mood.turns, "way": mood.way.value}
