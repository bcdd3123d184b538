"""Misspelt forms of a few key words, made once, so that a lookup stays one dict access."""

from collections.abc import Iterable, Iterator, Mapping

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_SHORT = 4  # letters below which a word has too many real neighbours


def variants(
    words: Iterable[str], *, known: Iterable[str], joins: Mapping[str, Iterable[str]]
) -> dict[str, str]:
    """Map each form within one edit (or one swap) of a word to that word.

    Words and forms of less than four letters have none. `joins` are words that run into the next
    ("tosomebody"). `known` words stand for themselves and are no misspelling.
    """
    known = frozenset(known)
    found: dict[str, str] = {}
    for word in sorted(words):
        if len(word) >= _SHORT:
            for form in _edits(word):
                if len(form) >= _SHORT and form != word and form not in known:
                    found.setdefault(form, word)
    for first, seconds in sorted(joins.items()):
        for word in seconds:
            if first + word not in known:
                found.setdefault(first + word, word if len(word) >= _SHORT else first)
    return found


def _edits(word: str) -> Iterator[str]:
    """All forms one deletion, swap, replacement or insertion away."""
    for at in range(len(word) + 1):
        head, tail = word[:at], word[at:]
        for letter in _LETTERS:
            yield head + letter + tail
            if tail:
                yield head + letter + tail[1:]
        if tail:
            yield head + tail[1:]
        if len(tail) > 1:
            yield head + tail[1] + tail[0] + tail[2:]
