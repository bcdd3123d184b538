"""Saying the same again: exactly or nearly, within the last few messages, never a short one."""

import json
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail.core.model import Role, Turn
from handrail.signals import Extractor, Memory, repetition
from handrail.signals.dissatisfaction import model
from handrail.signals.language import telling
from handrail.signals.repetition import KEEP
from handrail.signals.text import tokenize

ASK = "where is the parcel that I ordered two weeks ago"


def says(memory: Memory, text: str) -> bool:
    return memory.customer(telling(tokenize(text)))


def test_the_same_message_is_a_repeat() -> None:
    memory = Memory()
    assert not says(memory, ASK)
    assert says(memory, ASK.upper() + "!!!")


def test_nearly_the_same_message_is_a_repeat() -> None:
    memory = Memory()
    says(memory, ASK)
    assert says(memory, "hey, where is the parcel that I ordered two weeks ago")


def test_another_message_is_none() -> None:
    memory = Memory()
    says(memory, ASK)
    assert not says(memory, "please change the address of my account to Berlin")
    assert not says(memory, "where can I find the invoice for the shoes")


def test_the_same_question_about_another_order_is_none() -> None:
    memory = Memory()
    says(memory, "where is order 4711")
    assert not says(memory, "where is order 4712")


@pytest.mark.parametrize("text", ["yes", "ok thanks", "no", "", "!!", "thank you"])
def test_a_very_short_message_never_is(text: str) -> None:
    memory = Memory()
    assert not any(says(memory, text) for _ in range(3))


def test_what_is_long_ago_is_forgotten() -> None:
    memory = Memory()
    says(memory, ASK)
    for number in range(KEEP):
        says(memory, f"something new number {number} " + " ".join(f"{number}{n}" for n in range(9)))
    assert not says(memory, ASK)


def test_the_sides_are_kept_apart() -> None:
    memory = Memory()
    says(memory, ASK)
    assert not memory.agent(telling(tokenize(ASK)))


def test_an_agent_that_says_the_same_again_is_stuck() -> None:
    extractor, memory = Extractor(), Memory()
    turn = Turn(
        role=Role.AGENT, text="Please restart the device and tell me the number on its back."
    )
    first, second = (extractor.extract(turn, memory) for _ in range(2))
    assert not first.repeated
    assert not first.stalled
    assert second.repeated
    assert second.stalled


@given(st.lists(st.text(max_size=80), max_size=12), st.text(max_size=80))
def test_a_memory_that_was_stored_is_the_same(texts: list[str], last: str) -> None:
    memory = Memory()
    for text in texts:
        memory.customer(telling(tokenize(text)))
        memory.agent(telling(tokenize(text)))
        memory.tool("get", text)
    stored = Memory.load(json.loads(json.dumps(memory.dump())))
    assert stored.dump() == memory.dump()
    assert says(stored, last) == says(memory, last)
    assert stored.tool("get", last) == memory.tool("get", last)


def test_a_memory_holds_no_text() -> None:
    memory = Memory()
    says(memory, ASK)
    assert "parcel" not in json.dumps(memory.dump())


@given(st.sets(st.text(min_size=1, max_size=8), max_size=20))
def test_a_mark_is_the_same_whether_it_was_kept_or_not(words: set[str]) -> None:
    plain = {chr(256 + crc32(word.encode("utf-8", "surrogatepass")) % 1024) for word in words}
    assert repetition._marks(words) == plain
    assert repetition._marks(words) == plain


def test_only_words_that_everybody_uses_are_kept() -> None:
    repetition._marks({"order", "qqzxv4711", "\ud800"})
    assert "order" in repetition._PLACES
    assert set(repetition._PLACES) <= set(model().words)


def test_two_very_long_messages_are_not_the_same_because_they_are_long() -> None:
    memory = Memory()
    assert not memory.customer({f"a{number}" for number in range(2_000)})
    assert not memory.customer({f"b{number}" for number in range(2_000)})
    assert memory.customer({f"a{number}" for number in range(2_000)})


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"language": "en", "customer": 1, "agent": [], "tools": []},
        {"language": "en", "customer": [1], "agent": [], "tools": []},
        {"language": "en", "customer": [], "agent": [], "tools": ["1"]},
    ],
)
def test_a_malformed_memory_is_refused(data: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="malformed"):
        Memory.load(data)
