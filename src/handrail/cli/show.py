"""A pack as people read it."""

from collections.abc import Iterator
from dataclasses import fields

import orjson

from handrail.cli.explain import counted, share
from handrail.core.decision import Rules
from handrail.core.model import Outcome
from handrail.core.policy import ALWAYS, ANY, MatrixRow, Pack, Queue, Workflow, digest
from handrail.core.record import plain
from handrail.session import choose

_SHARES = {
    "below", "below_high_risk", "high_risk", "level", "escalating", "min_score",
}  # fmt: skip
_APART = {"topics", "conditions", "score", "offers", "max_wait", "digest"}


def as_json(pack: Pack, workflow: str = "") -> str:
    """The loaded pack as JSON; a value that is the default is left out."""
    found = {"digest": digest(pack), **plain(pack)}
    if workflow:
        found["workflows"] = [plain(choose(pack, workflow))]
    return orjson.dumps(found, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS).decode()


def lines(pack: Pack, workflow: str = "") -> Iterator[str]:
    """The pack in words, a line each."""
    chosen = [choose(pack, workflow)] if workflow else pack.workflows
    yield f"{pack.name} {pack.version}  {pack.description}"
    yield f"  owner {pack.owner or '(none)'}"
    yield f"  {digest(pack)}"
    for one in chosen:
        yield ""
        yield from _workflow(one)
    yield ""
    yield "routing (the most specific row wins)"
    yield from (f"  {_row(row)}" for row in sorted(pack.matrix, key=_generality))
    yield from (f"  {_queue(queue)}" for queue in pack.queues)


def _workflow(one: Workflow) -> Iterator[str]:
    yield f"workflow {one.name}  ({one.kind.value}, {one.mode.value}, {one.percentage} %)"
    rows = list(_rows(one))
    column = max(len(label) for label, _ in rows)
    yield from (f"  {label:<{column}}  {text}" for label, text in rows)


def _rows(one: Workflow) -> Iterator[tuple[str, str]]:
    """What the workflow decides by: triggers, topics, conditions, score, offers."""
    yield "explicit_request", "always a handoff (hard)"
    rules = one.rules
    for item in fields(Rules):
        if item.name not in _APART:
            rule = getattr(rules, item.name)
            yield item.name, "off" if rule is None else _rule(rule)
    for topic in rules.topics:
        act = topic.action.code if topic.action else "score"
        kind = "hard " if topic.hard and topic.action is Outcome.HANDOFF else ""
        yield f"topic {topic.name}", f"{kind}{act}, risk {share(topic.risk)}"
    for condition in rules.conditions:
        act = condition.action.code if condition.action else "none"
        yield f"condition {condition.name}", f"{act} when {condition.when}"
    score = rules.score
    line = ", ".join(
        f"{name} {share(getattr(score, name))}"
        for name in ("confidence", "sentiment", "value", "risk", "progress")
    )
    offer, hand = (share(at) if at else "off" for at in (score.offer_at, score.handoff_at))
    yield "score", f"{line}; offer at {offer}, handoff at {hand}"
    offers = rules.offers
    apart = counted(offers.cooldown_turns, "turn")
    yield "offers", f"at most {offers.max_per_episode} an episode, {apart} apart"


def _rule(rule: object) -> str:
    """The settings of one trigger."""
    parts: list[str] = []
    for item in fields(rule):  # type: ignore[arg-type]
        value = getattr(rule, item.name)
        if item.name == "action":
            parts.insert(0, value.code if value else "none")
        elif item.name == "hard":
            parts += ["hard"] if value else []
        elif isinstance(value, tuple):
            parts += [f"{item.name} {', '.join(value)}"] if value else []
        elif item.name in _SHARES:
            parts.append(f"{item.name} {share(value)}")
        else:
            parts.append(f"{item.name} {str(value).lower()}")
    return ", ".join(parts)


def _generality(row: MatrixRow) -> tuple[bool, bool]:
    """The most specific rows first: a topic beats a tier."""
    return row.topic == ANY, row.tier == ANY


def _row(row: MatrixRow) -> str:
    people = f", reviewers {', '.join(row.reviewers)}" if row.reviewers else ""
    tags = f", tags {', '.join(row.tags)}" if row.tags else ""
    return f"topic {row.topic}, tier {row.tier} -> {row.queue}{people}{tags}"


def _queue(queue: Queue) -> str:
    if queue.hours is None:
        hours = "never staffed"
    else:
        hours = "always" if queue.hours == ALWAYS else f"hours in {queue.hours.time_zone}"
    overflow = f", overflow {queue.overflow}" if queue.overflow else ""
    return f"queue {queue.name}: steward {queue.steward or '(none)'}, {hours}{overflow}"
