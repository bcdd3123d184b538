"""Step 1, Define: pack files in, policies out; their schema, conditions and test cases.

The YAML reader and the validator are imported when a pack is loaded, not before.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from handrail.packs.find import starters

if TYPE_CHECKING:
    from handrail.core.policy import Pack
    from handrail.packs.loader import Loaded

__all__ = ["load", "open_pack", "starters"]


def load(given: str | Path) -> "Pack":
    """The pack of a file, or the starter pack of that name.

    Raises PackError with all that is wrong with it, NotFound when there is none.
    """
    return open_pack(given).pack


def open_pack(given: str | Path) -> "Loaded":
    """As `load`, with the place of every key, for messages about the pack."""
    from handrail.packs import loader

    return loader.load(given)
