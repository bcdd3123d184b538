"""Many phrases looked for at once: thousands cost no more than one.

Each phrase is filed under its rarest word. A message that has none of these words costs one set
operation. Each word that is found costs another, which asks for the second rarest word of any of
its phrases, and then one lookup for each shape (place of the word, length of the phrase) that is
filed under it, however many phrases have that shape.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import product
from math import prod

Span = tuple[int, int, tuple[str, ...]]
"""Where a phrase starts, where it ends, and its labels."""

MOST = 1_000
"""Phrases that one with alternatives may stand for."""

_CHOICE = re.compile(r"\(([^()|]*(?:\|[^()|]*)+)\)")


def alternatives(phrase: str) -> list[str]:
    """The phrases that one stands for: `(delete|erase) (all|) data` is four of them.

    ValueError for a `|` outside of brackets, for brackets within brackets, and for too many.
    """
    parts = _CHOICE.split(phrase)  # text, choice, text, choice, …, text
    if "|" in "".join(parts[::2]):
        raise ValueError(f"`{phrase}` has a `|` that is not in brackets like `(this|that)`")
    choices = [part.split("|") if at % 2 else [part] for at, part in enumerate(parts)]
    count = prod(map(len, choices))
    if count > MOST:
        raise ValueError(f"`{phrase}` stands for {count} phrases, more than {MOST}")
    return ["".join(chosen) for chosen in product(*choices)]


class Phrases:
    """Labelled phrases, compiled once. A phrase is a sequence of tokens."""

    __slots__ = ("_beside", "_keys", "_labels", "_shapes")

    def __init__(
        self, phrases: Mapping[str, Iterable[Sequence[str]]], common: Collection[str] = ()
    ) -> None:
        """`common` are frequent words, which phrases are filed under only if they must be."""
        found: dict[tuple[str, ...], set[str]] = {}
        for label, entries in phrases.items():
            for tokens in entries:
                if tokens:
                    found.setdefault(tuple(tokens), set()).add(label)
        counts = Counter(word for phrase in found for word in phrase)
        shapes: dict[str, set[tuple[int, int]]] = {}
        beside: dict[str, set[str]] = {}
        for phrase in found:
            rarest = sorted(
                phrase, key=lambda word: (word in common, counts[word], -len(word), word)
            )
            word = rarest[0]
            shapes.setdefault(word, set()).add((phrase.index(word), len(phrase)))
            beside.setdefault(word, set()).add(rarest[min(1, len(rarest) - 1)])
        self._labels = {phrase: tuple(sorted(labels)) for phrase, labels in found.items()}
        self._shapes = {word: tuple(sorted(shape)) for word, shape in shapes.items()}
        self._beside = {word: frozenset(words) for word, words in beside.items()}
        self._keys = frozenset(shapes)

    def labels(self, tokens: Sequence[str], words: AbstractSet[str] | None = None) -> set[str]:
        """The labels of all phrases in `tokens`; `words` as for `spans`."""
        found = self.spans(tokens, words)
        return {label for _, _, labels in found for label in labels} if found else set()

    def spans(self, tokens: Sequence[str], words: AbstractSet[str] | None = None) -> list[Span]:
        """Every phrase in `tokens`, in no particular order.

        `words` are the tokens as a set, if it is made already.
        """
        if words is None:
            words = set(tokens)
        found: list[Span] = []
        for word in self._keys & words:
            if self._beside[word].isdisjoint(words):
                continue
            for place in _places(tokens, word):
                for before, length in self._shapes[word]:
                    start, end = place - before, place - before + length
                    if start >= 0 and end <= len(tokens):
                        labels = self._labels.get(tuple(tokens[start:end]))
                        if labels is not None:
                            found.append((start, end, labels))
        return found


def _places(tokens: Sequence[str], word: str) -> list[int]:
    """Where a word stands, of which there is at least one."""
    if tokens.count(word) == 1:
        return [tokens.index(word)]
    return [place for place, token in enumerate(tokens) if token == word]
