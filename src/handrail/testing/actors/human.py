"""The people of the roster: quick, slow or silent; they decline, go home, leave, and finish."""

from typing import Any

from handrail.core.model import Role, Turn
from handrail.core.ownership import (
    Accept,
    Actor,
    Command,
    Decline,
    Escalate,
    FallBack,
    Fallback,
    Handback,
    Judge,
    Merge,
    Open,
    Party,
    PlanStep,
    Prioritise,
    Propose,
    Recall,
    Release,
    Reroute,
    Resolve,
    Status,
    Takeover,
    Timing,
    Verdict,
)
from handrail.core.routing import Queue
from handrail.ports import Case
from handrail.testing import words
from handrail.testing.actors.stage import HOUR, MINUTE, SECOND, Stage
from handrail.testing.trace import command_data, turn_data

_WORK = {
    "write": 40,
    "resolve": 24,
    "handback": 14,
    "silent": 6,
    "release": 5,
    "reroute": 3,
    "prioritise": 2,
    "merge": 2,
    "offline": 4,
    "pause": 6,
}
_ACTIONS = ("refund", "send_mail", "lookup_order")


class Human:
    """A person, by the id in the roster."""

    def __init__(self, stage: Stage, name: str) -> None:
        self.stage, self.name = stage, name
        self.slow = stage.chance(25)
        self.declines = stage.random.choice([0, 5, 40])
        self.me = Actor(kind=Party.HUMAN, id=name)

    @property
    def boss(self) -> Actor:
        """This person as a supervisor."""
        return Actor(kind=Party.HUMAN, id=self.name, supervisor=True)

    def queue(self) -> Queue:
        """Any queue of the pack."""
        return self.stage.random.choice(self.stage.world.engine.deployment.pack.queues)

    def higher(self, case: Case) -> Escalate:
        """One level up, or only what was reached already; sometimes to another queue."""
        level = case.ownership.level + self.stage.random.randint(0, 2)
        queue = self.queue().name if self.stage.chance(50) else ""
        return Escalate(at=0, by=self.boss, level=level, queue=queue, steward="")

    def bulk(self, names: list[str]) -> None:
        """Commands on many cases: looked at before they are given, as supervisors do, or not."""
        pick, some, now = self.stage.random, self.stage.case(names[0]), self.stage.world.now
        whom = pick.choice(self.stage.world.deployments[0].roster.people).id
        given: list[Command] = [
            Prioritise(at=0, by=self.boss, priority=pick.randint(0, 5)),
            Reroute(at=0, by=self.boss, queue=self.queue().name, steward=""),
            Release(at=0, by=self.boss, reason="shift"),
            Resolve(at=0, by=self.boss, disposition="duplicate", note="note"),
            Propose(at=0, by=self.boss, human=whom),
            FallBack(at=0, by=self.boss, kind=Fallback.CALLBACK, due=now + HOUR),
        ]
        if some is not None:
            given.append(self.higher(some))
        for data in map(command_data, pick.sample(given, 3)):
            if self.stage.chance(70):
                self.stage.play("preview", cases=names, command=data)
            if self.stage.chance(80):
                self.stage.play("act_all", cases=names, command=data, id=self.stage.number())

    def asked(self, case: str) -> None:
        """A proposal came."""
        most = 20 * MINUTE if self.slow else 3 * MINUTE
        if self.stage.chance(self.declines):
            self.stage.soon(SECOND, most, lambda: self.give(case, Decline(at=0, by=self.me)))
        elif self.stage.chance(85):
            self.stage.soon(SECOND, most, lambda: self.give(case, Accept(at=0, by=self.me)))

    def give(self, case: str, command: Command) -> Any:
        """A command of this person."""
        return self.stage.act(case, command)

    def has(self, name: str) -> None:
        """The case is with this person now."""
        most = HOUR if self.slow else 8 * MINUTE
        self.stage.soon(10 * SECOND, most, lambda: self.work(name))

    def work(self, name: str) -> None:
        """The next thing that is done with a case that one holds, or believes to hold."""
        case = self.stage.case(name)
        if case is None or (case.ownership.human != self.name and not self.stage.chance(5)):
            return
        does = self.stage.random.choices([*_WORK], [*_WORK.values()])[0]
        if does == "write":
            self.write(name)
            self.has(name)
        elif does == "offline":
            self.stage.play("person", id=self.name, set={"availability": "offline"})
            self.stage.soon(10 * MINUTE, 4 * HOUR, self.back)
        elif does == "pause":
            self.wait(name)
        elif does != "silent":
            self.give(name, self.command(does, case))

    def wait(self, name: str) -> None:
        """Wait for the customer or somebody else; some say when they go on."""
        until = self.stage.world.now + self.stage.random.randint(MINUTE, 30 * HOUR)
        given = {"case": name, "by": self.name}
        self.stage.play("pause", **given, id=self.stage.number(), check_back=until)
        if self.stage.chance(50):
            again = {**given, "id": self.stage.number()}
            self.stage.soon(MINUTE, 2 * HOUR, lambda: self.stage.play("unpause", **again))
        self.has(name)

    def back(self) -> None:
        """Online again."""
        self.stage.play("person", id=self.name, set={"availability": "online"})

    def write(self, name: str) -> None:
        """A message to the customer."""
        turn = Turn(role=Role.HUMAN, text=self.stage.random.choice(words.HUMAN))
        self.stage.play(
            "turn",
            case=name,
            turn=turn_data(turn),
            id=self.stage.number(),
            by=self.name,
            deliver=self.stage.chance(50),
        )

    def command(self, does: str, case: Case) -> Command:
        """What this person does with a case."""
        random, pack = self.stage.random, self.stage.world.engine.deployment.pack
        if does == "handback":
            count = random.randint(1, 3)
            steps = [
                PlanStep(id=f"s{random.randint(1, 5)}", action=random.choice(_ACTIONS))
                for _ in range(count)
            ]
            named = tuple({step.id: step for step in steps}.values())
            expires = random.choice([0, self.stage.world.now + 30 * MINUTE])
            return Handback(at=0, by=self.me, steps=named, expires=expires)
        if does == "reroute":
            queue = random.choice(pack.queues)
            return Reroute(at=0, by=self.me, queue=queue.name, steward="")
        if does == "release":
            return Release(at=0, by=self.me, reason="not_mine")
        if does == "prioritise":
            return Prioritise(at=0, by=self.me, priority=random.randint(0, 5))
        if does == "merge":
            into = random.choice(sorted(self.stage.world.cases))
            return Merge(at=0, by=self.me, case=case.id, into=into)
        verdict = Verdict(helpful=random.choice([True, False, None]), timing=Timing.RIGHT)
        return Resolve(at=0, by=self.me, disposition="solved", note="note", verdict=verdict)

    def meddle(self, name: str) -> None:
        """Something that a person does to a case of others."""
        case = self.stage.case(name)
        if case is None:
            return
        kinds = ["takeover", "write", "recall", "judge", "accept", "escalate", "open"]
        does = self.stage.random.choice(kinds)
        if does == "write":
            self.write(name)
        elif does == "takeover":
            queue = self.queue()
            self.give(name, Takeover(at=0, by=self.boss, queue=queue.name, steward=queue.steward))
        elif does == "escalate":
            self.give(name, self.higher(case))
        elif does == "open":  # a reason that was found elsewhere, for people of another queue
            self.give(name, Open(at=0, by=self.me, queue=self.queue().name, steward="", hard=True))
        elif does == "recall":
            self.give(name, Recall(at=0, by=self.me))
        elif does == "judge":
            self.give(name, Judge(at=0, by=self.me, verdict=Verdict(helpful=True)))
        elif case.ownership.status is not Status.CLOSED:
            self.give(name, Accept(at=0, by=self.me))
