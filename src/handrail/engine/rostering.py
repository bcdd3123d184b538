"""The roster as supervisors change it, without the board: every edit is a version of its own and
an entry of the book `@roster`, and is in force at once.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from handrail import books
from handrail.core.ownership import Actor
from handrail.core.policy import Pack
from handrail.core.routing import Availability, Queue
from handrail.engine import packbook
from handrail.engine.force import Force, none_yet
from handrail.engine.registry import Registry, Tree
from handrail.engine.versions import Stage
from handrail.errors import Conflict, InputError, NotFound
from handrail.packs import roster as rosters
from handrail.ports import Entry, Unit

Edit = Callable[[Tree], Tree]
_IN_USE = frozenset({Stage.ACTIVE, Stage.RAMPED, Stage.APPROVED})


class Rostering:
    """The roster of the workspace of `force`. Dates and times are as a roster file has them: local
    to the person or the queue. `version`: the one that the caller has seen; Conflict when there is
    another by now. PackError for what a roster file could not say either.
    """

    def __init__(self, force: Force) -> None:
        self.force = force

    def show(self, version: int = 0) -> tuple[int, Tree]:
        """A version of the roster and its number; the one in force, if none is named."""
        with self.force.store.view() as unit:
            if not version:
                return self.force.roster(unit)
            tree = self.force.registry.roster(unit, version)
        if tree is None:
            raise NotFound(f"the roster has no version {version}")
        return version, tree

    def history(self) -> Sequence[Entry]:
        """Every edit, in order."""
        with self.force.store.view() as unit:
            return books.read(unit, books.ROSTER)

    def set(self, tree: Tree, by: Actor, *, version: int | None = None) -> int:
        """Put another roster in place of the whole one. Gives its version, as all edits do."""
        return self._edit("roster_set", by, None, lambda _: dict(tree), version)

    def put(
        self, person: str, fields: Mapping[str, Any], by: Actor, *, version: int | None = None
    ) -> int:
        """Add a person, or change these keys of one: as in a roster file, None = the default."""

        def edit(tree: Tree) -> Tree:
            own = {**tree.get("people", {}).get(person, {}), **fields}
            return _person(tree, person, {key: one for key, one in own.items() if one is not None})

        told = {"person": person, "fields": sorted(fields)}  # of whom, not what: it may be a name
        return self._edit("roster_person", by, told, edit, version)

    def remove(self, person: str, by: Actor, *, version: int | None = None) -> int:
        """Somebody has left: their cases go back to the queues. The name stays, for old cases."""
        return self._change("roster_left", person, {"left": True}, by, version)

    def available(
        self, person: str, how: Availability, by: Actor, *, version: int | None = None
    ) -> int:
        """Somebody is online, busy or offline."""
        fields = {"availability": Availability(how).value}
        return self._change("roster_available", person, fields, by, version)

    def away(
        self,
        person: str,
        start: str,
        end: str,
        by: Actor,
        *,
        delegate: str = "",
        version: int | None = None,
    ) -> int:
        """Somebody is away from the first day to the last, or between two times; the delegate, if
        there is one, stands in.
        """
        absence = {"start": start, "end": end, **({"delegate": delegate} if delegate else {})}

        def edit(tree: Tree) -> Tree:
            own = _own(tree, person)
            return _person(tree, person, {**own, "absences": [*own.get("absences", ()), absence]})

        return self._edit("roster_away", by, {"person": person, **absence}, edit, version)

    def back(self, person: str, by: Actor, *, version: int | None = None) -> int:
        """Somebody is back, or will be there after all: absences that have not ended go away."""

        def edit(tree: Tree, pack: Pack, now: int) -> Tree:
            own = _own(tree, person)
            compiled = rosters.of_tree(tree, pack).person(person)
            said = own.get("absences", ())
            ends = [one.end for one in compiled.absences] if compiled else []
            # what was compiled has the holidays behind the absences, so it may be longer
            kept = [one for one, end in zip(said, ends, strict=False) if end <= now]
            return _person(tree, person, {**own, "absences": kept})

        return self._edit_at("roster_back", by, {"person": person}, edit, version)

    def close(
        self, queue: str, start: str, end: str, by: Actor, *, version: int | None = None
    ) -> int:
        """Close a queue for once, from the first day to the last, or between two times."""
        closure = {"queue": queue, "start": start, "end": end}

        def edit(tree: Tree) -> Tree:
            return {**tree, "closures": [*tree.get("closures", ()), closure]}

        return self._edit("roster_closed", by, closure, edit, version)

    def reopen(self, queue: str, by: Actor, *, version: int | None = None) -> int:
        """Take closures of a queue back that have not ended."""

        def edit(tree: Tree, pack: Pack, now: int) -> Tree:
            kept = [
                one
                for one in tree.get("closures", ())
                if one["queue"] != queue
                or rosters.of_tree({**tree, "holidays": {}, "closures": [one]}, pack)
                .closures[0]
                .end
                <= now
            ]
            return {**tree, "closures": kept}

        return self._edit_at("roster_reopened", by, {"queue": queue}, edit, version)

    def _change(self, name: str, person: str, fields: Tree, by: Actor, version: int | None) -> int:
        """Change keys of somebody who is there."""

        def edit(tree: Tree) -> Tree:
            return _person(tree, person, {**_own(tree, person), **fields})

        return self._edit(name, by, {"person": person, **fields}, edit, version)

    def _edit(
        self, name: str, by: Actor, told: Tree | None, edit: Edit, version: int | None
    ) -> int:
        return self._edit_at(name, by, told, lambda tree, *_: edit(tree), version)

    def _edit_at(
        self,
        name: str,
        by: Actor,
        told: Tree | None,
        edit: Callable[[Tree, Pack, int], Tree],
        version: int | None,
    ) -> int:
        """Write the next version, if it is right, with its entry; then it is in force."""
        if not by.id:
            raise InputError("nobody is named who does this", hint="give --by NAME")
        with self.force.store.unit() as unit:
            unit.case(books.ROSTER)  # nobody else edits until we are done
            before, tree = self.force.roster(unit)
            if version is not None and version != before:
                raise Conflict(
                    f"the roster is at version {before} by now, not {version}",
                    hint="look at it again",
                )
            pack = self._pack(unit, tree)
            after = {**edit(tree, pack, unit.now()), "version": before + 1}
            rosters.of_tree(after, pack)  # PackError
            put_roster(self.force.registry, unit, after, by, name, told)
        self.force.settle()
        return before + 1

    def _pack(self, unit: Unit, tree: Tree) -> Pack:
        """The pack in force with every queue that a roster may name: those of packs that are
        approved too, and those that it names already.
        """
        state = packbook.of(unit)
        if not state.current:
            raise none_yet()
        pack = self.force.pack(unit, state.current)
        queues = {one.name: one for one in pack.queues}
        for other in state.packs.values():
            if other.stage in _IN_USE:
                for one in self.force.pack(unit, other.digest).queues:
                    queues.setdefault(one.name, one)
        for name in _named(tree):
            queues.setdefault(name, Queue(name=name))
        return replace(pack, queues=tuple(queues.values()))


def put_roster(
    registry: Registry,
    unit: Unit,
    tree: Tree,
    by: Actor,
    name: str = "roster_set",
    told: Mapping[str, Any] | None = None,
) -> None:
    """Keep a version of the roster with its entry."""
    version = tree.get("version", 1)
    registry.put_roster(unit, version, by.id, tree)
    what = {"people": len(tree.get("people", ()))} if told is None else told
    books.write(unit, books.ROSTER, name, by, {"version": version, **what})


def _own(tree: Tree, person: str) -> Tree:
    found: Tree | None = tree.get("people", {}).get(person)
    if found is None:
        raise NotFound(f"the roster has nobody `{person}`", hint="add the person first")
    return found


def _person(tree: Tree, person: str, own: Tree) -> Tree:
    return {**tree, "people": {**tree.get("people", {}), person: own}}


def _named(tree: Tree) -> list[str]:
    """The queues that a roster names."""
    names = [one for own in tree.get("people", {}).values() for one in own.get("queues", ())]
    return [*names, *tree.get("holidays", {}), *(one["queue"] for one in tree.get("closures", ()))]
