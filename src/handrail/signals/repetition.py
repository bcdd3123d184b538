"""Whether somebody says the same again: a bounded memory of the last few messages of a case."""

from collections import deque
from collections.abc import Collection
from functools import reduce
from operator import or_
from typing import Any
from zlib import crc32

from handrail.signals.dissatisfaction import model

KEEP = 8
"""How many messages of each side, and how many tool results, are remembered."""

_LEAST = 2  # telling words below which nothing counts as a repeat ("yes", "ok thanks")
_MOST = 256  # words that stand for a message; of very many, the first by the alphabet
_BITS = [1 << place for place in range(1024)]
_SHARED, _OF = 3, 7  # two messages are the same when at least 3 of 7 words of both are shared,
# counting each side: that is three quarters of all their words

Words = int
"""The words of a message, a bit for each: what two messages share is one AND of two numbers."""


class Memory:
    """What a case needs to remember between turns, beside its state.

    Words are kept as bits of their checksums, never as text. `dump` and `load` carry it from
    process to process. O(1) a turn: at most `KEEP` comparisons of 1,024 bits.
    """

    __slots__ = ("_agent", "_customer", "_tools", "asked", "language")

    def __init__(self) -> None:
        self._customer: deque[Words] = deque(maxlen=KEEP)
        self._agent: deque[Words] = deque(maxlen=KEEP)
        self._tools: deque[int] = deque(maxlen=KEEP)
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
        return seen

    def dump(self) -> dict[str, object]:
        """As plain data, for a store."""
        return {
            "language": self.language,
            "asked": self.asked,
            "customer": [f"{words:x}" for words in self._customer],
            "agent": [f"{words:x}" for words in self._agent],
            "tools": list(self._tools),
        }

    @classmethod
    def load(cls, data: dict[str, object]) -> "Memory":
        """The memory that `dump` wrote. ValueError when `data` is something else."""
        memory = cls()
        try:
            memory.language = str(data["language"])
            memory.asked = bool(data.get("asked"))  # what an earlier release wrote has none
            memory._customer.extend(int(words, 16) for words in _list(data["customer"]))
            memory._agent.extend(int(words, 16) for words in _list(data["agent"]))
            memory._tools.extend(_numbers(data["tools"]))
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"stored memory of a case is malformed: {error}") from error
        return memory


def _numbers(data: object) -> list[int]:
    numbers = _list(data)
    if not all(type(number) is int for number in numbers):
        raise TypeError("expected a list of integers")
    return numbers


def _list(data: object) -> list[Any]:
    if not isinstance(data, list):
        raise TypeError("expected a list")
    return data


class _Places(dict[str, Words]):
    """The bit of a word, kept from when the word is first met.

    Only of words that the model of dissatisfaction knows: no flood of others can fill it, and
    nothing that only a customer wrote stays in it.
    """

    def __missing__(self, word: str) -> Words:
        bit = _BITS[crc32(word.encode("utf-8", "surrogatepass")) % len(_BITS)]
        if word in model().words:
            self[word] = bit
        return bit


_PLACES = _Places()


def _marks(words: Collection[str]) -> Words:
    """The words as bits. Two of 25 words share a bit once in three messages: it hardly counts."""
    if len(words) > _MOST:
        words = sorted(words)[:_MOST]
    return reduce(or_, map(_PLACES.__getitem__, words), 0)


def _repeats(before: deque[Words], said: Collection[str]) -> bool:
    """Compare with what was said before, then remember."""
    if len(said) < _LEAST:
        return False
    words = _marks(said)
    size = words.bit_count()
    seen = False
    for earlier in before:
        if (words & earlier).bit_count() * _OF >= (size + earlier.bit_count()) * _SHARED:
            seen = True
            break
    before.append(words)
    return seen
