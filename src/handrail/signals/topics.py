"""Sensitive topics: phrases in one set, patterns on an engine that is linear in the text."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from handrail.core.policy.pack import TopicText
from handrail.signals.disguise import readings
from handrail.signals.language import common_words, forms
from handrail.signals.phrases import Phrases, alternatives
from handrail.signals.text import MAX_CHARS, tokenize


class TopicMatcher:
    """Finds topics in a message. Compiled once per workflow; names come out sorted.

    Phrases are compared word by word, without regard to case or punctuation, with or without
    their accents and apostrophes, and in disguise too; `(delete|erase) my data` is two phrases.
    Patterns are RE2 expressions, without regard to case, and match whole words only. ValueError,
    naming topic and text, for a pattern that RE2 refuses or a phrase that is refused.
    """

    __slots__ = ("_by_language", "_patterns", "_phrases", "names")

    def __init__(
        self,
        phrases: Mapping[str, Sequence[str]],
        patterns: Mapping[str, Sequence[str]],
        *,
        by_language: Mapping[str, Mapping[str, Sequence[str]]] | None = None,
        names: Iterable[str] = (),
    ) -> None:
        """`by_language`: the phrases again, of each language apart; see `match`.

        `names` are topics that only the caller or a classifier finds.
        """
        self.names = frozenset({*phrases, *patterns, *names})
        self._phrases = _compiled(phrases)
        self._by_language = {code: _compiled(found) for code, found in (by_language or {}).items()}
        self._patterns = [
            (name, _pattern(name, pattern))
            for name in sorted(patterns)
            for pattern in patterns[name]
        ]

    @classmethod
    def of(cls, topics: Iterable[TopicText]) -> "TopicMatcher":
        """The matcher of a pack's topics."""
        topics = tuple(topics)
        by_language: dict[str, dict[str, Sequence[str]]] = {}
        for topic in topics:
            for code, phrases in topic.phrases:
                by_language.setdefault(code, {})[topic.name] = phrases
        return cls(
            {t.name: [phrase for _, phrases in t.phrases for phrase in phrases] for t in topics},
            {topic.name: topic.patterns for topic in topics if topic.patterns},
            by_language=by_language,
        )

    def match(
        self,
        tokens: Sequence[str],
        text: str,
        *,
        words: AbstractSet[str] | None = None,
        only_language: str = "",
    ) -> tuple[str, ...]:
        """The topics in a text; `words` are its tokens as a set, if it is made already.

        All phrases count, whatever language they are of, since people mix; with `only_language`
        just that one's, for text in a language that is not read.
        """
        phrases = self._by_language.get(only_language) if only_language else self._phrases
        found: set[str] = set()
        if phrases is not None:
            found = phrases.labels(tokens, words)
            for read in readings(tokens, tokens if words is None else words, text):
                found |= phrases.labels(read)
        for name, pattern in self._patterns:
            if name not in found and pattern.search(_clean(text)):
                found.add(name)
        return tuple(sorted(found)) if found else ()


def _compiled(phrases: Mapping[str, Sequence[str]]) -> Phrases:
    """All phrases together. ValueError for one that is refused."""
    words: dict[str, set[tuple[str, ...]]] = {}
    for name, entries in phrases.items():
        try:
            words[name] = {form for phrase in entries for form in token_forms(phrase)}
        except ValueError as error:
            raise ValueError(f"topic `{name}`: phrase {error}") from error
    return Phrases(words, common_words())


def token_forms(phrase: str) -> set[tuple[str, ...]]:
    """The token sequences that a phrase stands for. ValueError when it cannot be read."""
    found = {tuple(tokenize(form)) for plain in alternatives(phrase) for form in forms(plain)}
    if () in found:
        raise ValueError(f"`{phrase}` has no word in it")
    return found


def _pattern(name: str, pattern: str) -> Any:
    """The compiled pattern, between word bounds."""
    import re2  # only packs with patterns pay for it

    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    try:
        re2.compile(pattern, options)  # on its own first: `a)(b` must not become valid
        return re2.compile(rf"(?:^|[^\pL\pN_])(?:{pattern})(?:$|[^\pL\pN_])", options)
    except (re2.error, UnicodeError) as error:
        raise ValueError(f"topic `{name}`: pattern `{pattern}` is refused: {error}") from error


def _clean(text: str) -> str:
    """Text that RE2 can read: it takes UTF-8, where lone surrogates have no form."""
    text = text[:MAX_CHARS]
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
