"""The house rules that no linter knows, checked on the tree; and each check shown able to fail.

A check takes the source of one module and gives its problems as lines of text.
"""

import ast
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SRC = ROOT / "src"
CORE = SRC / "handrail" / "core"
MODULES = sorted(SRC.rglob("*.py"))
CORE_MODULES = sorted(CORE.rglob("*.py"))
LAW_TESTS = sorted((ROOT / "tests" / "laws").rglob("*.py"))
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])

MAX_FILE, MAX_FUNCTION, MAX_LINE, LAWS = 300, 50, 100, 24

# Clock, chance, input and output, the environment: what a pure function may not touch.
# fmt: off
IMPURE = frozenset({
    "asyncio", "builtins", "importlib", "io", "logging", "multiprocessing", "os", "pathlib",
    "random", "secrets", "shutil", "signal", "socket", "sqlite3", "subprocess", "sys",
    "tempfile", "threading", "time", "urllib", "uuid", "warnings",
})
# fmt: on
IMPURE_CALLS = frozenset({"__import__", "breakpoint", "eval", "exec", "input", "open", "print"})
IMPURE_METHODS = frozenset({"now", "today", "utcnow"})
UNFINISHED = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|X" r"XX)\b")
MACHINE = re.compile(r"(?<![\w.])/(?:wo" r"rk|ro" r"ot|ho" r"me|Us" r"ers)/")

Check = Callable[[str], list[str]]


def long_file(source: str) -> list[str]:
    count = len(source.splitlines())
    return [f"{count} lines, at most {MAX_FILE}"] if count > MAX_FILE else []


def long_lines(source: str) -> list[str]:
    lines = enumerate(source.splitlines(), 1)
    return [f"line {n} has {len(line)} columns" for n, line in lines if len(line) > MAX_LINE]


def functions(source: str) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def long_functions(source: str) -> list[str]:
    return [
        f"`{node.name}` has {length} lines, at most {MAX_FUNCTION}"
        for node in functions(source)
        if (length := (node.end_lineno or 0) - node.lineno + 1) > MAX_FUNCTION
    ]


def no_docstring(source: str) -> list[str]:
    return [] if ast.get_docstring(ast.parse(source)) else ["the module has no docstring"]


def unfinished(source: str) -> list[str]:
    lines = enumerate(source.splitlines(), 1)
    return [f"line {n}: `{line.strip()}`" for n, line in lines if UNFINISHED.search(line)]


def machine_paths(source: str) -> list[str]:
    lines = enumerate(source.splitlines(), 1)
    return [f"line {n}: `{line.strip()}`" for n, line in lines if MACHINE.search(line)]


def unknown_laws(source: str) -> list[str]:
    numbers = re.findall(r"\blaws? (\d+)\b", source, re.IGNORECASE)
    return [f"there is no law {n}" for n in numbers if not 1 <= int(n) <= LAWS]


def imports(source: str) -> Iterator[str]:
    """Full names of what a module imports; a relative import begins with a dot."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            yield from (f"{base}.{alias.name}" for alias in node.names)


def foreign_imports(source: str) -> list[str]:
    """For the core: standard library and the core itself, nothing else."""
    return [
        f"imports `{name}`"
        for name in imports(source)
        if name.split(".")[0] not in sys.stdlib_module_names
        and not name.startswith("handrail.core.")
    ]


def impure(source: str) -> list[str]:
    """For the core: no clock, chance, input, output or logging."""
    found = [f"imports `{name}`" for name in imports(source) if name.split(".")[0] in IMPURE]
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Name(id=name) if name in IMPURE_CALLS:
                found.append(f"line {node.lineno} uses `{name}`")
            # A field may be called `now`: only a call, or the clock's own attribute, is refused.
            case (
                ast.Call(func=ast.Attribute(attr=name))
                | ast.Attribute(value=ast.Name(id="datetime" | "date"), attr=name)
            ) if name in IMPURE_METHODS:
                found.append(f"line {node.lineno} uses `.{name}`")
            case _:
                pass
    return found


def adapters_known(source: str) -> list[str]:
    """For all but the wiring, the testing kit and the adapters themselves."""
    return [f"imports `{n}`" for n in imports(source) if n.startswith("handrail.adapters")]


def unsorted_all(source: str) -> list[str]:
    """The order of ruff's RUF022: constants, then classes, then the rest."""
    for node in ast.parse(source).body:
        match node:
            case ast.Assign(targets=[ast.Name(id="__all__")], value=value):
                names = list(ast.literal_eval(value))
                rank = {n: (not n.isupper(), not n[:1].isupper(), n) for n in names}
                if names != sorted(set(names), key=rank.__getitem__):
                    return ["`__all__` is not sorted, or names something twice"]
            case _:
                pass
    return []


def nameless_tests(source: str) -> list[str]:
    """For the laws: the name of a test is a sentence of four words or more."""
    names = [node.name for node in functions(source) if node.name.startswith("test_")]
    words = {name: [word for word in name.split("_")[1:] if word.isalpha()] for name in names}
    return [f"`{name}` is not a sentence" for name, found in words.items() if len(found) < 4]


def not_of_wiring(path: Path) -> bool:
    parts = path.relative_to(SRC / "handrail").with_suffix("").parts
    return parts[0] not in {"adapters", "testing", "wiring"}


# Each check, the files that it holds for, and the least source that it must refuse.
RULES: dict[str, tuple[Check, list[Path], str]] = {
    "files are short": (long_file, MODULES, "x = 1\n" * (MAX_FILE + 1)),
    "lines are short": (long_lines, MODULES, "x = '" + "a" * MAX_LINE + "'"),
    "functions are short": (
        long_functions,
        MODULES,
        "async def f():\n" + "    x = 1\n" * MAX_FUNCTION,
    ),
    "modules say what they own": (no_docstring, MODULES, "x = 1"),
    "code is finished": (unfinished, MODULES, "x = 1  # TO" + "DO: more"),
    "pages are finished": (unfinished, PAGES, "FIX" + "ME: write this"),
    "code names no machine": (machine_paths, MODULES, "x = '/ho" + "me/me/x'"),
    "pages name no machine": (machine_paths, PAGES, "see /wo" + "rk/x"),
    "laws that are named exist": (unknown_laws, MODULES, '"""Law 25: more."""'),
    "the core imports the standard library only": (
        foreign_imports,
        CORE_MODULES,
        "from handrail.packs import load",
    ),
    "the core is pure": (impure, CORE_MODULES, "import time"),
    "only the wiring knows the adapters": (
        adapters_known,
        [path for path in MODULES if not_of_wiring(path)],
        "from handrail.adapters import slack",
    ),
    "public names are sorted": (unsorted_all, MODULES, '__all__ = ["b", "a"]'),
    "laws are sentences": (nameless_tests, LAW_TESTS, "def test_law_two(): pass"),
}


@pytest.mark.parametrize("rule", RULES)
def test_the_tree_keeps_the_rule(rule: str) -> None:
    check, paths, _ = RULES[rule]
    assert paths, "the rule is checked on no file at all"
    problems = [
        f"{path.relative_to(ROOT).as_posix()}: {problem}"
        for path in paths
        for problem in check(path.read_text("utf-8"))
    ]
    assert not problems, "\n".join(["", *problems])


@pytest.mark.parametrize("rule", RULES)
def test_the_check_of_the_rule_can_fail(rule: str) -> None:
    check, _, bad = RULES[rule]
    assert check(bad)


@pytest.mark.parametrize(
    "bad",
    [
        "from datetime import datetime\nx = datetime.now()",
        "import datetime\nx = datetime.date.today()",
        "from datetime import datetime\nclock = datetime.now",
        "import random",
        "from uuid import uuid4",
        "from os import environ",
        "import os.path",
        "import logging",
        "def f():\n    import time",
        "x = open('x')",
        "print(1)",
        "f = print",
        "x = eval('1')",
    ],
)
def test_every_kind_of_impurity_is_seen(bad: str) -> None:
    assert impure(bad)


@pytest.mark.parametrize("bad", ["import pydantic", "from . import x", "from ruamel import yaml"])
def test_every_kind_of_foreign_import_is_seen(bad: str) -> None:
    assert foreign_imports(bad)


def test_sources_that_keep_the_rules_pass() -> None:
    good = (
        '"""A room. Law 24."""\n\nimport hashlib\nfrom handrail.core.model import Turn\n\n'
        '__all__ = ["FULL", "Turn", "hash_of"]\n\n\ndef test_this_is_a_whole_sentence():\n'
        "    return hashlib.sha256(Turn.now)\n"
    )
    assert [name for name, (check, _, _) in RULES.items() if check(good)] == []
