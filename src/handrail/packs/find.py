"""Where packs are: files, or the starter packs that come with Handrail."""

import difflib
from pathlib import Path

from handrail.errors import NotFound

STARTERS = Path(__file__).parent / "starters"
ROSTER = ".roster.yaml"
"""How the roster beside a starter pack ends: same name, its people."""


def starters() -> tuple[str, ...]:
    """The names of the starter packs."""
    found = (path for path in STARTERS.glob("*.yaml") if not path.name.endswith(ROSTER))
    return tuple(sorted(path.stem for path in found))


def find(given: str | Path, folder: Path | None = None) -> Path:
    """The file of a path, from `folder`, or of a starter pack's name; it may not exist.

    What has a folder or an ending in it is a path, everything else a name.
    """
    text = str(given)
    if isinstance(given, Path) or "/" in text or "\\" in text or Path(text).suffix:
        return (folder or Path()) / text
    return STARTERS / f"{text}.yaml"


def existing(given: str | Path) -> Path:
    """As `find`. Raises NotFound when there is no such file."""
    path = find(given)
    if not path.is_file():
        raise NotFound(missing(str(given)))
    return path


def missing(given: str) -> str:
    """What to say when a pack is not there."""
    path = find(given)
    if path.parent != STARTERS:
        return f"no pack file `{given}`; check the path"
    close = difflib.get_close_matches(given, starters(), n=1, cutoff=0.5)
    if close:
        return f"no starter pack `{given}`; did you mean `{close[0]}`?"
    listed = ", ".join(f"`{name}`" for name in starters()) or "none"
    return f"no starter pack `{given}`; there are {listed}, or give a file such as ./pack.yaml"
