"""A looser reading than the grammar: which cues stand how near to a word for a person.

Sentences vary more than patterns do. So around each word for a person (an anchor) the words are
looked up in lists of cues ("talk", "want", "past", ...), and each cue weighs by where it stands;
when the weights of one anchor add up to more than nothing, somebody asks for a person. The lists
are in the language files under the same names in each language; the weights are shared by all
languages, and fitted by `training/person_requests.py`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

ANCHORS = ("person", "anyone", "unit")
"""The cues that a request hangs on."""
PLACES = ("far before", "before", "second before", "just before", "itself", "just after", "after",
          "far after", "first")  # fmt: skip
"""Where a cue may stand, from the anchor or as the first word of all; each has its weight."""

_OWN = ("<end>", "<mark>", "<other>", "<brief>", "<short>", "<long>")  # given by no list of words
_GAP = "<gap>"  # a token that has been taken out: no cue at all
_BACK, _ON = 10, 7  # tokens before and after an anchor that are read
_NEAR = {-2: 2, -1: 3, 0: 4, 1: 5, 2: 6, 3: 6}
_WINDOW = [_NEAR.get(at, 7 if at > 0 else 1 if at > -6 else 0) for at in range(-_BACK, _ON + 1)]
_EVERY = range(len(PLACES))
_ITSELF, _FIRST = PLACES.index("itself"), PLACES.index("first")
_ANCHOR = frozenset(ANCHORS)
_EDGES = (-2, -1, 1)  # where it tells something that the message has ended
_BRIEF, _SHORT, _LONG = 3, 8, 30  # tokens
_MARKS = "!?"
_SURE = 5  # letters from which a misspelt word is still told from others


class Cues:
    """The cues of one language, weighed."""

    __slots__ = ("_anchors", "_bias", "_names", "_weights")

    def __init__(
        self,
        cues: Mapping[str, Iterable[str]],
        variants: Mapping[str, str],
        bias: int,
        weights: Mapping[str, Sequence[int]],
    ) -> None:
        """`cues` are words by name; `variants` maps a misspelt word to the word meant; `weights`
        has a number for each place of a cue, in thousandths of a logit, 0 for what is missing.
        """
        found: dict[str, set[str]] = {}
        for name, words in cues.items():
            for word in words:
                found.setdefault(word, set()).add(name)
        names = {word: tuple(sorted(key)) for word, key in found.items()}
        for typo, word in variants.items():
            if len(word) >= _SURE and word in names:
                names.setdefault(typo, names[word])
        own = {_GAP: (), **{name: (name,) for name in _OWN}}
        self._names = names | own
        self._anchors = frozenset(
            word for word, key in names.items() if not _ANCHOR.isdisjoint(key)
        )
        self._bias = bias
        known = {(name, place): n for name in weights for place, n in enumerate(weights[name])}
        sums = {
            key: tuple(sum(known.get((name, place), 0) for name in key) for place in _EVERY)
            for key in set(self._names.values())
        }
        self._weights = {word: sums[key] for word, key in self._names.items()}

    @property
    def anchors(self) -> frozenset[str]:
        """The words for a person, misspelt ones too."""
        return self._anchors

    def ask(self, tokens: Sequence[str]) -> bool:
        """Whether the cues around one of the anchors weigh enough. Empty tokens are gaps."""
        get, other, mark = self._weights.get, self._weights["<other>"], self._weights["<mark>"]
        for read in _readings(tokens, self._anchors):
            total = self._bias
            for word, place in read:
                total += (get(word) or (mark if word[0] in _MARKS else other))[place]
            if total > 0:
                return True
        return False

    def features(self, tokens: Sequence[str]) -> Iterator[list[tuple[str, int]]]:
        """For each anchor the cues about it, each with its place, as often as they stand there."""
        for read in _readings(tokens, self._anchors):
            yield [
                (name, place)
                for word, place in read
                for name in self._names.get(word) or self._unknown(word)
            ]

    def _unknown(self, word: str) -> tuple[str, ...]:
        return () if word == _GAP else ("<mark>",) if word[0] in _MARKS else ("<other>",)


def _readings(tokens: Sequence[str], anchors: frozenset[str]) -> Iterator[list[tuple[str, int]]]:
    """For each anchor the words about it that are read, each with its place."""
    count = len(tokens)
    whole = [(tokens[0] or _GAP, _FIRST)] if tokens else []
    if count <= _SHORT:
        whole.append(("<brief>" if count <= _BRIEF else "<short>", _ITSELF))
    elif count > _LONG:
        whole.append(("<long>", _ITSELF))
    for at, token in enumerate(tokens):
        if token in anchors:
            start = max(0, at - _BACK)
            about = zip(tokens[start : at + _ON + 1], _WINDOW[start - at + _BACK :], strict=False)
            ends = [("<end>", _NEAR[edge]) for edge in _EDGES if not 0 <= at + edge < count]
            yield [*whole, *((word or _GAP, place) for word, place in about), *ends]
