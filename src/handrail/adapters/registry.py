"""Packs and rosters in memory, beside a store in memory. See `handrail.engine.registry`."""

import copy
from typing import Any

from handrail.packs.stored import Stored
from handrail.ports import Unit


class MemoryRegistry:
    """What a unit that failed has put stays here, and no entry tells of it."""

    def __init__(self) -> None:
        self._packs: dict[str, Stored] = {}
        self._rosters: dict[int, dict[str, Any]] = {}

    def put_pack(self, _: Unit, pack: Stored) -> None:
        """Keep a pack."""
        self._packs[pack.digest] = pack

    def pack(self, _: Unit, digest: str) -> Stored | None:
        """The pack of that digest."""
        return self._packs.get(digest)

    def put_roster(
        self,
        _: Unit,
        version: int,
        by: str,  # noqa: ARG002  # the ledger has it
        tree: dict[str, Any],
    ) -> None:
        """Keep a version of the roster."""
        self._rosters[version] = copy.deepcopy(tree)

    def roster(self, _: Unit, version: int) -> dict[str, Any] | None:
        """A version of the roster."""
        return copy.deepcopy(self._rosters.get(version))
