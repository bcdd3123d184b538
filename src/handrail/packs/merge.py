"""A child's tree over its base's, before anything is checked, with the places of both.

Maps merge key by key. Rows, conditions, notices and cases merge by what identifies them; phrases,
patterns, playbooks and declared names add up; any other value is the child's.
"""

from typing import Any

from handrail.packs.source import KeyPath, Places

_IDENTITY = {
    "matrix": ("topic", "tier"),
    "conditions": ("name",),
    "cases": ("name",),
    "notices": ("event", "trigger"),
}
_ADDED = {"phrases", "patterns", "languages", "tiers", "stages"}


class Merge:
    """Merges trees and collects the places of what came out."""

    def __init__(self) -> None:
        self.places: Places = {}

    def maps(
        self,
        base: dict[str, Any],
        child: dict[str, Any],
        at_base: tuple[Places, KeyPath],
        at_child: tuple[Places, KeyPath],
        path: KeyPath = (),
    ) -> dict[str, Any]:
        """The child's map over the base's. `path` is where the result stands."""
        merged: dict[str, Any] = {}
        for key in [*base, *(key for key in child if key not in base)]:
            here = (*path, key)
            below_base = (at_base[0], (*at_base[1], key))
            below_child = (at_child[0], (*at_child[1], key))
            if key not in child:
                merged[key] = self._keep(base[key], below_base, here)
            elif key not in base:
                merged[key] = self._keep(child[key], below_child, here)
            else:
                self._note(below_child, here)
                merged[key] = self._both(base[key], child[key], below_base, below_child, here)
        return merged

    def _both(
        self,
        base: Any,
        child: Any,
        at_base: tuple[Places, KeyPath],
        at_child: tuple[Places, KeyPath],
        path: KeyPath,
    ) -> Any:
        """Two values of one key."""
        if isinstance(base, dict) and isinstance(child, dict):
            return self.maps(base, child, at_base, at_child, path)
        if isinstance(base, list) and isinstance(child, list):
            name = str(path[-1])
            if name in _IDENTITY and _entry_of(path):
                return self._lists(base, child, at_base, at_child, path)
            if _adds(path):
                fresh = [item for item in child if item not in base]
                for place, item in enumerate([*base, *fresh]):
                    spot = (
                        (at_base[0], (*at_base[1], place))
                        if place < len(base)
                        else (at_child[0], (*at_child[1], child.index(item)))
                    )
                    self._note(spot, (*path, place))
                return [*base, *fresh]
        return self._keep(child, at_child, path)

    def _lists(
        self,
        base: list[Any],
        child: list[Any],
        at_base: tuple[Places, KeyPath],
        at_child: tuple[Places, KeyPath],
        path: KeyPath,
    ) -> list[Any]:
        """Entries of the base in their places, each under the child's entry of the same
        identity; then what only the child has, also when it repeats itself (an error later).
        """
        keys = _IDENTITY[str(path[-1])]
        mine: dict[Any, int] = {}
        for place, item in enumerate(child):
            mine.setdefault(_identity(item, keys), place)
        merged: list[Any] = []
        used: set[int] = set()
        for place, item in enumerate(base):
            here = (*path, len(merged))
            below = (at_base[0], (*at_base[1], place))
            other = mine.get(_identity(item, keys))
            if other is None or other in used or not isinstance(item, dict):
                merged.append(self._keep(item, below, here))
                continue
            used.add(other)
            spot = (at_child[0], (*at_child[1], other))
            self._note(spot, here)
            merged.append(self.maps(item, child[other], below, spot, here))
        for place, item in enumerate(child):
            if place not in used:
                spot = (at_child[0], (*at_child[1], place))
                merged.append(self._keep(item, spot, (*path, len(merged))))
        return merged

    def _keep(self, value: Any, spot: tuple[Places, KeyPath], path: KeyPath) -> Any:
        """A value of one side, with the places of all that is in it."""
        self._note(spot, path)
        if isinstance(value, dict):
            return {
                key: self._keep(item, (spot[0], (*spot[1], key)), (*path, key))
                for key, item in value.items()
            }
        if isinstance(value, list):
            return [
                self._keep(item, (spot[0], (*spot[1], place)), (*path, place))
                for place, item in enumerate(value)
            ]
        return value

    def _note(self, spot: tuple[Places, KeyPath], path: KeyPath) -> None:
        place = spot[0].get(spot[1])
        if place is not None:
            self.places[path] = place


def _identity(item: Any, keys: tuple[str, ...]) -> Any:
    """What makes an entry the same as another; None of its own when it is no map."""
    if not isinstance(item, dict):
        return object()
    return tuple(str(item.get(key, "*")) for key in keys)


def _entry_of(path: KeyPath) -> bool:
    """Whether a list stands where such lists belong: on top, in defaults or in a workflow."""
    above = path[:-1]
    return not above or above == ("defaults",) or (len(above) == 2 and above[0] == "workflows")


def _adds(path: KeyPath) -> bool:
    """Whether the lists at a path add up."""
    if len(path) == 1:
        return path[0] in _ADDED
    if path[0] == "bundles" and path[-1] == "playbook":
        return True
    return "topics" in path and (path[-1] == "patterns" or path[-2] == "phrases")


def indexed(tree: Any, path: KeyPath) -> KeyPath:
    """A path that names entries of lists, as the core does, with their places instead.

    It ends where the file says no more.
    """
    found: list[str | int] = []
    rest = list(path)
    while rest:
        name = rest.pop(0)
        if isinstance(tree, list):
            keys = _IDENTITY.get(str(found[-1]), ()) if found else ()
            wanted = (str(name), *(str(rest.pop(0)) for _ in keys[1:] if rest))
            for place, item in enumerate(tree):
                if _identity(item, keys) == wanted:
                    found.append(place)
                    tree = item
                    break
            else:
                break
        elif isinstance(tree, dict) and name in tree:
            found.append(name)
            tree = tree[name]
        else:
            found.append(name)
            tree = None
    return tuple(found)
