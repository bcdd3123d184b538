"""Laws of time: 16, 17, 20."""

from collections.abc import Iterator

from handrail.core.model import Role
from handrail.core.sla import Kind
from handrail.testing.laws.fold import WAITS, WITH_AI
from handrail.testing.laws.sight import ANY_CASE, Sight, person_of

_RUNS = {
    Kind.ACCEPT: {"queued", "proposed"},
    Kind.FIRST_RESPONSE: {*WAITS, "held"},
    Kind.NEXT_RESPONSE: {*WAITS, "held"},
    Kind.CALLBACK: {"fallback", "proposed"},
    Kind.AI_SILENCE: {"ai", "delegated"},
    Kind.HOLDER_SILENCE: {"held"},
    Kind.HOLDER_AWAY: {"held"},
    Kind.PROPOSAL: {"proposed"},
    Kind.MANDATE: {"delegated"},
    Kind.OFFER: {"ai"},
}
"""In which states a clock of a kind means anything."""
_OF_TIME = frozenset(
    {"clock", "expire", "escalate", "fall_back", "release", "return", "offer", "approval"}
)
"""What clocks bring about. Whom to ask is looked for at every alarm, and that is no clock."""
_MACHINES = frozenset({"expire", "clock", "return"})


def law_16(sight: Sight) -> Iterator[str]:
    """Unclosed means at least one armed deadline; closed means none."""
    status, found = sight.fold.status, {one.kind: one for one in sight.deadlines}
    armed = [one for one in sight.deadlines if one.armed]
    if status == "closed":
        if found:
            yield f"closed, and {[*found]} are still there"
        return
    if not armed:
        yield f"{status}, and no deadline is armed"
    paused = [one.kind for one in sight.deadlines if one.paused_at]
    if paused and not (Kind.CHECK_BACK in found and found[Kind.CHECK_BACK].armed):
        yield "a clock is paused, and nobody checks back"
    if paused and (status != "held" or paused != [Kind.RESOLUTION]):
        yield f"{status}, and {paused} are paused"
    for kind in found:
        if status not in _RUNS.get(kind, {status}):
            yield f"{status}, and a clock `{kind}` runs"
    for kind, where in ((Kind.PROPOSAL, "proposed"), (Kind.MANDATE, "delegated")):
        if status == where and not (kind in found and found[kind].armed):
            yield f"{status}, and no clock `{kind}` is armed"
    yield from _waits(sight, status, set(found))
    if sight.call.step.call == "fire":
        late = [one.kind for one in armed if one.fires <= sight.place.now - _SKEW]
        if late:
            yield f"{late} were due, and did not fire"


_SKEW = 120_000


def _waits(sight: Sight, status: str, found: set[Kind]) -> Iterator[str]:
    """Whoever waits for somebody has a clock on it, if the pack sets one."""
    policy = sight.on.clocks(sight.case.workflow, sight.fold.queue)
    packs = {on.digest for on in sight.place.deployments}
    settled = len(packs) == 1  # another pack may set a clock that was not there before
    asked = status == "queued" or (status == "proposed" and not sight.fold.promised)
    if settled and asked and policy.time_to_accept and Kind.ACCEPT not in found:
        yield "it waits to be accepted, and no clock says until when"
    last = sight.last_line
    asks = last is not None and last.role is Role.CUSTOMER and last.number >= sight.case.first_line
    if status in WITH_AI and asks and Kind.AI_SILENCE not in found:
        yield "the customer waits for the AI, and no clock says until when"


def law_17(sight: Sight) -> Iterator[str]:
    """Firing a deadline twice or late changes nothing twice."""
    for _, entry, _ in sight.moves:
        if entry.name == "clock" and "what" in entry.body:
            body = entry.body
            key = (body["kind"], body["started"], body["what"], body.get("level"), body["at"])
            if key in sight.track.clocks:
                yield f"{key} fired twice"
            sight.track.clocks.add(key)
    if sight.call.step.call == "fire":
        fresh = [one.name for one in sight.call.fresh if one.case == sight.case.id]
        twice = [name for name in fresh if name in _OF_TIME]
        if twice:
            yield f"the second alarm at the same instant wrote {twice}"


def law_20(sight: Sight) -> Iterator[str]:
    """A timeout is never recorded as somebody's decision."""
    for _, entry, _ in sight.moves:
        who = person_of(entry.actor)
        if entry.name in _MACHINES and who:
            yield f"`{entry.name}` is said to be of `{who}`"
        given = {(case, entry.name, who) for case in (entry.case.rstrip("+"), ANY_CASE)}
        if who and not given & sight.place.issued:
            yield f"`{who}` is said to have done `{entry.name}`, and did not"
        if entry.name == "decline" and not who:
            yield "nobody declined, and a decline was written"
        status = entry.body.get("status")
        over = entry.name in {"offer", "approval"} and status == "expired"
        if over and entry.actor != "system":
            yield f"{entry.actor} is said to have let an {entry.name} expire"
        if entry.name == "approval" and status in {"granted", "rejected"} and not who:
            yield f"an approval was {status} by nobody"
