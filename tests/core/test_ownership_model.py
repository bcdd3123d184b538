"""Ownership against a second, short description of it, in every state under every command.

The model is written from the design and knows nothing of the table: it says whether a command is
taken, and who has the case then. Codes of refusals are the matter of the examples.
"""

from collections import Counter
from dataclasses import dataclass, field
from random import Random

import pytest

from handrail.core.ownership import (
    CELLS,
    COMMANDS,
    LEADS,
    Command,
    Ownership,
    Party,
    Refusal,
    Refused,
    Status,
    accountable,
    apply,
    has_open_handoff,
    owner,
)
from owning import STARTS, any_command

WALKS, STEPS = 1000, 40

# Who may give a command: a(i), h(uman), c(ustomer), s(ystem).
WHO = {
    "open": "ahcs",
    "accept": "h",
    "decline": "h",
    "takeover": "h",
    "handback": "h",
    "recall": "h",
    "judge": "h",
    "expire": "s",
    "begin": "a",
    "report": "as",
    "return": "as",
    "resolve": "ahs",
    "withdraw": "chs",
    "reopen": "chs",
    "move": "ahs",
}
WAITS = ("queued", "proposed", "fallback")


class Model:
    """One case, as the design tells it."""

    def __init__(self, own: Ownership) -> None:
        self.status = own.status.value
        self.queue, self.steward, self.human = own.queue, own.steward, own.human
        self.epoch, self.now = own.epoch.number, own.at
        self.handoffs, self.bounces, self.episode = own.handoff, own.bounces, own.episode
        self.tried = set(own.tried)
        self.proposal, self.level = own.proposal, own.level
        self.promised, self.due = own.fallback is not None, own.fallback_due
        self.until = own.proposed_until
        self.closed_at = own.closure.at if own.closure else 0
        self.merged = bool(own.closure and own.closure.merged_into)
        self.sponsor = own.mandate.sponsor if own.mandate else ""
        self.expires = own.mandate.expires if own.mandate else 0
        steps = own.mandate.steps if own.mandate else ()
        self.plan = {step.id: step.progress.value for step in steps}
        earlier = own.mandate.earlier if own.mandate else ()
        self.earlier = {step.id for step in earlier}
        self.plan_epoch = own.mandate.epoch.number if own.mandate else 0
        self.actions = {step.id: step.action for step in (*steps, *earlier)}

    def owner(self) -> str:
        """Law 11: one, or none when it is closed."""
        if self.status in WAITS:
            return f"queue {self.queue}"
        return {"closed": "", "held": self.human}.get(self.status, "the ai")

    def accountable(self) -> str:
        """A person for all that was ever handed off."""
        if self.status in WAITS:
            return self.steward
        return self.human if self.status in {"held", "delegated"} else ""

    def give(self, cmd: Command) -> bool:
        """Whether the command is taken; if so, the case is changed."""
        self.who = cmd.by.kind.value[0]
        self.mine = cmd.by.id == self.human or cmd.by.supervisor or self.who != "h"
        self.at = max(self.now, cmd.at)
        if self.who not in WHO.get(cmd.name, "hs") or (self.who == "h" and not cmd.by.id):
            return False
        if cmd.epoch and cmd.epoch.number != self.epoch and cmd.name != "report":
            return False
        before = self.owner()
        if not getattr(self, cmd.name)(cmd):
            return False
        self.now = self.at
        self.epoch += self.owner() != before
        return True

    def to_queue(self, queue: str, steward: str, *, keeps: bool = False) -> bool:
        """It waits there; the one who was asked is not asked again, unless a person says so. What
        was promised is kept where the case is only sent elsewhere.
        """
        if self.status == "proposed":
            self.tried.add(self.human)
        self.promised, self.due = keeps and self.promised, self.due if keeps else 0
        self.status = "fallback" if self.promised else "queued"
        self.queue, self.steward, self.human = queue, steward, ""
        return True

    def to_human(self, human: str) -> bool:
        self.status, self.human, self.promised, self.due = "held", human, False, 0
        return True

    def to_nobody(self) -> bool:
        self.status, self.human, self.promised, self.due = "closed", "", False, 0
        self.closed_at = self.at
        return True

    # AI to human.

    def open(self, cmd: Command) -> bool:
        if self.status == "closed":
            return False
        if self.status == "delegated":
            return self.to_human(self.human)
        if not (cmd.queue and cmd.steward):
            return False
        if self.status == "ai":
            self.handoffs += 1
            self.level = 0
            return self.to_queue(cmd.queue, cmd.steward)
        if self.who == "a" and self.status != "ai":
            return False
        if cmd.hard and cmd.queue != self.queue and self.who != "c":
            self.to_queue(cmd.queue, cmd.steward, keeps=True)
        return True

    def takeover(self, cmd: Command) -> bool:
        own = self.status == "held" and self.human == cmd.by.id
        if self.status == "closed" or own or (self.status == "held" and not self.mine):
            return False
        if self.status == "ai":
            if not (cmd.queue and cmd.steward):
                return False
            self.handoffs += 1
            self.queue, self.steward = cmd.queue, cmd.steward
        return self.to_human(cmd.by.id)

    # Who takes it.

    def propose(self, cmd: Command) -> bool:
        again = cmd.human in self.tried and self.who == "s"
        if self.status not in {"queued", "fallback"} or not cmd.human or again:
            return False
        self.status, self.human, self.proposal = "proposed", cmd.human, self.proposal + 1
        self.until = cmd.until
        return True

    def accept(self, cmd: Command) -> bool:
        asked = self.status == "proposed" and self.human == cmd.by.id
        if not (asked or self.status in {"queued", "fallback"}):
            return False
        return self.to_human(cmd.by.id)

    def over(self) -> bool:
        self.tried.add(self.human)
        self.status, self.human = ("fallback" if self.promised else "queued"), ""
        return True

    def decline(self, cmd: Command) -> bool:
        return self.status == "proposed" and self.human == cmd.by.id and self.over()

    def expire(self, cmd: Command) -> bool:
        asked = self.status == "proposed" and cmd.proposal == self.proposal
        return asked and self.at >= self.until and self.over()

    # Where it waits.

    def release(self, _: Command) -> bool:
        if self.status not in {"held", "delegated"} or not self.mine:
            return False
        self.tried.add(self.human)
        return self.to_queue(self.queue, self.steward)

    def reroute(self, cmd: Command) -> bool:
        foreign = self.status == "held" and not self.mine
        if self.status not in {*WAITS, "held"} or foreign or not (cmd.queue and cmd.steward):
            return False
        self.to_queue(cmd.queue, cmd.steward, keeps=True)
        if self.who == "h":
            self.tried.clear()
        return True

    def prioritise(self, _: Command) -> bool:
        return self.status not in {"ai", "closed"}

    def escalate(self, cmd: Command) -> bool:
        nowhere = cmd.queue and not cmd.steward
        if self.status in {"ai", "closed"} or nowhere or cmd.level <= self.level:
            return False
        if self.status in WAITS and cmd.queue and cmd.queue != self.queue:
            self.to_queue(cmd.queue, cmd.steward, keeps=True)
        self.level = cmd.level
        return True

    def fall_back(self, cmd: Command) -> bool:
        held = self.status == "held" and self.who == "h" and self.mine
        if self.status not in WAITS and not held:
            return False
        self.to_queue(self.queue, self.steward, keeps=True)
        self.status, self.promised = "fallback", True
        self.due = min({cmd.due, self.due} - {0}, default=0)
        return True

    def move(self, cmd: Command) -> bool:
        if self.status in {"delegated", "closed"} or (self.who == "a" and self.status != "ai"):
            return False
        if self.status not in WAITS:
            return self.status == "ai" or self.mine
        if not (cmd.queue and cmd.steward):
            return False
        self.to_queue(cmd.queue, cmd.steward, keeps=True)
        if self.who == "h":
            self.tried.clear()
        return True

    # Human to AI and back.

    def handback(self, cmd: Command) -> bool:
        done = {name for name, progress in self.plan.items() if progress == "done"}
        steps = {step.id: step.action for step in cmd.steps}
        begun = self.earlier | {name for name, how in self.plan.items() if how == "unknown"}
        word = {step.id: step.progress.value for step in cmd.steps}
        told = {name for name in begun if word.get(name) in {"done", "failed"}}
        over = {name for name in told if word[name] == "done"}
        to_do = set(steps) - done - (begun - told) - over
        plan = to_do and len(steps) == len(cmd.steps) and cmd.expires > self.at
        same = all(
            self.actions[name] == steps[name] for name in (done | (begun - told)) & set(steps)
        )
        bound = cmd.max_bounces and self.bounces >= cmd.max_bounces
        if self.status != "held" or cmd.by.id != self.human or not plan or not same or bound:
            return False
        self.earlier = begun - told
        self.plan = dict.fromkeys(done | over, "done") | dict.fromkeys(to_do, "pending")
        self.actions |= {name: steps[name] for name in to_do}
        self.plan_epoch = self.epoch + 1
        self.status, self.bounces = "delegated", self.bounces + 1
        self.sponsor, self.expires = self.human, cmd.expires
        return True

    def recall(self, _: Command) -> bool:
        return self.status == "delegated" and self.mine and self.to_human(self.human)

    def give_back(self, _: Command) -> bool:
        return self.status == "delegated" and self.to_human(self.human)

    def begin(self, cmd: Command) -> bool:
        on = self.status == "delegated" and self.at < self.expires
        if not on or self.plan.get(cmd.step) != "pending":
            return False
        self.plan[cmd.step] = "unknown"
        return True

    def report(self, cmd: Command) -> bool:
        known = self.plan.get(cmd.step, "done") != "done" or cmd.step in self.earlier
        old = cmd.epoch and cmd.epoch.number < self.plan_epoch and cmd.step not in self.earlier
        if not known or cmd.progress.value == "pending" or old:
            return False
        self.earlier.discard(cmd.step)
        self.plan[cmd.step] = cmd.progress.value
        ended = cmd.progress.value != "done" or set(self.plan.values()) == {"done"}
        if self.status == "delegated" and ended:
            self.to_human(self.human)
        return True

    # The end.

    def resolve(self, cmd: Command) -> bool:
        judged = cmd.verdict.helpful is not None
        if self.status == "closed" or not cmd.disposition or (judged and not self.handoffs):
            return False
        if self.who == "h":
            asked = self.status == "proposed"
            may = (
                bool(cmd.note)
                and (not asked or self.mine)
                and (self.status not in {"held", "delegated"} or self.mine)
            )
        else:
            done = self.plan and set(self.plan.values()) == {"done"} and self.sponsor == self.human
            rule_of_pack = self.who == "s" and self.status == "held" and done
            may = not judged and (self.status == "ai" or bool(rule_of_pack))
        return may and self.to_nobody()

    def withdraw(self, _: Command) -> bool:
        foreign = self.status in {"held", "delegated"} and not self.mine
        return self.status != "closed" and not foreign and self.to_nobody()

    def merge(self, cmd: Command) -> bool:
        foreign = self.status in {"held", "delegated"} and not self.mine
        if self.status == "closed" or cmd.into in {"", cmd.case} or foreign:
            return False
        self.merged = True
        return self.to_nobody()

    def reopen(self, cmd: Command) -> bool:
        in_time = self.at - self.closed_at <= cmd.window * 1000
        if self.status != "closed" or self.merged or not in_time:
            return False
        if (cmd.queue or self.handoffs) and not (cmd.queue and cmd.steward):
            return False
        self.episode, self.level, self.sponsor = self.episode + 1, 0, ""
        if not cmd.queue:
            self.status = "ai"
            return True
        self.handoffs += 1
        self.tried.clear()
        return self.to_queue(cmd.queue, cmd.steward)

    def judge(self, _: Command) -> bool:
        return self.status == "closed" and not self.merged and self.handoffs > 0


setattr(Model, "return", Model.give_back)  # the name of the command is a keyword of the language


Cell = tuple[Status, str]


@dataclass
class Seen:
    """What the walks came to."""

    visited: Counter[Cell] = field(default_factory=Counter)
    taken: Counter[Cell] = field(default_factory=Counter)
    led: dict[str, set[tuple[Status, Status]]] = field(default_factory=dict)


def compare(own: Ownership, model: Model) -> str:
    """Where the room and the model differ, if they do."""
    has = owner(own)
    named = "" if has is None else "the ai" if has.kind is Party.AI else has.id
    steps = own.mandate.steps if own.mandate else ()
    pairs = {
        "owner": (
            f"queue {named}" if has and has.kind is Party.QUEUE else named,
            model.owner(),
        ),
        "accountable": (accountable(own), model.accountable()),
        "open handoff": (has_open_handoff(own), model.status not in {"ai", "closed"}),
        "status": (own.status, model.status),
        "epoch": (own.epoch.number, model.epoch),
        "time": (own.at, model.now),
        "handoffs": (own.handoff, model.handoffs),
        "bounces": (own.bounces, model.bounces),
        "episode": (own.episode, model.episode),
        "tried": (set(own.tried), model.tried),
        "level": (own.level, model.level),
        "proposal": (own.proposal, model.proposal),
        "plan": ({step.id: step.progress.value for step in steps}, model.plan),
        "promise": (own.fallback is not None, model.promised),
        "due": (own.fallback_due, model.due),
        "earlier": (
            {one.id for one in own.mandate.earlier} if own.mandate else set(),
            model.earlier,
        ),
    }
    return "; ".join(f"{name}: {a}, not {b}" for name, (a, b) in pairs.items() if a != b)


def give(own: Ownership, model: Model, command: Command, seen: Seen) -> tuple[Ownership, str]:
    """One command to both: the case after it, and where they differ."""
    found = apply(own, command)
    cell = own.status, command.name
    seen.visited[cell] += 1
    if isinstance(found, Refused):
        return own, f"{found.code} is no refusal" if model.give(command) else compare(own, model)
    seen.taken[cell] += 1
    effect = CELLS[own.status, type(command)]
    assert not isinstance(effect, Refusal)
    seen.led.setdefault(effect.__name__, set()).add((own.status, found.status))
    return found, compare(found, model) if model.give(command) else f"{cell} is to be refused"


def wrong(first: Ownership, commands: list[Command]) -> str:
    """Where a walk goes wrong, if it does."""
    own, model = first, Model(first)
    for command in commands:
        own, problem = give(own, model, command, Seen())
        if problem:
            return f"{command}: {problem}"
    return ""


def shrunk(first: Ownership, commands: list[Command]) -> list[Command]:
    """A walk that goes wrong, without what it does not need for that."""
    for place in reversed(range(len(commands))):
        fewer = commands[:place] + commands[place + 1 :]
        if wrong(first, fewer):
            commands = fewer
    return commands


def walk(number: int, seen: Seen) -> None:
    """A random walk, the same for a number each time; it begins where everything is near."""
    chance = Random(number)
    own = first = STARTS[number % len(STARTS)]
    model, given = Model(first), []
    for _ in range(STEPS):
        given.append(any_command(chance.choice, own))
        own, problem = give(own, model, given[-1], seen)
        if problem:
            least = shrunk(first, given)
            told = "\n".join(map(str, least))
            raise AssertionError(f"{wrong(first, least)}\nfrom {first}\nby {told}")


def walks() -> Seen:
    """All of them."""
    found = Seen()
    for number in range(WALKS):
        walk(number, found)
    return found


@pytest.fixture(scope="module")
def seen() -> Seen:
    return walks()


def table(found: Counter[tuple[Status, str]]) -> str:
    """How often each command came in each state."""
    head = f"{'':12}" + "".join(f"{status:>10}" for status in Status)
    rows = (
        f"{kind.name:12}" + "".join(f"{found[status, kind.name]:>10}" for status in Status)
        for kind in COMMANDS
    )
    return "\n".join([head, *rows])


def test_the_room_and_the_model_agree_wherever_the_walks_go(seen: Seen) -> None:
    assert sum(seen.visited.values()) == WALKS * STEPS


def test_the_walks_give_every_command_in_every_state(seen: Seen) -> None:
    cells = {(status, kind.name) for status in Status for kind in COMMANDS}
    assert len(cells) == len(CELLS) == 7 * 22
    assert cells - set(seen.visited) == set(), table(seen.visited)
    assert min(seen.visited.values()) >= 10, table(seen.visited)


def test_a_command_is_taken_somewhere_in_each_state_that_does_not_refuse_it(seen: Seen) -> None:
    possible = {
        (status, kind.name)
        for (status, kind), cell in CELLS.items()
        if not isinstance(cell, Refusal)
    }
    assert set(seen.taken) == possible, table(seen.taken)


def test_every_effect_leads_where_it_says_and_nowhere_else(seen: Seen) -> None:
    assert set(seen.led) == set(LEADS)
    for effect, statuses in LEADS.items():
        moves = seen.led[effect]
        named = {new for _, new in moves} & set(statuses)
        stayed = {None for old, new in moves if new is old and new not in named}
        elsewhere = {new for old, new in moves if new is not old} - named
        assert named | stayed == set(statuses), effect
        assert elsewhere == set(), effect


def test_a_difference_is_seen_and_shrunk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Model, "accept", lambda *_: False)
    with pytest.raises(AssertionError, match=r"'accept'\) is to be refused\n") as told:
        walks()
    assert str(told.value).count("(at=") <= 4, told.value
