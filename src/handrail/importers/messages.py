"""Chat messages as the OpenAI API has them, made into turns. Shared by the formats that use them.

Instructions (`system`, `developer`) are no turns. What a message says is its text parts; images,
sounds and files in it are left out.
"""

from collections.abc import Mapping

from handrail.core.model import Role, ToolCall, Turn
from handrail.importers import values
from handrail.importers.base import MalformedError

_ROLES = {
    "user": Role.CUSTOMER,
    "assistant": Role.AGENT,
    "tool": Role.TOOL,
    "function": Role.TOOL,
    "human": Role.HUMAN,
}
_INSTRUCTIONS = frozenset({"system", "developer"})
_MARKERS = ("###STOP###", "###TRANSFER###", "###OUT-OF-SCOPE###")


def turns(value: object, *, simulated: bool = False) -> tuple[Turn, ...]:
    """The turns of a list of messages.

    `simulated`: the customer is a program, whose stop markers are no words of a customer, and a
    tool's text that starts with `Error` is a failure.
    """
    names: dict[str, str] = {}  # the tool behind each id of a call
    found = []
    for number, item in enumerate(values.items(value, "`messages`")):
        try:
            turn = _turn(values.mapping(item, "a message"), names, simulated=simulated)
        except MalformedError as error:
            raise MalformedError(f"message {number}: {error}") from None
        if turn is not None:
            found.append(turn)
    if not found:
        raise MalformedError("there is no message of a customer, an agent or a tool")
    return tuple(found)


def looks_like(value: object) -> bool:
    """Whether this is a list of messages."""
    return (
        isinstance(value, list)
        and bool(value)
        and isinstance(value[0], dict)
        and "role" in value[0]
    )


def _turn(message: Mapping[str, object], names: dict[str, str], *, simulated: bool) -> Turn | None:
    raw = message.get("role")
    if isinstance(raw, str) and raw in _INSTRUCTIONS:
        return None
    role = _ROLES.get(raw) if isinstance(raw, str) else None
    if role is None:
        if raw is None:
            raise MalformedError("`role` is missing")
        said = raw[:40] if isinstance(raw, str) else values.kind(raw)
        raise MalformedError(f"unknown role `{said}`")
    text = content(message.get("content")) or values.text(message.get("refusal"), "`refusal`")
    at = values.moment(message.get("timestamp", message.get("created_at")), "the time of a message")
    if role is Role.AGENT:
        calls = _calls(message, names)
        return Turn(role=role, text=text, at=at, tool_calls=calls, logprobs=_logprobs(message))
    if role is Role.TOOL:
        return Turn(
            role=role,
            text=text,
            at=at,
            tool=_tool(message, names),
            error=_error(message, text, simulated=simulated),
        )
    if simulated:
        text = _spoken(text)
    if not text and message.get("tool_calls"):
        return Turn(role=Role.OPS, at=at)  # the customer worked on their own device
    return Turn(role=role, text=text, at=at) if text or not simulated else None


def content(value: object) -> str:
    """The text of a message's content: a text, null, or a list of parts."""
    if value is None or isinstance(value, str):
        return value or ""
    parts = []
    for item in values.items(value, "`content`"):
        part = item if isinstance(item, str) else values.mapping(item, "a part of `content`")
        if isinstance(part, str):
            parts.append(part)
        else:
            said = part.get("text", part.get("refusal"))
            if said is not None:
                parts.append(values.text(said, "the text of a part"))
    return "\n".join(parts)


def _calls(message: Mapping[str, object], names: dict[str, str]) -> tuple[ToolCall, ...]:
    """The tool calls of a message: nested under `function`, flat, or of the older kind."""
    found = []
    for item in values.items(message.get("tool_calls"), "`tool_calls`"):
        raw = values.mapping(item, "a tool call")
        inner = raw.get("function", raw)
        function = values.mapping(inner, "`function`")
        call = values.call(function.get("name"), function.get("arguments"))
        key = raw.get("id")
        if isinstance(key, str):
            names[key] = call.name
        found.append(call)
    if message.get("function_call") is not None:
        old = values.mapping(message["function_call"], "`function_call`")
        found.append(values.call(old.get("name"), old.get("arguments")))
    return tuple(found)


def _tool(message: Mapping[str, object], names: dict[str, str]) -> str:
    """The name of the tool that answers: told, or by the id of its call."""
    told = values.name(message.get("name"), "`name`")
    if told:
        return told
    for field in ("tool_call_id", "id"):
        key = message.get(field)
        if isinstance(key, str) and key in names:
            return names[key]
    return ""


def _error(message: Mapping[str, object], text: str, *, simulated: bool) -> bool | None:
    told = values.flag(message.get("error", message.get("is_error")), "`error`")
    if told is None and simulated:
        return text.startswith("Error")
    return told


def _spoken(text: str) -> str:
    for marker in _MARKERS:
        text = text.replace(marker, "")
    return text.strip()


def _logprobs(message: Mapping[str, object]) -> tuple[float, ...]:
    """Log-probabilities of an answer's tokens, as the API gives them beside a message."""
    raw = message.get("logprobs")
    if raw is None:
        return ()
    if isinstance(raw, dict):
        raw = raw.get("content")
    found = []
    for item in values.items(raw, "`logprobs`"):
        value = item.get("logprob") if isinstance(item, dict) else item
        number = values.number(value, "a log-probability")
        if number is not None:
            found.append(number)
    return tuple(found)
