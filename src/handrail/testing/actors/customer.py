"""A customer: asks, rages, asks for a person, accepts or declines an offer, leaves, returns."""

from typing import Any

from handrail.core.model import Event, Role, Turn
from handrail.core.ownership import Actor, Open, Party, Status, Withdraw
from handrail.engine import Reply
from handrail.ports import Case
from handrail.testing.actors.agent import Agent
from handrail.testing.actors.stage import HOUR, MINUTE, SECOND, Stage
from handrail.testing.trace import turn_data
from handrail.testing.words import LANGUAGES

_ME = Actor(kind=Party.CUSTOMER)
_MOODS = {
    "calm": {"hello": 3, "more": 6, "thanks": 2, "topic": 1},
    "rager": {"hello": 1, "angry": 6, "more": 1, "asks": 1},
    "asker": {"hello": 1, "more": 1, "asks": 4},
    "worried": {"hello": 1, "topic": 4, "more": 3, "asks": 1},
    "teller": {"own": 6, "more": 2, "asks": 1},
}
"""How often each mood says what; `own` are words from the pack's own cases."""


class Customer:
    """The customer of one case."""

    def __init__(self, stage: Stage, agent: Agent, name: str) -> None:
        self.stage, self.agent, self.name = stage, agent, name
        random, pack = stage.random, stage.world.deployments[0].pack
        self.workflow = random.choice([one.name for one in pack.workflows])
        self.language = random.choice([one for one in pack.languages if one in LANGUAGES] or ["en"])
        self.mood = random.choice(sorted(_MOODS))
        self.own = [
            turn.text
            for case in pack.cases
            for turn in case.turns
            if turn.role is Role.CUSTOMER and turn.text
        ] or ["Hello?"]
        self.attributes = {
            "tier": random.choice(["", *pack.tiers]),
            "stage": random.choice(["", *pack.stages]),
        }
        self.left = random.randint(2, 7)
        self.first = True

    def speak(self) -> None:
        """Say something, or leave."""
        case = self.stage.case(self.name)
        if case is not None and case.next:
            case = self.stage.case(case.next) or case
        if self.left <= 0:
            return
        self.left -= 1
        if case is not None and self._leaves(case):
            return
        if case is not None and self.stage.chance(2):  # the button beside the conversation
            self.stage.act(case.id, Open(at=0, by=_ME, queue="", steward="", hard=True))
        kind = self._kind(case)
        if kind == "own":
            text = self.stage.random.choice(self.own)
        else:
            text = self.stage.random.choice(LANGUAGES[self.language][kind])
        self.say(Turn(role=Role.CUSTOMER, text=text, language=self.language), asked=kind == "asks")
        self.stage.soon(15 * SECOND, 12 * MINUTE, self.speak)

    def _leaves(self, case: Case) -> bool:
        if case.ownership.status is Status.CLOSED or not self.stage.chance(4):
            return False
        self.left = 0
        self.stage.act(case.id, Withdraw(at=0, by=_ME))
        return True

    def _kind(self, case: Case | None) -> str:
        if case is not None and case.state.offer_open and self.stage.chance(60):
            return self.stage.random.choice(["yes", "no"])
        words = _MOODS[self.mood]
        return self.stage.random.choices([*words], [*words.values()])[0]

    def say(self, turn: Turn, *, asked: bool = False) -> None:
        """A turn; `asked`: in it a person was asked for, whoever may doubt it."""
        events = turn.events
        if not asked and self.stage.chance(2):
            events, asked = (*events, Event.HUMAN_REQUESTED), True
        data = turn_data(
            Turn(role=turn.role, text=turn.text, language=turn.language, events=events)
        )
        args: dict[str, Any] = {"case": self.name, "turn": data, "id": self.stage.number()}
        if self.first:
            args |= self._opening()
        if asked:
            args["asked"] = True
        reply: Reply = self.stage.play("turn", **args)
        self.first = False
        self.agent.hear(reply)

    def _opening(self) -> dict[str, Any]:
        """What is told with the first turn; now and then the case comes from elsewhere."""
        args: dict[str, Any] = {"workflow": self.workflow, "attributes": self.attributes}
        if self.stage.chance(50):
            args["transcript"] = f"https://chat.example/{self.name}"
        if self.stage.chance(20):
            words = LANGUAGES[self.language]
            args["history"] = [
                turn_data(Turn(role=Role.CUSTOMER, text=self.stage.random.choice(words["hello"]))),
                turn_data(Turn(role=Role.AGENT, text="One moment.", confidence=0.8)),
            ]
        return args

    def closed(self) -> None:
        """The case was closed; some come back, soon or late."""
        if self.stage.chance(45):
            self.left = max(self.left, self.stage.random.randint(1, 4))
            most = self.stage.random.choice([20 * MINUTE, 5 * HOUR, 9 * 24 * HOUR])
            self.stage.soon(MINUTE, most, self.speak)
