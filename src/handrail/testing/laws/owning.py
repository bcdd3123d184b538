"""Laws of who has a case: 8, 11 to 15, and that nothing is in limbo."""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet

from handrail.core.model import Role
from handrail.core.ownership import Refusal, Refused
from handrail.core.routing import Queue
from handrail.engine import Reply
from handrail.testing.laws.fold import OPEN, WAITS, WITH_AI
from handrail.testing.laws.sight import Sight, person_of


def law_8(sight: Sight) -> Iterator[str]:
    """Every handoff has a queue, with its steward, and with covered hours or an overflow."""
    queues = [queue for on in sight.place.deployments for queue in on.pack.queues]
    known = {one.name for one in queues if one.steward and (_staffed(one) or one.overflow)}
    for before, entry, then in sight.moves:
        if entry.name not in {"open", "reopen", "takeover", "reroute"} or then.status == "ai":
            continue
        if then.queue not in known or not then.steward:
            yield f"`{entry.name}` from {before.status} leads to `{then.queue}`, `{then.steward}`"


def _staffed(queue: Queue) -> bool:
    return queue.hours is not None and bool(queue.hours.spans)


def law_11(sight: Sight) -> Iterator[str]:
    """An unclosed case has exactly one owner and at most one open handoff; a closed one none."""
    own, fold = sight.case.ownership, sight.fold
    if (own.status == "closed") != (fold.owner == ("", "")):
        yield f"{own.status}, but the entries say that {fold.owner} owns it"
    if own.handoff != fold.handoff:
        yield f"{own.handoff} handoffs, but the entries opened {fold.handoff}"
    reply = sight.reply
    opened = sum(
        1 for move in sight.moves if move.entry.name == "open" and move.before.status == "ai"
    )
    if reply is not None and reply.refused is None and opened > 1:
        yield "one call opened two handoffs"
    if reply is not None and reply.opened and sight.track.fold.status in OPEN - {"delegated"}:
        yield "a handoff was opened while one was open"


_FROM: Mapping[str, AbstractSet[str]] = {
    "open": OPEN | {"ai"},
    "propose": {"queued", "fallback"},
    "accept": WAITS,
    "decline": {"proposed"},
    "expire": {"proposed"},
    "release": {"held", "delegated"},
    "reroute": WAITS | {"held"},
    "takeover": OPEN | {"ai"},
    "fall_back": WAITS | {"held"},
    "handback": {"held"},
    "recall": {"delegated"},
    "return": {"delegated"},
    "begin": {"delegated"},
    "resolve": OPEN | {"ai"},
    "withdraw": OPEN | {"ai"},
    "merge": OPEN | {"ai"},
    "reopen": {"closed"},
}
"""The states in which an entry can have been written."""


def law_12(sight: Sight) -> Iterator[str]:
    """Ownership changes only by a command with a ledger entry; state equals the fold."""
    own, fold, track = sight.case.ownership, sight.fold, sight.track
    numbers = [entry.number for entry in sight.entries]
    if numbers != list(range(1, sight.case.entries + 1)):
        yield f"the entries are numbered {numbers}, the case counts {sight.case.entries}"
    if track.last is not None and sight.entries[track.entries - 1] != track.last:
        yield f"entry {track.entries} was changed"
    if own.status.value != fold.status:
        yield f"the case is {own.status}, its entries say {fold.status}"
    if own.status != "closed" and (own.human, own.bounces) != (fold.human, fold.bounces):
        yield f"{own.human!r} has it, bounced {own.bounces}; entries: {fold.human!r}"
    if fold.status not in {"ai", "closed"} and own.queue != fold.queue:
        yield f"it is in `{own.queue}`, its entries say `{fold.queue}`"
    steps = {step.id: step.progress.value for step in own.mandate.steps} if own.mandate else {}
    if any(steps.get(name) != how for name, how in fold.steps.items() if how == "done"):
        yield f"its steps are {steps}, its entries say {fold.steps}"
    yield from _bulk(sight)
    for before, entry, _ in sight.moves:
        if before.status not in _FROM.get(entry.name, {before.status}):
            yield f"entry {entry.number} is `{entry.name}`, and the case was {before.status}"
        if entry.name == "begin" and before.steps.get(entry.body["step"]) == "done":
            yield f"the step `{entry.body['step']}` was done, and is begun again"


def _bulk(sight: Sight) -> Iterator[str]:
    """A command on many cases is one entry a case; of its preview nothing is kept."""
    step, value = sight.call.step, sight.call.value
    if step.call == "preview" and sight.case.version != sight.track.version:
        yield "a preview has changed it"
    if step.call != "act_all" or not isinstance(value, dict) or sight.case.id not in value:
        return
    cmd, reply = step.args["command"], value[sight.case.id]
    mine = [one for one in sight.moves if one.entry.name == cmd["name"]]
    given = sum(person_of(one.entry.actor) == cmd["by"]["id"] for one in mine)
    if given != (reply.refused is None):
        yield f"`{cmd['name']}` on many cases, {reply.why or 'applied'}, wrote {given} entries"


def law_13(sight: Sight) -> Iterator[str]:
    """Of k concurrent accepts one wins; the others are told who did."""
    for before, entry, _ in sight.moves:
        if entry.name == "accept" and before.status == "held":
            yield f"{entry.actor} accepted what `{before.human}` had"
    step, value = sight.call.step, sight.call.value
    if step.call != "accepts" or step.args["case"] != sight.case.id or not isinstance(value, list):
        return
    replies: list[tuple[str, Reply]] = value
    winners = [who for who, reply in replies if reply.refused is None]
    if len(winners) > 1:
        yield f"{winners} have all accepted"
    place = {who: number for number, (who, _) in enumerate(replies)}
    for who, reply in replies:
        after = winners and place[who] > place[winners[0]]
        told = reply.refused.who if isinstance(reply.refused, Refused) else ""
        if after and told != winners[0]:
            yield f"`{who}` was told `{told}`, and `{winners[0]}` won"
    if winners and sight.fold.human != winners[0] and sight.fold.status == "held":
        yield f"`{winners[0]}` won, and `{sight.fold.human}` has it"


def law_14(sight: Sight) -> Iterator[str]:
    """The AI gets a case back only by the owner's handback with a plan, within the bound."""
    bound = max(
        one.handback.max_bounces or 10**9
        for on in sight.place.deployments
        for one in on.pack.workflows
        if one.name == sight.case.workflow
    )
    for before, entry, then in sight.moves:
        if then.status not in WITH_AI or before.status in WITH_AI:
            continue
        if entry.name == "reopen" and not before.handoff:
            continue  # nobody but the AI ever had it
        if entry.name != "handback":
            yield f"`{entry.name}` gave the case to the AI"
        elif before.status != "held" or person_of(entry.actor) != before.human:
            yield f"{entry.actor} handed back what `{before.human}` had"
        elif not entry.body.get("steps"):
            yield "it was handed back without a plan"
        elif then.bounces > bound:
            yield f"it was handed back {then.bounces} times, at most {bound}"
    reply = sight.reply
    refused = reply.refused if reply else None
    bounced = isinstance(refused, Refused) and refused.code is Refusal.TOO_MANY_BOUNCES
    if bounced and sight.call.step.args.get("command", {}).get("name") != "handback":
        yield "the bound on bounces refused something else than a handback"


def law_15(sight: Sight) -> Iterator[str]:
    """Output under an old epoch is refused, and never delivered."""
    for _, entry, then in sight.moves:
        if entry.epoch != then.epoch:
            yield f"entry {entry.number} `{entry.name}` has epoch {entry.epoch}, not {then.epoch}"
    if sight.case.ownership.epoch != sight.fold.epoch:
        yield f"the case is in epoch {sight.case.ownership.epoch}, not {sight.fold.epoch}"
    for one in sight.arrived:
        if one.effect.fence is not None and one.effect.fence != one.epoch:
            yield f"`{one.effect.key}` of epoch {one.effect.fence} arrived in epoch {one.epoch}"
    spoken = {line.number for line in sight.lines if line.role is Role.AGENT}
    for before, entry, _ in sight.moves:
        said = entry.name == "decision" and entry.body["line"] in spoken
        if said and before.status not in WITH_AI:
            yield f"the AI spoke in line {entry.body['line']}, and the case is {before.status}"
    step, reply = sight.call.step, sight.reply
    given = step.args.get("epoch")
    if step.call == "turn" and given and reply is not None and not reply.refused:
        if tuple(given) != tuple(sight.track.fold.epoch) and sight.track.entries:
            yield f"a turn under {given} was taken in epoch {sight.track.fold.epoch}"
        if step.args.get("of", sight.case.id) != sight.case.id:
            yield f"an epoch of `{step.args['of']}` was taken for one of `{sight.case.id}`"


def no_circle(sight: Sight) -> Iterator[str]:
    """A case is never proposed in a circle: no machine asks a person twice in a handoff."""
    for before, entry, _ in sight.moves:
        asked = entry.body["human"] if entry.name == "propose" else ""
        if entry.actor == "system" and asked in before.tried:
            yield f"`{asked}` is asked again"


def no_limbo(sight: Sight) -> Iterator[str]:
    """Every case that is with people has somebody who is accountable, and whom we know."""
    fold = sight.fold
    if fold.status not in OPEN:
        return
    people = {one.id for on in sight.place.deployments for one in on.roster.people}
    stewards = {queue.steward for on in sight.place.deployments for queue in on.pack.queues}
    known = people | stewards | {on.pack.owner for on in sight.place.deployments} | {"board"}
    own = sight.case.ownership
    named = own.human if fold.status in {"held", "delegated"} else own.steward
    for who in {fold.accountable, named}:
        if not who or who not in known:
            yield f"nobody we know answers for it: `{who}`"
    reply = sight.reply if sight.call.step.call == "turn" else None
    if fold.status in WAITS and reply is not None and reply.accountable != fold.steward:
        yield f"`{reply.accountable}` was said to answer for it, not `{fold.steward}`"
    if sight.call.step.call == "fire":
        person = sight.on.roster.person(fold.human)
        gone = person is not None and person.left
        if gone and fold.status in {"held", "delegated"}:
            yield f"`{fold.human}` has left, and still has it"
