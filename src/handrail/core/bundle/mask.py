"""Hiding secrets and personal data. Detectors are handed in; what is hidden is the pack's word."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from handrail.core.bundle.settings import Masked

WITHHELD = "[withheld]"
"""Stands for a text whose masking failed: it fails closed."""


class Found(NamedTuple):
    """A stretch of text to hide, [start, end) in characters, and its class."""

    start: int
    end: int
    kind: Masked


Detector = Callable[[str, frozenset[Masked]], Sequence[Found]]
"""Finds stretches of the given classes in a text. None may span a line of only `\\x1e`, the sign
that stands between texts which are looked at together.
"""


_BETWEEN = "\n\x1e\n"  # stands between texts that are looked at in one go; see `Detector`


@dataclass(slots=True)
class Mask:
    """Hides what a detector finds. `failed` tells that a detector raised: its text is withheld."""

    detect: Detector
    classes: frozenset[Masked]
    failed: bool = field(default=False, init=False)

    def __call__(self, text: str) -> str:
        """The text with `[class]` for each stretch of a masked class."""
        return self.all([text])[0]

    def all(self, texts: Sequence[str]) -> list[str]:
        """The texts, each masked. One look at all of them: looking is what costs."""
        if not self.classes or not any(texts):
            return list(texts)
        joined = _BETWEEN.join([text.replace("\x1e", " ") for text in texts])
        try:
            found = sorted(self.detect(joined, self.classes))
            return _covered(texts, found) if found else list(texts)
        except Exception:  # noqa: BLE001  # LAW 9: no detector stops a handoff
            self.failed = True
            return [WITHHELD if text else "" for text in texts]


def _covered(texts: Sequence[str], found: Sequence[Found]) -> list[str]:
    """Each text with the stretches that lie in it covered; a stretch over two texts is in both."""
    made = []
    begin = 0
    for text in texts:
        end = begin + len(text)
        mine = [
            (max(start, begin) - begin, min(stop, end) - begin, kind)
            for start, stop, kind in found
            if start < end and stop > begin
        ]
        made.append(_cover(text, mine) if mine else text)
        begin = end + len(_BETWEEN)
    return made


def _cover(text: str, found: Sequence[tuple[int, int, Masked]]) -> str:
    """Stretches in the order of the text; those that overlap are joined."""
    parts: list[str] = []
    at = 0
    for start, end, kind in found:
        if end <= at:
            continue
        if start >= at:
            parts += (text[at:start], f"[{kind.value}]")
        at = end
    return "".join(parts) + text[at:]
