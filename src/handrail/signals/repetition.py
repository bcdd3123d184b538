"""Whether somebody says the same again: a bounded memory of the last few messages of a case."""

from collections import deque
from collections.abc import Iterable, Sequence
from zlib import crc32

KEEP = 8
"""How many messages of each side, and how many tool results, are remembered."""

_LEAST = 3  # words of substance below which nothing counts as a repeat ("yes", "ok thanks")
_SHORT = 3  # letters up to which a word has no substance, unless it has a digit
_MOST = 80  # words of one message that are compared
_NEAR = 0.75  # share of all words of two messages that both have

Words = frozenset[int]


class Memory:
    """What a case needs to remember between turns, beside its state.

    Words are kept as 32-bit checksums, never as text. `dump` and `load` carry it from process to
    process. O(1) a turn: at most `KEEP` comparisons of at most `_MOST` words.
    """

    __slots__ = ("_agent", "_customer", "_tools", "language")

    def __init__(self) -> None:
        self._customer: deque[Words] = deque(maxlen=KEEP)
        self._agent: deque[Words] = deque(maxlen=KEEP)
        self._tools: deque[int] = deque(maxlen=KEEP)
        self.language = ""

    def customer(self, tokens: Sequence[str]) -> bool:
        """Remember a message of the customer; True when it repeats an earlier one."""
        return _repeats(self._customer, tokens)

    def agent(self, tokens: Sequence[str]) -> bool:
        """Remember a message of the AI agent; True when it repeats an earlier one."""
        return _repeats(self._agent, tokens)

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


def _substance(tokens: Iterable[str]) -> Words:
    """The words that carry a message, as checksums."""
    words = [token for token in tokens if len(token) > _SHORT or token.isdigit()]
    return frozenset([crc32(word.encode("utf-8", "surrogatepass")) for word in words[:_MOST]])


def _repeats(before: deque[Words], tokens: Sequence[str]) -> bool:
    """Compare with what was said before, then remember."""
    words = _substance(tokens)
    size = len(words)
    if size < _LEAST:
        return False
    seen = False
    for earlier in before:
        # Sizes alone rule most out; a shared share of _NEAR is impossible then.
        if min(size, len(earlier)) < _NEAR * max(size, len(earlier)):
            continue
        shared = len(words & earlier)
        if shared >= _NEAR * (size + len(earlier) - shared):
            seen = True
            break
    before.append(words)
    return seen
