"""Exports: in order, streamed, with the texts that entries commit to and no others."""

import json
from io import BytesIO

from handrail.core import ledger
from handrail.prove import Book, export, right, write
from prove import oracle
from prove.ledgers import (
    CASES,
    WORKSPACE,
    entry,
    keys,
    large,
    played,
    said,
    salt,
    small,
    small_book,
)


def kinds(lines: list[bytes]) -> list[str]:
    return [json.loads(line)["kind"] for line in lines]


def test_the_lines_stand_in_the_order_of_the_format() -> None:
    assert kinds(small()) == [
        *("header", "key", "key", "checkpoint", "checkpoint"),
        *("entry", "entry", "payload", "entry", "entry", "end"),
    ]


def test_cases_are_sorted_by_code_point_and_numbers_as_numbers() -> None:
    book = Book(WORKSPACE, keys()[0])
    names = ["a", "B", "é", "😀", "\uffee", "z", "", "10", "9"]
    for name in names:
        for number in range(1, 12):
            book.add(entry(name, number))
    book.checkpoint(keys()[0].current.at)
    lines = list(export(book))
    rows = [json.loads(line)["entry"] for line in lines if b'"kind":"entry"' in line]
    found = [(row["case"], row["number"]) for row in rows]
    assert found == [(name, number) for name in sorted(names) for number in range(1, 12)]
    assert [name.encode() for name, _ in found] == sorted(name.encode() for name, _ in found)
    assert ledger.verify(lines, right).findings == []
    assert oracle.good(b"".join(lines))


def test_a_text_that_no_entry_commits_to_does_not_leave() -> None:
    book = small_book()
    for case in ("", "a", "aa", "b", "z"):
        book.keep(case, f"{case}#loose", salt(case), "loose")
    assert list(export(book)) == small()


def test_without_payloads_no_text_leaves() -> None:
    lines = list(export(small_book(), payloads=False))
    assert "payload" not in kinds(lines)
    assert not any("adiós".encode() in line for line in lines)
    assert ledger.verify(lines, right).apart == 1


def test_half_a_character_survives_the_way_out_and_is_verified() -> None:
    book = Book(WORKSPACE, keys()[0])
    for number, text in enumerate(["\ud83d", "\ud83d\ude00", "x\ude00\ud83dy", "\x00\x1f\x7f"], 1):
        book.add(entry("c", number, said=said(book, "c", f"k{number}", text)))
    book.checkpoint(keys()[0].current.at)
    lines = list(export(book))
    report = ledger.verify(lines, right)
    assert (report.findings, report.texts) == ([], 4)
    assert oracle.good(b"".join(lines))


def test_a_file_has_what_the_lines_are() -> None:
    file = BytesIO()
    assert write(small_book(), file) == len(file.getvalue())
    assert file.getvalue() == b"".join(small())


def test_what_the_engine_wrote_is_exported_entry_by_entry_and_verified() -> None:
    report = ledger.verify(large(), right)
    world = played()
    assert report.findings == []
    assert report.cases == len(CASES)
    assert report.entries == sum(len(world.entries(case)) for case in CASES) > 100
    assert report.texts > 5
    assert oracle.good(b"".join(large()))


def test_an_export_is_the_same_twice() -> None:
    assert list(export(small_book())) == list(export(small_book()))


def test_no_text_stands_in_what_is_chained() -> None:
    for line in large():
        if b'"kind":"entry"' in line:
            assert b"Where is my order" not in line
            assert b"talk to a human" not in line
