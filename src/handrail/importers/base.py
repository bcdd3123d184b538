"""What every importer gives: a conversation of core turns, and the truth recorded with it."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from handrail.core.model import Role, Turn

CONVERSATION = "conversation"
OPERATIONS = "operations"

# A tool by which an agent passes a case on: a verb of passing on and a word for who gets it.
_TRANSFER = re.compile(
    r"(?:transfer|escalat|hand_?(?:off|over)|handoff|connect|route).{0,12}"
    r"(?:human|agent|person|operator|representative|support|staff)"
    r"|(?:human|agent|live)_?(?:handoff|handover|transfer|takeover)"
    r"|^(?:action_)?(?:handoff|handover|hand_off|hand_over|human_handoff)$",
    re.IGNORECASE,
)


class MalformedError(ValueError):
    """A document that is no conversation of its format. The message says what is wrong with it."""


def not_json(error: json.JSONDecodeError) -> str:
    """Why a line cannot be read, with the place in it."""
    if "UTF-8" in error.msg:
        return "not UTF-8 text; save the file as UTF-8"
    return f"not JSON: {error.msg}, at character {error.pos + 1}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A malformed document: it was left out and the reading went on. Line 0 = the whole file."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place} - {self.message}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What is known of how a conversation should have gone, and how it went. None = not known.

    Turns are places in `Conversation.turns`, from 0. `agent_handoff` is what the recorded agent
    did, `would_fail` whether it failed at its task. `trigger` is the expected one; "" = any.
    `group` joins conversations that are trials of one task.
    """

    should_handoff: bool | None = None
    turn: int | None = None
    agent_handoff: bool | None = None
    agent_handoff_turn: int | None = None
    would_fail: bool | None = None
    trigger: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A recorded conversation. `source` and `line` say where it stands, `line` from 1.

    `attributes` are groups of values that named conditions read. `workflow` None: not recorded.
    `whole` False: its beginning is missing.
    """

    id: str
    turns: tuple[Turn, ...]
    truth: Truth | None = None
    kind: str = CONVERSATION
    language: str = ""
    tier: str = ""
    stage: str = ""
    attributes: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    workflow: str | None = None
    title: str = ""
    whole: bool = True
    source: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a document stands, and what the file said once for all of them (see `stream`)."""

    source: str
    line: int
    header: Mapping[str, object] = field(default_factory=dict)


def is_transfer(name: str) -> bool:
    """Whether the name of a tool says that it passes a case on to a human."""
    return _TRANSFER.search(name) is not None


def transfer_turn(turns: tuple[Turn, ...]) -> int | None:
    """The place of the recorded agent's transfer: its call of a transfer tool, or the first turn
    of a human; None when it did not transfer.
    """
    for place, turn in enumerate(turns):
        if turn.role is Role.HUMAN:
            return place
        if turn.tool_calls and any(is_transfer(call.name) for call in turn.tool_calls):
            return place
    return None


def with_recorded(truth: Truth | None, turns: tuple[Turn, ...]) -> Truth:
    """The truth, with what the recorded agent did read from the turns where it is not told."""
    truth = truth or Truth()
    if truth.agent_handoff is not None:
        return truth
    place = transfer_turn(turns)
    return replace(truth, agent_handoff=place is not None, agent_handoff_turn=place)
