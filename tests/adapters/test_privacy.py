"""Erasure, from end to end: what is shown is what goes, everywhere, and the ledger holds."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import MetaData, NullPool, create_engine, select, text

from engine.world import ASK, DAY, STORE, World, deployment, human
from handrail.adapters.sql import SqlStore
from handrail.adapters.sql.erasing import Erased
from handrail.adapters.sql.personal import Subject
from handrail.adapters.sql.privacy import Privacy
from handrail.core import ledger, record
from handrail.core.decision import decide
from handrail.core.model import Attributes, Role, ToolCall, Turn
from handrail.core.ownership import commands as c
from handrail.errors import Conflict, InputError, NotFound, Refused
from handrail.ports import Approval, ApprovalStatus, Delivery, Effect, Sent
from handrail.prove import Book, Keys, export, right

ANA = Subject("customer", "zq-name-ana@example.com")
_MARKS = count(1)


class Told(World):
    """A world in SQL, and markers that stand for what people wrote."""

    def __init__(self) -> None:
        super().__init__()
        self.marks: list[str] = []
        self.privacy = Privacy(self.store)

    def mark(self, what: str) -> str:
        self.marks.append(f"zq{what}{next(_MARKS)}qz")
        return self.marks[-1]

    def story(self, case: str = "c1", customer: str = ANA.id) -> None:
        """A case in which something personal stands wherever it can, then closed."""
        mark = self.mark
        self.marks.append(customer)
        self.turn(
            Turn(role=Role.CUSTOMER, text=f"Hello, I am {mark('text')}."),
            case,
            id=f"{case}-{mark('id')}",
            by=mark("speaker"),
            customer=customer,
            attributes=Attributes(tier="standard"),
            values={"order": {"address": mark("value"), "amount": 7}},
            transcript=f"https://chat.example/{mark('link')}",
        )
        args = json.dumps({"iban": mark("args")})
        calls = (ToolCall(name="lookup", args=args),)
        self.turn(Turn(role=Role.AGENT, text=mark("answer"), tool_calls=calls), case)
        self.turn(Turn(role=Role.TOOL, text=mark("result"), tool="lookup"), case)
        self.engine.send(case, mark("said"), id=f"s-{case}", epoch=self.own(case).epoch)
        person = self.held(case)
        self.engine.send(case, mark("person"), id=f"p-{case}", by=person)
        with self.store.unit() as unit:
            note = f"{case}#note"
            unit.keep(case, note, mark("note"))
            body = {"queue": "q", "to_address": mark("body")}
            unit.put_effect(
                Effect(key=f"{case}/x", case=case, kind="crm", body=body, at=self.now, number=99)
            )
            settled = Approval(
                id=f"{case}-a",
                case=case,
                tool="refund",
                digest=mark("digest"),
                at=1,
                expires=2,
                status=ApprovalStatus.USED,
            )
            unit.put_approval(settled)
        done = self.act(c.Resolve, human(person), case, disposition="solved", note=note)
        assert done.refused is None

    def rows(self) -> Iterator[tuple[str, str]]:
        """Every row of every table of the workspace, as text."""
        engine = create_engine(self.store.url, poolclass=NullPool)
        tables = MetaData()
        with engine.connect() as connection:
            tables.reflect(connection)
            for table in tables.tables.values():
                query = select(table)
                if "workspace" in table.c:
                    query = query.where(table.c.workspace == self.store.workspace)
                for row in connection.execute(query):
                    data = [x if isinstance(x, bytes) else str(x).encode() for x in row]
                    yield table.name, b"\n".join(data).decode("utf-8", "replace")

    def left(self) -> dict[str, set[str]]:
        """Where each marker still stands."""
        found: dict[str, set[str]] = {}
        for table, row in self.rows():
            for mark in self.marks:
                if mark in row:
                    found.setdefault(mark, set()).add(table)
        return found

    def chained(self, case: str) -> None:
        """The chain of a case holds, and its row has the end of it."""
        with self.store.view() as unit:
            head = ledger.genesis(self.store.workspace, case)
            rows = unit.ask(
                'select number, hash from entries where workspace = ? and "case" = ? '
                "order by number",
                case,
            )
            for entry, (number, mark) in zip(unit.entries(case), rows, strict=True):
                head = ledger.seal(
                    head,
                    case=case,
                    number=number,
                    at=entry.at,
                    name=entry.name,
                    actor=entry.actor,
                    epoch=entry.epoch,
                    body=entry.body,
                )
                assert head == mark
            told = unit.ask("select head, entries from cases where workspace = ? and id = ?", case)
            assert told == [(head, len(rows))]


@pytest.fixture(params=("sqlite", "postgresql"))
def world(request: pytest.FixtureRequest) -> Iterator[Told]:
    token = STORE.set(request.param)
    try:
        yield Told()
    finally:
        STORE.reset(token)


def test_nothing_personal_is_left_in_any_table(world: Told) -> None:
    world.story("c1")
    world.story("c2")
    ours = list(world.marks)
    assert world.left().keys() == set(ours)  # the search can find each of them
    assert world.case("c1").memory
    world.story("other", "zq-name-bob")
    done = world.privacy.erase(ANA, by="dpo")
    assert done.cases == 2
    assert done.texts > 10
    assert not world.case("c1").memory
    left = world.left()
    assert not left.keys() & set(ours)
    assert left.keys() == {one for one in world.marks if one not in ours}


def test_what_is_shown_is_what_goes(world: Told) -> None:
    world.story("c1")
    shown = world.privacy.export(ANA)
    whole = json.dumps(shown, ensure_ascii=False)
    assert [one for one in world.marks if one not in whole] == []
    assert [one["id"] for one in shown["cases"]] == ["c1"]
    case = shown["cases"][0]
    assert world.marks[1] in case["turns"][0]["text"]
    assert next(one["text"] for one in case["effects"] if one["kind"] == "bundle")["goal"]
    assert case["notes"] == [{"key": "c1#note", "text": case["notes"][0]["text"]}]
    world.privacy.erase(ANA, by="dpo")
    again = json.dumps(world.privacy.export(Subject("case", "c1")), ensure_ascii=False)
    assert [one for one in world.marks if one in again] == []


def test_the_ledger_holds_and_says_what_went(world: Told) -> None:
    world.story("c1")
    with world.store.view() as unit:
        keys = [row[0] for row in unit.ask("select key from payloads where workspace = ?")]
    before = [one for one in world.entries() if one.name == "decision"]
    done = world.privacy.erase(ANA, by="dpo", reason="contract_ended")
    world.chained("c1")
    last = world.entries()[-1]
    assert (last.name, last.actor) == ("erased", "human:dpo")
    assert sorted(last.body["keys"]) == sorted(keys)
    assert last.body["reason"] == "contract_ended"
    assert last.body["texts"] == done.texts == len(keys)
    rules = deployment("support-chat").workflows[world.case().workflow].rules
    assert len(before) > 3
    for one in before:
        line = one.body["record"].encode("utf-8", "surrogatepass")
        given, _ = record.load(line)
        made = decide(rules, given.state, given.signals, given.context)
        assert record.dump(given, made) == line
    with world.store.view() as unit:
        numbers = [one.number for one in unit.lines("c1")]
        assert numbers == list(range(1, len(numbers) + 1))
        assert all(one.turn.text == "" for one in unit.lines("c1"))
        assert unit.lines("c1")[0].signals.role is Role.CUSTOMER


def test_the_ledger_verifies_after_an_erasure(world: Told, tmp_path: Path) -> None:
    world.story("c1")
    world.privacy.erase(ANA, by="dpo")
    book = Book(world.store.workspace, Keys.create(tmp_path / "keys", world.now))
    with world.store.view() as unit:
        heads = [book.add(one) for one in unit.entries("c1")]
        assert unit.ask("select head from cases where workspace = ?") == [(heads[-1],)]
    book.checkpoint(world.now)
    report = ledger.verify(iter(list(export(book))), right)
    assert report.verified, report.findings
    assert report.entries == len(heads)


def test_what_had_not_left_is_cancelled_with_an_entry(world: Told) -> None:
    world.story("c1")
    with world.store.view() as unit:
        waiting = [one for one in unit.effects("c1") if one.status is Delivery.QUEUED]
        texts = {one.key for one in waiting if unit.payload(one.key)}
    assert texts
    assert {one.key for one in waiting} - texts  # a proposal has no text, and stays
    done = world.privacy.erase(ANA, by="dpo")
    assert done.cancelled == len(texts)
    told = [
        one.body["key"] for one in world.entries(name="delivery") if "erased" in one.body.values()
    ]
    assert sorted(told) == sorted(texts)
    world.drain()
    assert not {effect.key for effect, _ in world.sent} & texts
    assert {effect.key for effect, _ in world.sent} == {one.key for one in waiting} - texts


def test_what_had_left_stays_as_sent(world: Told) -> None:
    world.story("c1")
    while world.drain():
        pass
    assert world.privacy.erase(ANA, by="dpo").cancelled == 0
    with world.store.view() as unit:
        assert {one.status for one in unit.effects("c1")} <= {Delivery.SENT, Delivery.CANCELLED}


def test_what_had_failed_cannot_be_tried_again_without_its_text(world: Told) -> None:
    world.story("c1")
    world.answer = lambda effect: Sent.FAILED
    for _ in range(20):
        world.now += 3_600_000
        world.drain()
    with world.store.view() as unit:
        assert unit.failed(100)
    world.privacy.erase(ANA, by="dpo")
    with world.store.view() as unit:
        assert not [one for one in unit.failed(100) if one.kind in {"message", "notice", "bundle"}]


def test_erasing_twice_is_the_same_as_once(world: Told) -> None:
    world.story("c1")
    world.privacy.erase(ANA, by="dpo")
    before = sorted(world.rows())
    assert world.privacy.erase(Subject("case", "c1"), by="dpo") == Erased()
    with pytest.raises(NotFound, match="nothing is kept"):
        world.privacy.erase(ANA, by="dpo")
    assert sorted(world.rows()) == before


def test_a_dry_run_counts_the_same_and_changes_nothing(world: Told) -> None:
    world.story("c1")
    before = sorted(world.rows())
    would = world.privacy.erase(ANA, by="dpo", dry_run=True)
    assert sorted(world.rows()) == before
    assert world.privacy.erase(ANA, by="dpo") == would


def test_an_open_case_is_refused_unless_it_is_meant(world: Told) -> None:
    world.story("c1")
    world.customer("Hello again", "c2", customer=ANA.id)
    with pytest.raises(Refused, match="case `c2` is not closed"):
        world.privacy.erase(ANA, by="dpo")
    assert world.left()  # not even the closed one was touched
    world.privacy.erase(ANA, by="dpo", open_too=True)
    assert not world.left()
    reply = world.customer(ASK, "c2")  # and the case goes on, to a person with a bundle
    assert reply.opened
    assert world.effects("bundle", "c2")
    world.chained("c2")


@pytest.mark.parametrize("held", [ANA, Subject("case", "c1")])
def test_what_is_on_hold_stays_and_who_and_why_is_said(world: Told, held: Subject) -> None:
    world.story("c1")
    world.story("c2")
    world.privacy.hold(held, by="legal", reason="Lawsuit 12")
    before = world.left()
    with pytest.raises(Refused, match=r"on hold by `legal`: Lawsuit 12"):
        world.privacy.erase(ANA, by="dpo")
    with pytest.raises(Refused, match="on hold"):
        world.privacy.erase(Subject("case", "c1"), by="dpo")
    assert world.left() == before
    with pytest.raises(Conflict, match="on hold already, by `legal`"):
        world.privacy.hold(held, by="dpo", reason="again")
    [one] = world.privacy.holds()
    assert (one.subject, one.by, one.reason, one.at) == (held, "legal", "Lawsuit 12", world.now)
    world.privacy.release(held, by="legal")
    assert world.privacy.holds() == []
    with pytest.raises(NotFound, match="not on hold"):
        world.privacy.release(held, by="legal")
    told = [(one.actor, one.body["on"]) for one in world.entries(name="legal_hold")]
    assert told == [("human:legal", True), ("human:legal", False)]
    world.privacy.erase(ANA, by="dpo")
    assert not world.left()
    world.chained("c1")


def test_a_case_that_went_on_from_another_belongs_to_the_same_customer(world: Told) -> None:
    world.story("c1")
    world.wait(30 * DAY)
    assert world.customer(world.mark("late"), "c1").case == "c1+"
    with world.store.unit() as unit:  # as before customers were named
        case = unit.case("c1+")
        assert case is not None
        unit.save(replace(case, customer=""))
    shown = world.privacy.export(ANA)
    assert [one["id"] for one in shown["cases"]] == ["c1", "c1+"]
    world.privacy.hold(ANA, by="legal", reason="x")
    with pytest.raises(Refused, match="on hold"):
        world.privacy.erase(Subject("case", "c1+"), by="dpo", open_too=True)
    world.privacy.release(ANA, by="legal")
    world.privacy.erase(ANA, by="dpo", open_too=True)
    assert not world.left()


def test_old_closed_cases_are_purged_in_batches_and_held_ones_are_not(world: Told) -> None:
    marks: dict[str, set[str]] = {}
    for n in range(5):
        before = len(world.marks)
        world.story(f"c{n}", f"zq-name-{n}")
        marks[f"c{n}"] = set(world.marks[before:])
    world.privacy.hold(Subject("customer", "zq-name-0"), by="legal", reason="x")
    world.privacy.hold(Subject("case", "c1"), by="legal", reason="y")
    world.now += 400 * DAY
    world.story("new", "zq-name-new")
    world.customer(world.mark("open"), "open")
    kept = marks["c0"] | marks["c1"] | set(world.marks[sum(map(len, marks.values())) :])
    assert world.privacy.purge(401 * DAY) == Erased()
    counts = [world.privacy.purge(400 * DAY, limit=2).cases for _ in range(3)]
    assert counts == [2, 1, 0]
    assert world.left().keys() == kept
    last = world.entries("c4")[-1]
    assert (last.name, last.actor, last.body["reason"]) == ("erased", "system", "retention")
    world.chained("c4")
    world.privacy.release(Subject("case", "c1"), by="legal")
    world.now += 400 * DAY
    assert world.privacy.purge(400 * DAY).cases == 2  # c1 and new
    assert world.left().keys() == marks["c0"] | {world.marks[-1]}


def test_answers_alone_can_be_forgotten_earlier(world: Told) -> None:
    world.story("c1")
    world.now += 30 * DAY
    entries = len(world.entries())
    done = world.privacy.forget(30 * DAY)
    assert done.cases == 1
    assert done.answers > 5
    assert world.privacy.forget(30 * DAY) == Erased()
    assert len(world.entries()) == entries
    with world.store.view() as unit:
        assert unit.ask("select count(*) from answers where workspace = ?") == [(0,)]
    assert world.privacy.export(ANA)["cases"][0]["turns"][0]["text"]


def test_a_case_that_goes_on_is_not_purged(world: Told) -> None:
    world.story("c1")
    world.now += 3 * DAY
    world.customer("One more thing.", "c1")
    assert world.privacy.purge(0) == Erased()


def test_workspaces_see_nothing_of_one_another(world: Told) -> None:
    world.story("c1")
    other = Privacy(world.store.within("elsewhere", lambda: world.now))
    with pytest.raises(NotFound, match="nothing is kept about customer"):
        other.erase(ANA, by="dpo")
    with pytest.raises(NotFound):
        other.export(Subject("case", "c1"))
    assert other.purge(-DAY) == Erased()
    assert world.left()


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"by": ""}, "nobody is named"),
        ({"by": "dpo", "reason": "She asked for it"}, "no code"),
    ],
)
def test_who_and_why_are_needed(world: Told, wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        world.privacy.erase(ANA, **wrong)


def test_the_subject_is_one(world: Told) -> None:
    for given in ({}, {"customer": "a", "case": "b"}):
        with pytest.raises(InputError, match="not clear"):
            world.privacy.subject(**given)


def at_once(*calls: Callable[[], object]) -> list[Exception | None]:
    """Runs these at the same time; what each of them raised."""
    begin = threading.Barrier(len(calls))
    ended: list[Exception | None] = [None] * len(calls)

    def go(place: int, call: Callable[[], object]) -> None:
        begin.wait()
        try:
            call()
        except Exception as problem:  # noqa: BLE001  # whatever it was is looked at
            ended[place] = problem

    threads = [threading.Thread(target=go, args=one) for one in enumerate(calls)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    return ended


def test_a_hold_and_an_erasure_at_once_come_one_after_the_other(world: Told) -> None:
    for n in range(12):
        name, who = f"c{n}", Subject("case", f"c{n}")
        world.customer("Hello", name)
        held, erased = at_once(
            lambda who=who: world.privacy.hold(who, by="legal", reason="x"),
            lambda who=who: world.privacy.erase(who, by="dpo", open_too=True),
        )
        assert held is None
        told = [one.name for one in world.entries(name) if one.name in {"erased", "legal_hold"}]
        if erased is None:
            assert told == ["erased", "legal_hold"]
        else:
            assert isinstance(erased, Refused)
            assert told == ["legal_hold"]
        world.chained(name)


def test_an_erasure_among_turns_takes_all_before_it_and_the_chain_holds(world: Told) -> None:
    world.customer("Hello", "c1", customer=ANA.id)

    def talk() -> None:
        for _ in range(5):
            world.customer(world.mark("talk"), "c1")

    ended = at_once(talk, talk, lambda: world.privacy.erase(ANA, by="dpo", open_too=True), talk)
    assert ended == [None] * 4
    world.chained("c1")
    last = world.entries("c1", "erased")[-1]
    with world.store.view() as unit:
        kept = {row[0] for row in unit.ask("select key from payloads where workspace = ?")}
    assert not kept & set(last.body["keys"])
    assert len(kept) >= len(world.left())
    world.privacy.erase(Subject("case", "c1"), by="dpo", open_too=True)
    assert not world.left()
    world.chained("c1")


def test_an_erasure_that_fails_half_way_leaves_everything(
    world: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.story("c1")
    world.story("c2")
    before = sorted(world.rows())
    from handrail.adapters.sql import erasing

    whole = erasing.carry_out

    def fails(unit: Any, case: Any, *rest: Any) -> None:
        if case.id == "c2":
            raise RuntimeError("no power")
        whole(unit, case, *rest)

    monkeypatch.setattr(erasing, "carry_out", fails)
    with pytest.raises(RuntimeError, match="no power"):
        world.privacy.erase(ANA, by="dpo")
    assert sorted(world.rows()) == before


def test_after_a_scrub_no_byte_is_left_in_the_files_of_sqlite(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    world = Told.__new__(Told)
    World.__init__(world)
    world.store = SqlStore(f"sqlite:///{file}", clock=lambda: world.now)
    world.engine = type(world.engine)(world.store, world.engine.deployment)
    world.marks, world.privacy = [], Privacy(world.store)
    world.story("c1")

    def found() -> set[str]:
        data = b"".join(one.read_bytes() for one in tmp_path.iterdir())
        return {one for one in world.marks if one.encode() in data}

    assert found() == set(world.marks)
    world.privacy.erase(ANA, by="dpo")
    assert found()  # deleted rows stay in the log and in free pages: the guide says so
    world.privacy.scrub()
    assert found() == set()
    world.chained("c1")
    assert world.customer("Hello", "c9").case == "c9"  # and the store goes on
    world.store.close()


def test_after_a_scrub_postgresql_has_no_statistics_of_it() -> None:
    token = STORE.set("postgresql")
    try:
        world = Told()
    finally:
        STORE.reset(token)
    who = Subject("customer", "zq-name-sampled")
    for n in range(5):
        world.story(f"c{n}", who.id)

    def sampled() -> bool:
        engine = create_engine(world.store.url, poolclass=NullPool)
        with engine.connect() as connection:
            query = "select most_common_vals::text from pg_stats where tablename = 'cases'"
            return any(who.id in (row[0] or "") for row in connection.execute(text(query)))

    world.privacy.scrub()
    assert sampled()
    world.privacy.erase(who, by="dpo")
    world.privacy.scrub()
    assert not sampled()
