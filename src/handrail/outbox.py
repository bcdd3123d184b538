"""Effects leave here, after the unit that caused them has committed: at least once, under one key.

Law 19: none is lost; what the AI said and the customer has not got is cancelled, with an entry,
when the case has changed its owner meanwhile, or the AI was stopped.
"""

from collections.abc import Sequence
from dataclasses import replace

from handrail.core.ownership import Party, Status
from handrail.core.sla import Deadline, Kind
from handrail.errors import Conflict, NotFound
from handrail.ports import Case, Channel, Delivery, Effect, Entry, Sent, Store, Unit

TRIES = 8
"""How often an effect is tried before it counts as failed."""
OWNER_CHANGED = "owner_changed"
STOPPED = "stopped"
MANDATE_EXPIRED = "mandate_expired"
_FIRST, _LONGEST = 1_000, 600_000  # milliseconds between two tries: doubled each time, bounded
LEASE = 6_000
"""Milliseconds that a delivery may take before another process tries it too, unless the one that
is at it renews the lease. So long waits what a process that died was delivering.
"""
DROPPED = "dropped"
UNDELIVERED = "undelivered"
"""The kind of the effect that tells of a message which the customer never gets."""
_OF_AI = frozenset({Status.AI, Status.DELEGATED})
_SAID = frozenset({"message", "notice"})  # what the customer reads, in the order of its numbers
_ENDS = {
    Sent.QUEUED: Delivery.ACCEPTED,
    Sent.SENT: Delivery.SENT,
    Sent.FAILED: Delivery.FAILED,
}


def drain(store: Store, channel: Channel, *, limit: int = 100) -> int:
    """Deliver what is due, at most `limit` effects; gives how many left or were cancelled.

    A crash between the delivery and the mark means a second delivery under the same key.
    """
    with store.unit() as unit:
        due = unit.undelivered(unit.now(), limit)
    return sum(carry(store, channel, effect) for effect in due)


class Post:
    """The outbox of a store with the channel that carries it, as the alarms work it."""

    def __init__(self, store: Store, channel: Channel) -> None:
        self._store, self._channel = store, channel

    def due(self, limit: int) -> Sequence[Effect]:
        """What may leave now, oldest first; nothing is locked."""
        with self._store.view() as unit:
            return unit.undelivered(unit.now(), limit)

    def carry(self, due: Effect) -> bool:
        """Deliver one of them; whether it left or was cancelled."""
        return carry(self._store, self._channel, due)

    def renew(self, keys: Sequence[str]) -> None:
        """These are still being delivered: nobody else takes them for another lease."""
        with self._store.unit() as unit:
            until = unit.now() + LEASE
            for key in sorted(keys):
                effect = unit.effect(key)
                if effect and effect.status is Delivery.QUEUED and effect.due < until:
                    unit.put_effect(replace(effect, due=until))


def failed(store: Store, limit: int = 100) -> Sequence[Effect]:
    """What was tried `TRIES` times in vain, or refused for good later: the latest first."""
    with store.view() as unit:
        return unit.failed(limit)


def retry(store: Store, key: str, by: str) -> None:
    """Try once more what had failed, under its old key, or release what was in quarantine after a
    restore: it is checked again when it leaves. `by` is the human who wants it.

    NotFound for a key that is not there; Conflict when it is neither.
    """
    with store.unit() as unit:
        effect = replace(_stuck(unit, key), attempts=0, due=unit.now())
        _mark(unit, effect, Delivery.QUEUED, "", by)


def drop(store: Store, key: str, by: str) -> None:
    """Give up what had failed, or was in quarantine. Errors and `by` as for `retry`."""
    with store.unit() as unit:
        _mark(unit, _stuck(unit, key), Delivery.CANCELLED, DROPPED, by)


def _stuck(unit: Unit, key: str) -> Effect:
    effect = unit.effect(key)
    if effect is None:
        raise NotFound(f"there is no effect `{key}`", hint="list those that wait for somebody")
    if effect.status not in {Delivery.FAILED, Delivery.QUARANTINED}:
        raise Conflict(f"effect `{key}` is {effect.status.value}, not failed or quarantined")
    return effect


def report(store: Store, key: str, sent: Sent) -> bool:
    """What a channel says later of an effect that it had accepted; False when that is settled."""
    with store.unit() as unit:
        effect = unit.effect(key)
        if effect is None or effect.status is not Delivery.ACCEPTED or sent is Sent.QUEUED:
            return False
        _mark(unit, effect, _ENDS[sent], "" if sent is Sent.SENT else "reported")
    return True


def carry(store: Store, channel: Channel, due: Effect) -> bool:
    """One effect, from the last look at its fence to the mark of how it went.

    The case is locked before its effect, as everywhere, so that no two wait for one another.
    """
    with store.unit() as unit:
        unit.case(due.case)
        effect = unit.effect(due.key)
        if effect is None or effect.status is not Delivery.QUEUED or effect.due > unit.now():
            return False  # another process was quicker
        if first := _before(unit, effect):
            unit.put_effect(replace(effect, due=max(first.due, effect.due)))
            return False
        if why := _late(unit, effect):
            _mark(unit, effect, Delivery.CANCELLED, why)
            return True
        # Nobody else takes it meanwhile, and after a crash it is tried again.
        effect = replace(effect, attempts=effect.attempts + 1, due=unit.now() + LEASE)
        unit.put_effect(effect)
        text = unit.payload(effect.key) or ""
    error = ""
    try:
        sent = channel.deliver(effect, text)
    except Exception as problem:  # noqa: BLE001  # whatever a channel raises, the effect is kept
        sent, error = Sent.FAILED, type(problem).__name__
    return _settle(store, effect, sent, error)


def _before(unit: Unit, effect: Effect) -> Effect | None:
    """What the customer is to read before this. Only the last one that left is looked for: what
    was written before it has ended before it.
    """
    for number in range(effect.number - 1, 0, -1) if effect.kind in _SAID else ():
        found = unit.effect(f"{effect.case}/{number}")
        if found is None or found.kind not in _SAID or found.status is Delivery.CANCELLED:
            continue
        return found if found.status is Delivery.QUEUED else None
    return None


def _settle(store: Store, tried: Effect, sent: Sent, error: str) -> bool:
    """Mark how a try went. What was cancelled while it was under way stays so, if it failed; so
    does what somebody else tries meanwhile, or has delivered.
    """
    with store.unit() as unit:
        unit.case(tried.case)
        effect = unit.effect(tried.key)
        if effect is None or effect.status is _ENDS[sent]:
            return False
        ours = effect.status is Delivery.QUEUED and effect.attempts == tried.attempts
        if sent is Sent.FAILED and not ours:
            return False
        if sent is Sent.FAILED and effect.attempts < TRIES:
            wait = min(_LONGEST, _FIRST * 2 ** (effect.attempts - 1))
            unit.put_effect(replace(effect, due=unit.now() + wait, error=error))
            return False
        _mark(unit, effect, _ENDS[sent], error)
    return True


def _late(unit: Unit, effect: Effect) -> str:
    """Why the AI may not say this any more (law 15); empty: it may, or the AI did not say it."""
    if effect.fence is None:
        return ""
    case = unit.case(effect.case)
    if case is None or case.ownership.epoch != effect.fence:
        return OWNER_CHANGED
    own = case.ownership
    if own.status is Status.DELEGATED and own.mandate and own.mandate.expires <= unit.now():
        return MANDATE_EXPIRED
    return STOPPED if unit.stopped(case.workflow) else ""


def cancelled(effect: Effect, why: str = OWNER_CHANGED) -> Effect:
    """The effect as one that will never leave."""
    return replace(effect, status=Delivery.CANCELLED, error=why)


def _mark(unit: Unit, effect: Effect, status: Delivery, error: str, by: str = "") -> None:
    """Write what became of an effect, with its entry."""
    unit.put_effect(replace(effect, status=status, error=error))
    case = unit.case(effect.case)
    if case is None:
        return
    body = {"key": effect.key, "kind": effect.kind, "status": status.value}
    if error:
        body["error"] = error
    unit.append(
        Entry(
            case=case.id,
            number=case.entries + 1,
            at=unit.now(),
            name="delivery",
            actor=f"{Party.HUMAN.value}:{by}" if by else Party.SYSTEM.value,
            epoch=case.ownership.epoch,
            body=body,
        )
    )
    case = replace(case, entries=case.entries + 1)
    if status is Delivery.FAILED and effect.kind in _SAID:
        case = _undelivered(unit, case, effect)
    unit.save(case)


def _undelivered(unit: Unit, case: Case, lost: Effect) -> Case:
    """Whoever has the case is told that the customer has not got this. Where it was the answer of
    an AI that still has the case, the customer waits for it again, as long as before.
    """
    own, now, number = case.ownership, unit.now(), case.effects + 1
    waited = int(lost.body.get("waited", 0)) if own.epoch == lost.fence else 0
    to = own.human or own.steward or Party.AI.value
    body = {"key": lost.key, "what": lost.kind, "to": to}
    told = Effect(key=f"{case.id}/{number}", case=case.id, kind=UNDELIVERED, body=body, at=now)
    unit.put_effect(replace(told, number=number, due=now))
    clocks = unit.deadlines(case.id)
    runs = own.status in _OF_AI and all(one.kind is not Kind.AI_SILENCE for one in clocks)
    if waited and runs:
        end = now + waited
        again = Deadline(kind=Kind.AI_SILENCE, started=now, limit=waited, due=end, fires=end)
        unit.arm(case.id, (again, *clocks))
    return replace(case, effects=number)
