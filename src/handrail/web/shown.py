"""What answers say: the values of the core as JSON."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from handrail import codec
from handrail.core.ownership import Ownership, Refused, accountable, owner
from handrail.core.record import plain
from handrail.engine import Barred, gate
from handrail.engine.reply import Reply
from handrail.ports import Approval, Case, Effect, Entry, Line

Json = dict[str, Any]


class _Out(BaseModel):
    model_config = ConfigDict(extra="allow")


class OwnerOut(_Out):
    """Who must act now."""

    kind: Literal["ai", "queue", "human"]
    id: str


class StandOut(_Out):
    """Where a case is."""

    case: str
    status: Literal["ai", "queued", "proposed", "held", "delegated", "fallback", "closed"]
    owner: OwnerOut | None = Field(description="Null when the case is closed.")
    accountable: str = Field(description="The person who answers for it; empty: the AI has it.")
    epoch: tuple[int, int] = Field(description="Incarnation and number.")
    queue: str


class ReplyOut(StandOut):
    """What came of a turn or a command."""

    outcome: Literal["continue", "offer", "handoff"]
    paused: bool = Field(description="The AI must not speak now.")
    opened: bool = Field(description="This opened a handoff.")
    decision: Json | None
    notices: list[Json] = Field(description="What the customer is told: event, text, speaker.")
    offer: str = Field(description="The id of the offer that is open.")
    message: str = Field(description="The key of what was sent.")
    caught: list[str]


class CaseOut(StandOut):
    """A case."""

    workflow: str
    human: str
    priority: int
    handoffs: int
    since: int = Field(description="When the handoff began, milliseconds since the epoch; 0: none.")


def answered(body: Any, status: int = 200) -> Response:
    """JSON, written once."""
    return Response(codec.dump(body), status_code=status, media_type="application/json")


def stand(name: str, own: Ownership) -> Json:
    """Where a case is."""
    has = owner(own)
    return {
        "case": name,
        "status": own.status.value,
        "owner": None if has is None else {"kind": has.kind.value, "id": has.id},
        "accountable": accountable(own),
        "epoch": list(own.epoch),
        "queue": own.queue,
    }


def reply(made: Reply) -> Json:
    """What came of a turn or a command."""
    has = made.owner
    return {
        "case": made.case,
        "status": made.status.value,
        "owner": None if has is None else {"kind": has.kind.value, "id": has.id},
        "accountable": made.accountable,
        "epoch": list(made.epoch),
        "queue": made.queue,
        "mode": made.mode.value,
        "outcome": made.outcome.name.lower(),
        "paused": made.paused,
        "stopped": made.stopped,
        "opened": made.opened,
        "cooldown": made.cooldown,
        "decision": None if made.decision is None else plain(made.decision),
        "notices": [
            {"event": one.event, "text": one.text, "speaker": one.speaker.value}
            for one in made.told
        ],
        "offer": made.offer,
        "message": made.message,
        "caught": list(made.caught),
        "refused": made.why,
    }


def meaning(made: Reply) -> str:
    """Why nothing was done, in words."""
    return "" if made.refused is None else why(made.refused)


def why(refused: Refused | Barred) -> str:
    """A refusal in words."""
    return refused.message if isinstance(refused, Refused) else gate.MEANING[refused]


def case(found: Case) -> Json:
    """A case, without a text of anybody."""
    own = found.ownership
    told = stand(found.id, own) | {
        "workflow": found.workflow,
        "human": own.human,
        "steward": own.steward,
        "priority": own.priority,
        "reasons": list(own.reasons),
        "topics": list(found.state.topics),
        "tier": found.attributes.tier,
        "stage": found.attributes.stage,
        "language": found.language,
        "handoffs": own.handoff,
        "episode": own.episode,
        "bounces": own.bounces,
        "since": found.since,
        "turns": found.lines,
        "entries": found.entries,
        "linked": found.linked,
        "next": found.next,
        "offer": found.offer.id if found.offer and found.offer.status.value == "open" else "",
    }
    if own.mandate is not None:
        told["mandate"] = plain(own.mandate)
    if own.fallback is not None:
        told["fallback"] = {"kind": own.fallback.value, "due": own.fallback_due}
    if own.closure is not None:
        told["closure"] = plain(own.closure)
    return told


def line(found: Line) -> Json:
    """A turn, with its text."""
    return {
        "number": found.number,
        "at": found.at,
        "by": found.by,
        "turn": codec.plain(found.turn),
        "signals": plain(found.signals),
    }


def entry(found: Entry) -> Json:
    """A ledger entry."""
    return {
        "case": found.case,
        "number": found.number,
        "at": found.at,
        "name": found.name,
        "actor": found.actor,
        "epoch": list(found.epoch),
        "body": dict(found.body),
    }


def effect(found: Effect) -> Json:
    """Something to do outside, and how far it is."""
    return {
        "key": found.key,
        "case": found.case,
        "kind": found.kind,
        "status": found.status.value,
        "at": found.at,
        "due": found.due,
        "attempts": found.attempts,
        "error": found.error,
        "body": dict(found.body),
    }


def approval(found: Approval) -> Json:
    """A request for approval."""
    return {
        "id": found.id,
        "case": found.case,
        "tool": found.tool,
        "digest": found.digest,
        "at": found.at,
        "expires": found.expires,
        "status": found.status.value,
        "by": found.by,
    }


def page(items: Sequence[Json], cursor: str) -> Mapping[str, Any]:
    """Some rows, and where the next ones begin; empty: there are none."""
    return {"items": list(items), "next": cursor}
