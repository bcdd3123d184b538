"""Laws of what is said and delivered: 7, 9, 10, 18, 19, 23."""

import json
from collections.abc import Iterator
from typing import Any

from handrail.core.model import Mode, Outcome, Role
from handrail.engine import Reply
from handrail.ports import Delivery
from handrail.testing.laws.fold import OPEN
from handrail.testing.laws.sight import Sight
from handrail.testing.words import CARD

_CLAIMS = ("summary", "sources", "constraints", "customer_visible")


def law_7(sight: Sight) -> Iterator[str]:
    """Triggers read only turns of the current episode."""
    track, case = sight.track, sight.case
    turned = [move.entry.name for move in sight.moves if move.entry.name in {"handback", "reopen"}]
    if turned and case.first_line <= track.lines:
        yield f"{turned} began an episode, and it reads from line {case.first_line}"
    lines = {line.number: line for line in sight.lines}
    for _, entry, _ in sight.moves:
        if entry.name != "decision" or entry.body["line"] < case.first_line:
            continue
        own = [lines[n] for n in range(case.first_line, entry.body["line"] + 1) if n in lines]
        if any(line.signals.episode_started for line in own):
            continue
        state = json.loads(entry.body["record"])["state"]
        spoken = sum(line.role is Role.CUSTOMER for line in own)
        if state.get("customer_turns", 0) != spoken:
            yield f"line {entry.body['line']} saw {state.get('customer_turns', 0)}, not {spoken}"
        heard = {topic for line in own for topic in line.signals.topics}
        if not set(state.get("topics", ())) <= heard:
            yield f"line {entry.body['line']} knows {state['topics']}, the episode {heard}"


def law_9(sight: Sight) -> Iterator[str]:
    """A poor bundle never delays a transfer; what is missing is listed and counted."""
    bundles = [move.entry for move in sight.moves if move.entry.name == "bundle"]
    for before, entry, _ in sight.moves:
        here = any(one.at == entry.at and one.number > entry.number for one in bundles)
        if entry.name == "open" and before.status == "ai" and not here:
            yield "a handoff was opened without a bundle"
    for entry in bundles:
        text = sight.place.payload(entry.body["key"])
        if text is None:
            yield f"there is no bundle `{entry.body['key']}`"
            continue
        made = json.loads(text)
        missing = made.get("missing", [])
        if missing != entry.body["missing"] or (made["status"] == "complete") != (not missing):
            yield f"the bundle is {made['status']}, {missing} missing; the entry: {entry.body}"


def law_10(sight: Sight) -> Iterator[str]:
    """Every claim cites a turn or tool result; masked classes never appear."""
    for _, entry, _ in sight.moves:
        text = sight.place.payload(entry.body["key"]) if entry.name == "bundle" else None
        if text is None:
            continue
        if CARD in text or CARD.replace(" ", "") in text:
            yield "the number of a card is in the bundle"
        made = json.loads(text)
        for claim in _claims(made):
            cited = claim.get("evidence", [])
            if not cited or not set(cited) <= set(range(1, sight.case.lines + 1)):
                yield f"`{claim['text']}` cites {cited} of {sight.case.lines} lines"


def _claims(made: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if made.get("goal"):
        yield made["goal"]
    for part in _CLAIMS:
        yield from made.get(part, [])


def law_18(sight: Sight) -> Iterator[str]:
    """An acknowledged write survives; an unacknowledged one is absent or complete."""
    track, call = sight.track, sight.call
    if sight.case.lines < track.lines or sight.case.entries < track.entries:
        yield f"it had {track.lines} lines and {track.entries} entries, and has fewer"
    numbers = [line.number for line in sight.lines]
    if numbers != list(range(1, sight.case.lines + 1)):
        yield f"its lines are {numbers}, it counts {sight.case.lines}"
    if call.torn:
        yield "what had been committed before a crash was done again after it"
    if call.step.call in {"turn", "act", "act_all", "pause", "unpause"} and call.echo is not None:
        if call.echo != call.value:
            yield "the same call, sent again, was answered otherwise"
        if any(entry.case == sight.case.id for entry in call.fresh):
            yield f"the same call, sent again, wrote {[entry.name for entry in call.fresh]}"


def law_19(sight: Sight) -> Iterator[str]:
    """Every committed effect is delivered at least once, or cancelled with an entry."""
    case, effects = sight.case, {effect.key: effect for effect in sight.effects}
    wanted = {f"{case.id}/{number}" for number in range(1, case.effects + 1)}
    if wanted != set(effects):
        yield f"lost: {sorted(wanted - set(effects))}, unknown: {sorted(set(effects) - wanted)}"
    came = {one.effect.key for one in sight.place.carried if one.effect.case == case.id}
    noted = {
        (entry.body["key"], entry.body["status"])
        for entry in sight.entries
        if entry.name == "delivery"
    }
    for effect in effects.values():
        if effect.status is Delivery.SENT and effect.key not in came:
            yield f"`{effect.key}` is said to be sent, and never arrived"
        if effect.status is not Delivery.QUEUED and (effect.key, effect.status) not in noted:
            yield f"`{effect.key}` is {effect.status}, and no entry says so"
        if effect.status is Delivery.CANCELLED and effect.fence is None:
            yield f"`{effect.key}` was cancelled, and the AI did not say it"
        if effect.status is Delivery.QUEUED and sight.place.final:
            yield f"`{effect.key}` is still to be sent at the end"
    asked = sum(entry.name == "propose" for entry in sight.entries)
    told = sum(effect.kind == "proposal" for effect in effects.values())
    if asked != told:
        yield f"{asked} people were asked, and {told} were told so"
    for one in sight.arrived:
        kept = effects.get(one.effect.key)
        if kept is not None and (kept.body, kept.kind) != (one.effect.body, one.effect.kind):
            yield f"`{one.effect.key}` arrived as something else"


def law_23(sight: Sight) -> Iterator[str]:
    """An explicit request always opens a handoff, or finds one open."""
    step, reply = sight.call.step, sight.call.value
    cmd = step.args.get("command", {})
    if cmd.get("name") == "open" and cmd["by"]["kind"] == "customer" and sight.reply is not None:
        if sight.reply.refused is None and sight.fold.status not in OPEN - {"delegated"}:
            yield f"the customer asked for a person, and the case is {sight.fold.status}"
        if sight.reply.why not in {"", "closed", "merged"}:
            yield f"the customer asked for a person: {sight.reply.why}"
    if step.call != "turn" or not step.args.get("asked") or not isinstance(reply, Reply):
        return
    if reply.case != sight.case.id:
        return
    if reply.mode is Mode.ENFORCE:
        if reply.status not in OPEN - {"delegated"}:
            yield f"a person was asked for, and the case is {reply.status}"
        return
    decided = reply.decision.outcome if reply.decision else Outcome.CONTINUE
    if decided is not Outcome.HANDOFF:
        yield f"a person was asked for, and the decision is {decided.code}"
