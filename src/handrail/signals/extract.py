"""From a turn to its signals: the one door of this room. Pure but for the memory it is handed.

What the caller says wins over the classifier, which wins over what is computed; requests for a
person and sensitive topics only ever add up. The source of each is recorded.
"""

import re
from collections.abc import Iterable

from handrail.core.model import Fault, Role, Signals, Source, Turn
from handrail.signals import caller, classifier, dissatisfaction, tools
from handrail.signals.draft import Draft, events
from handrail.signals.language import Language, guess, languages, requests_human, telling
from handrail.signals.repetition import Memory
from handrail.signals.text import MAX_CHARS, tokenize
from handrail.signals.topics import TopicMatcher

# Bound once: before Python 3.12 looking up a member of an enum calls a function.
_CUSTOMER, _CALLER, _COMPUTED = Role.CUSTOMER, Source.CALLER, Source.COMPUTED
_TRANSFER_TOOLS = frozenset({"escalate_to_human", "handoff_to_human", "hand_off_to_human"})
_TRANSFER_PREFIX = "transfer_to_"
_SCORED = frozenset({"en"})  # languages that the dissatisfaction model has learned
_LOOP = 8  # words from which an agent that says the same again is stuck, not just polite
_BACK = 3  # words before a marker in which a negation turns it around
_SENTENCE = re.compile(r"[.!?\n]")
_ANSWER = 10  # words up to which an answer to an offer is a bare one


class Extractor:
    """Measures turns for one workflow. Shared by all its cases; safe to use from many threads."""

    __slots__ = ("_ask", "_default", "_topics", "_transfers")

    def __init__(
        self,
        *,
        topics: TopicMatcher | None = None,
        default_language: str = "en",
        classifier: classifier.Classifier | None = None,
        transfer_tools: Iterable[str] = (),
    ) -> None:
        """`default_language` is assumed while a case has said too little to tell.

        `transfer_tools` are the tools by which the AI agent asks for a transfer; none = any
        `transfer_to_*`, `escalate_to_human`, `handoff_to_human`.
        """
        self._topics = topics or TopicMatcher({}, {})
        self._default = _code(default_language) or "en"
        self._ask = classifier
        self._transfers = frozenset(name.lower() for name in transfer_tools)

    def extract(self, turn: Turn, memory: Memory, *, offer_open: bool = False) -> Signals:
        """The signals of a turn; `memory` is the case's own and is brought up to date.

        Never raises: what cannot be read is a fault. An answer to an offer is looked for only
        while one is open.
        """
        draft = Draft(turn.role)
        if turn.events:
            events(draft, turn)
        self._given(draft, turn)
        if self._ask is not None:
            self._classified(draft, turn)
        if turn.role is _CUSTOMER:
            self._customer(draft, turn, memory, offer_open)
        elif turn.role is Role.AGENT:
            self._agent(draft, turn, memory)
        elif turn.role is Role.TOOL:
            _tool(draft, turn, memory)
        if turn.tool_calls and any(self._transfers_to(call.name) for call in turn.tool_calls):
            draft.flag("agent_request", _COMPUTED)
        return draft.signals()

    def _given(self, draft: Draft, turn: Turn) -> None:
        """What the caller measured itself."""
        if turn.at is not None:
            at = caller.instant(turn.at)
            if at is None:
                draft.faults.add(Fault.INVALID_TIME)
            draft.values["at"] = at
        if turn.confidence is not None or turn.logprobs:
            said = turn.confidence
            share = caller.milli(said) if said is not None else caller.likelihood(turn.logprobs)
            if share is None:
                draft.faults.add(Fault.INVALID_CONFIDENCE)
            else:
                draft.put("confidence", share, _CALLER)
        if turn.sentiment is not None:
            mood = caller.milli(turn.sentiment)
            if mood is None:
                draft.faults.add(Fault.INVALID_SENTIMENT)
            else:
                draft.put("dissatisfaction", mood, _CALLER)
        if turn.topics is not None:
            draft.put("topics", self._known(draft, turn.topics), _CALLER)

    def _classified(self, draft: Draft, turn: Turn) -> None:
        """What the classifier says, where the caller says nothing."""
        found = classifier.ask(self._ask, turn) if self._ask is not None else None
        if found is None:
            draft.faults.add(Fault.CLASSIFIER_FAILED)
            return
        for signal, value in found.items():
            if signal == "topics":
                if isinstance(value, tuple) and (names := self._known(draft, value)):
                    draft.put("topics", names, Source.CLASSIFIER)
            elif value is not False or signal != "explicit_request":
                draft.put(signal, value, Source.CLASSIFIER)

    def _known(self, draft: Draft, names: Iterable[str]) -> tuple[str, ...]:
        """The names that are topics of this workflow; any other is a fault, and not kept."""
        told = set(names)
        known = told & self._topics.names
        if len(known) < len(told):
            draft.faults.add(Fault.UNKNOWN_TOPIC)
        return tuple(sorted(known))

    def _customer(self, draft: Draft, turn: Turn, memory: Memory, offer_open: bool) -> None:
        """What a customer's words say."""
        tokens = _tokens(draft, turn.text)
        asked, memory.asked = memory.asked, False
        words = set(tokens)
        said = telling(words)
        if requests_human(tokens, said):
            draft.flag("explicit_request", _COMPUTED)
        language = self._language(draft, turn, tokens, memory)
        if tokens:
            self._topical(draft, tokens, words, turn.text, language)
        if memory.customer(said):
            draft.flag("repeated", _COMPUTED)
        if language is None or not tokens:
            return
        if language.code in _SCORED and "dissatisfaction" not in draft.sources:
            shouting = dissatisfaction.is_shouting(turn.text)
            score = dissatisfaction.model().score(tokens, shouting=shouting)
            draft.put("dissatisfaction", score, _COMPUTED)
        _marked(draft, language, tokens, words)
        if offer_open:
            _answered(draft, language, tokens)
        if asked and _bare(language, tokens) == "accept":
            draft.flag("explicit_request", _COMPUTED)

    def _agent(self, draft: Draft, turn: Turn, memory: Memory) -> None:
        """What an AI agent's words say."""
        tokens = _tokens(draft, turn.text)
        memory.asked = False
        if not tokens:
            return
        language = self._language(draft, turn, tokens, memory)
        if memory.agent(telling(tokens)):
            draft.flag("repeated", _COMPUTED)
            if len(tokens) >= _LOOP:
                draft.flag("stalled", _COMPUTED)
        if language is not None:
            for start, _, labels in language.phrases.spans(tokens):
                if "announced_transfer" in labels and not _negated(language, tokens, start):
                    draft.flag("announced_transfer", _COMPUTED)
                if "asked_transfer" in labels and not memory.asked:
                    memory.asked = _asks(language, turn.text)

    def _language(
        self, draft: Draft, turn: Turn, tokens: list[str], memory: Memory
    ) -> Language | None:
        """The language to read a message in; None, and a fault, when it is not supported."""
        before = memory.language or self._default
        code = _code(turn.language) if turn.language else ""
        if code:
            draft.put("language", code, _CALLER)
        else:
            code = guess(tokens, turn.text, before)
            draft.put("language", code, _COMPUTED)
        memory.language = code
        language = languages().get(code)
        if language is None:
            draft.faults.add(Fault.UNSUPPORTED_LANGUAGE)
        return language

    def _topical(
        self,
        draft: Draft,
        tokens: list[str],
        words: set[str],
        text: str,
        language: Language | None,
    ) -> None:
        """Sensitive topics, where the caller named none; the classifier's and ours add up."""
        if draft.sources.get("topics") is _CALLER:
            return
        only = "" if language is not None else draft.values["language"]
        found = self._topics.match(tokens, text, words=words, only_language=only)
        if found and "topics" in draft.sources:
            draft.values["topics"] = tuple(sorted({*draft.values["topics"], *found}))
        elif found:
            draft.put("topics", found, _COMPUTED)

    def _transfers_to(self, tool: str) -> bool:
        """Whether this tool asks for a transfer to a person."""
        name = tool.lower()
        if self._transfers:
            return name in self._transfers
        return name.startswith(_TRANSFER_PREFIX) or name in _TRANSFER_TOOLS


def _tokens(draft: Draft, text: str) -> list[str]:
    if len(text) > MAX_CHARS:
        draft.faults.add(Fault.TEXT_CUT)
    return tokenize(text)


def _code(language: str) -> str:
    """The primary part of a language tag in small letters ("es" of "es-MX"), or nothing."""
    code = language.strip().replace("_", "-").partition("-")[0].lower()
    return code if 2 <= len(code) <= 3 and code.isascii() and code.isalpha() else ""


def _marked(draft: Draft, language: Language, tokens: list[str], words: set[str]) -> None:
    """Markers of a stall, of frustration and of progress."""
    for start, _, labels in language.phrases.spans(tokens, words):
        if "stall" in labels or "frustration" in labels:
            draft.flag("stalled", _COMPUTED)
        if "progress" in labels and not _negated(language, tokens, start):
            draft.flag("progress", _COMPUTED)
    if draft.sources.get("stalled") is draft.sources.get("progress") is _COMPUTED:
        # "That worked, but it is still not working for the other one": no progress yet.
        del draft.values["progress"], draft.sources["progress"]


def _negated(language: Language, tokens: list[str], start: int) -> bool:
    """Whether a word shortly before a marker turns it around."""
    return not language.negation.isdisjoint(tokens[max(0, start - _BACK) : start])


def _answered(draft: Draft, language: Language, tokens: list[str]) -> None:
    """A bare answer to an open offer, where the caller has not said what it is."""
    if "offer_accepted" in draft.sources or "offer_declined" in draft.sources:
        return
    answer = _bare(language, tokens)
    if answer:
        draft.flag("offer_declined" if answer == "decline" else "offer_accepted", _COMPUTED)


def _asks(language: Language, text: str) -> bool:
    """Whether the last question of an AI agent's message is if it shall hand over."""
    last = text[:MAX_CHARS].rpartition("?")[0]
    question = tokenize(_SENTENCE.split(last)[-1] + "?")
    return "asked_transfer" in language.phrases.labels(question)


def _bare(language: Language, tokens: list[str]) -> str:
    """`accept` or `decline` when a message is nothing but that, or is settled by its start."""
    spans = language.answers.spans(tokens[: _ANSWER * 2])
    said: set[str] = set()
    covered = {place for place, token in enumerate(tokens) if not token[0].isalnum()}
    for start, end, labels in spans:
        covered.update(range(start, end))
        said.update(label for label in labels if start == 0 or not label.endswith("_start"))
    bare = len(tokens) <= _ANSWER and len(covered) == len(tokens)
    if "decline_start" in said or (bare and "decline" in said):
        return "decline"
    return "accept" if "accept_start" in said or (bare and "accept" in said) else ""


def _tool(draft: Draft, turn: Turn, memory: Memory) -> None:
    """What a tool's result says. The same result again is no progress."""
    again = memory.tool(turn.tool, turn.text)
    if "tool_failed" in draft.sources or "tool_succeeded" in draft.sources:
        return
    result = tools.read(turn.text, turn.error)
    source = _COMPUTED if turn.error is None else _CALLER
    if again:
        draft.flag("repeated", _COMPUTED)
    if result.failed:
        draft.flag("tool_failed", source)
    elif result.succeeded and not again:
        draft.flag("tool_succeeded", source)
    if result.permission:
        draft.flag("permission_missing", _COMPUTED)
    if result.missing:
        draft.flag("data_missing", _COMPUTED)
