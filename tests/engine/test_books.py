"""Books are chains as those of cases are, and no cases."""

import pytest

from engine.world import BOSS, World
from handrail import books
from handrail.core.model import Role, Turn
from handrail.core.ownership import Takeover
from handrail.engine.work import SYSTEM
from handrail.errors import InputError, NotFound


def test_what_is_written_into_a_book_is_read_from_it_in_order() -> None:
    world = World()
    for name in ("submitted", "approved"):
        with world.store.unit() as unit:
            books.write(unit, books.PACKS, name, BOSS, {"digest": "d"})
    with world.store.view() as unit:
        found = books.read(unit, books.PACKS)
        assert [(one.number, one.name) for one in found] == [(1, "submitted"), (2, "approved")]
        assert found[0].actor == "human:boss"
        assert books.read(unit, books.ROSTER) == []
        assert unit.overdue(1 << 50, 10) == []
        assert unit.cases_of() == []


def test_a_book_is_no_case_of_anybody() -> None:
    world = World()
    with world.store.unit() as unit:
        books.write(unit, books.ACCESS, "key", SYSTEM, {})
    with pytest.raises(NotFound):
        world.engine.case(books.ACCESS)
    with pytest.raises(InputError, match="begin it with anything but @"):
        world.engine.turn("@mine", Turn(role=Role.CUSTOMER, text="Hi"), id="1")
    with pytest.raises(InputError, match="@access"):
        world.engine.act(books.ACCESS, Takeover(at=0, by=BOSS), id="1")
    with world.store.view() as unit:
        assert len(books.read(unit, books.ACCESS)) == 1
