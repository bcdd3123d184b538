"""A whole case over HTTP: begun, handed off, accepted, answered, handed back, closed, verified."""

from typing import Any

from web.house import ASK, House


def step(one: str, action: str = "refund") -> dict[str, str]:
    return {"id": one, "action": action}


def person(house: House) -> str:
    """A key for whoever is asked to take the case."""
    name = str(house.ask("supervisor", "GET", "/cases/c1").json()["human"])
    assert name
    from handrail.core.access import Grant, Role

    house.add(name, Grant(role=Role.HUMAN))
    return name


def test_a_case_from_its_first_turn_to_its_closure(house: House) -> None:
    first = house.turn("c1", "Where is my order 4711?", customer="cust-1")
    assert (first.status_code, first.json()["status"]) == (200, "ai")
    said = house.turn("c1", "It is on its way.", role="agent", epoch=first.json()["epoch"])
    assert said.json()["paused"] is False
    opened = house.turn("c1", ASK).json()
    assert (opened["opened"], opened["outcome"], opened["paused"]) == (True, "handoff", True)
    assert opened["notices"]
    late = house.turn("c1", "I can help!", role="agent", epoch=first.json()["epoch"])
    assert (late.status_code, late.json()["code"]) == (409, "stale_epoch")

    who = person(house)
    bundle = house.ask(who, "GET", "/cases/c1/bundle").json()["bundle"]
    assert bundle["trigger"] == "explicit_request"
    assert house.act("human", "c1", "accept").json()["code"] == "proposed_to_other"
    accepted = house.act(who, "c1", "accept").json()
    assert accepted["owner"] == {"kind": "human", "id": who}
    key = {"idempotency-key": "m1"}
    sent = house.ask(who, "POST", "/cases/c1/messages", {"text": "I am here."}, **key)
    assert sent.json()["message"]
    effects = house.ask("agent", "GET", "/cases/c1/effects").json()["items"]
    assert "I am here." in [one["text"] for one in effects]

    back = house.act(who, "c1", "handback", steps=[step("1")]).json()
    assert back["status"] == "delegated"
    for body in (
        {"command": "begin", "step": "1"},
        {"command": "report", "step": "1", "progress": "done"},
    ):
        name = {"idempotency-key": body["command"]}
        done = house.ask("agent", "POST", "/cases/c1/agent-commands", body, **name)
        assert done.status_code == 200, done.text
    closed = house.act(
        who, "c1", "resolve", disposition="solved", note="Refunded.", verdict={"helpful": True}
    ).json()
    assert (closed["status"], closed["owner"]) == ("closed", None)

    assert house.ask("auditor", "POST", "/ledger/checkpoints").json() == {"checkpoint": 1}
    verified = house.ask("auditor", "GET", "/ledger/verify").json()
    assert (verified["ok"], verified["findings"]) == (True, [])
    names = [one["name"] for one in house.ask("auditor", "GET", "/ledger/entries").json()["items"]]
    assert {"open", "accept", "handback", "begin", "report", "resolve"} <= set(names)
    texts = house.ask(who, "GET", "/cases/c1/transcript").json()["items"]
    assert [one["turn"]["role"] for one in texts][:3] == ["customer", "agent", "customer"]


def test_a_transcript_shows_how_sure_the_ai_was(house: House) -> None:
    house.turn("c1", "Where is my order?")
    body = {"turn": {"role": "agent", "text": "On its way.", "confidence": 0.7}}
    house.ask("agent", "POST", "/cases/c1/turns", body, **{"idempotency-key": "a1"})
    told = house.ask("human", "GET", "/cases/c1/transcript").json()["items"]
    assert told[1]["turn"]["confidence"] == 0.7


def test_whoever_reads_what_is_to_be_delivered_is_recorded_but_for_who_delivers_it(
    house: House,
) -> None:
    house.turn("c1", ASK)
    for who, count in (("agent", 0), ("auditor", 1), ("human", 2)):
        house.ask(who, "GET", "/cases/c1/effects")
        entries = house.ask("auditor", "GET", "/cases/c1/entries").json()["items"]
        assert [one["name"] for one in entries].count("read") == count


def test_the_same_key_gets_the_same_answer_and_another_body_a_conflict(house: House) -> None:
    body: dict[str, Any] = {"turn": {"role": "customer", "text": ASK}}
    key = {"idempotency-key": "once"}
    first = house.ask("agent", "POST", "/cases/c1/turns", body, **key)
    again = house.ask("agent", "POST", "/cases/c1/turns", body, **key)
    assert (first.status_code, first.json()) == (200, again.json())
    other = {"turn": {"role": "customer", "text": "Something else"}}
    found = house.ask("agent", "POST", "/cases/c1/turns", other, **key)
    assert (found.status_code, found.json()["code"]) == (409, "conflict")
    none = house.ask("agent", "POST", "/cases/c1/turns", body)
    assert (none.status_code, none.json()["code"]) == (422, "bad_input")


def test_a_refusal_says_why_who_and_what_the_case_is_now(house: House) -> None:
    house.turn("c1", ASK)
    asked = house.ask("supervisor", "GET", "/cases/c1").json()["human"]
    found = house.act("human", "c1", "accept")
    told = found.json()
    assert (found.status_code, told["code"], told["who"]) == (409, "proposed_to_other", asked)
    assert told["case"]["status"] == "proposed"
    assert found.headers["content-type"] == "application/problem+json"


def test_many_cases_are_moved_at_once_after_a_preview(house: House) -> None:
    names = [f"c{number}" for number in range(4)]
    for name in names:
        house.turn(name, ASK)
    body = {"cases": names, "command": {"command": "prioritise", "priority": 7}, "id": "b1"}
    seen = house.ask("supervisor", "POST", "/commands", {**body, "preview": True}).json()
    assert {one["refused"] for one in seen["cases"].values()} == {""}
    assert {house.ask("human", "GET", f"/cases/{name}").json()["priority"] for name in names} == {1}
    house.ask("supervisor", "POST", "/commands", body)
    assert {house.ask("human", "GET", f"/cases/{name}").json()["priority"] for name in names} == {7}
    wrong = house.ask("supervisor", "POST", "/commands", {**body, "cases": ["nope"], "id": "b2"})
    assert wrong.status_code == 404


def test_a_list_comes_in_pages_that_leave_nothing_out(house: House) -> None:
    names = [f"case-{number:02}" for number in range(23)]
    for name in names:
        house.turn(name, "Hello")
    found, after = [], ""
    while True:
        page = house.ask("human", "GET", f"/cases?limit=5&after={after}").json()
        found += [one["case"] for one in page["items"]]
        after = page["next"]
        if not after:
            break
        house.turn(f"a-late-{len(found)}", "Hello")  # before what was read
    assert found == names
    wrong = house.ask("human", "GET", "/cases?after=AAA")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "bad_input")


def test_one_command_stops_the_ai_of_a_workflow(house: House) -> None:
    begun = house.turn("c1", "Hello").json()
    assert house.ask("supervisor", "POST", "/workflows/support/stop").json()["cases"] == 1
    said = house.turn("c1", "Hi", role="agent", epoch=begun["epoch"], deliver=True)
    assert (said.status_code, said.json()["code"]) in {(409, "stopped"), (409, "stale_epoch")}
    assert house.ask("supervisor", "POST", "/workflows/support/resume").status_code == 200
    assert house.ask("supervisor", "POST", "/workflows/nope/stop").status_code == 404


def test_an_approval_is_of_one_exact_action_once(house: House) -> None:
    epoch = house.turn("c1", "Refund me").json()["epoch"]
    asked = {"tool": "refund", "args": {"amount": 5}, "id": "ap1"}
    assert house.ask("agent", "POST", "/cases/c1/approvals", asked).json()["status"] == "open"
    who = house.ask("human", "GET", "/cases/c1").json()["human"] or "support-lead"
    from handrail.core.access import Grant, Role

    house.add(who, Grant(role=Role.HUMAN))
    epoch = house.ask("human", "GET", "/cases/c1").json()["epoch"]
    stranger = house.ask("human", "POST", "/approvals/ap1/answer", {"granted": True})
    assert stranger.status_code == 409
    yes = house.ask(who, "POST", "/approvals/ap1/answer", {"granted": True}).json()
    assert (yes["status"], yes["by"]) == ("granted", who)
    now = house.ask("human", "GET", "/cases/c1").json()
    if now["status"] == "ai":
        for args, status in (({"amount": 6}, 409), ({"amount": 5}, 200), ({"amount": 5}, 409)):
            body = {"action": "refund", "args": args, "epoch": epoch}
            assert house.ask("agent", "POST", "/cases/c1/admissions", body).status_code == status
