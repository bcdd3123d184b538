"""The tables of an export: their columns, and how the rows of the store become theirs.

Names, types and meanings are a promise to readers: within a version columns are only added.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from handrail import codec
from handrail.adapters.sql import personal, rows
from handrail.core.model import Role, Signals
from handrail.core.ownership import Party
from handrail.ports import Case

VERSION = 1
TEXT, INT, FLAG, NAMES = "text", "int", "flag", "names"
"""UTF-8 text, a 64-bit integer, true or false, a list of texts. All but lists may be null."""

Row = Mapping[str, Any]
_HALF = re.compile("[\ud800-\udfff]")
_MOST = (1 << 63) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table. `select` reads the columns of `key` first, then what `make` needs; `window` is
    the condition for a stretch of time, given its two ends; `only` is one that always holds.
    `personal` columns are null without texts.
    """

    name: str
    columns: Mapping[str, str]
    select: str
    key: tuple[str, ...]
    window: str
    make: Callable[[Sequence[Any]], Row]
    only: str = ""
    personal: frozenset[str] = frozenset()


def _of(**kinds: str) -> dict[str, str]:
    """Columns by kind, as `kind="name name"`."""
    return {name: kind for kind, names in kinds.items() for name in names.split()}


def _case(row: Sequence[Any]) -> Row:
    """A row of `cases`: the columns of the store, and what its body says."""
    name, body, *told = row
    case: Case = rows.read_case(body)
    own, closure = case.ownership, case.ownership.closure
    verdict = closure.verdict if closure else None
    return {
        "case": name,
        **dict(zip(_CASE, told, strict=True)),
        "transcript": case.transcript,
        "values": json.dumps(case.values, ensure_ascii=False, sort_keys=True),
        "language": case.language,
        "tier": case.attributes.tier,
        "stage": case.attributes.stage,
        "linked": case.linked,
        "next": case.next,
        "hard": case.hard,
        "turns": case.lines,
        "effects": case.effects,
        "episode": own.episode,
        "handoff": own.handoff,
        "bounces": own.bounces,
        "priority": own.priority,
        "level": own.level,
        "reasons": list(own.reasons),
        "closed_at": closure.at if closure else None,
        "closed_by": closure.by.kind.value if closure else None,
        "closed_by_id": closure.by.id if closure and closure.by.kind is Party.HUMAN else None,
        "disposition": closure.disposition if closure else None,
        "merged_into": closure.merged_into if closure else None,
        "verdict_helpful": verdict.helpful if verdict else None,
        "verdict_right_reviewer": verdict.right_reviewer if verdict else None,
        "verdict_missing": list(verdict.missing) if verdict else [],
        "verdict_timing": verdict.timing.value if verdict and verdict.timing else None,
    }


_CASE = (
    *("workflow", "status", "owner", "queue", "human", "customer", "since", "touched"),
    *("incarnation", "epoch", "version", "entries", "fires"),
)
CASES = Table(
    name="cases",
    columns={
        "case": TEXT,
        **_of(text="workflow status owner queue human customer"),
        **_of(int="since touched incarnation epoch version entries fires"),
        **_of(text="transcript values language tier stage linked next", flag="hard"),
        **_of(int="turns effects episode handoff bounces priority level", names="reasons"),
        **_of(int="closed_at", text="closed_by closed_by_id disposition merged_into"),
        **_of(flag="verdict_helpful verdict_right_reviewer", names="verdict_missing"),
        "verdict_timing": TEXT,
    },
    select=f"select id, body, {', '.join(_CASE)} from cases t",
    only=" and t.workflow <> ''",  # books are no cases
    key=("id",),
    window='exists (select 1 from entries e where e.workspace = t.workspace and e."case" = t.id '
    "and e.at >= ? and e.at < ?)",
    make=_case,
    personal=frozenset({"customer", "transcript", "values"}),
)

HANDOFFS = Table(
    name="handoffs",
    columns=_of(text="case", int="number opened ended"),
    select='select "case", number, opened, ended from handoffs t',
    key=('"case"', "number"),
    window="coalesce(t.ended, t.opened) >= ? and t.opened < ?",
    make=lambda row: dict(zip(("case", "number", "opened", "ended"), row, strict=True)),
)

_FLAGS = (
    "explicit_request agent_request announced_transfer offer_accepted offer_declined "
    "offer_expired repeated stalled progress tool_failed tool_succeeded permission_missing "
    "policy_violation data_missing operator_takeover approval_expired episode_started"
)


def _turn(row: Sequence[Any]) -> Row:
    """A row of `turns`; what was said is null once it was erased."""
    name, number, at, role, by, signals, said = row
    seen: Signals = codec.load(Signals, signals)
    told = None if said is None else bytes(said).decode("utf-8", "surrogatepass")
    return {
        "case": name,
        "number": number,
        "at": at,
        "role": role,
        "by": by if role != Role.CUSTOMER else "",
        "text": None if told is None else json.loads(told).get("text", ""),
        "turn": told,
        "measured_at": seen.at,
        "confidence": seen.confidence,
        "dissatisfaction": seen.dissatisfaction,
        "language": seen.language,
        **{name: getattr(seen, name) for name in _FLAGS.split()},
        "approvals_requested": seen.approvals_requested,
        "approvals_settled": seen.approvals_settled,
        "topics": list(seen.topics),
        "faults": [fault.value for fault in seen.faults],
        "sources": [f"{what}={source.value}" for what, source in seen.sources],
    }


TURNS = Table(
    name="turns",
    columns={
        **_of(text="case", int="number at"),
        **_of(text="role by text turn", int="measured_at confidence dissatisfaction"),
        **_of(text="language", flag=_FLAGS, int="approvals_requested approvals_settled"),
        **_of(names="topics faults sources"),
    },
    select=(
        'select t."case", t.number, t.at, t.role, t."by", t.signals, p.text from turns t '
        "left join payloads p on p.workspace = t.workspace "
        "and p.key = t.\"case\" || '#t' || cast(t.number as text)"
    ),
    key=('t."case"', "t.number"),
    window="t.at >= ? and t.at < ?",
    make=_turn,
    personal=frozenset({"text", "turn"}),
)

_ENTRY = ("case", "number", "at", "name", "actor", "incarnation", "epoch", "body", "hash")
_ENTRIES = 'select "case", number, at, name, actor, incarnation, epoch, body, hash from entries t'
ENTRIES = Table(
    name="entries",
    columns={
        **_of(text="case", int="number at"),
        **_of(text="name actor", int="incarnation epoch"),
        **_of(text="body hash"),
    },
    select=_ENTRIES,
    key=('"case"', "number"),
    window="t.at >= ? and t.at < ?",
    make=lambda row: dict(zip(_ENTRY, row, strict=True)),
)


def _decision(row: Sequence[Any]) -> Row:
    """A row of `decisions`, out of the entry that has the record."""
    name, number, at, body = row
    entry = json.loads(body)
    told = json.loads(entry["record"])
    made, context = told["decision"], told["context"]
    reasons = made.get("reasons", [])
    return {
        "case": name,
        "number": number,
        "line": entry["line"],
        "at": at,
        "outcome": made["outcome"],
        "trigger": reasons[0]["trigger"] if reasons else None,
        "hard": any(one.get("hard", False) for one in reasons),
        "reasons": [one["trigger"] for one in reasons],
        "details": [one.get("detail", "") for one in reasons],
        "suppressed": [one["trigger"] for one in made.get("suppressed", [])],
        "faults": made.get("faults", []),
        "reviewer_tags": made.get("reviewer_tags", []),
        "score": made.get("score", 0),
        "digest": made.get("digest", ""),
        "roster": context.get("roster", 0),
        "arm": context.get("arm", ""),
        "wait": context.get("forecast", {}).get("wait"),
        "record": entry["record"],
    }


DECISIONS = Table(
    name="decisions",
    columns={
        **_of(text="case", int="number line at"),
        **_of(text="outcome trigger", flag="hard"),
        **_of(names="reasons details suppressed faults reviewer_tags", int="score"),
        **_of(text="digest", int="roster"),
        **_of(text="arm", int="wait"),
        "record": TEXT,
    },
    select='select "case", number, at, body from entries t',
    only=" and t.name = 'decision'",
    key=('"case"', "number"),
    window="t.at >= ? and t.at < ?",
    make=_decision,
)


def _effect(row: Sequence[Any]) -> Row:
    """A row of `effects`: of the body what Handrail wrote, as JSON."""
    key, name, number, kind, status, at, due, attempts, error, body, said = row
    ours = personal.plain(json.loads(body))
    return {
        "key": key,
        "case": name,
        "number": number,
        "kind": kind,
        "status": status,
        "at": at,
        "due": due,
        "attempts": attempts,
        "error": error,
        "body": json.dumps(ours, ensure_ascii=False, sort_keys=True),
        "text": None if said is None else bytes(said).decode("utf-8", "surrogatepass"),
    }


EFFECTS = Table(
    name="effects",
    columns={
        **_of(text="key case", int="number"),
        **_of(text="kind status", int="at due attempts"),
        **_of(text="error body text"),
    },
    select=(
        'select t.key, t."case", t.number, t.kind, t.status, t.at, t.due, t.attempts, t.error, '
        "t.body, p.text from effects t "
        "left join payloads p on p.workspace = t.workspace and p.key = t.key"
    ),
    key=("t.key",),
    window="t.at >= ? and t.at < ?",
    make=_effect,
    personal=frozenset({"text"}),
)

TABLES = (CASES, HANDOFFS, TURNS, ENTRIES, DECISIONS, EFFECTS)
"""All of them, in the order in which they are written."""


def made(table: Table, row: Sequence[Any], *, texts: bool) -> dict[str, Any]:
    """A row as it is written: every column, in order, and nothing that no file could hold."""
    told = table.make(row)
    if not texts:
        told = {**told, **dict.fromkeys(table.personal)}
    return {
        name: told[name] if kind == FLAG else _written(told[name], kind)
        for name, kind in table.columns.items()
    }


def _written(value: Any, kind: str) -> Any:
    if kind == NAMES:
        return [_written(one, TEXT) for one in value]
    if isinstance(value, str):
        return value if value.isascii() else _HALF.sub("\ufffd", value)
    if value is not None and not -_MOST <= value <= _MOST:
        return None
    return value
