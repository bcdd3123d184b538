"""The error tree: each kind has its own stable code, exit code and status, as its page says."""

import re

import pytest

from handrail import errors
from handrail.errors import HandrailError, InputError, NotFound, PackError, Problem, Refused

KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, HandrailError) and kind is not HandrailError
]


def test_the_tree_in_the_docstring_is_the_tree_of_the_code() -> None:
    drawn = {
        name: (code, int(leaves), int(status))
        for name, code, leaves, status in re.findall(
            r"(\w+) .*?  ([a-z_]+) +(\d) +(\d{3})$", errors.__doc__ or "", re.MULTILINE
        )
    }
    assert drawn == {kind.__name__: (kind.code, kind.exit_code, kind.status) for kind in KINDS}


def test_codes_are_unique() -> None:
    codes = [kind.code for kind in KINDS]
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (NotFound("no case `7`", hint="check the number"), "no case `7`; check the number"),
        (Refused("closed"), "closed"),
        (InputError("no JSON", file="a.jsonl", line=3), "a.jsonl:3 - no JSON"),
        (InputError("is empty", file="a.jsonl", hint="fill it"), "a.jsonl - is empty; fill it"),
    ],
)
def test_an_error_says_where_what_and_what_to_do(error: HandrailError, said: str) -> None:
    assert str(error) == said


def test_a_pack_error_says_all_its_problems() -> None:
    error = PackError(
        [
            Problem(file="p.yaml", line=2, column=1, path="a.b", message="wrong"),
            Problem(file="p.yaml", line=0, column=0, path="", message="is empty"),
        ]
    )
    assert str(error) == "p.yaml:2:1 a.b - wrong\np.yaml - is empty"
    assert (error.file, error.line) == ("p.yaml", 2)
    assert isinstance(error, InputError)
