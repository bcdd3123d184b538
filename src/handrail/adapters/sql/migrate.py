"""The tables of a store, made or brought up to date by Alembic."""

from pathlib import Path

from sqlalchemy import Connection, NullPool, create_engine, event, inspect, text

from handrail.adapters.sql.dialects import Dialect
from handrail.errors import Refused

VERSION_TABLE = "handrail_version"
LATEST = "0003"
BACKUP = "backup-"
"""What stands before the version of a backup, so that nobody works on one as on a store."""
_LOCK = 7_246_105_533_172_301_964  # one of ours at a time, in PostgreSQL


def bring_up(url: str, dialect: Dialect) -> None:
    """Make the tables, or bring them up to date. Refused for a store of a newer Handrail."""
    engine = create_engine(url, poolclass=NullPool, connect_args=dialect.arguments)
    if dialect.name == "sqlite":
        event.listen(engine, "begin", lambda one: one.exec_driver_sql("begin immediate"))
    with engine.connect() as connection:
        if version(connection) == LATEST:
            return
    with engine.begin() as connection:
        if dialect.locks:
            connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        _upgrade(connection)


def version(connection: Connection) -> str:
    """The version of the tables; empty when there are none."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return ""
    found = connection.execute(text(f"select version_num from {VERSION_TABLE}")).scalar()
    return str(found or "")


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    now = version(connection)
    if now.startswith(BACKUP):
        raise Refused("this is a backup, no store", hint="make one of it: `handrail store restore`")
    known = {one.revision for one in ScriptDirectory.from_config(config).walk_revisions()}
    if now and now not in known:
        raise Refused(
            f"the store is of a newer Handrail (its tables are `{now}`, ours `{LATEST}`)",
            hint="use that version, or a store of its own",
        )
    command.upgrade(config, "head")
