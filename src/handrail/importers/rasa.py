"""Rasa tracker dumps: `{"sender_id", "events": [{"event": "user" | "bot" | "action" ...}]}`.

A `user` event is a customer turn, `bot` an agent turn whose confidence is that of the intent it
answers, an own action (`action_*`, not Rasa's) a tool, a filled slot progress, a new session a
new episode. An action that hands over is the agent's call of a transfer tool. An intent that
asks for a human is told as such, since the bot has already understood it.
"""

import re
from collections.abc import Mapping

from handrail.core.model import Event, Role, ToolCall, Turn
from handrail.importers import values
from handrail.importers.base import (
    Conversation,
    MalformedError,
    Place,
    is_transfer,
    with_recorded,
)

_OWN = frozenset(
    {
        "action_back",
        "action_deactivate_loop",
        "action_default_ask_affirmation",
        "action_default_ask_rephrase",
        "action_default_fallback",
        "action_extract_slots",
        "action_listen",
        "action_restart",
        "action_revert_fallback_events",
        "action_send_text",
        "action_session_start",
        "action_two_stage_fallback",
        "action_unlikely_intent",
    }
)
_ASKS = re.compile(
    r"(?:human|agent|operator|person|representative)_?(?:handoff|request|please|support)?$"
    r"|^(?:talk|speak|contact|request|ask|connect|transfer)\w*_(?:human|agent|person|operator)",
    re.IGNORECASE,
)
_NO_PROGRESS = frozenset({"requested_slot", "session_started_metadata"})


def detect(value: object) -> bool:
    """Whether a document looks like this format."""
    if not isinstance(value, dict) or not isinstance(value.get("events"), list):
        return False
    events = value["events"]
    return "sender_id" in value or bool(
        events and isinstance(events[0], dict) and "event" in events[0]
    )


def parse(value: object, place: Place) -> Conversation:
    """The conversation of a tracker."""
    found = values.mapping(value, "a tracker")
    if "events" not in found:
        raise MalformedError("a tracker has no `events`")
    turns: list[Turn] = []
    confidence: float | None = None
    for number, item in enumerate(values.items(found["events"], "`events`")):
        try:
            event = values.mapping(item, "an event")
            turn, confidence = _turn(event, confidence, started=bool(turns))
        except MalformedError as error:
            raise MalformedError(f"event {number}: {error}") from None
        if turn is not None:
            turns.append(turn)
    if not turns:
        raise MalformedError("there is no event of a user, a bot or an action")
    told = tuple(turns)
    return Conversation(
        id=values.name(found.get("sender_id"), "`sender_id`") or f"{place.source}:{place.line}",
        turns=told,
        truth=with_recorded(None, told),
        source=place.source,
        line=place.line,
    )


def _turn(
    event: Mapping[str, object], confidence: float | None, *, started: bool
) -> tuple[Turn | None, float | None]:
    """The turn of an event, if it is one, and the confidence in the last thing understood."""
    kind = values.name(event.get("event"), "`event`")
    if not kind:
        raise MalformedError("`event` is missing")
    at = values.moment(event.get("timestamp"), "`timestamp`")
    name = values.name(event.get("name"), "`name`")
    if kind == "user":
        intent, confidence = _understood(event)
        asked = (Event.HUMAN_REQUESTED,) if intent and _ASKS.search(intent) else ()
        text = values.text(event.get("text"), "`text`")
        return Turn(role=Role.CUSTOMER, text=text, at=at, events=asked), confidence
    if kind == "bot":
        text = values.text(event.get("text"), "`text`")
        return Turn(role=Role.AGENT, text=text, at=at, confidence=confidence), confidence
    if kind in {"action", "action_execution_rejected"}:
        return _action(name, at, failed=kind != "action"), confidence
    if kind == "slot" and name not in _NO_PROGRESS and event.get("value") is not None and started:
        return Turn(role=Role.OPS, at=at, events=(Event.PROGRESS,)), confidence
    if kind in {"session_started", "restart"} and started:
        return Turn(role=Role.OPS, at=at, events=(Event.EPISODE_STARTED,)), None
    return None, confidence


def _understood(event: Mapping[str, object]) -> tuple[str, float | None]:
    """The intent of what the user said, and how sure the bot was of it."""
    raw = event.get("parse_data")
    data = {} if raw is None else values.mapping(raw, "`parse_data`")
    inner = data.get("intent")
    intent = {} if inner is None else values.mapping(inner, "`intent`")
    confidence = values.number(intent.get("confidence"), "the confidence of the intent")
    return values.name(intent.get("name"), "the name of the intent"), confidence


def _action(name: str, at: int | None, *, failed: bool) -> Turn | None:
    if not name or name in _OWN or name.startswith("utter_"):
        return None
    if is_transfer(name):
        asked = (Event.TRANSFER_REQUESTED,)
        return Turn(role=Role.AGENT, at=at, events=asked, tool_calls=(ToolCall(name=name),))
    return Turn(role=Role.TOOL, at=at, tool=name, error=True if failed else None)
