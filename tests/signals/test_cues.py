"""What stands around a word for a person, weighed."""

from handrail.signals.cues import PLACES, Cues
from handrail.signals.language import languages

_AT = {place: number for number, place in enumerate(PLACES)}


def cues(bias: int = -10, **weights: dict[str, int]) -> Cues:
    """Cues whose weights are by name and place."""
    words = {
        "person": ["agent"],
        "anyone": ["someone"],
        "unit": [],
        "talk": ["talk"],
        "past": ["ago"],
    }
    table = {name: [of.get(place, 0) for place in PLACES] for name, of in weights.items()}
    return Cues(words, {"agnet": "agent", "somone": "someone", "tlk": "ago"}, bias, table)


def test_a_cue_weighs_by_the_place_it_stands_at() -> None:
    near = cues(talk={"second before": 20})
    assert near.ask(["talk", "to", "agent"])
    assert not near.ask(["talk", "agent"])
    assert not near.ask(["agent", "to", "talk"])


def test_weights_add_up_over_cues_and_repeats() -> None:
    both = cues(talk={"before": 6, "second before": 6}, past={"just after": -5})
    assert both.ask(["talk", "now", "talk", "to", "agent"])
    assert not both.ask(["talk", "now", "talk", "to", "agent", "ago"])


def test_without_a_word_for_a_person_nothing_is_asked() -> None:
    assert not cues(bias=1).ask(["talk", "to", "me"])
    assert not cues(bias=1).ask([])
    assert cues(bias=1).ask(["someone"])


def test_misspelt_words_count_when_they_are_long_enough() -> None:
    assert cues(bias=1).anchors == {"agent", "someone", "agnet", "somone"}
    found = next(cues().features(["tlk", "agnet"]))
    assert ("<other>", _AT["just before"]) in found


def test_a_gap_is_no_cue_at_all() -> None:
    found = next(cues().features(["", "agent", "!"]))
    assert ("<mark>", _AT["just after"]) in found
    assert not any(place == _AT["just before"] for _, place in found)
    assert any(place == _AT["first"] for _, place in next(cues().features(["x", "agent"])))


def test_only_what_is_near_is_read() -> None:
    far = cues(talk={place: 20 for place in PLACES if place != "first"})
    assert far.ask(["x", "talk", *["x"] * 9, "agent"])
    assert not far.ask(["x", "talk", *["x"] * 10, "agent"])


def test_every_cue_of_the_language_files_has_weights() -> None:
    from handrail.signals.language import _files, _weights

    names = set(_files()["en"]["request"]["cues"])
    assert names <= _weights()["weights"].keys()
    assert all(len(row) == len(PLACES) for row in _weights()["weights"].values())
    assert all(language.cues.anchors for language in languages().values())
