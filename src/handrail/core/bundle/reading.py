"""What the lines of an episode say: the wish, what was tried, where it stands, what binds."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from handrail.core.bundle import cues
from handrail.core.bundle import text as t
from handrail.core.bundle.material import Line
from handrail.core.bundle.parts import Action, Claim
from handrail.core.model import Event, Role, ToolCall, value

_TRANSFER_TOOL = re.compile(
    r"transfer|escalat|hand_?(?:off|over)|(?:live|human)_?agent", re.IGNORECASE
)
_MATTER_KEY = re.compile(r"order|reserv|book|ticket|case|request|invoice|task", re.IGNORECASE)
_PERSON_KEY = re.compile(r"user|customer|account|client|payment|card|person", re.IGNORECASE)
_GOAL, _QUOTE, _DETAIL, _RESULT = 220, 130, 90, 110
_MOST = 6
_CUSTOMER, _AGENT, _TOOL = Role.CUSTOMER, Role.AGENT, Role.TOOL
_SPEAKERS = (Role.CUSTOMER, Role.AGENT, Role.HUMAN)


@dataclass(slots=True, kw_only=True)
class Reading:
    """What was found in the lines. Quotes are masked and cut; `lines` are those that were read."""

    lines: tuple[Line, ...]
    goal: Claim | None = None
    later: Claim | None = None
    references: tuple[tuple[str, str, int], ...] = ()  # name or "", value, turn
    actions: tuple[Action, ...] = ()
    replies: tuple[Claim, ...] = ()
    unanswered: Claim | None = None
    question: Claim | None = None
    promise: Claim | None = None
    announced: int = 0
    handover: Claim | None = None  # what the agent said of the case when it asked to transfer
    limits: tuple[Claim, ...] = ()
    refusals: tuple[Claim, ...] = ()
    sources: tuple[tuple[str, int], ...] = ()

    @property
    def failed(self) -> tuple[Action, ...]:
        """The calls that failed, in order."""
        return tuple([one for one in self.actions if one.failed])

    @property
    def matter(self) -> tuple[str, str, int] | None:
        """The reference of what the case is about; that of a person is none."""
        first = self.references[0] if self.references else None
        return first if first is not None and _of_matter(first) < 2 else None

    def numbers(self, event: Event) -> tuple[int, ...]:
        """The turns with an event."""
        return tuple([one.number for one in self.lines if event in one.events])


@value
class _Said:
    """A message as it is read, taken apart once."""

    number: int
    role: Role
    text: str
    sentences: list[str]


def read(lines: tuple[Line, ...]) -> Reading:
    """Everything at once; each line is looked at a bounded number of times."""
    found = Reading(lines=lines)
    said = [_said(one) for one in lines if one.role in _SPEAKERS and one.text.strip()]
    spoken = [one for one in said if one.role is _CUSTOMER]
    told = [one for one in said if one.role is not _CUSTOMER]
    found.goal, found.later = _wishes(spoken)
    if found.goal is None:
        found.goal = _task(lines)
    found.actions = tuple(_actions(lines))
    found.replies = tuple([_quote(one, _gist(one), _QUOTE) for one in told[-2:] if one.sentences])
    private = {one.number for one in lines if one.private}
    found.unanswered, found.question = _open([one for one in said if one.number not in private])
    found.promise, found.announced = _promised([one for one in told if one.role is _AGENT], lines)
    found.handover = _handover(lines)
    found.limits = tuple(_each(spoken, cues.limits))[-3:]
    found.refusals = tuple(_each([one for one in told if one.role is _AGENT], cues.refuses))[-1:]
    found.references = tuple(sorted(_references(lines), key=_of_matter))
    found.sources = tuple(_sources(told))
    return found


def _said(one: Line) -> _Said:
    found = t.sentences(one.text)
    return _Said(number=one.number, role=one.role, text=" ".join(found), sentences=found)


def _quote(one: Line | _Said, text: str, limit: int) -> Claim:
    return Claim(text=t.clip(text, limit), evidence=(one.number,))


def _wishes(spoken: list[_Said]) -> tuple[Claim | None, Claim | None]:
    """The first request that is more than a wish for a person, and the last that came after it."""
    first = next((one for one in spoken if _asks(one)), None)
    first = first or next((one for one in spoken if t.substantive(t.body(one.text))), None)
    if first is None:
        return None, None
    for one in reversed(spoken):
        if one.number <= first.number:
            break
        if _asks(one):
            return _wish(first), _quote(one, _request(one), _QUOTE)
    return _wish(first), None


def _asks(one: _Said) -> bool:
    if not cues.requests(one.text) or not t.substantive(one.text):
        return False
    return any(cues.requests(said) and not cues.wants_person(said) for said in one.sentences)


def _wish(one: _Said) -> Claim:
    """The message without its greeting; where the request lies too far back, the request and the
    sentence before it, which often names what it is about.
    """
    text = t.body(one.text)
    request = _request(one)
    near = text.find(request[:40])
    if near < _GOAL // 2:
        return _quote(one, text, _GOAL)
    before = t.sentences(text[:near])[-1:]
    return _quote(one, " ".join((*before, request)), _GOAL)


def _request(one: _Said) -> str:
    """The first sentence that asks, and what follows it."""
    for place, said in enumerate(one.sentences):
        if cues.requests(said) and not cues.wants_person(said) and t.substantive(said):
            return t.body(" ".join(one.sentences[place : place + 2]))
    return t.body(one.text)


def _task(lines: tuple[Line, ...]) -> Claim | None:
    """Where no customer speaks: what the agent said it was at, or what it called first."""
    for one in lines:
        if one.role is _AGENT and t.substantive(one.text):
            return _quote(one, t.plain(one.text), _GOAL)
    for one in lines:
        for call in one.calls:
            if not _TRANSFER_TOOL.search(call.name):
                return _quote(one, f"`{call.name}` {_detail(call.args)}".strip(), _GOAL)
        if one.role is _TOOL and one.tool:
            return _quote(one, f"`{one.tool}`", _GOAL)
    return None


def _actions(lines: tuple[Line, ...]) -> Iterator[Action]:
    """Calls with their results. A result belongs to the first open call of its name, or of any."""
    waiting: list[tuple[int, ToolCall]] = []
    for one in lines:
        for call in one.calls:
            if not _TRANSFER_TOOL.search(call.name):
                waiting.append((one.number, call))
        if one.role is not _TOOL or _TRANSFER_TOOL.search(one.tool):
            continue
        place = next((n for n, (_, call) in enumerate(waiting) if call.name == one.tool), None)
        if place is None and waiting and not one.tool:
            place = 0
        if place is None:
            if one.tool:
                yield _action(one.tool, "", one, (one.number,))
            continue
        number, call = waiting.pop(place)
        yield _action(call.name, call.args, one, (number, one.number))
    for number, call in waiting[-_MOST:]:
        yield Action(
            tool=t.clip(call.name, 60),
            detail=_detail(call.args),
            result="",
            failed=None,
            evidence=(number,),
        )


def _action(tool: str, args: str, result: Line, evidence: tuple[int, ...]) -> Action:
    said = t.clip(result.text, _RESULT) if result.failed else ""
    if Event.DATA_MISSING in result.events:
        said = said or t.clip(result.text, _RESULT)
    return Action(
        tool=t.clip(tool, 60),
        detail=_detail(args),
        result=said,
        failed=result.failed,
        evidence=evidence,
    )


def _detail(args: str) -> str:
    """Arguments as a person reads them: without the signs of JSON."""
    if not args:
        return ""
    return t.clip(re.sub(r'[{}"]', "", args[:200]).replace(":", ": ").replace(",", ", "), _DETAIL)


def _gist(one: _Said) -> str:
    """The first sentence of an answer that says something; else the longest of the first few."""
    first = one.sentences[:6]
    return next((said for said in first if t.substantive(said, 5)), max(first, key=len))


def _open(said: list[_Said]) -> tuple[Claim | None, Claim | None]:
    """What the customer said last and nobody answered, or what the agent asked and waits for."""
    if not said:
        return None, None
    one = said[-1]
    if one.role is _CUSTOMER:
        if not t.substantive(one.text) or cues.leaves(one.text):
            return None, None
        return _quote(one, _request(one), _QUOTE), None
    asked = [sentence for sentence in one.sentences if sentence.endswith("?")]
    return None, _quote(one, asked[-1], _QUOTE) if asked else None


def _promised(said: list[_Said], lines: tuple[Line, ...]) -> tuple[Claim | None, int]:
    """The last promise that no later call of a tool may have kept, and the turn that announced a
    transfer (0 = none).
    """
    called = max((one.number for one in lines if one.calls), default=0)
    promise = None
    announced = max(
        (one.number for one in lines if Event.TRANSFER_REQUESTED in one.events), default=0
    )
    for one in reversed(said):
        if promise is None and one.number > called and cues.may_promise(one.text):
            kept = next((sentence for sentence in one.sentences if cues.promises(sentence)), None)
            promise = _quote(one, kept, _QUOTE) if kept else None
        if not announced and cues.announces(one.text):
            announced = one.number
    return promise, announced


def _each(said: list[_Said], wanted: Callable[[str], bool]) -> Iterator[Claim]:
    """Sentences of a kind, each once, with their turns."""
    seen: set[str] = set()
    for one in said:
        for sentence in one.sentences if wanted(one.text) else ():
            if sentence not in seen and wanted(sentence):
                seen.add(sentence)
                yield _quote(one, sentence, _QUOTE)


def _handover(lines: tuple[Line, ...]) -> Claim | None:
    """The words that the agent gave to the tool by which it passes a case on."""
    for one in reversed(lines):
        for call in one.calls:
            if _TRANSFER_TOOL.search(call.name) and (said := t.told(call.args)):
                return _quote(one, said, _QUOTE)
    return None


def _references(lines: tuple[Line, ...]) -> Iterator[tuple[str, str, int]]:
    """Identifiers: those that tools were called with, latest first, then the customer's words."""
    seen: set[str] = set()

    def fresh(found: str) -> bool:
        low = found.lower().lstrip("#")
        new = len(seen) < _MOST and not any(low in one or one in low for one in seen)
        if new:
            seen.add(low)
        return new

    for one in reversed(lines):
        for call in one.calls:
            for name, found in t.arguments(call.args):
                if fresh(found):
                    yield name, found, one.number
    for one in reversed(lines):
        if one.role is _CUSTOMER:
            for found in t.references(one.text):
                if fresh(found):
                    yield "", found, one.number


def _of_matter(reference: tuple[str, str, int]) -> int:
    """Sorts what the case is about first, and who it is about and how they pay last."""
    name, found, _ = reference
    if _PERSON_KEY.search(name) or (not name and found.islower()):
        return 2
    return 0 if not name or _MATTER_KEY.search(name) else 1


def _sources(said: list[_Said]) -> Iterator[tuple[str, int]]:
    """What was cited, each once."""
    seen: set[str] = set()
    for one in said:
        for found in t.cited(one.text):
            if found not in seen:
                seen.add(found)
                yield found, one.number
