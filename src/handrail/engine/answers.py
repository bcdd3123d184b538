"""Answers that were given: a call that is repeated under its id gets the same one."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from typing import Any

from handrail import codec
from handrail.core.ownership import Command
from handrail.engine.reply import Reply
from handrail.errors import Conflict
from handrail.ports import Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was answered, and the digest of what it was an answer to."""

    digest: str
    reply: Reply


def digest(said: Any, by: str = "") -> str:
    """What tells one turn or command from another. The time that a caller gives is not part of it:
    who tries again may give a later one.
    """
    told: Mapping[str, Any] = asdict(said)
    plain = {
        one.name: told[one.name]
        for one in fields(said)
        if one.name != "at" and (one.default is MISSING or getattr(said, one.name) != one.default)
    }
    kind = said.name if isinstance(said, Command) else "turn"
    text = json.dumps([kind, plain, by], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def known(unit: Unit, case: str, key: str, mark: str) -> Reply | None:
    """The reply to this very call. Conflict when the id was used for something else."""
    kept = unit.answer(case, key)
    if kept is None:
        return None
    before: Answer = codec.load(Answer, kept)
    if before.digest != mark:
        kind, _, name = key.partition(":")
        raise Conflict(
            f"the id `{name}` was used for another {kind} on case `{case}`",
            hint="give every turn and command an id of its own, and repeat it only with the same",
        )
    return before.reply


def remember(unit: Unit, case: str, key: str, mark: str, reply: Reply) -> None:
    """Keep the reply for when the call comes again."""
    unit.remember(case, key, codec.dump(Answer(digest=mark, reply=reply)))
