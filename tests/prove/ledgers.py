"""Ledgers to be verified: a small one, and one that the engine wrote."""

from collections.abc import Callable, Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from engine.world import ASK, MINUTE, MONDAY, World, human
from handrail.adapters.memory import MemoryStore
from handrail.core import ledger
from handrail.core.ownership import Epoch
from handrail.core.ownership import commands as c
from handrail.engine import Engine
from handrail.ports import Entry
from handrail.prove import Book, Keys, export

WORKSPACE = "default"
SALT = bytes(16)


@cache
def keys() -> tuple[Keys, Keys]:
    """Two keys, of which the first introduces the second."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "keys"
        first = Keys.create(path, MONDAY)
        return first, first.rotate(path, MONDAY + 10)


def salt(name: str) -> bytes:
    """A salt that is the same in every run."""
    return sha256(name.encode()).digest()[:16]


def entry(case: str, number: int, name: str = "offer", /, **body: Any) -> Entry:
    return Entry(
        case=case,
        number=number,
        at=MONDAY + number,
        name=name,
        actor="system",
        epoch=Epoch(0, number),
        body=body,
    )


def said(book: Book, case: str, key: str, text: str) -> dict[str, str]:
    """What an entry says of a text."""
    return {"key": key, "commitment": book.keep(case, key, salt(key), text)}


def small_book() -> Book:
    """Two cases, two keys, two checkpoints, a text that is there and one that is erased."""
    first, second = keys()
    book = Book(WORKSPACE, first)
    book.add(entry("a", 1, "refused", said=said(book, "a", "a#1", "adiós")))
    book.add(entry("b", 1, "refused", said=[said(book, "b", "b#1", "gone")]))
    book.checkpoint(MONDAY + 1)
    book.add(entry("a", 2, id="o1"))
    book.erase("b", "b#1")
    book.add(entry("b", 2, "erased", keys=["b#1"]))
    book.checkpoint(MONDAY + 12, keys=second)
    return book


def small() -> list[bytes]:
    """Its export."""
    return list(export(small_book()))


def played() -> World:
    """Cases of several kinds, played by the engine."""
    world = World()
    world.store = MemoryStore(lambda: world.now, salt=lambda: SALT)
    world.engine = Engine(world.store, world.engine.deployment)
    for number in range(4):
        world.customer("Where is my order?", f"case-{number}")
        world.ai("It is on its way, I am sure.", f"case-{number}")
        world.now += MINUTE
        world.customer(ASK, f"case-{number}")
        world.ai("Too late.", f"case-{number}", epoch=Epoch(0, 1))
    world.act(c.Accept, human(world.own("case-1").human), "case-1")
    world.act(c.Resolve, human(world.own("case-1").human), "case-1", disposition="ok", note="n")
    world.delegated("refund", case="case-é")
    world.wait(10 * MINUTE, step=MINUTE)
    return world


CASES = (*(f"case-{number}" for number in range(4)), "case-é")


def kept(world: World, book: Book, found: Entry) -> Entry:
    """The entry, whose texts are now in the book too."""
    for one in found.body.get("payloads", ()):
        text = world.payload(one["key"])
        assert text is not None
        assert book.keep(found.case, one["key"], SALT, text) == one["commitment"]
    return found


@cache
def large() -> tuple[bytes, ...]:
    """The export of what the engine wrote, sealed in three steps."""
    world, book = played(), Book(WORKSPACE, keys()[0])
    entries = {case: list(world.entries(case)) for case in CASES}
    for step, share in enumerate((3, 2, 1)):
        for case in CASES[: len(CASES) - 2 + step]:
            for one in entries[case][: len(entries[case]) // share]:
                book.add(kept(world, book, one))
            entries[case] = entries[case][len(entries[case]) // share :]
        book.checkpoint(world.now + step, keys=keys()[step > 0])
    return tuple(export(book))


def finished(lines: Sequence[bytes]) -> list[bytes]:
    """The same lines with an end that fits them: what who changes an export would do next."""
    from collections import Counter

    from handrail.core.ledger import lines as form

    counts: Counter[str] = Counter()
    for line in lines[:-1]:
        for kind in ("header", "key", "checkpoint", "entry", "payload"):
            counts[kind] += f'"kind":"{kind}"'.encode() in line
    return [*lines[:-1], form.end(counts, sha256(b"".join(lines[:-1])).hexdigest())]


def changed(line: bytes, change: Callable[[dict[str, Any]], object]) -> bytes:
    """A line with something changed in its data, in canonical form again."""
    import json

    data = json.loads(line)
    change(data)
    return ledger.canonical(data) + b"\n"
