"""Which row of the reviewer matrix a case falls under, and why that one."""

from collections.abc import Sequence
from typing import NamedTuple

from handrail.core.routing.settings import ANY, MatrixRow


class Match(NamedTuple):
    """The row that won, the topic that it won by (empty: by none), and why in words."""

    row: MatrixRow
    topic: str
    why: str


def match(rows: Sequence[MatrixRow], topics: Sequence[tuple[str, int]], tier: str) -> Match | None:
    """The most specific row for topics (name, risk) and a tier; None when no row matches.

    The riskiest topic that has a row decides (of equal risk, the first by name), a row with its
    tier before one for any. Then the tier's row, then the row for any; of equals the first.
    """
    places: dict[str, int] = {}
    for place, (name, _) in enumerate(sorted(topics, key=lambda one: (-one[1], one[0]))):
        places.setdefault(name, place)
    best, lowest = None, 2 * len(topics) + 2
    for row in rows:
        if row.tier not in {ANY, tier}:
            continue
        own = len(topics) if row.topic == ANY else places.get(row.topic)
        if own is None:
            continue
        rank = 2 * own + (row.tier == ANY)
        if rank < lowest:
            best, lowest = row, rank
    if best is None:
        return None
    topic = "" if best.topic == ANY else best.topic
    return Match(best, topic, _why(best, len(topics)))


def written(row: MatrixRow) -> str:
    """A row as a pack writes it, for the reader."""
    parts = [f'topic: "{row.topic}"', f'tier: "{row.tier}"', f"queue: {row.queue}"]
    if row.reviewers:
        parts.append(f"reviewers: [{', '.join(row.reviewers)}]")
    if row.tags:
        parts.append(f"tags: [{', '.join(row.tags)}]")
    return "{" + ", ".join(parts) + "}"


def _why(row: MatrixRow, topics: int) -> str:
    if row.topic == ANY:
        return "the row for any topic" + _tier(row)
    riskiest = ", the riskiest that has a row" if topics > 1 else ""
    return f"the row of topic `{row.topic}`{riskiest}" + _tier(row)


def _tier(row: MatrixRow) -> str:
    return " and any tier" if row.tier == ANY else f" and tier `{row.tier}`"
