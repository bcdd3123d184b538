"""Webhooks: one row for each endpoint and event, sent at least once, for days, under one id."""

import threading
import time
from collections.abc import Iterator
from typing import cast
from urllib.parse import quote

import pytest
from msgspec.structs import replace
from standardwebhooks import Webhook, WebhookVerificationError

from adapters.hooking import (
    BY,
    LOOPBACK,
    Clock,
    Receiver,
    happen,
    post,
    receiver,
    spread,
)
from handrail import books
from handrail.adapters.hooks import courier, signing
from handrail.adapters.hooks.guard import networks
from handrail.adapters.hooks.schedule import SCHEDULE, rest
from handrail.adapters.hooks.sender import Answer, Sender
from handrail.adapters.sql import SqlStore
from handrail.adapters.sql.endpoints import MOST, OVERLAP
from handrail.adapters.sql.hookrows import FAILED, QUEUED, SENT, put
from handrail.adapters.sql.hooks import KEPT, LEASE, Hooks
from handrail.adapters.sql.unit import SqlUnit
from handrail.errors import InputError, NotFound, Refused
from stores import database

SQL = ("sqlite", "postgresql")
DAY = 86_400_000


@pytest.fixture
def clock() -> Clock:
    return Clock(time.time_ns() // 1_000_000)


@pytest.fixture(params=SQL)
def store(request: pytest.FixtureRequest, clock: Clock) -> SqlStore:
    return database(request.param).within(f"hooks-{request.node.name}", clock)


@pytest.fixture
def hooks(store: SqlStore) -> Hooks:
    return Hooks(store, LOOPBACK)


@pytest.fixture
def there() -> Iterator[Receiver]:
    with receiver() as made:
        yield made


def book(store: SqlStore) -> list[str]:
    with store.view() as unit:
        return [one.name for one in books.read(unit, books.HOOKS)]


def test_an_event_is_sent_once_and_signed_as_the_standard_says(
    store: SqlStore, hooks: Hooks, clock: Clock, there: Receiver
) -> None:
    happen(store, "open")  # before: not of its concern
    made, secret = hooks.add(there.url, ["case.*"], "the shop", by=BY)
    happen(store, "accept", "resolve")
    assert [one.status for one in post(hooks, clock)] == [SENT, SENT]
    assert post(hooks, clock) == []
    told = [there.verify(secret, number) for number in (0, 1)]
    assert sorted(one["data"]["name"] for one in told) == ["accept", "resolve"]
    one = next(one for one in told if one["data"]["name"] == "accept")
    assert one["type"] == "com.handrail.case.accept.v1"
    assert one["source"] == f"urn:handrail:{quote(store.workspace)}"
    assert (one["subject"], one["id"], one["specversion"]) == ("c1", "c1:1:2", "1.0")
    assert set(one["data"]) == {
        *("case", "number", "at", "name", "actor", "epoch"),
        *("status", "owner", "queue", "workflow"),
    }
    assert b"nothing of this" not in there.got[0].body
    assert there.got[0].headers["content-type"] == "application/cloudevents+json"
    assert len({got.id for got in there.got}) == 2
    assert made.id not in there.got[0].id


def test_what_was_forged_or_replayed_is_not_verified(
    store: SqlStore, hooks: Hooks, clock: Clock, there: Receiver
) -> None:
    _, secret = hooks.add(there.url, by=BY)
    happen(store, "open")
    post(hooks, clock)
    got = there.got[-1]
    library = Webhook(secret)
    assert library.verify(got.body, got.headers)
    _, other = hooks.add(there.url, by=BY)
    late = {**got.headers, "webhook-timestamp": str(clock.at // 1000 - 600)}
    for body, headers, under in (
        (got.body + b" ", got.headers, secret),
        (got.body.replace(b"open", b"opex"), got.headers, secret),
        (got.body, {**got.headers, "webhook-id": "msg_0"}, secret),
        (got.body, late, secret),
        (got.body, got.headers, other),
    ):
        with pytest.raises(WebhookVerificationError):
            Webhook(under).verify(body, headers)


def test_an_endpoint_gets_what_it_wants_and_nothing_else(
    store: SqlStore, hooks: Hooks, clock: Clock, there: Receiver
) -> None:
    every, _ = hooks.add(there.url + "?all", by=BY)
    hooks.add(there.url + "?some", ["case.open", "case.resolve", "packs.*"], by=BY)
    happen(store, "open", "accept", "resolve")
    post(hooks, clock)
    names = [(got.path.rpartition("?")[2], got.event["data"]["name"]) for got in there.got]
    assert sorted(name for at, name in names if at == "some") == ["open", "resolve"]
    # from its own beginning on, which is told of too
    assert sorted(name for at, name in names if at == "all") == [
        *("accept", "endpoint_added", "endpoint_added", "open", "resolve")
    ]
    with pytest.raises(InputError, match=r"did you mean `case\.accept`"):
        hooks.change(every.id, events=["case.accpt"], by=BY)


def test_two_processes_at_once_make_one_row_of_each_event(store: SqlStore) -> None:
    first = Hooks(store, LOOPBACK)
    made, _ = first.add("https://hooks.example.com", ["case.*"], by=BY)
    others = [Hooks(store.within(store.workspace), LOOPBACK) for _ in range(4)]
    stop = threading.Event()

    def run(one: Hooks) -> None:
        while not stop.is_set():
            one.spread(3)

    threads = [threading.Thread(target=run, args=(one,)) for one in others]
    for thread in threads:
        thread.start()
    for number in range(60):
        happen(store, "open", case=f"c{number % 5}")
    time.sleep(0.2)
    stop.set()
    for thread in threads:
        thread.join(20)
    spread(first)
    found = first.deliveries(made.id, limit=500).hooks
    assert len(found) == 60
    assert len({(one.case, one.number) for one in found}) == 60
    taken: list[str] = []

    def take(one: Hooks) -> None:
        while jobs := one.take(5, 5):
            taken.extend(job.hook.key for job in jobs)

    threads = [threading.Thread(target=take, args=(one,)) for one in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(taken) == len(set(taken)) == 60  # nobody tries what somebody is at


def test_a_crash_between_sending_and_marking_sends_it_again_under_its_id(
    store: SqlStore, hooks: Hooks, clock: Clock, there: Receiver
) -> None:
    _, secret = hooks.add(there.url, ["case.*"], by=BY)
    happen(store, "open")
    spread(hooks)
    (job,) = hooks.take(10, 10)
    body = job.hook.event.encode()
    sender = Sender(networks(LOOPBACK))
    sender.send(job.url, signing.headers(job.hook.key, clock(), body, job.secrets), body)
    again = Hooks(store.within(store.workspace), LOOPBACK)  # the other one is dead
    assert post(again, clock) == []
    clock.at += LEASE + 1
    assert [one.status for one in post(again, clock)] == [SENT]
    assert [got.id for got in there.got] == [job.hook.key] * 2
    assert there.got[0].body == there.got[1].body
    assert there.verify(secret)
    assert hooks.settle(job.hook, Answer(error="timeout")).status == SENT  # it woke up, too late


def test_it_is_tried_for_three_days_and_then_the_endpoint_is_disabled(
    store: SqlStore, hooks: Hooks, clock: Clock, there: Receiver
) -> None:
    made, _ = hooks.add(there.url, ["case.*"], by=BY)
    there.status, there.body = 500, b"<p>no\r\n\x1b[31m database</p>" + b"x" * 100_000
    happen(store, "open")
    begun = clock.at
    waits: list[int] = []
    for number in range(len(SCHEDULE) + 1):
        (hook,) = post(hooks, clock)
        assert hook.attempts == number + 1
        if hook.status == QUEUED:
            wait = hook.due - clock.at
            assert 0.9 * SCHEDULE[number] <= wait <= 1.1 * SCHEDULE[number]
            waits.append(wait)
            clock.at = hook.due - 1
            assert post(hooks, clock) == []
            clock.at += 1
    assert hook.status == FAILED
    assert len(waits) == 9
    assert clock.at - begun > 2.7 * DAY
    assert [one.http for one in hook.tries] == [500] * 10
    assert hook.tries[0].said.startswith("<p>no ?[31m database</p>xxx")
    assert len(hook.tries[0].said) == 200
    assert {got.id for got in there.got} == {hook.key}
    assert len({got.body for got in there.got}) == 1
    assert len({got.headers["webhook-timestamp"] for got in there.got}) == 10
    now = hooks.endpoint(made.id)
    assert (now.enabled, now.reason) == (False, "failing")
    assert book(store) == ["endpoint_added", "endpoint_disabled"]


def test_an_endpoint_that_takes_others_is_not_disabled_for_one_that_it_refuses(
    store: SqlStore, hooks: Hooks, clock: Clock, there: Receiver
) -> None:
    made, _ = hooks.add(there.url, ["case.*"], by=BY)
    there.status = 400
    happen(store, "open")
    for _ in SCHEDULE:
        (hook,) = post(hooks, clock)
        clock.at = hook.due
    there.status = 200
    happen(store, "accept")
    spread(hooks)
    ours = {job.hook.key: job for job in hooks.take(9, 9)}
    sender = Sender(networks(LOOPBACK))
    other = next(job for key, job in ours.items() if key != hook.key)
    assert courier.carry(hooks, sender, other, clock).status == SENT
    there.status = 400
    assert courier.carry(hooks, sender, ours[hook.key], clock).status == FAILED
    assert hooks.endpoint(made.id).enabled


def test_one_that_is_gone_is_disabled_at_once_and_can_be_enabled_again(
    store: SqlStore, hooks: Hooks, clock: Clock, there: Receiver
) -> None:
    made, _ = hooks.add(there.url, ["case.*"], by=BY)
    there.status = 410
    happen(store, "open", "accept")
    post(hooks, clock)
    assert (hooks.endpoint(made.id).enabled, hooks.endpoint(made.id).reason) == (False, "gone")
    happen(store, "resolve")  # nobody is told
    assert post(hooks, clock) == []
    with store.view() as unit:
        entry = books.read(unit, books.HOOKS)[-1]
    assert (entry.name, entry.actor) == ("endpoint_disabled", "system:webhooks")
    assert entry.body == {"endpoint": made.id, "reason": "gone"}
    with pytest.raises(Refused, match="disabled"):
        hooks.replay(made.id, by=BY)
    with pytest.raises(Refused, match="disabled"):
        hooks.ping(made.id)
    there.status = 204
    hooks.change(made.id, enabled=True, by=BY)
    assert hooks.replay(made.id, by=BY) == 2
    happen(store, "reopen")
    assert [one.status for one in post(hooks, clock)] == [SENT] * 3
    assert {got.event["data"]["name"] for got in there.got[2:]} == {"open", "accept", "reopen"}


@pytest.mark.parametrize(
    ("said", "least", "most"),
    [
        ("120", 120_000, 120_000),
        ("1", 4_500, 5_500),  # the schedule is longer
        ("99999999999", DAY, DAY),  # not longer than a day
        ("soon", 4_500, 5_500),
        ("-5", 4_500, 5_500),
        ("Fri, 31 Dec 9999 23:59:59 GMT", DAY, DAY),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 4_500, 5_500),
    ],
)
def test_a_receiver_says_when_it_wants_to_be_called_again(
    hooks: Hooks, store: SqlStore, clock: Clock, there: Receiver, said: str, least: int, most: int
) -> None:
    hooks.add(there.url, ["case.*"], by=BY)
    there.status, there.headers = 503, {"retry-after": said}
    happen(store, "open")
    (hook,) = post(hooks, clock)
    assert least <= hook.due - clock.at <= most


def test_both_secrets_sign_until_the_overlap_ends(
    store: SqlStore, hooks: Hooks, clock: Clock, there: Receiver
) -> None:
    made, old = hooks.add(there.url, ["case.*"], by=BY)
    new = hooks.rotate(made.id, by=BY)
    assert len({old, new}) == 2
    happen(store, "open")
    post(hooks, clock)
    assert there.got[-1].headers["webhook-signature"].count("v1,") == 2
    assert there.verify(old)
    assert there.verify(new)
    third = hooks.rotate(made.id, 3_600_000, by=BY)
    happen(store, "accept")
    post(hooks, clock)
    assert all(there.verify(one) for one in (old, new, third))
    clock.at += 3_600_001
    happen(store, "resolve")
    spread(hooks)
    (job,) = hooks.take(5, 5)
    assert [one for one in (old, new, third) if one in job.secrets] == [third]
    last = hooks.rotate(made.id, 0, by=BY)
    assert hooks.endpoint(made.id).signing(clock.at) == (last,)
    assert OVERLAP == DAY
    with pytest.raises(InputError, match="negative"):
        hooks.rotate(made.id, -1, by=BY)


def test_no_secret_and_no_path_comes_into_the_ledger(store: SqlStore, hooks: Hooks) -> None:
    made, secret = hooks.add("https://hooks.example.com:8443/T00/s3cret?key=4711", by=BY)
    new = hooks.rotate(made.id, by=BY)
    hooks.change(made.id, url="https://example.org/s3cret", description="s3cret", by=BY)
    hooks.change(made.id, enabled=False, by=BY)
    hooks.change(made.id, enabled=False, by=BY)  # says nothing new
    hooks.change(made.id, enabled=True, by=BY)
    hooks.remove(made.id, by=BY)
    with store.view() as unit:
        found = books.read(unit, books.HOOKS)
    assert [one.name.removeprefix("endpoint_") for one in found] == [
        *("added", "rotated", "changed", "disabled", "enabled", "removed")
    ]
    assert {one.actor for one in found} == {"human:ana"}
    told = str([one.body for one in found])
    assert "hooks.example.com:8443" in told
    for text in (secret, new, secret[6:20], "s3cret", "4711", "T00"):
        assert text not in told
    with pytest.raises(NotFound):
        hooks.endpoint(made.id)


def test_failures_are_replayed_one_by_one_or_all_since_a_time(
    store: SqlStore, hooks: Hooks, clock: Clock, there: Receiver
) -> None:
    made, _ = hooks.add(there.url, ["case.*"], by=BY)
    other, _ = hooks.add(there.url, ["case.*"], by=BY)
    happen(store, "open", "accept")
    spread(hooks)
    clock.at += 1000
    since = clock.at
    happen(store, "resolve")
    spread(hooks)
    for job in hooks.take(20, 20):  # the last try of each
        last = replace(job.hook, attempts=len(SCHEDULE) + 1)
        with store.unit() as unit:
            put(cast("SqlUnit", unit), last)
        hooks.settle(last, Answer(error="timeout"))
    hooks.change(made.id, enabled=True, by=BY)
    failed = hooks.deliveries(made.id, status="failed").hooks
    assert len(failed) == 3
    assert failed[0].number == 3
    assert hooks.replay(made.id, since=since, by=BY) == 1
    assert [one.key for one in post(hooks, clock)] == [failed[0].key]
    assert hooks.replay(made.id, failed[2].key, by=BY) == 1
    assert [one.key for one in post(hooks, clock)] == [failed[2].key]
    assert hooks.replay(made.id, by=BY) == 1
    assert hooks.replay(made.id, by=BY) == 0  # it is under way
    for nothing in ("msg_" + "0" * 32, "msg_\0", "'", "\ud800"):
        with pytest.raises(NotFound, match="no such delivery"):
            hooks.replay(made.id, nothing, by=BY)
        with pytest.raises(NotFound, match="no such delivery"):
            hooks.delivery(nothing)
        with pytest.raises(NotFound, match="no endpoint"):
            hooks.endpoint(nothing)
    with pytest.raises(NotFound, match="no such delivery"):
        hooks.replay(made.id, hooks.deliveries(other.id).hooks[0].key, by=BY)


def test_deliveries_are_listed_in_pages_the_latest_first(
    store: SqlStore, hooks: Hooks, clock: Clock, there: Receiver
) -> None:
    made, _ = hooks.add(there.url, ["case.*"], by=BY)
    for number in range(7):
        clock.at += number % 2
        happen(store, "open", case=f"c{number}")
        spread(hooks)
        if number < 3:
            post(hooks, clock)
    whole = hooks.deliveries(made.id).hooks
    assert len(whole) == 7
    assert [(one.at, one.key) for one in whole] == sorted(
        ((one.at, one.key) for one in whole), reverse=True
    )
    seen, after = [], ""
    while True:
        page = hooks.deliveries(made.id, after=after, limit=2)
        seen += page.hooks
        after = page.cursor
        if not after:
            break
    assert tuple(seen) == whole
    assert len(hooks.deliveries(made.id, status="sent").hooks) == 3
    assert len(hooks.deliveries(made.id, status="queued").hooks) == 4
    for bad in ({"status": "lost"}, {"after": "x"}):
        with pytest.raises(InputError):
            hooks.deliveries(made.id, **bad)


def test_reading_goes_on_after_a_restart_where_it_was(
    store: SqlStore, hooks: Hooks, clock: Clock, there: Receiver
) -> None:
    made, _ = hooks.add(there.url, ["case.*"], by=BY)
    happen(store, "open", "accept")
    assert hooks.spread(1)  # its own entry
    hooks.spread(1)
    happen(store, "resolve")
    again = Hooks(store.within(store.workspace), LOOPBACK)
    assert len(post(again, clock)) == 3
    assert sorted(got.event["data"]["number"] for got in there.got) == [1, 2, 3]
    assert post(again, clock) == []
    assert len(again.deliveries(made.id).hooks) == 3


def test_after_a_restore_nothing_is_lost_and_nothing_is_made_twice(
    store: SqlStore, hooks: Hooks, clock: Clock, there: Receiver
) -> None:
    happen(store, "propose")
    clock.at += 1000
    made, _ = hooks.add(there.url, ["case.*"], by=BY)
    happen(store, "open", "accept")
    post(hooks, clock)
    assert len(there.got) == 2
    clock.at += 1000
    happen(store, "resolve")  # nobody has read this one when the backup is made
    restored = store.within(store.workspace)
    restored.incarnation = store.incarnation + 1  # what a restore does to it
    again = Hooks(restored, LOOPBACK)
    happen(restored, "reopen")
    post(again, clock)
    post(again, clock)
    names = sorted(got.event["data"]["name"] for got in there.got)
    assert names == ["accept", "open", "reopen", "resolve"]
    assert len({got.id for got in there.got}) == 4
    assert len(again.deliveries(made.id).hooks) == 4
    assert again.spread() is False


def test_what_is_old_is_forgotten_and_does_not_come_back(
    store: SqlStore, hooks: Hooks, clock: Clock, there: Receiver
) -> None:
    made, _ = hooks.add(there.url, ["case.*"], by=BY)
    happen(store, "open")
    post(hooks, clock)
    clock.at += KEPT + 1
    happen(store, "accept")
    post(hooks, clock)
    assert hooks.purge() == 1
    assert [one.number for one in hooks.deliveries(made.id).hooks] == [2]
    restored = store.within(store.workspace)
    restored.incarnation = store.incarnation + 1
    assert post(Hooks(restored, LOOPBACK), clock) == []
    assert len(there.got) == 2


def test_a_slow_endpoint_leaves_room_for_the_others(store: SqlStore, hooks: Hooks) -> None:
    slow, _ = hooks.add("https://slow.example.com", ["case.*"], by=BY)
    happen(store, *["open"] * 20)
    spread(hooks)
    hooks.add("https://quick.example.com", ["case.*"], by=BY)
    happen(store, "accept")
    spread(hooks)
    jobs = hooks.take(8, 4, [slow.id] * 2)
    assert sorted(job.hook.endpoint == slow.id for job in jobs) == [False, True, True]
    assert hooks.take(8, 4, [slow.id] * 4) == []


def test_removed_endpoints_take_their_deliveries_with_them(
    store: SqlStore, hooks: Hooks, clock: Clock, there: Receiver
) -> None:
    made, _ = hooks.add(there.url, ["case.*"], by=BY)
    happen(store, "open")
    spread(hooks)
    (job,) = hooks.take(5, 5)
    hooks.remove(made.id, by=BY)
    assert courier.carry(hooks, Sender(networks(LOOPBACK)), job, clock) is None
    assert hooks.take(5, 5) == []
    with pytest.raises(NotFound):
        hooks.deliveries(made.id)


def test_a_ping_is_signed_like_everything_else(hooks: Hooks, clock: Clock, there: Receiver) -> None:
    made, secret = hooks.add(there.url, ["case.open"], by=BY)
    key = hooks.ping(made.id)
    (hook,) = post(hooks, clock)
    assert hook.key == key
    told = there.verify(secret)
    assert told["type"] == "com.handrail.ping.v1"
    assert told["data"] == {"endpoint": made.id}


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/x y",
        "ftp://example.com/",
        "https://",
        "https:///path",
        "https://user:pass@example.com/",
        "https://user@example.com/",
        "https://example.com/#part",
        "https://example.com:0/",
        "https://example.com:70000/",
        "https://exa\\mple.com/",
        "https://ex%61mple.com/",
        "https://münchen.example/",
        "https://[::1",
        "https://[fe80::1%25eth0]/",
        "https://169.254.169.254/latest",
        "https://10.0.0.1/",
        "https://[::ffff:10.0.0.1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://example.com/" + "a" * 2000,
        "example.com",
        "javascript:alert(1)",
    ],
)
def test_an_address_that_cannot_be_is_refused(hooks: Hooks, url: str) -> None:
    with pytest.raises(InputError):
        hooks.add(url, by=BY)
    assert hooks.endpoints() == []


def test_in_the_clear_only_where_private_ranges_are_allowed(store: SqlStore, hooks: Hooks) -> None:
    with pytest.raises(InputError, match="not HTTPS"):
        Hooks(store).add("http://127.0.0.1/", by=BY)
    with pytest.raises(InputError, match="not HTTPS"):
        Hooks(store).add("http://example.com/", by=BY)
    assert hooks.add("http://127.0.0.1/", by=BY)
    with pytest.raises(InputError, match="no range"):
        Hooks(store, ["10.0.0.1/8"])


def test_there_is_an_end_to_endpoints_and_to_descriptions(hooks: Hooks) -> None:
    for _ in range(MOST):
        hooks.add("https://example.com", by=BY)
    with pytest.raises(Refused, match="at most"):
        hooks.add("https://example.com", by=BY)
    name = hooks.endpoints()[0].id
    for text in ("x" * 201, "a\nb", "\x1b[31m"):
        with pytest.raises(InputError, match="one line"):
            hooks.change(name, description=text, by=BY)


def test_the_schedule_spans_days_and_is_never_exactly_the_same() -> None:
    assert sum(SCHEDULE) > 3 * DAY
    assert len({rest(3) for _ in range(50)}) > 10
    assert all(rest(9) <= 1.1 * DAY for _ in range(50))
