"""Effects of a case leave in runs: leased together, marked together, and never too late."""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace

import pytest

from adapters.alarms.rows import put
from handrail import outbox
from handrail.adapters.memory import MemoryStore
from handrail.core.ownership import Epoch
from handrail.ports import Delivery, Effect, Sent, Store, Unit
from stores import KINDS, new_store

NOW = 1_700_000_000_000


class Counting:
    """A store that counts its units."""

    def __init__(self, store: Store) -> None:
        self._store, self.units = store, 0

    @contextmanager
    def unit(self) -> Iterator[Unit]:
        self.units += 1
        with self._store.unit() as unit:
            yield unit

    def view(self) -> AbstractContextManager[Unit]:
        return self._store.view()


class Channel:
    """Says `no` to some keys, and does something at each delivery."""

    def __init__(self, no: str = "", rest: float = 0.0) -> None:
        self.got: list[str] = []
        self.no, self.rest = no, rest

    def deliver(self, effect: Effect, text: str) -> Sent:
        assert text
        time.sleep(self.rest)
        self.got.append(effect.key)
        return Sent.FAILED if effect.key == self.no else Sent.SENT


def states(store: Store) -> list[tuple[Delivery, int, bool]]:
    """Of every effect of the case: how it stands, its tries, and whether it may leave now."""
    with store.view() as unit:
        return [(e.status, e.attempts, e.due <= NOW) for e in unit.effects("c")]


@pytest.mark.parametrize("kind", KINDS)
def test_a_case_whose_receiver_is_quick_takes_two_units(kind: str) -> None:
    store, channel = Counting(new_store(kind, lambda: NOW)), Channel()
    keys = put(store, ["c"], effects=5)
    store.units = 0
    assert outbox.drain(store, channel) == 5
    assert (channel.got, store.units) == (keys, 2)
    assert states(store) == [(Delivery.SENT, 1, False)] * 5


def test_a_slow_receiver_gets_no_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "_HASTE", 0.0)
    store, channel = MemoryStore(lambda: NOW), Channel(rest=0.01)
    keys = put(store, ["c"], effects=3)
    post = outbox.Post(store, channel)
    (lane,) = post.due(10)
    left, rest = post.carry(lane)
    assert (left, channel.got) == (1, keys[:1])
    assert states(store)[1:] == [(Delivery.QUEUED, 0, True)] * 2  # nobody waits for a lease
    while rest:
        _, rest = post.carry(rest)
    assert channel.got == keys
    assert states(store) == [(Delivery.SENT, 1, False)] * 3


def test_what_is_behind_one_that_fails_is_let_go_and_waits_for_it() -> None:
    store, channel = MemoryStore(lambda: NOW), Channel(no="c/2")
    put(store, ["c"], effects=4)
    assert outbox.drain(store, channel) == 1
    assert channel.got == ["c/1", "c/2"]  # notices: the customer reads them in their order
    assert states(store) == [
        (Delivery.SENT, 1, False),
        (Delivery.QUEUED, 1, False),
        (Delivery.QUEUED, 0, False),
        (Delivery.QUEUED, 0, False),
    ]


def test_what_the_ai_said_begins_a_run_so_its_epoch_is_looked_at_right_before() -> None:
    store = MemoryStore(lambda: NOW)
    put(store, ["c"], effects=3)
    with store.unit() as unit:
        said = unit.effect("c/2")
        case = unit.case("c")
        assert said
        assert case
        unit.put_effect(replace(said, fence=case.ownership.epoch))

    class Meanwhile(Channel):
        def deliver(self, effect: Effect, text: str) -> Sent:
            with store.unit() as unit:  # while the first leaves, somebody takes the case
                case = unit.case("c")
                assert case
                own = replace(case.ownership, epoch=Epoch(incarnation=1, number=9))
                unit.save(replace(case, ownership=own))
            return super().deliver(effect, text)

    channel = Meanwhile()
    assert outbox.drain(store, channel) == 3
    assert channel.got == ["c/1", "c/3"]
    assert [one[0] for one in states(store)] == [Delivery.SENT, Delivery.CANCELLED, Delivery.SENT]


def test_after_a_death_in_a_run_all_of_it_is_delivered_under_its_keys() -> None:
    now = [NOW]
    store = MemoryStore(lambda: now[0])
    keys = put(store, ["c"], effects=3)

    class Dying(Channel):
        def deliver(self, effect: Effect, text: str) -> Sent:
            super().deliver(effect, text)
            if effect.key == "c/2":
                raise KeyboardInterrupt
            return Sent.SENT

    first, second = Dying(), Channel()
    with pytest.raises(KeyboardInterrupt):
        outbox.drain(store, first)
    assert outbox.drain(store, second) == 0  # leased
    now[0] += outbox.LEASE
    assert outbox.drain(store, second) == 3
    assert (first.got, second.got) == (keys[:2], keys)
