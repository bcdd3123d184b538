"""What the benchmark of a handoff times is a handoff: opened, with its bundle, one person asked."""

import sys
from pathlib import Path

import pytest

from handrail.core.ownership import Status

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from bench.handoff import LONG, SHORT, conversation, desk_of


@pytest.mark.parametrize("turns", [SHORT, LONG])
def test_a_copy_is_handed_off_whole(turns: int) -> None:
    desk = desk_of(turns)
    first, second = desk.copies(2)
    assert desk.engine.case(first).ownership.status is Status.AI
    desk.hand_off(first)
    case = desk.engine.case(first)
    assert (case.lines, case.ownership.status) == (turns, Status.PROPOSED)
    assert desk.engine.case(second).ownership.status is Status.AI
    with desk.engine.store.unit() as unit:
        names = [one.name for one in unit.entries(first)]
        kinds = [one.kind for one in unit.effects(first)]
        sent = unit.payload(f"{first}/1") or ""
        assert len(unit.deadlines(first)) >= 4
    assert names == ["open", "bundle", "propose"]
    assert kinds == ["bundle", "notice", "proposal"]
    assert '"status":"complete"' in sent


def test_no_two_turns_of_a_conversation_by_people_are_alike() -> None:
    said = [turn.text for turn in conversation(400) if turn.text not in {"", "Let me see."}]
    assert len(said) == len(set(said))
