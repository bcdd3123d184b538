"""The lines of an export: how each is written, and what each must look like.

Header, keys, checkpoints, then case by case its entries and its texts, and the end. Each line is
canonical JSON, so there is one way to write it.
"""

import re
from typing import Any, NamedTuple

from handrail.core.ledger.canonical import Uncanonical, canonical, read
from handrail.core.ledger.checkpoint import Checkpoint, Introduction, Seal, plain
from handrail.core.model import value

FORMAT, VERSION = "handrail-ledger", 1
HEX = re.compile("[0-9a-f]*")


@value
class Signed:
    """A checkpoint with what it seals, and its signature in hexadecimal."""

    checkpoint: Checkpoint
    seals: tuple[Seal, ...]
    signature: str


@value
class SignedKey:
    """A key with the signature of the key before it, or its own for the first."""

    introduction: Introduction
    signature: str


class Sealed(NamedTuple):
    """An entry as the ledger has it: its canonical JSON, and its hash."""

    case: str
    text: str
    hash: str


class Payload(NamedTuple):
    """A text that an entry commits to, with its salt."""

    case: str
    key: str
    salt: bytes
    text: str


class Hex(NamedTuple):
    """A field that holds so many bytes in lower hexadecimal."""

    size: int


_POINT = {
    **dict.fromkeys(("number", "at", "incarnation", "cases", "entries"), int),
    **dict.fromkeys(("previous", "root", "key"), Hex(32)),
}
_ENTRY = {
    **dict.fromkeys(("case", "name", "actor"), str),
    **dict.fromkeys(("number", "at"), int),
    "epoch": list,
    "body": dict,
}
COUNTED = {"keys": "key", "checkpoints": "checkpoint", "entries": "entry", "payloads": "payload"}
"""What the end counts, and the kind of the lines that it counts."""
SHAPES: dict[str, dict[str, Any]] = {
    "header": {"format": str, "version": int, "workspace": str, "at": int, "payloads": bool},
    "key": {"id": Hex(32), "public": Hex(32), "at": int, "previous": str, "signature": Hex(64)},
    "checkpoint": {"checkpoint": _POINT, "seals": list, "signature": Hex(64)},
    "entry": {"entry": _ENTRY, "hash": Hex(32)},
    "payload": {"case": str, "key": str, "salt": Hex(16), "text": str},
    "end": {**dict.fromkeys(COUNTED, int), "digest": Hex(32)},
}
WITNESS = {"checkpoint": _POINT, "signature": Hex(64), "workspace": str}
_WORDS = {
    int: "an integer",
    str: "a text",
    bool: "true or false",
    list: "a list",
    dict: "an object",
}


def header(workspace: str, at: int, *, payloads: bool) -> bytes:
    """The first line. `at` is the instant of the last checkpoint."""
    said = {"format": FORMAT, "version": VERSION, "workspace": workspace}
    return _line("header", **said, at=at, payloads=payloads)


def key(one: SignedKey) -> bytes:
    """The line of a key."""
    made = one.introduction
    return _line("key", **plain(made), id=made.id, signature=one.signature)


def checkpoint(one: Signed) -> bytes:
    """The line of a checkpoint; its seals sorted by case."""
    seals = [list(seal) for seal in sorted(one.seals)]
    return _line(
        "checkpoint", checkpoint=plain(one.checkpoint), seals=seals, signature=one.signature
    )


def entry(one: Sealed) -> bytes:
    """The line of an entry."""
    return f'{{"entry":{one.text},"hash":"{one.hash}","kind":"entry"}}\n'.encode()


def payload(one: Payload) -> bytes:
    """The line of a text."""
    return _line("payload", case=one.case, key=one.key, salt=one.salt.hex(), text=one.text)


def end(counts: dict[str, int], digest: str) -> bytes:
    """The last line: how many lines of each kind, and the hash of all bytes before it."""
    return _line(
        "end", **{name: counts.get(kind, 0) for name, kind in COUNTED.items()}, digest=digest
    )


def witnessed(workspace: str, one: Signed) -> bytes:
    """The line that a witness keeps."""
    said = {"workspace": workspace, "checkpoint": plain(one.checkpoint)}
    return canonical({**said, "signature": one.signature}) + b"\n"


def _line(kind: str, **fields: Any) -> bytes:
    return canonical({"kind": kind, **fields}) + b"\n"


def parse(line: bytes) -> tuple[str, dict[str, Any]]:
    """The kind of a line and its fields. Raises `Uncanonical`, which says what is wrong."""
    data = _object(line)
    kind = data.pop("kind", None)
    if not isinstance(kind, str) or kind not in SHAPES:
        raise Uncanonical("a line of no known kind")
    _shaped(data, SHAPES[kind], kind)
    return kind, data


def parse_witnessed(line: bytes) -> dict[str, Any]:
    """The fields of a witness's line. Raises `Uncanonical`."""
    data = _object(line)
    _shaped(data, WITNESS, "witness line")
    return data


def _object(line: bytes) -> dict[str, Any]:
    if line[-1:] != b"\n":
        raise Uncanonical("the line has no end")
    data = read(line[:-1])
    if not isinstance(data, dict):
        raise Uncanonical("no object")
    return data


def _shaped(data: dict[str, Any], shape: dict[str, Any], what: str) -> None:
    if data.keys() != shape.keys():
        odd = min(data.keys() ^ shape.keys())
        raise Uncanonical(f"the field `{odd}` is {'unknown' if odd in data else 'missing'}")
    for name, wanted in shape.items():
        found = data[name]
        if isinstance(wanted, Hex):
            _hexadecimal(found, wanted.size, f"{what}.{name}")
        elif isinstance(wanted, dict):
            if type(found) is not dict:
                raise Uncanonical(f"`{what}.{name}` is no object")
            _shaped(found, wanted, name)
        elif type(found) is not wanted:
            raise Uncanonical(f"`{what}.{name}` is not {_WORDS[wanted]}")


def _hexadecimal(found: object, size: int, what: str) -> None:
    good = isinstance(found, str) and len(found) == 2 * size and HEX.fullmatch(found)
    if not good:
        raise Uncanonical(f"`{what}` is not {size} bytes in lower hexadecimal")


def seals_of(found: list[Any]) -> tuple[Seal, ...]:
    """The seals of a checkpoint's line. Raises `Uncanonical`."""
    for one in found:
        if type(one) is not list or [type(part) for part in one] != [str, int, str]:
            raise Uncanonical("a seal is not case, count and hash")
    return tuple(Seal(*one) for one in found)
