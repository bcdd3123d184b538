"""Named conditions on attributes: a small closed part of CEL, compiled once, run for each case.

`cel` is imported only when a pack has conditions. Nothing here ever runs Python from a pack.
"""

import re
from collections.abc import Mapping, Sequence
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


def check(when: str) -> str:
    """What is wrong with an expression, or nothing."""
    if len(when) > MAX_LENGTH:
        return f"is longer than {MAX_LENGTH} characters; split it into conditions"
    import cel

    try:
        program = cel.compile(when)
    except Exception as error:  # noqa: BLE001  # The library raises what its parser meets.
        lines = [line.strip() for line in str(error).splitlines()]
        found = next((line for line in lines if "<input>" in line), lines[0])
        place = found.partition("<input>:")[2] or found
        return f"`{when}` is not a valid condition: {place}"
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
    return ""


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
    except Exception:  # noqa: BLE001  # Missing keys and mixed types come as many kinds.
        return None
    except BaseException as error:
        # A panic of the Rust library derives from BaseException; it must not end a decision.
        if type(error).__name__ == "PanicException":
            return None
        raise


def evaluate(
    conditions: Sequence[Condition], attributes: Mapping[str, object]
) -> tuple[tuple[tuple[str, bool], ...], tuple[Fault, ...]]:
    """Evaluate once; for many cases keep a `Conditions`."""
    return Conditions(conditions).evaluate(attributes)
