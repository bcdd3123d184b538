"""From a turn to its signals: who wins, what is a fault, and that nothing ever raises."""

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handrail.core.model import Event, Fault, Role, Signals, Source, ToolCall, Turn
from handrail.signals import Extractor, Memory, TopicMatcher, classifier
from handrail.signals.text import MAX_CHARS

TOPICS = TopicMatcher(
    {"legal": ["my lawyer", "lawsuit"], "safety": ["caught fire"]}, {"card": [r"\d{4} \d{4}"]}
)


def read(text: str = "", role: Role = Role.CUSTOMER, **more: object) -> Signals:
    """The signals of a single turn of a case."""
    turn = Turn(role=role, text=text, **more)  # type: ignore[arg-type]
    return Extractor(topics=TOPICS).extract(turn, Memory())


def source(signals: Signals, name: str) -> Source | None:
    return dict(signals.sources).get(name)


# Caller wins


def test_a_share_becomes_thousandths_rounded_half_up() -> None:
    assert read(confidence=0.0005).confidence == 1
    assert read(confidence=0.0004).confidence == 0
    assert read(sentiment=1.0).dissatisfaction == 1000


def test_the_callers_sentiment_wins_over_the_computed_one() -> None:
    signals = read("this is terrible, I hate it!", sentiment=0.0)
    assert signals.dissatisfaction == 0
    assert source(signals, "dissatisfaction") is Source.CALLER
    assert source(read("this is terrible, I hate it!"), "dissatisfaction") is Source.COMPUTED


def test_the_callers_topics_win_even_when_there_are_none() -> None:
    assert read("I will call my lawyer").topics == ("legal",)
    assert read("I will call my lawyer", topics=()).topics == ()
    assert read("I will call my lawyer", topics=("safety",)).topics == ("safety",)


def test_a_topic_that_the_workflow_does_not_have_is_a_fault_and_not_kept() -> None:
    signals = read("hello", topics=("a long text of a person", "legal"))
    assert signals.topics == ("legal",)
    assert signals.faults == (Fault.UNKNOWN_TOPIC,)


def test_logprobs_give_a_confidence_when_there_is_none() -> None:
    assert read(role=Role.AGENT, logprobs=(-0.1, -0.3)).confidence == 819
    assert read(role=Role.AGENT, logprobs=(-0.1,), confidence=0.5).confidence == 500
    assert read(role=Role.AGENT, logprobs=(0.0, -0.0)).confidence == 1000


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -0.01, 1.01, -float("inf")])
def test_a_number_that_is_no_share_is_a_fault_and_missing(value: float) -> None:
    signals = read(role=Role.AGENT, confidence=value, sentiment=value)
    assert signals.confidence is None
    assert signals.dissatisfaction is None
    assert set(signals.faults) == {Fault.INVALID_CONFIDENCE, Fault.INVALID_SENTIMENT}


def test_an_invalid_sentiment_leaves_the_computed_one() -> None:
    signals = read("thank you so much for your help", sentiment=7.0)
    assert signals.dissatisfaction is not None
    assert signals.faults == (Fault.INVALID_SENTIMENT,)


@pytest.mark.parametrize("logprobs", [(float("nan"),), (1.5,), (-float("inf"),), (1e308, 1e308)])
def test_logprobs_that_are_none_are_a_fault(logprobs: tuple[float, ...]) -> None:
    signals = read(role=Role.AGENT, logprobs=logprobs)
    assert signals.confidence is None
    assert signals.faults == (Fault.INVALID_CONFIDENCE,)


@pytest.mark.parametrize("at", [-1, 10**18])
def test_a_time_that_cannot_be_is_a_fault(at: int) -> None:
    assert read(at=at).at is None
    assert read(at=at).faults == (Fault.INVALID_TIME,)
    assert read(at=0).at == 0


def test_a_long_text_is_cut_and_says_so() -> None:
    assert Fault.TEXT_CUT in read("word " * MAX_CHARS).faults
    assert Fault.TEXT_CUT not in read("hello there, my friend").faults


# Events


@pytest.mark.parametrize(
    ("event", "signal"),
    [
        (Event.HUMAN_REQUESTED, "explicit_request"),
        (Event.OFFER_ACCEPTED, "offer_accepted"),
        (Event.OFFER_DECLINED, "offer_declined"),
        (Event.PROGRESS, "progress"),
        (Event.POLICY_VIOLATION, "policy_violation"),
        (Event.PERMISSION_MISSING, "permission_missing"),
        (Event.DATA_MISSING, "data_missing"),
        (Event.APPROVAL_EXPIRED, "approval_expired"),
        (Event.TOOL_SUCCEEDED, "tool_succeeded"),
        (Event.TOOL_FAILED, "tool_failed"),
        (Event.TRANSFER_REQUESTED, "agent_request"),
        (Event.OPERATOR_TAKEOVER, "operator_takeover"),
        (Event.EPISODE_STARTED, "episode_started"),
    ],
)
def test_an_event_sets_its_signal_whatever_the_text(event: Event, signal: str) -> None:
    for role in Role:
        signals = read("Привет", role=role, events=(event,))
        assert getattr(signals, signal) is True
        assert source(signals, signal) is Source.CALLER


def test_approvals_are_counted() -> None:
    asked = read(role=Role.OPS, events=(Event.APPROVAL_REQUESTED, Event.APPROVAL_REQUESTED))
    assert (asked.approvals_requested, asked.approvals_settled) == (2, 0)
    done = (Event.APPROVAL_GRANTED, Event.APPROVAL_REJECTED, Event.APPROVAL_EXPIRED)
    settled = read(role=Role.OPS, events=done)
    assert (settled.approvals_requested, settled.approvals_settled) == (0, 3)
    assert settled.approval_expired


# Language


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Where is the parcel that I ordered from you last week?", "en"),
        ("¿Dónde está el paquete que pedí la semana pasada?", "es"),
        ("Donde esta el paquete que yo pedi la semana pasada", "es"),
        ("Je ne peux pas ouvrir mon compte, pouvez-vous m'aider avec ça ?", "fr"),
        ("Ich kann mein Konto nicht öffnen und habe noch keine Antwort", "de"),
        ("Não consigo abrir a minha conta e ainda não tenho resposta", "pt"),
        ("Non riesco ad aprire il mio conto e non ho ancora una risposta", "it"),
        ("Ik kan mijn rekening niet openen en heb nog geen antwoord", "nl"),
        ("Где мой заказ? Я жду уже неделю", "und-Cyrl"),
        ("わたしの荷物はどこですか", "und-Hira"),
    ],
)
def test_a_language_is_recognised_and_one_that_is_not_read_is_a_fault(text: str, code: str) -> None:
    signals = read(text)
    assert signals.language == code
    known = code in {"en", "es"}
    assert (Fault.UNSUPPORTED_LANGUAGE in signals.faults) is not known
    if not known:
        assert signals.dissatisfaction is None
        assert not signals.stalled
        assert not signals.progress


def test_a_text_too_short_to_tell_keeps_the_language_before_it() -> None:
    extractor, memory = Extractor(default_language="es"), Memory()
    assert extractor.extract(Turn(role=Role.CUSTOMER, text="ok"), memory).language == "es"
    long = "I would like to know where the parcel is that you sent me"
    assert extractor.extract(Turn(role=Role.CUSTOMER, text=long), memory).language == "en"
    assert extractor.extract(Turn(role=Role.CUSTOMER, text="ok"), memory).language == "en"


def test_the_callers_language_wins() -> None:
    signals = read("where is it that you are", language="fr-CA")
    assert signals.language == "fr"
    assert source(signals, "language") is Source.CALLER
    assert Fault.UNSUPPORTED_LANGUAGE in signals.faults
    assert read("where is the order", language="EN_us").language == "en"
    assert read("where is the order", language="a text of a person").language == "en"


def test_a_request_counts_in_a_text_of_another_language() -> None:
    signals = read("Je ne peux pas le faire et je suis fâché. I want to talk to a human")
    assert signals.explicit_request
    assert signals.language == "fr"


def test_spanish_has_no_computed_dissatisfaction() -> None:
    signals = read("esto es una vergüenza, ya te dije que todavía no funciona")
    assert signals.dissatisfaction is None
    assert signals.stalled


# Markers


@pytest.mark.parametrize(
    "text",
    [
        "it is still not working",
        "That didn't help.",
        "that didnt help",
        "I already told you my number",
        "You keep asking me the same thing",
        "this is a waste of time",
        "sigue sin funcionar",
        "ya te dije mi número",
    ],
)
def test_a_stall_is_heard(text: str) -> None:
    assert read(text, language="es" if text[0] in "sy" else "en").stalled


@pytest.mark.parametrize(
    "text", ["that worked, thanks!", "Perfect, thanks. That's all", "it works now"]
)
def test_progress_is_heard(text: str) -> None:
    assert read(text).progress


@pytest.mark.parametrize(
    "text",
    [
        "I don't think that worked",
        "I'll tell you if it works now",
        "that worked but the second one is still not working",
    ],
)
def test_progress_that_is_denied_or_only_partial_is_none(text: str) -> None:
    assert not read(text).progress


@pytest.mark.parametrize(
    "text",
    [
        "I am transferring you to a human agent now.",
        "You are being transferred to a specialist.",
        "I'll connect you with a colleague.",
        "Le transfiero con un asesor.",
    ],
)
def test_an_announced_transfer_is_heard_from_the_agent_only(text: str) -> None:
    language = "es" if text.startswith("Le ") else "en"
    assert read(text, role=Role.AGENT, language=language).announced_transfer
    assert not read(text, role=Role.CUSTOMER, language=language).announced_transfer


@pytest.mark.parametrize(
    "text", ["Would you like to talk to a human?", "I cannot be transferring you to sales."]
)
def test_an_offer_or_a_refusal_is_no_announcement(text: str) -> None:
    assert not read(text, role=Role.AGENT).announced_transfer


# Offers


def answer(text: str, *, offer_open: bool = True, language: str = "en") -> tuple[bool, bool]:
    turn = Turn(role=Role.CUSTOMER, text=text, language=language)
    signals = Extractor().extract(turn, Memory(), offer_open=offer_open)
    return signals.offer_accepted, signals.offer_declined


@pytest.mark.parametrize(
    "text", ["yes", "Yes please!", "sure, go ahead", "ok thanks", "Sí, por favor"]
)
def test_a_bare_yes_accepts_an_open_offer_only(text: str) -> None:
    language = "es" if text.startswith("S\u00ed") else "en"
    assert answer(text, language=language) == (True, False)
    assert answer(text, offer_open=False, language=language) == (False, False)


@pytest.mark.parametrize(
    "text", ["no", "No thanks!", "ok, not now", "No thanks, I want to go on here"]
)
def test_a_no_declines_it(text: str) -> None:
    assert answer(text) == (False, True)


@pytest.mark.parametrize(
    "text", ["Yes, my order number is 4711", "ok, and what about the refund?", ""]
)
def test_an_answer_to_something_else_is_none_to_the_offer(text: str) -> None:
    assert answer(text) == (False, False)


# The agent's own wish


@pytest.mark.parametrize(
    "name",
    ["transfer_to_human_agents", "transfer_to_billing", "Escalate_To_Human", "handoff_to_human"],
)
def test_a_call_of_a_transfer_tool_is_the_agents_own_wish(name: str) -> None:
    assert read(role=Role.AGENT, tool_calls=(ToolCall(name=name),)).agent_request


def test_named_transfer_tools_replace_the_usual_ones() -> None:
    extractor = Extractor(transfer_tools=["page_oncall"])
    for name, wish in (("page_oncall", True), ("transfer_to_human_agents", False)):
        turn = Turn(role=Role.AGENT, tool_calls=(ToolCall(name=name),))
        assert extractor.extract(turn, Memory()).agent_request is wish


# Classifier


def classified(
    answer: object, text: str = "where is my parcel that you sent", **more: object
) -> Signals:
    def plugin(_: Turn) -> Mapping[str, float | bool | Sequence[str]]:
        if isinstance(answer, Exception):
            raise answer
        return answer  # type: ignore[return-value]

    turn = Turn(role=Role.CUSTOMER, text=text, **more)  # type: ignore[arg-type]
    return Extractor(topics=TOPICS, classifier=plugin).extract(turn, Memory())


def test_a_classifier_stands_between_the_caller_and_what_is_computed() -> None:
    found = {"sentiment": 0.9, "topics": ["safety"], "stalled": 0.7, "progress": False}
    signals = classified(found, "I call my lawyer")
    assert signals.dissatisfaction == 900
    assert source(signals, "dissatisfaction") is Source.CLASSIFIER
    assert signals.topics == ("legal", "safety")
    assert signals.stalled
    assert not signals.progress
    assert classified(found, sentiment=0.1).dissatisfaction == 100


def test_a_classifier_cannot_take_a_request_back() -> None:
    assert classified({"explicit_request": 0.0}, "give me a human").explicit_request
    assert classified({"explicit_request": 0.5}).explicit_request


@pytest.mark.parametrize(
    "answer",
    [
        RuntimeError("down"),
        None,
        {"sentiment": 2.0},
        {"sentiment": "bad"},
        {"unheard_of": 1.0},
        {"topics": "legal"},
        [1],
    ],
)
def test_a_classifier_that_fails_or_talks_nonsense_is_a_fault_and_no_more(answer: object) -> None:
    signals = classified(answer, "my lawyer will talk to you about this")
    assert Fault.CLASSIFIER_FAILED in signals.faults
    assert signals.topics == ("legal",)
    assert signals.dissatisfaction is not None


def test_a_classifier_that_no_package_offers_is_an_error_with_its_name() -> None:
    with pytest.raises(LookupError, match="`nowhere`"):
        classifier.find("nowhere")


# Everything

_TEXT = st.text(st.characters(), max_size=300) | st.sampled_from(
    ["\ud800 human", "\0", "👩‍👩‍👧 agent please", "a" * 20_000, '{"error": ' * 3000, "[" * 30_000]
)
_NUMBER = st.none() | st.floats() | st.sampled_from([0.0, 1.0, 0.5])
_TURN = st.builds(
    Turn,
    role=st.sampled_from(Role),
    text=_TEXT,
    at=st.none() | st.integers(),
    events=st.lists(st.sampled_from(Event), max_size=4).map(tuple),
    tool=_TEXT,
    tool_calls=st.lists(st.builds(ToolCall, name=_TEXT, args=_TEXT), max_size=2).map(tuple),
    error=st.none() | st.booleans(),
    confidence=_NUMBER,
    logprobs=st.lists(st.floats(), max_size=4).map(tuple),
    sentiment=_NUMBER,
    topics=st.none() | st.lists(_TEXT | st.just("legal"), max_size=3).map(tuple),
    language=st.none() | _TEXT | st.sampled_from(["en", "es-MX", "fr"]),
)


@settings(max_examples=400, deadline=None)
@given(turns=st.lists(_TURN, max_size=4), offer_open=st.booleans())
def test_no_turn_is_too_strange_to_read(turns: list[Turn], offer_open: bool) -> None:
    extractor, memory = Extractor(topics=TOPICS), Memory()
    for turn in turns:
        signals = extractor.extract(turn, memory, offer_open=offer_open)
        for number in (signals.confidence, signals.dissatisfaction):
            assert number is None or 0 <= number <= 1000
        assert list(signals.sources) == sorted(signals.sources)
        assert set(signals.topics) <= TOPICS.names
        assert len(signals.language) <= 8
        assert signals.role is turn.role
        memory = Memory.load(memory.dump())


@settings(max_examples=100, deadline=None)
@given(turn=_TURN)
def test_the_same_turn_gives_the_same_signals(turn: Turn) -> None:
    extractor = Extractor(topics=TOPICS)
    assert extractor.extract(turn, Memory()) == extractor.extract(turn, Memory())


def answered(*said: tuple[Role, str], language: str = "en") -> bool:
    """Whether the last of these turns is a request for a person; stored after each turn."""
    extractor, memory = Extractor(default_language=language), Memory()
    asked = False
    for role, text in said:
        asked = extractor.extract(Turn(role=role, text=text), memory).explicit_request
        memory = Memory.load(memory.dump())
    return asked


_SHALL_I = (Role.AGENT, "I cannot do that. Shall I transfer you to a human agent?")


@pytest.mark.parametrize("answer", ["yes", "Yes please!", "sure", "ok"])
def test_a_bare_yes_to_the_question_whether_to_transfer_is_a_request(answer: str) -> None:
    assert answered(_SHALL_I, (Role.CUSTOMER, answer))
    spanish = (Role.AGENT, "¿Quiere que le pase con un agente humano?")
    assert answered(spanish, (Role.CUSTOMER, "sí"), language="es")


@pytest.mark.parametrize("answer", ["no", "no thanks", "yes my order is 5", "what?"])
def test_any_other_answer_to_it_is_none(answer: str) -> None:
    assert not answered(_SHALL_I, (Role.CUSTOMER, answer))


def test_a_yes_counts_only_when_nobody_has_spoken_in_between() -> None:
    yes = (Role.CUSTOMER, "yes")
    assert not answered(_SHALL_I, (Role.AGENT, "Is your order number 5?"), yes)
    assert not answered(_SHALL_I, (Role.CUSTOMER, "no"), yes)


@pytest.mark.parametrize(
    "text",
    [
        "I can transfer you to a human. Did that help?",
        "Did they transfer you to us?",
        "I will connect you to a human agent.",
        "Would you like me to transfer you the money?",
    ],
)
def test_a_yes_to_something_else_is_no_request(text: str) -> None:
    assert not answered((Role.AGENT, text), (Role.CUSTOMER, "yes"))
