"""What differs between two packs, key by key."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from handrail.core import policy
from handrail.core.record import plain

_NAMES = ("name", "id", "topic", "event")
_MISSING = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One key that differs. `before` and `after` are JSON; empty: it is not there."""

    path: str
    before: str
    after: str


def compare(old: policy.Pack, new: policy.Pack) -> tuple[Difference, ...]:
    """All differences, by path. A value that is left out has its default."""
    return tuple(_maps("", plain(old), plain(new)))


def _maps(path: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[Difference]:
    for key in sorted(old.keys() | new.keys()):
        if key == "digest":  # of the pack that a workflow is of: it differs whenever anything does
            continue
        yield from _values(
            f"{path}.{key}" if path else key, old.get(key, _MISSING), new.get(key, _MISSING)
        )


def _values(path: str, old: Any, new: Any) -> Iterator[Difference]:
    if old == new and type(old) is type(new):
        return
    before, after = _named(old), _named(new)
    if isinstance(before, dict) and isinstance(after, dict):
        yield from _maps(path, before, after)
    else:
        yield Difference(path=path, before=_json(old), after=_json(new))


def _named(value: Any) -> Any:
    """A list of things that have names as a map by them, so that one more moves none."""
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        return value
    for name in _NAMES:
        keys = [one.get(name) for one in value]
        if value and all(isinstance(key, str) for key in keys) and len(set(keys)) == len(keys):
            return dict(zip(keys, value, strict=True))
    return value


def _json(value: Any) -> str:
    return "" if value is _MISSING else json.dumps(value, ensure_ascii=False, sort_keys=True)
