"""What is measured: each function gives rows of the table, or says why it cannot."""

import random
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

import orjson
from bench.cases import RULES, START, World, topic, worlds
from bench.durable import accepted, durable, paused
from bench.handoff import handed_off
from bench.routing import routed
from bench.shared import shared
from bench.timing import Side, against, costs, spread

from bench import bare, engines
from handrail.core import case, record
from handrail.core.decision import decide, flip
from handrail.core.model import Context, Role, Signals

TURNS = 1000


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table. `bar` is the most (or, `least`, the least) that is allowed."""

    name: str
    value: float | None = None
    unit: str = "x"
    bar: float | None = None
    least: bool = False
    note: str = ""

    @property
    def met(self) -> str:
        """`met`, `NOT MET`, `skipped`, or nothing when there is no bar."""
        if self.value is None:
            return "skipped"
        if self.bar is None:
            return ""
        good = self.value >= self.bar if self.least else self.value <= self.bar
        return "met" if good else "NOT MET"


def _decide(state: Any, signals: Any, context: Any) -> Any:
    return decide(RULES, state, signals, context)


def _explain(state: Any, signals: Any, context: Any) -> Any:
    return flip(RULES, state, signals, context, decide(RULES, state, signals, context))


def decisions() -> list[Row]:
    """`decide` against the bare function, and its spread."""
    found = worlds(TURNS)
    base = Side(bare.decide, found)
    ratio = against(base, {"decide": Side(_decide, found)})["decide"]
    few = found[:50]
    with_flip = against(Side(bare.decide, few), {"flip": Side(_explain, few)}, 5)["flip"]
    p50, p99 = spread(Side(_decide, found))
    lines = [(record.Input(state=w[0], signals=w[1], context=w[2]), _decide(*w)) for w in found]
    turns = [(w.state, w.signals) for w in found]
    yardstick, own, observing, dumping = costs(
        base, Side(_decide, found), Side(case.observe, turns), Side(record.dump, lines)
    )
    return [
        Row(name="bare function", value=yardstick, unit="us"),
        Row(name="decide", value=own, unit="us"),
        Row(name="decide / bare function", value=ratio, bar=2.0, note="aim 1.3"),
        Row(name="decide, p99 / p50", value=p99 / p50, bar=2.0, note=f"{p99:.1f} / {p50:.1f} us"),
        Row(name="decide and flip / bare function", value=with_flip, note="flip is on request"),
        Row(name="observe", value=observing, unit="us"),
        Row(name="record.dump", value=dumping, unit="us"),
    ]


def rivals() -> list[Row]:
    """Rule engines with the same rules; how many times faster `decide` is.

    Each is timed as a caller pays it, who must make a flat dictionary of the state, and alone.
    """
    found = worlds(TURNS)
    contexts = [engines.facts(world) for world in found]
    points = [{**c, "points": _decide(*w).score} for c, w in zip(contexts, found, strict=True)]
    return [
        *_rival("zen-engine", "zen", 5, lambda: (engines.zen(), engines.found), contexts),
        *_rival("CEL", "cel", 10, lambda: (engines.cel(), engines.found), contexts),
        *_rival("Cedar", "cedarpy", 50, lambda: engines.cedar(set(points[0])), points),
    ]


def _rival(
    name: str,
    module: str,
    bar: float,
    make: Callable[[], tuple[Callable[[Any], Any], Callable[[Any], Any]]],
    given: list[dict[str, Any]],
) -> list[Row]:
    label = f"{name} / decide"
    if find_spec(module) is None:
        return [Row(name=label, bar=bar, least=True, note=f"`{module}` is not installed")]
    call, read = make()
    found = worlds(TURNS)
    wrong = sum(
        engines.outcome(read(call(facts)), world) is not _decide(*world).outcome
        for facts, world in zip(given, found, strict=True)
    )

    def whole(world: World, facts: dict[str, Any]) -> None:
        engines.facts(world)
        call(facts)

    ratios = against(
        Side(_decide, found),
        {
            "whole": Side(whole, list(zip(found, given, strict=True))),
            "alone": Side(call, [(facts,) for facts in given]),
        },
        7,
    )
    note = f"{wrong} of {len(found)} outcomes differ"
    return [
        Row(name=label, value=ratios["whole"], bar=bar, least=True, note=note),
        Row(name=f"{label}, dictionary given", value=ratios["alone"]),
    ]


def growth() -> list[Row]:
    """A long conversation and a long list of topics must cost no more than short ones."""
    cycle = [
        Signals(role=role, at=START, confidence=confidence, dissatisfaction=200, progress=progress)
        for role, confidence, progress in (
            (Role.CUSTOMER, None, False),
            (Role.AGENT, 900, False),
            (Role.CUSTOMER, None, False),
            (Role.AGENT, 900, True),
        )
    ]

    def turn(state: Any, signals: Signals) -> None:
        decide(RULES, case.observe(state, signals), signals, Context())

    first = state = case.observe(case.start(), cycle[0])
    for number in range(1, 1_000_001):
        state = case.observe(state, cycle[number % 4])
    early = Side(turn, [(first, cycle[1])] * TURNS)
    late = Side(turn, [(state, cycle[1])] * TURNS)
    long = against(early, {"late": late}, 31)["late"]

    many = replace(RULES, topics=tuple(topic(number) for number in range(4000)))
    named = [world for world in worlds(2 * TURNS) if world.state.topics]
    chance = random.Random(1)
    spread_out = []
    for world in named:
        names = {f"topic_{int(n[6:]) + 40 * chance.randrange(100)}" for n in world.state.topics}
        state = replace(world.state, topics=tuple(sorted(names)))
        spread_out.append((many, state, world.signals, world.context))
    few = Side(decide, [(RULES, *world) for world in named])
    wide = against(few, {"many": Side(decide, spread_out)}, 31)["many"]
    return [
        Row(name="turn 1,000,000 / turn 1", value=long, bar=1.15, note="observe and decide"),
        Row(
            name="4,000 topics / 40 topics",
            value=wide,
            bar=1.15,
            note=f"{len(named)} turns with an active topic",
        ),
    ]


def texts() -> list[Row]:
    """The text signals of a message, as `bench/signals.py` measures them."""
    names = ("all text signals of a 200-byte message / VADER", "10,000 phrases / 1,000 phrases")
    bars = (0.25, 1.3)
    try:
        from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

        from bench import signals
        from handrail.signals import Extractor, TopicMatcher
    except ImportError as error:
        return [Row(name=n, bar=b, note=str(error)) for n, b in zip(names, bars, strict=True)]
    messages = signals.messages(signals.MESSAGES, seed=7)
    small, large = (
        signals.reader(Extractor(topics=TopicMatcher(signals.phrases(count, 1), {})))
        for count in (1_000, 10_000)
    )
    vader = SentimentIntensityAnalyzer().polarity_scores
    base, one, ten = signals.best(messages, vader, small, large)
    return [
        Row(name=names[0], value=one / base, bar=bars[0], note=f"{one:.0f} / {base:.0f} us"),
        Row(name=names[1], value=ten / one, bar=bars[1]),
    ]


def start_up() -> list[Row]:
    """CPU seconds of a process that imports the package."""
    value = median(_cpu([sys.executable, "-c", "import handrail"]) for _ in range(7))
    bare_python = median(_cpu([sys.executable, "-c", ""]) for _ in range(7))
    note = f"of it {bare_python:.3f} s Python itself"
    return [Row(name="import handrail", value=value, unit="CPU s", bar=0.1, note=note)]


QUESTIONS = (
    "hello, which sizes do you have of the {} and is it in stock in the shop in town?",
    "thanks, and how long does the delivery of the {} take if i order it today before noon?",
    "good, can i pay for the {} by invoice, and do you need my tax number for that?",
    "ok, please add a second {} to the order then, the address is the same as last time.",
)
ANSWER = "Of course. I have looked up the {} for you, and all of that is possible today."
THINGS = ("kettle", "jacket", "phone case", "monitor", "desk lamp", "notebook", "bicycle bell")


def replayed(conversations: int = 8000) -> list[Row]:
    """Turns for each CPU second of `handrail replay`, from JSON lines to decisions on disk."""
    name, unit = "replay, end to end", "turns / CPU s"
    with tempfile.TemporaryDirectory() as folder:
        source, out = Path(folder, "history.jsonl"), Path(folder, "decisions.jsonl")
        with source.open("wb") as stream:
            for number in range(conversations):
                stream.write(orjson.dumps(_conversation(number)) + b"\n")
        command = [sys.executable, "-m", "handrail.cli", "replay", str(source), "--out", str(out)]
        try:
            used = _cpu(command)
        except subprocess.CalledProcessError as error:
            lines = error.stderr.decode().splitlines() or ["no message"]
            return [Row(name=name, unit=unit, bar=25_000, least=True, note=lines[-1][:100])]
        decided = sum(1 for _ in out.open("rb"))
    value = decided / used
    note = f"{decided:,} turns, start of the program included"
    return [Row(name=name, value=value, unit=unit, bar=25_000, least=True, note=note)]


def _conversation(number: int) -> dict[str, Any]:
    """A calm conversation of a dozen turns, every text a different one."""
    turns: list[dict[str, Any]] = []
    for place in range(6):
        thing = f"{THINGS[(number + place) % len(THINGS)]} {number * 6 + place}"
        question = QUESTIONS[(number + place) % len(QUESTIONS)].format(thing)
        turns.append({"role": "customer", "text": question, "at": 60 * place})
        turns.append({"role": "agent", "text": ANSWER.format(thing), "confidence": 0.9})
    return {"id": str(number), "turns": turns}


def _cpu(command: list[str]) -> float:
    """CPU seconds that a command took, user and system."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


MEASURES: tuple[Callable[[], list[Row]], ...] = (
    decisions,
    rivals,
    growth,
    texts,
    start_up,
    replayed,
    routed,
    handed_off,
    durable,
    paused,
    accepted,
    shared,
)
