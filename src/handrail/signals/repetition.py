"""Whether somebody says the same again: a bounded memory of the last few messages of a case."""

from collections import deque
from collections.abc import Collection
from zlib import crc32

from handrail.signals.dissatisfaction import model

KEEP = 8
"""How many messages of each side, and how many tool results, are remembered."""

_LEAST = 2  # telling words below which nothing counts as a repeat ("yes", "ok thanks")
_MOST = 64  # words that stand for a message: those with the smallest checksums
_SHARED, _OF = 3, 7  # two messages are the same when at least 3 of 7 words of both are shared,
# counting each side: that is three quarters of all their words

Words = frozenset[int]


class Memory:
    """What a case needs to remember between turns, beside its state.

    Words are kept as 32-bit checksums, never as text. `dump` and `load` carry it from process to
    process. O(1) a turn: at most `KEEP` comparisons of at most 64 words.
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
            "customer": [sorted(words) for words in self._customer],
            "agent": [sorted(words) for words in self._agent],
            "tools": list(self._tools),
        }

    @classmethod
    def load(cls, data: dict[str, object]) -> "Memory":
        """The memory that `dump` wrote. ValueError when `data` is something else."""
        memory = cls()
        try:
            memory.language = str(data["language"])
            memory.asked = bool(data.get("asked"))  # what an earlier release wrote has none
            memory._customer.extend(frozenset(words) for words in _lists(data["customer"]))
            memory._agent.extend(frozenset(words) for words in _lists(data["agent"]))
            memory._tools.extend(_numbers(data["tools"]))
        except (KeyError, TypeError) as error:
            raise ValueError(f"stored memory of a case is malformed: {error}") from error
        return memory


def _lists(data: object) -> list[list[int]]:
    return [_numbers(entry) for entry in _list(data)]


def _numbers(data: object) -> list[int]:
    numbers = _list(data)
    if not all(type(number) is int for number in numbers):
        raise TypeError("expected a list of integers")
    return numbers


def _list(data: object) -> list[int]:
    if not isinstance(data, list):
        raise TypeError("expected a list")
    return data


class _Checksums(dict[str, int]):
    """Checksums by word, each kept from when it is first met, so that frequent words lie together.

    Only of words that the model of dissatisfaction knows: no flood of others can fill it, and
    nothing that only a customer wrote stays in it.
    """

    def __missing__(self, word: str) -> int:
        checksum = crc32(word.encode("utf-8", "surrogatepass"))
        if word in model().words:
            self[word] = checksum
        return checksum


_CHECKSUMS = _Checksums()


def _marks(words: Collection[str]) -> Words:
    """Words as checksums. Of very many the smallest stay: as good as a random choice, and the
    same choice every time.
    """
    marks = frozenset(map(_CHECKSUMS.__getitem__, words))
    return marks if len(marks) <= _MOST else frozenset(sorted(marks)[:_MOST])


def _repeats(before: deque[Words], said: Collection[str]) -> bool:
    """Compare with what was said before, then remember."""
    if len(said) < _LEAST:
        return False
    words = _marks(said)
    size = len(words)
    # The least and the greatest checksum are as good as two random words, and quick to look up:
    # messages with three quarters in common share one of them in 15 of 16 cases or more.
    least, greatest = min(words), max(words)
    seen = False
    for earlier in before:
        if (least in earlier or greatest in earlier) and (
            len(words & earlier) * _OF >= (size + len(earlier)) * _SHARED
        ):
            seen = True
            break
    before.append(words)
    return seen
