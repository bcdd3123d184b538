"""Packs, their history and their differences in words, wherever they come from."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from handrail.core.record import plain
from handrail.engine.packbook import Overview
from handrail.engine.versions import Stage, Version
from handrail.packs.compare import Difference
from handrail.ports import Entry

_SHORT = 19  # `sha256:` and twelve digits: enough to name a pack by
_LONGEST = 60


def short(digest: str) -> str:
    """As much of a digest as names a pack."""
    return digest[:_SHORT]


def instant(at: int) -> str:
    """An instant as people read it."""
    return f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%d %H:%M:%S}"


def version(one: Version, share: int = 0) -> str:
    """One pack in a line."""
    stage = f"{one.stage.value} {share} %" if one.stage is Stage.RAMPED else one.stage.value
    alone = ", by one person alone" if one.single else ""
    return f"{short(one.digest)}  {stage:<10}  {one.name} {one.version}{alone}"


def overview(found: Overview) -> Iterator[str]:
    """All packs, and what is to be known of them together."""
    for one in found.packs:
        yield version(one, found.state.share)
    if not found.packs:
        yield "no pack was submitted yet"
    if found.state.single:
        yield "single-person mode: who submits a pack may approve it"
    if found.state.review:
        yield f"entry {found.state.review}, a roll-back, is to be reviewed"


def checked(one: Version) -> Iterator[str]:
    """How the checks of a pack went."""
    told = one.checked
    if not told:
        return
    errors = ", ".join(told["errors"]) or "no errors"
    yield f"  linter      {errors}, {told['others']} other findings"
    yield f"  cases       {told['cases'] - told['failed']} of {told['cases']} passed"
    played = told["simulation"]
    if "worlds" in played:
        broken = f", broken in {played['broken']}" if played["broken"] else ", every law held"
        yield f"  simulation  {played['worlds']} worlds, {played['handoffs']} handoffs{broken}"


def history(entries: Iterable[Entry]) -> Iterator[str]:
    """Every entry of a book in a line."""
    for one in entries:
        told = ", ".join(f"{key} {_said(value)}" for key, value in _facts(one.body))
        name = one.name.replace("_", " ")
        yield f"{one.number:>4}  {instant(one.at)}  {one.actor}  {name}: {told}"


def differences(found: Sequence[Difference]) -> Iterator[str]:
    """What differs, a key each."""
    for one in found:
        if not one.before:
            yield f"+ {one.path}: {_cut(one.after)}"
        elif not one.after:
            yield f"- {one.path}: {_cut(one.before)}"
        else:
            yield f"~ {one.path}: {_cut(one.before)} -> {_cut(one.after)}"
    if not found:
        yield "no difference but in their cases"


def as_version(one: Version) -> dict[str, Any]:
    """A pack as data."""
    return {
        "digest": one.digest,
        "name": one.name,
        "version": one.version,
        "stage": one.stage.value,
        "submitted": one.at,
        "by": sorted(one.by),
        "approved_by": one.approved_by,
        "single_person": one.single,
        "checked": {key: told for key, told in one.checked.items() if key != "digest"},
    }


def as_overview(found: Overview) -> dict[str, Any]:
    """All packs as data."""
    return {
        "active": found.state.current,
        "candidate": found.state.candidate,
        "percentage": found.state.share if found.state.candidate else 100,
        "single_person": found.state.single,
        "review": found.state.review,
        "packs": [as_version(one) for one in found.packs],
    }


def as_entry(one: Entry) -> dict[str, Any]:
    """An entry as data."""
    told = {"number": one.number, "at": one.at, "name": one.name, "actor": one.actor}
    return {**told, "body": dict(one.body)}


def as_difference(one: Difference) -> dict[str, Any]:
    """A difference as data."""
    found: dict[str, Any] = plain(one)
    return found


def _facts(body: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """What an entry says, without what only programs read."""
    for key, value in body.items():
        if key == "simulation":
            continue
        yield key, value


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return " ".join(str(one) for one in value) or "none"
    return short(value) if str(value).startswith("sha256:") else str(value)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
