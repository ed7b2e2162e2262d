"""The migrations make just the tables that the code declares."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect

import wenshu.core.auth.tables
import wenshu.core.index.tables
import wenshu.core.storage.tables
import wenshu.knowledge.tables
import wenshu.services.assistant.chat.tables  # noqa: F401 (each import declares its tables)
from wenshu.core.database.migrations import upgrade
from wenshu.core.database.schema import metadata


def test_migrated_schema_is_the_declared_one(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path}/schema.sqlite3")
    with engine.begin() as connection:
        upgrade(connection)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": own_tables})
        assert compare_metadata(context, metadata) == []
        assert "passage_terms" in inspect(connection).get_table_names()
    engine.dispose()


def own_tables(name, kind, parents):
    del parents
    return kind != "table" or not name.startswith(("passage_terms", "alembic_version"))
