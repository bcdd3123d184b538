"""Whether a bundle that a model wrote may be sent: the same schema, evidence and masking.

A model may word the goal, the summary, the constraints and the next steps. All else is as it was
extracted.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from handrail.core.bundle import text as t
from handrail.core.bundle.assemble import assemble
from handrail.core.bundle.mask import Detector, Mask
from handrail.core.bundle.material import Material, window
from handrail.core.bundle.parts import MAX_STEPS, MAX_WORDS, MIN_STEPS, Bundle, Claim, Step
from handrail.core.bundle.seal import sealed

_KEYS = {"goal": False, "summary": True, "constraints": True, "next_steps": True}  # is it a list
_LONGEST, _MOST = 400, 8


@dataclass(slots=True)
class _Check:
    """Collects what is wrong with an answer. `said` is what each turn says, masked."""

    said: Mapping[int, str]
    found: list[str] = field(default_factory=list)

    def claim(self, value: object, place: str) -> Claim | None:
        """A claim of the right shape that its turns bear out."""
        if not isinstance(value, Mapping) or value.keys() != {"text", "evidence"}:
            self.found.append(f"`{place}` should be a map of `text` and `evidence`")
            return None
        text, turns = value["text"], value["evidence"]
        if not isinstance(text, str) or not text.strip() or len(text) > _LONGEST:
            self.found.append(f"`{place}.text` should be a text of 1 to {_LONGEST} characters")
            return None
        if not isinstance(turns, list) or not turns or any(type(one) is not int for one in turns):
            self.found.append(f"`{place}.evidence` should be a list of turn numbers")
            return None
        if unknown := sorted(set(turns) - self.said.keys()):
            self.found.append(f"`{place}.evidence` names turn {unknown[0]}, which was not shown")
            return None
        if invented := self._invented(text, turns):
            self.found.append(f"`{place}` names `{invented}`, which none of its turns says")
            return None
        return Claim(text=t.plain(text), evidence=tuple(sorted(set(turns))))

    def _invented(self, text: str, turns: list[int]) -> str:
        """The first number or reference that is not in the turns that are cited."""
        told = " ".join(self.said[one] for one in set(turns)).lower()
        return next((one for one in t.figures(text) if one.lower() not in told), "")


def accept(
    candidate: object, material: Material, detect: Detector, writer: str = "model"
) -> Bundle | tuple[str, ...]:
    """The bundle with the wording of `candidate`, or all that is wrong with it.

    The candidate is `{"goal": claim, "summary": [claim, …], "constraints": […], "next_steps":
    […]}`; a claim is `{"text", "evidence": [turn, …]}`.
    """
    mask = Mask(detect, frozenset(material.template.masked))
    if not isinstance(candidate, Mapping) or candidate.keys() != _KEYS.keys():
        return (f"the answer should be an object with exactly {', '.join(_KEYS)}",)
    lines = window(material, mask)
    check = _Check({one.number: _said(one.text, one.calls, one.tool) for one in lines})
    made: dict[str, list[Claim]] = {}
    for name, many in _KEYS.items():
        value = candidate[name]
        if many and (not isinstance(value, list) or len(value) > _MOST):
            check.found.append(f"`{name}` should be a list of at most {_MOST} claims")
            continue
        items = value if isinstance(value, list) else [value]
        claims = [
            check.claim(item, f"{name}[{place}]" if many else name)
            for place, item in enumerate(items)
        ]
        made[name] = [one for one in claims if one is not None]
    base = assemble(material, detect)
    if not check.found:
        check.found += _bounds(made, base)
    if check.found:
        return tuple(mask.all(check.found))
    steps = [Step(text=s.text, evidence=s.evidence, source="writer") for s in made["next_steps"]]
    bundle = replace(
        base,
        goal=made["goal"][0],
        summary=tuple(made["summary"]),
        constraints=tuple(made["constraints"]) or base.constraints,
        next_steps=tuple(steps),
        writer=writer,
    )
    known = frozenset(check.said)
    return sealed(bundle, known, material.template.required, mask)


def _said(text: str, calls: tuple[object, ...], tool: str) -> str:
    named = [f"{getattr(one, 'name', '')} {getattr(one, 'args', '')}" for one in calls]
    return " ".join((text, tool, *named))


def _bounds(made: Mapping[str, list[Claim]], base: Bundle) -> list[str]:
    """What the whole must keep: a summary, not too long; steps that are of this case."""
    found = []
    count = sum(t.words(one.text) for one in made["summary"])
    if not 1 <= count <= MAX_WORDS:
        found.append(f"`summary` has {count} words, and should have 1 to {MAX_WORDS}")
    steps = made["next_steps"]
    if not MIN_STEPS <= len(steps) <= MAX_STEPS:
        found.append(f"`next_steps` has {len(steps)}, and should have {MIN_STEPS} to {MAX_STEPS}")
    terms = _terms(base)
    for place, step in enumerate(steps):
        if not any(term in step.text.lower() for term in terms):
            found.append(f"`next_steps[{place}]` names nothing of this case")
    return found


def _terms(base: Bundle) -> set[str]:
    """What makes a step one of this case: its tools and topics, and the rarer words of its goal
    and of what stands open.
    """
    terms = {one.tool.lower() for one in base.last_actions if one.tool}
    terms |= {one.detail.lower() for one in base.reasons if one.detail}
    said = [base.goal, *base.summary] if base.goal else list(base.summary)
    quoted = " ".join(one.text for one in said)
    return terms | {word.lower() for word in t.rare(quoted)}
