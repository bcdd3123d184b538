"""The life of packs in a store: `handrail pack submit`, `approve`, `activate` and the rest."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Annotated

import typer

from handrail import packs
from handrail.cli import lives
from handrail.cli.access import By, Space, StoreOption, actor, show
from handrail.cli.explain import say
from handrail.cli.people import JsonOption
from handrail.engine.versions import Stage, Version
from handrail.errors import Refused
from handrail.wiring import DEFAULT
from handrail.wiring.policies import Policies, policies_of

_Digest = Annotated[
    str, typer.Argument(metavar="DIGEST", help="Of the pack; six digits of it are enough.")
]


def opened(store: str, space: str) -> AbstractContextManager[Policies]:
    """What is in force at that store, or at the one that the service's settings name."""
    from handrail.testing.short import short

    if not store:
        from handrail import config

        store = config.load().url
    return policies_of(store, space, short)


def install(
    pack: Annotated[
        str, typer.Argument(metavar="PACK", help="A pack file, or the name of a starter pack.")
    ] = "support-chat",
    roster: Annotated[str, typer.Option("--roster", "-r", help="Its people; else beside it.")] = "",
    store: StoreOption = "",
    by: By = "",
    workspace: Space = DEFAULT,
) -> None:
    """Put the first pack and roster of a store in force; every later pack is submitted."""
    from handrail.packs import find, loader
    from handrail.packs import roster as rosters

    path = find.existing(pack)
    people = roster or path.with_name(path.stem + find.ROSTER)
    with opened(store, workspace) as found:
        tree = rosters.tree_of(people, packs.load(pack))
        done = found.packs.install(loader.gather(pack), tree, actor(by))
    say(lives.version(done))


def submit(
    pack: Annotated[str, typer.Argument(metavar="PACK", help="A pack file.")],
    store: StoreOption = "",
    by: By = "",
    workspace: Space = DEFAULT,
    as_json: JsonOption = False,
) -> None:
    """Submit a pack with all that it extends, and check it: linter, its cases, a short simulation.
    Exit code 3 when it does not pass; it can be approved when it does.

    Example: `handrail pack submit my-pack.yaml --store sqlite:///handrail.db --by ana`
    """
    from handrail.packs import loader

    with opened(store, workspace) as found:
        made = found.packs.submit(loader.gather(pack), actor(by))
        done = found.packs.check(made.digest, actor(by))
    if as_json:
        show(lives.as_version(done))
    else:
        say(lives.version(done))
        for line in lives.checked(done):
            say(line)
    if done.stage is not Stage.SIMULATED:
        raise typer.Exit(Refused.exit_code)


def approve(
    digest: _Digest, store: StoreOption = "", by: By = "", workspace: Space = DEFAULT
) -> None:
    """Approve a pack that has passed its checks: another person than the one who submitted it."""
    _step(store, workspace, lambda found: found.packs.approve(digest, actor(by)))


def activate(
    digest: _Digest,
    percentage: Annotated[
        int, typer.Option("--percentage", "-n", min=1, max=100, help="Of the cases.")
    ] = 100,
    store: StoreOption = "",
    by: By = "",
    workspace: Space = DEFAULT,
) -> None:
    """Put an approved pack in force: for all cases, or for a share that stays under it.

    Refused while an open case would have no place in it; the message names the first ones.
    """
    _step(store, workspace, lambda found: found.packs.activate(digest, actor(by), percentage))


def rollback(store: StoreOption = "", by: By = "", workspace: Space = DEFAULT) -> None:
    """Go back to the pack that was in force before, or end a ramp. It is reviewed afterwards."""
    _step(store, workspace, lambda found: found.packs.roll_back(actor(by)))


def review(store: StoreOption = "", by: By = "", workspace: Space = DEFAULT) -> None:
    """Say that the last roll-back was reviewed: another person than the one who rolled back."""
    with opened(store, workspace) as found:
        found.packs.review(actor(by))
    say("the roll-back is reviewed")


def retire(
    digest: _Digest, store: StoreOption = "", by: By = "", workspace: Space = DEFAULT
) -> None:
    """Take a pack out of use for good. It stays kept, for the decisions that name it."""
    _step(store, workspace, lambda found: found.packs.retire(digest, actor(by)))


def mode(
    single: Annotated[
        bool,
        typer.Option("--single-person/--four-eyes", help="Who submits a pack may approve it."),
    ] = False,
    store: StoreOption = "",
    by: By = "",
    workspace: Space = DEFAULT,
) -> None:
    """Try Handrail alone, marked in the ledger; or end that. Four eyes, once used, it stays."""
    with opened(store, workspace) as found:
        found.packs.mode(actor(by), single=single)
    say("single-person mode" if single else "packs are approved by another person")


def history(
    store: StoreOption = "",
    workspace: Space = DEFAULT,
    as_json: JsonOption = False,
) -> None:
    """The packs of a store, which are in force, and every step that was taken."""
    with opened(store, workspace) as found:
        packs_, steps = found.packs.overview(), found.packs.history()
    if as_json:
        show({**lives.as_overview(packs_), "history": [lives.as_entry(one) for one in steps]})
        return
    for line in (*lives.overview(packs_), "", *lives.history(steps)):
        say(line)


def diff(
    old: Annotated[str, typer.Argument(metavar="OLD", help="A digest.")],
    new: Annotated[str, typer.Argument(metavar="[NEW]", help="Another; else the active one.")] = "",
    store: StoreOption = "",
    workspace: Space = DEFAULT,
    as_json: JsonOption = False,
) -> None:
    """What differs between two packs of a store, key by key, with the defaults filled in."""
    with opened(store, workspace) as found:
        told = found.packs.diff(old, new)
    if as_json:
        show([lives.as_difference(one) for one in told])
        return
    for line in lives.differences(told):
        say(line)


def _step(store: str, space: str, step: Callable[[Policies], Version]) -> None:
    with opened(store, space) as found:
        done = step(found)
        share = found.packs.overview().state.share
    say(lives.version(done, share))


COMMANDS: tuple[Callable[..., None], ...] = (
    install,
    submit,
    approve,
    activate,
    rollback,
    review,
    retire,
    mode,
    history,
    diff,
)
