"""The shared tokenisation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail.signals import text
from handrail.signals.text import MAX_CHARS, tokenize


@pytest.mark.parametrize(
    ("message", "tokens"),
    [
        ("", []),
        ("Hello, World", ["hello", "world"]),
        ("Don\u2019t! I can't", ["don't", "!", "i", "can't"]),
        ("'quoted' rock 'n' roll dogs'", ["quoted", "rock", "n", "roll", "dogs"]),
        ("what???!! no!!!!! ?!?", ["what", "??", "no", "!!", "?!"]),
        ("a_b-c/d 12.50", ["a", "b", "c", "d", "12", "50"]),
        ("nai\u0308ve \uff26\uff35\uff2c\uff2c\uff01", ["na\u00efve", "full", "!"]),
        ("x''y '' z", ["x", "y", "z"]),
    ],
)
def test_words_and_marks_are_cut_as_described(message: str, tokens: list[str]) -> None:
    assert tokenize(message) == tokens


@given(st.text("aB1 '!?.,_-\n", max_size=40))
def test_the_fast_way_for_ascii_gives_what_the_pattern_gives(message: str) -> None:
    assert tokenize(message) == text._TOKEN.findall(message.lower())


@given(st.text(max_size=60))
def test_any_text_has_tokens_that_tokenize_to_themselves(message: str) -> None:
    for token in tokenize(message):
        assert token
        assert tokenize(token) == [token]


def test_what_follows_the_maximum_is_ignored() -> None:
    assert len(tokenize("a " * MAX_CHARS)) == MAX_CHARS // 2
