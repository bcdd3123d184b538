"""Passwords of people: kept as Argon2id hashes, tried a bounded number of times.

Whether somebody is known makes no difference that can be measured or read: neither in time, nor in
words, nor in when a name is locked.
"""

import hashlib
import secrets
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, cast

from handrail.adapters.sql.people import CONSOLE, end_sessions, found, known, note, put
from handrail.adapters.sql.tokens import Tokens
from handrail.adapters.sql.unit import SqlUnit
from handrail.core.access import Identity, Kind
from handrail.core.ownership import Actor
from handrail.errors import InputError, Unauthenticated, Unavailable

if TYPE_CHECKING:
    from argon2 import PasswordHasher

ROUNDS, MEMORY, LANES = 3, 65_536, 4
"""Argon2id as RFC 9106 recommends it where memory is scarce: passes, KiB, lanes."""
SHORTEST, LONGEST = 12, 200
"""Characters of a password."""
TRIES, WINDOW, LOCKED = 5, 900_000, 60_000
"""After so many wrong passwords within `WINDOW` milliseconds each further one locks the name for
`LOCKED` milliseconds.
"""
_AT_ONCE = threading.BoundedSemaphore(2)  # each hash takes 64 MiB
_PATIENCE = 5.0  # seconds
_TRIED = "tries/"
_READ = "select value from cursors where workspace = ? and name = ?"
_WRITE = (
    "insert into cursors (workspace, name, value) values (?, ?, ?) "
    "on conflict (workspace, name) do update set value = excluded.value"
)
_CLEAR = "delete from cursors where workspace = ? and name = ?"
_OLD = "delete from cursors where workspace = ? and substr(name, 1, 6) = 'tries/' and value < ?"
_ANYBODY = "select 1 from identities where workspace = ? limit 1"
_HAS = (
    "select password from identities where workspace = ? and id = ? and disabled = 0 "
    "and password <> ''"
)


class Passwords(Tokens):
    """The passwords of a workspace."""

    def set_password(self, name: str, password: str, *, by: Actor = CONSOLE) -> None:
        """Give a person a password, and end their sessions. Empty: they have none any more."""
        password = _plain(password)
        if password and not SHORTEST <= len(password) <= LONGEST:
            raise InputError(
                f"a password has {SHORTEST} to {LONGEST} characters",
                hint="take a few words that nobody would put together",
            )
        hashed = _hashed(password) if password else ""
        with self._changing() as unit:
            if known(unit, name).kind is not Kind.PERSON:
                raise InputError(f"`{name}` is a program", hint="programs have keys")
            put(unit, "identities", name, "password", hashed)
            unit.ask(_CLEAR, _mark(name))
            end_sessions(unit, name)
            note(unit, "password_set" if hashed else "password_removed", by, identity=name)

    def check_password(self, name: str, password: str) -> Identity:
        """Who that is. Unauthenticated, in the same words, when the password is wrong, there is
        nobody like that, or they are disabled; in other words when there were too many tries, and
        then the password was not even looked at. Unavailable when too many try at once.
        """
        password, nobody = _plain(password), _nobody()
        with self._seeing() as unit:
            there = bool(unit.ask(_ANYBODY))
        if there:  # of a workspace that somebody has made up nothing is kept
            self._begin(name)
        with self._seeing() as unit:
            kept = _kept(unit, name)
        right = _right(kept or nobody, password)
        if not (kept and right):
            raise _wrong()
        better = _hashed(password) if _hasher().check_needs_rehash(kept) else kept
        with self._changing() as unit:
            if _kept(unit, name) != kept:  # disabled or changed since then
                raise _wrong()
            unit.ask(_CLEAR, _mark(name))
            if better != kept:
                put(unit, "identities", name, "password", better)
            return known(unit, name)

    def _begin(self, name: str) -> None:
        """Count a try before it is made, so that many at once are no more than one by one."""
        mark = _mark(name)
        with self._store.unit() as made:
            unit = cast("SqlUnit", made)
            unit.case("tries\n")  # one at a time; no case has a line break in its id
            unit.ask(_OLD, f"{unit.now() - WINDOW:015d}")
            row = next(iter(unit.ask(_READ, mark)), None)
            last, count = map(int, row[0].split()) if row else (0, 0)
            rest = last + LOCKED - unit.now() if count >= TRIES else 0
            if rest > 0:
                raise Unauthenticated(
                    "too many wrong passwords for this name",
                    hint=f"wait {-(-rest // 1000)} seconds, and try again",
                )
            unit.ask(_WRITE, mark, f"{unit.now():015d} {count + 1}")
        if count + 1 == TRIES:
            with self._changing() as unit:
                if found(unit, name):
                    note(unit, "password_locked", CONSOLE, identity=name)


def _mark(name: str) -> str:
    """Under what the tries of a name are counted. What was typed there may be a password."""
    return _TRIED + hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()


def _kept(unit: SqlUnit, name: str) -> str:
    """The hash of somebody who may sign in with a password; empty: nobody like that."""
    row = unit.ask(_HAS, name)[:1] if found(unit, name) else []
    return str(row[0][0]) if row else ""


def _wrong() -> Unauthenticated:
    return Unauthenticated("the name or the password is wrong")


def _plain(password: str) -> str:
    """What looks the same is the same, however a keyboard makes it; and no more than can be."""
    return unicodedata.normalize("NFKC", password[: LONGEST * 2])


@cache
def _hasher() -> "PasswordHasher":
    try:
        from argon2 import PasswordHasher
    except ImportError as problem:
        raise InputError("passwords need a library", hint="install `handrail[server]`") from problem
    return PasswordHasher(time_cost=ROUNDS, memory_cost=MEMORY, parallelism=LANES)


@cache
def _nobody() -> str:
    """A hash that no password has: who is not there takes as long as who is."""
    return _hashed(secrets.token_hex(32))


def _hashed(password: str) -> str:
    with _turn():
        return _hasher().hash(password.encode("utf-8", "surrogatepass"))


def _right(kept: str, password: str) -> bool:
    from argon2.exceptions import VerificationError

    with _turn():
        try:
            return _hasher().verify(kept, password.encode("utf-8", "surrogatepass"))
        except VerificationError:
            return False


@contextmanager
def _turn() -> Iterator[None]:
    """Wait until there is memory for one more hash."""
    if not _AT_ONCE.acquire(timeout=_PATIENCE):
        raise Unavailable("too many sign in at once", hint="try again in a few seconds")
    try:
        yield
    finally:
        _AT_ONCE.release()
