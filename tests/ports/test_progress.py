"""The conformance suite of following: the past first, then each event as it comes, whoever appends it."""

import asyncio

import pytest
from sqlalchemy.exc import StatementError

from durable import Room
from wenshu.core.database.engine import Database
from wenshu.core.database.scope import Scope
from wenshu.core.jobs.hub import Hub
from wenshu.kit.errors import Unavailable

T = Scope("t")


@pytest.fixture
async def room(database, tmp_path):
    return Room(database, tmp_path)


async def say(room, *numbers, subject="s", is_final=False):
    """Events with these numbers as their data, in one transaction; the last of them may be final."""
    async with room.database.write(T) as tx:
        for number in numbers:
            await room.hub.append(tx, T, subject, {"n": number}, is_final=is_final and number == numbers[-1])


async def heard(follower, count):
    return [(await anext(follower)).data["n"] for _ in range(count)]


async def all_of(follower):
    return [(event.number, event.data["n"]) async for event in follower]


async def test_a_late_follower_gets_the_past_first_then_the_rest(room):
    await say(room, *range(3))
    follower = room.hub.follow("s")
    assert await heard(follower, 3) == [0, 1, 2]
    waiting = asyncio.ensure_future(anext(follower))
    await asyncio.sleep(0)
    await say(room, 3, is_final=True)
    assert (await waiting).number == 4
    assert await all_of(follower) == []


async def test_a_long_past_comes_whole(room):
    await say(room, *range(451), is_final=True)
    assert await all_of(room.hub.follow("s")) == [(number + 1, number) for number in range(451)]


async def test_following_goes_on_after_an_event(room):
    await say(room, *range(5), is_final=True)
    assert await all_of(room.hub.follow("s", 3)) == [(4, 3), (5, 4)]


@pytest.mark.parametrize("after", [5, 6, 10**9])
async def test_who_has_seen_the_end_gets_it_once_more(room, after):
    await say(room, *range(5), is_final=True)
    assert await all_of(room.hub.follow("s", after)) == [(5, 4)]


async def test_who_names_an_event_that_never_was_gets_the_next_one(room):
    await say(room, 0)
    follower = room.hub.follow("s", 99)
    waiting = asyncio.ensure_future(anext(follower))
    await asyncio.sleep(0.05)
    await say(room, 1)
    assert (await waiting).data == {"n": 1}
    await follower.aclose()


async def test_a_subject_that_is_taken_up_again_goes_on(room):
    await say(room, 0, is_final=True)
    await say(room, 1)
    await say(room, 2, is_final=True)
    assert await all_of(room.hub.follow("s")) == [(1, 0), (2, 1), (3, 2)]


async def test_a_slow_follower_holds_nobody_up_and_misses_nothing(room):
    slow, quick = room.hub.follow("s"), room.hub.follow("s")
    await say(room, 0)
    assert await heard(slow, 1) == [0]
    await say(room, *range(1, 351))
    assert await heard(quick, 351) == list(range(351))
    await say(room, *range(351, 701), is_final=True)
    assert [n for _, n in await all_of(quick)] == list(range(351, 701))
    assert [n for _, n in await all_of(slow)] == list(range(1, 701))


async def test_subjects_do_not_mix(room):
    await say(room, 1, subject="a")
    await say(room, 2, subject="b", is_final=True)
    await say(room, 3, subject="a", is_final=True)
    assert await all_of(room.hub.follow("a")) == [(1, 1), (2, 3)]


async def test_nobody_hears_what_was_not_committed(room):
    follower = room.hub.follow("s")
    waiting = asyncio.ensure_future(anext(follower))
    with pytest.raises((StatementError, TypeError)):
        await say(room, 0, object())
    await say(room, 1)
    assert (await waiting).number == 1
    await follower.aclose()


async def test_a_stop_ends_followers_with_words(room):
    follower = room.hub.follow("s")
    waiting = asyncio.ensure_future(anext(follower))
    await asyncio.sleep(0.05)
    room.hub.close()
    with pytest.raises(Unavailable):
        await waiting


async def test_nothing_is_kept_for_subjects_that_nobody_follows(room):
    hub = Hub(room.database, room.notices)
    async with room.database.write(T) as tx:
        await hub.append(tx, T, "s", {"n": 0}, is_final=True)
    assert await all_of(hub.follow("s")) == [(1, 0)]
    assert hub._topics == {}


async def test_many_followers_read_the_database_once(room):
    followers = [room.hub.follow("s") for _ in range(50)]
    reads = 0
    read = room.database.read

    def counted(scope):
        nonlocal reads
        reads += 1
        return read(scope)

    room.database.read = counted
    waiting = [asyncio.ensure_future(anext(follower)) for follower in followers]
    await asyncio.sleep(0)
    await say(room, 0)
    assert {(await event).data["n"] for event in waiting} == {0}
    assert reads <= 2
    for follower in followers:
        await follower.aclose()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_what_another_process_appends_is_heard(room, database_url, tmp_path):
    database = Database(database_url)
    other = Room(database, tmp_path)
    listening = asyncio.create_task(room.notices.run())
    follower = room.hub.follow("s")
    waiting = asyncio.ensure_future(anext(follower))
    await asyncio.sleep(0.05)
    await say(other, 0, 1)
    assert (await waiting).data == {"n": 0}
    assert await heard(follower, 1) == [1]
    waiting = asyncio.ensure_future(anext(follower))
    await say(other, 2, is_final=True)
    assert (await waiting).data == {"n": 2}
    assert await all_of(follower) == []
    listening.cancel()
    await database.close()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_numbers_of_many_processes_have_no_gap(room, database_url, tmp_path):
    database = Database(database_url)
    other = Room(database, tmp_path)
    await asyncio.gather(*(say(at, n) for n in range(10) for at in (room, other)))
    await say(room, 10, is_final=True)
    assert [number for number, _ in await all_of(room.hub.follow("s"))] == list(range(1, 22))
    await database.close()
