"""One contract, three stores: what a unit promises, with and against the others at work."""

import threading
from dataclasses import replace

import pytest

from handrail.core import case as cases
from handrail.core.model import Role, Signals, ToolCall, Turn
from handrail.core.ownership import Epoch, Ownership, Status
from handrail.core.sla import Deadline, Kind
from handrail.errors import Conflict
from handrail.ports import Approval, Case, Delivery, Effect, Entry, Line, Store
from stores import KINDS, new_store

NOW = 1_795_424_400_000


class Clock:
    now = NOW

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest, clock: Clock) -> Store:
    return new_store(request.param, clock)


def fresh(name: str = "c1", **ownership: object) -> Case:
    own = Ownership(workflow="support", at=NOW, **ownership)
    return Case(id=name, workflow="support", ownership=own, state=cases.start())


def silence(fires: int = NOW + 1000) -> Deadline:
    return Deadline(kind=Kind.AI_SILENCE, started=NOW, limit=1000, due=fires, fires=fires)


def put(store: Store, case: Case, *deadlines: Deadline) -> Case:
    with store.unit() as unit:
        unit.arm(case.id, deadlines or (silence(),))
        return unit.save(case)


def entry(number: int, case: str = "c1", **body: object) -> Entry:
    return Entry(
        case=case, number=number, at=NOW, name="open", actor="system", epoch=Epoch(), body=body
    )


class Broken(Exception):
    pass


def test_a_unit_is_committed_as_a_whole(store: Store) -> None:
    case = put(store, fresh())
    with store.unit() as unit:
        assert unit.case("c1") == case
        assert case.version == 1
        assert unit.deadlines("c1") == (silence(),)


def test_a_unit_that_fails_leaves_nothing_behind(store: Store) -> None:
    with pytest.raises(Broken), store.unit() as unit:  # noqa: PT012
        unit.arm("c1", (silence(),))
        unit.save(fresh())
        unit.append(entry(1))
        unit.keep("c1", "c1/1", "secret")
        unit.put_effect(Effect(key="c1/1", case="c1", kind="message", body={}, at=NOW))
        unit.remember("c1", "turn:1", "{}")
        assert unit.entries("c1")
        assert unit.waiting("q") == 0
        raise Broken
    with store.unit() as unit:
        assert unit.case("c1") is None
        assert unit.entries("c1") == []
        assert unit.payload("c1/1") is None
        assert unit.effect("c1/1") is None
        assert unit.answer("c1", "turn:1") is None


def test_a_unit_sees_what_it_has_changed_itself(store: Store) -> None:
    with store.unit() as unit:
        unit.arm("c1", (silence(),))
        unit.save(fresh(status=Status.QUEUED, queue="q", steward="s", handoff=1))
        assert unit.waiting("q") == 1
        assert unit.waiting_cases(("q",)) == ["c1"]
        assert unit.overdue(NOW + 5000, 10) == ["c1"]
        line = Line(
            case="c1",
            number=1,
            at=NOW,
            turn=Turn(role=Role.CUSTOMER, text="hi"),
            signals=Signals(role=Role.CUSTOMER),
        )
        unit.add_line(line)
        assert unit.lines("c1") == [line]
        unit.put_approval(Approval(id="a", case="c1", tool="t", digest="d", at=NOW, expires=NOW))
        assert [one.id for one in unit.approvals("c1")] == ["a"]
        unit.stop("support", stopped=True)
        assert unit.stopped("support")


def test_an_older_version_conflicts(store: Store) -> None:
    case = put(store, fresh())
    put(store, case)
    with pytest.raises(Conflict, match="changed meanwhile"):
        put(store, case)


def test_what_was_said_comes_back_as_it_was(store: Store) -> None:
    """Half a character, a zero, a number beyond 64 bits, a long text: all that a turn may hold."""
    turns = [
        Turn(role=Role.CUSTOMER, text="h\ud83d half, \x00 zero, ünï, 😀", at=5),
        Turn(role=Role.AGENT, text="x" * 100_000, confidence=0.5),
        Turn(role=Role.AGENT, tool_calls=(ToolCall(name="refund", args='{"n": 1e400}'),)),
    ]
    lines = [
        Line(case="c1", number=n, at=NOW, turn=turn, signals=Signals(role=turn.role))
        for n, turn in enumerate(turns, 1)
    ]
    put(store, fresh())
    with store.unit() as unit:
        marks = {unit.add_line(line) for line in lines}
        assert len(marks) == 3
    with store.view() as unit:
        assert unit.lines("c1") == lines
        assert unit.lines("c1", first=2, last=2) == lines[1:2]
        assert unit.lines("c1", first=4) == []


def test_what_is_known_of_a_matter_comes_back_as_it_was(store: Store) -> None:
    """Whatever JSON can hold, and numbers that no column could."""
    values = {"order": {"amount": 2**70, "share": 0.1, "tags": ["a", None, True], "to": "\ud83d"}}
    case = put(store, replace(fresh(), values=values, customer="ana@example.com"))
    with store.view() as unit:
        assert unit.case("c1") == case


def test_the_same_text_is_committed_to_differently_each_time(store: Store) -> None:
    put(store, fresh())
    with store.unit() as unit:
        first, second = unit.keep("c1", "a", "same"), unit.keep("c1", "b", "same")
        assert first != second
        assert first.startswith("sha256:")
        assert unit.payload("a") == unit.payload("b") == "same"


def test_effects_come_in_the_order_in_which_they_were_written(store: Store) -> None:
    put(store, fresh())
    effects = [
        Effect(key=f"c1/{n}", case="c1", number=n, kind="notice", body={"n": n}, at=NOW, due=NOW)
        for n in range(1, 13)
    ]
    with store.unit() as unit:
        for one in effects:
            unit.put_effect(one)
    with store.unit() as unit:
        assert unit.effects("c1") == unit.effects("c1", queued=True) == effects
        assert unit.undelivered(NOW - 1, 99) == []
        assert unit.undelivered(NOW, 3) == effects[:3]
        sent = replace(effects[0], status=Delivery.SENT, fence=Epoch(2, 3), attempts=1, error="e")
        unit.put_effect(sent)
        assert unit.effect("c1/1") == sent
    with store.unit() as unit:
        assert unit.undelivered(NOW, 99) == effects[1:]
        assert unit.effects("c1", queued=True) == effects[1:]
        assert len(unit.effects("c1")) == len(effects)
        assert unit.effect("c1/1") == sent


def test_the_longest_overdue_case_comes_first(store: Store) -> None:
    for n, late in enumerate((30, 10, 20)):
        put(store, fresh(f"c{n}"), silence(NOW - late))
    with store.unit() as unit:
        assert unit.overdue(NOW, 10) == ["c0", "c2", "c1"]
        assert unit.overdue(NOW, 1) == ["c0"]
        assert unit.overdue(NOW - 25, 10) == ["c0"]


def test_cases_are_found_by_who_has_them(store: Store) -> None:
    put(store, fresh("a"))
    held = {"queue": "q", "steward": "s", "handoff": 1}
    put(store, fresh("b", status=Status.QUEUED, **held))
    put(store, fresh("c", status=Status.PROPOSED, human="ana", **held))
    put(store, fresh("d", status=Status.HELD, human="ana", **held))
    put(store, fresh("e", status=Status.FALLBACK, **held))
    with store.unit() as unit:
        assert dict(unit.load()) == {"ana": 2}
        assert unit.waiting("q") == 2
        assert sorted(unit.waiting_cases()) == ["b", "e"]
        assert unit.waiting_cases(()) == []
        assert unit.held_cases() == ["d"]
        assert sorted(unit.cases_of(queue="q")) == ["b", "c", "d", "e"]
        assert sorted(unit.cases_of(human="ana")) == ["c", "d"]
        assert len(unit.cases_of(workflow="support")) == 5
        assert [one.id for one in unit.look(("d", "x", "a"))] == ["d", "a"]


def test_who_waits_is_found_by_priority_and_then_by_age(store: Store) -> None:
    waits = {"status": Status.QUEUED, "steward": "s", "handoff": 1}
    for name, priority, since in (("a", 0, 5), ("b", 2, 9), ("c", 0, 3), ("d", 2, 9), ("e", 1, 1)):
        case = fresh(name, queue="q", priority=priority, **waits)
        put(store, replace(case, since=since))
    put(store, fresh("x", queue="r", **waits))
    put(store, fresh("y", queue="p", **waits | {"status": Status.PROPOSED, "human": "ana"}))
    with store.view() as unit:
        assert unit.waiting_queues() == ["q", "r"]
        first = unit.urgent("q", 3)
        assert [one.id for one in first] == ["b", "d", "e"]
        assert [one.id for one in unit.urgent("q", 9, first[0])] == ["d", "e", "c", "a"]
        assert [one.id for one in unit.urgent("q", 9, first[-1])] == ["c", "a"]
        assert unit.urgent("p", 9) == []
    with store.unit() as unit:
        case = unit.case("a")
        assert case is not None
        unit.save(replace(case, ownership=replace(case.ownership, priority=3)))
        assert [one.id for one in unit.urgent("q", 1)] == ["a"]


def test_time_never_runs_backwards_for_a_case(store: Store, clock: Clock) -> None:
    put(store, fresh())
    clock.now -= 3_600_000
    with store.unit() as unit:
        unit.case("c1")
        assert unit.now() == NOW


def test_two_units_at_once_change_a_case_one_after_the_other(store: Store) -> None:
    """Sixteen threads add one each, to a case that is not even there when they begin."""
    begin = threading.Barrier(16)

    def add() -> None:
        begin.wait()
        with store.unit() as unit:
            case = unit.case("c1") or fresh()
            unit.arm("c1", (silence(),))
            unit.append(entry(case.entries + 1))
            unit.save(replace(case, entries=case.entries + 1))

    threads = [threading.Thread(target=add) for _ in range(16)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(30)
    with store.view() as unit:
        found = unit.case("c1")
        assert found is not None
        assert (found.version, found.entries) == (16, 16)
        assert [one.number for one in unit.entries("c1")] == list(range(1, 17))


def test_a_view_keeps_nothing(store: Store) -> None:
    put(store, fresh())
    with store.view() as unit:
        assert unit.case("c1") is not None
        assert unit.entries("c1") == []
