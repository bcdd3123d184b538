"""How dissatisfied a customer sounds: a small linear model over words and pairs of words.

English only. `models/MODEL_CARD.md` says what it learned from, how good it is and its limits.
"""

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import exp, sqrt
from sys import intern
from typing import Final

FILE: Final = "dissatisfaction_en.tsv.gz"
_MIN_GAPS: Final = 2
"""Spaces below which capitals say nothing: "OK", "USB-C", "MY_USER_ID_4471"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """Weights in thousandths of a logit; a word or pair that is not listed weighs nothing."""

    bias: int
    shouting: int
    words: dict[str, int]
    pairs: dict[tuple[str, str], int]

    def score(self, tokens: Sequence[str], *, shouting: bool = False) -> int:
        """The chance in thousandths, 0..1000, that these words express dissatisfaction.

        The sum is divided by the root of the length, so that a long message is not extreme
        merely because it is long. No words give 0: silence is not dissatisfaction.
        """
        if not tokens:
            return 0
        # `zip` over a slice is faster here than `pairwise`.
        following = zip(tokens, tokens[1:], strict=False)  # noqa: RUF007
        total = sum(filter(None, map(self.words.get, tokens)))
        total += sum(filter(None, map(self.pairs.get, following)))
        if shouting:
            total += self.shouting
        logit = (self.bias + total / sqrt(len(tokens) + 1)) / 1000
        return round(1000 / (1 + exp(min(30.0, -logit))))


def read(packed: bytes) -> Model:
    """The model in a packed file: a line of constants, then one line for each weight that occurs.

    Such a line is the weight and all words, and pairs joined by a space, that have it, separated
    by tabs. So equal weights are one object, as equal words are, and stay in the cache.
    Raises OSError (not gzip) or ValueError (not the format).
    """
    head, *lines = gzip.decompress(packed).decode().splitlines()
    words: dict[str, int] = {}
    pairs: dict[tuple[str, str], int] = {}
    for line in lines:
        number, *keys = line.split("\t")
        weight = int(number)
        for key in keys:
            first, _, second = key.partition(" ")
            if second:
                pairs[intern(first), intern(second)] = weight
            else:
                words[intern(first)] = weight
    constants = json.loads(head)
    return Model(bias=constants["bias"], shouting=constants["shouting"], words=words, pairs=pairs)


@cache
def model() -> Model:
    """The shipped model, read when first needed (some 30 ms) and kept."""
    return read(files("handrail.signals").joinpath("models", FILE).read_bytes())


def is_shouting(text: str) -> bool:
    """Whether all of a message of at least three words is in capitals."""
    return text.isupper() and text.count(" ") >= _MIN_GAPS


def score(tokens: Sequence[str], *, shouting: bool = False) -> int:
    """The chance in thousandths, 0..1000, that a message expresses dissatisfaction.

    `tokens` come from `text.tokenize`, `shouting` from `is_shouting`. Never fails.
    """
    return model().score(tokens, shouting=shouting)
