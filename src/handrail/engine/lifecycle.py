"""The life of a policy pack: submitted, checked, approved by another person, active, retired.

Every step is an entry of the book `@packs`. Of two who take a step at once one wins, and the other
is told: Conflict. What cannot be in this state is Refused.
"""

from collections.abc import Callable, Mapping
from typing import Any

from handrail import books
from handrail.core import policy
from handrail.core.lint import Severity, lint
from handrail.core.ownership import Actor, Party
from handrail.engine import placing, versions
from handrail.engine.deployment import Deployment
from handrail.engine.force import Force, none_yet
from handrail.engine.packbook import PackBook, find, of
from handrail.engine.registry import Tree
from handrail.engine.rostering import put_roster
from handrail.engine.versions import Stage, State, Version
from handrail.errors import Conflict, Forbidden, InputError, Refused
from handrail.packs import cases, loader
from handrail.packs import roster as rosters
from handrail.packs.loader import Sources
from handrail.packs.stored import Stored
from handrail.ports import Unit

Simulate = Callable[[Deployment], Mapping[str, Any]]
"""Plays a pack for a short while: plain data for the ledger, and `ok`, whether every law held."""
_NAMED = 20


class Lifecycle(PackBook):
    """The steps of packs. `by` is who takes one: a person is `Actor(kind=HUMAN)`, a program
    `Actor(kind=SYSTEM)`; both have an id.
    """

    def __init__(self, force: Force, simulate: Simulate | None = None) -> None:
        super().__init__(force)
        self._simulate = simulate

    def install(self, sources: Sources, roster: Tree, by: Actor) -> Version:
        """Put the first pack and roster in force: nothing decides yet, so nobody has to approve.
        Conflict when a pack is in force already.
        """
        loaded, sources = _loaded(sources)
        rosters.of_tree(roster, loaded.pack)  # PackError, before anything is written
        with self.changing() as (unit, state):
            if state.current:
                raise Conflict("a pack is in force already", hint="submit the next one")
            digest = self._keep(unit, loaded, sources, by)
            if not self.force.roster(unit)[0]:
                first = {**roster, "version": max(1, roster.get("version", 1))}
                put_roster(self.force.registry, unit, first, by)
            body = {"digest": digest, "name": loaded.pack.name, "version": loaded.pack.version}
            books.write(unit, books.PACKS, versions.INSTALLED, by, body)
        self.force.settle()
        return self.version(digest)

    def submit(self, sources: Sources, by: Actor) -> Version:
        """Put a pack forward. Conflict when it is there and is approved or in force already; a
        draft of the same rules is replaced, and its cases are to be checked again.
        """
        _known(by)
        loaded, sources = _loaded(sources)
        digest = policy.digest(loaded.pack)
        with self.changing() as (unit, state):
            known = state.packs.get(digest)
            if known and known.stage not in {Stage.DRAFT, Stage.SIMULATED, Stage.RETIRED}:
                raise Conflict(f"that pack is there, and {known.stage.value}: `{digest}`")
            self._keep(unit, loaded, sources, by)
            body = {"digest": digest, "name": loaded.pack.name, "version": loaded.pack.version}
            books.write(unit, books.PACKS, versions.SUBMITTED, by, body)
        return self.version(digest)

    def check(self, digest: str, by: Actor) -> Version:
        """Lint a pack, play its own cases and a short simulation. How that went is kept; only
        what passed can be approved.
        """
        if self._simulate is None:
            raise Refused("nothing can be simulated here", hint="use `handrail pack submit`")
        stored = self.stored(digest)
        pack = loader.load_sources(stored.sources).pack
        body: dict[str, Any] = {"digest": stored.digest, **_linted(pack)}
        with self.force.store.view() as unit:
            tree = self.force.roster(unit)[1]
            ready = self.force.ready(unit, stored.digest, tree)
        played = self._simulate(ready) if not body["errors"] else {"ok": False}
        body |= {"simulation": dict(played), "roster": ready.roster.version}
        body["ok"] = not body["errors"] and not body["failed"] and bool(played["ok"])
        with self.changing() as (unit, state):
            now = find(state, stored.digest)
            if now.stage not in {Stage.DRAFT, Stage.SIMULATED}:
                raise Conflict(f"the pack is {now.stage.value} meanwhile")
            if self.kept(unit, stored.digest) != stored:
                raise Conflict("the pack was submitted anew meanwhile", hint="check it again")
            books.write(unit, books.PACKS, versions.CHECKED, by, body)
        return self.version(stored.digest)

    def approve(self, digest: str, by: Actor) -> Version:
        """Say that a pack that passed its checks may decide. A person, and none of those who
        submitted it, except in the single-person mode: then the entry says so.
        """
        if by.kind is not Party.HUMAN or not by.id:
            raise Forbidden("a pack is approved by a person", hint="no program does that")
        with self.changing() as (unit, state):
            found = find(state, digest)
            if found.stage is Stage.DRAFT:
                raise Refused(f"`{found.name}` has not passed its checks", hint=_why(found))
            if found.stage is not Stage.SIMULATED and not (found.single and not state.single):
                who = f", approved by {found.approved_by}" if found.approved_by else ""
                raise Conflict(f"the pack is {found.stage.value} already{who}")
            body: dict[str, Any] = {"digest": found.digest}
            if versions.told(by) in found.by:
                if not state.single:
                    raise Forbidden(
                        f"`{by.id}` submitted this pack and cannot approve it",
                        hint="somebody else does; to try it alone: `handrail pack mode`",
                    )
                body["single_person"] = True
            books.write(unit, books.PACKS, versions.APPROVED, by, body)
        return self.version(digest)

    def activate(self, digest: str, by: Actor, percentage: int = 100) -> Version:
        """Put an approved pack in force, for all cases or for a share of them, which may grow or
        shrink. Refused while an open case would have no place in it.
        """
        if not 1 <= percentage <= 100:
            raise InputError(f"`{percentage}` is no share", hint="give 1 to 100 percent")
        _person(by)
        before, found = self._wanted(digest, percentage)
        with self.force.store.view() as unit:
            tree = self.force.roster(unit)[1]
            made = self.force.ready(unit, found.digest, tree)  # before anybody has to wait for us
            if before.current and percentage < 100:
                placing.check_ramp(self.force.pack(unit, before.current), made.pack)
        with self.changing() as (unit, state):
            if state.force != before.force or find(state, digest).stage is not found.stage:
                now = find(state, state.current)
                raise Conflict(f"`{now.name}` {now.version} was activated meanwhile, or ramped")
            placing.check(unit, made)
            body: dict[str, Any] = {"digest": found.digest, "before": state.current}
            if found.single:
                body["single_person"] = True
            name = versions.ACTIVATED
            if percentage < 100:
                name, body["percentage"] = versions.RAMPED, percentage
            books.write(unit, books.PACKS, name, by, body)
        self.force.settle()
        return self.version(digest)

    def roll_back(self, by: Actor) -> Version:
        """End a ramp, or put the pack in force that was before. Never refused for a case that has
        no place there: it goes where that pack routes it. To be reviewed afterwards.
        """
        _known(by)
        with self.changing() as (unit, state):
            if state.candidate:
                to, gone = state.current, state.candidate
            elif state.before:
                to, gone = state.before[-1], state.current
            else:
                raise Refused("there is no pack to go back to")
            with_roster = self.force.ready(unit, to, self.force.roster(unit)[1])
            moved = [name for name, _ in placing.lost(unit, with_roster)]
            body: dict[str, Any] = {"digest": to, "before": gone, "review": "open"}
            body |= {"moved": len(moved), "cases": moved[:_NAMED]}
            books.write(unit, books.PACKS, versions.ROLLED_BACK, by, body)
        self.force.settle()
        return self.version(to)

    def review(self, by: Actor) -> None:
        """Say that the last roll-back was looked at: another person than the one who did it."""
        _person(by)
        with self.changing() as (unit, state):
            if not state.review:
                raise Refused("no roll-back waits for a review")
            done = books.read(unit, books.PACKS)[state.review - 1]
            if done.actor == versions.told(by) and not state.single:
                raise Forbidden(f"`{by.id}` rolled back and cannot review it", hint="another does")
            body: dict[str, Any] = {"entry": state.review, "digest": done.body["digest"]}
            if done.actor == versions.told(by):
                body["single_person"] = True
            books.write(unit, books.PACKS, versions.REVIEWED, by, body)

    def retire(self, digest: str, by: Actor) -> Version:
        """Take a pack that is not in force out of use: it is not activated again, nor gone back
        to. It stays kept, since decisions name it.
        """
        _known(by)
        with self.changing() as (unit, state):
            found = find(state, digest)
            if found.stage is Stage.RETIRED:
                raise Conflict("the pack is retired already")
            if found.digest in {state.current, state.candidate}:
                raise Refused("the pack is in force", hint="activate another, or roll back, first")
            books.write(unit, books.PACKS, versions.RETIRED, by, {"digest": found.digest})
        return self.version(digest)

    def mode(self, by: Actor, *, single: bool) -> None:
        """Let one person approve what they submitted, to try Handrail alone; or not any more.
        Refused once two people have approved a pack: such a workspace stays with four eyes.
        """
        _person(by)
        with self.changing() as (unit, state):
            if single and state.four_eyes:
                raise Refused("two people have approved a pack here", hint="four eyes it stays")
            if single != state.single:
                books.write(unit, books.PACKS, versions.MODE, by, {"single_person": single})

    def _wanted(self, digest: str, percentage: int) -> tuple[State, Version]:
        """What is in force, and the pack that is to be, if it may be."""
        with self.force.store.view() as unit:
            state = of(unit)
        found = find(state, digest)
        if (found.digest, 100) == (state.current, percentage):
            raise Conflict("the pack is in force already")
        if found.digest == state.current:
            raise Refused("the pack is in force for all", hint="ramp another, or roll back")
        if (found.digest, percentage) == (state.candidate, state.share):
            raise Conflict(f"the pack is in force for {percentage} % already")
        if percentage < 100 and not state.current:
            raise none_yet()
        if found.stage not in {Stage.APPROVED, Stage.RAMPED}:
            raise Refused(f"the pack is {found.stage.value}", hint="check and approve it first")
        if found.single and not state.single:
            raise Refused("one person alone has approved it", hint="have it approved by another")
        return state, found

    def _keep(self, unit: Unit, loaded: loader.Loaded, sources: Sources, by: Actor) -> str:
        digest = policy.digest(loaded.pack)
        self.force.registry.put_pack(
            unit,
            Stored(
                digest=digest,
                name=loaded.pack.name,
                version=loaded.pack.version,
                by=versions.told(by),
                at=unit.now(),
                sources=sources,
            ),
        )
        return digest


def _loaded(sources: Sources) -> tuple[loader.Loaded, Sources]:
    """A pack of its files, and all of them: a starter pack that it extends is kept with it."""
    loaded = loader.load_sources(sources)
    more = tuple((path.name, path.read_bytes().decode("utf-8")) for path in loaded.files)
    return loaded, (*sources, *more)


def _linted(pack: policy.Pack) -> dict[str, Any]:
    """What the linter and the pack's own cases say, as the ledger keeps it: without any text."""
    found = lint(pack)
    errors = sorted({one.code for one in found if one.severity is Severity.ERROR})
    results = cases.run(pack)
    failed = sum(not one.passed for one in results)
    others = sum(one.severity is not Severity.ERROR for one in found)
    return {"errors": errors, "others": others, "cases": len(results), "failed": failed}


def _why(found: Version) -> str:
    """What a pack that was not approved has failed, or that nobody has checked it."""
    told = found.checked
    if not told:
        return "check it first"
    if told["errors"]:
        return f"the linter finds {', '.join(told['errors'])}: `handrail pack check`"
    if told["failed"]:
        return f"{told['failed']} of its cases fail: `handrail pack test`"
    return "a law did not hold in its simulation"


def _known(by: Actor) -> None:
    if not by.id:
        raise InputError("nobody is named who does this", hint="give --by NAME")


def _person(by: Actor) -> None:
    _known(by)
    if by.kind is not Party.HUMAN:
        raise Forbidden("only a person does this", hint="no program does")
