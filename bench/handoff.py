"""One handoff: route, bundle, opening, clocks, notices and ledger, to the commit in memory.

The turn that asks for a person has been measured and decided before; it is a row of its own.
"""

from dataclasses import replace
from statistics import median
from time import process_time_ns
from typing import TYPE_CHECKING

from bench.timing import quiet

from handrail import packs
from handrail.core.model import Attributes, Role, ToolCall, Trigger, Turn
from handrail.core.ownership import Ownership
from handrail.engine import Deployment, deploy, transfer
from handrail.engine.work import Work
from handrail.packs import roster
from handrail.ports import Case, Line
from handrail.wiring import in_memory

if TYPE_CHECKING:
    from bench.rows import Row

AT = 1_795_428_000_000  # a Monday at ten in Madrid: the desk is staffed
SHORT, LONG = 20, 2_000
CASES, ROUNDS = 40, 9
ASKED = "Order {0} has not come. The tracking page still says {1} days, can you check that for me?"
SAID = "I have looked at order {0}: it left the depot on day {1} and is on its way to you."
WISH = Turn(role=Role.CUSTOMER, text="That is no help. Please let me talk to a real person now.")


def conversation(turns: int) -> list[Turn]:
    """A calm conversation with a tool in it; every fourth turn is one of these, and none alike."""
    made = []
    for number in range(turns):
        place, day = number % 4, number % 9
        if place == 0:
            made.append(Turn(role=Role.CUSTOMER, text=ASKED.format(4000 + number, day)))
        elif place == 1:
            call = (ToolCall(name="track_parcel"),)
            made.append(Turn(role=Role.AGENT, text="Let me see.", confidence=0.9, tool_calls=call))
        elif place == 2:
            text = f'{{"order": {4000 + number}, "status": "on its way"}}'
            made.append(Turn(role=Role.TOOL, tool="track_parcel", text=text, error=False))
        else:
            made.append(Turn(role=Role.AGENT, text=SAID.format(number, day), confidence=0.9))
    return made


class Desk:
    """A store with one case of so many turns, that can be copied, and people with free hands."""

    def __init__(self, on: Deployment, turns: int) -> None:
        self.on = on
        self.engine = in_memory(on, lambda: AT)
        self.engine.turn("first", WISH, id="0", history=conversation(turns - 1))
        with self.engine.store.unit() as unit:
            self.lines = list(unit.lines("first"))
        self.found = self.engine.case("first")
        self.calm = conversation(turns - 1)
        self.count = 0

    def copies(self, number: int) -> list[str]:
        """So many cases that are about to be handed off: as the first, before its handoff."""
        state = self.found
        names = []
        with self.engine.store.unit() as unit:
            for _ in range(number):
                self.count += 1
                name = f"c{self.count}"
                case = Case(
                    id=name,
                    workflow=state.workflow,
                    ownership=Ownership(workflow=state.workflow, at=AT),
                    state=state.state,
                    memory=state.memory,
                    attributes=Attributes(tier="standard"),
                    transcript=f"https://chat.example/{name}",
                    language="en",
                    lines=state.lines,
                )
                for line in self.lines:
                    unit.add_line(Line(case=name, number=line.number, at=line.at, turn=line.turn,
                                       signals=line.signals))  # fmt: skip
                unit.save(case)
                names.append(name)
        return names

    def hand_off(self, name: str) -> None:
        """One handoff, committed."""
        with self.engine.store.unit() as unit:
            work = Work(unit, self.on, unit.case(name) or self.found)
            transfer.hand_off(work, transfer.because(work, Trigger.EXPLICIT_REQUEST))
            work.close()

    def round(self) -> float:
        """Milliseconds of CPU for each of so many handoffs of cases that are made before."""
        names = self.copies(CASES)
        with quiet():
            start = process_time_ns()
            for name in names:
                self.hand_off(name)
            return (process_time_ns() - start) / 1e6 / CASES

    def turn(self) -> float:
        """The same through the engine: the wish measured and decided on too."""
        names = [f"t{self.count + place}" for place in range(CASES)]
        self.count += CASES
        for name in names:
            self.engine.turn(name, self.calm[0], id="0", history=self.calm[1:])
        with quiet():
            start = process_time_ns()
            for name in names:
                self.engine.turn(name, WISH, id="1")
            return (process_time_ns() - start) / 1e6 / CASES


def desk_of(turns: int) -> Desk:
    """A desk of the starter pack whose people never have their hands full."""
    pack = packs.load("support-chat")
    people = roster.load("support-chat", pack)
    free = tuple(replace(one, capacity=1_000_000) for one in people.people)
    return Desk(deploy(pack, replace(people, people=free)), turns)


def handed_off() -> list["Row"]:
    """The cost of a handoff after a short and a very long conversation."""
    from bench.rows import Row

    short, long = desk_of(SHORT), desk_of(LONG)
    short.round(), long.round()
    pairs = [(short.round(), long.round()) for _ in range(ROUNDS)]
    own = min(pair[0] for pair in pairs)
    ratio = median(pair[1] / pair[0] for pair in pairs)
    turn = min(short.turn() for _ in range(3))
    note = f"least of {ROUNDS} rounds of {CASES} cases; median {median(p[0] for p in pairs):.2f}"
    return [
        Row(name="one handoff at 20 turns", value=own, unit="ms", bar=1.0, note=note),
        Row(name="one handoff, 2,000 turns / 20 turns", value=ratio, bar=3.0),
        Row(name="the whole turn that hands off, at 20 turns", value=turn, unit="ms"),
    ]
