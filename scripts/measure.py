"""How good the signals are, on data that is not part of this repository.

    python scripts/measure.py FOLDER

FOLDER holds the gzip'd JSON lines named below; docs/quality.md says what they are and what was
tuned on which. Prints one table; every figure in the docs comes from it.
"""

import gzip
import hashlib
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from handrail.core.model import Role, Signals, Turn
from handrail.replay.counts import wilson
from handrail.signals import Extractor, Memory

LABELS = Path(__file__).resolve().parent.parent / "tests" / "data" / "customer_turn_labels.jsonl"
UPSET = {"anger", "annoyance", "disappointment", "disapproval", "disgust"}
MATCHING, OTHERS = 902, 11_387  # customer turns that mention a person, and that do not


def rows(path: Path) -> Iterator[dict]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def read(extractor: Extractor, text: str) -> Signals:
    return extractor.extract(Turn(role=Role.CUSTOMER, text=text), Memory())


def part(text: str, parts: int) -> int:
    """The part of a text, by its hash: stable, and the same for whoever repeats this."""
    return int(hashlib.sha256(text.encode()).hexdigest()[:8], 16) % parts


def auc(scored: Iterable[tuple[int, bool]]) -> float:
    """Area under the ROC curve: the share of pairs in the right order, ties half."""
    by_score: dict[int, list[int]] = {}
    for score, label in scored:
        by_score.setdefault(score, [0, 0])[label] += 1
    below = pairs = 0.0
    negatives = positives = 0
    for score in sorted(by_score):
        no, yes = by_score[score]
        pairs += yes * (below + no / 2)
        below += no
        negatives += no
        positives += yes
    return pairs / (negatives * positives)


def share(name: str, count: int, of: int) -> None:
    low, high = wilson(count, of)
    print(f"{name:<66} {count:>6} / {of:<6} = {count / of:.4f}  [{low:.4f}, {high:.4f}]")


def requests(extractor: Extractor, data: Path) -> None:
    """Explicit requests found, and fired where nobody asked."""
    bitext = list(rows(data / "explicit_request_train.jsonl.gz"))
    for half, name in ((0, "half looked at"), (1, "half not looked at")):
        asked = [row["text"] for row in bitext if row["label"] and part(row["text"], 2) == half]
        found = sum(read(extractor, text).explicit_request for text in asked)
        share(f"explicit requests found, Bitext, {name}", found, len(asked))
    silent: dict[str, list[str]] = {
        "Bitext": [row["text"] for row in bitext if not row["label"]],
        "CLINC150": [row["text"] for row in rows(data / "clinc150_dev.jsonl.gz")],
        "GoEmotions": [row["text"] for row in rows(data / "goemotions_train.jsonl.gz")],
        "DBDC3": [
            turn["text"]
            for row in rows(data / "dbdc3_en_dev.jsonl.gz")
            for turn in row["turns"]
            if turn["role"] == "user"
        ],
    }
    total = fired = 0
    for name, texts in silent.items():
        count = sum(read(extractor, text).explicit_request for text in texts)
        share(f"false fires, {name}", count, len(texts))
        total, fired = total + len(texts), fired + count
    share("false fires, all of these", fired, total)


def labelled(extractor: Extractor, data: Path) -> None:
    """The 400 customer turns that were labelled by hand; see tests/data/README.md."""
    texts = {row["id"]: row["turns"] for row in rows(data / "tau_dev.jsonl.gz")}
    labels = [json.loads(line) for line in LABELS.read_text("utf-8").splitlines()]
    table: dict[tuple[bool, bool], int] = {}
    scored = []
    for label in labels:
        turn = texts[label["id"]][label["turn"]]["text"]
        signals = read(extractor, turn)
        key = (signals.explicit_request, bool(label["explicit_request"]))
        table[key] = table.get(key, 0) + 1
        if signals.dissatisfaction is not None:
            scored.append((signals.dissatisfaction, bool(label["dissatisfied"])))
    right, wrong = table.get((True, True), 0), table.get((True, False), 0)
    share("400 labelled turns: requests, precision", right, right + wrong)
    share("400 labelled turns: requests, recall", right, right + table.get((False, True), 0))
    print(f"{'400 labelled turns: dissatisfied, AUC':<66} {auc(scored):.3f}  (of {len(scored)})")


def sentiment(extractor: Extractor, data: Path) -> None:
    """Dissatisfaction on the fifth of GoEmotions that nothing was trained or tuned on."""
    test = [
        (row["text"], bool(UPSET & set(row["emotions"])))
        for row in rows(data / "goemotions_train.jsonl.gz")
        if part(row["text"], 5) == 0
    ]
    scored = [(read(extractor, text).dissatisfaction, label) for text, label in test]
    known = [(score, label) for score, label in scored if score is not None]
    name = "dissatisfaction, GoEmotions held-out fifth, AUC"
    print(f"{name:<66} {auc(known):.3f}  ({len(known)} of {len(test)} measured)")
    try:
        from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer
    except ImportError:
        print("VADER is not installed (dependency group `bench`)")
        return
    vader = SentimentIntensityAnalyzer()
    lexicon = [(round(-1e4 * vader.polarity_scores(t)["compound"]), label) for t, label in test]
    print(f"{'VADER on the same rows, AUC':<66} {auc(lexicon):.3f}")


def main() -> None:
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_dir():
        sys.exit(__doc__)
    data, extractor = Path(sys.argv[1]), Extractor(default_language="en")
    requests(extractor, data)
    labelled(extractor, data)
    sentiment(extractor, data)


if __name__ == "__main__":
    main()
