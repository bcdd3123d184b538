"""What the AI of a case does: the same words for threads and for event loops.

`_run` carries a flow; each of these gives what it makes of it: an answer, or something to await.
"""

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from handrail.agents.answers import Answer
from handrail.agents.flows import customer
from handrail.core.model import Turn
from handrail.core.ownership import Epoch

if TYPE_CHECKING:
    from handrail.agents.flows import Talk
    from handrail.agents.holding import Flow

A = TypeVar("A")


class Verbs(Generic[A]):
    """See the module. `A`: `Answer`, or a coroutine of one."""

    _talk: "Talk"

    def _run(self, flow: "Flow[Answer]") -> A:
        raise NotImplementedError

    @property
    def answer(self) -> Answer:
        """What came of the last call."""
        return self._talk.answer

    @property
    def epoch(self) -> Epoch | None:
        """The epoch that was confirmed last."""
        return self._talk.epoch

    def heard(self, text: str, *, language: str = "", id: str = "") -> A:  # noqa: A002
        """What the customer wrote. Never lost: when the service cannot be reached it is kept."""
        return self._run(self._talk.turn(customer(text, language), id))

    def told(self, turn: Turn, *, id: str = "", by: str = "") -> A:  # noqa: A002
        """Any other turn that has happened: what a tool gave, an event, a person elsewhere; `by`
        is who that was. A person whom the roster knows has the case then.
        """
        return self._run(self._talk.turn(turn, id, **({"by": by} if by else {})))

    def say(self, text: str, *, confidence: float | None = None, id: str = "") -> A:  # noqa: A002
        """Let the AI say something. `refused` says why it did not; `read` gives it to show."""
        return self._run(self._talk.say(text, confidence, id))

    def ask_for_human(self, *, id: str = "", reason: str = "") -> A:  # noqa: A002
        """Hand the case over. `reason` is a code, never text of a person."""
        return self._command(id, command="open", reason=reason)

    def begin(self, step: str, *, id: str = "") -> A:  # noqa: A002
        """Begin a step of the plan; then `admit` its action, once."""
        return self._command(id, command="begin", step=step)

    def report(self, step: str, progress: str, *, id: str = "") -> A:  # noqa: A002
        """Tell how a step ended: `done` or `failed`. Kept while the service cannot be reached."""
        return self._command(id, command="report", step=step, progress=progress)

    def give_back(self, *, id: str = "", reason: str = "") -> A:  # noqa: A002
        """Give the plan back to the person who made it."""
        return self._command(id, command="return", reason=reason)

    def resolve(self, disposition: str, note: str = "", *, id: str = "") -> A:  # noqa: A002
        """Close the case."""
        return self._command(id, command="resolve", disposition=disposition, note=note)

    def left(self, *, id: str = "") -> A:  # noqa: A002
        """The customer has left."""
        return self._command(id, command="withdraw")

    def answer_offer(self, *, accepted: bool, id: str = "") -> A:  # noqa: A002
        """The customer's answer to the offer of a person that is open."""
        return self._run(self._talk.offer(accepted=accepted, key=id))

    def _command(self, key: str, **said: Any) -> A:
        return self._run(self._talk.command(key, **said))
