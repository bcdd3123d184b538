"""A bundle made of what is there. It never raises: law 9."""

from dataclasses import replace

from handrail.core.bundle import summary, words
from handrail.core.bundle.mask import Detector, Mask
from handrail.core.bundle.material import HEAD, TAIL, Material, window
from handrail.core.bundle.parts import (
    Action,
    Bundle,
    Claim,
    CustomerValue,
    Status,
    Trend,
    TrendWay,
)
from handrail.core.bundle.reading import Reading, read
from handrail.core.bundle.seal import missing, sealed
from handrail.core.bundle.settings import BundleField
from handrail.core.bundle.steps import advise
from handrail.core.bundle.summary import grouped
from handrail.core.model import FULL, Event, Role

_ACTIONS, _SOURCES = 5, 6
_RISE = 50  # thousandths by which the level must have risen to be called worse


def assemble(material: Material, detect: Detector) -> Bundle:
    """The bundle of a handoff. `detect` finds what is to be hidden.

    LAW 9: total. Whatever goes wrong, what is missing is listed and the bundle says `degraded`.
    """
    try:
        return _assemble(material, detect)
    except Exception as error:  # noqa: BLE001  # the case is handed over all the same
        return _poorest(material, type(error).__name__)


def _assemble(material: Material, detect: Detector) -> Bundle:
    mask = Mask(detect, frozenset(material.template.masked))
    found = read(window(material, mask))
    decision = material.decision
    turns = span(found)
    bundle = Bundle(
        status=Status.COMPLETE,
        missing=(),
        language=words.spoken(material.language),
        goal=found.goal,
        summary=summary.write(found, decision, material.language),
        last_actions=_actions(found, material.language, turns),
        transcript=material.transcript,
        sources=_sources(found, material.language, turns),
        constraints=_constraints(found, material, turns),
        next_steps=advise(found, material),
        trigger=decision.trigger,
        reasons=decision.reasons,
        score=decision.score,
        contributions=decision.contributions,
        customer_value=_value(material),
        sentiment_trend=_trend(material),
        customer_visible=_visible(found, material.language),
    )
    known = frozenset([one.number for one in material.lines])
    return sealed(bundle, known, material.template.required, mask)


def _poorest(material: Material, error: str) -> Bundle:
    """What is left when making a bundle failed: why it is handed over, and that the rest lacks."""
    try:
        bundle = Bundle(
            status=Status.DEGRADED,
            missing=(),
            language="en",
            trigger=material.decision.trigger,
            reasons=tuple([replace(one, detail="") for one in material.decision.reasons]),
            score=material.decision.score,
            faults=(f"the bundle could not be made: {error}",),
        )
        return replace(bundle, missing=missing(bundle, material.template.required))
    except Exception:  # noqa: BLE001  # not even the decision is what its type says
        return Bundle(
            status=Status.DEGRADED,
            missing=tuple(BundleField),
            language="en",
            faults=(f"the bundle could not be made: {error}",),
        )


def span(found: Reading) -> str:
    """The turns that were read, as a person writes them: `1-10, 71-100`."""
    numbers = [one.number for one in found.lines]
    if len(numbers) == HEAD + TAIL and numbers[HEAD] != numbers[HEAD - 1] + 1:
        return f"{numbers[0]}-{numbers[HEAD - 1]}, {numbers[HEAD]}-{numbers[-1]}"
    return f"{numbers[0]}-{numbers[-1]}" if numbers else ""


def _none(found: Reading, language: str, name: str, turns: str) -> Claim:
    """That a field was looked for and there is nothing: told, and not left open."""
    text = words.fixed(language)[name].format(turns=turns)
    return Claim(text=text, evidence=(found.lines[0].number, found.lines[-1].number))


def _actions(found: Reading, language: str, turns: str) -> tuple[Action, ...]:
    replies = [
        Action(tool="", detail=one.text, result="", failed=None, evidence=one.evidence)
        for one in found.replies
    ]
    kept = [*found.actions[-_ACTIONS:], *replies[-max(1, _ACTIONS - len(found.actions)) :]]
    if not kept and found.lines:
        none = _none(found, language, "no_actions", turns)
        return (Action(tool="", detail=none.text, result="", failed=None, evidence=none.evidence),)
    return tuple(sorted(kept, key=lambda one: one.evidence))[-_ACTIONS:]


def _sources(found: Reading, language: str, turns: str) -> tuple[Claim, ...]:
    fixed = words.fixed(language)
    cited = [Claim(text=text, evidence=(number,)) for text, number in found.sources]
    used = [
        Claim(text=fixed["tool_result"].format(tool=one.tool), evidence=numbers)
        for one, _, numbers in grouped([one for one in found.actions if one.failed is False])
    ]
    kept = (*cited[-_SOURCES:], *used[-_SOURCES:])
    if not kept and found.lines:
        return (_none(found, language, "no_sources", turns),)
    return kept


def _constraints(found: Reading, material: Material, turns: str) -> tuple[Claim, ...]:
    """What binds the human: open approvals, limits that were found or told, promises made."""
    fixed = words.fixed(material.language)
    kept = []
    open_now = material.state.approvals_open
    if open_now and found.lines:
        asked = found.numbers(Event.APPROVAL_REQUESTED)[-open_now:] or (found.lines[-1].number,)
        kept.append(Claim(text=fixed["open_approval"].format(count=open_now), evidence=asked))
    if broken := found.numbers(Event.POLICY_VIOLATION):
        kept.append(Claim(text=fixed["violation"], evidence=broken))
    if denied := found.numbers(Event.PERMISSION_MISSING):
        tools = [f"`{one.tool}`" for one in found.failed if set(one.evidence) & set(denied)]
        what = ", ".join(dict.fromkeys(tools)) or "?"
        kept.append(Claim(text=fixed["permission"].format(what=what), evidence=denied))
    for name, quotes in (("limit", found.limits), ("refused", found.refusals)):
        kept += [Claim(text=fixed[name].format(quote=q.text), evidence=q.evidence) for q in quotes]
    if (promise := found.promise) is not None:
        text = fixed["promise"].format(quote=promise.text)
        kept.append(Claim(text=text, evidence=promise.evidence))
    if not kept and found.lines:
        return (_none(found, material.language, "no_limits", turns),)
    return tuple(kept)


def _value(material: Material) -> CustomerValue | None:
    who = material.attributes
    if not who.tier and not who.stage:
        return None
    parts = {one.part: one.value for one in material.decision.contributions}
    return CustomerValue(tier=who.tier, stage=who.stage, value=parts.get("value", 0))


def _trend(material: Material) -> Trend | None:
    state = material.state
    if not state.sentiment_known:
        return None
    if state.sentiment_run and state.level - state.run_start >= _RISE:
        way = TrendWay.WORSENING
    else:
        way = TrendWay.STEADY if state.level >= FULL // 2 else TrendWay.CALM
    return Trend(way=way, level=state.level, before=state.run_start, turns=state.sentiment_run)


def _visible(found: Reading, language: str) -> tuple[Claim, ...]:
    """What the customer may read: their own words, and who goes on. No reason, score or tool."""
    fixed = words.fixed(language)
    own = {one.number for one in found.lines if one.role is Role.CUSTOMER and not one.private}
    quotes = [one for one in (found.goal, found.later) if one and set(one.evidence) <= own]
    said = [
        Claim(text=fixed["you_asked"].format(quote=one.text), evidence=one.evidence)
        for one in quotes
    ]
    last = (found.lines[-1].number,) if found.lines else ()
    return (*said, Claim(text=fixed["person"], evidence=last)) if last else ()
