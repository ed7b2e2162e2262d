"""Alembic migrations, run by the server itself at each start."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import BigInteger, Connection, Integer, MetaData, Table, create_engine, text

_INDEX = "passage"
"""How the tables of the embedded index begin: they are made from the others, and stand on SQLite alone."""


def upgrade(connection: Connection, to: str = "head") -> None:
    """Bring the database behind ``connection`` to the newest revision, or to an older one that it has not reached."""
    command.upgrade(alembic_config(connection), to)


def alembic_config(connection: Connection | None = None) -> Config:
    """Alembic's configuration, bound to an open connection."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


@cache
def revisions() -> Sequence[str]:
    """Every revision that this release knows, the oldest first."""
    script = ScriptDirectory.from_config(alembic_config())
    return [revision.revision for revision in script.walk_revisions()][::-1]


@cache
def tables_at(revision: str) -> Sequence[Table]:
    """The tables of a revision but for those of the index, the ones that others refer to first.

    Read off an empty database that the migrations make, so that an older one can be written and read as it is. Integers
    are wide, as they are in PostgreSQL wherever they have to be.
    """
    engine = create_engine("sqlite://")
    made = MetaData()
    try:
        with engine.begin() as connection:
            upgrade(connection, revision)
            found = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars()
            ours = [name for name in found if not name.startswith((_INDEX, "sqlite_", "alembic_"))]
            made.reflect(connection, only=ours)
    finally:
        engine.dispose()
    for column in (column for table in made.tables.values() for column in table.columns):
        if isinstance(column.type, Integer):
            column.type = BigInteger()
    return made.sorted_tables
