"""How Alembic runs our migrations: on the connection that it is handed."""

from alembic import context

from handrail.adapters.sql.migrate import VERSION_TABLE
from handrail.adapters.sql.schema import METADATA

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=METADATA,
    version_table=VERSION_TABLE,
    render_as_batch=connection.dialect.name == "sqlite",
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
