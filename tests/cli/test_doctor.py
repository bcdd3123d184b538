"""`handrail doctor` on a store: each thing is broken for real, and told with what mends it."""

import json
import os
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import create_engine
from sqlalchemy import text as sql

from cli.relay import Relay
from handrail import packs
from handrail.adapters.sql import SqlStore
from handrail.adapters.sql.book import seal
from handrail.adapters.sql.dialects import address
from handrail.adapters.sql.directory import Directory
from handrail.adapters.sql.store import wall_clock
from handrail.config import Settings
from handrail.core.access import Grant, Kind, Role
from handrail.core.model import Role as Speaker
from handrail.core.model import Turn
from handrail.core.ownership import Actor, Party
from handrail.engine import Engine
from handrail.packs import loader, roster
from handrail.prove import Keys
from handrail.testing.short import short
from handrail.wiring.doctor import Level, Line, examine, place
from handrail.wiring.policies import Policies, policies
from postgres import fresh_database, server_or_skip

DAY, MINUTE = 86_400_000, 60_000
PACK = "support-chat"
ANA, BO = (Actor(kind=Party.HUMAN, id=name) for name in ("ana", "bo"))
RUN = [sys.executable, "-m", "handrail.cli", "doctor"]


class House:
    """A store with a pack, a roster and an administrator, and its keys."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder = url, folder
        self.shift = 0
        self.store = SqlStore(url, clock=self.clock)
        self.key = Directory(self.store).first_admin("admin")
        self.file = folder / "signing-keys.json"
        self.signers = Keys.create(self.file, wall_clock())
        self.settings = Settings(signing_keys=self.file, data=folder)

    def clock(self) -> int:
        """The wall's, or later."""
        return wall_clock() + self.shift

    def begin(self) -> Policies:
        """A pack in force, and a checkpoint of it."""
        made = policies(self.store, simulate=short)
        pack = packs.load(PACK)
        made.packs.install(loader.gather(PACK), roster.tree_of(PACK, pack), ANA)
        self.seal()
        return made

    def seal(self) -> None:
        """A checkpoint."""
        seal(self.store, self.signers)

    def change(self, said: str) -> None:
        """What nobody may do, done."""
        engine = create_engine(address(self.url))
        with engine.begin() as connection:
            connection.execute(sql(said))
        engine.dispose()

    def unlock(self, table: str) -> None:
        """Take away what keeps a table from being changed, as the owner of a database can."""
        if not self.url.startswith("sqlite"):
            self.change(f"alter table {table} disable trigger all")
            return
        found = sqlite3.connect(self.folder / "handrail.db")
        asked = "select name from sqlite_master where type = 'trigger' and tbl_name = ?"
        for (name,) in found.execute(asked, (table,)).fetchall():
            found.execute(f"drop trigger {name}")
        found.close()

    def engine(self) -> Engine:
        """An engine under what is in force."""
        on = policies(self.store).force
        on.refresh()
        assert on.deployment is not None
        return Engine(self.store, on.deployment)

    def lines(self) -> list[Line]:
        """What the doctor says."""
        return list(examine(self.settings, self.url, self.clock))

    def line(self, name: str, level: Level) -> Line:
        """The one line of that name that is not ok: it has that level, and says what mends it."""
        found = self.lines()
        bad = [one for one in found if one.name == name and one.level is not Level.OK]
        assert [one.level for one in bad] == [level], found
        assert bad[0].mend
        return bad[0]

    def well(self, name: str) -> bool:
        """Whether all lines of that name are ok, and there is one."""
        found = [one.level for one in self.lines() if one.name == name]
        return bool(found) and set(found) == {Level.OK}


@pytest.fixture(params=("sqlite", "postgresql"))
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    tmp_path.chmod(0o700)
    before = os.umask(0o077)
    if request.param == "postgresql":
        url = fresh_database(server_or_skip())
    else:
        url = f"sqlite:///{tmp_path / 'handrail.db'}"
    house = House(url, tmp_path)
    os.umask(before)
    yield house
    house.store.close()


@pytest.fixture
def house(empty: House) -> House:
    empty.begin()
    return empty


@pytest.fixture
def lite(tmp_path: Path) -> Iterator[House]:
    """On SQLite only: what is about files."""
    tmp_path.chmod(0o700)
    before = os.umask(0o077)
    house = House(f"sqlite:///{tmp_path / 'handrail.db'}", tmp_path)
    os.umask(before)
    house.begin()
    yield house
    house.store.close()


def test_a_service_that_is_well_is_told_so_and_nothing_is_changed(house: House) -> None:
    Directory(house.store).set_password("admin", "four green lamps at sea")
    house.seal()
    with house.store.view() as unit:
        before = [(one.id, one.entries, one.version) for one in unit.look(["@access", "@packs"])]
    found = house.lines()
    assert {one.level for one in found} == {Level.OK}, found
    names = {"tables", "store", "writing", "clock", "keys", "signing", "checkpoint", "pack"}
    assert names | {"roster", "people", "deadlines", "effects", "endpoints", "changes"} <= {
        one.name for one in found
    }
    with house.store.view() as unit:
        after = [(one.id, one.entries, one.version) for one in unit.look(["@access", "@packs"])]
    assert after == before


def test_every_workspace_is_looked_at(house: House) -> None:
    Directory(house.store.within("team-b")).first_admin("admin")
    found = [one for one in house.lines() if one.level is Level.WRONG]
    assert [(one.name, one.note) for one in found] == [("pack of team-b", "none is in force")]


# The store


def test_a_store_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    file = tmp_path / "none.db"
    [line] = examine(Settings(data=tmp_path), f"sqlite:///{file}")
    assert (line.name, line.level, line.mend) == ("store", Level.WRONG, "handrail serve")
    assert not file.exists()


def test_a_database_that_does_not_answer_is_told_without_its_password() -> None:
    found = list(examine(Settings(), "postgresql://me:hush4@127.0.0.1:1/x"))
    assert [one.level for one in found] == [Level.WRONG]
    assert "cannot be reached" in found[0].note
    found += examine(Settings(), "postgrsql://me:hush4@127.0.0.1:1/x")
    assert found[1].level is Level.WRONG
    assert "hush4" not in str(found)


@pytest.mark.parametrize(
    ("version", "note"),
    [
        ("0001", "this program needs"),
        ("9999", "newer than this program"),
        ("backup-0002", "a backup"),
    ],
)
def test_tables_of_another_version_are_told_and_left(house: House, version: str, note: str) -> None:
    house.change(f"update handrail_version set version_num = '{version}'")  # noqa: S608
    line = house.line("tables", Level.WRONG)
    assert note in line.note
    engine = create_engine(address(house.url))
    with engine.connect() as connection:
        found = connection.execute(sql("select version_num from handrail_version")).scalar()
    engine.dispose()
    assert found == version
    assert "keys" not in {one.name for one in house.lines()}


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    file = tmp_path / "notes.db"
    file.write_text("my notes, which are not a database\n" * 100)
    [line] = examine(Settings(data=tmp_path), f"sqlite:///{file}")
    assert (line.name, line.level) == ("store", Level.WRONG)
    file.write_bytes(b"")
    assert next(one.note for one in examine(Settings(data=tmp_path), f"sqlite:///{file}")) == (
        "there are none: this is no store yet"
    )


def test_files_that_others_can_read_are_told(lite: House) -> None:
    file = lite.folder / "handrail.db"
    file.chmod(0o644)
    assert lite.well("files")  # the folder keeps them out
    lite.folder.chmod(0o755)
    assert "everybody on this machine" in lite.line("files", Level.WRONG).note
    file.chmod(0o640)
    lite.folder.chmod(0o750)
    assert "the group" in lite.line("files", Level.LOOK).note
    mend = lite.line("files", Level.LOOK).mend
    subprocess.run(mend.split(), check=True)
    assert lite.well("files")
    lite.folder.chmod(0o703)
    lite.line("files", Level.WRONG)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_owner_is_told(lite: House) -> None:
    assert "owner" not in {one.name for one in lite.lines()}
    os.chown(lite.file, 65534, -1)
    line = lite.line("owner", Level.WRONG)
    assert "signing-keys.json" in line.note
    subprocess.run(line.mend.split(), check=True)
    assert "owner" not in {one.name for one in lite.lines()}


def test_a_disk_with_little_room_is_told(tmp_path: Path) -> None:
    mount = ["/bin/mount", "-t", "tmpfs", "-o", "size=1100m", "tmpfs", str(tmp_path)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a file system of our own can be mounted by root only")
    try:
        house = House(f"sqlite:///{tmp_path / 'handrail.db'}", tmp_path)
        assert house.well("disk")
        with (tmp_path / "ballast").open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, 200 << 20)
        house.line("disk", Level.LOOK)
        free = shutil.disk_usage(tmp_path).free
        with (tmp_path / "more").open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, free - (60 << 20))
        house.line("disk", Level.WRONG)
        house.store.close()
    finally:
        subprocess.run(["/bin/umount", "-l", str(tmp_path)], check=True)


def test_a_log_that_somebody_holds_back_is_told(lite: House) -> None:
    reader = sqlite3.connect(lite.folder / "handrail.db", isolation_level=None)
    reader.execute("begin")
    reader.execute("select count(*) from cases").fetchone()
    writer = sqlite3.connect(lite.folder / "handrail.db", isolation_level=None)
    for number in range(70):
        writer.execute(
            "insert into payloads (workspace, key, salt, text) values ('w', ?, x'', zeroblob(?))",
            (str(number), 1 << 20),
        )
    assert "old state" in lite.line("log", Level.LOOK).note
    reader.close()
    writer.execute("pragma wal_checkpoint(truncate)")
    writer.close()
    assert lite.well("log")


def test_a_store_that_another_writes_to_for_long_is_told(
    lite: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place, "_PATIENCE", 0.2)
    writer = sqlite3.connect(lite.folder / "handrail.db", isolation_level=None)
    writer.execute("begin immediate")
    assert "locked" in lite.line("writing", Level.WRONG).note
    writer.execute("rollback")
    writer.close()
    assert lite.well("writing")


def _postgresql(empty: House) -> str:
    if empty.url.startswith("sqlite"):
        pytest.skip("of PostgreSQL")
    return empty.url


def test_a_database_that_takes_no_writes_is_told(house: House) -> None:
    name = _postgresql(house).partition("?")[0].rpartition("/")[2]
    house.change(f"alter database {name} set default_transaction_read_only = on")
    assert "no writes" in house.line("writing", Level.WRONG).note


def test_a_user_of_the_database_who_may_not_write_is_told(house: House) -> None:
    url = _postgresql(house)
    reader = f"reader_{os.getpid()}"
    house.change(f"create role {reader} login")
    house.change(f"grant pg_read_all_data to {reader}")
    try:
        house.url = url.replace("postgres@", f"{reader}@", 1)
        assert "may not write" in house.line("writing", Level.WRONG).note
    finally:
        house.url = url
        house.change(f"drop role {reader}")


def test_a_database_that_is_far_away_is_told(house: House) -> None:
    url = _postgresql(house)
    socket = Path(psycopg.conninfo.conninfo_to_dict(url)["host"]) / ".s.PGSQL.5432"
    with Relay(str(socket), delay=0.04) as relay:
        name = url.partition("?")[0].rpartition("/")[2]
        house.url = f"postgresql://postgres@127.0.0.1:{relay.port}/{name}"
        assert "a question takes" in house.line("store", Level.LOOK).note
        relay.delay = 0
        assert house.well("store")


def test_a_clock_that_is_wrong_is_told(house: House) -> None:
    if not house.url.startswith("sqlite"):
        house.shift = 20_000
        assert "20 s ahead of" in house.line("clock", Level.LOOK).note
        house.shift = -2 * MINUTE
        assert "2 min behind" in house.line("clock", Level.WRONG).note
        house.shift = 0
    house.shift = 10 * MINUTE
    Directory(house.store).add_identity("bot", Kind.PROGRAM)
    house.shift = 0
    assert "set back" in house.line("clock", Level.WRONG).note


# Who may come in, who signs


def test_an_administrator_who_cannot_come_in_is_told(house: House) -> None:
    directory = Directory(house.store)
    [token] = directory.tokens("admin")
    directory.revoke(token.id)
    assert house.line("keys", Level.WRONG).mend == "handrail key recover"
    directory.set_password("admin", "four green lamps at sea")
    assert house.well("keys")
    directory.set_password("admin", "")
    directory.recover("admin")
    assert house.well("keys")
    house.change("update identities set disabled = 5 where id = 'admin'")
    house.line("keys", Level.WRONG)


def test_a_key_that_ends_soon_is_told_until_it_is_rotated(house: House) -> None:
    directory = Directory(house.store)
    directory.add_identity("bot", Kind.PROGRAM)
    made = directory.make_token("bot", expires=house.clock() + 20 * DAY)
    assert house.well("keys")
    house.shift = 10 * DAY
    line = next(one for one in house.lines() if one.name == "keys" and one.level is Level.LOOK)
    assert "of `bot` expires in 10 d" in line.note
    assert line.mend == f"handrail key rotate {made.split('_')[1]}"
    assert made.split("_")[2] not in str(house.lines())
    directory.rotate(made.split("_")[1])
    assert house.well("keys")


def test_keys_that_sign_are_looked_for(house: House) -> None:
    away = house.file.rename(house.folder / "away.json")
    assert "not here" in house.line("signing", Level.WRONG).note
    Keys.create(house.file, wall_clock())
    assert "by another key" in house.line("signing", Level.WRONG).note
    away.rename(house.file)
    assert house.well("signing")
    house.file.chmod(0o644)
    assert "others can read" in house.line("signing", Level.WRONG).note
    house.file.chmod(0o600)
    house.signers.rotate(house.file, wall_clock())
    assert house.well("signing")
    house.unlock("checkpoints")
    house.change("update checkpoints set signature = '00' || substr(signature, 3)")
    assert "is wrong" in house.line("signing", Level.WRONG).note


def test_without_keys_and_checkpoints_somebody_should_make_them(empty: House) -> None:
    empty.file.unlink()
    assert "no keys" in empty.line("signing", Level.LOOK).note


def test_entries_that_wait_too_long_for_a_checkpoint_are_told(house: House) -> None:
    Directory(house.store).add_identity("bot", Kind.PROGRAM)
    assert house.well("checkpoint")
    house.shift = 20 * MINUTE
    assert "waited 20 min" in house.line("checkpoint", Level.LOOK).note
    house.seal()
    assert house.well("checkpoint")


# What is in force, who is there


def test_without_a_pack_nothing_can_be_decided(empty: House) -> None:
    assert empty.line("pack", Level.WRONG).note == "none is in force"


def _sources(change: Callable[[str], str]) -> loader.Sources:
    (name, text), *others = loader.gather(PACK)
    return ((name, change(text)), *others)


def test_a_pack_that_the_linter_dislikes_is_told(empty: House) -> None:
    made = policies(empty.store)
    tree = roster.tree_of(PACK, packs.load(PACK))
    without = _sources(lambda said: re.sub(r"\n +steward: .*", "", said, count=1))
    made.packs.install(without, tree, ANA)
    assert "HR110" in empty.line("pack", Level.WRONG).note


def test_a_ramp_a_roll_back_and_a_mode_wait_for_somebody(house: House) -> None:
    made = policies(house.store, simulate=short)
    other = _sources(lambda said: said.replace('version: "1.0.0"', 'version: "2"'))
    digest = made.packs.submit(other, ANA).digest
    made.packs.check(digest, ANA)
    made.packs.approve(digest, BO)
    made.packs.activate(digest, BO, 20)
    assert "20 %" in house.line("ramp", Level.LOOK).note
    made.packs.roll_back(BO)
    house.line("review", Level.LOOK)
    assert "ramp" not in {one.name for one in house.lines()}
    made.packs.review(ANA)
    assert "review" not in {one.name for one in house.lines()}


def test_a_house_of_one_person_is_told_that_it_is_for_trying(house: House) -> None:
    assert "mode" not in {one.name for one in house.lines()}
    policies(house.store).packs.mode(ANA, single=True)
    house.line("mode", Level.LOOK)


def test_a_queue_without_anybody_within_a_day_is_told(house: House) -> None:
    monday = int(datetime(2027, 1, 4, 9, tzinfo=UTC).timestamp()) * 1000
    house.shift = monday - wall_clock()
    people = policies(house.store).roster
    assert house.well("roster")
    on = house.engine().deployment
    queue = next(one for one in on.pack.queues if on.roster.members(one.name))
    for one in on.roster.members(queue.name):
        people.away(one.id, "2027-01-03", "2027-01-12", ANA)
    bad = [one for one in house.lines() if one.name == "roster"]
    assert any(f"of queue `{queue.name}`" in one.note for one in bad), bad
    house.shift += 10 * DAY
    assert house.well("roster")
    people.close(queue.name, "2027-01-13", "2027-01-19", ANA)
    assert house.well("roster")  # it is closed, as somebody wanted


def test_a_steward_who_is_gone_is_told(house: House) -> None:
    queue = house.engine().deployment.pack.queues[0]
    policies(house.store).roster.remove(queue.steward, ANA)
    found = [one for one in house.lines() if one.name == "roster" and one.level is Level.WRONG]
    assert any(f"`{queue.steward}`, the steward" in one.note for one in found)


def test_who_has_a_case_and_cannot_sign_in_is_told(house: House) -> None:
    engine = house.engine()
    engine.turn("c1", Turn(role=Speaker.CUSTOMER, text="I want to talk to a human."), id="1")
    asked = engine.case("c1").ownership.human
    if not asked:  # at night nobody is asked
        house.change("update cases set status = 'held', human = 'ana' where id = 'c1'")
        asked = "ana"
    line = house.line("people", Level.LOOK)
    assert (f"`{asked}`" in line.note, line.mend.startswith("handrail person add")) == (True, True)
    directory = Directory(house.store)
    directory.add_identity(asked, Kind.PERSON)
    directory.grant(asked, Grant(role=Role.HUMAN))
    assert house.line("people", Level.LOOK).mend == f"handrail person password {asked}"
    directory.set_password(asked, "four green lamps at sea")
    assert house.well("people")
    directory.disable(asked)
    assert house.line("people", Level.LOOK).mend == f"handrail person enable {asked}"


# What should have been done


def test_what_nobody_looks_after_is_told(house: House) -> None:
    engine = house.engine()
    engine.turn("c1", Turn(role=Speaker.CUSTOMER, text="I want to talk to a human."), id="1")
    house.shift = 61_000
    effects = house.line("effects", Level.WRONG)
    assert "should have left" in effects.note
    house.change("update effects set status = 'failed', error = 'gone'")
    assert "--state failed" in house.line("effects", Level.LOOK).mend
    house.change("update effects set status = 'quarantined'")
    assert "quarantine" in house.line("effects", Level.LOOK).note
    house.shift = 3 * DAY
    assert "a deadline that is late" in house.line("deadlines", Level.WRONG).note
    engine.fire(1000)
    assert house.well("deadlines")


def test_a_stopped_workflow_and_a_disabled_endpoint_are_told(house: House) -> None:
    engine = house.engine()
    workflow = next(iter(engine.deployment.workflows))
    engine.stop(workflow, "ana")
    assert f"`{workflow}`" in house.line("stopped", Level.LOOK).note
    engine.resume(workflow, "ana")
    assert "stopped" not in {one.name for one in house.lines()}
    row = "'default', 'shop', 'https://shop.example/hook', 'enabled', 1, '{}'"
    house.change(f"insert into endpoints values ({row})")  # noqa: S608
    assert house.well("endpoints")
    house.change("update endpoints set status = 'disabled'")
    assert "`shop`" in house.line("endpoints", Level.LOOK).note


def test_changes_that_somebody_holds_back_are_told(house: House) -> None:
    url = _postgresql(house)
    with psycopg.connect(url) as other:
        other.execute("select pg_current_xact_id()")
        Directory(house.store).add_identity("bot", Kind.PROGRAM)
        house.shift = 5 * MINUTE
        assert "5 min" in house.line("changes", Level.LOOK).note
    assert house.well("changes")


# As a program


def _run(folder: Path, *words: str, code: int) -> str:
    rest = {name: value for name, value in os.environ.items() if "HANDRAIL" not in name}
    done = subprocess.run(
        [*RUN, *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={**rest, "HANDRAIL_DATA": str(folder), "COLUMNS": "100"},
        timeout=60,
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert done.stderr == ""
    return done.stdout


def test_the_program_reads_the_settings_and_ends_with_1_when_something_is_wrong(
    lite: House,
) -> None:
    said = _run(lite.folder, code=0)
    assert said.splitlines()[0] == "ok     tables       version 0003"
    assert "0 wrong, 0 to look at" in said
    told = json.loads(_run(lite.folder, "--json", code=0))
    assert told["ok"] is True
    assert {"name", "level", "note", "mend"} == set(told["lines"][0])
    [token] = Directory(lite.store).tokens("admin")
    Directory(lite.store).revoke(token.id)
    said = _run(lite.folder, "--store", lite.url, code=1)
    assert "wrong  keys" in said
    assert "handrail key recover" in said
    told = json.loads(_run(lite.folder, "--json", code=1))
    assert told["ok"] is False


def test_it_works_while_a_service_has_the_folder(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "handrail.cli", "serve", "--data", str(tmp_path), "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=tmp_path,
    )
    try:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        said = _run(tmp_path, code=0)
        assert "0 wrong" in said
        end = time.monotonic() + 30
        while "nobody answers" in (far := _far(tmp_path, url)):
            assert time.monotonic() < end, far
        assert "ok     reach" in far
        assert stat.S_IMODE((tmp_path / "handrail.db").stat().st_mode) == 0o600
    finally:
        process.terminate()
        process.communicate(timeout=30)


def _far(folder: Path, url: str) -> Any:
    done = subprocess.run(
        [*RUN, "--url", url], capture_output=True, text=True, check=False, cwd=folder, timeout=60
    )
    return done.stdout
