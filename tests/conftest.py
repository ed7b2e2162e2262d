"""What all tests share: hypothesis without a clock, and a database of either kind."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from postgres import PostgresServer
from s3 import s3_server
from wenshu.core.database.engine import Database, sqlite_url
from wenshu.core.jobs.engine import Engine

# A busy machine is no fault of the code: examples are not timed.
settings.register_profile("wenshu", deadline=None)
settings.load_profile("wenshu")


@pytest.fixture(scope="session")
def s3():
    """An S3 server of its own process, started by the first test that asks for it."""
    with s3_server() as server:
        yield server


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One server for the whole run, started by the first test that asks for it."""
    server = PostgresServer()
    try:
        yield server.start()
    finally:
        server.close()


@pytest.fixture(scope="session")
def _migrated_postgres(postgres: PostgresServer) -> str:
    name = postgres.create()
    asyncio.run(_migrate(postgres.url(name)))
    asyncio.run(_with_steps(postgres.url(name)))
    return name


@pytest.fixture(scope="session")
def _migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("migrated") / "wenshu.sqlite3"
    asyncio.run(_migrate(sqlite_url(path)))
    return path


@pytest.fixture
def postgres_url(postgres: PostgresServer, _migrated_postgres: str) -> Iterator[str]:
    """A migrated database of the test's own on PostgreSQL."""
    name = postgres.create(_migrated_postgres)
    yield postgres.url(name)
    postgres.drop(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A migrated database of the test's own, once on SQLite and once on PostgreSQL."""
    if request.param == "postgresql":
        return request.getfixturevalue("postgres_url")
    path = tmp_path / "wenshu.sqlite3"
    shutil.copy(request.getfixturevalue("_migrated_sqlite"), path)
    return sqlite_url(path)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """The same, opened."""
    opened = Database(database_url)
    yield opened
    await opened.close()


async def _with_steps(url: str) -> None:
    """Make the schema of the jobs' steps, too: half a second that each test with a job would take."""
    database = Database(url)
    engine = Engine("nobody", database.url)
    await engine.finished(["none"])
    await engine.close()
    await database.close()


async def _migrate(url: str) -> None:
    database = Database(url)
    try:
        await database.migrate()
    finally:
        await database.close()
