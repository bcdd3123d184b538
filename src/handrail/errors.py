"""The one error tree. Each has a stable code, an exit code of the command line, an HTTP status.

HandrailError
├── InputError      what the user gave is wrong       bad_input        2  422
│   └── PackError   a policy pack, with all problems  bad_pack         2  422
├── NotFound        no such thing                     not_found        2  404
├── Refused         understood, and not allowed       refused          3  409
│   ├── Unauthenticated  nobody knows who asks        unauthenticated  3  401
│   ├── Forbidden   not by this person                forbidden        3  403
│   └── Conflict    something else came first         conflict         3  409
└── Failed          ours or the world's fault         failed           4  500
    ├── AdapterError  a system we call                adapter_failed   4  502
    └── Unavailable   not now; trying again may help  unavailable      4  503
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


class HandrailError(Exception):
    """Base of all errors that Handrail raises on purpose.

    `hint` says what to do. `code` names the kind for programs and never changes.
    """

    code: ClassVar[str] = "failed"
    exit_code: ClassVar[int] = 4
    status: ClassVar[int] = 500

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}; {self.hint}" if self.hint else self.message


class InputError(HandrailError):
    """What the user gave is wrong. `file` and `line` (1 = first, 0 = unknown) say where."""

    code = "bad_input"
    exit_code = 2
    status = 422

    def __init__(self, message: str, *, hint: str = "", file: str = "", line: int = 0) -> None:
        super().__init__(message, hint=hint)
        self.file = file
        self.line = line

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place} - {super().__str__()}" if place else super().__str__()


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong in a pack. Line and column start at 1; 0 = the whole file."""

    file: str
    line: int
    column: int
    path: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"{place} {self.path} - {self.message}" if self.path else f"{place} - {self.message}"


class PackError(InputError):
    """A policy pack that cannot be used. `problems` are all of them, in the order of the file."""

    code = "bad_pack"

    def __init__(self, problems: Sequence[Problem]) -> None:
        first = problems[0]
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)
        self.file = first.file
        self.line = first.line

    def __str__(self) -> str:
        return self.message


class NotFound(HandrailError):
    """No such thing."""

    code = "not_found"
    exit_code = 2
    status = 404


class Refused(HandrailError):
    """Understood, and not allowed in this state."""

    code = "refused"
    exit_code = 3
    status = 409


class Unauthenticated(Refused):
    """Who asks has not proved who it is."""

    code = "unauthenticated"
    status = 401


class Forbidden(Refused):
    """Not allowed to this person."""

    code = "forbidden"
    status = 403


class Conflict(Refused):
    """Somebody or something else came first."""

    code = "conflict"


class Failed(HandrailError):
    """It did not work, and the caller is not to blame."""


class AdapterError(Failed):
    """A system that we call did not do its part."""

    code = "adapter_failed"
    status = 502


class Unavailable(Failed):
    """Not possible now; trying again later may help."""

    code = "unavailable"
    status = 503
