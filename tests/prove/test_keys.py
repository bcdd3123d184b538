"""The key file: made once, read by its owner only, rotated with its history."""

import json
import os
from pathlib import Path

import pytest

from handrail.core import ledger
from handrail.errors import InputError
from handrail.prove import Keys, checkpoint, right

AT = 1_790_000_000_000


def test_a_key_signs_and_only_its_own_signature_is_right(tmp_path: Path) -> None:
    keys = Keys.create(tmp_path / "keys", AT)
    public = bytes.fromhex(keys.current.public)
    signature = bytes.fromhex(keys.sign(b"message"))
    assert right(public, signature, b"message")
    assert not right(public, signature, b"massage")
    assert not right(public, signature[::-1], b"message")
    assert not right(public, b"", b"message")
    assert not right(b"short", signature, b"message")
    other = Keys.create(tmp_path / "others", AT)
    assert not right(bytes.fromhex(other.current.public), signature, b"message")


def test_a_file_gives_the_same_keys_back(tmp_path: Path) -> None:
    made = Keys.create(tmp_path / "keys", AT)
    read = Keys.load(tmp_path / "keys")
    assert read.history == made.history
    assert read.sign(b"x") == made.sign(b"x")
    assert [one.name for one in tmp_path.iterdir()] == ["keys"]  # nothing is left lying about


def test_a_new_key_is_introduced_by_the_one_before_and_the_history_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    first = Keys.create(path, AT)
    private = json.loads(path.read_bytes())["private"]
    second = first.rotate(path, AT + 5)
    third = Keys.load(path).rotate(path, AT - 5)
    assert [one.introduction.id for one in third.history] == [
        one.current.id for one in (first, second, third)
    ]
    assert third.current.at == second.current.at == AT + 5  # time never runs backwards
    for before, one in zip((first, first, second), third.history, strict=True):
        made = one.introduction
        assert made.previous == ("" if one is third.history[0] else before.current.id)
        by = bytes.fromhex(before.current.public)
        assert right(by, bytes.fromhex(one.signature), ledger.message(made))
    assert Keys.load(path).history == third.history
    assert private not in path.read_text()  # what is gone cannot be stolen


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_a_key_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    Keys.create(path, AT).rotate(path, AT)
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o640)
    with pytest.raises(InputError, match="others can read the key file"):
        Keys.load(path)


def test_a_key_file_is_never_overwritten_by_a_first_key(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    made = Keys.create(path, AT)
    with pytest.raises(InputError, match="is there already"):
        Keys.create(path, AT)
    assert Keys.load(path).history == made.history


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"keys":[],"private":""}', '{"keys":[1],"private":"00"}', "\ufeff"]
)
def test_what_is_no_key_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "keys"
    path.write_text(text, "utf-8")
    path.chmod(0o600)
    with pytest.raises(InputError, match="is no key file"):
        Keys.load(path)


def test_a_private_key_of_another_file_is_refused(tmp_path: Path) -> None:
    Keys.create(tmp_path / "a", AT)
    Keys.create(tmp_path / "b", AT)
    a, b = (json.loads((tmp_path / name).read_bytes()) for name in "ab")
    (tmp_path / "a").write_text(json.dumps({**a, "private": b["private"]}))
    with pytest.raises(InputError, match="not that of its last key"):
        Keys.load(tmp_path / "a")


def test_a_file_that_is_not_there_or_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read the key file"):
        Keys.load(tmp_path / "none")
    with pytest.raises(InputError, match="cannot write the key file"):
        Keys.create(tmp_path / "no" / "keys", AT)
    made = Keys.create(tmp_path / "keys", AT)
    with pytest.raises(InputError, match="cannot write the key file"):
        made.rotate(tmp_path / "no" / "keys", AT)


def test_a_checkpoint_is_never_older_than_the_one_before_or_than_its_key(tmp_path: Path) -> None:
    keys = Keys.create(tmp_path / "keys", AT)
    first = checkpoint(keys, "w", None, [], at=AT - 9, cases=0, entries=0)
    assert first.checkpoint.at == AT
    later = checkpoint(keys, "w", first.checkpoint, [], at=AT + 7, cases=0, entries=0)
    third = checkpoint(keys, "w", later.checkpoint, [], at=AT + 1, cases=0, entries=0)
    assert [later.checkpoint.at, third.checkpoint.at] == [AT + 7, AT + 7]
    assert third.checkpoint.previous == ledger.digest(later.checkpoint)
