"""Queues, matrix, SLA policies and bundle templates."""

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from handrail.core import policy
from handrail.packs import shape as shapes
from handrail.packs.problems import suggestion
from handrail.packs.shape import pack as file
from handrail.packs.source import KeyPath

if TYPE_CHECKING:
    from handrail.packs.build import Issues

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MIDNIGHT = 1440


def queue(name: str, own: file.Queue, pack: shapes.Pack, issues: "Issues") -> policy.Queue:
    """A queue; the names it uses are checked."""
    path = ("queues", name)
    issues.known((*path, "sla"), "SLA policy", own.sla, pack.sla)
    for key in ("overflow", "merged_into"):
        issues.known((*path, key), "queue", getattr(own, key), pack.queues)
    return policy.Queue(
        name=name,
        steward=own.steward,
        skills=tuple(sorted(own.skills.items())),
        relax_every=own.relax_every,
        hours=None if own.hours is None else hours(own.hours, issues, (*path, "hours")),
        overflow=own.overflow,
        vip_priority=own.vip_priority,
        sla=own.sla,
        proposal_expires=own.proposal_expires,
        merged_into=own.merged_into,
    )


def hours(own: file.Hours, issues: "Issues", path: KeyPath, week: str = "weekly") -> policy.Hours:
    """Spans by weekday; what goes over midnight is cut there, what overlaps is joined.

    They stand at the key `week` of the path.
    """
    zone(own.time_zone, issues, (*path, "time_zone"))
    minutes: list[tuple[int, int, int]] = []
    for days, spans in own.weekly.items():
        for place, span in enumerate(spans):
            start, end = (_minute(time) for time in span.split("-"))
            if start == end:
                issues.add((*path, week, days, place), f"`{span}` has no length")
            for day in _days(days):
                minutes += _cut(day, start, end)
    return policy.Hours(time_zone=own.time_zone, spans=_joined(minutes))


def zone(name: str, issues: "Issues", path: KeyPath) -> ZoneInfo:
    """The time zone of that name; UTC, and a problem, when there is none."""
    if _is_zone(name):
        return ZoneInfo(name)
    if zones := available_timezones():
        close = suggestion(name, zones)
        hint = close if "did you mean" in close else "; write it as in `Europe/Madrid`"
        issues.add(path, f"unknown time zone `{name}`{hint}")
    return ZoneInfo("UTC")


def _is_zone(name: str) -> bool:
    """Whether this machine knows the zone; asking for one is far faster than for all."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _minute(time: str) -> int:
    hours, minutes = time.split(":")
    return int(hours) * 60 + int(minutes)


def _days(text: str) -> list[int]:
    """Weekdays of `mon` or `fri-mon`."""
    first, _, last = text.partition("-")
    start = _DAYS.index(first)
    length = (_DAYS.index(last or first) - start) % 7
    return [(start + offset) % 7 for offset in range(length + 1)]


def _cut(day: int, start: int, end: int) -> list[tuple[int, int, int]]:
    if end > start:
        return [(day, start, end)]
    late = [(day, start, _MIDNIGHT)]
    return [*late, ((day + 1) % 7, 0, end)] if end else late


def _joined(minutes: list[tuple[int, int, int]]) -> tuple[policy.Span, ...]:
    made: list[tuple[int, int, int]] = []
    for day, start, end in sorted(minutes):
        if made and made[-1][0] == day and start <= made[-1][2]:
            made[-1] = (day, made[-1][1], max(end, made[-1][2]))
        else:
            made.append((day, start, end))
    return tuple(policy.Span(day=day, start=start, end=end) for day, start, end in made)


def matrix(pack: shapes.Pack, issues: "Issues") -> tuple[policy.MatrixRow, ...]:
    """The rows; which of them wins does not depend on their order."""
    rows = []
    for place, own in enumerate(pack.matrix):
        issues.known(("matrix", place, "queue"), "queue", own.queue, pack.queues)
        if own.tier != policy.ANY:
            issues.declared(("matrix", place, "tier"), "tier", own.tier, pack.tiers)
        rows.append(
            policy.MatrixRow(
                queue=own.queue,
                topic=own.topic,
                tier=own.tier,
                reviewers=tuple(dict.fromkeys(own.reviewers)),
                tags=tuple(sorted(set(own.tags))),
            )
        )
    return tuple(sorted(rows, key=lambda row: (row.topic, row.tier, row.queue, row.reviewers)))


def sla(name: str, own: file.Sla, pack: shapes.Pack, issues: "Issues") -> policy.SlaPolicy:
    """An SLA policy. Levels are kept in the order of time."""
    levels = []
    for place, level in enumerate(own.escalation):
        known = [*pack.queues, "steward", "overflow"]
        issues.known(("sla", name, "escalation", place, "to"), "queue", level.to, known)
        levels.append(policy.Level(after=level.after, to=level.to))
    if [level.after for level in levels] != sorted(level.after for level in levels):
        issues.add(("sla", name, "escalation"), "levels should be in the order of `after`")
    given = own.given()
    given["escalation"] = tuple(levels)
    return policy.SlaPolicy(name=name, **given)


def bundle(
    name: str, own: file.Bundle, pack: shapes.Pack, issues: "Issues"
) -> policy.BundleTemplate:
    """A bundle template; what it does not say is as in the built-in one."""
    required = policy.BundleTemplate().required if own.required is None else own.required
    masked = policy.BundleTemplate().masked if own.masked is None else own.masked
    return policy.BundleTemplate(
        name=name,
        required=tuple(sorted(set(required))),
        masked=tuple(sorted(set(masked))),
        playbook=tuple(
            _entry(entry, pack, issues, ("bundles", name, "playbook", place))
            for place, entry in enumerate(own.playbook)
        ),
    )


def _entry(
    own: file.PlaybookEntry, pack: shapes.Pack, issues: "Issues", path: KeyPath
) -> policy.PlaybookEntry:
    """An entry of a playbook; the names it uses are checked."""
    when = own.when
    if not (when.trigger or when.topic or when.tool):
        issues.add(
            (*path, "when"),
            "names no trigger, topic or tool; a step that is the same for every case says nothing",
        )
    topics = {topic for flow in (pack.defaults, *pack.workflows.values()) for topic in flow.topics}
    issues.known((*path, "when", "topic"), "topic", when.topic, sorted(topics))
    for language, steps in own.steps.items():
        issues.known((*path, "steps", language), "language", language, pack.languages)
        for place, step in enumerate(steps):
            for known in placeholders(step):
                spot = (*path, "steps", language, place)
                issues.known(spot, "placeholder", known, policy.PLACEHOLDERS)
    return policy.PlaybookEntry(
        trigger=when.trigger.value if when.trigger else "",
        topic=when.topic,
        tool=when.tool,
        steps=tuple((language, tuple(steps)) for language, steps in sorted(own.steps.items())),
    )


def placeholders(text: str) -> list[str]:
    """The names between braces; an open brace without end gives the rest of the text."""
    return [part.split("}", 1)[0][:40] for part in text.split("{")[1:]]
