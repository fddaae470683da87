"""Alembic's environment, one for all services: the connection is given, and so is its transaction."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
