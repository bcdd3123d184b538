"""A second verifier, written from docs/reference/ledger-format.md alone: yes or no, nothing else.

It shares no line with the one that is tested, and reads the whole file at once.
"""

import json
import re
from hashlib import sha256
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FIELDS = {
    "header": "at format kind payloads version workspace",
    "key": "at id kind previous public signature",
    "checkpoint": "checkpoint kind seals signature",
    "entry": "entry hash kind",
    "payload": "case key kind salt text",
    "end": "checkpoints digest entries keys kind payloads",
}
POINT = "at cases entries incarnation key number previous root"
ENTRY = "actor at body case epoch name number"
SHORT = {8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\"}


def write(value: Any) -> bytes:
    """Canonical JSON."""
    match value:
        case True | False | None:
            return json.dumps(value).encode()
        case int():
            assert abs(value) < 2**63
            return b"%d" % value
        case str():
            return b'"%b"' % b"".join(map(letter, value))
        case list():
            return b"[%b]" % b",".join(map(write, value))
        case dict():
            pairs = sorted((key.encode(), write(key), write(one)) for key, one in value.items())
            return b"{%b}" % b",".join(b"%b:%b" % pair[1:] for pair in pairs)
    raise AssertionError(value)


def letter(one: str) -> bytes:
    code = ord(one)
    if code < 32 or 0xD800 <= code < 0xE000 or one in '"\\':
        return SHORT.get(code, f"\\u{code:04x}").encode()
    return one.encode()


def mark(data: bytes) -> str:
    return sha256(data).hexdigest()


def demand(*facts: bool) -> None:
    assert all(facts), facts


def signed(public: str, signature: str, value: Any) -> None:
    demand(signature == bytes.fromhex(signature).hex())
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public))
    key.verify(bytes.fromhex(signature), write(value))


def shaped(value: Any, fields: str) -> None:
    demand(" ".join(sorted(value)) == fields)
    for name, one in value.items():
        if name in {"at", "number", "version", "incarnation", "cases", "keys", "checkpoints"}:
            demand(type(one) is int)
        elif name not in {"seals", "checkpoint", "entry", "body", "epoch", "entries", "payloads"}:
            demand(type(one) is str)


def commitments(value: Any) -> list[tuple[str, str]]:
    if isinstance(value, list):
        return [pair for one in value for pair in commitments(one)]
    if not isinstance(value, dict):
        return []
    own = (value.get("key"), value.get("commitment"))
    inner = [pair for one in value.values() for pair in commitments(one)]
    return [own, *inner] if all(isinstance(one, str) for one in own) else inner  # type: ignore[list-item]


def good(export: bytes) -> bool:
    """Whether an export is right."""
    try:
        check(export)
    except (AssertionError, ValueError, KeyError, TypeError, InvalidSignature, AttributeError):
        return False
    return True


def check(export: bytes) -> None:
    raw = re.split(b"(?<=\n)", export)
    demand(raw.pop() == b"")
    rows = [json.loads(line) for line in raw]
    demand(*(write(row) + b"\n" == line for row, line in zip(rows, raw, strict=True)))
    for row in rows:
        shaped(row, FIELDS[row["kind"]])
    kinds = "".join(
        {"checkpoint": "c", "end": "x"}.get(row["kind"], row["kind"][0]) for row in rows
    )
    demand(re.fullmatch("hk*c+[ep]*x", kinds) is not None)
    head, end = rows[0], rows[-1]
    demand(head["format"] == "handrail-ledger", head["version"] == 1)
    demand(type(head["payloads"]) is bool, end["digest"] == mark(b"".join(raw[:-1])))
    for name, code in {"keys": "k", "checkpoints": "c", "entries": "e", "payloads": "p"}.items():
        demand(end[name] == kinds.count(code), type(end[name]) is int)
    keys = [row for row in rows if row["kind"] == "key"]
    for before, key in zip([None, *keys], keys, strict=False):
        demand(key["id"] == mark(bytes.fromhex(key["public"])))
        demand(key["public"] == bytes.fromhex(key["public"]).hex())
        demand(key["previous"] == (before["id"] if before else ""))
        demand(key["at"] >= (before or key)["at"])
        said = {name: key[name] for name in ("at", "previous", "public")}
        signed((before or key)["public"], key["signature"], said)
    demand(len({key["id"] for key in keys}) == len(keys))
    sealed = points(head, keys, [row for row in rows if row["kind"] == "checkpoint"])
    cases(head, sealed, [row for row in rows if row["kind"] in {"entry", "payload"}])


def points(head: Any, keys: list[Any], rows: list[Any]) -> dict[str, dict[int, str]]:
    order = [key["id"] for key in keys]
    previous = mark(write(["handrail checkpoints", head["workspace"]]))
    at, incarnation, used = rows[0]["checkpoint"]["at"], 0, 0
    incarnation = rows[0]["checkpoint"]["incarnation"]
    sealed: dict[str, dict[int, str]] = {}
    for number, row in enumerate(rows, 1):
        point, seals = row["checkpoint"], row["seals"]
        shaped(point, POINT)
        by = order.index(point["key"])
        demand(point["number"] == number, point["previous"] == previous, by >= used)
        demand(point["at"] >= at, point["incarnation"] >= incarnation)
        demand(keys[by]["at"] <= point["at"], point["root"] == mark(write(seals)))
        signed(keys[by]["public"], row["signature"], point)
        demand([case for case, _, _ in seals] == sorted({case for case, _, _ in seals}))
        for case, count, last in seals:
            demand(type(count) is int, count > max(sealed.get(case, {}), default=0))
            sealed.setdefault(case, {})[count] = last
        demand(point["cases"] == len(sealed), point["entries"] == sum(map(max, sealed.values())))
        at, incarnation, used = point["at"], point["incarnation"], by
        previous = mark(write(point))
    demand(head["at"] == at)
    return sealed


def cases(head: Any, sealed: dict[str, dict[int, str]], rows: list[Any]) -> None:
    names = [row["entry"]["case"] if row["kind"] == "entry" else row["case"] for row in rows]
    demand(names == sorted(names), set(names) == set(sealed))
    for case, seals in sealed.items():
        own = [row for row, name in zip(rows, names, strict=True) if name == case]
        entries = [row for row in own if row["kind"] == "entry"]
        texts = own[len(entries) :]
        demand(own[: len(entries)] == entries, len(entries) == max(seals))
        last, bound, erased = mark(write(["handrail ledger", head["workspace"], case])), {}, set()
        for number, row in enumerate(entries, 1):
            shaped(row["entry"], ENTRY)
            last = mark(last.encode() + b"\n" + write(row["entry"]))
            demand(row["entry"]["number"] == number, row["hash"] == last)
            demand([type(one) for one in row["entry"]["epoch"]] == [int, int])
            demand(seals.get(number, last) == last, type(row["entry"]["body"]) is dict)
            for key, said in commitments(row["entry"]["body"]):
                demand(bound.setdefault(key, said) == said)
            if row["entry"]["name"] == "erased":
                erased |= set(row["entry"]["body"].get("keys", ()))
        found = [row["key"] for row in texts]
        demand(found == sorted(set(found)), not erased & set(found))
        for row in texts:
            salt = bytes.fromhex(row["salt"])
            data = salt + row["text"].encode("utf-8", "surrogatepass")
            demand(salt.hex() == row["salt"], len(salt) == 16)
            demand(bound[row["key"]] == "sha256:" + mark(data))
        demand(not head["payloads"] or set(bound) <= erased | set(found))
