"""Nobody may do anything, except what a grant gives where it reaches."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail.core.access import (
    ALL,
    RIGHTS,
    Grant,
    Kind,
    Right,
    Role,
    Scope,
    fits,
    may,
    visible,
)

NAMES = st.sampled_from(["a", "b", ALL])
GRANTS = st.builds(Grant, role=st.sampled_from(Role), workflow=NAMES, queue=NAMES, topic=NAMES)
SCOPES = st.builds(
    Scope,
    workflow=st.sampled_from(["a", "b", "c"]),
    queue=st.sampled_from(["", "a", "b", "c"]),
    topics=st.frozensets(st.sampled_from(["a", "b", "c"])),
)
PLACES = st.none() | SCOPES
HELD = st.lists(GRANTS, max_size=5)

# Which role may do what, written again, row by row as the guide has it.
TABLE = {
    "turn": "agent",
    "read_case": "agent human supervisor auditor",
    "read_transcript": "human supervisor auditor",
    "act": "human supervisor",
    "supervise": "supervisor",
    "roster": "supervisor",
    "submit_pack": "analyst admin",
    "approve_pack": "board",
    "read_pack": "human supervisor board analyst auditor admin",
    "read_metrics": "supervisor board analyst auditor admin",
    "audit": "auditor",
    "administer": "admin",
}


@pytest.mark.parametrize("right", Right)
@pytest.mark.parametrize("role", Role)
def test_a_role_has_the_rights_of_the_table_and_no_other(role: Role, right: Right) -> None:
    expected = role.value in TABLE[right.value].split()
    assert may([Grant(role=role)], right) is expected
    assert may([Grant(role=role)], right, Scope(workflow="w", queue="q")) is expected


def test_the_guide_has_this_table(root: Path) -> None:
    page = (root / "docs" / "guides" / "access.md").read_text("utf-8")
    head, _, *rows = page.split("\n| Right |")[1].split("\n\n")[0].splitlines()
    roles = [one.strip() for one in head.split("|")[1:-1]]
    assert roles == [*Role]
    cells = [[cell.strip() for cell in row.split("|")[1:-1]] for row in rows]
    told = {
        right.strip("`"): " ".join(r for r, cell in zip(roles, given, strict=True) if cell == "yes")
        for right, _, *given in cells
    }
    assert told == TABLE


def allowed(held: list[Grant], right: Right, place: Scope | None) -> bool:
    """The rule once more, as plainly as it can be said."""
    for one in held:
        if one.role.value not in TABLE[right.value].split():
            continue
        if place is None:
            if (one.workflow, one.queue, one.topic) == ("*", "*", "*"):
                return True
            continue
        flow = one.workflow in {"*", place.workflow}
        queue = one.queue in {"*", place.queue}
        topic = one.topic == "*" or any(one.topic == topic for topic in place.topics)
        if flow and queue and topic:
            return True
    return False


@given(HELD, st.sampled_from(Right), PLACES)
def test_a_right_comes_only_from_a_grant_that_reaches_there(
    held: list[Grant], right: Right, place: Scope | None
) -> None:
    assert may(held, right, place) is allowed(held, right, place)


@given(st.sampled_from(Right), PLACES)
def test_whoever_was_granted_nothing_may_do_nothing(right: Right, place: Scope | None) -> None:
    assert not may([], right, place)
    sight = visible([], right)
    assert not sight
    assert not sight.everything


@given(HELD, GRANTS, st.sampled_from(Right), PLACES)
def test_one_more_grant_never_takes_a_right_away(
    held: list[Grant], more: Grant, right: Right, place: Scope | None
) -> None:
    if may(held, right, place):
        assert may([*held, more], right, place)
        assert may([more, *held], right, place)


@given(HELD, st.sampled_from(Right), SCOPES)
def test_a_list_shows_exactly_what_may_be_read_one_by_one(
    held: list[Grant], right: Right, place: Scope
) -> None:
    sight = visible(held, right)
    assert sight.sees(place) is may(held, right, place)
    assert sight.everything is may(held, right)
    if sight.sees(place):
        assert sight
        assert sight.workflows is None or place.workflow in sight.workflows
        assert sight.queues is None or place.queue in sight.queues


def test_who_is_bound_to_a_queue_or_a_topic_does_not_see_what_has_none() -> None:
    with_the_ai = Scope(workflow="support")
    assert not may([Grant(role=Role.HUMAN, queue="tier-2")], Right.READ_CASE, with_the_ai)
    assert not may([Grant(role=Role.HUMAN, topic="legal")], Right.READ_CASE, with_the_ai)
    legal = Scope(workflow="support", queue="law", topics=frozenset({"legal", "pricing"}))
    assert may([Grant(role=Role.HUMAN, topic="legal")], Right.READ_CASE, legal)


def test_who_answers_for_a_case_is_a_person_and_who_speaks_as_the_ai_is_none() -> None:
    people = {role for role in Role if fits(Kind.PERSON, role)}
    programs = {role for role in Role if fits(Kind.PROGRAM, role)}
    assert people == set(Role) - {Role.AGENT}
    assert programs == {Role.AGENT, Role.ANALYST, Role.AUDITOR, Role.ADMIN}
    assert set(RIGHTS) == set(Role)
