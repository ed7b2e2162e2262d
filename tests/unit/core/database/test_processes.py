"""The registry of processes on both databases; a death is made by moving a row into the past."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from serving import eventually_async
from wenshu.core.database import processes as registry
from wenshu.core.database.processes import DEAD_SECONDS, Presence, absent, alive, dead, forget, processes
from wenshu.core.database.schema import Instant
from wenshu.core.database.scope import EVERYTHING
from wenshu.kit import clock

on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
"""Only there is more than one process."""


@pytest.fixture
async def present(database):
    """Lets processes enter, and leave at the end."""
    entered = []

    async def enter(kind="server", **options):
        presence = Presence(database, kind, **options)
        await presence.enter()
        entered.append(presence)
        return presence

    yield enter
    for presence in entered:
        await presence.leave()


async def ids(database, query, *kind):
    async with database.read(EVERYTHING) as tx:
        return [row.id for row in await query(tx, *kind)]


async def not_seen_for(database, presence, seconds):
    """The process is stopped without a word."""
    presence._beating.cancel()
    async with database.write(EVERYTHING) as tx:
        past = clock.now() - timedelta(seconds=seconds)
        await tx.run(update(processes).where(processes.c.id == presence.id).values(seen_at=past))


async def test_who_enters_is_there_with_what_is_known_of_it(database, present):
    presence = await present("worker")
    async with database.read(EVERYTHING) as tx:
        (row,) = await alive(tx)
        assert await dead(tx) == []
    assert (row.id, row.kind) == (presence.id, "worker")
    assert row.pid > 0
    assert row.host
    assert row.started_at <= row.seen_at


async def test_each_start_is_a_process_of_its_own(database):
    assert Presence(database, "server").id != Presence(database, "server").id


async def test_on_sqlite_whoever_enters_is_alone(database, present):
    first, second = await present(), await present()
    expected = [first.id, second.id] if database.shared else [second.id]
    assert await ids(database, alive) == expected


async def test_nothing_is_written_while_sqlite_idles(database, present):
    presence = await present(beat_seconds=0.01)
    assert (presence._beating is not None) is database.shared


@on_postgresql
async def test_who_leaves_is_gone_and_not_dead(database, present):
    first, second = await present(), await present()
    await first.leave()
    assert await ids(database, alive) == [second.id]
    assert await ids(database, dead) == []


@on_postgresql
async def test_kinds_are_told_apart(database, present):
    server, worker = await present("server"), await present("worker")
    assert await ids(database, alive, "server") == [server.id]
    assert await ids(database, alive, "worker") == [worker.id]


@on_postgresql
async def test_a_beat_is_a_sign_of_life(database, present):
    presence = await present(beat_seconds=0.01)
    async with database.read(EVERYTHING) as tx:
        before = await tx.value(select(processes.c.seen_at))

    async def seen_later():
        async with database.read(EVERYTHING) as tx:
            row = await tx.first(select(processes))
        return row.id == presence.id and row.seen_at > before >= row.started_at

    await eventually_async(seen_later)


@on_postgresql
async def test_who_is_not_seen_for_long_is_dead_until_it_is_forgotten(database, present):
    silent, living = await present("worker"), await present()
    await not_seen_for(database, silent, DEAD_SECONDS + 1)
    assert await ids(database, alive) == [living.id]
    assert await ids(database, dead) == await ids(database, dead, "worker") == [silent.id]
    assert await ids(database, dead, "server") == []
    async with database.write(EVERYTHING) as tx:
        assert await forget(tx, [silent.id, living.id]) == 1
    assert (await ids(database, dead), await ids(database, alive)) == ([], [living.id])


@on_postgresql
async def test_who_was_seen_lately_is_not_dead_yet(database, present):
    silent = await present()
    await not_seen_for(database, silent, DEAD_SECONDS / 2)
    assert await ids(database, alive) == [silent.id]


@on_postgresql
async def test_who_slept_too_long_comes_back(database, present):
    sleeper = await present()
    await not_seen_for(database, sleeper, DEAD_SECONDS + 1)
    async with database.write(EVERYTHING) as tx:
        await forget(tx, [sleeper.id])
        await sleeper._write(tx)
    assert await ids(database, alive) == [sleeper.id]


async def test_absent_are_the_dead_the_gone_and_nobody(database, present):
    living = await present()
    async with database.read(EVERYTHING) as tx:
        for process_id, expected in ((living.id, False), ("0" * 32, True), (None, True)):
            column = select(registry.literal(process_id, registry.String).label("id")).subquery().c.id
            assert await tx.value(select(absent(tx, column))) == expected


@on_postgresql
async def test_nobody_judges_before_its_own_beats_came_through_for_long(present, monkeypatch):
    presence = await present(beat_seconds=0.01)
    await eventually_async(lambda: presence._last_beat > 0)
    assert not presence.steady
    monkeypatch.setattr(registry, "DEAD_SECONDS", 0.3)
    await eventually_async(lambda: presence.steady)
    presence._beating.cancel()
    await eventually_async(lambda: not presence.steady)


def test_seen_at_is_an_instant():
    assert isinstance(processes.c.seen_at.type, Instant)
