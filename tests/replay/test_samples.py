"""The shipped conversations under the starter packs: what the demo promises to show."""

import pytest

from handrail import packs, samples
from handrail.core.model import Attributes, Outcome, Trigger
from handrail.importers import Conversation
from handrail.replay import Record, Tally, replay
from handrail.session import Session, Workflow, compile_workflow


@pytest.fixture(scope="module")
def records() -> list[Record]:
    ready: dict[str, Workflow] = {}
    for name in packs.starters():
        pack = packs.load(name)
        for workflow in pack.workflows:
            ready[workflow.name] = compile_workflow(pack, workflow.name)

    def session(conversation: Conversation) -> Session:
        return Session(
            workflow=ready[conversation.workflow or ""],
            attributes=Attributes(tier=conversation.tier, stage=conversation.stage),
            values=conversation.attributes,
            language=conversation.language,
            whole=conversation.whole,
        )

    return list(replay(samples.read(), session))


def test_every_trigger_is_the_trigger_of_some_sample(records: list[Record]) -> None:
    fired = {step.decision.trigger for record in records for step in record.steps}
    assert fired - {None} == set(Trigger)


def test_each_outcome_and_the_answers_to_an_offer_are_shown(records: list[Record]) -> None:
    steps = [step for record in records for step in record.steps]
    assert {step.decision.outcome for step in steps} == set(Outcome)
    assert any(step.given.signals.offer_accepted for step in steps)
    assert any(step.given.signals.offer_declined for step in steps)


def test_the_starter_packs_agree_with_the_truth_set_in_the_samples(
    records: list[Record],
) -> None:
    tally = Tally()
    for record in records:
        tally.add(record.conversation, [step.decision for step in record.steps])
    agreed = tally.should.everything
    assert agreed.false_yes == 0
    assert agreed.recall[0] >= 0.95 * agreed.recall[1]
    assert tally.other_trigger.count == 0


def test_every_explicit_request_in_the_samples_is_heard(records: list[Record]) -> None:
    asked = [r for r in records if r.conversation.truth.trigger == "explicit_request"]
    assert asked
    for record in asked:
        heard = [s.decision.trigger for s in record.steps]
        assert Trigger.EXPLICIT_REQUEST in heard, record.conversation.id
