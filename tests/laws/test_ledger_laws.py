"""Law 21: the ledger verifies offline; any change to any entry, order or count is detected."""

import json
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from core.ledger.test_canonical import CHARACTERS, WHOLE
from handrail import prove
from handrail.core import ledger
from handrail.core.ownership import Epoch
from handrail.ports import Entry
from handrail.prove import Book, export
from prove import oracle
from prove.ledgers import finished, keys, salt

NAMES = st.text(st.characters(exclude_categories=("Cs",)), max_size=3)
VALUES = st.recursive(
    st.none() | st.booleans() | WHOLE | CHARACTERS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=2),
    max_leaves=4,
)
STEPS = st.lists(
    st.tuples(
        NAMES, CHARACTERS, st.dictionaries(NAMES, VALUES, max_size=2), st.none() | CHARACTERS, WHOLE
    ),
    min_size=1,
    max_size=5,
)
right = cache(prove.right)


def booked(steps: list[Any], cuts: set[int]) -> Book:
    """A ledger of these entries, with a checkpoint after some of them and one at the end."""
    first, second = keys()
    book, numbers = Book("workspace é", first), dict[str, int]()
    for count, (case, actor, body, text, at) in enumerate(steps):
        number = numbers[case] = numbers.get(case, 0) + 1
        if text is not None:
            key = f"{case}#{number}"
            bound = book.keep(case, key, salt(key), text)
            body = {**body, "said": {"key": key, "commitment": bound}}  # noqa: PLW2901
        book.add(
            Entry(
                case=case,
                number=number,
                at=at,
                name="note",
                actor=actor,
                epoch=Epoch(0, count),
                body=body,
            )
        )
        if count in cuts:
            book.checkpoint(first.current.at + count)
    book.checkpoint(first.current.at + 100, keys=second)
    return book


LEDGERS = st.builds(booked, STEPS, st.sets(st.integers(0, 4)))


def leaves(value: Any) -> Iterator[tuple[Callable[[Any], None], Any]]:
    """Every value inside a value, each with what puts another in its place."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for name, inner in items:
        yield lambda new, name=name: value.__setitem__(name, new), inner
        if isinstance(inner, dict | list):
            yield from leaves(inner)


def other(value: Any) -> st.SearchStrategy[Any]:
    """Another value than this one, of the same kind or not."""
    same = st.booleans() if isinstance(value, bool) else WHOLE if isinstance(value, int) else VALUES
    return (same | VALUES).filter(lambda new: ledger.text(new) != ledger.text(value))


@given(LEDGERS)
def test_a_ledger_verifies_offline_and_a_second_verifier_agrees(book: Book) -> None:
    lines = list(export(book))
    assert ledger.verify(lines, right).findings == []
    assert oracle.good(b"".join(lines))
    apart = list(export(book, payloads=False))
    assert ledger.verify(apart, right).findings == []
    assert oracle.good(b"".join(apart))


@given(LEDGERS, st.data())
def test_any_change_to_any_value_of_any_line_is_detected(book: Book, data: st.DataObject) -> None:
    lines = list(export(book))
    number = data.draw(st.integers(0, len(lines) - 2))
    row = json.loads(lines[number])
    put, old = data.draw(st.sampled_from(list(leaves(row))))
    put(data.draw(other(old)))
    if row["kind"] == "header" and row["payloads"] is False:
        return  # an export without texts is as right as one with them
    lines[number] = ledger.canonical(row) + b"\n"
    again = finished(lines)
    assert ledger.verify(again, right).findings
    assert not oracle.good(b"".join(again))


@given(LEDGERS, st.data())
def test_any_change_to_the_order_or_the_count_of_lines_is_detected(
    book: Book, data: st.DataObject
) -> None:
    lines = list(export(book))
    again = [*lines]
    line = again.pop(data.draw(st.integers(0, len(lines) - 1)))
    if data.draw(st.booleans()):
        again.insert(data.draw(st.integers(0, len(again))), line)
    if data.draw(st.booleans()):
        again.insert(data.draw(st.integers(0, len(again))), line)
    if again:
        again = finished(again) if data.draw(st.booleans()) else again
    right_still = ledger.verify(again, right).findings == []
    assert right_still is (again == lines)
    assert oracle.good(b"".join(again)) is right_still
