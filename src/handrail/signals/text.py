"""The one tokenisation that all text signals share, so that a message is cut only once."""

import re
import unicodedata
from typing import Final

MAX_CHARS: Final = 8_000
"""Characters of a message that are read; what follows is ignored, so that cost is bounded."""

# A word is letters and digits, with apostrophes inside it. A run of `!` and `?` counts by its
# first two marks: "!!!!" gives "!!", and there are only six such tokens. Linear: a word cannot
# begin or end in an apostrophe, so there is nothing to try twice.
_TOKEN: Final = re.compile(r"[^\W_]+(?:'[^\W_]+)*|[!?](?<![!?]{2})[!?]?")
_RUNS: Final = ("!!", "??", "!?", "?!", "''")
_APOSTROPHES: Final = str.maketrans(dict.fromkeys("\u2018\u2019\u201b\u02bc\u00b4\uff07", "'"))
# What word processors and models write around words; none of it is part of one.
_MARKS: Final = (("\u2019", "'"), *((mark, " ") for mark in "\u201c\u201d\u2013\u2014\u2026\xa0"))
# For plain ASCII the same is done by one table and `split`, some three times as fast.
_ASCII: Final = (
    bytes(ord(c.lower()) if c.isalnum() or c in "'!?" else 32 for c in map(chr, range(128)))
    + b" " * 128
)


def tokenize(text: str) -> list[str]:
    """Lowercase words and marks of a message, in order; never fails.

    Only the first `MAX_CHARS` characters are read. Compatibility forms are unified (NFKC), and
    every kind of apostrophe becomes `'`, straight or curly, so that "don't" is one word.
    """
    text = text[:MAX_CHARS]
    if not text.isascii():  # typographic marks alone are no reason to go the slow way
        for mark, plain in _MARKS:
            text = text.replace(mark, plain)
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text.translate(_APOSTROPHES)).translate(_APOSTROPHES)
        return _TOKEN.findall(text[:MAX_CHARS].lower())
    text = text.encode().translate(_ASCII).decode()
    marked = "!" in text or "?" in text
    quoted = "'" in text
    if (marked or quoted) and any(map(text.__contains__, _RUNS)):
        return _TOKEN.findall(text)
    if marked:
        text = text.replace("!", " ! ").replace("?", " ? ")
    if quoted:
        text = f" {text} ".replace(" '", " ").replace("' ", " ")
    return text.split()
