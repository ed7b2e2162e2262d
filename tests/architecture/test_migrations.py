"""The migrations make just the tables that the code declares, on both databases; the newest can be undone."""

import asyncio

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect

import wenshu.core.auth.tables
import wenshu.core.database.processes
import wenshu.core.index.tables
import wenshu.core.jobs.tables
import wenshu.core.storage.tables
import wenshu.knowledge.tables
import wenshu.services.assistant.chat.tables
import wenshu.services.assistant.imports.tables
import wenshu.services.forms.tables  # noqa: F401 (each import declares its tables)
from wenshu.core.database.engine import Database, sqlite_url
from wenshu.core.database.migrations import alembic_config, upgrade
from wenshu.core.database.schema import metadata
from wenshu.core.database.url import parse_url

EMBEDDED = {"passages", "passage_owners", "passage_vectors", "passage_terms"}
"""The embedded index, which is SQLite's alone."""


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request, tmp_path):
    if request.param == "sqlite":
        yield sqlite_url(tmp_path / "schema.sqlite3")
        return
    server = request.getfixturevalue("postgres")
    name = server.create()
    yield server.url(name)
    server.drop(name)


@pytest.fixture
def engine(empty_url):
    made = create_engine(plain(empty_url))
    yield made
    made.dispose()


def plain(url):
    """The URL for a driver that does not wait."""
    parsed = parse_url(url)
    return parsed.set(drivername=parsed.drivername.replace("+aiosqlite", ""))


def declared(engine):
    """The names of tables to compare, as Alembic asks for them."""
    foreign = set() if engine.dialect.name == "sqlite" else EMBEDDED

    def wanted(name, kind, parents):
        del parents
        return kind != "table" or (name not in foreign and not name.startswith(("passage_terms", "alembic_version")))

    return wanted


def test_migrated_schema_is_the_declared_one(engine):
    with engine.begin() as connection:
        upgrade(connection)
    wanted = declared(engine)
    with engine.connect() as connection:
        options = {"include_name": wanted, "include_object": lambda _, name, kind, *__: wanted(name, kind, {})}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []
        made = set(inspect(connection).get_table_names())
        assert EMBEDDED & made == (EMBEDDED if engine.dialect.name == "sqlite" else set())


def test_every_migration_can_be_undone(engine):
    with engine.begin() as connection:
        upgrade(connection)
        command.downgrade(alembic_config(connection), "base")
    assert inspect(engine).get_table_names() == ["alembic_version"]
    with engine.begin() as connection:
        upgrade(connection)


async def test_processes_that_start_at_once_migrate_once(postgres):
    name = postgres.create()
    starting = [Database(postgres.url(name)) for _ in range(6)]
    try:
        await asyncio.gather(*(database.migrate() for database in starting))
    finally:
        for database in starting:
            await database.close()
    assert len(postgres.execute("SELECT version_num FROM alembic_version", name)) == 1
    postgres.drop(name)
