"""Packs that differ, and the lifecycle over a world of the engine's tests."""

from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from engine.world import World
from handrail.core.ownership import Actor, Party
from handrail.core.policy import Pack, digest
from handrail.core.routing import Roster
from handrail.engine import Deployment, deploy, force
from handrail.packs import find, loader, source
from handrail.packs.loader import Sources
from handrail.wiring.policies import Policies, policies

load_sources = cache(loader.load_sources)
_READY: dict[str, Deployment] = {}


def quick(patch: pytest.MonkeyPatch) -> None:
    """Load and compile each pack once for all tests: a second each."""

    def deployed(pack: Pack, roster: Roster) -> Deployment:
        return _READY.setdefault(digest(pack), deploy(pack, roster))

    patch.setattr(loader, "load_sources", load_sources)
    patch.setattr(
        force, "deploy", lambda pack, roster: _READY.get(digest(pack)) or deployed(pack, roster)
    )


ANA, BO, CI = (
    Actor(kind=Party.HUMAN, id="ana"),
    Actor(kind=Party.HUMAN, id="bo"),
    Actor(kind=Party.SYSTEM, id="ci"),
)


@cache
def text() -> str:
    return find.existing("support-chat").read_text("utf-8")


def files(version: str, *changes: tuple[str, str]) -> Sources:
    """The starter pack under another version, with pieces of its text replaced."""
    made = text()
    for old, new in (('version: "1.0.0"', f'version: "{version}"'), *changes):
        assert old in made, old
        made = made.replace(old, new)
    return (("pack.yaml", made),)


def people() -> dict[str, Any]:
    return source.read(find.STARTERS / f"support-chat{find.ROSTER}").tree


def passes(_: Deployment) -> dict[str, Any]:
    return {"ok": True, "worlds": 0}


def begun(world: World) -> Policies:
    """The starter pack in force on a world, installed by Ana."""
    made = policies(world.store, world.engine, passes)
    made.packs.install(files("1.0.0"), people(), ANA)
    return made


def again(world: World, made: Policies) -> Policies:
    """Another process on the same store: an engine and caches of its own."""
    other = policies(world.store, replaced(world), passes)
    other.force.registry = made.force.registry
    other.force.refresh()
    return other


def replaced(world: World) -> Any:
    return type(world.engine)(world.store, replace(world.engine.deployment))


def approved(made: Policies, sources: Sources) -> str:
    """A pack that Ana submitted and Bo approved."""
    digest = made.packs.submit(sources, ANA).digest
    made.packs.check(digest, ANA)
    return made.packs.approve(digest, BO).digest
