"""Webhooks of a service: over the API, from a request to a receiver and back into the list."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from jsonschema import Draft7Validator

from adapters.hooking import LOOPBACK, Receiver, receiver
from handrail import config
from handrail.core.access import Grant, Role
from handrail.errors import InputError
from web.house import ASK, House, opened


@pytest.fixture
def open_house(tmp_path: Path) -> Iterator[House]:
    with opened(tmp_path / "data", private_hooks=LOOPBACK) as made:
        yield made


@pytest.fixture
def there() -> Iterator[Receiver]:
    with receiver() as made:
        yield made


def until(done: Callable[[], object]) -> None:
    end = time.monotonic() + 15
    while not done():
        assert time.monotonic() < end, "it did not come in time"
        time.sleep(0.01)


def names(there: Receiver) -> set[str]:
    return {got.event["type"].removeprefix("com.handrail.") for got in there.got}


def test_a_handoff_is_told_to_an_endpoint_and_every_event_is_as_the_document_says(
    open_house: House, there: Receiver
) -> None:
    house = open_house
    made = house.ask("admin", "POST", "/endpoints", {"url": there.url, "description": "shop"})
    assert made.status_code == 200, made.text
    told = made.json()
    assert told["status"] == "enabled"
    assert told["events"] == ["*"]
    assert house.turn("c1", ASK).status_code == 200
    directory = house.service.desk().directory
    directory.make_token("agent")
    wanted = {"case.open.v1", "case.decision.v1", "case.bundle.v1", "access.key_created.v1"}
    until(lambda: wanted <= names(there))
    document = house.client.get("/asyncapi.json").json()
    messages = {one["name"]: one["payload"] for one in document["components"]["messages"].values()}
    for number, got in enumerate(there.got):
        event = there.verify(told["secret"], number)
        payload = {**messages[event["type"]], "components": document["components"]}
        Draft7Validator(payload).validate(event)
        assert ASK not in got.body.decode()
    page = house.ask("admin", "GET", f"/endpoints/{told['id']}/deliveries?status=sent&limit=2")
    assert page.status_code == 200
    first = page.json()["items"][0]
    assert len(page.json()["items"]) == 2
    assert first["tries"][0]["http"] == 204
    assert first["id"] in {got.id for got in there.got}
    more = house.ask(
        "admin", "GET", f"/endpoints/{told['id']}/deliveries?after={page.json()['next']}"
    )
    assert first["id"] not in {one["id"] for one in more.json()["items"]}


def test_an_endpoint_is_listed_changed_rotated_tried_and_removed(
    open_house: House, there: Receiver
) -> None:
    house = open_house
    body = {"url": there.url, "events": ["case.open"]}
    made = house.ask("admin", "POST", "/endpoints", body).json()
    at = f"/endpoints/{made['id']}"
    listed = house.ask("admin", "GET", "/endpoints")
    assert [one["id"] for one in listed.json()["items"]] == [made["id"]]
    assert "whsec_" not in listed.text
    assert "whsec_" not in house.ask("admin", "GET", at).text
    changed = house.ask("admin", "PATCH", at, {"events": ["case.*"], "description": "b"}).json()
    assert (changed["events"], changed["description"], changed["url"]) == (
        *(["case.*"], "b", there.url),
    )
    new = house.ask("admin", "POST", f"{at}/rotate", {}).json()["secret"]
    assert new.startswith("whsec_")
    tried = house.ask("admin", "POST", f"{at}/test")
    assert tried.json()["type"] == "com.handrail.ping.v1"
    until(lambda: there.got)
    assert there.verify(new)
    assert there.verify(made["secret"])
    assert house.ask("admin", "PATCH", at, {"enabled": False}).json()["status"] == "disabled"
    refused = house.ask("admin", "POST", f"{at}/test")
    assert (refused.status_code, refused.json()["code"]) == (409, "refused")
    assert house.ask("admin", "DELETE", at).status_code == 200
    assert house.ask("admin", "GET", at).status_code == 404
    assert house.ask("admin", "DELETE", at).status_code == 404


def test_what_failed_is_tried_again_when_somebody_says_so(
    open_house: House, there: Receiver
) -> None:
    house = open_house
    there.status, there.body = 410, b"moved away"
    made = house.ask("admin", "POST", "/endpoints", {"url": there.url, "events": ["case.*"]}).json()
    at = f"/endpoints/{made['id']}"
    house.turn("c1", "Where is my order?")
    until(lambda: house.ask("admin", "GET", at).json()["status"] == "disabled")
    assert house.ask("admin", "GET", at).json()["reason"] == "gone"
    (failed, *_) = house.ask("admin", "GET", f"{at}/deliveries?status=failed").json()["items"]
    assert (failed["error"], failed["tries"][0]["said"]) == ("http_410", "moved away")
    there.status = 204
    house.ask("admin", "PATCH", at, {"enabled": True})
    one = house.ask("admin", "POST", f"{at}/replay", {"delivery": failed["id"]})
    assert one.json()["count"] == 1
    until(lambda: sum(got.id == failed["id"] for got in there.got) == 2)
    there.verify(made["secret"])
    assert house.ask("admin", "POST", f"{at}/replay", {"delivery": "msg_0"}).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"url": "https://user:pw@example.com/"},
        {"url": "http://10.0.0.1/"},
        {"url": "https://169.254.169.254/"},
        {"url": "gopher://example.com"},
        {"url": "https://example.com/" + "x" * 2_000},
        {"url": "https://example.com", "events": ["case.opn"]},
        {"url": "https://example.com", "description": "a\nb"},
        {"url": "https://example.com", "secret": "mine"},
        {"url": 5},
        {},
    ],
)
def test_what_cannot_be_meant_is_refused_and_nothing_is_kept(
    shared: House, body: dict[str, object]
) -> None:
    found = shared.ask("admin", "POST", "/endpoints", body)
    assert found.status_code == 422, found.text
    assert found.json()["code"] == "bad_input"
    assert "pw@" not in found.text
    assert shared.ask("admin", "GET", "/endpoints").json()["items"] == []


def test_only_who_administers_the_whole_workspace_sees_endpoints(shared: House) -> None:
    shared.add("half", Grant(role=Role.ADMIN, workflow="support"))
    for who in (*(role.value for role in Role if role is not Role.ADMIN), "half"):
        assert shared.ask(who, "GET", "/endpoints").status_code == 403
        assert shared.ask(who, "POST", "/endpoints", {"url": "https://a.b"}).status_code == 403


def test_workspaces_know_nothing_of_one_another(open_house: House, there: Receiver) -> None:
    house = open_house
    house.add("boss", Grant(role=Role.ADMIN), workspace="other")
    house.add("bot", Grant(role=Role.AGENT), workspace="other")
    made = house.ask("boss", "POST", "/endpoints", {"url": there.url, "events": ["case.*"]}).json()
    assert house.ask("admin", "GET", "/endpoints").json()["items"] == []
    for path in ("", "/deliveries"):
        assert house.ask("admin", "GET", f"/endpoints/{made['id']}{path}").status_code == 404
    for path in ("/rotate", "/replay", "/test"):
        assert house.ask("admin", "POST", f"/endpoints/{made['id']}{path}", {}).status_code == 404
    house.turn("c-ours", ASK)
    house.turn("c-theirs", ASK, who="bot")
    until(lambda: "case.open.v1" in names(there))
    assert {got.event["subject"] for got in there.got} == {"c-theirs"}
    assert {got.event["source"] for got in there.got} == {"urn:handrail:other"}


def test_the_document_needs_no_key_and_is_an_asyncapi(shared: House) -> None:
    found = shared.client.get("/asyncapi.json")
    assert found.status_code == 200
    told = found.json()
    assert told["asyncapi"] == "3.0.0"
    for name, one in told["channels"]["webhooks"]["messages"].items():
        assert one["$ref"].rpartition("/")[2] == name
        assert told["components"]["messages"][name]["name"].endswith(f"{name}.v1")
    text = json.dumps(told)
    for ref in {part.split('"')[0] for part in text.split('"$ref": "#/')[1:]}:
        place = told
        for step in ref.split("/"):
            place = place[step]


def test_a_range_that_is_none_is_told_where_it_was_said() -> None:
    for wrong in ("10.0.0.0/33", "10.0.0.1/8", "inside", "10.0.0.0/8,x"):
        with pytest.raises(InputError, match="variable `HANDRAIL_PRIVATE_HOOKS` is wrong"):
            config.load(environment={"HANDRAIL_PRIVATE_HOOKS": wrong})
    found = config.load(environment={"HANDRAIL_PRIVATE_HOOKS": "10.1.0.0/16, fd00::/8"})
    assert found.private_hooks == ("10.1.0.0/16", "fd00::/8")
