"""From a turn to its signals: the one door of this room. Pure but for the memory it is handed.

What the caller says wins over the classifier, which wins over what is computed; requests for a
person and sensitive topics only ever add up. The source of each is recorded.
"""

from collections.abc import Iterable

from handrail.core.model import Fault, Role, Signals, Source, Turn
from handrail.signals import caller, classifier, dissatisfaction, tools
from handrail.signals.draft import Draft, events
from handrail.signals.language import Language, guess, languages, requests_human, supported, telling
from handrail.signals.repetition import Memory
from handrail.signals.text import MAX_CHARS, tokenize
from handrail.signals.topics import TopicMatcher

_TRANSFER_TOOLS = frozenset({"escalate_to_human", "handoff_to_human", "hand_off_to_human"})
_TRANSFER_PREFIX = "transfer_to_"
_SCORED = frozenset({"en"})  # languages that the dissatisfaction model has learned
_LOOP = 8  # words from which an agent that says the same again is stuck, not just polite
_BACK = 3  # words before a marker in which a negation turns it around
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
        events(draft, turn)
        self._given(draft, turn)
        if self._ask is not None:
            self._classified(draft, turn)
        if turn.role is Role.CUSTOMER:
            self._customer(draft, turn, memory, offer_open)
        elif turn.role is Role.AGENT:
            self._agent(draft, turn, memory)
        elif turn.role is Role.TOOL:
            _tool(draft, turn, memory)
        if turn.tool_calls and any(self._transfers_to(call.name) for call in turn.tool_calls):
            draft.flag("agent_request", Source.COMPUTED)
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
                draft.put("confidence", share, Source.CALLER)
        if turn.sentiment is not None:
            mood = caller.milli(turn.sentiment)
            if mood is None:
                draft.faults.add(Fault.INVALID_SENTIMENT)
            else:
                draft.put("dissatisfaction", mood, Source.CALLER)
        if turn.topics is not None:
            draft.put("topics", self._known(draft, turn.topics), Source.CALLER)

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
        words = telling(tokens)
        if words and requests_human(tokens, words):
            draft.flag("explicit_request", Source.COMPUTED)
        language = self._language(draft, turn, tokens, memory)
        if tokens:
            self._topical(draft, tokens, words, turn.text, language)
        if memory.customer(words):
            draft.flag("repeated", Source.COMPUTED)
        if language is None or not tokens:
            return
        if language.code in _SCORED and "dissatisfaction" not in draft.sources:
            shouting = dissatisfaction.is_shouting(turn.text)
            score = dissatisfaction.score(tokens, shouting=shouting)
            draft.put("dissatisfaction", score, Source.COMPUTED)
        _marked(draft, language, tokens, words)
        if offer_open:
            _answered(draft, language, tokens)

    def _agent(self, draft: Draft, turn: Turn, memory: Memory) -> None:
        """What an AI agent's words say."""
        tokens = _tokens(draft, turn.text)
        if not tokens:
            return
        language = self._language(draft, turn, tokens, memory)
        if memory.agent(telling(tokens)):
            draft.flag("repeated", Source.COMPUTED)
            if len(tokens) >= _LOOP:
                draft.flag("stalled", Source.COMPUTED)
        if language is not None:
            for start, _, labels in language.phrases.spans(tokens):
                if "announced_transfer" in labels and not _negated(language, tokens, start):
                    draft.flag("announced_transfer", Source.COMPUTED)

    def _language(
        self, draft: Draft, turn: Turn, tokens: list[str], memory: Memory
    ) -> Language | None:
        """The language to read a message in; None, and a fault, when it is not supported."""
        before = memory.language or self._default
        code = _code(turn.language) if turn.language else ""
        if code:
            draft.put("language", code, Source.CALLER)
        else:
            code = guess(tokens, turn.text, before)
            draft.put("language", code, Source.COMPUTED)
        memory.language = code
        if not supported(code):
            draft.faults.add(Fault.UNSUPPORTED_LANGUAGE)
            return None
        return languages()[code]

    def _topical(
        self,
        draft: Draft,
        tokens: list[str],
        words: set[str],
        text: str,
        language: Language | None,
    ) -> None:
        """Sensitive topics, where the caller named none; the classifier's and ours add up."""
        if draft.sources.get("topics") is Source.CALLER:
            return
        only = "" if language is not None else draft.values["language"]
        found = self._topics.match(tokens, text, words=words, only_language=only)
        if found and "topics" in draft.sources:
            draft.values["topics"] = tuple(sorted({*draft.values["topics"], *found}))
        elif found:
            draft.put("topics", found, Source.COMPUTED)

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
            draft.flag("stalled", Source.COMPUTED)
        if "progress" in labels and not _negated(language, tokens, start):
            draft.flag("progress", Source.COMPUTED)
    if draft.sources.get("stalled") is draft.sources.get("progress") is Source.COMPUTED:
        # "That worked, but it is still not working for the other one": no progress yet.
        del draft.values["progress"], draft.sources["progress"]


def _negated(language: Language, tokens: list[str], start: int) -> bool:
    """Whether a word shortly before a marker turns it around."""
    return not language.negation.isdisjoint(tokens[max(0, start - _BACK) : start])


def _answered(draft: Draft, language: Language, tokens: list[str]) -> None:
    """A bare answer to an open offer: made of nothing but yes or no, or settled by its start."""
    if "offer_accepted" in draft.sources or "offer_declined" in draft.sources:
        return
    spans = language.answers.spans(tokens[: _ANSWER * 2])
    said: set[str] = set()
    covered = {place for place, token in enumerate(tokens) if not token[0].isalnum()}
    for start, end, labels in spans:
        covered.update(range(start, end))
        said.update(label for label in labels if start == 0 or not label.endswith("_start"))
    bare = len(tokens) <= _ANSWER and len(covered) == len(tokens)
    if "decline_start" in said or (bare and "decline" in said):
        draft.flag("offer_declined", Source.COMPUTED)
    elif "accept_start" in said or (bare and "accept" in said):
        draft.flag("offer_accepted", Source.COMPUTED)


def _tool(draft: Draft, turn: Turn, memory: Memory) -> None:
    """What a tool's result says. The same result again is no progress."""
    again = memory.tool(turn.tool, turn.text)
    if "tool_failed" in draft.sources or "tool_succeeded" in draft.sources:
        return
    result = tools.read(turn.text, turn.error)
    source = Source.COMPUTED if turn.error is None else Source.CALLER
    if again:
        draft.flag("repeated", Source.COMPUTED)
    if result.failed:
        draft.flag("tool_failed", source)
    elif result.succeeded and not again:
        draft.flag("tool_succeeded", source)
    if result.permission:
        draft.flag("permission_missing", Source.COMPUTED)
    if result.missing:
        draft.flag("data_missing", Source.COMPUTED)
