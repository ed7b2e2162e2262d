import pytest
from sqlalchemy import text

from wenshu.core.database.engine import Database, sqlite_url
from wenshu.core.database.scope import EVERYTHING

FAMILY = (
    "CREATE TABLE parents (id INTEGER PRIMARY KEY)",
    "CREATE TABLE children (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES parents(id) ON DELETE CASCADE)",
    "INSERT INTO parents VALUES (1)",
    "INSERT INTO children VALUES (1, 1)",
)


@pytest.fixture
async def family(tmp_path):
    database = Database(sqlite_url(tmp_path / "db.sqlite3"))
    async with database.write(EVERYTHING) as tx:
        for statement in FAMILY:
            await tx.run(text(statement))
    yield database
    await database.close()


async def children(database):
    async with database.read(EVERYTHING) as tx:
        return await tx.value(text("SELECT count(*) FROM children"))


async def test_making_a_table_anew_deletes_nothing_that_refers_to_it(family):
    async with family._backend.migrating() as connection:
        for statement in ("CREATE TABLE anew (id INTEGER PRIMARY KEY)", "INSERT INTO anew SELECT id FROM parents"):
            await connection.exec_driver_sql(statement)
        await connection.exec_driver_sql("DROP TABLE parents")
        await connection.exec_driver_sql("ALTER TABLE anew RENAME TO parents")
    assert await children(family) == 1
    async with family.write(EVERYTHING) as tx:
        await tx.run(text("DELETE FROM parents"))
    assert await children(family) == 0


async def test_a_migration_that_leaves_orphans_is_taken_back(family):
    async def migrate():
        async with family._backend.migrating() as connection:
            await connection.exec_driver_sql("DELETE FROM parents")

    with pytest.raises(RuntimeError, match="refer to nothing"):
        await migrate()
    async with family.read(EVERYTHING) as tx:
        assert await tx.value(text("SELECT count(*) FROM parents")) == 1
