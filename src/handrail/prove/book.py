"""A ledger in memory: entries go in, checkpoints are taken, and an export comes out."""

from collections.abc import Iterable

from handrail.core import ledger
from handrail.core.ledger import Payload, Seal, Sealed, Signed, SignedKey
from handrail.ports import Entry
from handrail.prove.keys import Keys, checkpoint


class Book:
    """See `handrail.prove.Source`. For tests and for who keeps entries elsewhere."""

    def __init__(self, workspace: str, keys: Keys) -> None:
        self.workspace, self._keys = workspace, keys
        self._entries: dict[str, list[Sealed]] = {}
        self._payloads: dict[tuple[str, str], Payload] = {}
        self._points: list[Signed] = []
        self._sealed: dict[str, int] = {}

    def add(self, entry: Entry) -> str:
        """The next entry of its case; gives its hash."""
        text = ledger.entry_text(
            case=entry.case,
            number=entry.number,
            at=entry.at,
            name=entry.name,
            actor=entry.actor,
            epoch=entry.epoch,
            body=entry.body,
        )
        before = self._entries.setdefault(entry.case, [])
        previous = before[-1].hash if before else ledger.genesis(self.workspace, entry.case)
        before.append(Sealed(entry.case, text, ledger.seal_text(previous, text)))
        return before[-1].hash

    def keep(self, case: str, key: str, salt: bytes, text: str) -> str:
        """Keep a text; gives the commitment to it, for the entry that names it."""
        self._payloads[case, key] = Payload(case, key, salt, text)
        return ledger.commit(salt, text)

    def erase(self, case: str, key: str) -> None:
        """Forget a text and its salt. An `erased` entry must say so."""
        del self._payloads[case, key]

    def checkpoint(self, at: int, *, keys: Keys | None = None, incarnation: int = 0) -> Signed:
        """Seal what has changed. `keys`: with these from now on."""
        self._keys = keys or self._keys
        changed = {
            case: Seal(case, len(found), found[-1].hash)
            for case, found in self._entries.items()
            if len(found) > self._sealed.get(case, 0)
        }
        made = checkpoint(
            self._keys,
            self.workspace,
            self._points[-1].checkpoint if self._points else None,
            changed.values(),
            at=at,
            cases=len(self._entries),
            entries=sum(map(len, self._entries.values())),
            incarnation=incarnation,
        )
        self._sealed |= {case: one.entries for case, one in changed.items()}
        self._points.append(made)
        return made

    def key_history(self) -> Iterable[SignedKey]:
        """The keys, the oldest first."""
        return self._keys.history

    def checkpoints(self) -> Iterable[Signed]:
        """The checkpoints by number."""
        return self._points

    def entries(self) -> Iterable[Sealed]:
        """The entries by case and number."""
        return (one for case in sorted(self._entries) for one in self._entries[case])

    def payloads(self) -> Iterable[Payload]:
        """The texts by case and key."""
        return (self._payloads[name] for name in sorted(self._payloads))
