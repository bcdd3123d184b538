"""A small grammar over tokens: slots of words, and patterns of slots.

A pattern is words, slots and groups with a space between them:

    <want> to? <talk> ( to | with )? <person>

`<name>` is any word of that slot, `@name` stands for another pattern, `a/<b>` is either, `_` is
any one token, `~` a token of up to three letters that no slot knows (a slip of the keyboard), `^`
and `$` are the ends of the message; `?`, `*` and `{m,n}` repeat what they follow (`*` means at
most four, so that matching stays linear in the message).

Each token becomes one letter that names the set of slots it belongs to; the patterns become one
small expression over those letters. So the work is done on a string as long as the message has
tokens, and only for messages that pass the gate.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

_FIRST = 0xE000  # private use area: no letter of ours can be a metacharacter
_OTHER = chr(_FIRST)
_SLIP = chr(_FIRST + 1)  # a short word that no slot knows
_SLIPS = 3  # letters up to which a word is short
_BLOCKED = " "  # what a pattern that never counts has taken
_ATOM = re.compile(r"(.+?)(\?|\*|\{\d,\d\})?")
_DEPTH = 8
_MARKS = "!?"  # said loudly or asked, it is the same request


class _Machine(NamedTuple):
    """What patterns come to: a letter for each word, and expressions over letters."""

    letters: dict[str, str]
    always: re.Pattern[str] | None
    ask: re.Pattern[str]
    never: re.Pattern[str] | None

    def spell(self, words: Iterable[str]) -> str:
        get = self.letters.get
        return "".join([get(word) or (_SLIP if len(word) <= _SLIPS else _OTHER) for word in words])


class Grammar:
    """Patterns that always count, that count, and that never do, over one set of slots."""

    def __init__(
        self,
        slots: Mapping[str, Iterable[str]],
        macros: Mapping[str, str],
        always: Sequence[str],
        ask: Sequence[str],
        never: Sequence[str],
        gate: Iterable[str],
        weak_gate: Sequence[Iterable[str]],
        variants: Mapping[str, str],
    ) -> None:
        """Nothing is looked for without a word of a slot of `gate`, or one of a slot of the first
        list of `weak_gate` and one of its second. `variants` maps a misspelt word to the word
        meant. A bad pattern shows when it is first needed, or by `check`.
        """
        self._slots, self._macros, self._variants = slots, macros, variants
        self._patterns = always, ask, never
        self._gate, self._weak, self._beside = (
            _open(names, slots, variants) for names in (gate, *weak_gate)
        )

    @property
    def gate(self) -> frozenset[str]:
        """The words of which a message must have one; see `__init__`."""
        return self._gate | self._weak

    def check(self) -> None:
        """Compile now what is else compiled at first need. ValueError on a bad pattern."""
        assert self._machine

    def asks(self, tokens: Sequence[str]) -> bool:
        """Whether a pattern matches outside of everything that never counts."""
        if self._gate.isdisjoint(tokens) and (
            self._weak.isdisjoint(tokens) or self._beside.isdisjoint(tokens)
        ):
            return False
        machine = self._machine
        letters = machine.spell([token for token in tokens if token[0] not in _MARKS])
        if machine.always is not None and machine.always.search(letters):
            return True
        if machine.ask.search(letters) is None:
            return False  # taking parts out cannot make a match
        if machine.never is None:
            return True
        return machine.ask.search(machine.never.sub(_BLOCKED, letters)) is not None

    def left(self, tokens: Sequence[str]) -> Sequence[str]:
        """The tokens, with an empty one in the place of each that never counts."""
        if self._machine.never is None:
            return tokens
        words = [place for place, token in enumerate(tokens) if token[0] not in _MARKS]
        letters = self._machine.spell([tokens[place] for place in words])
        found = list(tokens)
        for match in self._machine.never.finditer(letters):
            for at in range(*match.span()):
                found[words[at]] = ""
        return found

    @cached_property
    def _machine(self) -> _Machine:
        """Compiled at the first message that passes the gate: most of the cost of a start."""
        always, ask, never = (
            [_expand(pattern, self._macros) for pattern in patterns] for patterns in self._patterns
        )
        words: dict[str, set[str]] = {}
        for name, members in self._slots.items():
            for word in members:
                words.setdefault(word, set()).add(f"<{name}>")
        for pattern in (*always, *ask, *never):
            for atom in pattern:
                for word in _literals(atom):
                    words.setdefault(word, set()).add(word)
        letters, classes = _alphabet(words)
        for typo, word in self._variants.items():
            if word in letters:
                letters.setdefault(typo, letters[word])
        return _Machine(
            letters,
            _compile(always, classes) if always else None,
            _compile(ask, classes),
            _compile(never, classes) if never else None,
        )


def _open(
    names: Iterable[str], slots: Mapping[str, Iterable[str]], variants: Mapping[str, str]
) -> frozenset[str]:
    """All words of these slots, misspelt ones too."""
    words = {word for name in names for word in slots[name]}
    return frozenset(words | {typo for typo, word in variants.items() if word in words})


def _expand(pattern: str, macros: Mapping[str, str], depth: int = 0) -> list[str]:
    """The atoms of a pattern, with macros put in."""
    if depth > _DEPTH:
        raise ValueError(f"pattern `{pattern}` is nested too deeply: a macro uses itself")
    atoms: list[str] = []
    for atom in pattern.split():
        if not atom.startswith("@"):
            atoms.append(atom)
            continue
        name, repeated = _split(atom[1:])
        if name not in macros:
            raise ValueError(f"pattern `{pattern}` uses an unknown macro `@{name}`")
        atoms += ["(", *_expand(macros[name], macros, depth + 1), ")" + repeated]
    return atoms


def _split(atom: str) -> tuple[str, str]:
    """An atom and how often it may come."""
    match = _ATOM.fullmatch(atom)
    if match is None:
        raise ValueError(f"`{atom}` is not part of a pattern")
    return match[1], match[2] or ""


def _literals(atom: str) -> list[str]:
    """The words that an atom names itself."""
    if atom[0] in "()|^$_~":
        return []
    return [word for word in _split(atom)[0].split("/") if word[0] != "<"]


def _alphabet(words: Mapping[str, set[str]]) -> tuple[dict[str, str], dict[str, str]]:
    """A letter for each word, and for each slot or word the letters that belong to it."""
    letters: dict[frozenset[str], str] = {}
    classes: dict[str, str] = {}
    table: dict[str, str] = {}
    for word, names in words.items():
        key = frozenset(names)
        if key not in letters:
            letters[key] = chr(_FIRST + 2 + len(letters))
            for name in key:
                classes[name] = classes.get(name, "") + letters[key]
        table[word] = letters[key]
    return table, classes


def _compile(patterns: Sequence[Sequence[str]], classes: Mapping[str, str]) -> re.Pattern[str]:
    """One expression over letters. ValueError, naming the pattern, when one is malformed."""
    parts = []
    for atoms in patterns:
        try:
            parts.append("".join(_piece(atom, classes) for atom in atoms))
        except KeyError as error:
            raise ValueError(f"pattern `{' '.join(atoms)}` uses an unknown slot {error}") from error
    try:
        return re.compile("|".join(parts))
    except re.error as error:
        wrong = next(atoms for atoms, part in zip(patterns, parts, strict=True) if _broken(part))
        raise ValueError(f"pattern `{' '.join(wrong)}` is malformed: {error}") from error


def _broken(part: str) -> bool:
    try:
        re.compile(part)
    except re.error:
        return True
    return False


def _piece(atom: str, classes: Mapping[str, str]) -> str:
    """One atom as an expression over letters."""
    name, repeated = _split(atom)
    repeated = "{0,4}" if repeated == "*" else repeated
    if name == "(":
        return "(?:"
    if name == ")":
        return ")" + repeated
    if name in "|^":
        return name
    if name == "$":
        return r"\Z"
    if name == "~":
        return _SLIP + repeated
    if name == "_":
        return f"[^{_BLOCKED}]{repeated}"
    return f"[{''.join(classes[word] for word in name.split('/'))}]{repeated}"
