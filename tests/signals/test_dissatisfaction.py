"""The model of dissatisfaction: it loads, orders what people write, and is as good as said."""

import gzip
import hashlib
import json
import os
import subprocess
import sys
from itertools import groupby
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail.signals.dissatisfaction import Model, is_shouting, model, read, score
from handrail.signals.text import tokenize

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("HANDRAIL_SHARED_DATA", ROOT.parent / "shared" / "data"))
EMOTIONS = SHARED / "goemotions_train.jsonl.gz"
POSITIVE = {"anger", "annoyance", "disappointment", "disapproval", "disgust"}

ANGRY = [
    "Sorry to bother you once more, but my parcel has still not shown up.",
    "I have now explained this to three of your colleagues.",
    "With respect, that answer has nothing to do with what I wrote.",
    "It is a pity that nobody keeps their word here.",
    "The replacement you sent has the very same defect.",
    "I did follow your steps and the screen stays black, again.",
    "I have been waiting two weeks and heard nothing.",
    "Honestly, I find it disappointing to be treated this way.",
    "Is there anybody at all who reads these messages?",
    "Please don't send me to that page again, it was no help.",
    "I must say that I am not pleased with how this went.",
    "Why was I billed a second time although you said it was settled?",
    "No, that is not what I asked.",
    "That did not help, unfortunately.",
]
NEUTRAL = [
    "Could you tell me the opening hours of the shop in Leeds?",
    "I would like to move my appointment to Thursday afternoon.",
    "My customer number ends in 4471.",
    "Thank you, that is everything for today.",
    "Which size would you suggest for someone of 1.80 m?",
    "Please add a second passenger to the trip.",
    "I bought a blue jacket and would like it in green.",
    "Yes, the address on file is right.",
    "How can I download last month's statement?",
    "Do you also ship to Norway?",
    "I'd like to use the voucher that I got for my birthday.",
    "Good evening, I have a question about my contract.",
    "The second option sounds fine to me.",
    "I am looking for a hotel near the station with breakfast.",
]


def rate(message: str) -> int:
    return score(tokenize(message), shouting=is_shouting(message))


def auc(pairs: list[tuple[int, bool]]) -> float:
    """The chance that a positive stands above a negative, ties counted half."""
    rank, ranks, positives = 0, 0.0, 0
    for _, tied in groupby(sorted(pairs), key=lambda pair: pair[0]):
        labels = [label for _, label in tied]
        ranks += sum(labels) * (rank + (len(labels) + 1) / 2)
        rank += len(labels)
        positives += sum(labels)
    return (ranks - positives * (positives + 1) / 2) / (positives * (rank - positives))


def test_the_area_is_computed_right() -> None:
    assert auc([(1, False), (2, True)]) == 1
    assert auc([(2, False), (1, True)]) == 0
    assert auc([(1, False), (1, True), (1, True)]) == 0.5
    assert auc([(1, False), (2, True), (3, False), (4, True)]) == 0.75


def test_polite_complaints_stand_above_plain_requests() -> None:
    pairs = [(rate(text), True) for text in ANGRY] + [(rate(text), False) for text in NEUTRAL]
    assert auc(pairs) >= 0.9


@pytest.mark.parametrize(
    ("calmer", "angrier"),
    [
        ("this is helpful", "this is not helpful"),
        ("it is working", "it is still not working"),
        ("thank you for the answer", "thank you for nothing"),
        ("i am happy with it", "i am unhappy with it"),
        ("the service was good", "the service was terrible"),
    ],
)
def test_the_worse_of_two_messages_scores_higher(calmer: str, angrier: str) -> None:
    assert rate(calmer) < rate(angrier)


def test_shouting_makes_it_no_better() -> None:
    message = "where is my parcel"
    assert rate(message.upper()) > rate(message)


def test_capitals_count_as_shouting_only_when_all_of_a_message_is_in_them() -> None:
    assert is_shouting("WHERE IS IT")
    assert not is_shouting("Where Is It")
    assert not is_shouting("MY_USER_ID_4471")
    assert not is_shouting("12 34 56 78")


def test_no_words_and_unknown_words_are_not_dissatisfied() -> None:
    assert score([]) == 0
    assert score(["qqzxv"]) < 300


@given(message=st.text(max_size=300), shouting=st.booleans())
def test_any_message_has_a_score_in_thousandths_and_always_the_same(
    message: str, *, shouting: bool
) -> None:
    tokens = tokenize(message)
    found = score(tokens, shouting=shouting)
    assert 0 <= found <= 1000
    assert found == score(tuple(tokens), shouting=shouting)


def test_extreme_weights_do_not_overflow() -> None:
    extreme = Model(bias=0, shouting=0, words={"up": 10**9, "down": -(10**9)}, pairs={})
    assert extreme.score(["up"]) == 1000
    assert extreme.score(["down"]) == 0


def test_a_packed_model_is_read_as_written() -> None:
    packed = gzip.compress(b'{"bias": -500, "shouting": 40}\n-20\tgood\tvery good\n60\tbad\n')
    assert read(packed) == Model(
        bias=-500, shouting=40, words={"good": -20, "bad": 60}, pairs={("very", "good"): -20}
    )


def test_what_is_not_a_packed_model_is_an_error() -> None:
    with pytest.raises(OSError, match="gzip"):
        read(b"plain")
    with pytest.raises(ValueError, match="invalid literal"):
        read(gzip.compress(b'{"bias": 0, "shouting": 0}\nbad\t1\n'))


def test_the_model_is_compact_and_knows_only_tokens() -> None:
    shipped = ROOT / "src" / "handrail" / "signals" / "models" / "dissatisfaction_en.tsv.gz"
    assert shipped.stat().st_size < 400_000
    words = set(model().words) | {word for pair in model().pairs for word in pair}
    assert len(words) > 10_000
    assert [word for word in words if tokenize(word) != [word]] == []


def test_scoring_needs_no_numpy() -> None:
    program = (
        "import sys; from handrail.signals.dissatisfaction import score; score(['not', 'good']); "
        "print([name for name in ('numpy', 'scipy', 'sklearn') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.skipif(not EMOTIONS.exists(), reason="the shared data is not here")
def test_the_area_on_the_held_out_comments_is_as_good_as_the_card_says() -> None:
    pairs = []
    with gzip.open(EMOTIONS, "rt", encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            if int(hashlib.sha256(row["text"].encode()).hexdigest()[:8], 16) % 5 == 0:
                pairs.append((rate(row["text"]), not POSITIVE.isdisjoint(row["emotions"])))
    assert len(pairs) > 8_000
    assert auc(pairs) >= 0.83
