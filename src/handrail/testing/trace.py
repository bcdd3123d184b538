"""The trace of a world: each call with what was given and what went wrong in it. It replays."""

import json
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter

from handrail.core import record
from handrail.core.model import Attributes, Turn
from handrail.core.ownership import COMMANDS, Command, Epoch

_TURN = TypeAdapter(Turn)
_ATTRIBUTES = TypeAdapter(Attributes)
_COMMANDS = {command.name: command for command in COMMANDS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One call. `args` is plain data, `falls` how the dice fell, `came` what came of it."""

    at: int
    call: str
    args: dict[str, Any] = field(default_factory=dict)
    falls: dict[int, int] = field(default_factory=dict)
    came: str = ""


def turn_data(turn: Turn) -> dict[str, Any]:
    """A turn as plain data."""
    found: dict[str, Any] = _TURN.dump_python(turn, mode="json", exclude_defaults=True)
    return found


def turn_of(data: dict[str, Any]) -> Turn:
    """The turn of that data."""
    return _TURN.validate_python(data)


def attributes_of(data: dict[str, Any] | None) -> Attributes | None:
    """The attributes of that data; none for None."""
    return None if data is None else _ATTRIBUTES.validate_python(data)


def command_data(cmd: Command) -> dict[str, Any]:
    """A command as plain data."""
    return {"name": cmd.name, **record.plain(cmd)}


def command_of(data: dict[str, Any]) -> Command:
    """The command of that data."""
    given = dict(data)
    made: Command = record.build(_COMMANDS[given.pop("name")], given)
    return made


def epoch_of(data: list[int] | None) -> Epoch | None:
    """The epoch of that data."""
    return None if data is None else Epoch(*data)


def dumps(steps: tuple[Step, ...]) -> str:
    """A trace as text, a JSON object a line: to be kept beside a test."""
    lines = [
        json.dumps(
            {
                "at": step.at,
                "call": step.call,
                "args": step.args,
                "falls": {str(place): value for place, value in step.falls.items()},
                "came": step.came,
            },
            sort_keys=True,
            ensure_ascii=False,
        )
        for step in steps
    ]
    return "".join(f"{line}\n" for line in lines)


def loads(text: str) -> tuple[Step, ...]:
    """The trace of a text. Raises ValueError for what is no trace."""
    return tuple(_step(json.loads(line)) for line in text.splitlines() if line.strip())


def _step(data: dict[str, Any]) -> Step:
    falls = {int(place): value for place, value in data["falls"].items()}
    return Step(at=data["at"], call=data["call"], args=data["args"], falls=falls, came=data["came"])
