"""The first tables, with the triggers that guard them. What is released is never edited: the
statements stand in a file for each kind of database.
"""

from alembic import op

from handrail.adapters.sql.migrations.frozen import statements

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make all tables and their guards."""
    bind = op.get_bind()
    for statement in statements(f"v0001_{bind.dialect.name}.sql"):
        bind.exec_driver_sql(statement)
