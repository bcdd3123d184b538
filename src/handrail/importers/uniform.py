"""The uniform format: one conversation a line, with the truth where it is known.

`{"id", "turns": [...], "gold"?: {...}, "group"?, "workflow"?, "tier"?, "stage"?, "lang"?,
"kind"?, "attributes"?, "title"?, "start"?, "whole"?}`. A turn is `{"role", "text",
"tool_calls"?: [{"name", "args"}], "tool_error"?, "tool_name"?, "requestor"?, "at"?, "events"?,
"confidence"?, "logprobs"?, "sentiment"?, "topics"?, "language"?}`; `at` is in seconds after
`start`, `sentiment` a share of dissatisfaction. Keys that are not named here are left alone.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from handrail.core.model import Event, Role, ToolCall, Turn
from handrail.importers import values
from handrail.importers.base import (
    CONVERSATION,
    OPERATIONS,
    Conversation,
    MalformedError,
    Place,
    Truth,
    with_recorded,
)

ROLES = {
    "user": Role.CUSTOMER,
    "customer": Role.CUSTOMER,
    "assistant": Role.AGENT,
    "agent": Role.AGENT,
    "human": Role.HUMAN,
    "tool": Role.TOOL,
    "ops": Role.OPS,
}
_EVENTS = {event.value: event for event in Event}


def detect(value: object) -> bool:
    """Whether a document looks like this format."""
    return isinstance(value, dict) and isinstance(value.get("turns"), list)


def parse(value: object, place: Place) -> Conversation:
    """The conversation of a document."""
    found = values.mapping(value, "a conversation")
    if "turns" not in found:
        raise MalformedError("a conversation has no `turns`")
    start = values.moment(found.get("start"), "`start`")
    base = values.EPOCH if start is None else start
    raw = values.items(found["turns"], "`turns`")
    if not raw:
        raise MalformedError("`turns` is empty")
    turns = _named([turn(item, base, number) for number, item in enumerate(raw)], raw)
    kind = values.name(found.get("kind"), "`kind`")
    if kind not in {"", CONVERSATION, OPERATIONS}:
        raise MalformedError(f"`kind` `{kind}` is neither `{CONVERSATION}` nor `{OPERATIONS}`")
    whole = values.flag(found.get("whole"), "`whole`")
    return Conversation(
        id=values.name(found.get("id"), "`id`") or f"{place.source}:{place.line}",
        turns=turns,
        truth=with_recorded(truth(found), turns),
        kind=kind or CONVERSATION,
        language=values.name(found.get("lang", found.get("language")), "`lang`"),
        tier=values.name(found.get("tier"), "`tier`"),
        stage=values.name(found.get("stage"), "`stage`"),
        attributes=values.groups(found.get("attributes"), "`attributes`"),
        workflow=values.name(found.get("workflow"), "`workflow`") or None,
        title=values.name(found.get("title"), "`title`"),
        whole=whole is not False,
        source=place.source,
        line=place.line,
    )


def turn(value: object, start: int, number: int) -> Turn:
    """One turn. `start` is what its `at` counts from, in milliseconds."""
    try:
        return _turn(values.mapping(value, "a turn"), start)
    except MalformedError as error:
        raise MalformedError(f"turn {number}: {error}") from None


def _turn(found: Mapping[str, object], start: int) -> Turn:
    get = found.get
    role = role_of(get("role"))
    text = values.text(get("text"), "`text`")
    if not text and role is Role.CUSTOMER and get("user_tool_calls"):
        role = Role.OPS  # the customer worked on their own device and said nothing
    calls = get("tool_calls")
    rest = {key: _REST[key](found[key], start) for key in found if key in _REST}
    return Turn(
        role=role,
        text=text,
        tool=values.name(get("tool_name", get("tool")), "`tool_name`"),
        tool_calls=_calls(calls) if calls else (),
        error=values.flag(get("tool_error", get("error")), "`tool_error`"),
        **rest,
    )


def _named(turns: list[Turn], raw: Sequence[object]) -> tuple[Turn, ...]:
    """The turns, with results that name no tool named after the agent's calls, in their order.

    A tool that the customer ran (`requestor` user) answers no call of the agent.
    """
    waiting: list[str] = []
    for place, found in enumerate(turns):
        if found.tool_calls:
            waiting = [call.name for call in found.tool_calls]
        elif found.role is Role.TOOL and waiting:
            said = raw[place]
            if found.tool in waiting:
                waiting.remove(found.tool)
            elif not found.tool and isinstance(said, dict) and said.get("requestor") != "user":
                turns[place] = replace(found, tool=waiting.pop(0))
    return tuple(turns)


def truth(found: Mapping[str, object]) -> Truth | None:
    """The truth recorded with a conversation under `gold`, or None."""
    group = values.name(found.get("group"), "`group`")
    raw = found.get("gold")
    if raw is None:
        return Truth(group=group) if group else None
    gold = values.mapping(raw, "`gold`")
    return Truth(
        should_handoff=values.flag(gold.get("handoff"), "`gold.handoff`"),
        turn=values.whole(gold.get("turn"), "`gold.turn`"),
        agent_handoff=values.flag(gold.get("agent_handoff"), "`gold.agent_handoff`"),
        agent_handoff_turn=values.whole(
            gold.get("agent_handoff_turn"), "`gold.agent_handoff_turn`"
        ),
        would_fail=values.flag(gold.get("would_fail"), "`gold.would_fail`"),
        trigger=values.name(gold.get("trigger"), "`gold.trigger`"),
        group=group,
    )


def role_of(value: object) -> Role:
    """The role of a turn, by its name here or elsewhere."""
    role = ROLES.get(value) if isinstance(value, str) else None
    if role is None:
        if value is None:
            raise MalformedError("`role` is missing")
        said = value[:40] if isinstance(value, str) else values.kind(value)
        raise MalformedError(f"unknown role `{said}`; roles are {', '.join(ROLES)}")
    return role


def numbers(value: object, what: str) -> tuple[float, ...]:
    """A list of numbers."""
    found = tuple(values.number(item, what) for item in values.items(value, what))
    return tuple(item for item in found if item is not None)


def _calls(value: object) -> tuple[ToolCall, ...]:
    calls = [values.mapping(item, "a tool call") for item in values.items(value, "`tool_calls`")]
    return tuple(values.call(call.get("name"), call.get("args")) for call in calls)


def _events(value: object) -> tuple[Event, ...]:
    found = []
    for item in values.items(value, "`events`"):
        event = _EVENTS.get(item) if isinstance(item, str) else None
        if event is None:
            said = item[:40] if isinstance(item, str) else values.kind(item)
            raise MalformedError(f"unknown event `{said}`; events are {', '.join(_EVENTS)}")
        found.append(event)
    return tuple(found)


def _names(value: object, what: str) -> tuple[str, ...]:
    return tuple(values.name(item, what) for item in values.items(value, what))


# What few turns have, and how it is read; of most turns none of it is looked for.
_REST: dict[str, Callable[[object, int], Any]] = {
    "at": lambda value, start: values.seconds(value, start, "`at`"),
    "events": lambda value, _: _events(value) if value else (),
    "confidence": lambda value, _: values.number(value, "`confidence`"),
    "logprobs": lambda value, _: numbers(value, "`logprobs`") if value else (),
    "sentiment": lambda value, _: values.number(value, "`sentiment`"),
    "topics": lambda value, _: None if value is None else _names(value, "`topics`"),
    "language": lambda value, _: None if value is None else values.name(value, "`language`"),
}
