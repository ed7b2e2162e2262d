"""What is PostgreSQL's own: a server that goes away and comes back, time-outs, isolation, secrets."""

import asyncio
import logging
import signal

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from postgres import PostgresServer
from wenshu.core.database.backend import Pool
from wenshu.core.database.engine import Database, DatabaseUnavailable
from wenshu.core.database.examine import examine
from wenshu.core.database.scope import EVERYTHING
from wenshu.kit.errors import Unavailable

PASSWORD = "correct-horse-battery"


@pytest.fixture
async def opened():
    """Makes databases and closes them."""
    made = []

    def opened(url, **pool):
        made.append(Database(url, Pool(**pool)))
        return made[-1]

    yield opened
    for database in made:
        await database.close()


@pytest.fixture
def own():
    """A server that the test may break."""
    server = PostgresServer()
    try:
        yield server.start()
    finally:
        server.close()


async def run(database, statement):
    async with database.write(EVERYTHING) as tx:
        await tx.run(text(statement))


async def value(database, statement, kind="read"):
    async with getattr(database, kind)(EVERYTHING) as tx:
        return await tx.value(text(statement))


async def test_reads_are_of_one_state_and_writes_see_what_is_committed(opened, postgres_url):
    database = opened(postgres_url)
    for _ in range(2):  # a pooled connection serves either kind
        assert await value(database, "SHOW transaction_isolation") == "repeatable read"
        assert await value(database, "SHOW transaction_read_only") == "on"
        assert await value(database, "SHOW transaction_isolation", "write") == "read committed"
        assert await value(database, "SHOW transaction_read_only", "write") == "off"


async def test_a_read_changes_nothing(opened, postgres_url):
    with pytest.raises(DBAPIError, match="read-only"):
        await value(opened(postgres_url), "CREATE TABLE x (id INT)")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT])
async def test_a_server_that_restarts_costs_idle_connections_nothing(opened, own, how):
    database = opened(own.url("postgres"))
    await asyncio.gather(*(value(database, "SELECT pg_sleep(0.05)") for _ in range(8)))
    await asyncio.to_thread(own.stop, how)
    await asyncio.to_thread(own.start)
    assert await asyncio.gather(*(value(database, "SELECT 1") for _ in range(16))) == [1] * 16


async def test_a_call_in_the_middle_of_a_restart_is_unavailable_and_the_next_is_not(opened, own):
    database = opened(own.url("postgres"))
    await run(database, "CREATE TABLE x (id INT)")

    async def amid():
        async with database.write(EVERYTHING) as tx:
            await tx.run(text("INSERT INTO x VALUES (1)"))
            await asyncio.to_thread(own.stop)
            await tx.run(text("INSERT INTO x VALUES (2)"))

    with pytest.raises(DatabaseUnavailable) as caught:
        await amid()
    assert isinstance(caught.value, Unavailable)
    with pytest.raises(DatabaseUnavailable):
        await value(database, "SELECT 1")
    await asyncio.to_thread(own.start)
    assert await value(database, "SELECT count(*) FROM x") == 0


async def test_a_statement_that_takes_too_long_is_ended(opened, postgres_url):
    database = opened(postgres_url, statement_seconds=0.2)
    with pytest.raises(DatabaseUnavailable) as caught:
        await value(database, "SELECT pg_sleep(60)")
    assert "timeout" in caught.value.reason
    assert await value(database, "SELECT 1") == 1


async def test_a_transaction_that_sleeps_gives_its_lock_back(opened, postgres_url):
    sleepy, other = opened(postgres_url, statement_seconds=0.2), opened(postgres_url)

    async def sleeps():
        async with sleepy.write(EVERYTHING, lock=("a",)) as tx:
            async with other.write(EVERYTHING, lock=("a",)):
                pass
            await tx.run(text("SELECT 1"))

    with pytest.raises(DatabaseUnavailable):
        await sleeps()


async def test_no_free_connection_is_unavailable(opened, postgres_url):
    database = opened(postgres_url, size=2, wait_seconds=0.1)
    async with database.read(EVERYTHING), database.read(EVERYTHING):
        with pytest.raises(DatabaseUnavailable):
            await value(database, "SELECT 1")
    assert await value(database, "SELECT 1") == 1


async def test_two_that_wait_for_each_other_are_parted(opened, postgres_url):
    database = opened(postgres_url)
    both = asyncio.Barrier(2)

    async def holds(first, second):
        async with database.write(EVERYTHING, lock=(first,)) as tx:
            await both.wait()
            await tx.lock(second)

    outcomes = await asyncio.gather(holds("a", "b"), holds("b", "a"), return_exceptions=True)
    assert sorted(type(outcome) for outcome in outcomes if outcome) == [DatabaseUnavailable]


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://nobody-here:{PASSWORD}@/{{name}}?host={{folder}}",
        f"postgresql://wenshu:{PASSWORD}-wrong@/{{name}}?host={{folder}}",
        f"postgresql://wenshu:{PASSWORD}@/no-such-database?host={{folder}}",
        f"postgresql://wenshu:{PASSWORD}@127.0.0.1:1/{{name}}",
        f"postgresql://wenshu@127.0.0.1:1/{{name}}?password={PASSWORD}",
        f"postgresql://wenshu:{PASSWORD}@no-such-host.invalid/{{name}}",
        f"postgresql://wenshu:{PASSWORD}@/{{name}}?host={{folder}}&sslmode=wrong",
        f"postgresql://wenshu:{PASSWORD}@/{{name}}?host={{folder}}&no_such_option=1",
        f"postgresql://wenshu:{PASSWORD}@/{{name}}?host={{folder}}&options=-c%20no_such=1",
    ],
)
async def test_a_database_that_cannot_be_reached_keeps_the_password_to_itself(opened, own_role, caplog, capsys, url):
    name, folder = own_role
    caplog.set_level(logging.DEBUG)
    database = opened(url.format(name=name, folder=folder))
    with pytest.raises((DatabaseUnavailable, DBAPIError)) as caught:
        await examine(database)
    error, said = caught.value, [caplog.text, *capsys.readouterr(), database.place, repr(database)]
    while error is not None:
        said += [str(error), repr(error)]
        error = error.__cause__
    assert not [text for text in said if PASSWORD in text]


@pytest.fixture
def own_role(postgres, postgres_url):
    postgres.execute(f"CREATE ROLE wenshu LOGIN PASSWORD '{PASSWORD}'")
    yield postgres_url.partition("?")[0].rpartition("/")[2], postgres.folder
    postgres.execute("DROP ROLE wenshu")


async def test_a_role_with_a_password_gets_in(opened, own_role):
    name, folder = own_role
    found, faults = await examine(opened(f"postgres://wenshu:{PASSWORD}@/{name}?host={folder}"))
    assert found.startswith("PostgreSQL ")
    # Since 15 not everybody may make tables in public, and the steps of jobs have a schema of their own.
    told = ["ON SCHEMA public", "ON DATABASE", "may not read the tables"]
    assert [words in fault for words, fault in zip(told, faults, strict=True)] == [True] * 3


async def test_a_database_of_another_encoding_is_told(opened, postgres):
    postgres.execute("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    _, faults = await examine(opened(postgres.url("latin")))
    assert ["LATIN1" in fault for fault in faults] == [True]
    postgres.execute("DROP DATABASE latin WITH (FORCE)")


async def test_a_database_as_it_should_be_has_no_faults(opened, postgres_url):
    _, faults = await examine(opened(postgres_url))
    assert faults == []
