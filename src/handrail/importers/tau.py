"""Trajectories of tau-bench and tau2-bench.

tau-bench: a list of `{"task_id", "reward", "info", "traj": [messages], "trial"}`.
tau2-bench: `{"tasks": [...], "simulations": [{"id", "task_id", "messages", "reward_info"}]}`.
The truth: the right actions of the task hold the transfer to a human (`should_handoff`), the
reward is below 1 (`would_fail`). `tasks` must stand before `simulations`, as the tool writes them.
"""

from collections.abc import Mapping

from handrail.importers import messages, values
from handrail.importers.base import (
    Conversation,
    MalformedError,
    Place,
    Truth,
    is_transfer,
    with_recorded,
)

_OF_SIMULATION = frozenset({"reward_info", "termination_reason", "task_id"})


def detect(value: object) -> bool:
    """Whether a document looks like this format."""
    if not isinstance(value, dict):
        return False
    if isinstance(value.get("traj"), list):
        return True
    return isinstance(value.get("messages"), list) and len(_OF_SIMULATION & value.keys()) > 1


def parse(value: object, place: Place) -> Conversation:
    """The conversation of a trajectory."""
    found = values.mapping(value, "a trajectory")
    old = "traj" in found
    if not old and "messages" not in found:
        raise MalformedError("a trajectory has neither `traj` nor `messages`")
    turns = messages.turns(found["traj" if old else "messages"], simulated=True)
    task = values.name(found.get("task_id"), "`task_id`")
    trial = values.whole(found.get("trial"), "`trial`")
    reward = _reward(found)
    truth = Truth(
        should_handoff=_should(found, place, task),
        would_fail=None if reward is None else reward < 1,
        group=task,
    )
    own = values.name(found.get("id"), "`id`")
    return Conversation(
        id=own or (f"{task}/{trial or 0}" if task else f"{place.source}:{place.line}"),
        turns=turns,
        truth=with_recorded(truth, turns),
        source=place.source,
        line=place.line,
    )


def _reward(found: Mapping[str, object]) -> float | None:
    if "reward" in found:
        return values.number(found["reward"], "`reward`")
    info = found.get("reward_info")
    return (
        None
        if info is None
        else values.number(
            values.mapping(info, "`reward_info`").get("reward"), "`reward_info.reward`"
        )
    )


def _should(found: Mapping[str, object], place: Place, task: str) -> bool | None:
    """Whether the right actions of the task hold a transfer; None when they are not told."""
    info = found.get("info")
    if isinstance(info, dict) and isinstance(info.get("task"), dict):
        return _holds_transfer(info["task"].get("actions"))
    for item in values.items(place.header.get("tasks"), "`tasks`"):
        if isinstance(item, dict) and str(item.get("id")) == task:
            criteria = item.get("evaluation_criteria")
            return _holds_transfer(criteria.get("actions")) if isinstance(criteria, dict) else None
    return None


def _holds_transfer(actions: object) -> bool | None:
    if not isinstance(actions, list):
        return None
    names = [item.get("name") for item in actions if isinstance(item, dict)]
    return any(isinstance(name, str) and is_transfer(name) for name in names)
