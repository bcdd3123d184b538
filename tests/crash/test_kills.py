"""The short version of `python -m tests.crash`: a few kills a store, and the rig shown to find
what it looks for.
"""

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

import postgres
from crash import check, place, rig, slow, traffic
from crash.audit import Auditor
from crash.worker import Journal, Receiver
from handrail import codec
from handrail.engine import Engine

KILLS = int(os.environ.get("HANDRAIL_KILLS", "3" if os.environ.get("CI") else "0"))
LIMIT = 40_000  # the bar is 10 s and the rig's; here other tests run beside it


@pytest.mark.skipif(not KILLS, reason="takes a minute a store: set HANDRAIL_KILLS=3, as CI does")
@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
def test_nothing_acknowledged_is_lost_when_processes_are_killed(store: str) -> None:
    if store == "postgresql":
        postgres.server_or_skip()
    figures = rig.run(store, kills=KILLS, seed=1, cases=60)
    assert figures.wrong == []
    assert figures.kills == KILLS
    assert figures.acknowledged > 10 * KILLS
    assert figures.effects > 10
    assert max((*figures.effects_after, *figures.clocks_after, *figures.jobs_after)) <= LIMIT
    assert figures.jobs > KILLS
    assert figures.verified >= 3


@pytest.fixture
def made() -> Iterator[place.Setup]:
    """A store after a little traffic, with its journal; nobody was killed."""
    with rig.stage(cases=4) as made:
        engine = Engine(made.store(), place.deployment())
        journal = Journal(Path(made.folder), "0.1")
        random = place.chance(3)
        for number in range(40):
            case = random.choice(made.names())
            call = traffic.next_call(random, engine, case, f"0.1.{number}")
            journal.write(call=call)
            reply = traffic.make(engine, call)
            journal.write(answered=call["id"], reply=codec.dump(reply))
        yield made


def wrong(made: place.Setup) -> list[str]:
    figures = rig.Figures(store="sqlite", seed=0)
    rig.judge(made, [], figures)
    assert figures.acknowledged == 40
    return figures.wrong


def spoil(made: place.Setup, *statements: str) -> None:
    """Change the store behind the back of everything that guards it."""
    connection = sqlite3.connect(Path(made.folder) / "store.db")
    names = connection.execute("select name from sqlite_master where type = 'trigger'").fetchall()
    for (name,) in names:
        connection.execute(f"drop trigger {name}")
    connection.execute("pragma ignore_check_constraints = on")
    for one in statements:
        assert connection.execute(one).rowcount > 0, one
    connection.commit()
    connection.close()


def test_a_store_that_nobody_harmed_passes(made: place.Setup) -> None:
    assert wrong(made) == []


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("delete from turns where number = 1 and \"case\" = 'c1'", "turns, there are"),
        ("delete from entries where number = 2 and \"case\" = 'c1'", "has not the hash"),
        ("update entries set at = at + 1 where number = 1 and \"case\" = 'c1'", "has not the hash"),
        ("update cases set head = '' where id = 'c1'", "has not the hash"),
        ("update cases set clocks = '[]' where status <> 'closed'", "armed are set()"),
        ("delete from answers where \"case\" = 'c1'", "and now"),
        ("delete from effects where number = 1", "effects, there are"),
        ("update effects set status = 'sent' where number = 1", "and applied 0 times"),
    ],
)
def test_what_was_lost_or_changed_is_found(made: place.Setup, statement: str, says: str) -> None:
    spoil(made, statement)
    assert says in "; ".join(wrong(made))


def test_a_ledger_that_was_changed_is_found_by_the_auditor(made: place.Setup) -> None:
    auditor = Auditor(made)
    assert auditor.look() == []
    assert auditor.look() == []  # nothing was changed, so there is no new checkpoint
    spoil(made, "update entries set at = at + 1 where number = 1 and \"case\" = 'c1'")
    (told,) = auditor.look()
    assert "ended with 1" in told
    assert "`c1`" in told


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ("asked begin", "nobody has finished it"),
        ("asked begin end end", "was finished 2 times"),
        ("asked begin end", ""),
    ],
)
def test_a_job_that_was_lost_or_done_twice_is_found(lines: str, says: str, tmp_path: Path) -> None:
    journal = Journal(tmp_path, "0.1")
    for what in lines.split():
        journal.write(job="j1", what=what)
    found = slow.notes(tmp_path)
    assert [one.what for one in found] == lines.split()
    told = "; ".join(slow.wrong(found, []))
    assert (says in told) if says else not told
    died = found[-1].at  # who dies at the end of a job has not yet said so: it may be done again
    assert ("finished 2 times" in "; ".join(slow.wrong(found, [died]))) is False


def test_what_the_receiver_applied_and_nobody_had_written_is_found(made: place.Setup) -> None:
    log = Path(made.folder) / "receiver.log"
    log.write_text('{"key": "c1/999", "worker": "0.1", "at": 1, "first": true, "mood": ""}\n')
    assert any("no unit that committed" in one for one in wrong(made))


def test_an_effect_that_cannot_leave_is_found(
    made: place.Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deliver(*_: object) -> None:
        raise ConnectionError

    monkeypatch.setattr(Receiver, "deliver", deliver)
    assert any("is failed after 8 tries" in one for one in wrong(made))


def test_an_unacknowledged_call_with_half_a_trace_is_found(made: place.Setup) -> None:
    journal = Path(made.folder) / "0.1.journal"
    lines = journal.read_bytes().splitlines(keepends=True)
    done = next(number for number, line in enumerate(lines) if b'"answered"' in line)
    journal.write_bytes(b"".join([*lines[:done], *lines[done + 1 :]]))
    found = check.journals(Path(made.folder))
    assert len(found.open) == 1
    store = made.store()
    assert list(check.whole(store, found)) == []
    spoil(made, f"delete from answers where key = '{traffic.key(found.open[0])}'")  # noqa: S608
    assert any("never answered" in one for one in check.whole(store, found))
