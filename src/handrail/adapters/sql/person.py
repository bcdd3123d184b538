"""What is kept about a person, told as plain data that people can read."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from handrail import codec
from handrail.adapters.sql import personal
from handrail.adapters.sql.personal import Subject
from handrail.adapters.sql.unit import SqlUnit
from handrail.core.record import plain
from handrail.ports import Case, Effect

FORMAT, VERSION = "handrail-person", 1
_OF = 'where workspace = ? and "case" = ?'
_TEXTS = f"select key, text from payloads {_OF} order by key"
_ANSWERS = f"select key, at, body from answers {_OF} order by at, key"
_HANDOFFS = f"select number, opened, ended from handoffs {_OF} order by number"


def told(unit: SqlUnit, workspace: str, who: Subject) -> dict[str, Any]:
    """All cases of a subject with all that belongs to them. NotFound when there are none."""
    names = personal.cases_of(unit, who)
    found = [case for case in map(unit.case, names) if case is not None]
    return {
        "format": FORMAT,
        "version": VERSION,
        "workspace": workspace,
        "at": _instant(unit.now()),
        "subject": who._asdict(),
        "holds": [
            {**one.subject._asdict(), "reason": one.reason, "by": one.by, "at": _instant(one.at)}
            for one in personal.holds_on(unit, names)
        ],
        "cases": [_case(unit, case) for case in found],
    }


def _case(unit: SqlUnit, case: Case) -> dict[str, Any]:
    """One case: its row, and what hangs on it."""
    texts = {key: _text(data) for key, data in unit.ask(_TEXTS, case.id)}
    turns = [
        {
            "number": one.number,
            "at": _instant(one.at),
            "by": one.by,
            **(_json(texts.pop(one.key)) if one.key in texts else {"role": one.role.value}),
            "signals": plain(one.signals),
        }
        for one in unit.lines(case.id)
    ]
    effects = [_effect(one, texts.pop(one.key, "")) for one in unit.effects(case.id)]
    return {
        **_json(codec.dump(case)),
        "deadlines": _json(codec.dump(unit.deadlines(case.id))),
        "handoffs": _handoffs(unit.ask(_HANDOFFS, case.id)),
        "turns": turns,
        "effects": effects,
        "approvals": [_json(codec.dump(one)) for one in unit.approvals(case.id)],
        "answers": [
            {"key": key, "at": _instant(at), "answer": _json(body)}
            for key, at, body in unit.ask(_ANSWERS, case.id)
        ],
        "notes": [{"key": key, "text": text} for key, text in texts.items()],
        "entries": [
            {
                "number": one.number,
                "at": _instant(one.at),
                "name": one.name,
                "actor": one.actor,
                "epoch": str(one.epoch),
                "body": one.body,
            }
            for one in unit.entries(case.id)
        ],
    }


def _effect(one: Effect, text: str) -> dict[str, Any]:
    """An effect with what it says; a bundle as the data that it is."""
    return {
        "key": one.key,
        "kind": one.kind,
        "status": one.status.value,
        "at": _instant(one.at),
        "body": one.body,
        "error": one.error,
        "text": _json(text) if one.kind == "bundle" else text,
    }


def _handoffs(rows: Sequence[Any]) -> list[dict[str, Any]]:
    return [
        {"number": number, "opened": _instant(opened), "ended": ended and _instant(ended)}
        for number, opened, ended in rows
    ]


def _text(data: Any) -> str:
    return bytes(data).decode("utf-8", "surrogatepass")


def _json(text: str) -> Any:
    """What a JSON text says; a text that is none, as it stands."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _instant(at: int) -> str:
    """Milliseconds since the epoch as ISO 8601."""
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")
