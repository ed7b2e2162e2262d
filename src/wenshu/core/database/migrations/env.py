"""Alembic's environment: runs the migrations on the connection it is given."""

from alembic import context
from sqlalchemy import Connection

from wenshu.core.database.schema import metadata

connection: Connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
context.run_migrations()
