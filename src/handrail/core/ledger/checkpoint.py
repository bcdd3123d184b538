"""Checkpoints: what the ledger of a workspace came to at one instant, in a few signed lines.

A checkpoint seals the cases that changed since the one before, names that one by its digest, and
says how many cases and entries there are in all. Signed, and kept outside, it fixes the past.
"""

from collections.abc import Iterable
from dataclasses import fields
from hashlib import sha256
from typing import Any, NamedTuple

from handrail.core.ledger.canonical import canonical
from handrail.core.model import value

_START = "handrail checkpoints"


class Seal(NamedTuple):
    """How far a case is covered: how many entries, and the hash of the last of them."""

    case: str
    entries: int
    head: str


@value
class Checkpoint:
    """What is signed. `at` in milliseconds, `previous` the digest of the one before, `key` the id
    of the key that signs; `cases` and `entries` are of the whole workspace, `root` of the seals.
    """

    number: int
    at: int
    incarnation: int
    previous: str
    cases: int
    entries: int
    root: str
    key: str


@value
class Introduction:
    """A public key (hexadecimal), since when it signs, and the id of the key before it, which
    signs this. The first key signs its own, and names none before it.
    """

    public: str
    at: int
    previous: str = ""

    @property
    def id(self) -> str:
        """The fingerprint of the key."""
        return fingerprint(bytes.fromhex(self.public))


def start(workspace: str) -> str:
    """What the first checkpoint of a workspace has as `previous`."""
    return sha256(canonical([_START, workspace])).hexdigest()


def root(seals: Iterable[Seal]) -> str:
    """The hash over seals, whatever order they come in."""
    return sha256(canonical([list(one) for one in sorted(seals)])).hexdigest()


def fingerprint(public: bytes) -> str:
    """The id of a key: the hash of its 32 bytes."""
    return sha256(public).hexdigest()


def plain(made: Checkpoint | Introduction) -> dict[str, Any]:
    """Either of them as data; its canonical form is what is signed."""
    return {one.name: getattr(made, one.name) for one in fields(made)}


def message(made: Checkpoint | Introduction) -> bytes:
    """What is signed."""
    return canonical(plain(made))


def digest(checkpoint: Checkpoint) -> str:
    """The name of a checkpoint in the one that follows it."""
    return sha256(message(checkpoint)).hexdigest()
