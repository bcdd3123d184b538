"""Canonical JSON: one value has one text, and what has none is refused."""

import json
from enum import IntEnum, StrEnum
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail.core.ledger import Uncanonical, canonical, text
from handrail.core.ledger.canonical import read

CHARACTERS = st.text(st.characters(codec=None, exclude_categories=()))
NAMES = st.text(st.characters(exclude_categories=("Cs",)))
WHOLE = st.integers(-(2**63) + 1, 2**63 - 1)
VALUES = st.recursive(
    st.none() | st.booleans() | WHOLE | CHARACTERS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=8,
)


class Colour(StrEnum):
    RED = "red"


class Level(IntEnum):
    TWO = 2


EXACT = {
    '{"a":1,"b":[true,false,null]}': {"b": (True, False, None), "a": 1},
    '{"A":1,"a":2,"é":3,"€":4,"😀":5}': {"😀": 5, "€": 4, "é": 3, "a": 2, "A": 1},
    '"\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\x7f\u2028"': '"\\/\b\f\n\r\t\x00\x1f\x7f\u2028',
    '"\\ud83d"': "\ud83d",
    '"x\\ude00\\ud83dy"': "x\ude00\ud83dy",
    '"\\ud83d😀é"': "\ud83d\ud83d\ude00é",
    '"red"': Colour.RED,
    "2": Level.TWO,
    "[]": (),
    "{}": MappingProxyType({}),
    str(2**63 - 1): 2**63 - 1,
}


@pytest.mark.parametrize("expected", EXACT)
def test_a_value_is_written_exactly_so(expected: str) -> None:
    assert text(EXACT[expected]) == expected


REFUSED = {
    "the float `1.5`: write an integer, such as thousandths at `a.1.b`": {"a": [0, {"b": 1.5}]},
    "the float `nan`: write an integer, such as thousandths": float("nan"),
    "the float `inf`: write an integer, such as thousandths at `0`": (float("inf"),),
    "the key `1` is no text": {1: "x"},
    "the key `None` is no text at `0`": [{None: 1, "a": 2}],
    "half a character in the key `'\\ud83d'`": {"\ud83d": 1},
    "an integer of more than 64 bits at `n`": {"n": 2**63},
    "a value of type `bytes` at `b`": {"b": b"x"},
    "a value of type `set`": {1},
}


@pytest.mark.parametrize("message", REFUSED)
def test_what_has_no_canonical_form_is_refused_and_its_place_is_told(message: str) -> None:
    with pytest.raises(Uncanonical) as refused:
        text(REFUSED[message])
    assert str(refused.value) == message


def test_what_is_nested_too_deeply_is_refused_and_quickly() -> None:
    deep: object = 1.5
    for _ in range(200):
        deep = [deep]
    with pytest.raises(Uncanonical, match="the float"):
        text(deep)
    for _ in range(5000):
        deep = [deep]
    with pytest.raises(Uncanonical, match="too deeply"):
        text(deep)
    with pytest.raises(Uncanonical, match="not JSON"):
        read(b"[" * 100_000)


@given(VALUES)
def test_the_bytes_are_valid_and_reading_them_gives_the_same_bytes(value: object) -> None:
    line = canonical(value)
    assert line.decode() == text(value)
    assert b"\n" not in line
    assert canonical(read(line)) == line


@given(VALUES)
def test_it_is_the_json_of_the_standard_library_where_that_can_be_written(value: object) -> None:
    theirs = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    try:
        theirs.encode()
    except UnicodeEncodeError:
        assert json.loads(text(value)) == json.loads(json.dumps(value))
    else:
        assert text(value) == theirs


@given(VALUES, VALUES)
def test_two_values_have_one_text_only_when_they_are_the_same_json(a: object, b: object) -> None:
    same = json.dumps(a, sort_keys=True) == json.dumps(b, sort_keys=True)
    assert (text(a) == text(b)) == same


NOT_CANONICAL = [
    *(b'{"b":1,"a":2}', b'{"a": 1}', b'{"a":1,"a":1}', b" 1", b"1\n", b"-0", b"1.0", b"1e3", b"01"),
    *(b'"\\u0041"', b'"\\/"', b'"\\u00e9"', b'"\\uD83D"', b'"\\ud83d\\ude00"', b'"\xed\xa0\xbd"'),
    *(b'"\xff"', b"NaN", b"Infinity", b"", b"{", b'{"a":9223372036854775808}', b"9" * 5000),
    b"\xef\xbb\xbf1",
]


@pytest.mark.parametrize("line", NOT_CANONICAL, ids=repr)
def test_a_line_that_is_not_its_own_canonical_form_is_refused(line: bytes) -> None:
    with pytest.raises(Uncanonical):
        read(line)
