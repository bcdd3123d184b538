"""A pack as a store keeps it."""

from dataclasses import dataclass

from handrail.packs.loader import Sources


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """Who submitted a pack, and the text of each of its files: its own first, then what it
    extends. `at` is in milliseconds since the epoch.
    """

    digest: str
    name: str
    version: str
    by: str
    at: int
    sources: Sources
