"""A webhook has the event that it tells, so that each try sends the same, and how each try went."""

from alembic import op

from handrail.adapters.sql.migrations.frozen import statements

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the columns; what is due is looked for by endpoint from now on."""
    bind = op.get_bind()
    for statement in statements("v0003.sql"):
        bind.exec_driver_sql(statement)
