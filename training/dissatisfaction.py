"""Trains the model of dissatisfaction, and prints what it measured.

    python training/dissatisfaction.py --data goemotions_train.jsonl.gz \
        --neutral clinc150_dev.jsonl.gz --out src/handrail/signals/models/dissatisfaction_en.tsv.gz

Logistic regression over words, pairs of words, parts of words and the valence of a word in the
VADER lexicon. All but the pairs belong to one word, so that their weights are added up per word:
what is shipped is one number for each word and pair. The same input gives the same file.
"""

import argparse
import gzip
import hashlib
import json
import timeit
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, roc_auc_score
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from handrail.signals.dissatisfaction import Model, is_shouting, read
from handrail.signals.text import tokenize

POSITIVE = {"anger", "annoyance", "disappointment", "disapproval", "disgust"}
THINGS = [  # what {thing} stands for in the phrases
    *("refund", "order", "package", "ticket", "booking", "account"),
    *("card", "flight", "reservation", "subscription", "invoice", "delivery"),
]
PHRASES = Path(__file__).with_name("support_phrases.tsv")
VALENCE: dict[str, float] = SentimentIntensityAnalyzer().lexicon

PHRASE_WEIGHT = 2.0  # of one phrase written for this project, against 1 for a comment
NEUTRAL_WEIGHT = 0.1  # of one request from CLINC150: there are many, and all are alike
STRENGTH = 0.4  # of the fit: the `C` of LogisticRegression
SCALES = {"words": 0.2, "pairs": 0.15, "parts": 0.1, "valence": 1.0}  # how freely a kind may weigh
STEP = 20  # thousandths of a logit: weights are rounded to it, so that few numbers differ
LEAST = 150  # thousandths of a logit: a weight below it is left out

Tokens = list[list[str]]
Floats = NDArray[np.float64]


@dataclass(kw_only=True)
class Rows:
    """Messages with what they are (1 = dissatisfied) and how much each counts."""

    tokens: Tokens
    shouting: list[bool]
    label: NDArray[np.int64]
    weight: Floats

    def part(self, chosen: NDArray[np.bool_]) -> "Rows":
        """The rows that are chosen."""
        at = np.flatnonzero(chosen)
        return Rows(
            tokens=[self.tokens[i] for i in at],
            shouting=[self.shouting[i] for i in at],
            label=self.label[at],
            weight=self.weight[at],
        )

    def __add__(self, other: "Rows") -> "Rows":
        return Rows(
            tokens=self.tokens + other.tokens,
            shouting=self.shouting + other.shouting,
            label=np.concatenate([self.label, other.label]),
            weight=np.concatenate([self.weight, other.weight]),
        )


def rows(texts: Sequence[str], labels: Sequence[int], weights: Sequence[float]) -> Rows:
    """Messages, cut into tokens."""
    return Rows(
        tokens=[tokenize(text) for text in texts],
        shouting=[is_shouting(text) for text in texts],
        label=np.array(labels, dtype=np.int64),
        weight=np.array(weights, dtype=np.float64),
    )


def place(text: str) -> int:
    """Decides by the text alone where a row belongs: a multiple of 5 is the test part."""
    return int(hashlib.sha256(text.encode()).hexdigest()[:8], 16)


def lines(path: Path) -> Iterator[dict[str, object]]:
    """The objects of a gzip'd file of JSON lines."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


def comments(path: Path) -> tuple[list[str], Rows]:
    """GoEmotions: texts, and the rows that they make."""
    found = [(str(line["text"]), line["emotions"]) for line in lines(path)]
    texts = [text for text, _ in found]
    labels = [int(not POSITIVE.isdisjoint(emotions)) for _, emotions in found]
    return texts, rows(texts, labels, [1.0] * len(texts))


def phrases() -> Rows:
    """The phrases written for this project, each thing in turn where one is named."""
    texts, labels, weights = [], [], []
    for line in PHRASES.read_text(encoding="utf-8").splitlines():
        label, _, phrase = line.partition("\t")
        if not phrase:
            continue
        forms = [phrase.replace("{thing}", thing) for thing in THINGS]
        forms = forms if "{thing}" in phrase else [phrase]
        texts += forms
        labels += [int(label)] * len(forms)
        weights += [PHRASE_WEIGHT / len(forms)] * len(forms)
    return rows(texts, labels, weights)


def neutral(path: Path | None) -> Rows:
    """CLINC150: plain requests, none of them dissatisfied."""
    texts = [str(line["text"]) for line in lines(path)] if path else []
    return rows(texts, [0] * len(texts), [NEUTRAL_WEIGHT] * len(texts))


def pairs(tokens: Sequence[str]) -> list[tuple[str, str]]:
    """Each word with the next."""
    return list(pairwise(tokens))


def parts(tokens: Sequence[str]) -> list[str]:
    """Three to five letters in a row of each word, its ends marked."""
    return [
        marked[start : start + size]
        for marked in (f"<{token}>" for token in tokens)
        for size in (3, 4, 5)
        for start in range(len(marked) - size + 1)
    ]


def valence(tokens: Sequence[str]) -> list[float]:
    """Sum and count of the good and of the bad words."""
    found = [VALENCE.get(token, 0.0) for token in tokens]
    good, bad = [v for v in found if v > 0], [v for v in found if v < 0]
    return [sum(good), sum(bad), float(len(bad)), float(len(good))]


KINDS: dict[str, tuple[Callable[[Sequence[str]], Sequence[object]], int]] = {
    "words": (list, 2),
    "pairs": (pairs, 3),
    "parts": (parts, 4),
}


class Fit:
    """A fitted regression, before it is packed."""

    def __init__(self, data: Rows) -> None:
        self.kinds = {
            kind: TfidfVectorizer(analyzer=analyse, min_df=least, norm=None).fit(data.tokens)
            for kind, (analyse, least) in KINDS.items()
        }
        self.model = LogisticRegression(
            C=STRENGTH, solver="liblinear", random_state=0, max_iter=1000
        ).fit(self.matrix(data), data.label, sample_weight=data.weight)
        sizes = [len(kind.vocabulary_) for kind in self.kinds.values()] + [4, 1]
        pieces = np.split(self.model.coef_[0], np.cumsum(sizes)[:-1])
        self.weight = dict(zip([*SCALES, "shouting"], pieces, strict=True))

    def block(self, kind: str, tokens: Tokens) -> csr_matrix:
        """The features of one kind, scaled."""
        if kind == "valence":
            return csr_matrix([valence(words) for words in tokens]) * SCALES[kind]
        return self.kinds[kind].transform(tokens) * SCALES[kind]

    def matrix(self, data: Rows) -> csr_matrix:
        """All features, divided by the root of the length as when scoring."""
        shout = csr_matrix(np.array(data.shouting, dtype=np.float64)[:, None])
        blocks = [*(self.block(kind, data.tokens) for kind in SCALES), shout]
        length = diags([(len(words) + 1) ** -0.5 for words in data.tokens])
        return (length @ hstack(blocks)).tocsr()

    def logits(self, data: Rows) -> Floats:
        """What the regression says of each row."""
        return np.asarray(self.model.decision_function(self.matrix(data)))

    def pack(self, words: list[str], slope: float, shift: float) -> bytes:
        """The shipped file: all that belongs to one word added up, corrected by slope, shift."""
        single = [[word] for word in words]
        total = sum(
            self.block(kind, single) @ self.weight[kind] for kind in ("words", "parts", "valence")
        )
        table = dict(zip(words, np.asarray(total), strict=True))
        kind = self.kinds["pairs"]
        for pair, column in kind.vocabulary_.items():
            weight = self.weight["pairs"][column] * kind.idf_[column] * SCALES["pairs"]
            table[" ".join(pair)] = weight
        bias = float(self.model.intercept_[0]) * slope + shift
        shouting = float(self.weight["shouting"][0]) * slope
        head = {"bias": round(1000 * bias), "shouting": round(1000 * shouting)}
        by_weight: dict[int, list[str]] = {}
        for key, weight in sorted(table.items()):
            thousandths = STEP * round(1000 * slope * weight / STEP)
            if abs(thousandths) >= LEAST:
                by_weight.setdefault(thousandths, []).append(key)
        body = ["\t".join([str(weight), *by_weight[weight]]) for weight in sorted(by_weight)]
        return gzip.compress("\n".join([json.dumps(head), *body, ""]).encode(), 9, mtime=0)


def straighten(logits: Floats, label: NDArray[np.int64]) -> tuple[float, float]:
    """Slope and shift that make the logits calibrated (Platt), on rows that were not fitted."""
    fitted = LogisticRegression(C=1e6).fit(logits[:, None], label)
    return float(fitted.coef_[0][0]), float(fitted.intercept_[0])


def scores(model: Model, data: Rows) -> NDArray[np.int64]:
    """The thousandths that the shipped file gives."""
    pairs = zip(data.tokens, data.shouting, strict=True)
    return np.array([model.score(tokens, shouting=shout) for tokens, shout in pairs])


def report_calibration(scored: NDArray[np.int64], label: NDArray[np.int64]) -> None:
    """Prints how often what was given a score is really dissatisfied."""
    share, error = scored / 1000, 0.0
    for low in range(0, 1000, 100):
        at = (scored >= low) & (scored < low + 100 + (low == 900))
        if at.any():
            said, true = share[at].mean(), label[at].mean()
            error += at.mean() * abs(said - true)
            print(f"  score {low:3}..: {at.sum():5} rows, said {said:.3f}, true {true:.3f}")
    print(f"  calibration error {error:.4f}, Brier {brier_score_loss(label, share):.4f}")


def report_cost(packed: bytes, texts: Sequence[str]) -> None:
    """Prints what a message of 200 bytes costs, against VADER."""
    model = read(packed)
    whole = " ".join(texts)
    long = [whole[start : start + 200] for start in range(0, 40_000, 200)]
    cut = [tokenize(text) for text in long]
    analyse = SentimentIntensityAnalyzer().polarity_scores

    works: list[Callable[[], object]] = [
        lambda: [analyse(text) for text in long],
        lambda: [tokenize(text) for text in long],
        lambda: [model.score(words) for words in cut],
    ]
    rounds = [[timeit.timeit(work, number=1) for work in works] for _ in range(50)]
    vader, cutting, scoring = (min(times) / len(long) * 1e6 for times in zip(*rounds, strict=True))
    print(f"us for 200 bytes: tokens {cutting:.2f}, score {scoring:.2f}, VADER {vader:.1f}")
    print(f"  ratio to VADER: score {scoring / vader:.3f}, both {(cutting + scoring) / vader:.3f}")


def main() -> None:
    """Trains, measures, writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="GoEmotions, JSON lines, gzip")
    parser.add_argument("--neutral", type=Path, help="CLINC150, JSON lines, gzip")
    parser.add_argument("--out", type=Path, required=True, help="the packed model to write")
    options = parser.parse_args()

    texts, data = comments(options.data)
    where = np.array([place(text) for text in texts])
    test, fold = where % 5 == 0, (where // 5) % 8 == 0
    extra = phrases() + neutral(options.neutral)
    held = data.part(~test & fold)
    first = Fit(data.part(~test & ~fold) + extra).logits(held)
    slope, shift = straighten(first, held.label)
    print(f"held-out fold of the training part: AUC {roc_auc_score(held.label, first):.4f}")

    learned = data.part(~test) + extra
    known = {token for tokens in learned.tokens for token in tokens}
    known |= {word for word in VALENCE if tokenize(word) == [word]}
    packed = Fit(learned).pack(sorted(known), slope, shift)
    options.out.write_bytes(packed)
    model = read(packed)
    print(f"{len(model.words)} words, {len(model.pairs)} pairs, {len(packed) / 1000:.0f} kB")

    proof = data.part(test)
    scored = scores(model, proof)
    proof_texts = [text for text, at in zip(texts, test, strict=True) if at]
    analyse = SentimentIntensityAnalyzer().polarity_scores
    vader = [-analyse(text)["compound"] for text in proof_texts]
    print(f"test part: {len(scored)} rows, AUC {roc_auc_score(proof.label, scored):.4f}")
    print(f"  VADER on the same rows: AUC {roc_auc_score(proof.label, vader):.4f}")
    report_calibration(scored, proof.label)
    # In a process of its own: the memory that training leaves behind would slow both down.
    with get_context("spawn").Pool(1) as pool:
        pool.apply(report_cost, (packed, proof_texts[:1000]))


if __name__ == "__main__":
    main()
