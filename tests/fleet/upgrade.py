"""Servers of one version are replaced by those of the next, one by one, under load.

Between two versions that are there; or from this one to a rehearsal of the next: a copy of this
program with one more migration, which adds what a next version may add.
"""

import shutil
import time
from dataclasses import replace
from pathlib import Path

from sqlalchemy import create_engine, text

from fleet.rig import CALM, Figures, Fleet, drive
from fleet.servers import Server
from handrail.adapters.sql import dialects, migrate

SOURCE = Path(migrate.__file__).resolve().parents[3]
NEXT = f"{int(migrate.LATEST) + 1:04}"
BETWEEN = 4.0  # seconds between two servers
_MIGRATION = """
\"\"\"What a next version may do while this one runs: tables, columns with a default, indexes.\"\"\"

from alembic import op

revision = "{next}"
down_revision = "{latest}"


def upgrade() -> None:
    for said in (
        "create table rehearsal (workspace text not null, id text not null)",
        "alter table cases add column rehearsed bigint not null default 0",
        "alter table entries add column rehearsed text not null default ''",
        "create index cases_rehearsed on cases (workspace, rehearsed) where rehearsed > 0",
    ):
        op.get_bind().exec_driver_sql(said)
"""


def rehearsal(folder: Path) -> str:
    """The `src` folder of a next version."""
    source = folder / "next"
    shutil.copytree(SOURCE, source, ignore=shutil.ignore_patterns("__pycache__"))
    sql = source / "handrail" / "adapters" / "sql"
    known = (sql / "migrate.py").read_text("utf-8")
    made = known.replace(f'LATEST = "{migrate.LATEST}"', f'LATEST = "{NEXT}"')
    assert made != known
    (sql / "migrate.py").write_text(made, "utf-8")
    file = sql / "migrations" / "versions" / f"v{NEXT}_rehearsal.py"
    file.write_text(_MIGRATION.format(next=NEXT, latest=migrate.LATEST), "utf-8")
    return str(source)


def tables(url: str) -> str:
    """The version of the tables."""
    engine = create_engine(dialects.address(url))
    with engine.connect() as connection:
        found = connection.execute(text("select version_num from handrail_version")).scalar()
    engine.dispose()
    return str(found)


def rolls(
    *, old: str = "", servers: int = 3, agents: int = 6, seed: object = 1, kind: str = "auto"
) -> Figures:
    """Replace all servers. `old`: the `src` folder of the version before this one; empty: from this
    one to a rehearsal of the next.
    """
    times: list[float] = []
    notes: list[str] = []

    def trouble(fleet: Fleet) -> None:
        source = str(SOURCE) if old else rehearsal(fleet.setting.folder)
        wanted = migrate.LATEST if old else NEXT
        if not old:
            fleet.opened()  # while it may: this program does not open tables of a newer one
        notes.append(f"tables {tables(fleet.setting.url)}")
        setting = replace(fleet.setting, source=source)
        time.sleep(BETWEEN)
        for number, one in enumerate(fleet.servers):
            times.append(time.monotonic())
            code = one.stop()
            if code:
                fleet.journal.wrong(f"server {number} ended with {code}")
            one.start(setting)
            one.ready()
            notes.append(f"server {number} replaced, tables {tables(fleet.setting.url)}")
            waiting = [other for other in fleet.servers if not other.is_ready()]
            for other in waiting:
                fleet.journal.wrong(f"server {other.number} is not ready while others are newer")
            if number == 0 and tables(fleet.setting.url) != notes[0].split()[1]:
                _refused(fleet, notes)
            time.sleep(BETWEEN)
        if tables(fleet.setting.url) != wanted:
            fleet.journal.wrong(f"the tables are not of version {wanted}")
        time.sleep(CALM)

    made = drive(trouble, times, servers=servers, agents=agents, seed=seed, kind=kind, source=old)
    made.notes = notes
    return made


def _refused(fleet: Fleet, notes: list[str]) -> None:
    """A server of the old version that is started now must not touch the newer tables."""
    late = Server(99, fleet.setting)
    late.start()
    end = time.monotonic() + 60
    while (code := late.ended()) is None and time.monotonic() < end:
        time.sleep(0.1)
    late.kill()
    said = late.log.read_text(errors="replace").strip().splitlines()
    if not code or "newer Handrail" not in said[-1]:
        fleet.journal.wrong(f"an old server began on newer tables ({code}): {said[-1:]}")
    notes.append(f"an old server that is started now ends with {code}")
