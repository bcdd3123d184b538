"""Hashes of entries, commitments to texts, checkpoints."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.ledger.test_canonical import CHARACTERS, NAMES, VALUES, WHOLE
from handrail.core import ledger
from handrail.core.ledger import Checkpoint, Introduction, Seal, Uncanonical
from handrail.core.ownership import Epoch

FIELDS: Mapping[str, Any] = {
    "case": "c1",
    "number": 1,
    "at": 1_790_000_000_000,
    "name": "open",
    "actor": "system",
    "epoch": Epoch(1, 2),
    "body": {"queue": "billing"},
}
ENTRIES = st.fixed_dictionaries(
    {
        **dict.fromkeys(("case", "name", "actor"), CHARACTERS),
        **dict.fromkeys(("number", "at"), WHOLE),
        "epoch": st.tuples(WHOLE, WHOLE),
        "body": st.dictionaries(NAMES, VALUES, max_size=3),
    }
)


def test_the_hash_of_an_entry_is_what_the_format_says() -> None:
    line = (
        '{"actor":"system","at":1790000000000,"body":{"queue":"billing"},"case":"c1",'
        '"epoch":[1,2],"name":"open","number":1}'
    )
    before = ledger.genesis("default", "c1")
    assert before == sha256(b'["handrail ledger","default","c1"]').hexdigest()
    assert ledger.seal(before, **FIELDS) == sha256(f"{before}\n{line}".encode()).hexdigest()


@given(ENTRIES)
def test_an_entry_is_the_canonical_form_of_its_fields(entry: dict[str, Any]) -> None:
    assert ledger.entry_text(**entry) == ledger.text(ledger.entry_body(**entry))


@given(ENTRIES)
def test_a_body_that_is_text_already_gives_the_same_hash(entry: dict[str, Any]) -> None:
    written = {**entry, "body": ledger.text(entry["body"])}
    assert ledger.seal("a", **written) == ledger.seal("a", **entry)


@pytest.mark.parametrize("name", FIELDS)
def test_each_field_and_the_entry_before_are_in_the_hash(name: str) -> None:
    other = {
        **dict.fromkeys(("case", "name", "actor"), "other"),
        **dict.fromkeys(("number", "at"), 77),
        "epoch": (1, 3),
        "body": {"queue": "sales"},
    }
    same = ledger.seal("a", **FIELDS)
    assert ledger.seal("a", **{**FIELDS, name: other[name]}) != same
    assert ledger.seal("b", **FIELDS) != same


@pytest.mark.parametrize("name", ["at", "number"])
def test_a_float_for_a_number_is_refused(name: str) -> None:
    with pytest.raises(Uncanonical, match="case `c1`"):
        ledger.seal("a", **{**FIELDS, name: 1.0})


def test_the_first_hash_names_workspace_and_case_without_mixing_them_up() -> None:
    names = [("a", "b"), ("b", "a"), ("ab", ""), ("", "ab"), ('a","b', ""), ("a", '"b')]
    assert len({ledger.genesis(*pair) for pair in names}) == len(names)


def test_a_commitment_is_the_hash_of_salt_and_text() -> None:
    salt = bytes(range(16))
    assert ledger.commit(salt, "adiós") == "sha256:" + sha256(salt + "adiós".encode()).hexdigest()
    assert ledger.commit(salt, "\ud83d\ude00") == ledger.commit(salt, "😀")
    assert ledger.commit(salt, "\ud83d").removeprefix("sha256:") == (
        sha256(salt + b"\xed\xa0\xbd").hexdigest()
    )


@given(CHARACTERS)
def test_a_commitment_holds_for_a_text_that_went_through_json(words: str) -> None:
    read = ledger.canonical(words)
    again = __import__("json").loads(read)
    assert ledger.commit(b"x" * 16, again) == ledger.commit(b"x" * 16, words)


POINT = Checkpoint(
    number=1,
    at=5,
    incarnation=1,
    previous=ledger.start("default"),
    cases=2,
    entries=7,
    root=ledger.root([]),
    key="k",
)


def test_the_root_does_not_depend_on_the_order_and_depends_on_all_else() -> None:
    seals = [Seal("b", 3, "22"), Seal("a", 4, "11")]
    root = ledger.root(seals)
    assert root == sha256(b'[["a",4,"11"],["b",3,"22"]]').hexdigest()
    assert ledger.root(reversed(seals)) == root
    others = [seals[:1], [], [*seals, Seal("c", 1, "33")], [Seal("b", 3, "2"), seals[1]]]
    assert len({root, *map(ledger.root, others)}) == 5


def test_the_digest_of_a_checkpoint_covers_every_field() -> None:
    from dataclasses import fields, replace

    assert b'"at":5' in ledger.message(POINT)
    same = ledger.digest(POINT)
    for one in fields(Checkpoint):
        old = getattr(POINT, one.name)
        changed = replace(POINT, **{one.name: old + 1 if isinstance(old, int) else old + "x"})
        assert ledger.digest(changed) != same, one.name


def test_the_id_of_a_key_is_the_hash_of_its_bytes() -> None:
    key = Introduction(public="00" * 32, at=1)
    assert key.id == sha256(bytes(32)).hexdigest()
    assert ledger.message(key) == b'{"at":1,"previous":"","public":"' + b"00" * 32 + b'"}'
