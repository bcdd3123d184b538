"""Effects leave here, after the unit that caused them has committed: at least once, under one key.

Law 19: none is lost; what the AI said and the customer has not got is cancelled, with an entry,
when the case has changed its owner meanwhile, or the AI was stopped.
"""

from dataclasses import replace

from handrail.core.ownership import Party, Status
from handrail.ports import Channel, Delivery, Effect, Entry, Sent, Store, Unit

TRIES = 8
"""How often an effect is tried before it counts as failed."""
OWNER_CHANGED = "owner_changed"
STOPPED = "stopped"
MANDATE_EXPIRED = "mandate_expired"
_FIRST, _LONGEST = 1_000, 600_000  # milliseconds between two tries: doubled each time, bounded
_LEASE = 60_000  # milliseconds that a delivery may take before another process tries it too
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
        due = [effect.key for effect in unit.undelivered(unit.now(), limit)]
    return sum(_carry(store, channel, key) for key in due)


def report(store: Store, key: str, sent: Sent) -> bool:
    """What a channel says later of an effect that it had accepted; False when that is settled."""
    with store.unit() as unit:
        effect = unit.effect(key)
        if effect is None or effect.status is not Delivery.ACCEPTED or sent is Sent.QUEUED:
            return False
        _mark(unit, effect, _ENDS[sent], "" if sent is Sent.SENT else "reported")
    return True


def _carry(store: Store, channel: Channel, key: str) -> bool:
    """One effect, from the last look at its fence to the mark of how it went."""
    with store.unit() as unit:
        effect = unit.effect(key)
        if effect is None or effect.status is not Delivery.QUEUED or effect.due > unit.now():
            return False  # another process was quicker
        if why := _late(unit, effect):
            _mark(unit, effect, Delivery.CANCELLED, why)
            return True
        # Nobody else takes it meanwhile, and after a crash it is tried again.
        effect = replace(effect, attempts=effect.attempts + 1, due=unit.now() + _LEASE)
        unit.put_effect(effect)
        text = unit.payload(effect.key) or ""
    error = ""
    try:
        sent = channel.deliver(effect, text)
    except Exception as problem:  # noqa: BLE001  # whatever a channel raises, the effect is kept
        sent, error = Sent.FAILED, type(problem).__name__
    return _settle(store, key, sent, error)


def _settle(store: Store, key: str, sent: Sent, error: str) -> bool:
    """Mark how a try went. What was cancelled while it was under way stays so, if it failed."""
    with store.unit() as unit:
        effect = unit.effect(key)
        if effect is None or (sent is Sent.FAILED and effect.status is not Delivery.QUEUED):
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


def _mark(unit: Unit, effect: Effect, status: Delivery, error: str) -> None:
    """Write how an effect ended, with its entry."""
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
            actor=Party.SYSTEM.value,
            epoch=case.ownership.epoch,
            body=body,
        )
    )
    unit.save(replace(case, entries=case.entries + 1))
