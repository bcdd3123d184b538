"""What actors share: the world, what happens later, and names that never repeat."""

import heapq
from collections.abc import Callable
from itertools import count
from random import Random
from typing import Any

from handrail.core.ownership import Command
from handrail.engine import Reply
from handrail.ports import Case
from handrail.testing.trace import command_data
from handrail.testing.world import World

SECOND, MINUTE, HOUR = 1000, 60_000, 3_600_000


class Stage:
    """The world as actors have it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.random: Random = world.random
        self.later: list[tuple[int, int, Callable[[], None]]] = []
        self._numbers = count(1)

    def after(self, ms: int, act: Callable[[], None]) -> None:
        """Do this in so many milliseconds."""
        heapq.heappush(self.later, (self.world.now + ms, next(self._numbers), act))

    def soon(self, least: int, most: int, act: Callable[[], None]) -> None:
        """Do this at some moment between the two, in milliseconds from now."""
        self.after(self.random.randint(least, most), act)

    def chance(self, percent: int) -> bool:
        """Whether it happens this time."""
        return self.random.randrange(100) < percent

    def number(self) -> str:
        """A name for a turn or command that nothing else has."""
        return str(next(self._numbers))

    def case(self, name: str) -> Case | None:
        """A case as it is now."""
        return self.world.case(name)

    def act(self, case: str, command: Command) -> Reply:
        """Give a command."""
        data = command_data(command)
        reply: Reply = self.world.play("act", case=case, command=data, id=self.number())
        return reply

    def play(self, name: str, **args: Any) -> Any:
        """Make another call."""
        return self.world.play(name, **args)
