"""Witnesses: where signed checkpoints are kept, out of reach of who owns the database.

A witness has one line a checkpoint, and only ever gets more of them. The same line may come twice.
"""

import os
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path
from typing import Protocol
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from handrail.core.ledger import Signed, lines
from handrail.errors import AdapterError, InputError

_FORM = "application/x-ndjson"


class Witness(Protocol):
    """Where checkpoints are kept."""

    def put(self, workspace: str, made: Signed) -> None:
        """Keep a checkpoint for good. AdapterError when it is not certain that it is kept."""

    def lines(self) -> Iterator[bytes]:
        """Everything that was kept, a line each. InputError or AdapterError when unreadable."""


class FileWitness:
    """A file that lines are appended to: on another machine's disk, or where it is write-once."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def put(self, workspace: str, made: Signed) -> None:
        """Append one line, and wait until the disk has it."""
        line = lines.witnessed(workspace, made)
        try:
            new = not self.path.exists()
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
            try:
                if _torn(handle):  # what a crash left of a line stands by itself
                    line = b"\n" + line
                if os.write(handle, line) != len(line):
                    raise AdapterError(f"the witness `{self.path}` took half a line")
                os.fsync(handle)
            finally:
                os.close(handle)
            if new and os.name == "posix":
                _sync(self.path.absolute().parent)
        except OSError as error:
            raise AdapterError(
                f"cannot write to the witness `{self.path}`: {error.strerror}"
            ) from error

    def lines(self) -> Iterator[bytes]:
        """Everything in the file."""
        try:
            with self.path.open("rb") as file:
                yield from file
        except OSError as error:
            raise InputError(f"cannot read the witness `{self.path}`: {error.strerror}") from error


def _torn(handle: int) -> bool:
    """Whether the file ends in the middle of a line."""
    size = os.fstat(handle).st_size
    if not size:
        return False
    os.lseek(handle, size - 1, os.SEEK_SET)
    return os.read(handle, 1) != b"\n"


def _sync(folder: Path) -> None:
    """A new file is there after a power cut only once its folder is written."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class _Straight(HTTPRedirectHandler):
    """Follows no redirection: a checkpoint that is sent on may be sent on as nothing."""

    def redirect_request(self, *_: object) -> None:
        """Nowhere."""


class HttpWitness:
    """A service that keeps each line that is posted to it, and gives all of them when asked.

    `headers` go with every request, for authorization. `timeout` in seconds.
    """

    def __init__(
        self, url: str, *, headers: dict[str, str] | None = None, timeout: float = 10.0
    ) -> None:
        if not url.startswith(("http://", "https://")):
            raise InputError(f"the witness `{url}` is not at an address http(s)://…")
        self.url, self._timeout = url, timeout
        self._headers = headers or {}
        self._opener = build_opener(_Straight)

    def put(self, workspace: str, made: Signed) -> None:
        """Post one line; kept when the answer is of the kind 2xx."""
        for _ in self._asked(lines.witnessed(workspace, made)):
            pass

    def lines(self) -> Iterator[bytes]:
        """Get all lines."""
        return self._asked(None)

    def _asked(self, body: bytes | None) -> Iterator[bytes]:
        headers = {"Content-Type": _FORM, "Accept": _FORM, **self._headers}
        request = Request(self.url, data=body, headers=headers)  # noqa: S310
        try:
            with self._opener.open(request, timeout=self._timeout) as answer:
                yield from answer
        except HTTPError as error:
            error.close()
            raise AdapterError(f"the witness `{self.url}` answered {error.code}") from None
        except (OSError, HTTPException) as error:
            why = getattr(error, "reason", None) or error
            raise AdapterError(f"the witness `{self.url}` cannot be reached: {why}") from error


def open_witness(where: str) -> Witness:
    """The witness at an address, `http://…` or `https://…`, or in a file. InputError for others."""
    scheme, found, _ = where.partition("://")
    if scheme in {"http", "https"}:
        return HttpWitness(where)
    if found:
        raise InputError(f"no witness of kind `{scheme}`", hint="name a file, or http(s)://…")
    return FileWitness(Path(where))
