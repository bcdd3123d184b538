"""The first tables, with the triggers that guard them. What is released is never edited: the
statements stand in a file for each kind of database.
"""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None
_NEXT = "\n-- next\n"


def upgrade() -> None:
    """Make all tables and their guards."""
    bind = op.get_bind()
    text = Path(__file__).with_name(f"v0001_{bind.dialect.name}.sql").read_text(encoding="utf-8")
    for statement in text.split(_NEXT):
        bind.exec_driver_sql(statement)
