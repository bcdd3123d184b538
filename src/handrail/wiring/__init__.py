"""The composition root: the only place outside the adapters that knows which there are."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from handrail.errors import NotFound
from handrail.ports import Effect, Store

if TYPE_CHECKING:  # a database is loaded by who has one
    from handrail.adapters.sql import SqlStore
    from handrail.adapters.sql.archive import Backup
    from handrail.adapters.sql.book import SqlBook
    from handrail.adapters.sql.directory import Directory
    from handrail.adapters.sql.hooks import Hooks
    from handrail.adapters.sql.privacy import Privacy
    from handrail.adapters.sql.restore import Restored
    from handrail.core.ledger import Signed
    from handrail.engine import Deployment, Engine

DEFAULT = "default"
"""The workspace of who has only one."""


def in_memory(on: "Deployment", clock: Callable[[], int]) -> "Engine":
    """An engine whose cases live in this process. `clock` gives the time in milliseconds."""
    from handrail.adapters.memory import MemoryStore
    from handrail.engine import Engine

    return Engine(MemoryStore(clock), on)


@contextmanager
def opened(url: str, workspace: str = DEFAULT) -> Iterator[Store]:
    """The store at `url`, `sqlite:///file` or `postgresql://…`, closed at the end."""
    from handrail.adapters.sql import SqlStore

    store = SqlStore(url, workspace=workspace)
    try:
        yield store
    finally:
        store.close()


def back_up(url: str, file: Path) -> "Backup":
    """Copy the store at `url` into a new file. See `handrail.adapters.sql.backup`."""
    from handrail.adapters.sql import backup

    return backup.back_up(url, file)


def restore(file: Path, url: str, witness: str = "") -> "Restored":
    """Make the store at `url` of a backup. `witness`: where checkpoints were kept outside."""
    from handrail.adapters.sql import restore
    from handrail.prove import open_witness

    lines = open_witness(witness).lines() if witness else None
    return restore.restore(file, url, witness=lines)


def quarantined(url: str, workspace: str = DEFAULT) -> list[Effect]:
    """What a restore has put into quarantine. See `handrail.adapters.sql.restore`."""
    from handrail.adapters.sql import restore

    return restore.quarantined(url, workspace)


@contextmanager
def privacy(url: str, workspace: str = DEFAULT) -> "Iterator[Privacy]":
    """What is kept about people in the store at `url`. See `handrail.adapters.sql.privacy`."""
    from handrail.adapters.sql import SqlStore, privacy

    store = SqlStore(_there(url), workspace=workspace)
    try:
        yield privacy.Privacy(store)
    finally:
        store.close()


@contextmanager
def directory(url: str, workspace: str = DEFAULT) -> "Iterator[Directory]":
    """Who may do what in the store at `url`. See `handrail.adapters.sql.directory`."""
    from handrail.adapters.sql import SqlStore
    from handrail.adapters.sql.directory import Directory

    store = SqlStore(_there(url), workspace=workspace)
    try:
        yield Directory(store)
    finally:
        store.close()


@contextmanager
def webhooks(url: str, workspace: str, private: Sequence[str]) -> "Iterator[Hooks]":
    """The webhooks of the store at `url`. See `handrail.adapters.sql.hooks`."""
    from handrail.adapters.sql import SqlStore
    from handrail.adapters.sql.hooks import Hooks

    store = SqlStore(_there(url), workspace=workspace)
    try:
        yield Hooks(store, private)
    finally:
        store.close()


def _there(url: str) -> str:
    """The address of a store that is there already: to open one that is not would make it."""
    scheme, mark, file = url.partition(":///")
    if mark and scheme.startswith("sqlite") and not Path(file.partition("?")[0]).is_file():
        raise NotFound(f"there is no store `{url}`", hint="look at the address")
    return url


def export(url: str, out: Path, workspace: str = DEFAULT, **wanted: Any) -> dict[str, Any]:
    """Write an export of the store at `url`. See `handrail.adapters.sql.export`."""
    from handrail.adapters.sql import SqlStore
    from handrail.adapters.sql.export import export

    store = SqlStore(_there(url), workspace=workspace)
    try:
        return export(store, out, **wanted)
    finally:
        store.close()


def seal(url: str, keys: Path, witness: str = "", workspace: str = DEFAULT) -> "Signed | None":
    """As `seal_store`, of the store at `url`."""
    from handrail.adapters.sql import SqlStore

    store = SqlStore(_there(url), workspace=workspace)
    try:
        return seal_store(store, keys, witness)
    finally:
        store.close()


def make_keys(path: Path) -> None:
    """Make keys that sign checkpoints, in a new file."""
    from handrail.adapters.sql.store import wall_clock
    from handrail.prove import Keys

    Keys.create(path, wall_clock())


def seal_store(store: "SqlStore", keys: Path, witness: str = "") -> "Signed | None":
    """Take a checkpoint of the ledger, and put it outside where there is a witness: the last one
    again when nothing has changed, so that none is missing there after a failure.
    """
    from handrail.adapters.sql import book
    from handrail.prove import Keys, open_witness

    signing = Keys.load(keys)
    outside = open_witness(witness) if witness else None
    made = last = book.seal(store, signing)
    if outside is not None and made is None:
        with book.reading(store) as found:
            last = found.last()
    if last is not None and outside is not None:
        outside.put(store.workspace, last)
    return made


@contextmanager
def ledger_of(url: str, workspace: str = DEFAULT) -> "Iterator[SqlBook]":
    """The ledger of the store at `url` as of now, to be read."""
    from handrail.adapters.sql import SqlStore, book

    store = SqlStore(_there(url), workspace=workspace)
    try:
        with book.reading(store) as found:
            yield found
    finally:
        store.close()
