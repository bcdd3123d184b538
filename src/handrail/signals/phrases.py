"""Many phrases looked for at once: thousands cost no more than one.

Each phrase is filed under its rarest word. A message that has none of these words costs one set
operation; each word that is found costs one lookup for each shape (place of the word, length of
the phrase) that is filed under it, however many phrases have that shape.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet

Span = tuple[int, int, tuple[str, ...]]
"""Where a phrase starts, where it ends, and its labels."""


class Phrases:
    """Labelled phrases, compiled once. A phrase is a sequence of tokens."""

    __slots__ = ("_common", "_labels", "_shapes")

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
        for phrase in found:
            word = min(phrase, key=lambda word: (word in common, counts[word], -len(word), word))
            shapes.setdefault(word, set()).add((phrase.index(word), len(phrase)))
        self._labels = {phrase: tuple(sorted(labels)) for phrase, labels in found.items()}
        self._common = not shapes.keys().isdisjoint(common)
        self._shapes = {word: tuple(sorted(shape)) for word, shape in shapes.items()}

    def labels(self, tokens: Sequence[str], words: AbstractSet[str] | None = None) -> set[str]:
        """The labels of all phrases in `tokens`; `words` as for `spans`."""
        return {label for _, _, labels in self.spans(tokens, words) for label in labels}

    def spans(self, tokens: Sequence[str], words: AbstractSet[str] | None = None) -> list[Span]:
        """Every phrase in `tokens`, in no particular order.

        `words` are those of the tokens that are not common, if they are known already.
        """
        if words is None or self._common:
            words = set(tokens)
        found: list[Span] = []
        for word in self._shapes.keys() & words:
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
