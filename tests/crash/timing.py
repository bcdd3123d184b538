"""How long it took until somebody else went on with what a killed process had left."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from crash.check import Seen


@dataclass(slots=True)
class Takeover:
    """How long after each kill work went on, in milliseconds.

    `effects`: until the last of the effects that were not settled then was tried again or settled.
    `clocks`: by how much the deadlines that fell due in the two seconds around it were late.
    """

    effects: list[int] = field(default_factory=list)
    clocks: list[int] = field(default_factory=list)
    pending: int = 0


def takeover(
    seen: dict[str, Seen], log: Sequence[dict[str, Any]], kills: Sequence[int], offset: int
) -> Takeover:
    """What the ledger and the receiver say about each of these kills, at times of the store."""
    found = Takeover()
    written = {effect.key: effect.at for one in seen.values() for effect in one.effects}
    handled: dict[str, list[int]] = defaultdict(list)
    settled: dict[str, int] = {}
    due: list[tuple[int, int]] = []
    for one in seen.values():
        for entry in one.entries:
            if entry.name == "delivery":
                settled[entry.body["key"]] = entry.at
                handled[entry.body["key"]].append(entry.at)
            elif entry.name == "clock" and "what" in entry.body:
                due.append((entry.body["at"], entry.at))
    for line in log:
        handled[line["key"]].append(line["at"] + offset)
    for kill in kills:
        after = [
            min(at for at in handled[key] if at > kill) - kill
            for key, end in settled.items()
            if written[key] <= kill < end
        ]
        if after:
            found.effects.append(max(after))
            found.pending += len(after)
        late = [at - fires for fires, at in due if kill - 1_000 <= fires <= kill + 1_000]
        if late:
            found.clocks.append(max(late))
    return found
