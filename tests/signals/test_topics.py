"""Sensitive topics: phrases as whole words, patterns in linear time."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail import packs
from handrail.core.policy.pack import TopicText
from handrail.signals import TopicMatcher
from handrail.signals.phrases import Phrases, alternatives
from handrail.signals.text import tokenize


def found(matcher: TopicMatcher, text: str, **more: str) -> tuple[str, ...]:
    return matcher.match(tokenize(text), text, **more)


def test_a_phrase_is_found_as_whole_words_in_any_case() -> None:
    matcher = TopicMatcher({"legal": ["legal action", "sue"]}, {})
    assert found(matcher, "I will take LEGAL   action!") == ("legal",)
    assert found(matcher, "I'll sue.") == ("legal",)
    assert found(matcher, "illegal actions, an issue with a suede shoe") == ()


def test_all_topics_of_a_message_come_sorted() -> None:
    matcher = TopicMatcher({"b": ["fire"], "a": ["fire", "smoke"], "c": ["water"]}, {})
    assert found(matcher, "fire and smoke") == ("a", "b")


def test_a_pattern_is_found_between_word_bounds() -> None:
    matcher = TopicMatcher({}, {"iban": [r"de\d{4}"], "refund": [r"refunds?"]})
    assert found(matcher, "my account is DE1234.") == ("iban",)
    assert found(matcher, "xde1234 and de12345 and prerefund") == ()
    assert found(matcher, "refund") == ("refund",)
    assert found(matcher, "¿refunds?") == ("refund",)


@pytest.mark.parametrize("pattern", ["(", r"(a)\1", "(?=a)", "a)(b"])
def test_a_pattern_that_is_refused_is_an_error_with_its_topic(pattern: str) -> None:
    with pytest.raises(ValueError, match="topic `legal`") as error:
        TopicMatcher({}, {"legal": [pattern]})
    assert f"`{pattern}`" in str(error.value)


def test_a_phrase_without_a_word_is_an_error_with_its_topic() -> None:
    with pytest.raises(ValueError, match="topic `legal`: phrase `\\.\\.\\.`"):
        TopicMatcher({"legal": ["..."]}, {})


def test_in_a_language_that_is_not_read_only_its_own_phrases_count() -> None:
    matcher = TopicMatcher.of(
        [
            TopicText(name="legal", phrases=(("de", ("anwalt",)), ("en", ("gift", "lawyer")))),
            TopicText(name="named", caller=True),
        ]
    )
    assert matcher.names == {"legal", "named"}
    assert found(matcher, "mein anwalt", only_language="de") == ("legal",)
    assert found(matcher, "das gift", only_language="de") == ()
    assert found(matcher, "mein anwalt") == ("legal",)


_WORDS = st.sampled_from(["a", "b", "c", "d"])


@given(
    phrases=st.dictionaries(
        st.sampled_from(["x", "y", "z"]),
        st.lists(st.lists(_WORDS, min_size=1, max_size=4), max_size=4),
    ),
    tokens=st.lists(_WORDS, max_size=12),
    common=st.sets(_WORDS),
)
def test_phrases_are_found_as_by_looking_at_every_place(
    phrases: dict[str, list[list[str]]], tokens: list[str], common: set[str]
) -> None:
    slow = {
        label
        for label, entries in phrases.items()
        for entry in entries
        for at in range(len(tokens))
        if tokens[at : at + len(entry)] == entry
    }
    compiled = Phrases(phrases, common)
    assert compiled.labels(tokens) == slow
    for start, end, labels in compiled.spans(tokens):
        assert 0 <= start < end <= len(tokens)
        for label in labels:
            assert tokens[start:end] in phrases[label]


_SAID = tomllib.loads(Path(__file__).with_name("topic_phrasings.toml").read_text("utf-8"))
_STARTERS = ("support-chat", "sales-assist", "ops-agent")


def starter(name: str) -> TopicMatcher:
    return TopicMatcher.of(packs.load(name).workflows[0].topics)


@pytest.mark.parametrize("name", _STARTERS)
def test_of_each_topic_of_a_starter_pack_at_least_nine_of_ten_sentences_are_found(
    name: str,
) -> None:
    matcher = starter(name)
    assert _SAID["first"][name].keys() == matcher.names
    for topic, lines in _SAID["first"][name].items():
        said = (lines + _SAID["later"][name][topic]).strip().split("\n")
        missed = [text for text in said if topic not in found(matcher, text)]
        assert len(said) >= 12
        assert len(missed) <= 0.1 * len(said), (topic, missed)


@pytest.mark.parametrize("name", _STARTERS)
def test_what_only_looks_like_a_topic_of_a_starter_pack_is_none(name: str) -> None:
    matcher = starter(name)
    for text in _SAID["none"][name].strip().split("\n"):
        assert found(matcher, text) == (), text


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("my account was h\u0430cked", "security"),
        ("I will talk to my l a w y e r", "legal"),
        ("I will get a l.a.w.y.e.r", "legal"),
        ("see you in c0urt", "legal"),
        ("I'll k1ll myself", "safety"),
        ("you will hear from my law\u200byer", "legal"),
        ("no quiero vivir mas", "safety"),
    ],
)
def test_a_topic_in_disguise_is_found(text: str, topic: str) -> None:
    assert topic in found(starter("support-chat"), text)


@pytest.mark.parametrize("text", ["size a b c d e fits", "order a1b2c3", "\u043f\u0440\u0438"])
def test_what_merely_looks_disguised_is_no_topic(text: str) -> None:
    assert found(starter("support-chat"), text) == ()


def test_a_phrase_with_alternatives_stands_for_each_of_them() -> None:
    assert set(alternatives("(a|b) c (d|)")) == {"a c d", "a c ", "b c d", "b c "}
    assert alternatives("off (really)") == ["off (really)"]
    matcher = TopicMatcher({"data": ["(delete|erase) my (personal |)data"]}, {})
    assert found(matcher, "Erase my data") == found(matcher, "delete my personal data") == ("data",)
    assert found(matcher, "delete my photo") == ()


@pytest.mark.parametrize("phrase", ["a|b", "(a|(b|c))", "(a|b", "(a|)", "(a|b)" * 10])
def test_alternatives_that_cannot_be_read_are_an_error(phrase: str) -> None:
    with pytest.raises(ValueError, match="topic `x`: phrase `"):
        TopicMatcher({"x": [phrase]}, {})
