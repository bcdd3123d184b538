"""Who may do what, packs and rosters, webhooks; and the order in which entries were committed."""

from alembic import op

from handrail.adapters.sql.migrations.frozen import statements

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the tables, and give each entry its place."""
    bind = op.get_bind()
    for statement in statements(f"v0002_{bind.dialect.name}.sql"):
        bind.exec_driver_sql(statement)
