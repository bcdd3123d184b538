"""What is active: a pack and a roster, compiled once, and what a unit asks of them."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from handrail import session
from handrail.core import policy
from handrail.core.bundle import BundleTemplate, Detector
from handrail.core.calendar import Calendar
from handrail.core.model import Mode
from handrail.core.ownership import Status
from handrail.core.routing import Queue, Roster
from handrail.core.sla import SlaPolicy
from handrail.masking import detect
from handrail.packs import roster as rosters
from handrail.ports import Case
from handrail.signals.classifier import Classifier

_UNSET = SlaPolicy(name="")
_ALL = 100
_FREE = frozenset({Status.AI, Status.CLOSED})  # in no queue


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """A pack with its roster, ready to run. Immutable: a change of either makes a new one.

    `candidate` is a pack that a `share` of the cases is under already, with the same roster.
    """

    pack: policy.Pack
    digest: str
    roster: Roster
    workflows: Mapping[str, session.Workflow]
    queues: Mapping[str, Queue]
    calendars: Mapping[str, Calendar]
    detect: Detector = detect
    candidate: "Deployment | None" = None
    share: int = 0
    _clocks: dict[tuple[str, str], SlaPolicy] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def of(self, case: str) -> "Deployment":
        """What a case is under: the candidate for `share` percent of them, and when that grows
        those that were under it stay. The same at every turn and in every process.
        """
        if self.candidate is None or _percent(f"{self.candidate.digest}\0{case}") >= self.share:
            return self
        return self.candidate

    def workflow(self, name: str) -> policy.Workflow:
        """What the pack says of a workflow. NotFound when there is none of that name."""
        return session.choose(self.pack, name)

    def clocks(self, workflow: str, queue: str) -> SlaPolicy:
        """How fast, in a queue of a workflow; a policy without clocks when the pack names none."""
        known = queue if queue in self.queues else ""
        found = self._clocks.get((workflow, known))
        if found is None:
            found = policy.sla(self.pack, workflow, known) or _UNSET
            self._clocks[workflow, known] = found
        return found

    def bundle(self, workflow: str) -> BundleTemplate:
        """What a handoff of a workflow must bring."""
        return policy.bundle(self.pack, workflow)

    def knows(self, person: str) -> bool:
        """Whether a case can be this person's: somebody of the roster who is still there, or a
        steward of the pack.
        """
        found = self.roster.person(person)
        if found is not None:
            return not found.left
        return any(queue.steward == person for queue in self.queues.values())

    def mode(self, workflow: str, case: str) -> Mode:
        """How far a decision acts on a case: the same at every turn and in every process."""
        own = self.workflow(workflow)
        if own.percentage >= _ALL:
            return own.mode
        return own.mode if _percent(f"{workflow}\0{case}") < own.percentage else Mode.OBSERVE


def _percent(text: str) -> int:
    """Where something stands among a hundred: by its hash, so everywhere the same."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) % _ALL


def unplaced(on: Deployment, cases: Iterable[Case]) -> tuple[str, ...]:
    """The unclosed cases whose workflow or queue a deployment does not have."""
    return tuple(
        case.id
        for case in cases
        if case.workflow not in on.workflows
        or (case.ownership.status not in _FREE and case.ownership.queue not in on.queues)
    )


def deploy(
    pack: policy.Pack, roster: Roster, *, classifier: Classifier | None = None
) -> Deployment:
    """Compile a pack and a roster: some tenths of a second, once."""
    return Deployment(
        pack=pack,
        digest=policy.digest(pack),
        roster=roster,
        workflows={
            one.name: session.compile_workflow(pack, one.name, classifier=classifier)
            for one in pack.workflows
        },
        queues={one.name: one for one in pack.queues},
        calendars=rosters.calendars(pack, roster),
    )
