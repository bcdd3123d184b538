"""What is sent is what the AsyncAPI document says, for every entry that anything here can write."""

import ast
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_structured_event
from jsonschema import Draft7Validator, FormatChecker, ValidationError

from adapters.hooking import BY, Clock, happen, say, spread
from handrail import books, packs
from handrail.adapters.hooks import event
from handrail.adapters.sql import SqlStore
from handrail.adapters.sql.hooks import Hooks
from handrail.core.access import TokenKind
from handrail.core.ownership import COMMANDS
from handrail.engine import versions
from handrail.errors import InputError
from handrail.packs import roster
from handrail.ports import Store
from handrail.testing import simulate
from handrail.web.asyncapi import document
from stores import database

SRC = Path(__file__).resolve().parents[2] / "src" / "handrail"
FACTS = re.compile(r"\.entry\(\s*\"(\w+)\"")
NOTED = re.compile(r"\b_?note\(\s*unit, ([^\n]*?)\b(?:by|made|old|name)\b")
NOW = 1_795_420_800_000


def closed(schema: Any) -> Any:
    """A schema that lets nothing pass that it does not name: the published one does, so that it can
    grow.
    """
    if isinstance(schema, dict):
        made = {name: closed(one) for name, one in schema.items()}
        if made.get("title") in {"Event", "Told", "Trial", "Ping"}:
            made["additionalProperties"] = False
        return made
    return [closed(one) for one in schema] if isinstance(schema, list) else schema


def validator(kind: str) -> Draft7Validator:
    """What the document says of the events of a type."""
    whole = closed(json.loads(json.dumps(document())))
    (payload,) = [
        one["payload"] for one in whole["components"]["messages"].values() if one["name"] == kind
    ]
    return Draft7Validator(
        {**payload, "components": whole["components"]}, format_checker=FormatChecker()
    )


def check(text: str) -> Any:
    """An event that is as it should be, for the document and for the official library."""
    told = json.loads(text)
    validator(told["type"]).validate(told)
    made = from_structured_event(HTTPMessage({"content-type": event.MEDIA}, text.encode()))
    assert made.get_type() == told["type"]
    assert made.get_id() == told["id"]
    assert made.get_source() == told["source"]
    assert made.get_data() == told["data"]
    return told


def events(store: SqlStore, *wanted: str) -> Callable[[], list[str]]:
    """What an endpoint of a store is sent, from now on."""
    hooks = Hooks(store)
    made, _ = hooks.add("https://hooks.example.com", wanted, by=BY)

    def found() -> list[str]:
        spread(hooks)
        seen, after = list[str](), ""
        while True:
            page = hooks.deliveries(made.id, after=after, limit=500)
            seen += [one.event for one in page.hooks]
            after = page.cursor
            if not after:
                return seen

    return found


def literals(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def made_by_hand() -> Iterator[tuple[str, str]]:
    """Each place that makes an entry by itself, and the name that it gives it; empty: any."""
    for file in SRC.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Entry":
                (name,) = [one.value for one in node.keywords if one.arg == "name"]
                fixed = isinstance(name, ast.Constant)
                yield file.relative_to(SRC).as_posix(), str(name.value) if fixed else ""


def test_nobody_else_makes_entries_and_what_they_do_is_known() -> None:
    found = sorted(made_by_hand())
    assert {name for _, name in found if name} <= set(event.NAMES["case"])
    assert [file for file, name in found if not name] == [
        *("adapters/sql/erasing.py", "adapters/sql/rows.py", "books.py", "engine/work.py")
    ]  # what these write is looked for below, or is read


def test_every_name_that_the_source_gives_an_entry_is_known() -> None:
    facts = {name for file in SRC.rglob("*.py") for name in FACTS.findall(file.read_text("utf-8"))}
    assert len(facts) > 15  # the pattern finds them
    assert facts | {"barred", "delivery", "erased", "legal_hold"} <= set(event.NAMES["case"])
    assert {one.name for one in COMMANDS} <= set(event.NAMES["case"])
    of_packs = {one for one in vars(versions).values() if str(one).startswith("pack_")}
    assert of_packs == set(event.NAMES["packs"])
    source = SRC / "engine" / "rostering.py"
    assert {one for one in literals(source) if re.fullmatch(r"roster_\w+", one)} == set(
        event.NAMES["roster"]
    )
    made = {f"{kind}_{how}" for kind in TokenKind for how in ("created", "revoked")}
    said = noted("people", "tokens", "passwords", "directory")
    assert said | made | {"password_locked"} == set(event.NAMES["access"])
    assert {f"endpoint_{one}" for one in noted("endpoints", "hooks")} == set(event.NAMES["hooks"])


def noted(*files: str) -> set[str]:
    """The names that are written into a book by these."""
    texts = [(SRC / "adapters" / "sql" / f"{one}.py").read_text("utf-8") for one in files]
    found = [one for text in texts for one in NOTED.findall(text)]
    return {word for text in found for word in re.findall(r'"(\w+)"', text)}


@pytest.mark.parametrize("seed", range(2))
def test_what_worlds_write_is_as_the_document_says(seed: int) -> None:
    base = database("sqlite").within(f"worlds-{seed}")
    sent: list[Callable[[], list[str]]] = []

    def make(clock: Callable[[], int]) -> Store:
        store = base.within(base.workspace, clock)
        sent.append(events(store))
        return store

    pack = packs.load("support-chat")
    people = roster.load("support-chat", pack)
    assert simulate(pack, people, seed=seed, store=make, hours=20, cases=3).ok
    told = [check(text) for text in sent[0]()]
    with base.view() as unit:
        books_too = len(books.read(unit, books.HOOKS))
    assert len(told) > 50 + books_too
    assert len({one["data"]["name"] for one in told}) > 8
    assert len({one["id"] for one in told}) == len(told)
    assert "text" not in {name for one in told for name in one["data"]}


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_each_name_has_its_type_and_is_as_the_document_says(kind: str) -> None:
    store = database(kind).within(f"names-{kind}", Clock(NOW))
    sent = events(store)
    happen(store, *event.NAMES["case"], case="fälle/1 \U0001f600")
    for book, about in event._AREAS.items():
        for name in event.NAMES[about]:
            with store.unit() as unit:
                books.write(unit, book, name, BY, {"identity": "ana"})
    told = [check(text) for text in sent()]
    kinds = {one["type"] for one in told}
    assert kinds == {event.kind(at, name) for at, names in event.NAMES.items() for name in names}
    assert {one["time"] for one in told} == {"2026-11-23T08:00:00.000+00:00"}
    assert {one["subject"] for one in told} >= {"fälle/1 \U0001f600", "@packs", "@hooks"}


def test_a_ping_is_as_the_document_says() -> None:
    told = check(event.ping("default", "ep_1", "msg_1", NOW))
    assert "subject" not in told


def test_the_document_tells_what_is_wrong() -> None:
    store = database("sqlite").within("wrong")
    sent = events(store)
    with store.unit() as unit:
        say(unit, "c1", "open")
    good = next(told for told in map(check, sent()) if told["type"].endswith("case.open.v1"))
    check_it = validator(good["type"]).validate
    check_it(good)
    for wrong in (
        {**good, "specversion": "0.3"},
        {**good, "type": "com.handrail.case.accept.v1"},
        {**good, "more": 1},
        {name: one for name, one in good.items() if name != "subject"},
        {**good, "data": {**good["data"], "name": "accept"}},
        {**good, "data": {**good["data"], "epoch": [1]}},
        {**good, "data": {**good["data"], "text": "of somebody"}},
    ):
        with pytest.raises(ValidationError):
            check_it(wrong)


def test_a_case_whose_id_is_half_a_character_can_be_told_of() -> None:
    store = database("sqlite").within("half")
    sent = events(store, "case.*")
    with store.unit() as unit:
        say(unit, '\\ud800 "quoted"', "open")
    (told,) = map(check, sent())
    assert told["subject"] == '\\ud800 "quoted"'


@pytest.mark.parametrize(
    ("wants", "gets"),
    [
        ((), {"open", "accept", "pack_submitted"}),
        (("*",), {"open", "accept", "pack_submitted"}),
        (("case.*",), {"open", "accept"}),
        (("packs.*", "case.accept"), {"accept", "pack_submitted"}),
        (("roster.roster_left",), set()),
    ],
)
def test_a_filter_names_events_or_all_of_an_area(wants: tuple[str, ...], gets: set[str]) -> None:
    kept = event.checked(wants)
    there = {("c1", "open"), ("c1", "accept"), (books.PACKS, "pack_submitted")}
    assert {name for case, name in there if event.wanted(kept, case, name)} == gets


@pytest.mark.parametrize("bad", ["case", "open", "case.opn", "*.open", "", "case.*.v1", "\x1b"])
def test_a_filter_that_could_never_match_is_refused(bad: str) -> None:
    with pytest.raises(InputError, match="there is no event"):
        event.checked((bad,))
