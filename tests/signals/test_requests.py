"""Explicit requests for a person: found in many words, and not in those that only look like it."""

import gzip
import hashlib
import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from handrail.signals.language import requests_human, telling
from handrail.signals.text import tokenize

_LINES = tomllib.loads(Path(__file__).with_name("phrasings.toml").read_text("utf-8"))
ASKING = (_LINES["english"] + _LINES["spanish"]).strip().split("\n")
_FRESH = tomllib.loads(Path(__file__).with_name("fresh_requests.toml").read_text("utf-8"))
FRESH = "".join(_FRESH.values()).strip().split("\n")
_UNSEEN = tomllib.loads(Path(__file__).with_name("unseen_requests.toml").read_text("utf-8"))
OTHERS = (_LINES["not_english"] + _LINES["not_spanish"]).strip().split("\n")
HARD = _LINES["hard"].strip().split("\n")
HEARD = [
    "Please get me the on-call engineer, a real human, right now.",
    "i want an acutal human being",
    "could a colleague of yours who is human take over?",
    "please hand me over to your team",
    "is there a supervisor who can help",
]
_FOUND, _FALSE = 0.95, 0.003


def _asks(text: str) -> bool:
    tokens = tokenize(text)
    found = requests_human(tokens)
    assert requests_human(tokens, telling(tokens)) is found
    return found


@pytest.mark.parametrize("text", ASKING)
def test_a_request_for_a_person_is_found(text: str) -> None:
    assert _asks(text)


def test_of_requests_in_other_words_at_least_95_percent_are_found() -> None:
    missed = [text for text in FRESH if not _asks(text)]
    assert len(FRESH) == 280
    assert len(missed) <= 0.05 * len(FRESH), missed


@pytest.mark.parametrize("text", HEARD)
def test_requests_that_were_once_missed_are_found(text: str) -> None:
    assert _asks(text)


@pytest.mark.parametrize("text", OTHERS)
def test_what_only_looks_like_a_request_is_not_one(text: str) -> None:
    assert not _asks(text)


def test_of_requests_that_nothing_is_fitted_on_most_are_found() -> None:
    asking, others = (_UNSEEN[key].strip().split("\n") for key in ("asking", "others"))
    assert (len(asking), len(others)) == (40, 30)
    assert sum(map(_asks, asking)) >= 0.8 * len(asking)
    assert sum(map(_asks, others)) <= 0.1 * len(others)


def test_of_what_looks_very_much_like_a_request_hardly_any_is_one() -> None:
    fired = [text for text in HARD if _asks(text)]
    assert len(HARD) == 60
    assert len(fired) <= 0.05 * len(HARD), fired


@pytest.mark.parametrize("text", ASKING)
def test_a_request_is_found_in_any_case_and_among_other_sentences(text: str) -> None:
    assert _asks(text.upper())
    assert _asks(text.replace("'", "\u2019"))


@pytest.mark.parametrize(
    "text", ["I want to talk to a real person", "no quiero hablar con un robot"]
)
def test_a_refusal_before_does_not_hide_a_request_after_it(text: str) -> None:
    assert _asks(f"I don't want to talk to an agent of the bank, that is over. {text}")


@pytest.mark.parametrize(
    "number",
    ["4111 1111 1111 1111", "4111-1111-1111-1111", "ES91 2100 0418", "2100 0418 4502 0005 1332",
     "+34 600 111 222", "1234567"],
)  # fmt: skip
@pytest.mark.parametrize("text", ["I need a person please", "quiero una persona por favor"])
def test_a_long_number_beside_a_request_does_not_hide_it(text: str, number: str) -> None:
    for said in (f"{text}. {number}", f"{number}. {text}", f"{text}, {number}!"):
        assert _asks(said), said


@pytest.mark.parametrize(
    "text",
    ["One person per room, booking 4111 1111", "Are you a human? 4111 1111 1111 1111",
     "Please add a person to my booking 2100 0418 4502"],
)  # fmt: skip
def test_a_long_number_makes_no_request_of_what_is_none(text: str) -> None:
    assert not _asks(text)


def _rows(folder: Path, name: str) -> Iterator[dict[str, Any]]:
    with gzip.open(folder / name, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _held_out(text: str) -> bool:
    """The half of the requests that nothing was developed on."""
    return hashlib.sha256(text.encode()).digest()[0] % 2 == 1


def test_on_held_out_utterances_at_least_95_percent_of_requests_are_found(
    shared_data: Path,
) -> None:
    wanted = [
        row["text"]
        for row in _rows(shared_data, "explicit_request_train.jsonl.gz")
        if row["label"] == 1 and _held_out(row["text"])
    ]
    assert len(wanted) > 100
    assert sum(map(_asks, wanted)) / len(wanted) >= _FOUND


def test_at_most_3_of_1000_other_utterances_fire(shared_data: Path) -> None:
    others = [
        r["text"] for r in _rows(shared_data, "explicit_request_train.jsonl.gz") if r["label"] == 0
    ]
    others += [row["text"] for row in _rows(shared_data, "clinc150_dev.jsonl.gz")]
    others += [row["text"] for row in _rows(shared_data, "goemotions_train.jsonl.gz")][::4]
    others += [
        turn["text"]
        for row in _rows(shared_data, "dbdc3_en_dev.jsonl.gz")
        for turn in row["turns"]
        if turn["role"] == "user"
    ]
    assert len(others) > 30_000
    assert sum(map(_asks, others)) / len(others) <= _FALSE
