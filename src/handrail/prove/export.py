"""An export of the ledger: everything that somebody needs to verify it, line by line."""

from collections import Counter
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Any, BinaryIO, Protocol

from handrail.core.ledger import Payload, Sealed, Signed, SignedKey, commitments, lines
from handrail.core.ledger.canonical import read


class Source(Protocol):
    """Where a ledger is kept. All of it as of one instant, right after a checkpoint: what no
    checkpoint covers is found as wrong. Cases are sorted by code point, which is the order of
    their bytes in UTF-8.
    """

    workspace: str

    def key_history(self) -> Iterable[SignedKey]:
        """The keys, the oldest first."""

    def checkpoints(self) -> Iterable[Signed]:
        """The checkpoints by number."""

    def entries(self) -> Iterable[Sealed]:
        """The entries by case and number."""

    def payloads(self) -> Iterable[Payload]:
        """The texts by case and key."""


def export(source: Source, *, payloads: bool = True) -> Iterator[bytes]:
    """The lines of an export, one after the other. Without `payloads` no text leaves.

    Only texts that an entry commits to are exported: of no other could anybody say whether it is
    the right one.
    """
    counts: Counter[str] = Counter()
    digest = sha256()
    for kind, line in _lines(source, payloads=payloads):
        counts[kind] += 1
        digest.update(line)
        yield line
    yield lines.end(counts, digest.hexdigest())


def write(source: Source, file: BinaryIO, *, payloads: bool = True) -> int:
    """Write an export to a file; gives its size in bytes."""
    return sum(file.write(line) for line in export(source, payloads=payloads))


def _lines(source: Source, *, payloads: bool) -> Iterator[tuple[str, bytes]]:
    points = list(source.checkpoints())
    at = points[-1].checkpoint.at if points else 0
    yield "header", lines.header(source.workspace, at, payloads=payloads)
    for key in source.key_history():
        yield "key", lines.key(key)
    for point in points:
        yield "checkpoint", lines.checkpoint(point)
    texts = _Ahead(source.payloads() if payloads else ())
    case, bound = None, set[str]()
    for entry in source.entries():
        if entry.case != case:
            yield from _texts(texts, case, bound)
            case, bound = entry.case, set()
        yield "entry", lines.entry(entry)
        if '"commitment"' in entry.text:
            body: Any = read(entry.text.encode())["body"]
            bound.update(key for key, _ in commitments(body))
    yield from _texts(texts, case, bound)


class _Ahead:
    """Texts, of which the next one can be looked at."""

    def __init__(self, found: Iterable[Payload]) -> None:
        self._rest = iter(found)
        self.next = next(self._rest, None)

    def take(self) -> None:
        """Go on to the one after it."""
        self.next = next(self._rest, None)


def _texts(texts: _Ahead, case: str | None, bound: set[str]) -> Iterator[tuple[str, bytes]]:
    """The texts of a case that its entries commit to; those of cases before it have no entry."""
    while case is not None and texts.next is not None and texts.next.case <= case:
        one = texts.next
        if one.case == case and one.key in bound:
            yield "payload", lines.payload(one)
        texts.take()
