"""Laws 9 and 10 over generated material, with real and with hostile detectors."""

from dataclasses import fields, replace

from hypothesis import given
from hypothesis import strategies as st

from handrail import masking
from handrail.core.bundle import (
    BundleField,
    BundleTemplate,
    Found,
    Line,
    Mask,
    Masked,
    Material,
    PlaybookEntry,
    Status,
    assemble,
    missing,
    problems,
)
from handrail.core.bundle.parts import MAX_STEPS, MAX_WORDS
from handrail.core.bundle.render import to_customer, to_html, to_json, to_markdown
from handrail.core.bundle.seal import texts
from handrail.core.case import CaseState
from handrail.core.model import (
    Attributes,
    Decision,
    Event,
    Outcome,
    Reason,
    Role,
    ToolCall,
    Trigger,
)

HIDDEN = {
    Masked.CARD: ["4111 1111 1111 1111", "5500-0055-5555-5559", "4111111111111111"],
    Masked.IBAN: ["ES91 2100 0418 4502 0005 1332", "GB82WEST12345698765432"],
    Masked.NATIONAL_ID: ["12345678Z", "X1234567L", "536-22-8726"],
    Masked.SECRET: ["AKIAIOSFODNN7EXAMPLE", "ghp_abcdefghijklmnopqrstuvwxyz0123456789"],
    Masked.EMAIL: ["ana.perez@example.com"],
    Masked.PHONE: ["+34 612 345 678", "+1 415 555 2671"],
    Masked.IP: ["203.0.113.77"],
}
SECRETS = [(kind, text) for kind, texts_ in HIDDEN.items() for text in texts_]
WORDS = [
    "I want to cancel order A-1007 please.", "Hello!", "yes", "Can you help me?", "by Friday",
    "We will send it tomorrow.", "I cannot do that.", "I am transferring you to a human agent.",
    "Error: it failed", '{"order_id": "W42", "password": "x"}', "see https://example.org/a",
    "quiero hablar con una persona", "¿Dónde está?", "Gracias", "...", "x" * 2_000, "{quote}",
    "{0.__class__}", "```", "\x1e", "\ud800", "",
]  # fmt: skip
names = st.sampled_from(["", "track", "transfer_to_human_agents", "pay{tool}", "4111111111111111"])
said = st.lists(st.sampled_from(WORDS) | st.text(max_size=40), max_size=5).map(" ".join)
lines = st.lists(
    st.builds(
        Line,
        number=st.just(0),
        role=st.sampled_from(Role),
        text=said,
        tool=names,
        calls=st.lists(st.builds(ToolCall, name=names.filter(bool), args=said), max_size=2).map(
            tuple
        ),
        failed=st.none() | st.booleans(),
        events=st.lists(st.sampled_from(Event), max_size=2).map(tuple),
        private=st.booleans(),
    ),
    max_size=44,  # more than are read
).map(lambda found: tuple(replace(one, number=3 * n) for n, one in enumerate(found, 1)))
reasons = st.lists(
    st.builds(
        Reason,
        trigger=st.sampled_from(Trigger),
        outcome=st.just(Outcome.HANDOFF),
        detail=st.sampled_from(["", "security", "turns", "{x}"]),
        value=st.integers(0, 2_000),
        threshold=st.integers(0, 2_000),
    ),
    max_size=4,
).map(tuple)
entries = st.builds(
    PlaybookEntry,
    steps=st.just((("en", ("do {tool}", "ask for {reference}", "read {topic}")), ("es", ("haz",)))),
    trigger=st.sampled_from(["", *Trigger]),
    topic=st.sampled_from(["", "security"]),
    tool=names,
)
materials = st.builds(
    Material,
    lines=lines,
    decision=st.builds(
        Decision, outcome=st.just(Outcome.HANDOFF), reasons=reasons, score=st.integers(0, 1_000)
    ),
    state=st.builds(
        CaseState,
        approvals_open=st.integers(0, 3),
        sentiment_known=st.booleans(),
        level=st.integers(0, 1_000),
        topics=st.sampled_from([(), ("security",)]),
    ),
    template=st.builds(
        BundleTemplate,
        required=st.lists(st.sampled_from(BundleField), max_size=11).map(tuple),
        masked=st.lists(st.sampled_from(Masked), max_size=7).map(tuple),
        playbook=st.lists(entries, max_size=4).map(tuple),
    ),
    attributes=st.builds(Attributes, tier=st.sampled_from(["", "vip"])),
    language=st.sampled_from(["en", "es", "es-MX", "de", "", "zz-Q"]),
    transcript=st.sampled_from(["", "https://example.org/t/1"]),
)


def hostile(text: str, classes: frozenset[Masked]) -> list[Found]:
    """Stretches that overlap, lie outside, are empty or go backwards; or an error."""
    if len(text) % 3 == 0:
        raise ValueError(text)
    kind = min(classes)
    size = len(text)
    return [
        Found(-5, 3, kind),
        Found(2, size // 2, kind),
        Found(size // 3, size + 9, kind),
        Found(7, 2, kind),
        Found(size + 1, size + 4, kind),
    ]


@given(materials, st.sampled_from([masking.detect, hostile]))
def test_a_poor_bundle_never_delays_a_transfer_what_is_missing_is_listed_and_counted(
    material: Material, detect: object
) -> None:
    """Law 9."""
    bundle = assemble(material, detect)  # type: ignore[arg-type]
    assert not any("could not be made" in fault for fault in bundle.faults), bundle.faults
    assert bundle.missing == missing(bundle, material.template.required)
    assert (bundle.status is Status.DEGRADED) == bool(bundle.missing)
    assert bundle.trigger is material.decision.trigger
    if not material.lines:
        empty = {BundleField.GOAL, BundleField.SUMMARY, BundleField.NEXT_STEPS}
        assert set(bundle.missing) >= empty & set(material.template.required)


@given(st.sampled_from([item.name for item in fields(Material)]), materials)
def test_a_poor_bundle_never_delays_a_transfer_even_of_material_that_is_none(
    name: str, material: Material
) -> None:
    """Law 9, second guard: what breaks a promise of the types still gives a bundle."""
    bundle = assemble(replace(material, **{name: None}), masking.detect)
    assert bundle.status in {Status.DEGRADED, Status.COMPLETE}


@given(materials, st.data())
def test_every_claim_in_a_summary_cites_a_turn_or_tool_result_masked_classes_never_appear(
    material: Material, data: st.DataObject
) -> None:
    """Law 10."""
    numbers = {one.number for one in material.lines}
    kind, secret = data.draw(st.sampled_from(SECRETS))
    if material.lines:
        place = data.draw(st.integers(0, len(material.lines) - 1))
        changed = list(material.lines)
        text = f"I need help with order A-1007 and {secret} by Friday"
        call = ToolCall(name="track", args=f'{{"order_id": "{secret}"}}')
        changed[place] = replace(changed[place], text=text, calls=(call,))
        material = replace(material, lines=tuple(changed))
    masked = (*material.template.masked, kind)
    material = replace(material, template=replace(material.template, masked=masked))
    bundle = assemble(material, masking.detect)
    parts = [*bundle.summary, *bundle.constraints, *bundle.sources, *bundle.last_actions]
    parts += [*bundle.next_steps, *bundle.customer_visible, *filter(None, [bundle.goal])]
    assert all(one.evidence and set(one.evidence) <= numbers for one in parts)
    assert sum(len(one.text.split()) for one in bundle.summary) <= MAX_WORDS
    assert len(bundle.next_steps) <= MAX_STEPS
    mask = Mask(masking.detect, frozenset(masked))
    assert problems(bundle, mask) == ()
    assert not any(secret in text for text in texts(bundle))
    for render in (to_json, to_markdown, to_html, to_customer):
        assert secret not in render(bundle, mask)
