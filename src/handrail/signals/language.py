"""The languages Handrail reads: one file each, loaded once, and a guess which one a text is in."""

import tomllib
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import groupby, repeat
from typing import Any

from handrail.signals.cues import Cues
from handrail.signals.phrases import Phrases, alternatives
from handrail.signals.slots import Grammar
from handrail.signals.text import tokenize
from handrail.signals.typos import variants

LEAST = 3
"""Known words without which a text is too short to tell its language."""

_OTHERS = "other"
_ANSWERS = ("accept", "accept_start", "decline", "decline_start", "filler")
_EMPTY = frozenset({"!", "?", "!!", "??", "!?", "?!"})
_DIGITS = frozenset("0123456789")
_LONG = 5  # digits from which a number is of an account, and not of a year or of how many
_FIELD = 16  # bits of one language's counter; a message has fewer tokens than this can count
_SCRIPTS = ("CYRILLIC", "GREEK", "ARABIC", "HEBREW", "DEVANAGARI", "THAI", "HANGUL", "HIRAGANA")
_SCRIPT_CODES = ("Cyrl", "Grek", "Arab", "Hebr", "Deva", "Thai", "Hang", "Hira")


@dataclass(frozen=True, slots=True)
class Language:
    """What one language's file says, compiled. `phrases` labels as the file names them."""

    code: str
    function_words: frozenset[str]
    negation: frozenset[str]
    phrases: Phrases
    answers: Phrases
    tool: Phrases
    request: Grammar
    cues: Cues

    def asks(self, tokens: Sequence[str]) -> bool:
        """Whether a text asks for a person: by a pattern, or by what stands around a person."""
        if self.request.asks(tokens):
            return True
        if self.cues.anchors.isdisjoint(tokens):
            return False
        tokens = _without_numbers(tokens)
        if not self.cues.ask(tokens):
            return False
        return self.cues.ask(self.request.left(tokens))


def _without_numbers(tokens: Sequence[str]) -> Sequence[str]:
    """The words without the numbers of cards, accounts, phones and orders: in how many groups one
    is written says nothing, and each would count as a word that nobody knows.
    """
    found: list[str] = []
    for numeric, run in groupby(tokens, lambda token: not _DIGITS.isdisjoint(token)):
        group = [*run]
        if not numeric or sum(letter in _DIGITS for one in group for letter in one) < _LONG:
            found += group
    return found


@cache
def languages() -> Mapping[str, Language]:
    """All supported languages by code."""
    raw = _files()
    return {code: _language(code, data) for code, data in raw.items()}


@cache
def common_words() -> frozenset[str]:
    """The function words of all supported languages."""
    return frozenset(word for data in _files().values() for word in _words(data["function_words"]))


@cache
def _files() -> dict[str, dict[str, Any]]:
    """The content of every language file, by code."""
    folder = files("handrail.signals") / "languages"
    found = {}
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        name, _, ending = entry.name.partition(".")
        if ending == "toml" and name != _OTHERS:
            found[name] = tomllib.loads(entry.read_text("utf-8"))
    return found


def _language(code: str, data: Mapping[str, Any]) -> Language:
    phrases = dict(data["phrases"])
    answers = {label: phrases.pop(label) for label in _ANSWERS}
    request = data["request"]
    slots = {name: _words(words) for name, words in request["slots"].items()}
    typos = _typos(request, slots)
    return Language(
        code=code,
        function_words=frozenset(_words(data["function_words"])),
        negation=frozenset(_words(data["negation"])),
        phrases=_phrases(phrases),
        answers=_phrases(answers),
        tool=_phrases(data["tool"]),
        request=_grammar(request, slots, typos),
        cues=Cues(
            {name: _words(words) for name, words in request["cues"].items()}, typos, **_weights()
        ),
    )


def _phrases(phrases: Mapping[str, Iterable[str]]) -> Phrases:
    return Phrases(
        {
            label: {
                tuple(tokenize(form))
                for phrase in entries
                for plain in alternatives(phrase)
                for form in forms(plain)
            }
            for label, entries in phrases.items()
        },
        common_words(),
    )


def _grammar(
    data: Mapping[str, Any], slots: Mapping[str, set[str]], typos: Mapping[str, str]
) -> Grammar:
    return Grammar(
        slots=slots,
        macros=data["macros"],
        always=data["always"],
        ask=data["ask"],
        never=data["never"],
        gate=data["gate"],
        weak_gate=data["weak_gate"],
        variants=typos,
    )


def _typos(data: Mapping[str, Any], slots: Mapping[str, set[str]]) -> dict[str, str]:
    """The misspelt forms of the words of a request."""
    own = {word for words in slots.values() for word in words}
    own |= {word for words in data["cues"].values() for word in _words(words)}
    return variants(
        (word for name in data["typos"] for word in slots[name]),
        known={*common_words(), *_words(data["known"]), *own},
        joins={
            first: [word for name in names for word in slots[name]]
            for first, names in data["joins"].items()
        },
    )


@cache
def _weights() -> dict[str, Any]:
    """What the cues weigh: `bias`, and `weights` by cue and place."""
    file = files("handrail.signals") / "models" / "requests.toml"
    return tomllib.loads(file.read_text("utf-8"))


def _words(text: str) -> set[str]:
    """The words of a list in a file, with their forms without apostrophe or accent."""
    return {form for word in text.split() for form in forms(word)}


def forms(phrase: str) -> set[str]:
    """A phrase as it is, without apostrophes, without accents, without both: all are typed."""
    bare = "".join(c for c in unicodedata.normalize("NFD", phrase) if not unicodedata.combining(c))
    return {phrase, phrase.replace("'", ""), bare, bare.replace("'", "")}


@cache
def _counters() -> tuple[dict[str, int], tuple[str, ...], dict[str, frozenset[str]]]:
    """For each function word, one count in the field of each language it belongs to; the order
    of the fields; and for each language the words that are of no other.
    """
    words = {code: _words(data["function_words"]) for code, data in _files().items()}
    others = (files("handrail.signals") / "languages" / f"{_OTHERS}.toml").read_text("utf-8")
    words.update({code: _words(text) for code, text in tomllib.loads(others).items()})
    counters: dict[str, int] = {}
    for place, code in enumerate(words):
        for word in words[code]:
            counters[word] = counters.get(word, 0) + (1 << place * _FIELD)
    single = {1 << place * _FIELD for place in range(len(words))}
    own = {
        code: frozenset(word for word in found if counters[word] in single)
        for code, found in words.items()
    }
    return counters, tuple(words), own


def guess(tokens: Sequence[str], text: str, before: str) -> str:
    """The language of a text, or `before` when too little of it is known.

    A code of a supported or recognised language, or `und-` and a script when most letters are of
    a script that no supported language uses. Of languages with equal counts, `before` wins.
    """
    if not text.isascii():
        script = _script(text)
        if script:
            return f"und-{script}"
    counters, codes, own = _counters()
    sure = len(own[before].intersection(tokens)) if before in own else 0
    if sure >= LEAST and sure * 5 >= len(tokens):
        return before  # enough words that no other language has: the common case, at a third
    total = sum(map(counters.get, tokens, repeat(0)))
    if not total:
        return before
    best, most = before, LEAST - 1
    for code in codes:
        count = total & (1 << _FIELD) - 1
        total >>= _FIELD
        if count > most or (count == most and code == before and most >= LEAST):
            best, most = code, count
    return best


def _script(text: str) -> str:
    """The script of most letters when it is none of the Latin ones, else empty."""
    letters = [letter for letter in text[:200] if letter.isalpha()]
    foreign = [
        letter for letter in letters if letter > "\u024f" and not "\u1e00" <= letter <= "\u1eff"
    ]
    if len(foreign) * 2 <= len(letters):
        return ""
    name = unicodedata.name(foreign[0], "")
    for script, code in zip(_SCRIPTS, _SCRIPT_CODES, strict=True):
        if name.startswith(script):
            return code
    return "Hani" if name.startswith("CJK") else "Zyyy"


def supported(code: str) -> bool:
    """Whether text of this language is read."""
    return code in _files()


@cache
def _gate() -> frozenset[str]:
    """The words without which no supported language has a request for a person."""
    return frozenset().union(
        *(language.request.gate | language.cues.anchors for language in languages().values())
    )


@cache
def _idle() -> frozenset[str]:
    """Marks, and function words that no request hangs on."""
    return (common_words() | _EMPTY) - _gate()


def telling(tokens: Iterable[str]) -> set[str]:
    """The words that carry a message: all but marks and function words."""
    return (tokens if isinstance(tokens, set) else set(tokens)) - _idle()


def requests_human(tokens: Sequence[str], words: Collection[str] | None = None) -> bool:
    """Whether a text asks for a person, in any supported language.

    `words` are its telling words, if they are known: enough for the gate.
    """
    if _gate().isdisjoint(tokens if words is None else words):
        return False
    return any(language.asks(tokens) for language in languages().values())
