"""Answers that were given: a call that is repeated under its id gets the same one."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cache
from operator import attrgetter
from typing import Any

from handrail import books, codec
from handrail.core.ownership import Command
from handrail.engine.reply import Reply
from handrail.errors import Conflict, InputError
from handrail.ports import Unit

_LONGEST = 200
_UNREADABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")  # not every database takes these


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was answered, and the digest of what it was an answer to."""

    digest: str
    reply: Reply


def digest(said: Any, by: str = "") -> str:
    """What tells one turn or command from another. The time that a caller gives is not part of it:
    who tries again may give a later one.
    """
    names, read, defaults = _fields(said.__class__)
    plain = {
        name: found
        for name, found, default in zip(names, read(said), defaults, strict=True)
        if found is not default and found != default
    }
    kind = said.name if isinstance(said, Command) else "turn"
    return hashlib.sha256(codec.dump([kind, plain, by]).encode()).hexdigest()


@cache
def _fields(kind: Any) -> tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]], list[Any]]:
    """What a turn or command says, by name, how to read it, and the defaults: what has its default
    is left out of the digest, so that a field with one may be added later.
    """
    found = sorted((one for one in fields(kind) if one.name != "at"), key=attrgetter("name"))
    names = tuple(one.name for one in found)
    read = attrgetter(*names) if len(names) > 1 else lambda said: (getattr(said, names[0]),)
    return names, read, [one.default for one in found]


def named(what: str, name: str) -> None:
    """Whether this can be the id of a case or of a call. InputError when not."""
    if not name or len(name) > _LONGEST or _UNREADABLE.search(name):
        told = ascii(name[:40])[1:-1]
        raise InputError(
            f"`{told}` cannot be the id of a {what}",
            hint=f"give 1 to {_LONGEST} characters, none of them a control character",
        )
    if what == "case" and books.is_book(name):
        raise InputError(
            f"`{name}` cannot be the id of a case", hint=f"begin it with anything but {books.MARK}"
        )


def known(unit: Unit, case: str, key: str, mark: str) -> Reply | None:
    """The reply to this very call. Conflict when the id was used for something else."""
    named("case", case)
    named("call", key.partition(":")[2])
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
