"""Runs the migrations on the connection that the ledger hands over, inside its transaction."""

from alembic import context

from dagster_project.adapters.ledger.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=True)
context.run_migrations()
