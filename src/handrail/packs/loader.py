"""From a file to a pack: read, lay over its base, check, build, hold against the base."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from handrail.core import policy
from handrail.core.policy import tighten
from handrail.errors import InputError, PackError
from handrail.packs import find, shape
from handrail.packs.build import Issues, build
from handrail.packs.merge import Merge, indexed
from handrail.packs.problems import check, in_order
from handrail.packs.source import Places, Source, at, parse, read

_OWN = ("handrail", "name", "version", "description", "extends")
_DEPTH = 5
Sources = tuple[tuple[str, str], ...]
"""The name and the text of each file of a pack: its own first, then what it extends, in order."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A pack, and where in which file each of its keys stands.

    `written` is the tree before the defaults were laid under its workflows: what a child changes.
    `files` are those that it was read from: its own, then what it extends, in order.
    """

    pack: policy.Pack
    tree: dict[str, Any]
    places: Places
    file: str
    written: tuple[dict[str, Any], Places]
    files: tuple[Path, ...] = ()

    def place(self, path: tuple[str, ...]) -> str:
        """`file:line:column` of a path, as findings of the linter have it."""
        found = at(self.places, indexed(self.tree, path), "", self.file)
        return f"{found.file}:{found.line}:{found.column}" if found.line else found.file


def load(given: str | Path) -> Loaded:
    """Load a pack file, or a starter pack by its name. Raises PackError with all problems."""
    return _load(find.existing(given), ())


def loads(text: str, file: str = "pack.yaml", folder: Path | None = None) -> Loaded:
    """Load a pack from text; `extends` is looked up from `folder`."""
    source = parse(text.encode(), file)
    return _finish(source, _base(source, folder or Path(), ()))


def gather(given: str | Path) -> Sources:
    """A pack file, or a starter pack, as `load_sources` takes it: with all that it extends."""
    return tuple((path.name, path.read_bytes().decode("utf-8")) for path in load(given).files)


def load_sources(sources: Sources) -> Loaded:
    """Load a pack from the texts of its files: its own first, behind each the one that it extends.
    The last may extend a starter pack, whose files are then the `files` of what is given
    back; no other file is read. Raises PackError.
    """
    if len(sources) > _DEPTH:
        raise InputError(f"more than {_DEPTH} packs in a row", file=sources[0][0])
    base: Loaded | None = None
    for place in reversed(range(len(sources))):
        name, text = sources[place]
        source = parse(text.encode("utf-8", "surrogatepass"), name)
        wanted = source.tree.get("extends")
        if base is None and wanted and find.find(str(wanted)).parent == find.STARTERS:
            base = _base(source, Path(), ())
        elif bool(wanted) != (base is not None):
            what = f"`{wanted}` is not among the files" if wanted else "extends nothing"
            raise PackError([source.problem(("extends",), f"{what}; give what it extends, only")])
        base = replace(_finish(source, base), files=base.files if base else ())
    if base is None:
        raise InputError("no pack file is given", hint="give the pack, then what it extends")
    return base


def _load(path: Path, above: tuple[Path, ...]) -> Loaded:
    source = read(path)
    base = _base(source, path.parent, (*above, path.resolve()))
    made = _finish(source, base)
    return replace(made, files=(path, *(base.files if base else ())))


def _finish(source: Source, base: Loaded | None) -> Loaded:
    tree, places = source.tree, source.places
    if base is not None:
        below, below_places = base.written
        kept = {key: value for key, value in below.items() if key not in _OWN}
        merge = Merge()
        tree = merge.maps(kept, tree, (below_places, ()), (places, ()))
        places = merge.places
    checked = check(shape.Pack, tree, places, source.file, source.problems)
    whole, whole_places = _with_defaults(tree, places, checked)
    issues = Issues(whole_places, source.file)
    pack = build(
        check(shape.Pack, whole, whole_places, source.file),
        issues,
        base="" if base is None else policy.digest(base.pack),
    )
    if base is not None and not issues.found:
        _tightened(base, pack, whole, issues)
    if issues.found:
        raise PackError(in_order(issues.found))
    return Loaded(
        pack=pack,
        tree=whole,
        places=whole_places,
        file=source.file,
        written=(tree, places),
    )


def _base(source: Source, folder: Path, above: tuple[Path, ...]) -> Loaded | None:
    """The pack that this one extends."""
    wanted = source.tree.get("extends")
    if not isinstance(wanted, str) or not wanted:
        return None
    path = find.find(wanted, folder)
    if path.resolve() in above:
        raise PackError([source.problem(("extends",), f"`{wanted}` extends itself in a circle")])
    if len(above) >= _DEPTH:
        raise PackError([source.problem(("extends",), f"more than {_DEPTH} packs in a row")])
    if not path.is_file():
        raise PackError([source.problem(("extends",), find.missing(wanted))])
    return _load(path, above)


def _with_defaults(
    tree: dict[str, Any], places: Places, checked: shape.Pack
) -> tuple[dict[str, Any], Places]:
    """The tree with the defaults laid under each workflow."""
    if not checked.workflows or "defaults" not in tree:
        return tree, places
    merge = Merge()
    merge.places.update(places)
    workflows = {
        name: merge.maps(
            tree["defaults"],
            own,
            (places, ("defaults",)),
            (places, ("workflows", name)),
            ("workflows", name),
        )
        for name, own in tree["workflows"].items()
    }
    return {**tree, "workflows": workflows}, merge.places


def _tightened(base: Loaded, pack: policy.Pack, tree: dict[str, Any], issues: Issues) -> None:
    """Note what the child relaxes, with both places."""
    theirs = Issues(base.places, base.file)
    for found in tighten.relaxed(base.pack, pack):
        there = theirs.place(indexed(base.tree, found.base_path))
        issues.add(
            indexed(tree, found.path),
            f"relaxes the base pack: {found.message}; the base is at {there}",
        )
