"""Who may come in, and who signs: administrators, keys that end, checkpoints of the ledger."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, cast

from handrail import codec
from handrail.adapters.sql.directory import Directory
from handrail.adapters.sql.store import SqlStore
from handrail.adapters.sql.unit import SqlUnit
from handrail.core import ledger
from handrail.core.access import Identity, Role, Token
from handrail.core.ledger import Checkpoint
from handrail.prove import Keys, right
from handrail.wiring.doctor.line import Line, look, ok, span, wrong

SOON = 14 * 86_400_000
_PEOPLE = "select id from identities where workspace = ? and (password <> '' or subject <> '')"
_LAST = "select body, signature from checkpoints where workspace = ? order by number desc limit 1"
_WAITS = (  # the first entry of each chain that no checkpoint covers; as many as are looked at
    "select count(*), coalesce(min(e.at), 0) from (select workspace, id, sealed from cases "
    "where workspace = ? and fresh = 1 and sealed < entries order by id limit 10000) c "
    'join entries e on e.workspace = c.workspace and e."case" = c.id and e.number = c.sealed + 1'
)


class Known(NamedTuple):
    """Who is known, and which of them can come in."""

    people: dict[str, Identity]
    tokens: list[Token]
    inside: frozenset[str]


def known(store: SqlStore, now: int) -> Known:
    """All of a workspace."""
    found = Directory(store)
    people = {one.id: one for one in found.identities()}
    tokens = [one for one in found.tokens() if one.valid(now)]
    with store.view() as made:
        signing_in = {row[0] for row in cast("SqlUnit", made).ask(_PEOPLE)}
    ways = signing_in | {one.identity for one in tokens}
    inside = frozenset(name for name, one in people.items() if not one.disabled and name in ways)
    return Known(people, tokens, inside)


def keys(who: Known, now: int) -> Iterator[Line]:
    """Whether somebody can administer, and which keys end soon."""
    admins = [
        name
        for name in who.inside
        if any(one.role is Role.ADMIN and one.everywhere for one in who.people[name].grants)
    ]
    if admins:
        yield ok("keys", f"{len(admins)} who may administer can come in")
    else:
        yield wrong("keys", "nobody who may administer can come in", "handrail key recover")
    for one in who.tokens:
        ends = min(at for at in (one.expires, one.revoked, now + SOON) if at)
        if one.expires and not one.revoked and ends < now + SOON and one.identity in who.inside:
            note = f"the key `{one.id}` of `{one.identity}` expires in {span(ends - now)}"
            yield look("keys", note, f"handrail key rotate {one.id}")


def signing(store: SqlStore, file: Path | None, every: int) -> Iterator[Line]:
    """Whether checkpoints are signed, by the keys that are here, and lately. `every`: seconds."""
    with store.view() as made:
        unit = cast("SqlUnit", made)
        last, now = unit.ask(_LAST), unit.now()
        count, since = unit.ask(_WAITS)[0]
    if file is None or not file.exists():
        mend = "handrail ledger keys FILE, and name it as `signing_keys`"
        if last:
            note = "checkpoints were signed, and the keys are not here"
            yield wrong("signing", note, "name the file of the keys as `signing_keys`")
        else:
            yield look("signing", "no keys sign checkpoints of the ledger", mend)
        return
    signers = Keys.load(file)
    if not last:
        yield look(
            "signing", "there is no checkpoint yet", f"handrail ledger checkpoint URL --keys {file}"
        )
        return
    point = codec.load(Checkpoint, last[0][0])
    yield _signed(signers, point, last[0][1])
    waits = now - int(since) if count else 0
    if waits > max(3 * every, 900) * 1000:
        note = f"entries have waited {span(waits)} for a checkpoint; the last is {point.number}"
        yield look("checkpoint", note, "handrail serve (its log says why none is taken)")
    else:
        yield ok("checkpoint", f"number {point.number}, {span(max(0, now - point.at))} old")


def _signed(signers: Keys, point: Checkpoint, signature: str) -> Line:
    """Whether the last checkpoint is of these keys."""
    public = {one.introduction.id: one.introduction.public for one in signers.history}
    if point.key not in public:
        note = f"checkpoint {point.number} was signed by another key than those in the file"
        return wrong("signing", note, "name the file that has signed so far as `signing_keys`")
    given = bytes.fromhex(public[point.key])
    if not right(given, bytes.fromhex(signature), ledger.message(point)):
        note = f"the signature of checkpoint {point.number} is wrong"
        return wrong("signing", note, "handrail verify URL")
    return ok("signing", f"by key {signers.current.id[:12]}")
