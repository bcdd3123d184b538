"""What people settle about the AI from outside a conversation: approvals, stopping it, and the
pack and roster that it is under.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from handrail.core.ownership import Command
from handrail.engine import answers, approvals, bulk, pausing, stopping, sweep
from handrail.engine.bulk import found
from handrail.engine.catchup import CatchUp
from handrail.engine.deployment import Deployment, unplaced
from handrail.engine.pausing import Pause
from handrail.engine.reply import Reply
from handrail.errors import Refused
from handrail.ports import Approval, Case, Store

_HOUR = 3_600_000


class Controls:
    """The part of the engine that supervisors and approvers use."""

    def __init__(self, store: Store, deployment: Deployment) -> None:
        self.store = store
        self.deployment = deployment
        self.catch_up = CatchUp()
        self.rounds = sweep.Rounds()

    def case(self, name: str) -> Case:
        """A case as it is now. NotFound when there is none."""
        with self.store.unit() as unit:
            return found(unit, name)

    def preview(self, cases_: Sequence[str], command: Command) -> Mapping[str, Reply]:
        """What a command would do to each of these cases; nothing is changed."""
        return bulk.preview(self.store, self.deployment, cases_, command)

    def pause(
        self,
        case: str,
        by: str,
        *,
        id: str,  # noqa: A002
        check_back: int,
        reason: str = "customer",
    ) -> Reply:
        """The holder `by` waits for others: the clock of the resolution stops, and `check_back`
        (milliseconds since the epoch) is when somebody looks at the case again.
        """
        return self._pause(case, by, id, Pause(reason=reason, check_back=check_back))

    def unpause(self, case: str, by: str, *, id: str) -> Reply:  # noqa: A002
        """The clock goes on. So it does when the customer writes, or another has the case."""
        return self._pause(case, by, id, Pause())

    def _pause(self, case: str, by: str, id: str, said: Pause) -> Reply:  # noqa: A002
        key, mark = f"pause:{id}", answers.digest(said, by)
        with self.store.unit() as unit:
            if (known := answers.known(unit, case, key, mark)) is not None:
                return known
            reply = pausing.pause(unit, self.deployment, case, by, said)
            answers.remember(unit, case, key, mark, reply)
        return reply

    def ask_approval(
        self,
        case: str,
        tool: str,
        args: Mapping[str, Any],
        *,
        id: str,  # noqa: A002
        expires_in: int = _HOUR,
    ) -> Approval:
        """Ask people to approve one exact action within `expires_in` milliseconds; until somebody
        does, the answer is no. The same id gives the same request, and Conflict for another.
        """
        with self.store.unit() as unit:
            now = found(unit, case)
            return approvals.ask(unit, self.deployment, now, tool, args, id, expires_in)

    def answer_approval(self, id: str, by: str, *, granted: bool) -> Approval:  # noqa: A002
        """A person's answer. What is answered, used or expired already stays as it is: look at the
        status of what comes back.
        """
        with self.store.unit() as unit:
            return approvals.answer(unit, self.deployment, id, by, granted=granted)

    def stop(self, workflow: str, by: str) -> int:
        """Stop the AI of a workflow, at once and at the gate; its customers are told. Gives how
        many cases that concerns.
        """
        name = self.deployment.workflow(workflow).name
        with self.store.unit() as unit:
            unit.stop(name, stopped=True)
            names = unit.cases_of(workflow=name)
        count = 0
        for one in names:
            with self.store.unit() as unit:
                count += stopping.stop(unit, self.deployment, found(unit, one), by)
        return count

    def resume(self, workflow: str, by: str = "") -> None:
        """Let the AI of a workflow go on."""
        name = self.deployment.workflow(workflow).name
        with self.store.unit() as unit:
            unit.stop(name, stopped=False)
            names = unit.cases_of(workflow=name)
        for one in names:
            with self.store.unit() as unit:
                stopping.resume(unit, self.deployment, found(unit, one), by)

    def activate(self, deployment: Deployment) -> None:
        """Go on under another pack or roster. Refused while a case would have no place in it."""
        with self.store.unit() as unit:
            open_ = [case for name in unit.cases_of() if (case := unit.case(name))]
        if lost := unplaced(deployment, open_):
            raise Refused(
                f"`{lost[0]}`, and {len(lost) - 1} other cases, would have no place",
                hint="keep their workflows and queues, or name a queue's `merged_into`",
            )
        self.deployment = deployment
        sweep.holders(self.store, deployment)
        sweep.nudge(self.store, deployment)
