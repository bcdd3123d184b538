"""Which changes somebody is shown: those of the cases that their grants reach, and no others."""

import pytest

from handrail import books
from handrail.core.access import Grant, Role
from handrail.core.ownership import Epoch
from handrail.ports import Entry
from handrail.web.sight import sight
from handrail.wiring.desk import Change


def change(
    case: str = "c", workflow: str = "support", queue: str = "", topics: tuple[str, ...] = ()
) -> Change:
    entry = Entry(case=case, number=1, at=1, name="open", actor="system", epoch=Epoch())
    return Change("1-1", (1, "", 0), entry, workflow, "queued", "", queue, topics)


def test_nobody_sees_anything_without_a_grant() -> None:
    assert not sight(())(change())


@pytest.mark.parametrize("role", [Role.BOARD, Role.ANALYST, Role.ADMIN])
def test_who_may_read_no_case_sees_none(role: Role) -> None:
    assert not sight((Grant(role=role),))(change())


@pytest.mark.parametrize("role", [Role.AGENT, Role.HUMAN, Role.SUPERVISOR, Role.AUDITOR])
def test_who_may_read_all_cases_sees_all(role: Role) -> None:
    assert sight((Grant(role=role),))(change(queue="any", topics=("legal",)))


def test_a_grant_shows_what_it_reaches_and_nothing_else() -> None:
    queue = sight((Grant(role=Role.HUMAN, queue="legal"),))
    assert queue(change(queue="legal"))
    assert not queue(change(queue="frontline"))
    assert not queue(change())  # with the AI: in no queue
    topic = sight((Grant(role=Role.HUMAN, topic="security"),))
    assert topic(change(topics=("legal", "security")))
    assert not topic(change(topics=("legal",)))
    assert not topic(change())
    workflow = sight((Grant(role=Role.HUMAN, workflow="sales"),))
    assert workflow(change(workflow="sales"))
    assert not workflow(change())


@pytest.mark.parametrize("book", [books.PACKS, books.ROSTER, books.ACCESS, books.HOOKS])
def test_a_book_is_of_the_workspace_as_a_whole(book: str) -> None:
    admin = sight((Grant(role=Role.ADMIN),))
    assert admin(change(book, workflow=""))
    human = sight((Grant(role=Role.HUMAN),))
    assert human(change(book, workflow="")) == (book in {books.PACKS, books.ROSTER})
    narrow = sight((Grant(role=Role.HUMAN, queue="legal"), Grant(role=Role.AGENT)))
    assert not narrow(change(book, workflow=""))
