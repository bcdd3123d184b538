"""Every decision of a replay in a file: JSON lines, or Parquet. Whole, or not there at all.

A line is `{"conversation", "source", "line", "turn", "record"}`; `record` is the canonical
record, byte for byte, so that the decision replays from it. Parquet has the same as columns, and
the decision's parts beside them.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO, Protocol, Self

import orjson

from handrail.core.model import Decision
from handrail.core.record import Input, dump
from handrail.errors import Conflict, Failed, InputError
from handrail.importers import Conversation

if TYPE_CHECKING:
    from pyarrow import Schema
    from pyarrow.parquet import ParquetWriter

ROW_GROUP = 8192
"""Rows that are held in memory before they are written as a group of a Parquet file."""

_BUFFER = 1 << 20  # bytes; a line has some 700, and the usual buffer is full after a dozen


class Output(Protocol):
    """Where decisions go."""

    def write(
        self, conversation: Conversation, turn: int, given: Input, decision: Decision
    ) -> None:
        """Write the decision on a turn, counted from 0."""


class JsonLines:
    """Decisions as JSON lines."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._of: Conversation | None = None
        self._head = b""

    def write(
        self, conversation: Conversation, turn: int, given: Input, decision: Decision
    ) -> None:
        """Write one line."""
        if conversation is not self._of:
            head = {
                "conversation": conversation.id,
                "source": conversation.source,
                "line": conversation.line,
            }
            self._of, self._head = conversation, orjson.dumps(head)[:-1]
        self._stream.write(
            b'%b,"turn":%d,"record":%b}\n' % (self._head, turn, dump(given, decision))
        )


class Parquet:
    """Decisions as rows of a Parquet file, written in groups."""

    def __init__(self, stream: BinaryIO) -> None:
        self._schema, self._writer = _parquet(stream)
        self._rows: list[tuple[object, ...]] = []

    def write(
        self, conversation: Conversation, turn: int, given: Input, decision: Decision
    ) -> None:
        """Keep a row until its group is full."""
        trigger = decision.trigger
        self._rows.append(
            (
                conversation.id,
                conversation.source,
                conversation.line,
                turn,
                given.signals.role.value,
                decision.outcome.code,
                None if trigger is None else trigger.value,
                any(reason.hard for reason in decision.reasons),
                decision.score,
                [reason.trigger.value for reason in decision.reasons],
                [reason.trigger.value for reason in decision.suppressed],
                [fault.value for fault in decision.faults],
                decision.digest,
                dump(given, decision).decode(),
            )
        )
        if len(self._rows) >= ROW_GROUP:
            self._flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self._flush()
        self._writer.close()

    def _flush(self) -> None:
        from pyarrow import Table

        if self._rows:
            columns = [list(column) for column in zip(*self._rows, strict=True)]
            self._writer.write_table(Table.from_arrays(columns, schema=self._schema))
            self._rows = []


@contextmanager
def open_output(path: str | Path, *, force: bool = False) -> Iterator[Output]:
    """An output by the ending of its name: `.jsonl` or `.parquet`.

    The file appears when all is written; after an error there is none, and an older one is as it
    was. Raises Conflict when there is a file and not `force`, InputError for a path that cannot
    be, Failed when the disk refuses.
    """
    path = Path(path)
    if path.suffix not in {".jsonl", ".parquet"}:
        raise InputError(
            f"cannot write decisions as `{path.name}`", hint="end the name in .jsonl or .parquet"
        )
    if path.is_dir() or not path.parent.is_dir():
        raise InputError(f"cannot write `{path}`", hint="name a file in a folder that is there")
    if path.exists() and not force:
        raise Conflict(f"`{path}` is there already", hint="name another file, or use --force")
    if path.suffix == ".parquet":
        _need_pyarrow()
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb", buffering=_BUFFER) as stream:
            if path.suffix == ".jsonl":
                yield JsonLines(stream)
            else:
                with Parquet(stream) as output:
                    yield output
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(path)
    except BrokenPipeError:  # of whoever reads the table, not of this file
        raise
    except OSError as error:
        raise Failed(f"cannot write `{path}`: {error.strerror or error}") from error
    finally:
        part.unlink(missing_ok=True)


def _need_pyarrow() -> None:
    try:
        import pyarrow.parquet  # noqa: F401 - an optional extra
    except ImportError as error:
        raise InputError(
            "Parquet needs pyarrow, which is not installed",
            hint="pip install 'handrail[parquet]', or write .jsonl",
        ) from error


def _parquet(stream: BinaryIO) -> "tuple[Schema, ParquetWriter]":
    """The columns, and the writer of them."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    text, texts = pa.string(), pa.list_(pa.string())
    schema = pa.schema(
        [
            ("conversation", text),
            ("source", text),
            ("line", pa.int64()),
            ("turn", pa.int32()),
            ("role", text),
            ("outcome", text),
            ("trigger", text),
            ("hard", pa.bool_()),
            ("score", pa.int16()),
            ("reasons", texts),
            ("suppressed", texts),
            ("faults", texts),
            ("digest", text),
            ("record", text),
        ]
    )
    return schema, pq.ParquetWriter(stream, schema, compression="zstd")
