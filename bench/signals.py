"""What reading a customer's message costs, against one sentiment call of VADER.

    python bench/signals.py [--check]

Prints the cost of all text signals of a message of some 200 bytes as a share of one
`polarity_scores` call, and what 10,000 topic phrases cost against 1,000. The messages are built
here. `--check` exits with 1 when a bar is missed. All sides run interleaved and the best round
of each batch counts, so that another load on the machine does not decide.
"""

import random
import sys
import time
from collections.abc import Callable

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from handrail.core.model import Role, Turn
from handrail.signals import Extractor, Memory, TopicMatcher

VADER_SHARE = 0.25
PHRASES_RATIO = 1.3
ROUNDS, MESSAGES = 40, 200
BATCH = 5  # messages timed together: short enough to fall between two time slices

_OPENINGS = (
    "hi, i ordered a {thing} {when} and it still has not arrived",
    "hello, the {thing} i bought {when} stopped working",
    "i was charged twice for the {thing} i got {when}",
    "could you check why my {thing} was cancelled {when}",
)
_MIDDLES = (
    "i checked the {place} but there is nothing about it",
    "your {place} says it was delivered, which is not true",
    "the {place} only shows an old status since then",
)
_ENDS = (
    "what can we do to get this sorted out before the weekend?",
    "please let me know when i will get my money back",
    "i would be glad if somebody could look into it",
    "this is really frustrating and i don't want to wait any longer!",
)
_THINGS = ("kettle", "jacket", "phone case", "train ticket", "monitor", "subscription")
_WHENS = ("last monday", "two weeks ago", "on the 3rd of march", "yesterday evening")
_PLACES = ("tracking page", "app", "confirmation mail", "order history")


def messages(count: int, seed: int) -> list[str]:
    """Messages of some 200 bytes, as customers write them; the same for the same seed."""
    chance = random.Random(seed)
    found = []
    for _ in range(count):
        parts = [chance.choice(part) for part in (_OPENINGS, _MIDDLES, _ENDS)]
        text = ". ".join(parts).format(
            thing=chance.choice(_THINGS), when=chance.choice(_WHENS), place=chance.choice(_PLACES)
        )
        found.append(f"{text} my order number is {chance.randrange(10**8)}."[:200])
    return found


def phrases(count: int, seed: int) -> dict[str, list[str]]:
    """Topic phrases of two to four words; half of them begin with a common word."""
    chance = random.Random(seed)
    syllables = ("ba", "ce", "di", "fo", "gu", "ka", "le", "mi", "no", "pu", "ra", "se", "ti", "vo")
    common = ("my", "i", "the", "order", "not", "please", "charged", "account", "data", "was")

    def word() -> str:
        return "".join(chance.choices(syllables, k=3))

    topics: dict[str, list[str]] = {}
    for number in range(count):
        first = chance.choice(common) if number % 2 else word()
        rest = [word() for _ in range(chance.randrange(1, 4))]
        topics.setdefault(f"topic_{number % 20}", []).append(" ".join([first, *rest]))
    return topics


def best(texts: list[str], *sides: Callable[[str], object]) -> list[float]:
    """Microseconds a message of each side: for each batch its best round, rounds interleaved."""
    batches = [texts[at : at + BATCH] for at in range(0, len(texts), BATCH)]
    times = [[float("inf")] * len(batches) for _ in sides]
    for _ in range(ROUNDS):
        for side, spent in zip(sides, times, strict=True):
            for place, batch in enumerate(batches):
                start = time.perf_counter()
                for text in batch:
                    side(text)
                spent[place] = min(spent[place], time.perf_counter() - start)
    return [1e6 * sum(spent) / len(texts) for spent in times]


def reader(extractor: Extractor) -> Callable[[str], object]:
    """Reads a text as the next turn of one long case."""
    memory = Memory()

    def read(text: str) -> object:
        return extractor.extract(Turn(role=Role.CUSTOMER, text=text, at=1), memory)

    return read


def main() -> int:
    """Run, print, and tell by the exit code whether the bars hold when asked to check."""
    texts = messages(MESSAGES, seed=7)
    vader = SentimentIntensityAnalyzer()
    small = Extractor(topics=TopicMatcher(phrases(1_000, 1), {}))
    large = Extractor(topics=TopicMatcher(phrases(10_000, 1), {}))

    sizes = [len(text.encode()) for text in texts]
    base, one, ten = best(texts, vader.polarity_scores, reader(small), reader(large))
    share, ratio = one / base, ten / one
    print(f"messages: {len(texts)} of {sum(sizes) / len(sizes):.0f} bytes on average")
    print(f"VADER polarity_scores:        {base:7.1f} us")
    print(f"all signals, 1,000 phrases:   {one:7.1f} us = {share:.3f} of VADER (bar {VADER_SHARE})")
    print(f"all signals, 10,000 phrases:  {ten:7.1f} us = {ratio:.2f} times (bar {PHRASES_RATIO})")
    return int("--check" in sys.argv[1:] and (share > VADER_SHARE or ratio > PHRASES_RATIO))


if __name__ == "__main__":
    raise SystemExit(main())
