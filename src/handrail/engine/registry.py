"""Where packs and rosters are kept: packs by digest with all their files, rosters by version."""

from typing import Any, Protocol

from handrail.packs.stored import Stored
from handrail.ports import Unit

Tree = dict[str, Any]
"""What is in a roster file, as plain data."""


class Registry(Protocol):
    """What is put in a unit is there when it commits, together with the entry that tells of it."""

    def put_pack(self, unit: Unit, pack: Stored) -> None:
        """Keep a pack; one of that digest is replaced."""

    def pack(self, unit: Unit, digest: str) -> Stored | None:
        """The pack of that digest."""

    def put_roster(self, unit: Unit, version: int, by: str, tree: Tree) -> None:
        """Keep a version of the roster."""

    def roster(self, unit: Unit, version: int) -> Tree | None:
        """A version of the roster."""
