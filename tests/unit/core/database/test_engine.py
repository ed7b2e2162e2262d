import asyncio

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from wenshu.core.database.engine import Database, sqlite_url
from wenshu.core.database.scope import EVERYTHING, Scope
from wenshu.kit import clock
from wenshu.knowledge.tables import documents


@pytest.fixture
async def database(tmp_path):
    database = Database(sqlite_url(tmp_path / "db.sqlite3"))
    await database.migrate()
    yield database
    await database.close()


def row(name, scope):
    now = clock.now()
    return insert(documents).values(
        doc_name=name, doc_url="", text="", chunks=0, created_at=now, updated_at=now, **scope.stamp()
    )


async def names(database, scope):
    async with database.read(scope) as tx:
        found = await tx.all(select(documents.c.doc_name).where(scope.sees(documents)).order_by(documents.c.doc_name))
    return [one.doc_name for one in found]


async def test_a_write_that_raises_leaves_nothing(database):
    scope = Scope("t")

    async def twice():
        async with database.write(scope) as tx:
            await tx.insert(row("a", scope))
            await tx.insert(row("a", scope))

    with pytest.raises(IntegrityError):
        await twice()
    assert await names(database, scope) == []


async def test_a_cancelled_write_leaves_nothing_and_frees_the_writer(database):
    scope = Scope("t")
    entered = asyncio.Event()

    async def slow():
        async with database.write(scope) as tx:
            await tx.insert(row("a", scope))
            entered.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(slow())
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with database.write(scope) as tx:
        await tx.insert(row("b", scope))
    assert await names(database, scope) == ["b"]


async def test_many_writers_and_readers_at_once(database):
    scope = Scope("t")

    async def one(number):
        async with database.write(scope) as tx:
            await tx.insert(row(f"{number:03}", scope))
        return await names(database, scope)

    seen = await asyncio.gather(*(one(number) for number in range(50)))
    assert len(max(seen, key=len)) == 50
    assert all(f"{number:03}" in found for number, found in enumerate(seen))


async def test_scopes_see_what_the_contract_says(database):
    owners = [Scope(), Scope("t1"), Scope("t1", "a"), Scope("t1", "b"), Scope("t2")]
    for number, owner in enumerate(owners):
        async with database.write(owner) as tx:
            await tx.insert(row(str(number), owner))
    assert await names(database, Scope()) == ["0"]
    assert await names(database, Scope("t1")) == ["1", "2", "3"]
    assert await names(database, Scope("t1", "a")) == ["2"]
    assert await names(database, Scope("t2")) == ["4"]
    assert await names(database, Scope("t3")) == []
    assert await names(database, EVERYTHING) == ["0", "1", "2", "3", "4"]
    for owner in owners:
        for other in owners:
            visible = str(owners.index(owner)) in await names(database, other)
            assert other.owns(owner.tenant, owner.org or "") is visible


def test_everything_owns_no_row():
    with pytest.raises(ValueError, match="owner"):
        EVERYTHING.stamp()


def test_another_database_is_refused_in_words():
    with pytest.raises(ValueError, match="SQLite"):
        Database("postgresql://host/db")
