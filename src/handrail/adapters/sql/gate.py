"""Who shows a key, for a service that is asked with every request: what was found holds a second.

A change that is made in this process is seen at once; one of another process within `FRESH`.
"""

import hashlib
import time
from dataclasses import dataclass

from handrail.adapters.sql import people
from handrail.adapters.sql.store import SqlStore
from handrail.adapters.sql.tokens import Tokens
from handrail.core.access import Principal

FRESH = 1.0
"""Seconds for which a key that another process has revoked may still be accepted."""
_MOST = 10_000


@dataclass(frozen=True, slots=True)
class _Found:
    principal: Principal
    change: object
    until: float


class Gate:
    """`authenticate` as `Tokens` has it, of all workspaces of a store. For many threads."""

    def __init__(self, store: SqlStore, fresh: float = FRESH) -> None:
        self._store, self._fresh = store, fresh
        self._found: dict[bytes, _Found] = {}  # by a hash: no key stays in memory

    def authenticate(self, text: str) -> Principal:
        """Who shows this token. Unauthenticated when it is nobody's any more, or never was."""
        known = self.known(text)
        if known is not None:
            return known
        change, now = people.last_change(), time.monotonic()
        self._found.pop(_mark(text), None)
        principal = Tokens.authenticate(self._store, text)
        if len(self._found) >= _MOST:
            self._found.clear()
        self._found[_mark(text)] = _Found(principal, change, now + self._fresh)
        return principal

    def known(self, text: str) -> Principal | None:
        """Who was just found to show this token; None: the store must be asked."""
        found = self._found.get(_mark(text))
        if (
            found is not None
            and found.change is people.last_change()
            and time.monotonic() < found.until
            and found.principal.token.valid(self._store.clock())
        ):
            return found.principal
        return None


def _mark(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
