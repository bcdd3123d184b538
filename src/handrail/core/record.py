"""The recorded input of a decision, and its bytes: what law 6 replays.

One JSON object with sorted keys and no spaces. A field that has its default is left out, so a
line is short and an older line stays readable. Inputs hold numbers and names, no free text.

A line is written by one plain function for each type, and read by functions that are put together
once for each type.
"""

import json
from collections.abc import Callable
from dataclasses import MISSING, fields
from enum import Enum
from functools import cache, lru_cache
from json.encoder import encode_basestring as _quote
from operator import attrgetter
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from handrail.core.case import CaseState
from handrail.core.model import Context, Decision, Outcome, Reason, Signals, Source, value

VERSION = 1
_AS_IS = frozenset({int, str, bool, NoneType})
_OUTCOMES = {outcome: f'"{outcome.code}"' for outcome in Outcome}


@value
class Input:
    """Everything that a decision was made from, besides the pack."""

    state: CaseState
    signals: Signals
    context: Context = Context()


def dump(given: Input, decision: Decision) -> bytes:
    """The canonical line of a decision and its input, without a line end."""
    line = (
        f'{{"context":{_context(given.context)},"decision":{_decision(decision)},'
        f'"signals":{signals(given.signals)},"state":{_state(given.state)},"v":{VERSION}}}'
    )
    return line.encode("utf-8", "surrogatepass")


def load(line: bytes) -> tuple[Input, Decision]:
    """Read a line back. Raises ValueError that says what is wrong with it."""
    try:
        data = json.loads(line)
        if data["v"] != VERSION:
            raise ValueError(f"record version `{data['v']}` is not {VERSION}")
        given = Input(
            state=build(CaseState, data["state"]),
            signals=build(Signals, data["signals"]),
            context=build(Context, data["context"]),
        )
        return given, build(Decision, data["decision"])
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a decision record: {error}") from error


def plain(value: Any) -> Any:
    """A value as JSON types; a dataclass without the fields that have their defaults."""
    kind: Any = type(value)
    if kind in _AS_IS:
        return value
    if isinstance(value, Enum):
        return _code(value)
    if isinstance(value, tuple):
        return [item if type(item) in _AS_IS else plain(item) for item in value]
    names, defaults, read = _layout(kind)
    return {
        name: item if type(item) in _AS_IS else plain(item)
        for name, item, default in zip(names, read(value), defaults, strict=True)
        if item is not default and item != default
    }


def build(kind: Any, value: Any) -> Any:
    """The value of a type from its JSON form. Raises ValueError, TypeError, KeyError or
    AttributeError when it is not.
    """
    return _reader(kind)(value)


def _code(item: Enum) -> str:
    """How a member of a closed list is written."""
    return item.name.lower() if isinstance(item.value, int) else str(item.value)


_Layout = tuple[tuple[str, ...], tuple[object, ...], Callable[[Any], tuple[Any, ...]]]


@cache
def _layout(kind: type) -> _Layout:
    """The fields of a dataclass, sorted: names, defaults, and how to read all of them at once."""
    members = sorted(fields(kind), key=attrgetter("name"))
    names = tuple(member.name for member in members)
    defaults = tuple(
        member.default if member.default_factory is MISSING else member.default_factory()
        for member in members
    )
    if len(names) > 1:
        return names, defaults, attrgetter(*names)
    # `attrgetter` of a single name gives no tuple.
    return names, defaults, lambda value: tuple(getattr(value, name) for name in names)


# One function for each type, field by field in the order of the names: a replay writes a line for
# every turn, and whatever walks over the fields takes three times as long. A test holds them to
# `plain`, so that no field can be forgotten.
_name = lru_cache(maxsize=4096)(_quote)  # the same few names, thousands of times


def _names(values: tuple[str, ...]) -> str:
    return f"[{','.join([_name(value) for value in values])}]"


def _context(given: Context) -> str:
    line = ""
    if given.arm:
        line += f',"arm":{_name(given.arm)}'
    if given.at is not None:
        line += f',"at":{given.at}'
    who = given.attributes
    if who.tier or who.stage:
        of = f',"stage":{_name(who.stage)}' if who.stage else ""
        if who.tier:
            of += f',"tier":{_name(who.tier)}'
        line += f',"attributes":{{{of[1:]}}}'
    if given.conditions:
        pairs = [
            f"[{_name(name)},{'true' if true else 'false'}]" for name, true in given.conditions
        ]
        line += f',"conditions":[{",".join(pairs)}]'
    if given.forecast.wait is not None:
        line += f',"forecast":{{"wait":{given.forecast.wait}}}'
    if given.roster:
        line += f',"roster":{given.roster}'
    return f"{{{line[1:]}}}"


def _decision(made: Decision) -> str:
    line = ""
    if made.contributions:
        parts = [
            f"[{_name(part)},{value},{weight},{points}]"
            for part, value, weight, points in made.contributions
        ]
        line = f',"contributions":[{",".join(parts)}]'
    if made.digest:
        line += f',"digest":{_name(made.digest)}'
    if made.faults:
        line += f',"faults":{_names(made.faults)}'
    line += f',"outcome":{_OUTCOMES[made.outcome]}'
    if made.reasons:
        line += f',"reasons":[{",".join([_reason(reason) for reason in made.reasons])}]'
    if made.reviewer_tags:
        line += f',"reviewer_tags":{_names(made.reviewer_tags)}'
    if made.score:
        line += f',"score":{made.score}'
    if made.suppressed:
        line += f',"suppressed":[{",".join([_reason(reason) for reason in made.suppressed])}]'
    return f"{{{line[1:]}}}"


def _reason(reason: Reason) -> str:
    line = f'"detail":{_name(reason.detail)},' if reason.detail else ""
    if reason.hard:
        line += '"hard":true,'
    line += f'"outcome":{_OUTCOMES[reason.outcome]}'
    if reason.threshold != 1:
        line += f',"threshold":{reason.threshold}'
    line += f',"trigger":{_name(reason.trigger)}'
    if reason.value != 1:
        line += f',"value":{reason.value}'
    return f"{{{line}}}"


@lru_cache(maxsize=4096)
def _sources(sources: tuple[tuple[str, Source], ...]) -> str:
    return f"[{','.join([f'[{_quote(name)},{_quote(source)}]' for name, source in sources])}]"


_latest: tuple[Signals | None, str] = (None, "")


def signals(seen: Signals) -> str:
    """The canonical JSON of signals. Those of the last turn are kept: they are written twice."""
    global _latest  # noqa: PLW0603  # one assignment, so no thread sees half of it
    last, text = _latest
    if seen is not last:
        text = _signals(seen)
        _latest = seen, text
    return text


def _signals(seen: Signals) -> str:
    parts = (
        ',"agent_request":true' if seen.agent_request else "",
        ',"announced_transfer":true' if seen.announced_transfer else "",
        ',"approval_expired":true' if seen.approval_expired else "",
        f',"approvals_requested":{seen.approvals_requested}' if seen.approvals_requested else "",
        f',"approvals_settled":{seen.approvals_settled}' if seen.approvals_settled else "",
        f',"at":{seen.at}' if seen.at is not None else "",
        f',"confidence":{seen.confidence}' if seen.confidence is not None else "",
        ',"data_missing":true' if seen.data_missing else "",
        f',"dissatisfaction":{seen.dissatisfaction}' if seen.dissatisfaction is not None else "",
        ',"episode_started":true' if seen.episode_started else "",
        ',"explicit_request":true' if seen.explicit_request else "",
        f',"faults":{_names(seen.faults)}' if seen.faults else "",
        f',"language":{_name(seen.language)}' if seen.language else "",
        ',"offer_accepted":true' if seen.offer_accepted else "",
        ',"offer_declined":true' if seen.offer_declined else "",
        ',"offer_expired":true' if seen.offer_expired else "",
        ',"operator_takeover":true' if seen.operator_takeover else "",
        ',"permission_missing":true' if seen.permission_missing else "",
        ',"policy_violation":true' if seen.policy_violation else "",
        ',"progress":true' if seen.progress else "",
        ',"repeated":true' if seen.repeated else "",
        f',"role":{_name(seen.role)}',
        f',"sources":{_sources(seen.sources)}' if seen.sources else "",
        ',"stalled":true' if seen.stalled else "",
        ',"tool_failed":true' if seen.tool_failed else "",
        ',"tool_succeeded":true' if seen.tool_succeeded else "",
        f',"topics":{_names(seen.topics)}' if seen.topics else "",
    )
    return f"{{{''.join(parts)[1:]}}}"


def _state(state: CaseState) -> str:
    parts = (
        f',"agent_requests":{state.agent_requests}' if state.agent_requests else "",
        f',"approval_since":{state.approval_since}' if state.approval_since else "",
        f',"approvals_open":{state.approvals_open}' if state.approvals_open else "",
        f',"confidence":{state.confidence}' if state.confidence != -1 else "",
        f',"customer_turns":{state.customer_turns}' if state.customer_turns else "",
        f',"episode":{state.episode}' if state.episode != 1 else "",
        f',"language":{_name(state.language)}' if state.language else "",
        f',"level":{state.level}' if state.level else "",
        f',"no_progress_turns":{state.no_progress_turns}' if state.no_progress_turns else "",
        f',"now":{state.now}' if state.now else "",
        ',"offer_open":true' if state.offer_open else "",
        f',"offers":{state.offers}' if state.offers else "",
        f',"progress_at":{state.progress_at}' if state.progress_at else "",
        f',"repeats":{state.repeats}' if state.repeats else "",
        f',"run_start":{state.run_start}' if state.run_start else "",
        ',"sentiment_known":true' if state.sentiment_known else "",
        f',"sentiment_run":{state.sentiment_run}' if state.sentiment_run else "",
        f',"stalled":{state.stalled}' if state.stalled else "",
        f',"tool_failures":{state.tool_failures}' if state.tool_failures else "",
        f',"topics":{_names(state.topics)}' if state.topics else "",
        f',"turns":{state.turns}' if state.turns else "",
        f',"turns_since_offer":{state.turns_since_offer}' if state.turns_since_offer else "",
        ',"whole":false' if not state.whole else "",
    )
    return f"{{{''.join(parts)[1:]}}}"


@cache
def _reader(kind: Any) -> Callable[[Any], Any]:
    """What makes a value of a type from its JSON form."""
    origin, args = get_origin(kind), get_args(kind)
    if origin in {Union, UnionType}:
        given = _reader(next(arg for arg in args if arg is not NoneType))
        return lambda value: None if value is None else given(value)
    if origin is tuple and args[-1] is Ellipsis:
        member = _reader(args[0])
        return lambda value: tuple([member(item) for item in value])
    if origin is tuple:
        members = [_reader(arg) for arg in args]
        return lambda value: tuple([read(item) for read, item in zip(members, value, strict=True)])
    if hasattr(kind, "_fields"):
        return lambda value: kind(*value)
    if issubclass(kind, Enum):
        return {_code(item): item for item in kind}.__getitem__
    return _primitive(kind) if kind in {int, str, bool} else _dataclass(kind)


def _primitive(kind: type) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if type(value) is not kind:
            raise TypeError(f"`{value!r}` is not {kind.__name__}")
        return value

    return read


def _dataclass(kind: Any) -> Callable[[Any], Any]:
    hints = get_type_hints(kind)
    readers = {item.name: _reader(hints[item.name]) for item in fields(kind)}

    def read(value: Any) -> Any:
        unknown = value.keys() - readers.keys()
        if unknown:
            raise ValueError(f"unknown field `{min(unknown)}`")
        return kind(**{name: readers[name](item) for name, item in value.items()})

    return read
