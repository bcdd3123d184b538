"""`handrail route`: where a handoff would go, and who would be asked, in which order."""

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated
from zoneinfo import ZoneInfo

import orjson
import typer

from handrail import packs
from handrail.cli import table
from handrail.cli.explain import say
from handrail.cli.people import (
    JsonOption,
    PackOption,
    RosterOption,
    clock,
    instant,
    people,
    zone,
)
from handrail.core.policy import Pack, Workflow
from handrail.core.record import plain
from handrail.core.routing import Assignment, Request, Roster, assign
from handrail.errors import InputError
from handrail.session import choose


def route(
    pack: PackOption = "support-chat",
    workflow: Annotated[
        str, typer.Option("--workflow", "-w", help="Which workflow of the pack; else the first.")
    ] = "",
    topic: Annotated[
        list[str] | None, typer.Option("--topic", "-t", help="A sensitive topic. Repeatable.")
    ] = None,
    tier: Annotated[str, typer.Option(help="The customer's tier.")] = "",
    at: Annotated[str, typer.Option(help="When, local to the queues; else now.")] = "",
    language: Annotated[str, typer.Option(help="The customer's language, such as `es`.")] = "",
    roster: RosterOption = "",
    as_json: JsonOption = False,
) -> None:
    """Show where a handoff goes: the row that wins, the queue, its steward, and who is asked.

    People are taken to have no cases yet. Nothing is changed and nobody is asked.

    Example: `handrail route --pack support-chat --topic legal --tier vip --at 2026-11-23T10:00`
    """
    loaded = packs.load(pack)
    own = choose(loaded, workflow)
    found = people(roster, loaded, pack)
    where = zone(loaded)
    now = instant(at, where) if at else time.time_ns() // 1_000_000
    request = Request(
        at=now,
        since=now,
        topics=_topics(own, topic or []),
        tier=_tier(loaded, tier),
        vip=own.rules.vip is not None and tier in own.rules.vip.tiers,
        language=language,
    )
    asked = list(_asked(loaded, found, request))
    if as_json:
        typer.echo(_json(asked, own))
    else:
        _show(asked, own, now, where)


def _topics(own: Workflow, names: list[str]) -> tuple[tuple[str, int], ...]:
    """Topics with their risk. InputError for one that the workflow does not have."""
    risks = {topic.name: topic.risk for topic in own.rules.topics}
    for name in names:
        if name not in risks:
            known = ", ".join(f"`{one}`" for one in sorted(risks)) or "none"
            raise InputError(f"unknown topic `{name}`", hint=f"`{own.name}` has {known}")
    return tuple((name, risks[name]) for name in dict.fromkeys(names))


def _tier(pack: Pack, tier: str) -> str:
    if tier and tier not in pack.tiers:
        known = ", ".join(f"`{one}`" for one in pack.tiers) or "none"
        raise InputError(f"unknown tier `{tier}`", hint=f"the pack has {known}")
    return tier


def _asked(pack: Pack, found: Roster, request: Request) -> Iterator[Assignment]:
    """One assignment after the other, as if all before had declined; at last that of nobody."""
    from handrail.packs.roster import calendars

    queues = {one.name: one for one in pack.queues}
    hours = calendars(pack, found)
    for _ in range(len(found.people) + 1):
        now = assign(queues, pack.matrix, hours, found, request, {})
        yield now
        if not now.nomination.person:
            return
        tried = (*request.tried, now.nomination.person)
        request = replace(request, tried=tried, exhausted=now.exhausted)


def _show(asked: list[Assignment], own: Workflow, now: int, where: ZoneInfo) -> None:
    first = asked[0].route
    typer.secho(first.queue or "no queue", bold=True)
    say(f"  row      {first.row or '(none)'}")
    for why in first.why:
        say(f"  because  {why}")
    for name in first.overflowed:
        say(f"  passed   `{name}`, by overflow")
    if first.is_open:
        say(f"  open     yes, at {clock(now, where)}")
    else:
        opens = clock(first.opens_at, where) if first.opens_at else "never, as far as is known"
        say(f"  opens    {opens}; asked about {clock(now, where)}")
    say(f"  steward  {first.steward or '(none)'} answers for it until a person has it")
    needs = [f"tag `{tag}`" for tag in first.tags]
    needs += [f"{name} {level}" for name, level in first.skills]
    if needs:
        say(f"  needs    {', '.join(needs)}")
    for what in first.missing:
        say(f"  missing  {what}")
    rows = [
        (str(number), one.nomination.person, one.route.queue, "; ".join(one.nomination.why))
        for number, one in enumerate(asked, 1)
        if one.nomination.person
    ]
    typer.echo("")
    if rows:
        table.show(("", "asked", "queue", "why"), rows, left=(1, 2, 3))
    left = [why for why in asked[-1].nomination.why if "asked already" not in why]
    end = "; ".join(left)
    fallback = own.fallback.value if own.fallback else "ticket"
    say(f"  then     the fallback, a {fallback}" + (f" ({end})" if end else ""))


def _json(asked: list[Assignment], own: Workflow) -> str:
    shown = {
        "route": plain(asked[0].route),
        "asked": [
            {"queue": one.route.queue, **plain(one.nomination)}
            for one in asked
            if one.nomination.person
        ],
        "fallback": own.fallback.value if own.fallback else "ticket",
    }
    return orjson.dumps(shown, option=orjson.OPT_INDENT_2).decode()
