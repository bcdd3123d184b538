"""The first tables."""

from alembic import op

from handrail.adapters.sql.guards import POSTGRESQL, SQLITE
from handrail.adapters.sql.schema import METADATA

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make all tables and their guards."""
    bind = op.get_bind()
    METADATA.create_all(bind, checkfirst=False)
    for statement in SQLITE if bind.dialect.name == "sqlite" else POSTGRESQL:
        bind.exec_driver_sql(statement)
