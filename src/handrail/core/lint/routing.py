"""Findings about where a handoff goes: matrix, queues, hours, overflow, SLA."""

from collections import Counter
from collections.abc import Iterator

from handrail.core.lint.finding import Finding
from handrail.core.model import Trigger
from handrail.core.policy import ANY, Pack, Queue, row, sla


def find(pack: Pack) -> Iterator[Finding]:
    """All of them; a pack without workflows routes nothing yet."""
    if pack.workflows:
        yield from _destinations(pack)
        yield from _service(pack)
    yield from _rows(pack)
    yield from _names(pack)
    yield from _queues(pack)


def covered(pack: Pack, name: str) -> bool:
    """Whether a queue, or one that it overflows to, is ever staffed."""
    queues = {queue.name: queue for queue in pack.queues}
    seen: set[str] = set()
    while name in queues and name not in seen:
        seen.add(name)
        hours = queues[name].hours
        if hours is not None and hours.spans:
            return True
        name = queues[name].overflow
    return False


def _destinations(pack: Pack) -> Iterator[Finding]:
    """Every case that can be handed off has a row: with or without topic, with or without tier."""
    if row(pack, "", "") is None:
        yield Finding(
            code="HR101",
            keys=("matrix",),
            message=f"`{Trigger.EXPLICIT_REQUEST}` and every other trigger without a topic or tier "
            "have no row that matches",
            fix='add a last row `{topic: "*", tier: "*", queue: …}`',
        )
    topics = {topic.name for own in pack.workflows for topic in own.rules.topics}
    for topic in ("", *sorted(topics)):
        for tier in ("", *pack.tiers):
            if (topic or tier) and row(pack, topic, tier) is None:
                yield Finding(
                    code="HR102",
                    keys=("matrix",),
                    message=f"no row for topic `{topic or 'none'}` and tier `{tier or 'none'}`",
                    fix=f'add a row `{{topic: "{topic or ANY}", tier: "{tier or ANY}", queue: …}}`',
                )


def _rows(pack: Pack) -> Iterator[Finding]:
    topics = {topic.name for own in pack.workflows for topic in own.rules.topics}
    for (topic, tier), count in Counter((one.topic, one.tier) for one in pack.matrix).items():
        if count > 1:
            yield Finding(
                code="HR103",
                keys=("matrix", topic, tier),
                message=f"{count} rows for topic `{topic}` and tier `{tier}`; only one can win",
                fix="join them into one row",
            )
        if pack.workflows and topic != ANY and topic not in topics:
            yield Finding(
                code="HR104",
                keys=("matrix", topic, tier),
                message=f"no workflow has the topic `{topic}`, so the row never matches",
                fix="correct the name, or declare the topic under `topics`",
            )


def _names(pack: Pack) -> Iterator[Finding]:
    """Tiers and stages that are used are declared."""
    for path, tier in _tiers(pack):
        if tier and tier not in pack.tiers:
            yield Finding(
                code="HR105",
                keys=path,
                message=f"the tier `{tier}` is not in `tiers`",
                fix=f"correct it, or add `{tier}` to `tiers`",
            )
    for path, stage in _stages(pack):
        if stage and stage not in pack.stages:
            yield Finding(
                code="HR106",
                keys=path,
                message=f"the stage `{stage}` is not in `stages`",
                fix=f"correct it, or add `{stage}` to `stages`",
            )


def _tiers(pack: Pack) -> Iterator[tuple[tuple[str, ...], str]]:
    for one in pack.matrix:
        if one.tier != ANY:
            yield ("matrix", one.topic, one.tier), one.tier
    for own in pack.workflows:
        here = ("workflows", own.name)
        for tier in own.rules.vip.tiers if own.rules.vip else ():
            yield (*here, "triggers", "vip", "tiers"), tier
        for tier, _ in own.rules.score.tier_values:
            yield (*here, "score", "tiers", tier), tier
    for case in pack.cases:
        yield ("cases", case.name, "tier"), case.tier


def _stages(pack: Pack) -> Iterator[tuple[tuple[str, ...], str]]:
    for own in pack.workflows:
        here = ("workflows", own.name)
        for stage in own.rules.late_stage.stages if own.rules.late_stage else ():
            yield (*here, "triggers", "late_stage", "stages"), stage
        for stage, _ in own.rules.score.stage_values:
            yield (*here, "score", "stages", stage), stage
    for case in pack.cases:
        yield ("cases", case.name, "stage"), case.stage


def _queues(pack: Pack) -> Iterator[Finding]:
    targets = {one.queue for one in pack.matrix}
    reached = (
        targets
        | {queue.overflow for queue in pack.queues}
        | {level.to for policy in pack.sla for level in policy.escalation}
        | {queue.merged_into for queue in pack.queues}
    )
    for queue in pack.queues:
        path = ("queues", queue.name)
        if queue.merged_into:
            yield from _leaving(queue, targets | {one.overflow for one in pack.queues})
            continue
        if not queue.steward:
            yield Finding(
                code="HR110",
                keys=path,
                message=f"nobody is accountable for what waits in `{queue.name}`",
                fix="add `steward:` with a person",
            )
        if not covered(pack, queue.name):
            yield Finding(
                code="HR111",
                keys=path,
                message=f"neither `{queue.name}` nor a queue that it overflows to has hours",
                fix="add `hours:` (`always`, or a time zone and a week), or `overflow:`",
            )
        if pack.workflows and queue.name not in reached:
            yield Finding(
                code="HR113",
                keys=path,
                message=f"no row, overflow or escalation leads to `{queue.name}`",
                fix="add a row to the matrix, or remove the queue",
            )
    yield from _circles(pack)


def _leaving(queue: Queue, used: set[str]) -> Iterator[Finding]:
    if queue.name in used or queue.merged_into == queue.name:
        yield Finding(
            code="HR114",
            keys=("queues", queue.name),
            message=f"`{queue.name}` is merged into `{queue.merged_into}` and still gets work",
            fix=f"send its rows and overflow to `{queue.merged_into}`",
        )


def _circles(pack: Pack) -> Iterator[Finding]:
    """Each circle once, at its first queue by name."""
    overflow = {queue.name: queue.overflow for queue in pack.queues}
    for start in sorted(overflow):
        walked = [start]
        here = overflow[start]
        while here and here not in walked:
            walked.append(here)
            here = overflow.get(here, "")
        if here == start and start == min(walked):
            yield Finding(
                code="HR112",
                keys=("queues", start, "overflow"),
                message="a case would go round: "
                + " → ".join(f"`{one}`" for one in [*walked, start]),
                fix="let the last queue overflow nowhere; its steward and the fallback take over",
            )


def _service(pack: Pack) -> Iterator[Finding]:
    """Every handoff has clocks, and somebody hears of a breach."""
    known = {queue.name for queue in pack.queues}
    for own in pack.workflows:
        bare = sorted(
            {
                one.queue
                for one in pack.matrix
                if one.queue in known and sla(pack, own.name, one.queue) is None
            }
        )
        if bare:
            yield Finding(
                code="HR115",
                keys=("workflows", own.name, "sla"),
                message=f"a handoff from `{own.name}` to `{bare[0]}` has no clock",
                fix="name an SLA policy in the workflow or the queue: `sla: …`",
            )
    for policy in pack.sla:
        if not policy.escalation:
            yield Finding(
                code="HR116",
                keys=("sla", policy.name),
                message=f"when `{policy.name}` is breached nobody is told",
                fix="add `escalation: [{after: 0s, to: steward}]`",
            )
