"""The test cases that a pack carries, as data; `handrail.packs.cases` plays them."""

from dataclasses import dataclass

from handrail.core.model import Event, Fault, Outcome, Role, Strict, Trigger


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseTurn(Strict):
    """A turn of a test case. `at` is seconds since the start; shares are thousandths."""

    role: Role
    text: str = ""
    tool: str = ""
    at: int | None = None
    events: tuple[Event, ...] = ()
    calls: tuple[str, ...] = ()
    error: bool | None = None
    confidence: int | None = None
    sentiment: int | None = None
    topics: tuple[str, ...] | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Expect(Strict):
    """What a case must lead to. None = not compared; `topics` and `faults` must be among them."""

    outcome: Outcome
    trigger: Trigger | None = None
    reasons: tuple[Trigger, ...] | None = None
    topics: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()
    at_turn: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case(Strict):
    """A test case that the pack carries.

    `attributes` is a JSON object as text, so that a pack stays immutable; `wait` the forecast.
    """

    name: str
    workflow: str
    turns: tuple[CaseTurn, ...]
    expect: Expect
    tier: str = ""
    stage: str = ""
    language: str = ""
    attributes: str = "{}"
    whole: bool = True
    wait: int | None = None
