"""Packs by digest and rosters by version, in the tables of a store. See `handrail.engine.registry`.

A pack is kept as the texts of all its files, what it extends among them, so that it loads as it
did when it was submitted, whatever became of those files.
"""

import json
from typing import Any, cast

from handrail.adapters.sql.unit import SqlUnit
from handrail.packs.stored import Stored
from handrail.ports import Unit

_PUT_PACK = (
    'insert into packs (workspace, digest, name, version, "by", at, sources) '
    "values (?, ?, ?, ?, ?, ?, ?) on conflict (workspace, digest) do update set "
    'name = excluded.name, version = excluded.version, "by" = excluded."by", '
    "at = excluded.at, sources = excluded.sources"
)
_PACK = (
    'select digest, name, version, "by", at, sources from packs where workspace = ? and digest = ?'
)
_PUT_ROSTER = 'insert into rosters (workspace, version, "by", at, body) values (?, ?, ?, ?, ?)'
_ROSTER = "select body from rosters where workspace = ? and version = ?"


class SqlRegistry:
    """The packs and rosters of the workspace that a unit is of."""

    def put_pack(self, unit: Unit, pack: Stored) -> None:
        """Keep a pack; one of that digest is replaced."""
        told = (pack.digest, pack.name, pack.version, pack.by, pack.at)
        _ask(unit, _PUT_PACK, *told, json.dumps(pack.sources, ensure_ascii=False))

    def pack(self, unit: Unit, digest: str) -> Stored | None:
        """The pack of that digest."""
        for name, *told, sources in _ask(unit, _PACK, digest):
            title, version, by, at = told
            files = tuple((file, text) for file, text in json.loads(sources))
            return Stored(
                digest=name, name=title, version=version, by=by, at=int(at), sources=files
            )
        return None

    def put_roster(self, unit: Unit, version: int, by: str, tree: dict[str, Any]) -> None:
        """Keep a version of the roster."""
        body = json.dumps(tree, ensure_ascii=False)
        _ask(unit, _PUT_ROSTER, version, by, unit.now(), body)

    def roster(self, unit: Unit, version: int) -> dict[str, Any] | None:
        """A version of the roster."""
        for (body,) in _ask(unit, _ROSTER, version):
            found: dict[str, Any] = json.loads(body)
            return found
        return None


def _ask(unit: Unit, statement: str, *given: Any) -> list[Any]:
    return cast("SqlUnit", unit).ask(statement, *given)
