"""All actors of a world: whose turn it is, who hears of a change, what comes over all of them."""

import heapq

from handrail.core.ownership import Status
from handrail.testing import vary
from handrail.testing.actors import Agent, Customer, Human, Stage
from handrail.testing.actors.stage import HOUR, MINUTE, SECOND
from handrail.testing.laws import Sight
from handrail.testing.result import Tally
from handrail.testing.world import World


class Cast:
    """All actors, and whose turn it is."""

    def __init__(self, world: World, cases: int) -> None:
        self.world, self.tally = world, Tally(world)
        self.stage = Stage(world)
        self.agent = Agent(self.stage)
        people = world.deployments[0].roster.people
        self.humans = {one.id: Human(self.stage, one.id) for one in people}
        self.customers: dict[str, Customer] = {}
        self.floor = 0
        self.status: dict[str, tuple[object, ...]] = {}
        world.seen = self.see
        for number in range(1, cases + 1):
            name = f"c{number}"
            self.customers[name] = Customer(self.stage, self.agent, name)
            self.stage.soon(0, 5 * HOUR, self.customers[name].speak)
        for _ in range(self.stage.random.randint(1, 4)):
            self.stage.soon(10 * MINUTE, 12 * HOUR, self.incident)

    def next(self, end: int) -> bool:
        """The next actor or alarm; False when nothing is left to happen before the end."""
        world, later = self.world, self.stage.later
        alarm = min([*world.due.values(), *world.unsent.values()], default=end)
        alarm = max(alarm, self.floor, world.now)
        actor = later[0][0] if later else end
        if min(alarm, actor) >= end:
            return False
        if actor <= alarm:
            at, _, act = heapq.heappop(later)
            world.now = max(world.now, at)
            act()
            self.send()
            return True
        if self.stage.random.randrange(1000) < world.faults.late and self.floor < alarm:
            self.floor = alarm + self.stage.random.randint(SECOND, HOUR)
            return True
        world.now = alarm
        self.floor = alarm + self.stage.random.randint(SECOND, 2 * MINUTE)
        if alarm >= min(world.due.values(), default=end):
            world.play("fire")
        self.send()
        return True

    def send(self) -> None:
        """Let the outbox work, if there is anything to send and it is not busy elsewhere."""
        unsent = min(self.world.unsent.values(), default=self.world.now + 1)
        if unsent <= self.world.now and self.stage.chance(75):
            self.world.play("drain")

    def see(self, sight: Sight) -> None:
        """A case has changed: whoever that concerns will act on it."""
        self.tally.see(sight)
        own, name = sight.case.ownership, sight.case.id
        now = (own.status, own.human, own.proposal, own.episode, own.bounces)
        if self.status.get(name) == now:
            return
        self.status[name] = now
        human = self.humans.get(own.human)
        if own.status is Status.PROPOSED and human:
            human.asked(name)
        elif own.status is Status.HELD and human:
            human.has(name)
        elif own.status is Status.DELEGATED:
            self.agent.plan(sight.case)
        elif own.status is Status.CLOSED:
            self.customers[name.rstrip("+")].closed()
        if own.status is Status.QUEUED and self.stage.chance(25):
            self.stage.soon(SECOND, 20 * MINUTE, lambda: self.rush(name))

    def rush(self, name: str) -> None:
        """Several people want the same case at the same instant."""
        people = self.stage.random.sample(sorted(self.humans), min(3, len(self.humans)))
        self.stage.play("accepts", case=name, people=people, id=self.stage.number())

    def incident(self) -> None:
        """Something that concerns more than one case."""
        random, world = self.stage.random, self.world
        pack = world.engine.deployment.pack
        who = random.choice(sorted(self.humans))
        kinds = [
            "left",
            "offline",
            "holiday",
            "pack",
            "stop",
            "down",
            "meddle",
            "meddle",
            "bulk",
            "bulk",
        ]
        kind = random.choice(kinds)
        if kind == "left":
            self.stage.play("person", id=who, set={"left": True})
        elif kind == "offline":
            self.stage.play(
                "person", id=who, set={"availability": random.choice(["offline", "busy"])}
            )
        elif kind == "holiday":
            queue = random.choice(pack.queues).name
            long = random.randint(1, 30) * HOUR
            self.stage.play("close", queue=queue, start=world.now, end=world.now + long)
        elif kind == "pack":
            self.stage.play("pack", change=random.choice(vary.LIVE))
        elif kind == "stop":
            name = random.choice(pack.workflows).name
            self.stage.play("stop", workflow=name, by=who)
            again = {"workflow": name, "by": who}
            self.stage.soon(MINUTE, 3 * HOUR, lambda: self.stage.play("resume", **again))
        elif kind == "down":
            self.stage.play("down", ms=random.randint(1, 120) * MINUTE)
        elif kind == "bulk" and world.cases:
            some = random.randint(1, len(world.cases))
            self.humans[who].bulk(random.sample(sorted(world.cases), some))
        elif world.cases:
            self.humans[who].meddle(random.choice(sorted(world.cases)))
