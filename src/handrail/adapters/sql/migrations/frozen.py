"""The statements of a step, which stand in a file for each kind of database."""

from pathlib import Path

_NEXT = "\n-- next\n"


def statements(file: str) -> list[str]:
    """Those of a file of the steps."""
    path = Path(__file__).parent / "versions" / file
    return path.read_text(encoding="utf-8").split(_NEXT)
