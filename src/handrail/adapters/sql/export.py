"""An export for analysis: the tables of a workspace as of one instant, as Parquet or JSONL.

Rows are read batch by batch in one snapshot, so memory stays bounded and the store is not held
up. The folder has its name only once everything in it is complete.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol, cast

import orjson

from handrail.adapters.sql import columns
from handrail.adapters.sql.columns import FLAG, INT, NAMES, TEXT, Row, Table
from handrail.adapters.sql.store import SqlStore
from handrail.adapters.sql.unit import SqlUnit
from handrail.errors import Conflict, InputError

FORMAT = "handrail-export"
JSONL, PARQUET = "jsonl", "parquet"
_BATCH = 2_000
_ALWAYS = (-(1 << 62), 1 << 62)
"""From before everything to after it, in milliseconds."""


class Writer(Protocol):
    """A file of rows."""

    def write(self, rows: list[Row]) -> None:
        """Append some."""

    def close(self) -> None:
        """There are no more."""


class _Lines:
    """One JSON object a line, with the columns in order."""

    def __init__(self, path: Path, _: Table) -> None:
        self._file = path.open("wb")

    def write(self, rows: list[Row]) -> None:
        self._file.writelines(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)

    def close(self) -> None:
        self._file.close()


class _Parquet:
    """Parquet, a row group for each batch."""

    def __init__(self, path: Path, table: Table) -> None:
        import pyarrow as pa
        from pyarrow import parquet

        kinds = {TEXT: pa.string(), INT: pa.int64(), FLAG: pa.bool_(), NAMES: pa.list_(pa.string())}
        self._schema = pa.schema([(name, kinds[kind]) for name, kind in table.columns.items()])
        self._pa = pa
        self._file = parquet.ParquetWriter(path, self._schema, compression="zstd")

    def write(self, rows: list[Row]) -> None:
        self._file.write_table(self._pa.Table.from_pylist(rows, schema=self._schema))

    def close(self) -> None:
        self._file.close()


def export(
    store: SqlStore,
    out: Path,
    *,
    form: str = PARQUET,
    start: int | None = None,
    end: int | None = None,
    texts: bool = True,
) -> dict[str, Any]:
    """Write an export into a new folder `out`; gives its manifest.

    `start` and `end` are milliseconds since the epoch: what happened from the one until before the
    other. InputError for a form that is not known, or that needs what is not installed; Conflict
    when the folder is there already. When it fails nothing is left.
    """
    kind = _writer(form)
    if out.exists():
        raise Conflict(f"`{out}` is there already", hint="name a new folder")
    if not out.parent.is_dir():
        raise InputError(f"there is no folder `{out.parent}`", hint="make it first")
    window = (_ALWAYS[0] if start is None else start, _ALWAYS[1] if end is None else end)
    folder = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        with store.view() as unit:
            sql = cast("SqlUnit", unit)
            files = {
                table.name: _table(sql, table, folder / f"{table.name}.{form}", kind, window, texts)
                for table in columns.TABLES
            }
            manifest = {
                "format": FORMAT,
                "version": columns.VERSION,
                "handrail": version("handrail"),
                "workspace": store.workspace,
                "at": unit.now(),
                "from": start,
                "to": end,
                "texts": texts,
                "files": files,
            }
        text = orjson.dumps(manifest, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
        (folder / "manifest.json").write_bytes(text)
        for one in folder.iterdir():
            _to_disk(one)
        _named(folder, out)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return manifest


def _writer(form: str) -> type[_Lines] | type[_Parquet]:
    if form == JSONL:
        return _Lines
    if form != PARQUET:
        raise InputError(f"`{form}` is no format of an export", hint="`parquet` or `jsonl`")
    try:
        import pyarrow as pa  # noqa: F401
    except ImportError as problem:
        raise InputError(
            "Parquet needs pyarrow",
            hint="install `handrail[parquet]`, or take `--format jsonl`",
        ) from problem
    return _Parquet


def _table(
    unit: SqlUnit,
    table: Table,
    path: Path,
    kind: type[_Lines] | type[_Parquet],
    window: tuple[int, int],
    texts: bool,
) -> dict[str, Any]:
    """Write one table; gives what the manifest says of it."""
    count = 0
    file: Writer = kind(path, table)
    try:
        for rows in _batches(unit, table, window):
            file.write([columns.made(table, row, texts=texts) for row in rows])
            count += len(rows)
    finally:
        file.close()
    with path.open("rb") as done:
        digest = hashlib.file_digest(done, "sha256").hexdigest()
    return {
        "file": path.name,
        "rows": count,
        "bytes": path.stat().st_size,
        "sha256": digest,
        "columns": dict(table.columns),
    }


def _batches(unit: SqlUnit, table: Table, window: tuple[int, int]) -> Iterator[list[Any]]:
    """The rows of a table in the order of its key, some at a time."""
    keys = ", ".join(table.key)
    marks = ", ".join("?" * len(table.key))
    given = () if window == _ALWAYS else window
    where = f"where t.workspace = ?{table.only}" + (f" and {table.window}" if given else "")
    order = f"order by {keys} limit {_BATCH}"
    rows = unit.ask(f"{table.select} {where} {order}", *given)
    while rows:
        yield rows
        if len(rows) < _BATCH:
            return
        after = rows[-1][: len(table.key)]
        text = f"{table.select} {where} and ({keys}) > ({marks}) {order}"
        rows = unit.ask(text, *given, *after)


def _named(folder: Path, out: Path) -> None:
    """Give the folder its name, unless somebody else took it meanwhile."""
    try:
        folder.rename(out)
    except OSError as problem:
        if out.exists():
            raise Conflict(f"`{out}` is there already", hint="name a new folder") from problem
        raise
    _to_disk(out.parent)


def _to_disk(path: Path) -> None:
    """See to it that a file or folder outlives a power failure."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
