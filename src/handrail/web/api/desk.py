"""What supervisors run: queues, workflows, what could not be delivered."""

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from handrail import outbox
from handrail.core import policy
from handrail.core.access import Right, Scope
from handrail.errors import NotFound
from handrail.ports import Effect
from handrail.web import shown
from handrail.web.api.common import Limit, router
from handrail.web.auth import Caller, Reach, needs

routes = router("queues")


@routes.get("/queues", operation_id="list_queues")
def list_queues(who: Caller = needs(Right.READ_CASE, Reach.LIST)) -> Response:
    """The queues within your reach: who answers for each, who is in it, how many cases wait."""
    queues = who.sight().queues
    on = who.desk.engine.deployment
    with who.desk.store.view() as unit:
        load = unit.load()
        items = [
            {
                "queue": name,
                "steward": queue.steward,
                "waiting": unit.waiting(name),
                "people": [
                    {
                        "id": one.id,
                        "availability": one.availability.value,
                        "capacity": one.capacity,
                        "load": load.get(one.id, 0),
                    }
                    for one in on.roster.members(name)
                ],
            }
            for name, queue in sorted(on.queues.items())
            if queues is None or name in queues
        ]
    return shown.answered(shown.page(items, ""))


@routes.get("/workflows", operation_id="list_workflows")
def list_workflows(who: Caller = needs(Right.READ_CASE, Reach.LIST)) -> Response:
    """The workflows of the pack, and what their customers are told while the service cannot be
    reached: programs that talk to them keep it.
    """
    return shown.answered(shown.page(list(policy.holding(who.desk.engine.deployment.pack)), ""))


@routes.post("/workflows/{workflow}/stop", operation_id="stop_workflow")
def stop_workflow(workflow: str, who: Caller = needs(Right.SUPERVISE, Reach.LIST)) -> Response:
    """Stop the AI of a workflow, at once and at the gate. Its customers are told."""
    _within(who, workflow)
    return shown.answered({"workflow": workflow, "cases": who.desk.engine.stop(workflow, who.id)})


@routes.post("/workflows/{workflow}/resume", operation_id="resume_workflow")
def resume_workflow(workflow: str, who: Caller = needs(Right.SUPERVISE, Reach.LIST)) -> Response:
    """Let it go on."""
    _within(who, workflow)
    who.desk.engine.resume(workflow, who.id)
    return shown.answered({"workflow": workflow})


def _within(who: Caller, workflow: str) -> None:
    """The whole workflow, not a queue or a topic of it, is within reach."""
    if workflow not in who.desk.engine.deployment.workflows:
        raise NotFound("the pack has no such workflow", hint="look at the pack")
    if not who.may(Right.SUPERVISE, Scope(workflow=workflow)):
        raise NotFound("the pack has no such workflow", hint="look at the pack")


@routes.get("/dead-letters", operation_id="list_dead_letters")
def list_dead_letters(limit: Limit = 100, who: Caller = needs(Right.SUPERVISE)) -> Response:
    """What could not be delivered, and is not tried again by itself: the latest first."""
    found = outbox.failed(who.desk.store, limit)
    return shown.answered(shown.page([shown.effect(one) for one in found], ""))


Keyed = Annotated[str, Query(min_length=1, max_length=300, description="As listed.")]


@routes.post("/dead-letters/retry", operation_id="retry_dead_letter")
def retry(effect: Keyed, who: Caller = needs(Right.SUPERVISE)) -> Response:
    """Try it once more, under its old key."""
    outbox.retry(who.desk.store, effect, who.id)
    return shown.answered(_now(who, effect))


@routes.post("/dead-letters/drop", operation_id="drop_dead_letter")
def drop(effect: Keyed, who: Caller = needs(Right.SUPERVISE)) -> Response:
    """Give it up, with an entry."""
    outbox.drop(who.desk.store, effect, who.id)
    return shown.answered(_now(who, effect))


def _now(who: Caller, key: str) -> shown.Json:
    with who.desk.store.view() as unit:
        found: Effect | None = unit.effect(key)
    return {} if found is None else shown.effect(found)
