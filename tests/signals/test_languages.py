"""The language files and the small grammar that they are written in."""

import tomllib
from importlib.resources import files

import pytest

from handrail.signals.language import guess, languages, supported
from handrail.signals.slots import Grammar
from handrail.signals.typos import variants

_FOLDER = files("handrail.signals") / "languages"


def grammar(ask: str, never: str = "", macros: dict[str, str] | None = None) -> Grammar:
    return Grammar(
        slots={"want": ["want", "need"], "who": ["agent", "human"]},
        macros=macros or {},
        always=[],
        ask=[ask],
        never=[never] if never else [],
        gate=["who"],
        weak_gate=[[], []],
        variants={"agnet": "agent"},
    )


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("<want> <who>", "i want agent", "want an agent"),
        ("<want> an? <who>", "want an agent", "want the agent"),
        ("<want> _{0,2} <who>", "want just one agent", "want one two three agent"),
        ("^ <who> $", "agent", "agent now"),
        ("<want> ( an | the ){1,2} <who>", "need the agent", "need agent"),
        ("<want> an/the <who>", "need the agent", "need that agent"),
        ("<want> ~ <who>", "want xx agent", "want something agent"),
        ("<want> <who>/bot", "want agent", "bot agent"),
    ],
)
def test_a_pattern_means_what_the_notation_says(pattern: str, yes: str, no: str) -> None:
    compiled = grammar(pattern)
    assert compiled.asks(yes.split())
    assert compiled.asks(yes.replace("agent", "agnet").split())
    assert not compiled.asks(no.split())


def test_what_never_counts_is_taken_out_first() -> None:
    compiled = grammar("<want> <who>", never="not <want> <who>")
    assert compiled.asks(["want", "human"])
    assert not compiled.asks(["not", "want", "human"])
    assert compiled.asks(["not", "want", "human", "but", "want", "agent"])


def test_marks_do_not_count_as_words() -> None:
    assert grammar("^ <who> $").asks(["human", "!!"])


@pytest.mark.parametrize("pattern", ["<nobody>", "( <want>", "@unknown", "<want> )"])
def test_a_malformed_pattern_is_an_error_that_shows_it(pattern: str) -> None:
    with pytest.raises(ValueError, match="pattern `"):
        grammar(pattern).check()


def test_a_macro_that_uses_itself_is_an_error() -> None:
    with pytest.raises(ValueError, match="uses itself"):
        grammar("@a", macros={"a": "<want> @a"}).check()


def test_misspellings_are_one_edit_away_and_never_a_real_word() -> None:
    found = variants(["agent"], known=["agents", "urgent"], joins={"an": ["agent"]})
    assert {"agnt", "agenr", "aagent", "agetn", "anagent"} <= found.keys()
    assert not {"agents", "agent", "urgent", "agnts"} & found.keys()
    assert set(found.values()) == {"agent"}


def test_every_language_file_is_loaded() -> None:
    names = {entry.name for entry in _FOLDER.iterdir() if entry.name.endswith(".toml")}
    assert set(languages()) | {"other"} == {name.removesuffix(".toml") for name in names}
    assert {"en", "es"} <= set(languages())


def test_english_and_spanish_have_the_same_keys() -> None:
    one, other = (tomllib.loads((_FOLDER / f"{c}.toml").read_text("utf-8")) for c in ("en", "es"))
    assert one.keys() == other.keys()
    for table in ("phrases", "tool", "request"):
        assert one[table].keys() == other[table].keys()
    assert one["request"]["cues"].keys() == other["request"]["cues"].keys()


@pytest.mark.parametrize("code", ["en", "es"])
def test_every_pattern_compiles(code: str) -> None:
    languages()[code].request.check()


def test_what_never_counts_leaves_gaps() -> None:
    compiled = grammar("<want> <who>", never="not <want> <who>")
    left = compiled.left(["!", "not", "want", "human", "?", "agent"])
    assert left == ["!", "", "", "", "?", "agent"]


def test_no_phrase_begins_another_label_of_opposite_meaning() -> None:
    for code in languages():
        phrases = tomllib.loads((_FOLDER / f"{code}.toml").read_text("utf-8"))["phrases"]
        assert not set(phrases["accept"]) & set(phrases["decline"])
        assert not set(phrases["stall"]) & set(phrases["progress"])


def test_a_guess_needs_three_known_words() -> None:
    assert guess(["der", "die", "zug"], "der die zug", "en") == "en"
    assert guess(["der", "die", "und"], "der die und", "en") == "de"
    assert guess([], "", "es") == "es"
    assert not supported("de")
    assert supported("es")
