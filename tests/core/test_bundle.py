"""What a bundle says of a case: the wish, what was tried, what to do next, what binds."""

import json
import re
import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail import packs
from handrail.core import policy
from handrail.core.bundle import (
    Bundle,
    BundleField,
    BundleTemplate,
    Claim,
    Found,
    Line,
    Mask,
    Masked,
    Material,
    PlaybookEntry,
    Status,
    TrendWay,
    accept,
    assemble,
    line,
    problems,
)
from handrail.core.bundle import text as t
from handrail.core.bundle.material import HEAD, TAIL
from handrail.core.bundle.render import to_customer, to_html, to_json, to_markdown
from handrail.core.case import CaseState
from handrail.core.model import (
    Attributes,
    Decision,
    Event,
    Outcome,
    Reason,
    Role,
    Signals,
    ToolCall,
    Trigger,
    Turn,
)

C, A, T = Role.CUSTOMER, Role.AGENT, Role.TOOL
CODE = re.compile(r"SECRET\d+")


def detect(text: str, classes: frozenset[Masked]) -> list[Found]:
    found = [Found(*one.span(), Masked.SECRET) for one in CODE.finditer(text)]
    return found if Masked.SECRET in classes else []


def none(text: str, classes: frozenset[Masked]) -> list[Found]:  # noqa: ARG001
    return []


def lines(*said: Line) -> tuple[Line, ...]:
    return tuple(replace(one, number=number) for number, one in enumerate(said, 1))


def says(role: Role, text: str, *calls: ToolCall, events: tuple[Event, ...] = ()) -> Line:
    return Line(number=0, role=role, text=text, calls=calls, events=events)


def gives(tool: str, text: str = "", *, failed: bool | None = False, **more: object) -> Line:
    return Line(number=0, role=T, tool=tool, text=text, failed=failed, **more)  # type: ignore[arg-type]


def call(name: str, args: str = "") -> ToolCall:
    return ToolCall(name=name, args=args)


def decided(*reasons: Reason, score: int = 0) -> Decision:
    return Decision(outcome=Outcome.HANDOFF, reasons=reasons, score=score)


def fired(trigger: Trigger, **more: object) -> Reason:
    return Reason(trigger=trigger, outcome=Outcome.HANDOFF, **more)  # type: ignore[arg-type]


ASKED = decided(fired(Trigger.EXPLICIT_REQUEST, hard=True))
TOOLS = decided(fired(Trigger.TOOL_FAILURE, value=2, threshold=2))
PARCEL = lines(
    says(C, "Hello! My parcel A-1007 has not come. Where is it? I need it by Friday."),
    says(A, "I look it up.", call("track", '{"order_id": "A-1007"}')),
    gives("track", "Error: upstream timed out", failed=True),
    says(A, "Once more.", call("track", '{"order_id": "A-1007"}')),
    gives("track", "Error: upstream timed out", failed=True),
)


def material(said: tuple[Line, ...], decision: Decision = TOOLS, **more: object) -> Material:
    known = {"state": CaseState(), "transcript": "https://example.org/t/1", **more}
    return Material(lines=said, decision=decision, **known)  # type: ignore[arg-type]


def paragraph(bundle: Bundle) -> str:
    return " ".join(one.text for one in bundle.summary)


def test_the_summary_says_what_is_wanted_tried_and_why_it_comes_here() -> None:
    bundle = assemble(material(PARCEL), none)
    assert bundle.goal is not None
    assert bundle.goal.text.startswith("My parcel A-1007 has not come. Where is it?")
    assert bundle.goal.evidence == (1,)
    said = {one.text: one.evidence for one in bundle.summary}
    assert said["Failed: `track` 2 times (“Error: upstream timed out”)."] == (2, 3, 4, 5)
    assert said["Handed over because 2 tool calls failed in a row (limit 2)."] == (3, 5)
    assert "order_id A-1007" not in paragraph(bundle), "the goal has it already"
    assert bundle.status is Status.COMPLETE
    assert bundle.missing == ()


def test_the_first_step_names_the_tool_its_arguments_and_its_error() -> None:
    first, *rest = assemble(material(PARCEL), none).next_steps
    assert first.text == (
        "Do by hand what `track` could not (order_id: A-1007): "
        "it failed 2 times with “Error: upstream timed out”."
    )
    assert first.source == "action"
    assert first.evidence == (2, 3, 4, 5)
    assert rest


def test_a_tool_that_recovered_is_no_step() -> None:
    said = (*PARCEL, says(A, "", call("track")), gives("track", "{}"))
    steps = assemble(material(lines(*said)), none).next_steps
    assert not [one for one in steps if "`track` could not" in one.text]


def test_a_deadline_of_the_customer_is_a_constraint() -> None:
    constraints = assemble(material(PARCEL), none).constraints
    assert [one.text for one in constraints] == ["The customer's limit: “I need it by Friday.”"]


def test_what_the_agent_promised_and_refused_is_a_constraint_and_a_step() -> None:
    said = lines(
        says(C, "The kettle arrived broken, I want my money back."),
        says(A, "We cannot refund it in cash. We will send you a new kettle tomorrow."),
        says(C, "Then get me a person please."),
    )
    bundle = assemble(material(said, ASKED), none)
    assert [one.text for one in bundle.constraints] == [
        "The agent told the customer: “We cannot refund it in cash.”",
        "The agent promised: “We will send you a new kettle tomorrow.”",
    ]
    assert any("We will send you a new kettle" in one.text for one in bundle.next_steps)


def test_a_wish_for_a_person_is_not_the_goal_where_there_is_another() -> None:
    said = lines(says(C, "I want to talk to a human."), says(C, "My invoice 20481 is wrong."))
    bundle = assemble(material(said, ASKED), none)
    assert bundle.goal == Claim(text="My invoice 20481 is wrong.", evidence=(2,))


def test_a_greeting_is_no_goal_and_the_bundle_says_so() -> None:
    bundle = assemble(material(lines(says(C, "Good morning!")), ASKED), none)
    assert bundle.goal is None
    assert bundle.status is Status.DEGRADED
    assert BundleField.GOAL in bundle.missing
    assert BundleField.NEXT_STEPS in bundle.missing


def test_a_later_wish_is_told_beside_the_first() -> None:
    said = lines(
        says(C, "Can you change the colour of order 55512 to red?"),
        says(A, "It is red now."),
        says(C, "Actually, I would like to cancel it."),
        says(A, "Shall I cancel the whole order?"),
    )
    text = paragraph(assemble(material(said, ASKED), none))
    assert "Later they asked: “Actually, I would like to cancel it.”" in text
    assert "The agent asked and waits for: “Shall I cancel the whole order?”" in text


def test_an_agent_that_acts_alone_has_its_task_as_the_goal() -> None:
    said = lines(says(A, "", call("deploy", '{"service": "shop"}')), gives("deploy", failed=True))
    bundle = assemble(material(said), none)
    assert bundle.goal == Claim(text="`deploy` service: shop", evidence=(1,))


def test_an_open_approval_and_a_missing_right_bind_the_human() -> None:
    said = lines(
        says(C, "Please grant the contractor access to the bucket."),
        says(A, "", call("grant", '{"user": "c7"}'), events=(Event.APPROVAL_REQUESTED,)),
        gives("grant", "denied", failed=True, events=(Event.PERMISSION_MISSING,)),
    )
    decision = decided(
        fired(Trigger.MISSING_PERMISSION), fired(Trigger.BLOCKED_APPROVAL, value=31, threshold=30)
    )
    bundle = assemble(material(said, decision, state=CaseState(approvals_open=1)), none)
    assert [one.evidence for one in bundle.constraints] == [(2,), (3,)]
    steps = [one.text for one in bundle.next_steps]
    assert steps[0].startswith("Run `grant` (user: c7) yourself or have the right granted")
    assert "Decide on the approval that has waited 31 minutes, asked in turn 2." in steps


def test_what_the_agent_told_its_transfer_tool_is_kept() -> None:
    args = '{"summary": "Customer wants the fee for booking QX71 waived"}'
    said = lines(says(C, "Please waive my fee."), says(A, "", call("transfer_to_human", args)))
    bundle = assemble(material(said, decided(fired(Trigger.AGENT_REQUEST))), none)
    assert "booking QX71" in paragraph(bundle)
    assert bundle.next_steps[0].text.startswith("Take up what the agent could not do")


def test_sources_are_what_was_cited_and_the_results_that_were_used() -> None:
    said = lines(
        says(C, "How long is the guarantee?"),
        says(A, "Two years, see https://example.org/guarantee and article KB-204."),
        says(A, "", call("lookup")),
        gives("lookup", "{}"),
    )
    found = [one.text for one in assemble(material(said, ASKED), none).sources]
    assert found == ["https://example.org/guarantee", "article KB-204", "Result of `lookup`"]


def test_nothing_found_is_said_with_the_turns_that_were_read() -> None:
    said = lines(says(C, "Where is my parcel?"))
    bundle = assemble(material(said, ASKED), none)
    assert bundle.sources[0].text.endswith("in the turns read (1-1).")
    assert bundle.last_actions[0].detail.startswith("No tool call and no reply")


def test_a_private_note_is_not_shown_to_the_customer() -> None:
    note = replace(says(Role.HUMAN, "This one always complains, offer nothing."), private=True)
    said = lines(says(C, "Where is my parcel A-1007?"), note)
    mask = Mask(none, frozenset())
    shown = to_customer(assemble(material(said, ASKED), none), mask)
    assert shown == (
        "You asked: “Where is my parcel A-1007?”\n"
        "A person takes over and has our conversation at hand."
    )


def test_the_customers_text_has_no_reason_score_or_tool() -> None:
    bundle = assemble(material(PARCEL, replace(TOOLS, score=712)), none)
    shown = to_customer(bundle, Mask(none, frozenset()))
    assert "track" not in shown
    assert "712" not in shown
    assert "failed" not in shown


def test_who_the_customer_is_and_where_the_mood_goes() -> None:
    state = CaseState(sentiment_known=True, level=640, run_start=200, sentiment_run=3)
    who = Attributes(tier="vip", stage="closing")
    bundle = assemble(material(PARCEL, state=state, attributes=who), none)
    assert bundle.customer_value is not None
    assert (bundle.customer_value.tier, bundle.customer_value.stage) == ("vip", "closing")
    assert bundle.sentiment_trend is not None
    assert bundle.sentiment_trend.way is TrendWay.WORSENING


@pytest.mark.parametrize("field", list(BundleField))
def test_each_required_field_that_is_lacking_is_listed(field: BundleField) -> None:
    bare = Material(
        lines=(),
        decision=Decision(outcome=Outcome.HANDOFF),
        state=CaseState(),
        template=BundleTemplate(required=(field,)),
    )
    bundle = assemble(bare, none)
    assert bundle.missing == (field,)
    assert bundle.status is Status.DEGRADED


@pytest.mark.parametrize("language", ["es", "es-MX"])
def test_a_case_in_spanish_is_handed_over_in_spanish(language: str) -> None:
    said = lines(
        says(C, "Hola, mi paquete A-1007 no ha llegado. ¿Dónde está?"),
        says(A, "Voy a enviarle otro mañana."),
    )
    bundle = assemble(material(said, ASKED, language=language), none)
    assert bundle.language == "es"
    assert bundle.summary[0].text.startswith("El cliente quiere: «mi paquete A-1007")
    assert "Se traspasa porque el cliente pidió una persona." in paragraph(bundle)
    assert "## Próximos pasos" in to_markdown(bundle, Mask(none, frozenset()))


def entry(*steps: str, **when: str) -> PlaybookEntry:
    return PlaybookEntry(steps=(("en", steps),), **when)


def booked(*entries: PlaybookEntry) -> BundleTemplate:
    return BundleTemplate(playbook=entries)


def test_the_most_specific_entry_of_the_playbook_comes_first() -> None:
    template = booked(
        entry("any failure", trigger="tool_failure"),
        entry("never: another tool", trigger="tool_failure", tool="pay"),
        entry("never: another topic", topic="legal"),
        entry("the tracker: see {tool} for {reference}", trigger="tool_failure", tool="track"),
    )
    steps = assemble(material(PARCEL, template=template), none).next_steps
    book = [one.text for one in steps if one.source == "playbook"]
    assert book == ["the tracker: see `track` for `order_id A-1007`"]


def test_a_step_without_what_it_names_is_left_out() -> None:
    template = booked(entry("look at {topic}", trigger="tool_failure"))
    steps = assemble(material(PARCEL, template=template), none).next_steps
    assert not [one for one in steps if one.source == "playbook"]


def test_steps_of_the_kind_of_case_alone_are_not_enough() -> None:
    said = lines(says(C, "Good morning!"))
    general = booked(entry("greet by name", "read the account", trigger="explicit_request"))
    bundle = assemble(material(said, ASKED, template=general), none)
    assert len(bundle.next_steps) == 2
    assert BundleField.NEXT_STEPS in bundle.missing


def test_an_entry_that_names_nothing_never_counts() -> None:
    template = booked(entry("be kind", "be quick"))
    said = lines(says(C, "Good morning!"))
    bundle = assemble(material(said, ASKED, template=template), none)
    assert bundle.next_steps == ()
    assert BundleField.NEXT_STEPS in bundle.missing


@pytest.mark.parametrize("starter", ["support-chat", "ops-agent", "sales-assist"])
def test_every_starter_pack_has_a_playbook_in_both_languages(starter: str) -> None:
    pack = packs.load(starter)
    for workflow in pack.workflows:
        book = policy.bundle(pack, workflow.name).playbook
        assert len(book) >= 6
        assert all({"en", "es"} == {language for language, _ in one.steps} for one in book)
        assert {one.topic for one in book if one.topic} >= {
            topic.name for topic in workflow.rules.topics if topic.action is not Outcome.CONTINUE
        }


def test_two_cases_of_a_workflow_do_not_get_the_same_steps() -> None:
    template = policy.bundle(packs.load("support-chat"), "support")
    other = lines(says(C, "I want to cancel booking QX71 today."), says(A, "Which one is it?"))
    one = assemble(material(PARCEL, template=template), none)
    two = assemble(material(other, ASKED, template=template), none)
    assert not {step.text for step in one.next_steps} & {step.text for step in two.next_steps}


def test_a_secret_is_hidden_before_anything_is_cut() -> None:
    said = lines(says(C, "x " * 94 + "SECRET12345678901234567890 please help me with it"))
    bundle = assemble(material(said, ASKED), detect)
    assert "SECRET" not in to_json(bundle, Mask(none, frozenset()))


def test_a_secret_on_the_edge_of_what_is_read_leaves_no_trace() -> None:
    for place in range(1_380, 1_402):
        said = lines(says(C, "help " + "y" * (place - 5) + " SECRET12345678901234567890"))
        bundle = assemble(material(said, ASKED), detect)
        assert "SECRET" not in to_json(bundle, Mask(none, frozenset()))


def test_a_detector_that_breaks_withholds_the_texts_and_stops_nothing() -> None:
    def broken(text: str, classes: frozenset[Masked]) -> list[Found]:
        raise RuntimeError(text, classes)

    bundle = assemble(material(PARCEL), broken)
    assert "A-1007" not in to_json(bundle, Mask(none, frozenset()))
    assert bundle.faults == ("masking failed: a text was withheld",)
    assert bundle.trigger is Trigger.TOOL_FAILURE


def test_material_of_the_wrong_types_gives_the_poorest_bundle() -> None:
    broken = material((Line(number=1, role=C, text=None),))  # type: ignore[arg-type]
    bundle = assemble(broken, none)
    assert bundle.status is Status.DEGRADED
    assert bundle.trigger is Trigger.TOOL_FAILURE
    assert bundle.faults[0].startswith("the bundle could not be made")
    assert assemble(None, none).status is Status.DEGRADED  # type: ignore[arg-type]


def long(count: int) -> tuple[Line, ...]:
    return lines(*(says(C if k % 2 else A, f"Please change item {k:05}.") for k in range(count)))


def test_a_long_case_is_read_at_both_ends_only() -> None:
    bundle = assemble(material(long(2_000), ASKED), none)
    cited = {number for one in bundle.summary for number in one.evidence}
    assert cited
    assert all(number <= HEAD or number > 2_000 - TAIL for number in cited)
    assert "turns read (1-10, 1971-2000)" in bundle.sources[0].text


def test_a_case_of_two_thousand_turns_costs_at_most_three_times_one_of_twenty() -> None:
    short, wide = material(long(20), ASKED), material(long(2_000), ASKED)

    def cost(one: Material) -> float:
        begun = time.process_time()
        for _ in range(10):
            assemble(one, none)
        return time.process_time() - begun

    pairs = [(cost(short), cost(wide)) for _ in range(7)]
    assert min(two for _, two in pairs) <= 3 * min(one for one, _ in pairs)


def test_a_line_takes_what_was_measured_of_the_turn() -> None:
    signals = Signals(role=T, tool_failed=True, permission_missing=True)
    made = line(4, Turn(role=T, tool="grant", text="denied"), signals)
    assert made.failed is True
    assert made.events == (Event.PERMISSION_MISSING,)


def test_markup_of_others_stays_text() -> None:
    said = lines(
        says(C, "Please fix <script>alert(1)</script> and [this](http://x) in order 90001")
    )
    bundle = assemble(material(said, ASKED), none)
    mask = Mask(none, frozenset())
    assert "<script>" not in to_html(bundle, mask)
    assert "[this](" not in to_markdown(bundle, mask)
    assert json.loads(to_json(bundle, mask))["goal"]["evidence"] == [1]


def test_a_renderer_leaves_out_what_cites_no_turn_and_masks_again() -> None:
    bundle = assemble(material(PARCEL), none)
    bad = replace(bundle, summary=(Claim(text="made up", evidence=()),), goal=Claim(
        text="SECRET99", evidence=(1,)))  # fmt: skip
    mask = Mask(detect, frozenset({Masked.SECRET}))
    for render in (to_json, to_markdown, to_html):
        assert "made up" not in render(bad, mask)
        assert "SECRET99" not in render(bad, mask)
    assert set(problems(bad, mask)) == {
        "`summary` has a part that cites no turn",
        "a text holds what the pack masks",
    }


@given(st.text(max_size=80), st.integers(2, 60))
def test_a_quote_is_cut_at_the_end_of_a_word(text: str, limit: int) -> None:
    cut = t.clip(text, limit)
    assert len(cut) <= limit
    whole = " ".join(text.split()).rstrip(' ,"')
    if cut != whole and " " in whole[: limit - 1]:
        words = whole.split()
        assert cut.removesuffix("…").split()[-1].strip(" ,;:.-\u2013—(") in " ".join(words)
        assert whole.startswith(cut.removesuffix("…"))
        assert whole[len(cut) - 1 : len(cut)] in " ,;:.-\u2013—("


GOOD = {
    "goal": {"text": "Find the parcel A-1007.", "evidence": [1]},
    "summary": [{"text": "The tracker timed out twice.", "evidence": [3, 5]}],
    "constraints": [{"text": "It is needed by Friday.", "evidence": [1]}],
    "next_steps": [
        {"text": "Ask the carrier for parcel A-1007.", "evidence": [1]},
        {"text": "Report `track` to its team.", "evidence": [3, 5]},
    ],
}


def test_a_candidate_that_keeps_the_rules_is_taken() -> None:
    made = accept(GOOD, material(PARCEL), detect, writer="m")
    assert isinstance(made, Bundle)
    assert made.writer == "m"
    assert made.goal == Claim(text="Find the parcel A-1007.", evidence=(1,))
    assert made.trigger is Trigger.TOOL_FAILURE
    assert made.status is Status.COMPLETE


WORSE = {
    "no object": ([], "should be an object"),
    "a key too many": ({**GOOD, "mood": 1}, "exactly goal"),
    "a goal of text": ({**GOOD, "goal": "x"}, "`goal` should be a map"),
    "no evidence": ({**GOOD, "goal": {"text": "x", "evidence": []}}, "list of turn numbers"),
    "evidence of bools": ({**GOOD, "goal": {"text": "x", "evidence": [True]}}, "turn numbers"),
    "a turn that is not there": ({**GOOD, "goal": {"text": "x", "evidence": [9]}}, "turn 9"),
    "an invented number": (
        {**GOOD, "goal": {"text": "Find the parcel A-9999.", "evidence": [1]}}, "`A-9999`"),
    "no summary": ({**GOOD, "summary": []}, "has 0 words"),
    "too many words": (
        {**GOOD, "summary": [{"text": "word " * 61, "evidence": [1]}] * 2}, "has 122 words"),
    "one step": ({**GOOD, "next_steps": GOOD["next_steps"][:1]}, "should have 2 to 3"),  # type: ignore[index]
    "a step for any case": (
        {**GOOD, "next_steps": [{"text": "Be kind.", "evidence": [1]}] * 2}, "nothing of this"),
}  # fmt: skip


@pytest.mark.parametrize("kind", WORSE)
def test_a_candidate_that_breaks_a_rule_is_refused_with_the_reason(kind: str) -> None:
    candidate, reason = WORSE[kind]
    found = accept(candidate, material(PARCEL), detect)
    assert isinstance(found, tuple)
    assert any(reason in one for one in found), found


def test_a_candidate_is_masked_again() -> None:
    said = lines(says(C, "My code SECRET123456 does not work for order A-1007."), *PARCEL[1:])
    goal = {"text": "The code SECRETS like SECRET777 fails.", "evidence": [1]}
    made = accept({**GOOD, "goal": goal, "constraints": []}, material(said), detect)
    text = str(made)
    assert "SECRET777" not in text
