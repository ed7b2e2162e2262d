import asyncio
import sqlite3

import pytest

from wenshu.core.database.sqlite_driver import connect


@pytest.fixture
async def open_file(tmp_path):
    opened = []

    async def another():
        connection = await connect(str(tmp_path / "db.sqlite3"))
        opened.append(connection)
        return connection

    first = await another()
    await run(first, "PRAGMA journal_mode=WAL")
    await run(first, "CREATE TABLE t (n INTEGER PRIMARY KEY)")
    yield another
    for connection in opened:
        await connection.close()


async def run(connection, statement, parameters=()):
    cursor = connection.cursor()
    await cursor.execute(statement, parameters)
    return await cursor.fetchall()


async def count(connection):
    return (await run(connection, "SELECT count(*) FROM t"))[0][0]


async def test_a_begin_that_waited_still_gives_one_view(open_file):
    reader, writer = await open_file(), await open_file()
    await run(reader, "BEGIN")
    assert await count(reader) == 0
    await run(writer, "INSERT INTO t VALUES (1)")
    assert await count(reader) == 0
    await reader.commit()
    assert await count(reader) == 1


async def test_a_begin_with_nothing_behind_it_opens_nothing(open_file):
    reader, writer = await open_file(), await open_file()
    for end in (reader.commit, reader.rollback):
        await run(reader, "BEGIN")
        await end()
        await run(writer, "INSERT INTO t VALUES (NULL)")
    assert await count(reader) == 2


async def test_a_rollback_undoes_what_was_written(open_file):
    writer = await open_file()
    await run(writer, "BEGIN IMMEDIATE")
    await writer.cursor().executemany("INSERT INTO t VALUES (?)", [(1,), (2,)])
    await writer.rollback()
    assert await count(writer) == 0


async def test_a_rollback_reaches_a_statement_that_nobody_waits_for_any_more(open_file):
    writer, other = await open_file(), await open_file()
    await run(writer, "BEGIN IMMEDIATE")
    slow = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT 300000) INSERT INTO t SELECT n FROM c"
    inserting = asyncio.create_task(run(writer, slow))
    await asyncio.sleep(0)
    inserting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await inserting
    await writer.rollback()
    assert await count(other) == 0
    await run(other, "INSERT INTO t VALUES (1)")


async def test_what_a_statement_tells_of_itself(open_file):
    writer = await open_file()
    cursor = writer.cursor()
    await cursor.execute("INSERT INTO t VALUES (?)", (7,))
    assert (cursor.lastrowid, cursor.rowcount, cursor.description) == (7, 1, None)
    await cursor.execute("SELECT n FROM t")
    assert [column[0] for column in cursor.description] == ["n"]
    assert await cursor.fetchall() == [(7,)]


async def test_errors_are_sqlite_s_own(open_file):
    writer = await open_file()
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        await run(writer, "SELECT * FROM absent")
