"""The ledger of a store: checkpoints are taken of it, and it is read as of one instant."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import cast

from handrail import codec
from handrail.adapters.sql.store import SqlStore
from handrail.adapters.sql.unit import SqlUnit
from handrail.core import ledger
from handrail.core.ledger import Checkpoint, Introduction, Payload, Seal, Sealed, Signed, SignedKey
from handrail.core.ownership import Epoch
from handrail.prove.keys import Keys, checkpoint

_MOST = 20_000  # cases that one checkpoint seals: more are left to the next
_LOCK = "checkpoints\n"  # no case has a line break in its id
_CHANGED = (
    "select id, entries, head, sealed from cases "
    "where workspace = ? and fresh = 1 and sealed < entries order by id limit ?"
)
_POINTS = "select body, signature from checkpoints where workspace = ? order by number"
_LAST = "select body, signature from checkpoints where workspace = ? order by number desc limit 1"
_SEALS = 'select "case", count, head from seals where workspace = ? and checkpoint = ?'
_KEYS = "select body, signature from keys where workspace = ? order by at, id"
_ENTRIES = (
    "select number, at, name, actor, incarnation, epoch, body, hash from entries "
    'where workspace = ? and "case" = ? and number > ? and number <= ? order by number'
)
_TEXTS = 'select key, salt, text from payloads where workspace = ? and "case" = ?'


def seal(store: SqlStore, keys: Keys) -> Signed | None:
    """Take a checkpoint of what has changed since the last one; None when nothing has."""
    with store.unit() as made:
        unit = cast("SqlUnit", made)
        unit.case(_LOCK)  # one checkpoint at a time
        changed = unit.ask(_CHANGED, _MOST)
        if not changed:
            return None
        last = [codec.load(Checkpoint, body) for body, _ in unit.ask(_LAST)]
        before = last[0] if last else None
        point = checkpoint(
            keys,
            store.workspace,
            before,
            [Seal(name, count, head) for name, count, head, _ in changed],
            at=unit.now(),
            cases=(before.cases if before else 0) + sum(not sealed for *_, sealed in changed),
            entries=(before.entries if before else 0)
            + sum(count - sealed for _, count, _, sealed in changed),
            incarnation=store.incarnation,
        )
        _write(unit, keys, point)
    return point


def _write(unit: SqlUnit, keys: Keys, point: Signed) -> None:
    number = point.checkpoint.number
    known = {codec.load(Introduction, body).id for body, _ in unit.ask(_KEYS)}
    for one in keys.history:
        made = one.introduction
        if made.id not in known:
            unit.ask(
                "insert into keys (workspace, id, at, body, signature) values (?, ?, ?, ?, ?)",
                *(made.id, made.at, codec.dump(made), one.signature),
            )
    unit.ask(
        "insert into checkpoints (workspace, number, at, body, signature) values (?, ?, ?, ?, ?)",
        *(number, point.checkpoint.at, codec.dump(point.checkpoint), point.signature),
    )
    for name, count, head in point.seals:
        unit.ask(
            'insert into seals (workspace, checkpoint, "case", count, head) values (?, ?, ?, ?, ?)',
            *(number, name, count, head),
        )
        unit.ask(
            "update cases set sealed = s.count, "
            "fresh = case when entries > s.count then 1 else 0 end "
            "from seals s where cases.workspace = ? "
            "and s.workspace = cases.workspace and s.checkpoint = ? "
            'and s."case" = cases.id and cases.id = ?',
            *(number, name),
        )


class SqlBook:
    """See `handrail.prove.Source`: the ledger as far as checkpoints cover it."""

    def __init__(self, unit: SqlUnit, workspace: str) -> None:
        self._unit, self.workspace = unit, workspace
        found = unit.ask("select id, entries, head, sealed from cases where workspace = ?")
        self._cases = sorted(found)

    def key_history(self) -> Iterable[SignedKey]:
        """The keys, the oldest first."""
        for body, signature in self._unit.ask(_KEYS):
            yield SignedKey(introduction=codec.load(Introduction, body), signature=signature)

    def checkpoints(self) -> Iterable[Signed]:
        """The checkpoints by number."""
        return [self._signed(*row) for row in self._unit.ask(_POINTS)]

    def last(self) -> Signed | None:
        """The last checkpoint."""
        found = self._unit.ask(_LAST)
        return self._signed(*found[0]) if found else None

    def _signed(self, body: str, signature: str) -> Signed:
        made: Checkpoint = codec.load(Checkpoint, body)
        seals = tuple(sorted(Seal(*row) for row in self._unit.ask(_SEALS, made.number)))
        return Signed(checkpoint=made, seals=seals, signature=signature)

    def entries(self) -> Iterable[Sealed]:
        """The entries that are covered, by case and number."""
        for name, _, _, sealed in self._cases:
            yield from self._entries(name, 0, sealed)

    def _entries(self, name: str, after: int, last: int) -> Iterator[Sealed]:
        for number, at, what, actor, *epoch, body, mark in self._unit.ask(
            _ENTRIES, name, after, last
        ):
            text = ledger.entry_text(
                case=name,
                number=number,
                at=at,
                name=what,
                actor=actor,
                epoch=Epoch(*epoch),
                body=body,
            )
            yield Sealed(name, text, mark)

    def payloads(self) -> Iterable[Payload]:
        """The texts by case and key."""
        for name, *_ in self._cases:
            for key, salt, text in sorted(self._unit.ask(_TEXTS, name)):
                yield Payload(name, key, bytes(salt), _words(bytes(text)))

    def tail(self) -> tuple[int, list[str]]:
        """How many entries no checkpoint covers yet, and the cases whose chain is broken there."""
        count, broken = 0, []
        for name, entries, head, sealed in self._cases:
            if sealed == entries:
                continue
            found = self._entries(name, sealed - 1 if sealed else 0, entries)
            previous = next(iter(found)).hash if sealed else ledger.genesis(self.workspace, name)
            own = 0
            for one in found:
                right = ledger.seal_text(previous, one.text)
                own, previous = own + (right == one.hash), one.hash
            count += entries - sealed
            if own != entries - sealed or previous != head:
                broken.append(name)
        return count, broken


def _words(data: bytes) -> str:
    """A text. What is none was put there by somebody else, and fits no commitment."""
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return data.decode("utf-8", "replace")


@contextmanager
def reading(store: SqlStore) -> Iterator[SqlBook]:
    """The ledger of a store as of now."""
    with store.view() as unit:
        yield SqlBook(cast("SqlUnit", unit), store.workspace)
