"""What to do next: from what failed, from the trigger and the playbook, from what is open.

Each step names something of this case (a tool, a reference, a quote, a turn) or is the playbook's
for its trigger, topic or tool: never advice that fits every case.
"""

from collections.abc import Iterator

from handrail.core.bundle import words
from handrail.core.bundle.material import Material
from handrail.core.bundle.parts import MAX_STEPS, Action, Claim, Step
from handrail.core.bundle.reading import Reading
from handrail.core.bundle.settings import PLACEHOLDERS, PlaybookEntry
from handrail.core.bundle.summary import evidence, grouped
from handrail.core.model import Event, Trigger


def advise(found: Reading, material: Material) -> tuple[Step, ...]:
    """At most three steps, most urgent first; two of the playbook only where others are lacking."""
    if not found.lines:
        return ()
    urgent = [*_of_trigger(found, material), *_of_actions(found, material.language)]
    book = list(playbook(found, material))
    rest = list(_of_talk(found, material))
    ordered = [*urgent[:1], *book[:1], *rest[:1], *urgent[1:2], *book[1:], *rest[1:], *urgent[2:]]
    steps = {step.text: step for step in reversed(ordered)}
    chosen = sorted(steps.values(), key=ordered.index)
    return tuple(chosen[:MAX_STEPS])


def playbook(found: Reading, material: Material) -> Iterator[Step]:
    """Steps of the entries that hold here, the most specific entry first."""
    reasons = material.decision.reasons
    triggers = [one.trigger.value for one in reasons]
    topics = [one.detail for one in reasons if one.trigger is Trigger.SENSITIVE_TOPIC]
    topics += [topic for topic in material.state.topics if topic not in topics]
    tools = [one.tool for one in reversed(found.failed)]
    tools += [one.tool for one in reversed(found.actions) if one.tool not in tools]

    def rank(entry: PlaybookEntry) -> tuple[int, int]:
        named = 4 * bool(entry.tool) + 2 * bool(entry.topic) + bool(entry.trigger)
        return -named, triggers.index(entry.trigger) if entry.trigger else 0

    entries = [
        one
        for one in material.template.playbook
        if (one.trigger or one.topic or one.tool)
        and (not one.trigger or one.trigger in triggers)
        and (not one.topic or one.topic in topics)
        and (not one.tool or one.tool in tools)
    ]
    known = _known(found, tools, topics)
    for entry in sorted(entries, key=rank):
        spoken = dict(entry.steps)
        base = material.language.split("-", 1)[0]
        said = spoken.get(material.language) or spoken.get(base) or _first(spoken, material)
        for text in said:
            if (filled := _filled(text, {**known, **_named(entry)})) is not None:
                turns = _rests_on(entry, found, material)
                yield Step(text=filled, evidence=turns, source="playbook")


def _first(spoken: dict[str, tuple[str, ...]], material: Material) -> tuple[str, ...]:
    """The steps in the language of the bundle's fixed words, else in whatever there is."""
    return spoken.get(words.spoken(material.language)) or next(iter(spoken.values()), ())


def _known(found: Reading, tools: list[str], topics: list[str]) -> dict[str, str]:
    known = {"tool": tools[0] if tools else "", "topic": topics[0] if topics else ""}
    name, reference, _ = found.matter or ("", "", 0)
    return {**known, "reference": f"{name} {reference}".strip()}


def _named(entry: PlaybookEntry) -> dict[str, str]:
    """What the entry itself names goes before what the case offers."""
    named = {"tool": entry.tool, "topic": entry.topic}
    return {name: text for name, text in named.items() if text}


def _filled(text: str, known: dict[str, str]) -> str | None:
    """The step with its placeholders filled in; None when the case has nothing for one."""
    for name in PLACEHOLDERS:
        mark = "{" + name + "}"
        if mark in text:
            if not known.get(name):
                return None
            text = text.replace(mark, f"`{known[name]}`")
    return text


def _rests_on(entry: PlaybookEntry, found: Reading, material: Material) -> tuple[int, ...]:
    for reason in material.decision.reasons:
        if reason.trigger.value == entry.trigger or reason.detail == entry.topic != "":
            return evidence(found, reason)
    for one in reversed(found.actions):
        if one.tool == entry.tool != "":
            return one.evidence
    return (found.lines[-1].number,)


def _of_trigger(found: Reading, material: Material) -> Iterator[Step]:
    """What the trigger itself asks for, where it names something of the case."""
    fixed = words.fixed(material.language)
    fired = {one.trigger: one for one in material.decision.reasons}
    if (permission := fired.get(Trigger.MISSING_PERMISSION)) and found.failed:
        one = found.failed[-1]
        text = fixed["grant"].format(tool=one.tool, detail=_with(one))
        turns = tuple(sorted({*one.evidence, *evidence(found, permission)}))
        yield Step(text=text, evidence=turns, source="trigger")
    asked = found.numbers(Event.APPROVAL_REQUESTED)
    if asked and (blocked := fired.get(Trigger.BLOCKED_APPROVAL)):
        text = fixed["decide"].format(minutes=blocked.value, turn=asked[-1])
        yield Step(text=text, evidence=asked[-1:], source="trigger")
    if asked and (expired := fired.get(Trigger.APPROVAL_EXPIRED)):
        text = fixed["renew"].format(turn=asked[-1])
        turns = tuple(sorted({asked[-1], *evidence(found, expired)}))
        yield Step(text=text, evidence=turns, source="trigger")
    if Trigger.AGENT_REQUEST in fired and found.handover is not None:
        yield _quoted(fixed["take_up"], found.handover, "trigger")
    if Trigger.LOW_CONFIDENCE in fired and found.replies:
        yield _quoted(fixed["check"], found.replies[-1], "trigger")


def _of_actions(found: Reading, language: str) -> Iterator[Step]:
    """Failed calls that no later call of the tool made good, and calls without a result."""
    fixed = words.fixed(language)
    missing = set(found.numbers(Event.DATA_MISSING))
    final: dict[str, Action] = {one.tool: one for one in found.actions}
    for one, count, turns in reversed(grouped(found.failed)):
        if final[one.tool].failed is False:
            continue
        name = "find" if missing & set(one.evidence) else "retry"
        often = "" if count == 1 else " " + fixed["times"].format(what="", count=count).strip()
        text = fixed[name if one.result else f"{name}_silent"].format(
            tool=one.tool, detail=_with(one), count=often, result=one.result
        )
        yield Step(text=text, evidence=turns, source="action")
    for one in reversed(list(final.values())):
        if one.failed is None:
            text = fixed["pending"].format(tool=one.tool, detail=_with(one))
            yield Step(text=text, evidence=one.evidence, source="action")
        elif not one.failed and missing & set(one.evidence):
            name = "find" if one.result else "find_silent"
            text = fixed[name].format(tool=one.tool, detail=_with(one), result=one.result)
            yield Step(text=text, evidence=one.evidence, source="action")


def _of_talk(found: Reading, material: Material) -> Iterator[Step]:
    """What is open between the customer and the agent."""
    fixed = words.fixed(material.language)
    if found.unanswered is not None:
        yield _quoted(fixed["answer"], found.unanswered, "question")
    elif found.question is not None:
        yield _quoted(fixed["await"], found.question, "question")
    if found.promise is not None:
        yield _quoted(fixed["keep"], found.promise, "promise")
    if found.limits:
        yield _quoted(fixed["respect"], found.limits[-1], "constraint")
    wish = found.later or found.goal
    if wish is not None and wish != found.unanswered and found.matter is not None:
        name, reference, turn = found.matter
        text = fixed["resume"].format(reference=f"{name} {reference}".strip(), quote=wish.text)
        turns = tuple(sorted({turn, *wish.evidence}))
        yield Step(text=text, evidence=turns, source="action")
    elif found.goal is not None and found.unanswered is None:
        yield _quoted(fixed["answer"], found.later or found.goal, "question")


def _quoted(template: str, quoted: Claim, source: str) -> Step:
    return Step(text=template.format(quote=quoted.text), evidence=quoted.evidence, source=source)


def _with(one: Action) -> str:
    """The arguments of a call, as part of a sentence."""
    return f" ({one.detail})" if one.detail else ""
