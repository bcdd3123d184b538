"""OpenAI-style chat logs: `{"messages": [...], "id"?, "metadata"?, "gold"?}`, or the bare list.

`metadata` may hold `tier`, `stage`, `workflow`, `language`, `kind`, `title`, `conversation_id`,
and `attributes`; the same keys may stand beside `messages`. `gold` and `group` are those of the
uniform format; turns count from 0 among the messages that are turns.
"""

from collections.abc import Mapping

from handrail.importers import messages, uniform, values
from handrail.importers.base import (
    CONVERSATION,
    Conversation,
    MalformedError,
    Place,
    with_recorded,
)

_IDS = ("id", "conversation_id", "thread_id", "session_id")


def detect(value: object) -> bool:
    """Whether a document looks like this format."""
    if isinstance(value, dict):
        return isinstance(value.get("messages"), list)
    return messages.looks_like(value)


def parse(value: object, place: Place) -> Conversation:
    """The conversation of a document."""
    found = {"messages": value} if isinstance(value, list) else values.mapping(value, "a log")
    if "messages" not in found:
        raise MalformedError("a chat has no `messages`")
    meta = values.mapping(found.get("metadata") or {}, "`metadata`")
    known = {**meta, **found}
    turns = messages.turns(found["messages"])
    whole = values.flag(known.get("whole"), "`whole`")
    return Conversation(
        id=_id(known) or f"{place.source}:{place.line}",
        turns=turns,
        truth=with_recorded(uniform.truth(found), turns),
        kind=values.name(known.get("kind"), "`kind`") or CONVERSATION,
        language=values.name(known.get("language", known.get("lang")), "`language`"),
        tier=values.name(known.get("tier"), "`tier`"),
        stage=values.name(known.get("stage"), "`stage`"),
        attributes=values.groups(known.get("attributes"), "`attributes`"),
        workflow=values.name(known.get("workflow"), "`workflow`") or None,
        title=values.name(known.get("title"), "`title`"),
        whole=whole is not False,
        source=place.source,
        line=place.line,
    )


def _id(known: Mapping[str, object]) -> str:
    for key in _IDS:
        if known.get(key) is not None:
            return values.name(known[key], f"`{key}`")
    return ""
