"""The one-paragraph summary: what is wanted, what was tried, where it stands, why it comes here."""

from collections.abc import Mapping, Sequence

from handrail.core.bundle import text as t
from handrail.core.bundle import words
from handrail.core.bundle.parts import MAX_WORDS, Action, Claim
from handrail.core.bundle.reading import Reading
from handrail.core.model import Decision, Event, Reason, Role, Trigger

_FAILED, _DONE, _REFERENCES = 2, 4, 3
_ERROR = 70
_DROPPED = ("done", "references", "answered", "promise", "announced", "later", "question",
            "handover", "unanswered", "failed")  # fmt: skip
"""What a summary that is too long goes without, first to last."""
_EVENTS = {
    Trigger.EXPLICIT_REQUEST: Event.HUMAN_REQUESTED,
    Trigger.POLICY_VIOLATION: Event.POLICY_VIOLATION,
    Trigger.MISSING_PERMISSION: Event.PERMISSION_MISSING,
    Trigger.BLOCKED_APPROVAL: Event.APPROVAL_REQUESTED,
    Trigger.APPROVAL_EXPIRED: Event.APPROVAL_EXPIRED,
    Trigger.MISSING_DATA: Event.DATA_MISSING,
    Trigger.AGENT_REQUEST: Event.TRANSFER_REQUESTED,
    Trigger.OPERATOR_TAKEOVER: Event.OPERATOR_TAKEOVER,
}


def write(found: Reading, decision: Decision, language: str) -> tuple[Claim, ...]:
    """At most `MAX_WORDS` words, each sentence with the turns that it rests on."""
    fixed = words.fixed(language)
    parts = [
        *_wanted(found, fixed),
        *_tried(found, fixed),
        *_stands(found, fixed),
        *_handed_over(found, decision, language),
    ]
    total = sum(t.words(claim.text) for _, claim in parts)
    for kind in _DROPPED:
        if total > MAX_WORDS:
            parts = [part for part in parts if part[0] != kind]
            total = sum(t.words(claim.text) for _, claim in parts)
    return tuple([claim for _, claim in parts])


def grouped(actions: Sequence[Action]) -> list[tuple[Action, int, tuple[int, ...]]]:
    """The last call of each tool, how often it was called, and the turns of all these calls."""
    last: dict[str, Action] = {}
    turns: dict[str, list[int]] = {}
    counts: dict[str, int] = {}
    for one in actions:
        last.pop(one.tool, None)
        last[one.tool] = one
        counts[one.tool] = counts.get(one.tool, 0) + 1
        turns.setdefault(one.tool, []).extend(one.evidence)
    return [(one, counts[name], tuple(sorted(set(turns[name])))) for name, one in last.items()]


def evidence(found: Reading, reason: Reason) -> tuple[int, ...]:
    """The turns that a reason rests on; the turn that was decided on where no other is known."""
    last = (found.lines[-1].number,) if found.lines else ()
    if reason.trigger is Trigger.TOOL_FAILURE:
        failed = [number for one in found.failed for number in one.evidence[-1:]]
        return tuple(failed[-max(1, reason.value) :]) or last
    if reason.trigger in {Trigger.NEGATIVE_SENTIMENT, Trigger.NO_PROGRESS}:
        customer = [one.number for one in found.lines if one.role is Role.CUSTOMER]
        return tuple(customer[-5:]) or last
    event = _EVENTS.get(reason.trigger)
    return (found.numbers(event)[-3:] if event else ()) or last


def _claim(template: str, quoted: Claim) -> Claim:
    return Claim(text=template.format(quote=quoted.text), evidence=quoted.evidence)


def _wanted(found: Reading, fixed: Mapping[str, str]) -> list[tuple[str, Claim]]:
    parts = []
    if found.goal is not None:
        speaker = {one.number: one.role for one in found.lines}[found.goal.evidence[0]]
        name = "wants" if speaker is Role.CUSTOMER else "task"
        parts.append((name, _claim(fixed[name], found.goal)))
    if found.later is not None and found.later != found.unanswered:
        parts.append(("later", _claim(fixed["later"], found.later)))
    told = found.goal.text if found.goal else ""
    kept = [one for one in found.references if one[1] not in told][:_REFERENCES]
    if kept:
        said = ", ".join(f"{name} {reference}".strip() for name, reference, _ in kept)
        turns = tuple(sorted({turn for *_, turn in kept}))
        parts.append(
            ("references", Claim(text=fixed["references"].format(list=said), evidence=turns))
        )
    return parts


def _tried(found: Reading, fixed: Mapping[str, str]) -> list[tuple[str, Claim]]:
    parts = []
    failed = grouped(found.failed)[-_FAILED:]
    if failed:
        said = "; ".join(
            _counted(one, count, fixed)
            + (f" (“{t.clip(one.result, _ERROR)}”)" if one.result else "")
            for one, count, _ in failed
        )
        turns = tuple(sorted({number for *_, numbers in failed for number in numbers}))
        parts.append(("failed", Claim(text=fixed["failed"].format(list=said), evidence=turns)))
    done = grouped([one for one in found.actions if one.failed is False])[-_DONE:]
    if done:
        said = ", ".join(_counted(one, count, fixed) for one, count, _ in done)
        turns = tuple(sorted({number for *_, numbers in done for number in numbers}))
        parts.append(("done", Claim(text=fixed["done"].format(list=said), evidence=turns)))
    if not found.actions and found.replies:
        parts.append(("answered", _claim(fixed["answered"], found.replies[-1])))
    elif not found.actions and found.lines:
        turns = (found.lines[0].number,)
        parts.append(("nothing", Claim(text=fixed["nothing_tried"], evidence=turns)))
    return parts


def _counted(one: Action, count: int, fixed: Mapping[str, str]) -> str:
    name = f"`{one.tool}`"
    return name if count == 1 else fixed["times"].format(what=name, count=count)


def _stands(found: Reading, fixed: Mapping[str, str]) -> list[tuple[str, Claim]]:
    parts = []
    first = found.goal.evidence if found.goal else ()
    if found.unanswered is not None and found.unanswered.evidence != first:
        parts.append(("unanswered", _claim(fixed["unanswered"], found.unanswered)))
    elif found.question is not None:
        parts.append(("question", _claim(fixed["question"], found.question)))
    if found.promise is not None:
        parts.append(("promise", _claim(fixed["promise"], found.promise)))
    if found.handover is not None:
        parts.append(("handover", _claim(fixed["handover"], found.handover)))
    elif found.announced:
        parts.append(("announced", Claim(text=fixed["announced"], evidence=(found.announced,))))
    return parts


def _handed_over(found: Reading, decision: Decision, language: str) -> list[tuple[str, Claim]]:
    """The reasons, at most two, in plain words with their numbers."""
    reasons = decision.reasons[:2]
    if not reasons or not found.lines:
        return []
    fixed = words.fixed(language)
    said = fixed["and"].join(words.why(reason, language) for reason in reasons)
    turns = tuple(sorted({number for one in reasons for number in evidence(found, one)}))
    return [("why", Claim(text=fixed["why"].format(why=said), evidence=turns))]
