"""The AI agent: answers, crashes, repeats itself, announces and does nothing, speaks too late."""

from typing import Any

from handrail.core.model import Event, Role, ToolCall, Turn
from handrail.core.ownership import (
    Actor,
    Begin,
    Move,
    Open,
    Party,
    Progress,
    Report,
    Resolve,
    Return,
)
from handrail.engine import Reply
from handrail.ports import Approval, Case
from handrail.testing import words
from handrail.testing.actors.stage import HOUR, MINUTE, SECOND, Stage
from handrail.testing.trace import turn_data

_AI = Actor(kind=Party.AI)
_DOES = {
    "answer": 52,
    "crash": 7,
    "late": 7,
    "repeat": 5,
    "promise": 5,
    "transfer": 4,
    "tool": 12,
    "failing": 4,
    "approval": 4,
    "event": 3,
    "close": 4,
    "wish": 3,
}
"""What the agent does when a customer has spoken, in percent or so."""
_TOOLS = ("lookup_order", "refund", "send_mail")
_EVENTS = (Event.PERMISSION_MISSING, Event.POLICY_VIOLATION, Event.DATA_MISSING, Event.PROGRESS)


class Agent:
    """The agent of all cases."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    def hear(self, reply: Reply) -> None:
        """A customer has spoken; the agent knows what the reply said, and no more."""
        does = self.stage.random.choices([*_DOES], [*_DOES.values()])[0]
        least, most = (5 * MINUTE, 2 * HOUR) if does == "late" else (SECOND, 40 * SECOND)
        if does != "crash":
            self.stage.soon(least, most, lambda: self.do(does, reply))

    def do(self, does: str, reply: Reply) -> None:
        """One of the things that agents do, under the epoch that this one last saw."""
        random = self.stage.random
        if does == "promise":
            self.say(reply, random.choice(words.PROMISES))
        elif does == "transfer":
            calls = (ToolCall(name="transfer_to_human_agents"),)
            self.say(reply, random.choice(words.AGENT), tool_calls=calls)
        elif does in {"tool", "failing"}:
            self.tool(reply, failing=does == "failing")
        elif does == "approval":
            self.ask(reply)
        elif does == "event":
            self.tell(reply.case, Turn(role=Role.OPS, events=(random.choice(_EVENTS),)))
        elif does == "close":
            self.close(reply)
        elif does == "wish":
            self.stage.act(reply.case, Open(at=0, by=_AI, queue="", steward=""))
        else:
            text = random.choice(words.AGENT)
            for _ in range(2 if does == "repeat" else 1):
                self.say(reply, text)

    def say(self, reply: Reply, text: str, **fields: Any) -> Reply:
        """An answer to the customer."""
        sure = self.stage.random.choice([0.95, 0.9, 0.8, 0.7, 0.4])
        turn = Turn(role=Role.AGENT, text=text, confidence=sure, **fields)
        # Some callers know the conversation by its first name only, whatever case it is now.
        case = reply.case.rstrip("+") if self.stage.chance(25) else reply.case
        return self.tell(
            case, turn, epoch=[*reply.epoch], of=reply.case, deliver=self.stage.chance(70)
        )

    def tell(self, case: str, turn: Turn, **args: Any) -> Reply:
        """A turn of the agent's side."""
        data = turn_data(turn)
        found: Reply = self.stage.play("turn", case=case, turn=data, id=self.stage.number(), **args)
        return found

    def tool(self, reply: Reply, *, failing: bool) -> None:
        """A tool, if the gate lets it; a failing one is tried again and again."""
        name = self.stage.random.choice(_TOOLS)
        for _ in range(3 if failing else 1):
            barred = self.stage.play("admit", case=reply.case, epoch=[*reply.epoch], action=name)
            if barred is None:
                error = failing or self.stage.chance(15)
                self.tell(reply.case, Turn(role=Role.TOOL, tool=name, error=error))

    def ask(self, reply: Reply) -> None:
        """Ask for leave; a person answers in time, or nobody does."""
        number, tool = self.stage.number(), self.stage.random.choice(_TOOLS)
        args = {"amount": self.stage.random.randint(1, 90)}
        asked = self.stage.play(
            "ask", case=reply.case, tool=tool, args=args, id=number, expires_in=20 * MINUTE
        )
        if not isinstance(asked, Approval):
            return  # the case is closed by now
        by = self.stage.random.choice(self.stage.world.deployments[0].roster.people).id
        if self.stage.chance(60):
            granted = self.stage.chance(70)
            self.stage.soon(
                MINUTE,
                30 * MINUTE,
                lambda: self.stage.play("answer", id=asked.id, by=by, granted=granted),
            )
        self.stage.soon(MINUTE, HOUR, lambda: self.use(reply, asked, args))

    def use(self, reply: Reply, asked: Approval, args: dict[str, int]) -> None:
        """Do what was asked for, twice if possible, whatever the answer was."""
        for _ in range(2):
            self.stage.play(
                "admit",
                case=reply.case,
                epoch=[*reply.epoch],
                action=asked.tool,
                args=args,
                approval=asked.id,
            )

    def close(self, reply: Reply) -> None:
        """The agent thinks that all is well, or that the case belongs elsewhere."""
        if self.stage.chance(80):
            self.stage.act(reply.case, Resolve(at=0, by=_AI, disposition="answered"))
        else:
            pack = self.stage.world.engine.deployment.pack
            name = self.stage.random.choice(pack.workflows).name
            self.stage.act(reply.case, Move(at=0, by=_AI, workflow=name))

    def plan(self, case: Case) -> None:
        """A plan was handed over: step by step, done, failed, left half-done, or forgotten."""
        epoch = case.ownership.epoch
        if self.stage.chance(85):
            self.stage.soon(SECOND, 5 * MINUTE, lambda: self.step(case.id, [*epoch]))

    def step(self, name: str, epoch: list[int]) -> None:
        """The next step that the agent believes to be open."""
        case = self.stage.case(name)
        mandate = case.ownership.mandate if case else None
        todo = [one for one in mandate.steps if one.progress is Progress.PENDING] if mandate else []
        if not todo:
            return
        step = (
            self.stage.random.choice(mandate.steps)
            if mandate and self.stage.chance(35)
            else todo[0]
        )
        if self.stage.chance(5):
            self.stage.act(name, Return(at=0, by=_AI, reason="cannot"))
            return
        self.stage.act(name, Begin(at=0, by=_AI, step=step.id))
        self.stage.play("admit", case=name, epoch=epoch, action=step.action)
        if self.stage.chance(90):
            ends = [Progress.DONE] * 8 + [Progress.FAILED, Progress.UNKNOWN]
            how = self.stage.random.choice(ends)
            most = HOUR if self.stage.chance(20) else MINUTE
            self.stage.soon(SECOND, most, lambda: self.report(name, epoch, step.id, how))

    def report(self, name: str, epoch: list[int], step: str, how: Progress) -> None:
        """How a step ended; then the next."""
        self.stage.act(name, Report(at=0, by=_AI, step=step, progress=how))
        if how is Progress.DONE:
            self.step(name, epoch)
