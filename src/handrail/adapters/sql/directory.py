"""Who may do what in a workspace: its people and programs, their grants, passwords and tokens."""

from handrail.adapters.sql.passwords import Passwords
from handrail.adapters.sql.people import CONSOLE, found, known, note
from handrail.adapters.sql.store import SqlStore
from handrail.adapters.sql.tokens import OVERLAP
from handrail.adapters.sql.unit import SqlUnit
from handrail.core.access import Grant, Kind, Principal, Role, Token, TokenKind
from handrail.core.ownership import Actor

__all__ = [
    "CONSOLE",
    "OVERLAP",
    "Directory",
    "Principal",
    "Token",
    "TokenKind",
    "first_admin",
]

_ADMIN = Grant(role=Role.ADMIN)


class Directory(Passwords):
    """The directory of the workspace of a store: `Directory(store)`. See `People`, `Tokens` and
    `Passwords` for what it can do; `Directory.authenticate(store, text)` needs no workspace.
    """

    def recover(
        self, name: str = Role.ADMIN.value, *, revoke: bool = False, by: Actor = CONSOLE
    ) -> str:
        """A new key of somebody who may administer the workspace, for when the last was lost. They
        are added, enabled and granted that where they are not. `revoke`: all their other keys and
        sessions end.
        """
        with self._changing() as unit:
            if revoke and found(unit, name):
                self._revoke_all(unit, name, by)
            self._made_admin(unit, name, by)
            note(unit, "admin_recovered", by, identity=name, revoked=revoke)
            return self._made(unit, name, TokenKind.KEY, "recovered", 0, by)

    def first_admin(self, name: str) -> str:
        """A key of a first administrator where nobody is known yet; else nothing is done, and it
        is empty.
        """
        with self._changing() as unit:
            if unit.ask("select id from identities where workspace = ? limit 1"):
                return ""
            self._made_admin(unit, name, CONSOLE)
            return self._made(unit, name, TokenKind.KEY, "first", 0, CONSOLE)

    def _made_admin(self, unit: SqlUnit, name: str, by: Actor) -> None:
        """Have somebody who may administer the workspace."""
        if not found(unit, name):
            self._add(unit, name, Kind.PERSON, "", by)
        self._enable(unit, name, by)
        if _ADMIN not in known(unit, name).grants:
            self._grant(unit, name, _ADMIN, by)


def first_admin(store: SqlStore, name: str) -> str:
    """See `Directory.first_admin`."""
    return Directory(store).first_admin(name)
