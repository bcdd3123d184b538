"""The service in this process: its workspaces, its first key, its alarms, its end."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from handrail import Role, Turn
from handrail.books import PACKS, ROSTER
from handrail.config import Settings
from handrail.core.access import Right, may
from handrail.core.ownership import Actor, Party
from handrail.errors import NotFound, Unauthenticated, Unavailable
from handrail.ports import Delivery
from handrail.prove import Keys
from handrail.wiring.service import Service
from handrail.wiring.state import look
from postgres import drop_database, fresh_database, server_or_skip

ASK = Turn(role=Role.CUSTOMER, text="I want to talk to a human.")
Make = Callable[..., Service]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[Service] = []

    def one(**settings: Any) -> Service:
        made.append(Service(Settings(**({"data": tmp_path / "data"} | settings))))
        return made[-1]

    yield one
    for service in made:
        service.stop()


def until(done: Callable[[], object]) -> None:
    end = time.monotonic() + 10
    while not done():
        assert time.monotonic() < end, "it did not come in time"
        time.sleep(0.01)


def test_the_first_start_makes_an_administrator_and_the_next_does_not(make: Make) -> None:
    service = make()
    key = service.first_key()
    principal = service.authenticate(key)
    assert principal.workspace == "default"
    assert may(principal.grants, Right.ADMINISTER)
    assert not may(principal.grants, Right.READ_TRANSCRIPT)
    service.stop()
    again = make()
    assert again.first_key() == ""
    assert again.authenticate(key).identity.id == "admin"
    with pytest.raises(Unauthenticated):
        again.authenticate("hr_0000000000000000_" + "0" * 64)


def test_the_data_folder_is_private_and_of_one_service(make: Make, tmp_path: Path) -> None:
    make()
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
    with pytest.raises(Unavailable, match="another service has the data folder"):
        make()


def test_a_workspace_begins_with_the_pack_of_the_settings_and_keeps_what_is_in_force(
    make: Make,
) -> None:
    wrong = make(pack="no-such-pack")
    with pytest.raises(NotFound):
        wrong.first_key()
    wrong.stop()
    service = make(pack="ops-agent")
    assert service.first_key()
    assert service.desk().engine.deployment.pack.name == "ops-agent"
    assert service.desk().lifecycle.history()[0].actor == "system:service"
    service.stop()
    again = make(pack="sales-assist")
    assert again.desk().engine.deployment.pack.name == "ops-agent"


def test_what_another_process_changes_is_taken_over_within_a_second() -> None:
    url = fresh_database(server_or_skip())
    one, two = (Service(Settings(database_url=url)) for _ in "ab")  # type: ignore[arg-type]
    one.start()
    two.start()
    try:
        before = two.desk().engine.deployment.roster.version
        assert one.desk().rostering.show()[0] == before
        by = Actor(kind=Party.HUMAN, id="lead", supervisor=True)
        one.desk().rostering.put("zoe", {"name": "Zoe", "queues": ["frontline"]}, by)
        until(lambda: two.desk().engine.deployment.roster.version == before + 1)
    finally:
        one.stop()
        two.stop()
        drop_database(url)


def test_what_is_to_be_sent_stands_ready_and_is_not_said_to_be_sent(make: Make) -> None:
    service = make()
    service.start()
    desk = service.desk()
    desk.engine.turn("c-1", ASK, id="m1")
    until(lambda: all(one.effect.status is not Delivery.QUEUED for one in desk.effects("c-1")))
    found = {one.effect.kind: one for one in desk.effects("c-1")}
    assert found["notice"].effect.status is Delivery.ACCEPTED
    assert found["notice"].text
    assert not found["notice"].late


def test_what_the_ai_said_before_the_owner_changed_is_withheld(make: Make) -> None:
    service = make()
    service.start()
    desk = service.desk()
    desk.engine.turn("c-1", Turn(role=Role.CUSTOMER, text="Where is my order?"), id="m1")
    desk.engine.send("c-1", "It left the depot.", id="m2")

    def said() -> Any:
        return next(one for one in desk.effects("c-1") if one.effect.kind == "message")

    until(lambda: said().effect.status is Delivery.ACCEPTED)
    assert said().text == "It left the depot."
    desk.engine.turn("c-1", ASK, id="m3")
    assert said().text is None
    assert said().late == "owner_changed"


def test_workspaces_see_nothing_of_one_another_and_all_of_them_run(make: Make) -> None:
    service = make()
    service.start()
    service.desk("a").engine.turn("c-1", ASK, id="m1")
    service.desk("b").engine.turn("c-1", ASK, id="m1")
    for name in "ab":
        desk = service.desk(name)
        until(lambda desk=desk: desk.effects("c-1")[0].effect.status is Delivery.ACCEPTED)
        cases = {one.entry.case for one in desk.feed.read(desk.feed.first()).changes}
        assert cases == {"c-1", PACKS, ROSTER}
    assert not service.desk("c").effects("c-1")
    service.stop()
    again = make()
    again.start()
    assert {one.workspace for one in again.desks()} == {"default", "a", "b", "c"}


def test_a_service_that_works_is_ready_and_one_whose_alarms_sleep_is_not(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = make()
    service.start()
    assert all(one.ok and not one.note for one in look(service))
    service.desk().alarms.stop()
    monkeypatch.setattr("handrail.wiring.desk._QUIET", 0.05)
    time.sleep(0.1)
    wrong = {one.name: one.note for one in look(service) if not one.ok}
    assert list(wrong) == ["alarms"]


def test_a_store_that_is_away_is_not_ready_and_comes_back() -> None:
    url = fresh_database(server_or_skip())
    service = Service(Settings(database_url=url))  # type: ignore[arg-type]
    service.start()
    try:
        assert all(one.ok for one in look(service))
        drop_database(url)
        found = list(look(service))
        assert [(one.name, one.ok) for one in found] == [("store", False)]
        assert "cannot be reached" in found[0].note
    finally:
        service.stop()


def test_checkpoints_are_taken_and_kept_outside_while_it_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handrail.wiring.service.TICK", 0.05)
    Keys.create(tmp_path / "keys", 1)
    witness = tmp_path / "points.jsonl"
    settings = Settings(
        data=tmp_path / "sealed", signing_keys=tmp_path / "keys", witness=str(witness)
    )
    service = Service(settings.model_copy(update={"checkpoint_every": 0}))
    service.start()
    try:
        service.desk().engine.turn("c-1", ASK, id="m1")
        until(lambda: witness.exists() and len(witness.read_text().splitlines()) >= 1)
        assert json.loads(witness.read_text().splitlines()[0])
    finally:
        service.stop()


def test_settings_that_may_change_while_it_runs_do(make: Make) -> None:
    service = make()
    new = service.settings.model_copy(update={"rate": 7, "port": 1})
    assert service.reload(new) == (["rate"], ["port"])
    assert service.settings.rate == 7
    assert service.settings.port != 1
