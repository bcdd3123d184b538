"""Words in disguise: `l a w y e r`, `c0urt`, a Cyrillic letter that looks like a Latin one.

Only known phrases are looked for in what is undone here, so undoing too much does no harm. Plain
text is told apart by two looks, and costs nothing more.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Final

from handrail.signals.text import MAX_CHARS, tokenize

_RUN: Final = 4  # single letters in a row that make a word
_ALONE: Final = frozenset("bcdefghjklmnpqrstvwxz")  # letters that are no word of their own
_DIGITS: Final = "014357@$"
_LEET: Final = re.compile(r"[0-9@$](?<=[^\W\d_].)[^\W\d_]")  # between two letters
_PLAIN: Final = tuple(str.maketrans(_DIGITS, f"o{one}aest" + "as") for one in "il")
_ALIKE: Final = str.maketrans(
    "аеорсухіѕјқһԁԛԝкмтвнАЕОРСУХІЅЈКМТВНαεικνορτυχΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
    "aeopcyxisjqhdqwkmtbhAEOPCYXISJKMTBHaeikvoptuxABEZHIKMNOPTYX",
    "\u00ad\u200b\u200c\u200d\u2060\ufeff",  # letters that nobody sees
)


def readings(tokens: Sequence[str], words: Collection[str], text: str) -> Iterator[list[str]]:
    """Other ways to read a message, if it looks disguised; `words` are its telling words."""
    text = text[:MAX_CHARS]
    if not text.isascii() and (latin := text.translate(_ALIKE)) != text:
        text, tokens = latin, tokenize(latin)
        words = tokens
        yield list(tokens)
    if any(map(text.__contains__, _DIGITS)) and _LEET.search(text):
        for table in _PLAIN:
            yield tokenize(text.translate(table))
    if not _ALONE.isdisjoint(words):
        yield from _joined(tokens)


def _joined(tokens: Sequence[str]) -> Iterator[list[str]]:
    """With each run of single letters as one word; and once more without its first, an `a`."""
    for skipped in range(2):
        read: list[str] = []
        run: list[str] = []
        longest = 0
        for token in (*tokens, ""):
            if len(token) == 1 and token.isalpha():
                run.append(token)
                continue
            longest = max(longest, len(run))
            if len(run) >= _RUN:
                run = [*run[:skipped], "".join(run[skipped:])]
            read += [*run, token]
            run = []
        if longest < _RUN:
            return
        yield read[:-1]
