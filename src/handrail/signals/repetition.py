"""Whether somebody says the same again: a bounded memory of the last few messages of a case."""

from collections.abc import Collection, Mapping
from typing import Any
from zlib import crc32

from handrail.signals.dissatisfaction import model

KEEP = 8
"""How many messages of each side, and how many tool results, are remembered."""

_LEAST = 2  # telling words below which nothing counts as a repeat ("yes", "ok thanks")
_MOST = 256  # words that stand for a message; of very many, the first by the alphabet
_MARKS = [chr(0x100 + place) for place in range(1024)]
_SHARED, _OF = 3, 7  # two messages are the same when at least 3 of 7 words of both are shared,
# counting each side: that is three quarters of all their words

Words = str
"""The words of a message, a character for each: short to store, and compared as it was stored."""


class Memory:
    """What a case needs to remember between turns, beside its state.

    Words are kept as characters of their checksums, never as text. `dump` and `load` carry it
    from process to process. O(1) a turn: at most `KEEP` comparisons of 256 characters.
    """

    __slots__ = ("_agent", "_customer", "_tools", "asked", "language")

    def __init__(self) -> None:
        self._customer: list[Words] = []
        self._agent: list[Words] = []
        self._tools: list[int] = []
        self.language = ""
        self.asked = False  # whether the AI agent has just asked if it shall hand over

    def customer(self, words: Collection[str]) -> bool:
        """Remember the telling words of a customer's message; True when it repeats an earlier."""
        return _repeats(self._customer, words)

    def agent(self, words: Collection[str]) -> bool:
        """Remember the telling words of the AI agent's message; True when it repeats one."""
        return _repeats(self._agent, words)

    def tool(self, name: str, text: str) -> bool:
        """Remember a tool's result; True when this tool gave exactly this before."""
        mark = crc32(text.encode("utf-8", "surrogatepass"), crc32(name.encode("utf-8", "replace")))
        seen = mark in self._tools
        self._tools.append(mark)
        del self._tools[:-KEEP]
        return seen

    def dump(self) -> dict[str, object]:
        """As plain data, for a store."""
        return {
            "language": self.language,
            "asked": self.asked,
            "customer": list(self._customer),
            "agent": list(self._agent),
            "tools": list(self._tools),
        }

    @classmethod
    def load(cls, data: Mapping[str, object]) -> "Memory":
        """The memory that `dump` wrote. ValueError when `data` is something else."""
        memory = cls()
        try:
            memory.language = str(data["language"])
            memory.asked = bool(data.get("asked"))  # what an earlier release wrote has none
            memory._customer = _list(data["customer"], str)
            memory._agent = _list(data["agent"], str)
            memory._tools = _list(data["tools"], int)
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"stored memory of a case is malformed: {error}") from error
        return memory


def _list(data: object, kind: type) -> list[Any]:
    if not isinstance(data, list) or not {kind}.issuperset(map(type, data)):
        raise TypeError(f"expected a list of `{kind.__name__}`")
    return list(data)


class _Places(dict[str, Words]):
    """The mark of a word, kept from when the word is first met.

    Only of words that the model of dissatisfaction knows: no flood of others can fill it, and
    nothing that only a customer wrote stays in it.
    """

    def __missing__(self, word: str) -> Words:
        mark = _MARKS[crc32(word.encode("utf-8", "surrogatepass")) % len(_MARKS)]
        if word in model().words:
            self[word] = mark
        return mark


_PLACES = _Places()


def _marks(words: Collection[str]) -> set[str]:
    """The words as marks. Two of 25 words share one once in three messages: it hardly counts."""
    if len(words) > _MOST:
        words = sorted(words)[:_MOST]
    return set(map(_PLACES.__getitem__, words))


def _repeats(before: list[Words], said: Collection[str]) -> bool:
    """Compare with what was said before, then remember."""
    if len(said) < _LEAST:
        return False
    words = _marks(said)
    size = len(words)
    seen = False
    for earlier in before:
        if len(words.intersection(earlier)) * _OF >= (size + len(earlier)) * _SHARED:
            seen = True
            break
    before.append("".join(sorted(words)))
    del before[:-KEEP]
    return seen
