"""What must hold after the kills, of what the clients were answered and of what is stored."""

import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import create_engine, text

from crash import check
from fleet.caller import Call
from fleet.servers import Setting
from handrail.adapters.sql import SqlStore

_SAID = ("turns", "messages")


class Stored(NamedTuple):
    """What is there in the end. `fences`: under which epoch an effect may leave; None: any.
    `entries`: when each was written.
    """

    seen: Mapping[str, check.Seen]
    fences: Mapping[str, tuple[int, int] | None]
    open_handoffs: Mapping[str, int]
    entries: Mapping[tuple[str, int], int]


def stored(store: SqlStore) -> Stored:
    """Read it."""
    engine = create_engine(store.url)
    with engine.connect() as connection:

        def ask(said: str) -> list[Any]:
            return list(connection.execute(text(said)))

        names = [row[0] for row in ask("select id from cases where id not like '@%' order by id")]
        fences = {
            key: None if number is None else (incarnation, number)
            for key, incarnation, number in ask("select key, fence_incarnation, fence from effects")
        }
        handoffs = dict(
            ask('select "case", count(*) from handoffs where ended is null group by "case"')
        )
        told = 'select "case", number, at from entries where "case" not like \'@%\''
        entries = {(case, number): at for case, number, at in ask(told)}
    engine.dispose()
    return Stored(check.read(store, names), fences, handoffs, entries)


def kept(calls: Sequence[Call], found: Stored) -> Iterator[str]:
    """Every turn and command that was acknowledged is there once; one that was refused is not."""
    for call in calls:
        what = call.path.rpartition("/")[2]
        one = found.seen.get(call.case)
        if what in _SAID:
            lines = one.lines if one else ()
            times = sum(line.turn.text.endswith(f"({call.id})") for line in lines)
            times += what == "messages" and times == 0 and _sent(call, one)
        elif what == "commands":
            entries = one.entries if one else ()
            times = sum(entry.body.get("reason") == call.id for entry in entries)
        else:
            continue
        wanted = 1 if call.status == 200 else 0
        if times != wanted:
            yield f"`{call.id}` was answered {call.status} {call.code}, and is there {times} times"


def _sent(call: Call, one: check.Seen | None) -> bool:
    return one is not None and call.told.get("message") in {each.key for each in one.effects}


def fenced(calls: Sequence[Call], delivered: Mapping[str, float], found: Stored) -> Iterator[str]:
    """Law 15, as the customers saw it: nothing that the AI said was taken, or brought to them,
    after somebody had been told of a later epoch.
    """
    told: dict[str, list[tuple[float, tuple[int, int]]]] = defaultdict(list)
    for call in calls:
        if call.epoch is not None:
            told[call.case].append((call.answered, call.epoch))
    for call in calls:
        said = call.body or {}
        if call.status == 200 and said.get("turn", {}).get("role") == "agent":
            yield from _late(f"the turn `{call.id}`", call.case, said["epoch"], call.begun, told)
    for key, asked in delivered.items():
        fence = found.fences.get(key)
        if key not in found.fences:
            yield f"`{key}` was delivered, and is not there"
        elif fence is not None:
            yield from _late(f"the message `{key}`", key.rpartition("/")[0], fence, asked, told)


def _late(
    what: str,
    case: str,
    epoch: Sequence[int],
    asked: float,
    told: Mapping[str, list[tuple[float, tuple[int, int]]]],
) -> Iterator[str]:
    later = [one for at, one in told[case] if at < asked and one > tuple(epoch)]
    if later:
        yield f"{what} is of epoch {tuple(epoch)}; before it was asked for, it was {max(later)}"


def whole(found: Stored, store: SqlStore) -> Iterator[str]:
    """The laws on what is stored; at most one open handoff; every hash follows."""
    yield from check.laws(dict(found.seen))
    yield from check.chained(store)
    for case, times in found.open_handoffs.items():
        if times > 1:
            yield f"`{case}` has {times} open handoffs"


def watched(events: Sequence[tuple[str, int]], found: Stored, until: int) -> Iterator[str]:
    """The stream told of every entry once, those of a case in order, over all its breaks; of those
    that were written `until` it was closed.
    """
    times = Counter(events)
    doubled = [one for one, count in times.items() if count > 1]
    lost = [one for one, at in found.entries.items() if at <= until and one not in times]
    other = times.keys() - found.entries.keys()
    for what, bad in (("twice", doubled), ("never", lost), ("of nothing", other)):
        if bad:
            yield f"the stream told {what} of {len(bad)} entries, such as {sorted(bad)[:3]}"
    last: dict[str, int] = {}
    for case, number in events:
        if number < last.get(case, 0):
            yield f"the stream told of entry {number} of `{case}` after {last[case]}"
        last[case] = number


def verified(setting: Setting) -> Iterator[str]:
    """`handrail verify`, as an auditor runs it."""
    done = subprocess.run(
        [sys.executable, "-m", "handrail.cli", "verify", setting.url],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env=setting.environment(),
    )
    if done.returncode:
        yield f"`handrail verify` ended with {done.returncode}: {done.stdout}{done.stderr}"


def progressed(
    calls: Sequence[Call], kills: Sequence[float], end: float
) -> tuple[list[float], list[str]]:
    """The longest silence of each client after each kill, in seconds; who was not heard of again
    before the next one.
    """
    by_client: dict[str, list[float]] = defaultdict(list)
    for call in calls:
        by_client[call.client].append(call.answered)
    silences, wrong = [], []
    for at, after in zip(kills, [*kills[1:], end], strict=True):
        for name, times in by_client.items():
            within = sorted(one for one in times if at <= one < after)
            if not within:
                wrong.append(f"{name} was not heard of for {after - at:.1f} s after a kill")
                continue
            silences.append(
                max(b - a for a, b in zip([at, *within], [*within, after], strict=True))
            )
    return silences, wrong
