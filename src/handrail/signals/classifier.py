"""The optional classifier: any callable from a turn to named values, never trusted to behave."""

from collections.abc import Callable, Mapping, Sequence

from handrail.core.model import Turn
from handrail.signals.caller import milli

GROUP = "handrail.signals"
"""Entry point group in which packages offer classifiers."""

Classifier = Callable[[Turn], Mapping[str, float | bool | Sequence[str]]]
"""Gives some of: `confidence`, `sentiment` (dissatisfaction) as shares 0..1; `topics` as names;
each of `FLAGS` as a truth or as a probability, which counts from 0.5.
"""

FLAGS = frozenset(
    {
        "explicit_request",
        "announced_transfer",
        "stalled",
        "progress",
        "policy_violation",
        "permission_missing",
        "data_missing",
    }
)
_NUMBERS = {"confidence": "confidence", "sentiment": "dissatisfaction"}


def find(name: str) -> Classifier:
    """The classifier that an installed package offers under `name`. LookupError if none does."""
    from importlib.metadata import entry_points  # some 40 ms, for the few who use one

    for entry in entry_points(group=GROUP, name=name):
        loaded: Classifier = entry.load()
        return loaded
    raise LookupError(f"no classifier `{name}` is installed: add a package that offers it")


def ask(classifier: Classifier, turn: Turn) -> dict[str, object] | None:
    """Its values by signal: thousandths, truths, names. None when it fails or talks nonsense.

    A plug-in may raise anything, and a turn must be decided all the same.
    """
    try:
        return {
            _NUMBERS.get(key, key): _value(key, value) for key, value in classifier(turn).items()
        }
    except Exception:  # noqa: BLE001
        return None


def _value(key: str, value: object) -> object:
    """One value, checked. ValueError when it is not what its key asks for."""
    if key == "topics":
        if isinstance(value, str) or not isinstance(value, Sequence):
            raise ValueError("topics are a list of names")
        return tuple(sorted({str(name) for name in value}))
    share = milli(value)
    if share is None or key not in {*FLAGS, *_NUMBERS}:
        raise ValueError(f"`{key}` has no such value")
    return share >= 500 if key in FLAGS else share
