"""Nobody does or sees more than they may: for every route, made of the table of routes."""

import json
import re
from typing import Any

import pytest
from fastapi.routing import APIRoute

from handrail.core.access import RIGHTS, Grant, Right, Role
from handrail.web import auth
from handrail.web.app import ROUTERS
from handrail.web.auth import Reach
from web.house import ASK, House

ROUTES = [route for one in ROUTERS for route in one.routes if isinstance(route, APIRoute)]
OPEN = {"sign_in"}
"""Routes that need no key."""
NEEDED = [route for route in ROUTES if route.operation_id not in OPEN]
IDS = [str(route.operation_id) for route in NEEDED]
MARK = "zanzibar"


def need(route: APIRoute) -> auth.Need:
    (found,) = auth.declared(route.dependant)
    return found


def method(route: APIRoute) -> str:
    return min(route.methods)


def address(route: APIRoute, case: str = "c1") -> str:
    path = route.path.removeprefix("/v1").replace("{case}", case)
    return re.sub(r"{\w+}", "1", path)


def ask(house: House, who: str, route: APIRoute, case: str = "c1") -> Any:
    if route.operation_id == "stream_events":
        return None  # does not end; it has tests of its own
    key = {"idempotency-key": f"{route.operation_id}-{who}-{case}"}
    return house.ask(
        who, method(route), address(route, case), {} if method(route) != "GET" else None, **key
    )


def test_every_route_declares_exactly_one_right() -> None:
    assert len(ROUTES) > 50
    for route in NEEDED:
        found = auth.declared(route.dependant)
        assert len(found) == 1, route.path
        of_case = "{case}" in route.path and route.operation_id != "take_turn"  # that begins one
        assert of_case == (found[0].reach is Reach.CASE), route.path
    assert {str(one.operation_id) for one in ROUTES} >= OPEN


@pytest.mark.parametrize("route", NEEDED, ids=IDS)
def test_without_a_key_nothing_is_answered(shared: House, route: APIRoute) -> None:
    for headers in ({}, {"authorization": "Bearer hr_0_0"}, {"authorization": "Basic eDp5"}):
        found = shared.client.request(
            method(route), f"/v1{address(route)}", headers=headers, json={}
        )
        assert found.status_code == 401, found.text
        assert found.json()["code"] == "unauthenticated"


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("route", NEEDED, ids=IDS)
def test_a_role_does_what_its_rights_say_and_nothing_else(
    shared: House, route: APIRoute, role: Role
) -> None:
    if shared.ask("agent", "GET", "/cases/c1").status_code == 404:
        assert shared.turn("c1", ASK).status_code == 200
    found = ask(shared, role.value, route)
    if found is None:
        return
    wanted = need(route)
    allowed = wanted.reach is Reach.SELF or wanted.right in RIGHTS[role]
    sees = Right.READ_CASE in RIGHTS[role]
    if allowed:
        refused = found.status_code == 403 and "needs the right" in found.text
        assert not refused, found.text
        assert found.status_code not in {401, 500}, found.text
    elif wanted.reach is Reach.CASE and not sees:
        assert found.status_code == 404, found.text
    else:
        assert (found.status_code, found.json()["code"]) == (403, "forbidden"), found.text
    if route.operation_id == "sign_out":
        shared.keys[role.value] = shared.service.desk().directory.make_token(role.value)


@pytest.fixture(scope="module")
def split(shared: House) -> House:
    """Cases and texts with a mark, that some may not see."""
    shared.add("elsewhere", Grant(role=Role.SUPERVISOR), workspace="other", who="boss")
    for role in Role:
        shared.add(f"other-{role}", Grant(role=role), workspace="other", who=f"o-{role}")
    for role in (Role.HUMAN, Role.SUPERVISOR, Role.AUDITOR):
        shared.add(f"far-{role}", Grant(role=role, queue="nowhere"), who=f"far-{role}")
    shared.add("far-agent", Grant(role=Role.AGENT, workflow="nothing"), who="far-agent")
    made = shared.turn(
        f"case-{MARK}",
        f"{ASK}, says {MARK}",
        customer=MARK,
        transcript=f"https://example.org/{MARK}",
        values={"order": {"name": MARK}},
    )
    assert made.json()["opened"]
    return shared


@pytest.mark.parametrize("route", NEEDED, ids=IDS)
def test_nothing_leaks_across_workspaces_or_out_of_scope(split: House, route: APIRoute) -> None:
    if route.operation_id in {"stream_events", "sign_out"}:
        return
    names = [f"other-{role}" for role in Role] + ["elsewhere", "far-agent"]
    names += [f"far-{role}" for role in (Role.HUMAN, Role.SUPERVISOR, Role.AUDITOR)]
    for who in names:
        found = ask(split, who, route, f"case-{MARK}")
        told = json.dumps(found.json()) if found.text else ""
        assert MARK not in told.replace(f"case-{MARK}", ""), (who, told)
        if "{case}" in route.path and route.operation_id != "take_turn":
            assert found.status_code == 404, (who, found.text)
        elif found.status_code == 200 and route.operation_id != "take_turn":
            assert MARK not in told, (who, told)


def test_a_case_out_of_reach_looks_as_one_that_is_not_there(split: House) -> None:
    hidden = split.ask("far-human", "GET", f"/cases/case-{MARK}").json()
    absent = split.ask("far-human", "GET", "/cases/case-zanzibaR").json()
    assert {**hidden, "detail": ""} == {**absent, "detail": ""}
    assert hidden["detail"].replace(MARK, "x") == absent["detail"].replace("zanzibaR", "x")
    assert split.ask("far-human", "GET", "/cases").json() == {"items": [], "next": ""}


def test_a_workspace_has_its_own_case_of_the_same_name(split: House) -> None:
    made = split.turn(f"case-{MARK}", "Hello", who="other-agent")
    assert made.status_code == 200
    assert made.json()["status"] == "ai"
    found = split.ask("human", "GET", f"/cases/case-{MARK}").json()
    assert found["status"] != "ai"


def test_a_topic_or_a_queue_bounds_what_is_seen(split: House) -> None:
    split.add("queue-human", Grant(role=Role.HUMAN, queue="frontline"), who="queue-human")
    split.add("topic-human", Grant(role=Role.HUMAN, topic="security"), who="topic-human")
    path = f"/cases/case-{MARK}"
    queue = split.ask("human", "GET", path).json()["queue"]
    assert queue == "frontline"
    assert split.ask("queue-human", "GET", path).status_code == 200
    assert split.ask("topic-human", "GET", path).status_code == 404


def test_an_agent_of_one_workflow_begins_no_case_of_another(split: House) -> None:
    found = split.turn("new-case", "Hello", who="far-agent")
    assert (found.status_code, found.json()["code"]) == (403, "forbidden")


def test_a_key_that_was_revoked_is_refused_at_once(shared: House) -> None:
    shared.add("gone", Grant(role=Role.ANALYST), who="gone")
    assert shared.ask("gone", "GET", "/packs").status_code == 200
    shared.ask("admin", "POST", f"/keys/{shared.keys['gone'].split('_')[1]}/revoke")
    assert shared.ask("gone", "GET", "/packs").status_code == 401


def test_reading_what_was_said_stands_in_the_ledger(house: House) -> None:
    house.turn("c1", ASK)
    for path in ("transcript", "bundle"):
        assert house.ask("human", "GET", f"/cases/c1/{path}").status_code == 200
    entries = house.ask("auditor", "GET", "/cases/c1/entries").json()["items"]
    read = [(one["actor"], one["body"]["what"]) for one in entries if one["name"] == "read"]
    assert read == [("human:human", "transcript"), ("human:human", "bundle")]


def test_a_session_changes_something_only_with_our_header(house: House) -> None:
    house.service.desk().directory.set_password("supervisor", "correct horse battery")
    body = {"person": "supervisor", "password": "correct horse battery"}
    made = house.client.post("/v1/sessions", json=body)
    assert made.status_code == 200
    assert "httponly" in made.headers["set-cookie"].lower()
    assert house.client.get("/v1/me").json()["id"] == "supervisor"
    house.turn("c1", "Hello")
    say = {"command": "takeover"}
    key = {"idempotency-key": "k"}
    assert house.client.post("/v1/cases/c1/commands", json=say, headers=key).status_code == 403
    more = {**key, "x-handrail-csrf": "1"}
    assert house.client.post("/v1/cases/c1/commands", json=say, headers=more).status_code == 200
    wrong = {"person": "supervisor", "password": "wrong horse battery"}
    assert house.client.post("/v1/sessions", json=wrong).status_code == 401
    nowhere = {**body, "workspace": "made-up"}
    assert house.client.post("/v1/sessions", json=nowhere).status_code == 401
    assert "made-up" not in [one.workspace for one in house.service.desks()]
