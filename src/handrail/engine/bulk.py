"""A supervisor's command on many cases, and what it would do: each case is one unit, one entry."""

from collections.abc import Sequence
from dataclasses import replace

from handrail import books
from handrail.core import ownership
from handrail.core.ownership import Command, Refused, Resolve
from handrail.engine import acts, timers
from handrail.engine.deployment import Deployment
from handrail.engine.reply import Reply
from handrail.engine.work import Work
from handrail.errors import InputError, NotFound
from handrail.ports import Case, Store, Unit


class _Undone(Exception):  # no error: the way to leave a unit without a trace
    """What a preview did is not to be kept."""


def found(unit: Unit, name: str) -> Case:
    """The case of that id. NotFound when there is none."""
    case = None if books.is_book(name) else unit.case(name)
    if case is None:
        raise NotFound(f"no case `{name}`", hint="a case begins with its first turn")
    return case


def command(
    unit: Unit, on: Deployment, name: str, cmd: Command, note: str = ""
) -> tuple[Reply, str]:
    """Give a command to one case: the answer, and whose hands are free by it."""
    work = Work(unit, on, found(unit, name))
    acts.rehome(work)
    work.fire()
    timers.run(work)  # what time brought about came first
    refused = acts.act(work, _noted(work, cmd, note) if note else cmd)
    timers.run(work)
    work.close()
    return work.reply(refused=refused), work.freed


def _noted(work: Work, cmd: Command, note: str) -> Command:
    """A closure with the key of its note, which is kept if the closure is not refused."""
    if not isinstance(cmd, Resolve):
        raise InputError(f"`{cmd.name}` takes no note", hint="give one with `resolve`")
    key = f"{work.case.id}#n{work.entries + 1}"
    cmd = replace(cmd, note=key)
    if not isinstance(ownership.apply(work.own, cmd), Refused):
        work.keep(key, note)
    return cmd


def preview(store: Store, on: Deployment, names: Sequence[str], cmd: Command) -> dict[str, Reply]:
    """What a command would do to each of these cases, one after the other; nothing is kept."""
    seen: dict[str, Reply] = {}
    try:
        with store.unit() as unit:
            for name in dict.fromkeys(names):
                seen[name] = command(unit, on, name, cmd)[0]
            raise _Undone  # noqa: TRY301
    except _Undone:
        return seen
