"""`handrail simulate`: a day of traffic under a pack and its people."""

from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import orjson
import typer

from handrail import packs, samples
from handrail.cli import table
from handrail.cli.explain import counted, say
from handrail.cli.people import JsonOption, RosterOption, clock, instant, people, span, zone
from handrail.core.policy import Pack
from handrail.errors import InputError
from handrail.importers import Conversation, read

if TYPE_CHECKING:
    from handrail.engine import Deployment
    from handrail.traffic import Figures, Settings

_MOST = 20_000
_WEEK = 168
_TrafficOption = Annotated[
    list[Path] | None,
    typer.Option("--traffic", help="Conversations to draw from; else our samples. Repeatable."),
]
_Handle = Annotated[
    int, typer.Option(min=1, max=86_400, help="Seconds that a person has a case, on average.")
]
_Offers = Annotated[
    float, typer.Option(min=0, max=1, help="Share of offers that customers accept.")
]


def simulate(
    pack: Annotated[
        str, typer.Argument(metavar="PACK", help="A pack file, or the name of a starter pack.")
    ] = "support-chat",
    roster: RosterOption = "",
    traffic: _TrafficOption = None,
    cases: Annotated[int, typer.Option(min=1, max=_MOST, help="Cases on average.")] = 200,
    hours: Annotated[int, typer.Option(min=1, max=_WEEK, help="How long they come.")] = 24,
    seed: Annotated[int, typer.Option(help="The same seed gives the same day.")] = 1,
    start: Annotated[
        str, typer.Option(help="When it begins, local time; else the next Monday, 0:00.")
    ] = "",
    handle: _Handle = 600,
    offers: _Offers = 0.3,
    as_json: JsonOption = False,
) -> None:
    """Simulate a day of traffic: load of each queue, waits, missed clocks, who runs out.

    Cases come at random (Poisson), each one of the conversations, and go through the engine with
    its clocks. People of the roster work their shifts; handling times are log-normal. Nothing
    fails and nobody declines, so real days are worse.

    Example: `handrail simulate support-chat --cases 600 --handle 900`
    """
    from handrail.engine import deploy
    from handrail.traffic import Settings, measure, play

    loaded = packs.load(pack)
    on = deploy(loaded, people(roster, loaded, pack))
    where = zone(loaded)
    settings = Settings(
        start=instant(start, where) if start else _monday(where),
        hours=hours,
        cases=cases,
        seed=seed,
        handle=handle,
        offers_taken=round(1000 * offers),
    )
    drawn = _traffic(traffic, loaded)
    found = measure(play(on, drawn, settings))
    if as_json:
        typer.echo(_json(on, settings, found))
        return
    _head(on, settings, found, len(drawn), where, ours=not traffic)
    _queues(on, found)
    _people(on, found)
    _foot(found)


def _monday(where: ZoneInfo) -> int:
    """The first instant of the next Monday."""
    today = datetime.now(where).replace(hour=0, minute=0, second=0, microsecond=0)
    return int((today + timedelta(days=7 - today.weekday())).timestamp() * 1000)


def _traffic(files: list[Path] | None, pack: Pack) -> list[Conversation]:
    """What the cases are drawn from: of our samples those of the pack's workflows, if any are."""
    if files:
        found = [one for one in read(files, None) if one.turns]
        if not found:
            raise InputError("no conversation to draw from", hint="see `handrail replay --help`")
        return found
    own = {one.name for one in pack.workflows}
    ours = list(samples.read())
    return [one for one in ours if one.workflow in own] or ours


def _head(
    on: "Deployment",
    settings: "Settings",
    found: "Figures",
    drawn: int,
    where: ZoneInfo,
    *,
    ours: bool,
) -> None:
    pack = on.pack
    typer.secho(
        f"{pack.name} {pack.version}, {counted(settings.hours, 'hour')} from "
        f"{clock(settings.start, where)}, {where.key}",
        bold=True,
    )
    of = "of our samples" if ours else "of yours"
    say(
        f"  traffic  {found.cases} cases came, about {settings.cases} expected, drawn from "
        f"{counted(drawn, 'conversation')} {of}; seed {settings.seed}"
    )
    say(
        f"  assumed  {settings.handle} s of handling, {settings.reaction} s to answer a proposal, "
        f"{settings.offers_taken / 10:g} % of the offers taken"
    )
    rate = f"{100 * found.handoffs / found.cases:.0f} %" if found.cases else "none"
    say(
        f"  came to  {found.by_ai} closed by the AI, {found.handoffs} handed off ({rate}); "
        f"{counted(found.offers, 'offer')}, {found.taken} taken"
    )
    typer.echo("")


def _queues(on: "Deployment", found: "Figures") -> None:
    from handrail.traffic import percentile

    workflow = on.pack.workflows[0].name
    rows = []
    for name, queue in found.queues.items():
        limit = on.clocks(workflow, name).time_to_accept
        rows.append(
            (
                name,
                str(queue.cases),
                str(queue.most),
                span(percentile(queue.waits, 50)),
                span(percentile(queue.waits, 90)),
                span(1000 * limit) if limit else "-",
                f"{queue.met} of {queue.timed}" if queue.timed else "-",
            )
        )
    heads = ("queue", "cases", "at once", "wait p50", "p90", "accept in", "in time")
    table.show(heads, rows)
    typer.echo("")


def _people(on: "Deployment", found: "Figures") -> None:
    rows = []
    idle = []
    for name, one in found.people.items():
        if not one.asked and not one.took:
            idle.append(name)
            continue
        load = f"{100 * one.busy / one.places:.0f} %" if one.places else "-"
        person = on.roster.person(name)
        places = str(person.capacity) if person else "-"
        outside = span(one.outside) if one.outside else "-"
        counts = (str(one.asked), str(one.took), str(one.unanswered))
        rows.append((name, *counts, places, load, outside))
    heads = ("person", "asked", "took", "let pass", "at a time", "load", "outside hours")
    table.show(heads, rows)
    if idle:
        say(f"never asked  {', '.join(idle)}", dim=True)
    typer.echo("")


def _foot(found: "Figures") -> None:
    """What went wrong, and whether the forecast was right."""
    missed = ", ".join(f"{kind} {count}" for kind, count in sorted(found.missed.items()))
    say(f"missed clocks   {missed or 'none'}")
    ran = ", ".join(f"{kind} {count}" for kind, count in sorted(found.fallbacks.items()))
    say(f"nobody left     {f'the fallback ran: {ran}' if ran else 'never'}")
    if pairs := found.forecasts:
        told, was = ([pair[place] for pair in pairs] for place in (0, 1))
        say(f"forecast        {_halves(told)}; waited {_halves(was)}, a proposal's answer included")
    else:
        say("forecast        none was asked for: no workflow has a `max_wait`")
    still = ", ".join(f"{count} {state}" for state, count in sorted(found.open.items()))
    say(f"open at the end {still or 'none'}")


def _halves(waits: list[int]) -> str:
    """Within which half and nine tenths lie."""
    from handrail.traffic import percentile

    return f"p50 {span(percentile(waits, 50))}, p90 {span(percentile(waits, 90))}"


def _json(on: "Deployment", settings: "Settings", found: "Figures") -> str:
    from handrail.traffic import percentile

    waits = found.waits
    shown = {
        "pack": {"name": on.pack.name, "version": on.pack.version, "digest": on.digest},
        "settings": asdict(settings),
        **asdict(found),
        "wait_p50": percentile(waits, 50),
        "wait_p90": percentile(waits, 90),
    }
    return orjson.dumps(shown, option=orjson.OPT_INDENT_2).decode()
