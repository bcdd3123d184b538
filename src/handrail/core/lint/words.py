"""Findings about what customers are told, and about what the pack itself proves."""

from collections.abc import Iterator

from handrail.core.decision import Rules
from handrail.core.lint.finding import Finding, KeyPath
from handrail.core.model import Mode, Trigger
from handrail.core.policy import ANY, Kind, Notice, NoticeEvent, Pack, Workflow

_ALWAYS = frozenset({Trigger.EXPLICIT_REQUEST, Trigger.OPERATOR_TAKEOVER})


def find(pack: Pack) -> Iterator[Finding]:
    """Notices, then cases, then the pack as a whole."""
    for own in pack.workflows:
        path = ("workflows", own.name)
        if own.kind is Kind.CONVERSATION and own.mode is Mode.ENFORCE:
            yield from _missing(pack, own)
        yield from _gaps(pack, own.notices, (*path, "notices"))
        yield from _cases(pack, own, path)
    yield from _gaps(pack, pack.notices, ("notices",))
    yield from _silent(pack)
    if not pack.workflows:
        yield Finding(
            code="HR503",
            keys=("workflows",),
            message="the pack has no workflow; it can only be extended",
            fix="add one under `workflows`, unless this is a base pack",
        )
    if not pack.owner:
        yield Finding(
            code="HR504",
            keys=("owner",),
            message="nobody is named who approves changes",
            fix="add `owner:` with the board or the team",
        )


def on(rules: Rules) -> tuple[Trigger, ...]:
    """The triggers that can fire under some rules."""
    found = []
    for trigger in Trigger:
        if trigger in _ALWAYS:
            live = True
        elif trigger is Trigger.SENSITIVE_TOPIC:
            live = any(topic.action for topic in rules.topics)
        elif trigger is Trigger.CUSTOM_CONDITION:
            live = any(condition.action for condition in rules.conditions)
        elif trigger is Trigger.HANDOFF_SCORE:
            live = bool(rules.score.offer_at or rules.score.handoff_at)
        else:
            live = getattr(rules, trigger.value) is not None
        if live:
            found.append(trigger)
    return tuple(found)


def _missing(pack: Pack, own: Workflow) -> Iterator[Finding]:
    """Each event has a notice for any trigger, in each language."""
    told = {
        (one.event, one.language) for one in (*own.notices, *pack.notices) if one.trigger == ANY
    }
    for event in NoticeEvent:
        lacking = [language for language in pack.languages if (event, language) not in told]
        if lacking:
            listed = ", ".join(f"`{language}`" for language in lacking)
            yield Finding(
                code="HR401",
                keys=("notices",),
                message=f"customers of `{own.name}` are told nothing at `{event}` in {listed}",
                fix=f"add a notice with `event: {event}` and a text in {listed}",
            )


def _gaps(pack: Pack, notices: tuple[Notice, ...], path: KeyPath) -> Iterator[Finding]:
    """A notice for one trigger is there in all languages."""
    told: dict[tuple[NoticeEvent, str], set[str]] = {}
    for one in notices:
        if one.trigger != ANY:
            told.setdefault((one.event, one.trigger), set()).add(one.language)
    for (event, trigger), languages in told.items():
        lacking = [language for language in pack.languages if language not in languages]
        if lacking:
            yield Finding(
                code="HR402",
                keys=(*path, event, trigger),
                message=f"the notice for `{event}` after `{trigger}` has no text in `{lacking[0]}`",
                fix=f"add `{lacking[0]}:` under its `text`",
            )


def _silent(pack: Pack) -> Iterator[Finding]:
    """Notices for triggers that are off everywhere, or in their own workflow."""
    everywhere = {trigger for own in pack.workflows for trigger in on(own.rules)}
    places: list[tuple[KeyPath, tuple[Notice, ...], set[Trigger]]] = [
        (("workflows", own.name, "notices"), own.notices, set(on(own.rules)))
        for own in pack.workflows
    ]
    if pack.workflows:
        places.append((("notices",), pack.notices, everywhere))
    for path, notices, live in places:
        for event, trigger in sorted({(one.event, one.trigger) for one in notices}):
            if trigger != ANY and trigger not in live:
                yield Finding(
                    code="HR403",
                    keys=(*path, event, trigger),
                    message=f"`{trigger}` is off, so its notice for `{event}` is never told",
                    fix="remove the notice, or switch the trigger on",
                )


def _cases(pack: Pack, own: Workflow, path: KeyPath) -> Iterator[Finding]:
    cases = [case for case in pack.cases if case.workflow == own.name]
    if not cases:
        yield Finding(
            code="HR501",
            keys=path,
            message=f"no test case plays `{own.name}`",
            fix="add cases under `cases`, and run `handrail pack test`",
        )
        return
    expected: set[Trigger] = set()
    for case in cases:
        expected.update(case.expect.reasons or ())
        if case.expect.trigger is not None:
            expected.add(case.expect.trigger)
    untested = [trigger for trigger in on(own.rules) if trigger not in expected]
    if untested:
        yield Finding(
            code="HR502",
            keys=path,
            message="no case expects " + ", ".join(f"`{trigger}`" for trigger in untested),
            fix="add a case whose `expect` names the trigger",
        )
