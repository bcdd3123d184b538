"""Fits the weights of the cues of a request for a person, and prints what it measured.

    python training/person_requests.py FOLDER --out src/handrail/signals/models/requests.toml

FOLDER holds the gzip'd JSON lines of docs/quality.md. Fitted on the half of them whose hash of the
text is even, and on sentences of our own (here, and those of the tests). The line is printed that
five-fold cross-validation gives on our own sentences, and on the other half of the utterances. A
sentence that asks counts by the anchor that looks most like it. The same input gives the same file.
"""

import argparse
import gzip
import hashlib
import json
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from handrail.signals.cues import PLACES
from handrail.signals.language import languages
from handrail.signals.text import tokenize

TESTS = Path(__file__).resolve().parent.parent / "tests" / "signals"
FRESH = ("english", "spanish", "later", "last", "final", "cues_english", "cues_spanish")
OURS = [
    (Path(__file__).with_suffix(".toml"), ("asking",), ("others",)),
    (TESTS / "phrasings.toml", ("english", "spanish"), ("not_english", "not_spanish", "hard")),
    (TESTS / "fresh_requests.toml", FRESH, ()),
]
STRENGTH = 0.3  # of the fit: the `C` of LogisticRegression
ASKING, OURS_NOT, BITEXT = 2.0, 10.0, 1.4  # what one sentence counts, against 1 for an utterance
LINE = -800  # thousandths of a logit above which a message asks: few false fires, most requests
ROUNDS, FOLDS = 3, 5

Floats = NDArray[np.float64]
Key = tuple[str, int]


@dataclass(frozen=True, kw_only=True)
class Row:
    """A message: the cues about each of its anchors, whether it asks, and how much it counts."""

    text: str
    asks: bool
    weight: float
    anchors: list[list[Key]]


def part(text: str, parts: int) -> int:
    """The part of a text, by its hash."""
    return int(hashlib.sha256(text.encode()).hexdigest()[:8], 16) % parts


def row(text: str, asks: bool, weight: float) -> Row:
    tokens = tokenize(text)
    found = []
    for language in languages().values():
        if not language.cues.anchors.isdisjoint(tokens):
            found += language.cues.features(language.request.left(tokens))
    return Row(text=text, asks=asks, weight=weight, anchors=found)


def ours() -> list[Row]:
    """The sentences of our own."""
    rows = []
    for path, asking, others in OURS:
        data = tomllib.loads(path.read_text("utf-8"))
        for names, asks, weight in ((asking, True, ASKING), (others, False, OURS_NOT)):
            for text in "\n".join(data[name].strip() for name in names).split("\n"):
                if text:
                    rows.append(row(text, asks, weight))
    return rows


def utterances(folder: Path) -> list[Row]:
    """The utterances of the folder, once each."""

    def lines(name: str) -> Iterator[dict]:
        with gzip.open(folder / f"{name}.jsonl.gz", "rt", encoding="utf-8") as file:
            yield from map(json.loads, file)

    texts = {line["text"]: bool(line["label"]) for line in lines("explicit_request_train")}
    for name in ("clinc150_dev", "goemotions_train"):
        texts.update((line["text"], False) for line in lines(name))
    for line in lines("dbdc3_en_dev"):
        texts.update((t["text"], False) for t in line["turns"] if t["role"] == "user")
    return [row(text, asks, BITEXT if asks else 1.0) for text, asks in texts.items()]


def fit(rows: Sequence[Row]) -> Callable[[list[list[Key]]], Floats]:
    """The score in logits of each of some anchors; its `weights` are by cue and place."""
    asking = [row for row in rows if row.asks and row.anchors]
    others = [(anchor, row.weight) for row in rows if not row.asks for anchor in row.anchors]
    names = sorted({key for row in rows for anchor in row.anchors for key in anchor})
    columns = {key: number for number, key in enumerate(names)}

    def matrix(anchors: Sequence[list[Key]]) -> csr_matrix:
        at = [(n, columns[key]) for n, keys in enumerate(anchors) for key in keys if key in columns]
        lines, cells = zip(*at, strict=True)
        return csr_matrix((np.ones(len(at)), (lines, cells)), shape=(len(anchors), len(names)))

    chosen = [row.anchors[-1] for row in asking]
    truth = [1] * len(asking) + [0] * len(others)
    weight = [row.weight for row in asking] + [weight for _, weight in others]
    model = LogisticRegression(C=STRENGTH, max_iter=1000)

    def score(anchors: list[list[Key]]) -> Floats:
        return model.decision_function(matrix(anchors))

    for _ in range(ROUNDS):
        model.fit(matrix(chosen + [anchor for anchor, _ in others]), truth, weight)
        chosen = [row.anchors[int(score(row.anchors).argmax())] for row in asking]
    score.weights = dict(zip(names, model.coef_[0], strict=True))  # type: ignore[attr-defined]
    score.bias = float(model.intercept_[0])  # type: ignore[attr-defined]
    return score


def fires(score: Callable[[list[list[Key]]], Floats], rows: Sequence[Row]) -> int:
    return sum(bool(row.anchors) and 1000 * score(row.anchors).max() > LINE for row in rows)


def measure(own: list[Row], half: list[Row], rest: list[Row]) -> None:
    """Print what the cues alone find and where they fire, on what they were not fitted on."""
    found = {True: 0, False: 0}
    for fold in range(FOLDS):
        score = fit([row for row in own if part(row.text, FOLDS) != fold] + half)
        for asks in found:
            held = [row for row in own if part(row.text, FOLDS) == fold and row.asks is asks]
            found[asks] += fires(score, held)
    score = fit(own + half)
    for name, rows, counts in (
        ("our own, cross-validated", own, found),
        ("other half", rest, None),
    ):
        for asks in (True, False):
            these = [row for row in rows if row.asks is asks]
            count = counts[asks] if counts else fires(score, these)
            print(f"{name}, {'asking' if asks else 'not asking'}: {count} of {len(these)} fire")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    own, all_ = ours(), utterances(args.folder)
    half = [row for row in all_ if part(row.text, 2) == 0]
    measure(own, half, [row for row in all_ if part(row.text, 2) == 1])
    score = fit(own + half)
    table: dict[str, list[int]] = {}
    for (cue, place), weight in score.weights.items():  # type: ignore[attr-defined]
        table.setdefault(cue, [0] * len(PLACES))[place] = round(1000 * weight)
    lines = [f'"{cue}" = {weights}' for cue, weights in sorted(table.items())]
    head = "# By training/person_requests.py: what a cue weighs by place, thousandths of a logit."
    bias = round(1000 * score.bias) - LINE  # type: ignore[attr-defined]
    args.out.write_text("\n".join([head, f"bias = {bias}", "", "[weights]", *lines, ""]), "utf-8")


if __name__ == "__main__":
    main()
