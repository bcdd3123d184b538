"""Named conditions on attributes: a small closed part of CEL, compiled once, run for each case.

`cel` is imported only when a pack has conditions. Nothing here ever runs Python from a pack.
"""

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from handrail.core.decision import Condition
from handrail.core.model import Fault

VARIABLES = frozenset({"account", "case", "customer", "deal", "order", "request", "tool", "user"})
MAX_LENGTH = 200
# Operators are functions to the parser (`_>=_`); of the named ones only these are useful here.
# Loops (`map`, `filter`, `all`, `exists`) are not: their time would grow with the data.
_FUNCTIONS = frozenset(
    {"has", "size", "contains", "startsWith", "endsWith", "matches", "int", "double", "string"}
)
_LOOPS = frozenset({"all", "exists", "exists_one", "existsOne", "filter", "map", "transformList"})
_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'')
_CALL = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\s*\(")
_INDEX = re.compile(r"""\[\s*(["'])(\w+)\1\s*\]""")
_JOIN = re.compile(r"&&|\|\|")
_PATH = re.compile(r"\b[A-Za-z_]\w*(?:\s*\.\s*[A-Za-z_]\w*(?!\w|\s*\())+")
_PLACE = re.compile(r"<input>:(\d+):(\d+): Syntax error: (.*)")
_END = "<EOF>"
_QUOTED = re.compile(r"'(.*?)'(?: expecting .*| at '.*')?$")
# What an attribute may be: whole, with a fraction, text, yes or no, a list.
_SAMPLES: tuple[object, ...] = (1, 1.5, "1", True, ["1"])
_VARIED = 4  # attributes that take every sample; of more, the others stay a whole number
# What people write who know another language, and what they mean.
_MEANT = {"=": "==", "=>": ">=", "=<": "<=", "and": "&&", "or": "||", "not": "!"}
_KINDS = {"int": "a number", "float": "a number", "str": "text", "list": "a list", "dict": "a map"}


def check(when: str) -> str:
    """What is wrong with an expression, or nothing."""
    if len(when) > MAX_LENGTH:
        return f"is longer than {MAX_LENGTH} characters; split it into conditions"
    import cel

    try:
        program = cel.compile(when)
    except BaseException as error:
        if not _of_library(error):
            raise
        return f"`{_short(when)}` is not a valid condition: {_syntax(when, str(error))}"
    called = set(_CALL.findall(_TEXT.sub("''", when))) | set(program.functions())
    loops = sorted(called & _LOOPS)
    if loops:
        return f"`{loops[0]}` is a loop; conditions have none"
    named = sorted(name for name in called - _FUNCTIONS - {"in"} if name.isidentifier())
    if named:
        return f"unknown function `{named[0]}`; known are {_listed(_FUNCTIONS)}"
    unknown = sorted(set(program.variables()) - VARIABLES)
    if unknown:
        return f"unknown variable `{unknown[0]}`; known are {_listed(VARIABLES)}"
    return next((wrong for part in [when, *_operands(when)] if (wrong := _no_answer(part))), "")


def _no_answer(when: str) -> str:
    """What is wrong with an expression that can give something, and never true or false."""
    import cel

    try:
        given = {type(value).__name__ for value in _sampled(cel.compile(when), when)}
    except ValueError:  # half of an expression, cut at an `&&` of a comment
        return ""
    if not given or "bool" in given:
        return ""
    kind = _KINDS.get(min(given), "no answer")
    hint = "compare it, such as with `>= 1`" if kind == "a number" else "compare it with something"
    return f"`{_short(when)}` gives {kind}, and a condition must give true or false; {hint}"


def _operands(when: str) -> list[str]:
    """What `&&` and `||` join, outside of brackets; they take nothing but true or false."""
    bare = _TEXT.sub(lambda found: "_" * len(found[0]), when)
    if "?" in bare:
        return []
    cuts = [
        found
        for found in _JOIN.finditer(bare)
        if all(
            bare.count(left, 0, found.start()) == bare.count(right, 0, found.start())
            for left, right in ("()", "[]", "{}")
        )
    ]
    starts = [0, *(found.end() for found in cuts)]
    ends = [*(found.start() for found in cuts), len(when)]
    return [when[start:end].strip() for start, end in zip(starts, ends, strict=True)] * bool(cuts)


def _short(when: str) -> str:
    """An expression as a message quotes it: on one line, and not too long."""
    text = " ".join(when.split())
    return f"{text[:60]}…" if len(text) > 60 else text


def _syntax(when: str, error: str) -> str:
    """The first thing that the parser stumbles over, with its position."""
    found = _PLACE.search(error)
    if found is None:
        return "it cannot be read"
    line, column, said = int(found[1]), int(found[2]), found[3]
    place = f"at character {column}" + (f" of line {line}" if line > 1 else "")
    quoted = _QUOTED.search(said)
    token = quoted[1].strip() if quoted else ""
    if said.startswith("missing"):
        return f"{place}, `{token}` is missing"
    if token == _END:
        return f"{place}, it ends too early"
    if token[:1] in {"'", '"'}:
        return f"{place}, a quote is not closed"
    before = " ".join(when.split("\n")[line - 1][: column - 1].split()[-1:])
    word = before if before in _MEANT else token
    meant = f"; write `{_MEANT[word]}`" if word in _MEANT else ""
    return f"{place}, {f'`{word}`' if word else 'this'} is not expected{meant}"


def _sampled(program: Any, when: str) -> Iterator[object]:
    """What an expression gives for attributes of every kind, where it gives anything."""
    found = {
        tuple(part.strip() for part in path.split("."))
        for path in _PATH.findall(_TEXT.sub("''", _INDEX.sub(r".\2", when)))
    }
    paths = sorted(one for one in found if one[0] in VARIABLES)
    kinds = [_SAMPLES if place < _VARIED else _SAMPLES[:1] for place in range(len(paths))]
    for values in itertools.product(*kinds):
        known: dict[str, Any] = {name: {} for name in VARIABLES}
        for path, value in zip(paths, values, strict=True):
            group = known
            for part in path[:-1]:
                below = group.get(part)
                group[part] = group = below if isinstance(below, dict) else {}
            group.setdefault(path[-1], value)
        result = _run(program, known)
        if result is not None:
            yield result


def _listed(names: frozenset[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))


class Conditions:
    """The conditions of a workflow, compiled."""

    __slots__ = ("_programs",)

    def __init__(self, conditions: Sequence[Condition]) -> None:
        self._programs: tuple[tuple[str, Any], ...] = ()
        if conditions:
            import cel

            self._programs = tuple(
                (condition.name, cel.compile(condition.when)) for condition in conditions
            )

    def evaluate(
        self, attributes: Mapping[str, object]
    ) -> tuple[tuple[tuple[str, bool], ...], tuple[Fault, ...]]:
        """Each condition and whether it is true. Never raises.

        What cannot be told, for lack of data or because it gives no yes or no, is false, and
        the fault says so.
        """
        if not self._programs:
            return (), ()
        known = {name: attributes.get(name, {}) for name in VARIABLES}
        results: list[tuple[str, bool]] = []
        failed = False
        for name, program in self._programs:
            value = _run(program, known)
            if not isinstance(value, bool):
                failed = True
                value = False
            results.append((name, value))
        return tuple(results), (Fault.CONDITION_FAILED,) if failed else ()


def _run(program: Any, known: Mapping[str, object]) -> object:
    """The value of an expression; None when it has none."""
    try:
        return program.execute(known)
    except BaseException as error:
        if _of_library(error):
            return None
        raise


def _of_library(error: BaseException) -> bool:
    """Whether it is of the expression: the library raises many kinds, and what its Rust part
    panics with derives from BaseException.
    """
    return isinstance(error, Exception) or type(error).__name__ == "PanicException"


def evaluate(
    conditions: Sequence[Condition], attributes: Mapping[str, object]
) -> tuple[tuple[tuple[str, bool], ...], tuple[Fault, ...]]:
    """Evaluate once; for many cases keep a `Conditions`."""
    return Conditions(conditions).evaluate(attributes)
