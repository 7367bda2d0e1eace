"""Runs the migrations on the connection that the ledger hands over, inside its transaction."""

from alembic import context

from dagster_project.adapters.ledger import care_tables, erasure_tables  # noqa: F401
from dagster_project.adapters.ledger.tables import metadata


def migrate() -> None:
    """What Alembic asks this file for."""
    connection = context.config.attributes["connection"]
    context.configure(connection=connection, target_metadata=metadata, transactional_ddl=True)
    context.run_migrations()


if __name__ == "env_py":  # the name under which Alembic loads it; imported by anyone else it does nothing
    migrate()
