"""Questions to a pack that other rooms and the shell ask. KeyError where a name is unknown."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from handrail.core.bundle.settings import BundleTemplate
from handrail.core.decision.rules import Rules
from handrail.core.model import Trigger
from handrail.core.policy.digest import digest
from handrail.core.policy.kinds import NoticeEvent
from handrail.core.policy.pack import Notice, Pack, Workflow
from handrail.core.routing.matrix import match
from handrail.core.routing.settings import ANY, MatrixRow, Queue
from handrail.core.sla.settings import SlaPolicy


def workflow(pack: Pack, name: str) -> Workflow:
    """The workflow of that name."""
    for found in pack.workflows:
        if found.name == name:
            return found
    raise KeyError(name)


def rules(pack: Pack, name: str) -> Rules:
    """What the workflow of that name decides by, stamped with the pack's digest."""
    return replace(workflow(pack, name).rules, digest=digest(pack))


def queue(pack: Pack, name: str) -> Queue:
    """The queue of that name."""
    for found in pack.queues:
        if found.name == name:
            return found
    raise KeyError(name)


def row(pack: Pack, topic: str, tier: str) -> MatrixRow | None:
    """The most specific row for a topic and a tier (empty = none): a topic beats a tier."""
    found = match(pack.matrix, ((topic, 0),), tier)
    return found.row if found else None


def sla(pack: Pack, workflow_name: str, queue_name: str = "") -> SlaPolicy | None:
    """The SLA policy of a handoff: that of its queue, else that of its workflow."""
    name = (queue(pack, queue_name).sla if queue_name else "") or workflow(pack, workflow_name).sla
    return next((found for found in pack.sla if found.name == name), None)


def bundle(pack: Pack, workflow_name: str) -> BundleTemplate:
    """The bundle template of a workflow; the built-in one when it names none."""
    name = workflow(pack, workflow_name).bundle
    return next((found for found in pack.bundles if found.name == name), BundleTemplate())


def notice(
    pack: Pack, workflow_name: str, event: NoticeEvent, trigger: Trigger | None, language: str
) -> Notice | None:
    """What the customer is told: the workflow's own before the pack's, the exact trigger before
    `*`, the customer's language before the workflow's.
    """
    own = workflow(pack, workflow_name)
    for spoken in (language, own.language):
        for notices in (own.notices, pack.notices):
            for wanted in (trigger or ANY, ANY):
                for found in notices:
                    if (found.event, found.trigger, found.language) == (event, wanted, spoken):
                        return found
    return None


def holding(pack: Pack) -> Iterator[dict[str, Any]]:
    """What the customers of each workflow are told while nobody can be asked, by language: programs
    that talk to them keep it.
    """
    for own in pack.workflows:
        spoken = dict.fromkeys((own.language, *pack.languages))
        found = {one: notice(pack, own.name, NoticeEvent.HOLDING, None, one) for one in spoken}
        yield {
            "workflow": own.name,
            "language": own.language,
            "mode": own.mode.value,
            "holding": {one: told.text for one, told in found.items() if told},
        }
