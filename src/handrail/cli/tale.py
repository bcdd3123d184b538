"""The demo's case over HTTP. Who says what is written here; what comes of it is answered."""

import time
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from handrail.cli.live import Live

TITLE = "A whole case over HTTP: the parcel that never came"
_CASE = "/cases/order-77120"
_BOT, _BOSS, _AUDITOR = "shop-bot", "lead", "auditor"
_ASK = "Friday is too late, and my card 4111 1111 1111 1111 was charged. Let me talk to a person."
_PLAN = ("issue_refund", "send_again")


def play(live: "Live") -> None:
    """From the first turn to the closure and the verified ledger."""
    for name, kind, role in (
        (_BOT, "program", "agent"),
        (_BOSS, "person", "supervisor"),
        (_AUDITOR, "program", "auditor"),
    ):
        live.enter(name, kind, role)
    epoch = _begins(live)
    who = _waits(live)
    _takes(live, who, epoch)
    _plans(live, who)
    _closes(live, who)


def _turn(live: "Live", role: str, text: str, **more: Any) -> dict[str, Any]:
    turn = {"role": role, "text": text, **more.pop("turn", {})}
    return live.must(_BOT, "POST", f"{_CASE}/turns", {"turn": turn, **more})


def _begins(live: "Live") -> list[int]:
    """Until the transfer; the epoch that the AI saw."""
    live.head("1. The AI has the case: its program tells each turn")
    _turn(live, "customer", "My order 77120 was due last week, and nothing has come.")
    failed = {"tool": "track_parcel", "error": True}
    _turn(live, "tool", "Gateway timeout", turn=failed)
    said = _turn(live, "agent", "It should come on Friday.", turn={"confidence": 0.7})
    epoch: list[int] = said["epoch"]
    live.note("answer", f"{said['outcome']}; the AI goes on, under epoch {_shown(epoch)}")

    live.head("2. The customer asks for a person: decided and handed over, in one transaction")
    asked = _turn(live, "customer", _ASK)
    reasons = asked["decision"]["reasons"]
    live.note("decided", f"{asked['outcome']}, {reasons[0]['trigger']}")
    for told in asked["notices"]:
        live.note("told", f"“{told['text']}”")
    live.note("now", f"{asked['status']} in `{asked['queue']}`, epoch {_shown(asked['epoch'])}")
    return epoch


def _waits(live: "Live") -> str:
    """See who is asked; out of hours the first of the queue."""
    live.head("3. It stands in the queue")
    case = live.must(_BOSS, "GET", _CASE)
    queues = live.must(_BOSS, "GET", "/queues")["items"]
    queue = next(one for one in queues if one["queue"] == case["queue"])
    who: str = case["human"] or queue["people"][0]["id"]
    asked = f"{who} is asked" if case["human"] else f"nobody is at work now; {who} takes it anyway"
    live.note("queue", f"`{queue['queue']}`: {asked}; steward {queue['steward']} answers for it")
    live.enter(who, "person", "human")
    return who


def _takes(live: "Live", who: str, epoch: list[int]) -> None:
    live.head("4. The AI comes late, under the epoch that it saw: refused")
    late = {"text": "I can offer you a voucher instead!", "epoch": epoch, "confidence": 0.9}
    status, answer = live.ask(_BOT, "POST", f"{_CASE}/messages", late)
    assert status == 409, answer
    live.note("why", answer["detail"])

    live.head("5. A person accepts, reads the bundle and answers")
    live.must(who, "POST", f"{_CASE}/commands", {"command": "accept"})
    bundle = live.must(who, "GET", f"{_CASE}/bundle")["bundle"]
    for label, text in _bundle(bundle):
        live.note(label, text)
    text = "A person here. It is lost; I refund it, and a new one leaves today."
    live.must(who, "POST", f"{_CASE}/messages", {"text": text})


def _bundle(bundle: dict[str, Any]) -> list[tuple[str, str]]:
    """A few lines of it."""
    steps = [one["text"] for one in bundle.get("next_steps", ())][:2]
    tried = [one["text"] for one in bundle.get("attempts", ())][:1]
    found = [("goal", bundle.get("goal", {}).get("text", ""))]
    found += [("tried", one) for one in tried] + [("next", one) for one in steps]
    return [(label, text) for label, text in found if text]


def _plans(live: "Live", who: str) -> None:
    live.head("6. Handed back with a plan: the AI may do this, and nothing else")
    steps = [{"id": str(n), "action": action} for n, action in enumerate(_PLAN, 1)]
    body = {"command": "handback", "steps": steps}
    epoch = live.must(who, "POST", f"{_CASE}/commands", body)["epoch"]
    for step in steps:
        path = f"{_CASE}/agent-commands"
        live.must(_BOT, "POST", path, {"command": "begin", "step": step["id"]})
        what = {"action": step["action"], "epoch": epoch}
        live.must(_BOT, "POST", f"{_CASE}/admissions", what)
        if step is steps[0]:
            status, answer = live.ask(_BOT, "POST", f"{_CASE}/admissions", what)
            assert status == 409, answer
            live.note("why", answer["detail"])
        done = {"command": "report", "step": step["id"], "progress": "done"}
        live.must(_BOT, "POST", path, done)


def _closes(live: "Live", who: str) -> None:
    live.head("7. Closed with a verdict; the ledger is signed and verified")
    verdict = {"helpful": True, "right_reviewer": True, "timing": "right"}
    note = "Refunded and sent again; the customer was told."
    body = {"command": "resolve", "disposition": "solved", "note": note, "verdict": verdict}
    live.must(who, "POST", f"{_CASE}/commands", body)
    live.must(_AUDITOR, "POST", "/ledger/checkpoints")
    found = live.must(_AUDITOR, "GET", "/ledger/verify")
    right = "nothing was changed" if found["ok"] else f"WRONG: {found['findings']}"
    live.note("verified", f"{found['entries']} entries of {found['cases']} chains; {right}")
    names = [one["name"] for one in live.must(_AUDITOR, "GET", f"{_CASE}/entries")["items"]]
    live.note("ledger", " · ".join(names))


def stay(live: "Live") -> None:
    """Until Ctrl-C: say what can be asked, and by whom."""
    typer.secho(f"\nThe service goes on at {live.url} until you press Ctrl-C.", bold=True)
    typer.echo("Its keys and its data go with it. In another terminal:")
    typer.echo(f"  export HANDRAIL_URL={live.url}")
    typer.echo(f"  export HANDRAIL_KEY={live.keys[_BOSS]}   # {_BOSS}, a supervisor")
    typer.echo('  curl -H "Authorization: Bearer $HANDRAIL_KEY" $HANDRAIL_URL/v1/cases')
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        typer.echo("\nended")


def _shown(epoch: list[int]) -> str:
    return f"{epoch[0]}.{epoch[1]}"
