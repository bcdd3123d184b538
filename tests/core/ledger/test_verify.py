"""Each kind of wrong is told in words, at its place; and what cannot be told is said."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handrail.core import ledger
from handrail.core.ledger import Checkpoint, Report, Seal, Signed, lines
from handrail.prove import Book, checkpoint, export, right
from prove.ledgers import WORKSPACE, changed, entry, finished, keys, said, small, small_book

SMALL = small()
HEADER, KEY, SECOND_KEY, POINT, SECOND_POINT, A1, A2, TEXT, B1, B2, END = range(11)


def told(export: Sequence[bytes], key: str = "") -> list[str]:
    return [str(one) for one in ledger.verify(export, right, key=key).findings]


def with_line(number: int, change: Callable[[dict[str, Any]], object]) -> list[bytes]:
    """The small ledger with one line changed, and an end that fits it."""
    export = [*SMALL]
    export[number] = changed(export[number], change)
    return finished(export)


def setting(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(data: dict[str, Any]) -> None:
        *way, last = path.split(".")
        for name in way:
            data = data[name]
        data[last] = value

    return change


def taking(name: str) -> Callable[[dict[str, Any]], object]:
    return lambda data: data.pop(name)


HASH = "line 7, case `a`, entry 2: the hash is not that of the entry after the one before it"
WRONG: dict[str, list[bytes]] = {
    HASH: with_line(A2, setting("entry.body.id", "o2")),
    "line 6, case `a`, entry 1: checkpoint 1 seals another hash": with_line(
        A1, setting("hash", "0" * 64)
    ),
    "line 7, case `a`, entry 3: the entry follows entry 1": with_line(
        A2, setting("entry.number", 3)
    ),
    "line 7, case `a`, entry 2: the epoch is not two integers": with_line(
        A2, setting("entry.epoch", [0, "2"])
    ),
    "line 8, case `a`, entry 1: the text `a#1` is not the one that the entry commits to": (
        with_line(TEXT, setting("text", "adios"))
    ),
    "line 8, case `a`: no entry commits to the text `a#2`": with_line(TEXT, setting("key", "a#2")),
    "case `a`, entry 1: the text `a#1` is missing, and no entry erases it": finished(
        [*SMALL[:TEXT], *SMALL[B1:]]
    ),
    "case `a`, entry 1: entries are missing: checkpoint 2 seals 2": finished(
        [*SMALL[:A2], *SMALL[TEXT:]]
    ),
    "case `b`: the whole case is missing, which checkpoint 2 seals": finished(
        [*SMALL[:B1], SMALL[END]]
    ),
    "line 3: the key is not signed by the key before it": with_line(SECOND_KEY, setting("at", 0)),
    "line 2: the key is not signed by itself": with_line(KEY, setting("at", 1)),
    "line 3: the key does not follow the key before it": with_line(
        SECOND_KEY, setting("previous", "")
    ),
    "line 3: the key is older than the key before it": with_line(SECOND_KEY, setting("at", 0)),
    "line 2: the id of the key is not the hash of the key": with_line(KEY, setting("id", "0" * 64)),
    "line 4: the signature of checkpoint 1 is wrong": with_line(
        POINT, setting("checkpoint.at", 1_795_433_400_000)
    ),
    f"line 4: the key `{'0' * 64}` of checkpoint 1 is not here": with_line(
        POINT, setting("checkpoint.key", "0" * 64)
    ),
    "line 4: checkpoint 1 is older than the key that signs it": with_line(
        POINT, setting("checkpoint.at", 1)
    ),
    "line 5: checkpoint 2 does not seal what it lists": with_line(
        SECOND_POINT, lambda data: data["seals"].pop()
    ),
    "line 5: checkpoint 2 counts 2 cases, and 3 are sealed": with_line(
        SECOND_POINT, lambda data: data["seals"].append(["c", 1, ""])
    ),
    "line 5: checkpoint 2 counts 9 entries, and 4 are sealed": with_line(
        SECOND_POINT, setting("checkpoint.entries", 9)
    ),
    "line 5: checkpoint 2 seals nothing new of case `a`": with_line(
        SECOND_POINT, lambda data: data["seals"][0].__setitem__(1, 1)
    ),
    "line 5: checkpoint 2 does not list its cases once each and in order": with_line(
        SECOND_POINT, lambda data: data["seals"].reverse()
    ),
    "line 5: checkpoint 2 is broken: a seal is not case, count and hash": with_line(
        SECOND_POINT, lambda data: data["seals"][0].pop()
    ),
    "line 5: checkpoint 2 names another checkpoint as the one before it": with_line(
        SECOND_POINT, setting("checkpoint.previous", "0" * 64)
    ),
    "line 5: checkpoint 2 is older than the one before it": with_line(
        SECOND_POINT, setting("checkpoint.at", 1)
    ),
    "line 5: checkpoint 2 is of an earlier incarnation than the one before it": with_line(
        SECOND_POINT, setting("checkpoint.incarnation", -1)
    ),
    "line 5: checkpoint 3 does not follow the one before it": with_line(
        SECOND_POINT, setting("checkpoint.number", 3)
    ),
    "line 5: checkpoint 2 is signed by a key that was replaced": finished(
        [
            *SMALL[:POINT],
            changed(SMALL[POINT], setting("checkpoint.key", keys()[1].current.id)),
            changed(SMALL[SECOND_POINT], setting("checkpoint.key", keys()[0].current.id)),
            *SMALL[A1:],
        ]
    ),
    "line 1: the header has another instant than the last checkpoint": with_line(
        HEADER, setting("at", 5)
    ),
    "line 1: not format `handrail-ledger` of version 1": with_line(HEADER, setting("version", 2)),
    "line 1: the line is broken: the field `at` is missing": with_line(HEADER, taking("at")),
    "line 1: the line is broken: the field `x` is unknown": with_line(HEADER, setting("x", 1)),
    "line 1: the line is broken: `header.at` is not an integer": with_line(
        HEADER, setting("at", True)
    ),
    "line 1: the line is broken: a line of no known kind": with_line(HEADER, setting("kind", [])),
    "line 6: the line is broken: `entry.entry` is no object": with_line(A1, setting("entry", [])),
    "line 6: the line is broken: `entry.hash` is not 32 bytes in lower hexadecimal": with_line(
        A1, setting("hash", "F" * 64)
    ),
    "line 1: the header is missing before this line": SMALL[KEY:],
    "line 3: a line of kind `key` does not belong here": finished(
        [SMALL[0], SMALL[POINT], SMALL[KEY], *SMALL[SECOND_POINT:]]
    ),
    "line 7, case `a`, entry 1: an entry stands after the texts": finished(
        [*SMALL[:A1], SMALL[TEXT], *SMALL[A1:TEXT], *SMALL[B1:]]
    ),
    "line 9, case `a`: the text `a#1` comes twice or out of order": finished(
        [*SMALL[:TEXT], SMALL[TEXT], *SMALL[TEXT:]]
    ),
    "line 11: the lines before the end are not those that were written": [
        *SMALL[:A1],
        changed(SMALL[A1], setting("entry.at", 1)),
        *SMALL[A2:],
    ],
    "line 11: the end counts 9 entries, and 4 are here": [
        *SMALL[:END],
        changed(SMALL[END], setting("entries", 9)),
    ],
    "line 11: the line is broken: the line has no end": [*SMALL[:END], SMALL[END][:-1]],
    "line 12: the line is broken: not JSON in UTF-8": [*SMALL, b"\n"],
    "the end is missing: the export was cut off": SMALL[:END],
    "there is no checkpoint": [],
}


@pytest.mark.parametrize("problem", WRONG)
def test_a_wrong_is_told_at_its_place(problem: str) -> None:
    assert problem in told(WRONG[problem])


def test_one_changed_entry_is_one_finding_and_the_end() -> None:
    assert told(WRONG[HASH]) == [HASH]


def test_a_case_that_comes_again_is_told() -> None:
    found = told(finished([*SMALL[:A1], *SMALL[B1:END], *SMALL[A1:B1], SMALL[END]]))
    assert found == ["line 8, case `a`: the case comes twice or out of order"]


def test_an_erased_text_is_no_error_and_one_that_is_still_there_is() -> None:
    report = ledger.verify(SMALL, right)
    assert (report.texts, report.erased, report.apart, report.findings) == (1, 1, 0, [])
    book = small_book()
    book.keep("b", "b#1", b"x" * 16, "gone")
    assert any("still here, erased as entry 2 says" in one for one in told(list(export(book))))


def test_what_no_checkpoint_covers_is_told() -> None:
    book = small_book()
    book.add(entry("a", 3, id="o2"))
    assert told(list(export(book))) == [
        "case `a`, entry 3: no checkpoint covers the entry and those after it"
    ]


def test_a_key_commits_to_one_text_only() -> None:
    book = Book(WORKSPACE, keys()[0])
    book.add(entry("a", 1, said=said(book, "a", "k", "one")))
    book.add(entry("a", 2, said=said(book, "a", "k", "two")))
    book.checkpoint(keys()[0].current.at)
    assert any("another text `k`" in one for one in told(list(export(book))))


def test_texts_that_are_not_part_of_an_export_are_counted_and_said() -> None:
    report = ledger.verify(export(small_book(), payloads=False), right)
    assert (report.texts, report.erased, report.apart, report.findings) == (0, 1, 1, [])
    assert any(
        "not part of this export, and were not compared: 1" in one for one in ledger.limits(report)
    )


def test_a_known_key_must_stand_behind_the_last_checkpoint() -> None:
    first, second = (one.current.id for one in keys())
    assert told(SMALL, first) == []
    assert told(SMALL, second) == []
    assert told(SMALL, "0" * 64) == [f"the key `{'0' * 64}` is not among those of the export"]
    book = Book(WORKSPACE, keys()[0])
    book.checkpoint(keys()[0].current.at)
    known = [lines.key(one) for one in keys()[1].history]
    export_ = finished([next(iter(export(book))), *known, *list(export(book))[2:]])
    assert told(export_) == []
    assert told(export_, second) == [
        f"the last checkpoint is not signed by the key `{second}` or one after it"
    ]


# What only a witness can tell.


def kept(book: Book) -> list[bytes]:
    return [lines.witnessed(WORKSPACE, one) for one in book.checkpoints()]


def anchored(export: Sequence[bytes], kept: Sequence[bytes], until: int = 0) -> Report:
    report = ledger.verify(export, right)
    ledger.anchor(report, kept, right, until=until)
    return report


def test_without_a_witness_the_limits_are_said() -> None:
    report = ledger.verify(SMALL, right)
    first, second = ledger.limits(report)
    assert "may have cut off its end" in first
    assert "has the signing key may have rewritten all of it" in first
    assert "compare the fingerprint" in second
    report = ledger.verify(SMALL, right, key=keys()[0].current.id)
    assert ledger.limits(report) == (first,)


def test_with_a_witness_it_is_said_up_to_which_checkpoint() -> None:
    book = small_book()
    report = anchored(SMALL, kept(book))
    assert (report.findings, report.anchored) == ([], 2)
    assert "up to checkpoint 2, the last one here" in ledger.limits(report)[0]
    report = anchored(SMALL, [kept(book)[0], kept(book)[0]])
    assert (report.findings, report.anchored) == ([], 1)
    assert "up to checkpoint 1; what was sealed after it" in ledger.limits(report)[0]


def shorter() -> list[bytes]:
    """The ledger as of its first checkpoint: cut off without a trace."""
    book = Book(WORKSPACE, keys()[0])
    book.add(entry("a", 1, "refused", said=said(book, "a", "a#1", "adiós")))
    book.add(entry("b", 1, "refused", said=[said(book, "b", "b#1", "gone")]))
    book.checkpoint(keys()[0].current.at + 1)
    return list(export(book))


def test_a_cut_off_end_is_seen_by_a_witness_only() -> None:
    assert told(shorter()) == []
    report = anchored(shorter(), kept(small_book()))
    assert [str(one) for one in report.findings] == [
        (
            "the witness has checkpoints up to 2, the export ends with 1: "
            "its end was cut off, or it was made earlier"
        )
    ]
    assert anchored(shorter(), kept(small_book()), until=1).findings == []


def test_a_history_rewritten_with_the_signing_key_is_seen_by_a_witness_only() -> None:
    book = Book(WORKSPACE, keys()[0])
    book.add(entry("a", 1, "refused", why="it never happened"))
    book.checkpoint(keys()[0].current.at + 1)
    forged = list(export(book))
    assert told(forged) == []
    report = anchored(forged, kept(small_book()), until=1)
    assert len(report.findings) == 1
    assert "checkpoint 1 is not the one that the witness kept (line 1)" in str(report.findings[0])
    assert report.anchored == 0


def test_a_witness_that_is_broken_forged_or_of_others_is_said_to_be() -> None:
    good = kept(small_book())
    other = lines.witnessed("other", small_book().checkpoints()[0])
    report = anchored(SMALL, [other])
    assert [str(one) for one in report.findings] == [
        f"the witness has no checkpoint of workspace `{WORKSPACE}`"
    ]
    report = anchored(SMALL, [*good, b"torn", other])
    assert [str(one) for one in report.findings] == [
        "line 3 of the witness is broken: the line has no end"
    ]
    wrong = changed(good[0], lambda data: data.update(signature="0" * 128))
    report = anchored(SMALL, [*good, wrong])
    assert [str(one) for one in report.findings] == ["line 3 of the witness has a wrong signature"]


@given(st.lists(st.binary(max_size=40) | st.sampled_from(SMALL)))
def test_whatever_is_read_the_answer_is_a_report(read: list[bytes]) -> None:
    report = ledger.verify(read, right)
    ledger.anchor(report, read, right)
    assert report.verified is (read == SMALL and not report.findings)


SHAPELESS = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)


@given(st.integers(0, 10), st.data())
def test_whatever_stands_in_a_field_the_answer_is_a_report(
    number: int, data: st.DataObject
) -> None:
    row = json.loads(SMALL[number])
    place = row
    name = data.draw(st.sampled_from(sorted(row)))
    while isinstance(place[name], dict) and place[name] and data.draw(st.booleans()):
        place = place[name]
        name = data.draw(st.sampled_from(sorted(place)))
    place[name] = data.draw(SHAPELESS)
    export = [*SMALL]
    export[number] = ledger.canonical(row) + b"\n"
    assert ledger.verify(export, right).verified is (export == SMALL)


def test_a_first_checkpoint_of_another_workspace_is_told() -> None:
    first = keys()[0]
    strange = checkpoint(first, "other", None, [], at=first.current.at, cases=0, entries=0)
    assert isinstance(strange, Signed)
    export_ = [
        lines.header(WORKSPACE, strange.checkpoint.at, payloads=True),
        lines.key(first.history[0]),
        lines.checkpoint(strange),
        b"",
    ]
    assert told(finished(export_)) == [
        "line 3: checkpoint 1 names another checkpoint as the one before it"
    ]


def test_an_empty_workspace_verifies() -> None:
    book = Book(WORKSPACE, keys()[0])
    made = book.checkpoint(5)
    assert made.checkpoint == Checkpoint(
        number=1,
        at=keys()[0].current.at,
        incarnation=0,
        previous=ledger.start(WORKSPACE),
        cases=0,
        entries=0,
        root=ledger.root(list[Seal]()),
        key=keys()[0].current.id,
    )
    assert told(list(export(book))) == []
