"""A world: a store with a fake clock, an engine on it, and every call to it watched.

All that happens goes through `World.play`, which lets things go wrong, tries again as a caller
would, notes the call in the trace and asks the laws.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from random import Random
from typing import Any, NamedTuple

from handrail.core.ownership import Epoch
from handrail.engine import Deployment, Engine
from handrail.errors import HandrailError
from handrail.ports import Case, Delivery, Entry, Line, Store
from handrail.testing import calls
from handrail.testing.faults import BreakingStore, Carried, Crash, Falls, Faults, FlakyChannel
from handrail.testing.laws import LAWS, Call, Issued, Sight, Track, moves_of
from handrail.testing.laws.fold import Fold
from handrail.testing.trace import Step

Clock = Callable[[], int]
MakeStore = Callable[[Clock], Store]
_TRIES = 4
"""After so many crashes in a row a call goes through: the world must come to an end."""
_SKEW = 120  # thousandths of a draw (1 to 1000) in milliseconds: at most two minutes
_ONCE = frozenset({"turn", "act", "pause", "unpause"})
_REPEATS = _ONCE | {"act_all"}


class Broken(NamedTuple):
    """A law that did not hold: after which step, for which case, and what was seen."""

    law: str
    step: int
    case: str
    text: str


class World:
    """See the module. `seen` is told of every case that changed."""

    def __init__(
        self, on: Deployment, *, seed: int, start: int, store: MakeStore, faults: Faults
    ) -> None:
        self.now = self._time = start
        self.random = Random(f"{seed}")  # noqa: S311  # chance is seeded here, and keeps no secret
        self.falls = Falls(Random(f"{seed}/faults"))  # noqa: S311
        self.faults = faults
        self.inner = store(self._clock)
        self.engine = Engine(BreakingStore(self.inner, self.falls, faults.crash), on)
        self.channel = FlakyChannel(self.falls, faults, lambda: self.now, self._epoch)
        self.deployments = [on]
        self.issued: set[Issued] = set()
        self.cases: dict[str, Track] = {}
        self.due: dict[str, int] = {}
        self.unsent: dict[str, int] = {}
        self.steps: list[Step] = []
        self.broken: list[Broken] = []
        self.checked: Counter[str] = Counter()
        self.final = False
        self.seen: Callable[[Sight], None] = lambda _: None
        self.crashes = 0

    @property
    def carried(self) -> list[Carried]:
        """What the channel has delivered."""
        return self.channel.arrived

    def payload(self, key: str) -> str | None:
        """The text of that key."""
        with self.inner.view() as unit:
            return unit.payload(key)

    def _clock(self) -> int:
        """The machine's clock, read at the last call: merely to look at a store moves no time."""
        return self._time

    def case(self, name: str) -> Case | None:
        """A case as it is now."""
        with self.inner.view() as unit:
            return next(iter(unit.look((name,))), None)

    def _epoch(self, name: str) -> Epoch | None:
        case = self.case(name)
        return case.ownership.epoch if case else None

    def play(self, name: str, *, falls: Mapping[int, int] | None = None, **args: Any) -> Any:
        """Make a call, with what goes wrong in it, and look at all that it changed."""
        self.falls.begin(falls)
        self._time = self.now - self.falls.draw(self.faults.skew) * _SKEW
        self.issued.update(calls.issued(name, args))
        if "case" in args:
            self.cases.setdefault(args["case"], Track())
        call = Call(step=Step(at=self.now, call=name, args=args))
        before = self._versions()
        try:
            self._make(call, before)
        except HandrailError as error:
            call.value = error
        except Exception as error:  # noqa: BLE001  # whatever it raises, the world has found it
            text = f"{type(error).__name__}: {error}"
            self.broken.append(Broken("no error", len(self.steps), args.get("case", ""), text))
        came = calls.told(call.value)
        self.steps.append(
            Step(at=self.now, call=name, args=args, falls=dict(self.falls.hits), came=came)
        )
        self._look(call, before)
        return call.value

    def _make(self, call: Call, before: Mapping[str, int]) -> None:
        """The call itself, and now and then the same call once more."""
        name = call.step.call
        call.value = self._survive(call, before)
        if name == "fire":
            if self.falls.draw(self.faults.twice):
                self._again(call)
        elif name in _REPEATS and self.falls.draw(self.faults.again):
            call.echo = self._again(call)

    def _survive(self, call: Call, before: Mapping[str, int]) -> Any:
        """Call until no crash comes between. What a crash left must hold up by itself."""
        committed: Mapping[str, int] | None = None
        quiet, self.falls.quiet = self.falls.quiet, self.falls.quiet
        try:
            for tries in range(_TRIES + 1):
                self.falls.quiet = quiet or tries == _TRIES
                try:
                    value = calls.CALLS[call.step.call](self, call.step.args)
                except Crash:
                    self.crashes += 1
                    now = self._versions()
                    if committed is not None and now != committed:
                        call.torn = call.step.call in _ONCE
                    if now != before:
                        committed = now
                    continue
                if committed is not None and call.step.call in _ONCE:
                    call.torn = call.torn or self._versions() != committed
                return value
        finally:
            self.falls.quiet = quiet
        raise AssertionError("the last try cannot crash")

    def _again(self, call: Call) -> Any:
        """The same call once more, undisturbed; what it writes is kept in the call."""
        before = {name: len(self._entries(name)) for name in self.cases}
        quiet, self.falls.quiet = self.falls.quiet, True
        try:
            value = calls.CALLS[call.step.call](self, call.step.args)
        finally:
            self.falls.quiet = quiet
        for name in self.cases:
            call.fresh += self._entries(name)[before.get(name, 0) :]
        return value

    def _entries(self, name: str) -> list[Entry]:
        with self.inner.view() as unit:
            return list(unit.entries(name))

    def _versions(self) -> dict[str, int]:
        """The versions of all cases; those that follow a case become known here."""
        found: dict[str, int] = {}
        with self.inner.view() as unit:
            todo = list(self.cases)
            while todo:
                name = todo.pop(0)
                case = next(iter(unit.look((name,))), None)
                if case is None or name in found:
                    continue
                found[name] = case.version
                if case.next:
                    self.cases.setdefault(case.next, _following(case))
                    todo.append(case.next)
        return found

    def _look(self, call: Call, before: Mapping[str, int]) -> None:
        """Check the cases that the call was about or has changed."""
        about = getattr(call.value, "case", call.step.args.get("case"))
        for name, version in self._versions().items():
            if version != before.get(name) or name == about or self.final:
                sight = self._sight(name, call)
                self._check(sight)
                self._keep(sight)
                self.seen(sight)

    def _sight(self, name: str, call: Call) -> Sight:
        track = self.cases[name]
        with self.inner.unit() as unit:  # not a view: its clocks belong to a case that is locked
            (case,) = unit.look((name,))
            entries, lines = unit.entries(name), unit.lines(name)
            deadlines, effects = unit.deadlines(name), unit.effects(name)
        return Sight(
            place=self,
            call=call,
            case=case,
            track=track,
            entries=entries,
            lines=lines,
            deadlines=deadlines,
            effects=effects,
            moves=moves_of(track, entries[track.entries :]),
            arrived=[one for one in self.carried[track.arrived :] if one.effect.case == name],
            last_line=_last(lines),
        )

    def _check(self, sight: Sight) -> None:
        for number, law in LAWS.items():
            self.checked[number] += 1
            for text in law(sight):
                self.broken.append(Broken(number, len(self.steps), sight.case.id, text))

    def _keep(self, sight: Sight) -> None:
        """Remember what was seen, and when something is due next."""
        track, case = sight.track, sight.case
        track.fold = sight.fold
        track.entries, track.lines = len(sight.entries), case.lines
        track.last = sight.entries[-1] if sight.entries else None
        track.first_line, track.version = case.first_line, case.version
        track.arrived = len(self.carried)
        clocks = [one.fires for one in sight.deadlines if one.armed]
        queued = [one.due for one in sight.effects if one.status is Delivery.QUEUED]
        for due, found in ((self.due, clocks), (self.unsent, queued)):
            due.pop(case.id, None)
            if found:
                due[case.id] = min(found)


def _following(case: Case) -> Track:
    """What is known of a case that follows a closed one: its epochs go on from there."""
    epoch = case.ownership.epoch
    return Track(fold=Fold(epoch=Epoch(epoch.incarnation, epoch.number + 1)))


def _last(lines: Any) -> Line | None:
    """The last line that somebody of the conversation said."""
    spoken = [line for line in lines if line.role.value in {"customer", "agent"}]
    return spoken[-1] if spoken else None
