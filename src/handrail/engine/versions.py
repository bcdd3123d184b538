"""The life of each pack, as the fold of the book `@packs`: the entries are all that is kept."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from handrail.core.ownership import Actor
from handrail.ports import Entry

SUBMITTED, CHECKED, APPROVED = "pack_submitted", "pack_checked", "pack_approved"
INSTALLED, ACTIVATED, RAMPED = "pack_installed", "pack_activated", "pack_ramped"
ROLLED_BACK, REVIEWED, RETIRED = "pack_rolled_back", "pack_reviewed", "pack_retired"
MODE = "pack_mode"


class Stage(StrEnum):
    """How far a pack is."""

    DRAFT = "draft"
    SIMULATED = "simulated"
    APPROVED = "approved"
    RAMPED = "ramped"
    ACTIVE = "active"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A pack that was submitted. `by` are those who did: none of them approves it. `single`: the
    one who approved it was one of them, in the single-person mode. Times in milliseconds.
    """

    digest: str
    name: str
    version: str
    at: int
    by: frozenset[str] = frozenset()
    stage: Stage = Stage.DRAFT
    approved_by: str = ""
    single: bool = False
    checked: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """All packs, and which is in force. `before` are those that were, the latest last; `candidate`
    is the one that `share` percent of the cases are under already. `review` is the number of the
    roll-back that nobody has reviewed yet, 0 = none.
    """

    packs: Mapping[str, Version] = field(default_factory=dict)
    current: str = ""
    before: tuple[str, ...] = ()
    candidate: str = ""
    share: int = 0
    single: bool = False
    four_eyes: bool = False
    review: int = 0
    entries: int = 0

    @property
    def force(self) -> tuple[str, str, int]:
        """What is in force: the pack, the candidate and its share."""
        return self.current, self.candidate, self.share


def told(by: Actor) -> str:
    """Who somebody is, as entries have it."""
    return f"{by.kind.value}:{by.id}" if by.id else by.kind.value


def fold(entries: Iterable[Entry]) -> State:
    """What the entries of the book come to."""
    state = State()
    for entry in entries:
        state = replace(_after(state, entry), entries=entry.number)
    return state


def _after(state: State, entry: Entry) -> State:
    body, name = entry.body, entry.name
    digest = body.get("digest", "")
    if name == MODE:
        return replace(state, single=body["single_person"])
    if name == REVIEWED:
        return replace(state, review=0)
    if name in {SUBMITTED, INSTALLED}:
        state = _submitted(state, entry)
    if name == CHECKED:
        stage = Stage.SIMULATED if body["ok"] else Stage.DRAFT
        return _with(state, digest, stage=stage, checked=body)
    if name == APPROVED:
        single = body.get("single_person", False)
        made = _with(state, digest, stage=Stage.APPROVED, approved_by=entry.actor, single=single)
        return replace(made, four_eyes=state.four_eyes or not single)
    if name == RAMPED:
        state = _rested(state, digest)
        state = _with(state, digest, stage=Stage.RAMPED)
        return replace(state, candidate=digest, share=body["percentage"])
    if name in {ACTIVATED, INSTALLED}:
        return _activated(state, digest)
    if name == ROLLED_BACK:
        return replace(_rolled_back(state, digest), review=entry.number)
    if name == RETIRED:
        state = _with(state, digest, stage=Stage.RETIRED)
        return replace(state, before=tuple(one for one in state.before if one != digest))
    return state


def _submitted(state: State, entry: Entry) -> State:
    body = entry.body
    known = state.packs.get(body["digest"])
    made = Version(
        digest=body["digest"],
        name=body["name"],
        version=body["version"],
        at=entry.at,
        by=(known.by if known else frozenset()) | {entry.actor},
    )
    return replace(state, packs={**state.packs, made.digest: made})


def _activated(state: State, digest: str) -> State:
    state = _rested(state, digest)
    before = state.before
    if state.current:
        state = _with(state, state.current, stage=Stage.APPROVED)
        before = (*(one for one in before if one != digest), state.current)
    state = _with(state, digest, stage=Stage.ACTIVE)
    return replace(state, current=digest, before=before, candidate="", share=0)


def _rested(state: State, digest: str) -> State:
    """Without the candidate that is now another one, or none any more."""
    if state.candidate not in {"", digest}:
        state = _with(state, state.candidate, stage=Stage.APPROVED)
    return state


def _rolled_back(state: State, digest: str) -> State:
    """`digest` is what is in force from now on."""
    state = _rested(state, "")
    if digest != state.current:
        state = _with(state, state.current, stage=Stage.APPROVED)
        state = _with(state, digest, stage=Stage.ACTIVE)
        state = replace(state, before=state.before[:-1])
    return replace(state, current=digest, candidate="", share=0)


def _with(state: State, digest: str, **fields: Any) -> State:
    changed = replace(state.packs[digest], **fields)
    return replace(state, packs={**state.packs, digest: changed})
