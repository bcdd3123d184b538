"""Effects leave here, after the unit that caused them has committed: at least once, under one key.

Law 19: none is lost; what the AI said and the customer has not got is cancelled, with an entry,
when the case has changed its owner meanwhile, or the AI was stopped.
"""

import threading
import time
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
LEASE = 4_000
"""Milliseconds that a delivery may take before another process tries it too, unless the one that
is at it renews the lease. So long waits what a process that died was delivering.
"""
_TOGETHER = 16  # effects of a case that are leased together at the most
_HASTE = 0.25  # seconds after which the first of them is to be marked: a slow receiver gets no runs
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

_Tried = tuple[Effect, Sent, str]  # what was delivered, and how it went


def drain(store: Store, channel: Channel, *, limit: int = 100) -> int:
    """Deliver what is due, at most `limit` effects; gives how many left or were cancelled.

    A crash between the delivery and the mark means a second delivery under the same key.
    """
    post, left = Post(store, channel), 0
    for due in post.due(limit):
        lane: Sequence[Effect] = due
        while lane:
            count, lane = post.carry(lane)
            left += count
    return left


class Post:
    """The outbox of a store with the channel that carries it, as the alarms work it."""

    def __init__(self, store: Store, channel: Channel) -> None:
        self._store, self._channel = store, channel
        self._lock = threading.Lock()
        self._runs: dict[str, tuple[float, list[str]]] = {}  # by case: since when, with which keys

    def due(self, limit: int) -> list[Sequence[Effect]]:
        """What may leave now, the oldest `limit`: a lane for each case, in the order in which its
        effects are to leave. Nothing is locked.
        """
        found: dict[str, list[Effect]] = {}
        with self._store.view() as unit:
            for effect in unit.undelivered(unit.now(), limit):
                found.setdefault(effect.case, []).append(effect)
        return [sorted(lane, key=lambda one: one.number) for lane in found.values()]

    def carry(self, lane: Sequence[Effect]) -> tuple[int, Sequence[Effect]]:
        """Deliver the first of these effects of one case, and those behind it while that is quick:
        one unit leases them all, one marks how it went. Gives how many left or were cancelled, and
        with what the next run begins.
        """
        taken, rest, left = _take(self._store, lane)
        if not taken:
            return left, rest
        with self._lock:
            self._runs[lane[0].case] = time.monotonic(), [effect.key for effect, _ in taken]
        try:
            tried = self._deliver(taken)
            back = [effect for effect, _ in taken[len(tried) :]]
            return left + _settle(self._store, tried, back), [*back, *rest]
        finally:
            with self._lock:
                del self._runs[lane[0].case]

    def _deliver(self, taken: Sequence[tuple[Effect, str]]) -> list[_Tried]:
        """One after the other, until one fails or the first is to hear how it went."""
        tried: list[_Tried] = []
        end = time.monotonic() + _HASTE
        for effect, text in taken:
            try:
                sent, error = self._channel.deliver(effect, text), ""
            except Exception as problem:  # noqa: BLE001  # whatever it raises, the effect is kept
                sent, error = Sent.FAILED, type(problem).__name__
            tried.append((effect, sent, error))
            if sent is Sent.FAILED or time.monotonic() > end:
                break
        return tried

    def renew(self, after: float = 0.0) -> None:
        """What has been held for `after` seconds nobody else takes for another lease."""
        now = time.monotonic()
        with self._lock:
            found = [(case, *run) for case, run in self._runs.items() if now - run[0] >= after]
        for case, _, keys in found:
            with self._store.unit() as unit:
                unit.case(case)
                until = unit.now() + LEASE
                for effect in filter(None, map(unit.effect, keys)):
                    if effect.status is Delivery.QUEUED and effect.due < until:
                        unit.put_effect(replace(effect, due=until))
            with self._lock:
                if case in self._runs:
                    self._runs[case] = now, keys


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


def _take(
    store: Store, lane: Sequence[Effect]
) -> tuple[list[tuple[Effect, str]], Sequence[Effect], int]:
    """Lease what may leave now, with its texts; the rest of the lane; how many were cancelled.

    The case is locked before its effects, as everywhere, so that no two wait for one another.
    What the AI said is looked at right before it leaves: it goes first in its run, or in the next.
    """
    taken: list[tuple[Effect, str]] = []
    left = 0
    with store.unit() as unit:
        unit.case(lane[0].case)
        for number, due in enumerate(lane):
            if taken and (due.fence is not None or len(taken) >= _TOGETHER):
                return taken, lane[number:], left
            effect = unit.effect(due.key)
            if effect is None or effect.status is not Delivery.QUEUED or effect.due > unit.now():
                continue  # another process was quicker
            first = _before(unit, effect)
            if first and first.key not in {one.key for one, _ in taken}:
                unit.put_effect(replace(effect, due=max(first.due, effect.due)))
            elif why := late(unit, effect):
                _mark(unit, effect, Delivery.CANCELLED, why)
                left += 1
            else:
                # Nobody else takes it meanwhile, and after a crash it is tried again.
                leased = replace(effect, attempts=effect.attempts + 1, due=unit.now() + LEASE)
                unit.put_effect(leased)
                taken.append((leased, unit.payload(leased.key) or ""))
    return taken, (), left


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


def _settle(store: Store, tried: Sequence[_Tried], back: Sequence[Effect]) -> int:
    """Mark how these went, and let go of what was leased and not tried; how many have left."""
    with store.unit() as unit:
        unit.case(tried[0][0].case)
        for leased in back:
            effect = unit.effect(leased.key)
            if effect and (effect.status, effect.attempts) == (leased.status, leased.attempts):
                unit.put_effect(replace(effect, attempts=effect.attempts - 1, due=unit.now()))
        return sum(_settled(unit, *one) for one in tried)


def _settled(unit: Unit, tried: Effect, sent: Sent, error: str) -> bool:
    """Mark how a try went. What was cancelled while it was under way stays so, if it failed; so
    does what somebody else tries meanwhile, or has delivered.
    """
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


def late(unit: Unit, effect: Effect) -> str:
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
