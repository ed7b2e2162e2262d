"""What both databases keep: one suite, run on SQLite and on PostgreSQL."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import (
    JSON,
    Column,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import DBAPIError

from wenshu.core.database.engine import Database
from wenshu.core.database.schema import Instant, Key, by_code_point, database_now
from wenshu.core.database.scope import Scope
from wenshu.kit import clock
from wenshu.kit.errors import Conflict, InvalidInput

ANY = Scope("t")
things = Table(
    "things",
    MetaData(),
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("name", String(255), nullable=False),
    Column("body", Text),
    Column("data", JSON),
    Column("at", Instant),
    Column("count", Key, nullable=False, server_default="0"),
    UniqueConstraint("name"),
)
numbered = select(things.c.name).order_by(things.c.id)


@pytest.fixture(autouse=True)
async def table(database):
    async with database.write(ANY) as tx:
        await tx._connection.run_sync(things.metadata.create_all)


async def names(database):
    async with database.read(ANY) as tx:
        return [row.name for row in await tx.all(numbered)]


def thing(name, **values):
    return insert(things).values(name=name, **values)


async def kept(database, **values):
    async with database.write(ANY) as tx:
        key = await tx.insert(thing("kept", **values))
    async with database.read(ANY) as tx:
        return await tx.first(select(things).where(things.c.id == key))


async def test_what_is_written_is_read(database):
    async with database.write(ANY) as tx:
        await tx.run(thing("a"))
        assert await tx.value(numbered) == "a"
    assert await names(database) == ["a"]


async def test_a_write_that_raises_leaves_nothing(database):
    async def half():
        async with database.write(ANY) as tx:
            await tx.run(thing("a"))
            raise LookupError

    with pytest.raises(LookupError):
        await half()
    assert await names(database) == []


async def test_a_key_that_is_taken_is_a_conflict_and_leaves_nothing(database):
    async def twice():
        async with database.write(ANY) as tx:
            await tx.run(thing("a"))
            await tx.run(thing("a"))

    with pytest.raises(Conflict):
        await twice()
    assert await names(database) == []


async def test_another_rule_that_is_broken_stays_an_error(database):
    async def nameless():
        async with database.write(ANY) as tx:
            await tx.run(insert(things).values(name=None))

    with pytest.raises(DBAPIError, match=r"(?i)not.null"):
        await nameless()


async def test_errors_keep_peoples_texts_to_themselves(database):
    async def wrong():
        async with database.write(ANY) as tx:
            await tx.run(insert(things).values(name=None, body="机密正文"))

    with pytest.raises(DBAPIError) as caught:
        await wrong()
    assert "机密正文" not in str(caught.value).replace(str(caught.value.orig), "")


async def test_a_reader_sees_one_state_while_a_writer_works(database):
    async with database.write(ANY) as tx:
        await tx.run(thing("old"))
    async with database.read(ANY) as reading:
        assert len(await reading.all(numbered)) == 1
        async with database.write(ANY) as writing:
            await writing.run(thing("new"))
            await writing.run(delete(things).where(things.c.name == "old"))
            assert [row.name for row in await reading.all(numbered)] == ["old"]
        assert [row.name for row in await reading.all(numbered)] == ["old"]
    assert await names(database) == ["new"]


async def test_readers_never_wait_for_a_writer(database):
    async with database.write(ANY) as tx:
        await tx.run(thing("a"))
        assert await names(database) == []


@pytest.mark.parametrize(
    "at",
    [
        datetime(2026, 11, 24, 23, 59, 59, 999_999, UTC),
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(1900, 1, 1, 0, 0, 0, 1, UTC),
        datetime(9999, 12, 31, tzinfo=UTC),
        datetime(2026, 1, 1, 8, tzinfo=UTC).astimezone(),
        None,
    ],
)
async def test_instants_come_back_to_the_microsecond(database, at):
    row = await kept(database, at=at)
    assert row.at == at
    assert at is None or row.at.utcoffset() == timedelta(0)


async def test_the_databases_clock_is_an_instant_of_about_now(database):
    async with database.read(ANY) as tx:
        found = await tx.value(select(database_now()))
    assert abs(found - clock.now()) < timedelta(minutes=1)


@pytest.mark.parametrize(
    "data",
    [
        {"文": ["枢", 1, 2.5, True, None, {"深": {"更深": []}}]},
        [],
        "文本\0与 NUL",
        2**53,
        -(2**63),
        1e300,
        "𠮷😀\u2028\u0007",
        {"": ""},
    ],
)
async def test_json_comes_back(database, data):
    assert (await kept(database, data=data)).data == data


@pytest.mark.parametrize(
    "body",
    [
        "",
        " \t\r\n ",
        "简体繁體日本語한국어",
        "𠮷𪚥 emoji 👩‍👩‍👧‍👦🇨🇳",
        "'; DROP TABLE things; -- \\ \" % _ :name %(name)s $1 ?",
        "\x01\x1f\x7f\ufeff\u202e\ufffd",
        "长" * 3_000_000,
    ],
    ids=["empty", "blank", "scripts", "emoji", "syntax", "control", "long"],
)
async def test_text_comes_back(database, body):
    assert (await kept(database, body=body)).body == body


@pytest.mark.parametrize("rows", [None, [{"name": "a"}, {"name": "b\0c"}]])
async def test_nul_in_text_is_refused(database, rows):
    async def write():
        async with database.write(ANY) as tx:
            await tx.run(insert(things) if rows else thing("a\0"), rows)

    with pytest.raises(InvalidInput, match="NUL"):
        await write()
    assert await names(database) == []


async def test_text_is_ordered_by_code_points_where_asked(database):
    words = ["b", "A", "a", "B", "é", "中", "一", "😀", "_", "10", "9", ""]
    async with database.write(ANY) as tx:
        await tx.run(insert(things), [{"name": word} for word in words])
    async with database.read(ANY) as tx:
        rows = await tx.all(select(things.c.name).order_by(by_code_point(things.c.name)))
        behind = await tx.all(select(things.c.name).where(by_code_point(things.c.name) > "b"))
    assert [row.name for row in rows] == sorted(words)
    assert {row.name for row in behind} == {word for word in words if word > "b"}


async def test_keys_are_generated_upwards(database):
    async with database.write(ANY) as tx:
        keys = [await tx.insert(thing(str(number))) for number in range(5)]
    assert keys == sorted(set(keys))


async def test_rows_are_counted(database):
    async with database.write(ANY) as tx:
        assert await tx.run(insert(things), [{"name": str(number)} for number in range(1200)]) in {1200, -1}
        assert await tx.run(update(things).where(things.c.id > 0).values(body="x")) == 1200
        assert await tx.run(update(things).where(things.c.name == "none").values(body="y")) == 0
        assert await tx.run(delete(things).where(things.c.name.in_([str(number) for number in range(700)]))) == 700
        assert await tx.value(select(func.count()).select_from(things)) == 500


async def test_upsert_makes_a_row_or_changes_just_what_it_is_told_to(database):
    async with database.write(ANY) as tx:
        first = await tx.upsert(things, {"name": "a", "body": "1", "data": [1]}, key=("name",), change=("body",))
        again = await tx.upsert(things, {"name": "a", "body": "2", "data": [2]}, key=("name",), change=("body",))
        row = await tx.first(select(things))
    assert first == again == row.id
    assert (row.body, row.data) == ("2", [1])


async def test_upsert_tells_where_a_row_stayed_as_it_was(database):
    async with database.write(ANY) as tx:
        assert await tx.upsert(things, {"name": "a", "body": "1"}, key=("name",)) is not None
        assert await tx.upsert(things, {"name": "a", "body": "2"}, key=("name",)) is None
        assert await tx.value(select(things.c.body)) == "1"


async def test_upserts_of_one_key_at_once_make_one_row(database):
    async def one(number):
        async with database.write(ANY) as tx:
            return await tx.upsert(things, {"name": "a", "body": str(number)}, key=("name",), change=("body",))

    assert len(set(await asyncio.gather(*(one(number) for number in range(20))))) == 1
    assert await names(database) == ["a"]


async def count_up(opened, lock, within):
    """Read, let others run, write: what only a lock makes whole."""
    async with opened.write(ANY, lock=() if within else lock) as tx:
        if within:
            await tx.lock(*lock)
        found = await tx.value(select(things.c.count).where(things.c.name == "counter"))
        await asyncio.sleep(0)
        await tx.run(update(things).where(things.c.name == "counter").values(count=found + 1))


@pytest.mark.parametrize("within", [False, True])
async def test_a_lock_makes_reading_and_writing_one(database, database_url, within):
    others = [database] if not database.shared else [database, *(Database(database_url) for _ in range(2))]
    async with database.write(ANY) as tx:
        await tx.run(thing("counter"))
    await asyncio.gather(*(count_up(others[n % len(others)], ("count", "up"), within) for n in range(30)))
    for other in others[1:]:
        await other.close()
    async with database.read(ANY) as tx:
        assert await tx.value(select(things.c.count)) == 30


async def test_a_lock_goes_with_a_transaction_that_raises(database):
    async def fails():
        async with database.write(ANY, lock=("a",)):
            raise LookupError

    for _ in range(3):
        with pytest.raises(LookupError):
            await fails()
    async with database.write(ANY, lock=("a",)) as tx:
        await tx.run(thing("after"))
    assert await names(database) == ["after"]


async def test_waiting_for_a_lock_takes_no_connection_from_others(database):
    held, release = asyncio.Event(), asyncio.Event()

    async def holds():
        async with database.write(ANY, lock=("a",)):
            held.set()
            await release.wait()

    async def waits():
        async with database.write(ANY, lock=("a",)):
            pass

    holder = asyncio.create_task(holds())
    await held.wait()
    waiting = [asyncio.create_task(waits()) for _ in range(40)]
    for _ in range(5):
        assert await names(database) == []
    release.set()
    await asyncio.gather(holder, *waiting)


async def test_a_write_cancelled_in_the_middle_leaves_nothing_and_holds_up_nobody(database):
    for moment in range(6):
        task = asyncio.create_task(many_statements(database))
        await asyncio.sleep(0.01 * moment)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await names(database) == []
    async with database.write(ANY, lock=("many",)) as tx:
        await tx.run(thing("after"))
    assert await names(database) == ["after"]


async def many_statements(database):
    async with database.write(ANY, lock=("many",)) as tx:
        for number in range(100_000):
            await tx.run(thing(str(number)))


async def test_fifty_writers_and_readers_at_once(database):
    async def one(number):
        async with database.write(ANY) as tx:
            await tx.insert(thing(f"{number:02}"))
        return await names(database)

    seen = await asyncio.gather(*(one(number) for number in range(50)))
    assert all(f"{number:02}" in found for number, found in enumerate(seen))
    assert sorted(await names(database)) == [f"{number:02}" for number in range(50)]
