"""How a pack file is written: one model per map of the file, each key with what it means."""

from handrail.packs.shape.pack import Pack

__all__ = ["Pack"]
