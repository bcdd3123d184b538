"""The bytes of a recorded decision: canonical JSON, and the same values when read back."""

import json

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from handrail.core.case import CaseState
from handrail.core.decision import Rules, decide
from handrail.core.model import (
    Attributes,
    Context,
    Contribution,
    Decision,
    Fault,
    Outcome,
    Reason,
    Role,
    Signals,
    Source,
    Trigger,
)
from handrail.core.record import VERSION, Input, build, dump, load, plain
from strategies import World, wild, worlds

calm = settings(suppress_health_check=[HealthCheck.too_slow])


def canonical(given: Input, decision: Decision) -> bytes:
    """What a line must be, by the general encoder of the standard library."""
    text = json.dumps(
        {
            "v": VERSION,
            "state": plain(given.state),
            "signals": plain(given.signals),
            "context": plain(given.context),
            "decision": plain(decision),
        },
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
    )
    return text.encode("utf-8", "surrogatepass")


def recorded(world: World) -> tuple[Input, Decision]:
    given = Input(state=world.state, signals=world.signals, context=world.context)
    return given, decide(*world)


@calm
@given(worlds())
def test_a_line_is_canonical_json_and_reads_back_as_what_was_written(world: World) -> None:
    given, decision = recorded(world)
    line = dump(given, decision)
    assert line == canonical(given, decision)
    assert load(line) == (given, decision)


@calm
@given(wild(Input), wild(Decision))
def test_it_is_so_for_any_values_that_the_types_allow(given: Input, decision: Decision) -> None:
    line = dump(given, decision)
    assert line == canonical(given, decision)
    assert load(line) == (given, decision)


@given(st.text(st.characters(codec=None), max_size=20))
def test_any_text_is_escaped_as_json_does(text: str) -> None:
    given = Input(
        state=CaseState(language=text, topics=(text, "b")),
        signals=Signals(role=Role.AGENT, sources=((text, Source.CALLER),)),
        context=Context(attributes=Attributes(tier=text), arm=text),
    )
    reason = Reason(trigger=Trigger.VIP, outcome=Outcome.OFFER, detail=text)
    parts = (Contribution(text, 1, 2, 3),)
    decision = Decision(outcome=Outcome.OFFER, reasons=(reason,), contributions=parts)
    line = dump(given, decision)
    assert line == canonical(given, decision)
    assert load(line) == (given, decision)


def test_a_line_by_hand() -> None:
    given = Input(
        state=CaseState(turns=2, now=5, whole=False),
        signals=Signals(
            role=Role.CUSTOMER,
            at=5,
            repeated=True,
            faults=(Fault.MISSING_SENTIMENT,),
            sources=(("topics", Source.CALLER),),
        ),
    )
    reason = Reason(trigger=Trigger.NO_PROGRESS, outcome=Outcome.HANDOFF, detail="turns", value=8)
    decision = Decision(
        outcome=Outcome.HANDOFF,
        reasons=(reason,),
        score=45,
        contributions=(Contribution("progress", 300, 150, 45),),
        digest="sha256:é",
    )
    assert dump(given, decision).decode() == (
        '{"context":{},"decision":{"contributions":[["progress",300,150,45]],"digest":"sha256:é",'
        '"outcome":"handoff","reasons":[{"detail":"turns","outcome":"handoff",'
        '"trigger":"no_progress","value":8}],"score":45},"signals":{"at":5,'
        '"faults":["missing_sentiment"],"repeated":true,"role":"customer",'
        '"sources":[["topics","caller"]]},"state":{"now":5,"turns":2,"whole":false},"v":1}'
    )


def test_a_field_that_has_its_default_is_left_out() -> None:
    line = dump(Input(state=CaseState(), signals=Signals(role=Role.OPS)), decision())
    assert json.loads(line) == {
        "context": {},
        "decision": {"outcome": "continue"},
        "signals": {"role": "ops"},
        "state": {},
        "v": 1,
    }


def decision() -> Decision:
    return Decision(outcome=Outcome.CONTINUE)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"v": 2}, "version `2` is not 1"),
        ({"state": {"turns": "2"}}, "`'2'` is not int"),
        ({"state": {"turns": True}}, "`True` is not int"),
        ({"state": {"whole": 1}}, "`1` is not bool"),
        ({"state": {"topics": [1]}}, "`1` is not str"),
        ({"state": {"moon": 1}}, "unknown field `moon`"),
        ({"state": []}, "not a decision record"),
        ({"signals": {"role": "nobody"}}, "not a decision record"),
        ({"signals": {"role": "ops", "sources": [["a"]]}}, "argument"),
        ({"signals": {}}, "not a decision record"),
        ({"decision": {"outcome": "CONTINUE"}}, "not a decision record"),
        ({"decision": {"outcome": 0}}, "not a decision record"),
        ({"decision": {"outcome": "offer", "contributions": [[1]]}}, "not a decision record"),
    ],
)
def test_what_is_no_record_is_refused_with_a_value_error(
    change: dict[str, object], message: str
) -> None:
    good = json.loads(dump(Input(state=CaseState(), signals=Signals(role=Role.OPS)), decision()))
    with pytest.raises(ValueError, match=message):
        load(json.dumps(good | change).encode())


@pytest.mark.parametrize("line", [b"", b"[]", b"null", b"7", b"{}", b'{"v":1}', b"\xff"])
def test_bytes_that_are_no_record_are_refused_with_a_value_error(line: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        load(line)


@given(wild(Rules))
def test_rules_are_built_back_from_their_plain_form(rules: Rules) -> None:
    assert build(Rules, json.loads(json.dumps(plain(rules)))) == rules


@given(wild(CaseState), wild(CaseState))
def test_different_states_have_different_lines(one: CaseState, other: CaseState) -> None:
    assume(one != other)
    signals = Signals(role=Role.OPS)
    assert dump(Input(state=one, signals=signals), decision()) != dump(
        Input(state=other, signals=signals), decision()
    )
