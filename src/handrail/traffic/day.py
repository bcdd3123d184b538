"""The day itself: cases come, the AI talks, people are asked, take them and close them."""

import heapq
from collections.abc import Callable, Sequence
from itertools import count
from random import Random

from handrail import wiring
from handrail.core.model import Attributes, Role, Turn
from handrail.core.ownership import Accept, Actor, Ownership, Party, Resolve, Status
from handrail.engine import Deployment, Engine, Reply
from handrail.importers import Conversation
from handrail.traffic.settings import HOUR, MINUTE, Settings, gap, handling, reacting

_TICK = 30_000
"""How often people who come and go are looked for, and clocks fired, in milliseconds."""
_AFTER = 24 * HOUR
"""How long the day goes on without new cases, so that who waits at its end is seen to be helped."""
_PAUSE = {Role.CUSTOMER: 20_000, Role.HUMAN: 20_000}
_SOON = 5_000
_LONGEST = 2 * HOUR
_AI = Actor(kind=Party.AI)


def play(on: Deployment, traffic: Sequence[Conversation], settings: Settings) -> "Day":
    """Play a day of `traffic`, each case one of its conversations by chance, until all is quiet."""
    day = Day(on, traffic, settings)
    day.run()
    return day


class Day:
    """An agenda of what happens when, on an engine with its own clock."""

    def __init__(self, on: Deployment, traffic: Sequence[Conversation], settings: Settings) -> None:
        self.on = on
        self.settings = settings
        self.traffic = traffic
        self.random = Random(settings.seed)  # noqa: S311  # a simulation
        self.now = settings.start
        self.engine: Engine = wiring.in_memory(on, lambda: self.now)
        self.names: list[str] = []
        self.offers = self.taken = 0
        self._agenda: list[tuple[int, int, Callable[[], None]]] = []
        self._order = count()
        self._seen: dict[str, tuple[object, ...]] = {}  # cases of people, as they last were
        self._offers: set[str] = set()
        self._spoken = 0  # cases with turns to come

    def run(self) -> None:
        """From the first case to the last."""
        at = self.settings.start + gap(self.settings, self.random)
        while at < self.settings.end:
            self.names.append(f"c{len(self.names) + 1:04}")
            self._arrive(self.names[-1], at)
            at += gap(self.settings, self.random)
        self._later(0, self._tick)
        while self._agenda:
            at, _, act = heapq.heappop(self._agenda)
            self.now = max(self.now, at)
            act()

    def _later(self, wait: int, act: Callable[[], None]) -> None:
        heapq.heappush(self._agenda, (self.now + max(0, wait), next(self._order), act))

    def _tick(self) -> None:
        """Clocks and sweeps; no more once nothing can change any longer."""
        self.engine.fire()
        self._look()
        late = self.now >= self.settings.end + _AFTER
        if self.now < self.settings.end or (not late and (self._seen or self._spoken)):
            self._later(_TICK, self._tick)

    # The AI and its customers.

    def _arrive(self, name: str, at: int) -> None:
        told = self.random.choice(self.traffic)
        self._spoken += 1
        heapq.heappush(self._agenda, (at, next(self._order), lambda: self._speak(name, told, 0)))

    def _speak(self, name: str, told: Conversation, place: int) -> None:
        """A turn of the recorded conversation; the next one later, while the AI has the case."""
        reply = self.engine.turn(
            name,
            told.turns[place],
            id=f"t{place}",
            workflow=self._workflow(told),
            attributes=Attributes(tier=told.tier, stage=told.stage),
            values=told.attributes,
            transcript=f"simulated/{name}",
        )
        if self._takes(reply):
            self._later(_PAUSE[Role.CUSTOMER], lambda: self._take(reply))
            return
        if reply.status is not Status.AI:
            self._spoken -= 1
        elif place + 1 < len(told.turns):
            wait = _wait(told.turns[place], told.turns[place + 1])
            self._later(wait, lambda: self._speak(name, told, place + 1))
        else:
            self._spoken -= 1
            done = Resolve(at=0, by=_AI, disposition="solved")
            self._later(MINUTE, lambda: self._end(name, done))
        self._look(name)

    def _workflow(self, told: Conversation) -> str:
        """The workflow that was recorded, if the pack has it; else the pack's first."""
        name = told.workflow or ""
        return name if name in self.on.workflows else ""

    def _takes(self, reply: Reply) -> bool:
        """Some customers take an offer that is new; the others go on, so that it lapses."""
        if not reply.offer or reply.offer in self._offers:
            return False
        self._offers.add(reply.offer)
        self.offers += 1
        takes = self.random.randrange(1000) < self.settings.offers_taken
        self.taken += takes
        return takes

    def _take(self, reply: Reply) -> None:
        self._spoken -= 1
        self.engine.answer_offer(reply.case, reply.offer, id="yes", accepted=True)
        self._look(reply.case)

    def _end(self, name: str, done: Resolve) -> None:
        """The AI closes what it still has."""
        if self.engine.case(name).ownership.status is Status.AI:
            self.engine.act(name, done, id="end")

    # The people.

    def _look(self, name: str = "") -> None:
        """See which cases of people have changed; whoever that concerns will act on it."""
        if name:
            self._seen.setdefault(name, ())
        with self.engine.store.unit() as unit:
            found = [unit.case(one) for one in self._seen]
        for case in found:
            if case is None:
                continue
            own = case.ownership
            if own.status in {Status.AI, Status.CLOSED}:
                del self._seen[case.id]
            elif self._seen[case.id] != (now := (own.status, own.human, own.proposal)):
                self._seen[case.id] = now
                self._react(case.id, own)

    def _react(self, name: str, own: Ownership) -> None:
        human = own.human
        if own.status is Status.PROPOSED:
            proposal = own.proposal
            wait = reacting(self.settings, self.random)
            self._later(wait, lambda: self._accept(name, human, proposal))
        elif own.status is Status.HELD:
            wait, epoch = handling(self.settings, self.random), own.epoch
            first = min(wait, reacting(self.settings, self.random))

            def mine() -> bool:
                now = self.engine.case(name).ownership
                return (now.status, now.epoch) == (Status.HELD, epoch)

            self._later(first, lambda: self._answer(name, human) if mine() else None)
            self._later(wait, lambda: self._close(name, human) if mine() else None)

    def _accept(self, name: str, human: str, proposal: int) -> None:
        own = self.engine.case(name).ownership
        if (own.status, own.human, own.proposal) == (Status.PROPOSED, human, proposal):
            self.engine.act(name, Accept(at=0, by=_human(human)), id=f"accept{proposal}")
            self._look()

    def _answer(self, name: str, human: str) -> None:
        self.engine.send(name, "A person is here.", id=f"hello{self.now}", by=human)

    def _close(self, name: str, human: str) -> None:
        done = Resolve(at=0, by=_human(human), disposition="solved", note="simulated")
        self.engine.act(name, done, id=f"end{self.now}")
        self._look()


def _human(name: str) -> Actor:
    return Actor(kind=Party.HUMAN, id=name)


def _wait(before: Turn, after: Turn) -> int:
    """Milliseconds between two turns: as recorded, else what people and an AI usually take."""
    if before.at is not None and after.at is not None and after.at >= before.at:
        return min(after.at - before.at, _LONGEST)
    return _PAUSE.get(after.role, _SOON)
