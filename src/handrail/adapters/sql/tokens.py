"""API keys and sessions: what somebody proves who they are with.

A token reads `hr_<id>_<secret>`. It is shown once; only a SHA-256 of the secret is kept, which is
enough because the secret is 256 bits of chance: there is nothing to guess.
"""

import hashlib
import hmac
import re
import secrets
from typing import Any, cast

from handrail.adapters.sql.people import CONSOLE, People, known, note, put
from handrail.adapters.sql.store import SqlStore
from handrail.adapters.sql.unit import SqlUnit
from handrail.core.access import Grant, Identity, Kind, Principal, Role, Token, TokenKind
from handrail.core.ownership import Actor
from handrail.errors import Conflict, InputError, NotFound, Refused, Unauthenticated

HOUR, DAY = 3_600_000, 86_400_000
OVERLAP = DAY
"""For how many milliseconds both keys are valid while one takes the place of the other."""

_TEXT = re.compile(r"hr_([0-9a-f]{16})_([0-9a-f]{64})")
_NAME = re.compile(r"[0-9a-f]{16}")
_LONGEST = 100
_ALL = "select id, identity, kind, label, at, expires, revoked from tokens where workspace = ?"
_MAKE = (
    "insert into tokens (workspace, id, identity, kind, hash, label, at, expires) "
    "values (?, ?, ?, ?, ?, ?, ?, ?)"
)
# All in one: who shows a key has not said yet of which workspace. Nobody else's rows are read.
_WHO = (
    "select t.hash, t.workspace, t.kind, t.label, t.at, t.expires, t.revoked, i.id, i.kind, i.name,"
    " i.at, i.disabled, g.role, g.workflow, g.queue, g.topic from tokens t "
    "join identities i on i.workspace = t.workspace and i.id = t.identity "
    "left join grants g on g.workspace = i.workspace and g.identity = i.id "
    "where ? <> '' and t.id = ?"
)
_FORGET = (
    "delete from tokens where workspace = ? and identity = ? and kind = 'session' and expires < ?"
)
_KEPT = 30 * DAY  # sessions that are over are forgotten after this
_NO_HASH = "0" * 64


class Tokens(People):
    """The tokens of a workspace."""

    def make_token(
        self,
        name: str,
        kind: TokenKind = TokenKind.KEY,
        *,
        label: str = "",
        expires: int = 0,
        by: Actor = CONSOLE,
    ) -> str:
        """A new token of somebody, shown only here. `expires` is a time, 0 for never."""
        with self._changing() as unit:
            return self._made(unit, name, TokenKind(kind), label, expires, by)

    def _made(
        self, unit: SqlUnit, name: str, kind: TokenKind, label: str, expires: int, by: Actor
    ) -> str:
        who = known(unit, name)
        if who.disabled:
            raise Refused(f"`{name}` is disabled", hint="enable them first")
        if kind is TokenKind.SESSION and not (who.kind is Kind.PERSON and expires):
            raise InputError("a session is of a person, and expires")
        if expires and expires <= unit.now():
            raise InputError("it would have expired already", hint="name a later time, or none")
        if len(label) > _LONGEST or not label.isprintable():
            raise InputError(f"a label is one line of at most {_LONGEST} characters")
        if kind is TokenKind.SESSION:
            unit.ask(_FORGET, name, unit.now() - _KEPT)
        token, secret = secrets.token_hex(8), secrets.token_hex(32)
        unit.ask(_MAKE, token, name, kind.value, _hash(secret), label, unit.now(), expires)
        body = {"token": token, "identity": name} | ({"expires": expires} if expires else {})
        note(unit, f"{kind.value}_created", by, **body)
        return f"hr_{token}_{secret}"

    def rotate(self, token: str, overlap: int = OVERLAP, *, by: Actor = CONSOLE) -> str:
        """A new key in the place of this one, which stays valid for `overlap` milliseconds at the
        most. Of a key that expires the new one lasts as long as the old one did from the start.
        """
        if overlap < 0:
            raise InputError("the overlap cannot be negative", hint="give 0 to end the old key now")
        with self._changing() as unit:
            old = _token(unit, token)
            if old.kind is not TokenKind.KEY:
                raise InputError(f"`{token}` is a session", hint="sessions end, keys are rotated")
            if old.revoked or not old.valid(unit.now()):
                raise Conflict(
                    f"the key `{token}` was replaced, revoked or has expired",
                    hint="rotate the one that took its place, or create one",
                )
            until = unit.now() + old.expires - old.at if old.expires else 0
            made = self._made(unit, old.identity, old.kind, old.label, until, by)
            ends = unit.now() + overlap
            put(unit, "tokens", token, "revoked", ends)
            note(unit, "key_rotated", by, token=token, to=made.split("_")[1], until=ends)
            return made

    def revoke(self, token: str, *, by: Actor = CONSOLE) -> None:
        """Refuse a token from now on, for good."""
        with self._changing() as unit:
            found = _token(unit, token)
            if not 0 < found.revoked <= unit.now():
                self._revoke(unit, found, by)

    def revoke_all(self, name: str, *, by: Actor = CONSOLE) -> None:
        """Refuse all tokens of somebody from now on, for good."""
        with self._changing() as unit:
            self._revoke_all(unit, name, by)

    def tokens(self, name: str = "", kind: TokenKind = TokenKind.KEY) -> list[Token]:
        """The tokens of that kind, of somebody or of all, the oldest first."""
        with self._seeing() as unit:
            if name:
                known(unit, name)
            found = map(_read, unit.ask(f"{_ALL} and kind = ? order by at, id", kind.value))
            return [one for one in found if name in {"", one.identity}]

    def token(self, token: str) -> Token:
        """The token of that id."""
        with self._seeing() as unit:
            return _token(unit, token)

    @staticmethod
    def authenticate(store: SqlStore, text: str) -> Principal:
        """Who shows this token, of whatever workspace. Unauthenticated, always in the same words,
        when it is none, or of nobody, or is expired or revoked, or its owner is disabled.
        """
        match = _TEXT.fullmatch(text)
        token, secret = match.groups() if match else ("", "")
        with store.view() as unit:
            rows = cast("SqlUnit", unit).ask(_WHO, token) if match else []
            now = unit.now()
        right = hmac.compare_digest(_hash(secret), rows[0][0] if rows else _NO_HASH)
        if right and rows:
            found = _principal(token, rows)
            if found.token.valid(now) and not found.identity.disabled:
                return found
        raise Unauthenticated(
            "this key is not valid", hint="show one that is neither expired nor revoked"
        )

    @staticmethod
    def _revoke(unit: SqlUnit, found: Token, by: Actor) -> None:
        put(unit, "tokens", found.id, "revoked", unit.now())
        note(unit, f"{found.kind}_revoked", by, token=found.id, identity=found.identity)

    def _revoke_all(self, unit: SqlUnit, name: str, by: Actor) -> None:
        for one in map(_read, unit.ask(f"{_ALL} and identity = ? order by at, id", name)):
            if one.valid(unit.now()):
                self._revoke(unit, one, by)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _token(unit: SqlUnit, token: str) -> Token:
    if not _NAME.fullmatch(token):  # may be a whole key: it is not repeated
        raise NotFound("this is no id of a key", hint="it is what stands between its two `_`")
    row = next(iter(unit.ask(f"{_ALL} and id = ?", token)), None)
    if row is None:
        raise NotFound(f"there is no key `{token}`", hint="look at the list of keys")
    return _read(row)


def _read(row: Any) -> Token:
    name, identity, kind, label, at, expires, revoked = row
    return Token(
        id=name,
        identity=identity,
        kind=TokenKind(kind),
        label=label,
        at=at,
        expires=expires,
        revoked=revoked,
    )


def _principal(token: str, rows: list[Any]) -> Principal:
    """What the rows of `_WHO` say: one for each grant, or one with none."""
    _, workspace, kind, label, at, expires, revoked, name, who, shown, since, disabled, *_ = rows[0]
    grants = [Grant(role=Role(r), workflow=w, queue=q, topic=t) for *_, r, w, q, t in rows if r]
    return Principal(
        workspace=workspace,
        identity=Identity(
            id=name,
            kind=Kind(who),
            name=shown,
            grants=tuple(sorted(grants)),
            at=since,
            disabled=disabled,
        ),
        token=_read((token, name, kind, label, at, expires, revoked)),
    )
