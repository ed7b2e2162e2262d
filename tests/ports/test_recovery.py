"""Questions that a process left unanswered, on both databases: another answers them, once, and only when it is gone."""

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from parts import assistant, index_of
from serving import eventually_async
from wenshu.core.database.processes import DEAD_SECONDS, processes
from wenshu.core.database.scope import EVERYTHING, Scope
from wenshu.kit import clock
from wenshu.kit.errors import InternalError, Unavailable
from wenshu.knowledge.reply import ReplyRequest
from wenshu.services.assistant.chat.ask import Turn, ask, begin, resume
from wenshu.services.assistant.chat.recovery import recover
from wenshu.services.assistant.chat.schemas import Ask
from wenshu.services.assistant.chat.tables import messages, turns

ACME = Scope("acme")
QUESTION = Ask.model_validate({"user_id": "u", "session_id": "s", "question": "谁负责？", "use_vector_db": False})
on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
"""Only there is more than one process."""


@pytest.fixture
def process(database, tmp_path):
    """Opens the parts of a process."""

    @asynccontextmanager
    async def process():
        async with index_of(database, tmp_path) as index, assistant(database, tmp_path, index) as parts:
            yield parts

    return process


async def cut_short(parts):
    """A question that is accepted and not answered; its turn."""
    stream_id = (await ask(parts, ACME, QUESTION)).stream_id
    await parts.running.close(0)
    return await turn_of(parts.database, stream_id)


async def turn_of(database, stream_id):
    async with database.read(EVERYTHING) as tx:
        found = select(turns).where(turns.c.stream_id == stream_id, EVERYTHING.sees(turns))
        row = await tx.first(found)
    assert row.state == "answering"
    request = ReplyRequest.from_json({"uploads": (), **row.request})
    return Turn(stream_id, "s", row.session_key, row.question_key, row.answer_key, ACME, request)


async def states(database):
    async with database.read(EVERYTHING) as tx:
        found = await tx.all(select(turns.c.state, turns.c.attempts, turns.c.process_id).order_by(turns.c.created_at))
    return [tuple(row) for row in found]


async def stored_answers(database):
    async with database.read(EVERYTHING) as tx:
        whole = messages.c.role == "assistant", ~messages.c.is_pending
        return await tx.value(select(func.count()).select_from(messages).where(*whole))


async def killed(database, parts):
    """The process is not seen any more; its row stays."""
    async with database.write(EVERYTHING) as tx:
        past = clock.now() - timedelta(seconds=DEAD_SECONDS + 1)
        await tx.run(update(processes).where(processes.c.id == parts.process.id).values(seen_at=past))


async def test_the_next_process_answers_what_the_last_one_left(database, process):
    async with process() as last:
        turn = await cut_short(last)
        await killed(database, last)
        async with process() as following:
            assert await recover(following) == 1
            said = await (await resume(following, ACME, turn.stream_id)).result()
            assert said["content"]
            assert await states(database) == [("answered", 2, following.process.id)]
            assert await recover(following) == 0


@on_postgresql
async def test_what_a_living_process_answers_is_left_to_it(database, process):
    async with process() as first, process() as second:
        await cut_short(first)
        assert await recover(second) == 0
        assert await states(database) == [("answering", 1, first.process.id)]


@on_postgresql
async def test_what_a_process_left_that_ended_in_order_is_answered_at_once(database, process):
    async with process() as first:
        async with process() as second:
            await cut_short(second)
        assert await recover(first) == 1
        await eventually_async(lambda: stored_answers(database))


@on_postgresql
async def test_of_many_that_look_at_once_one_answers(database, process):
    async with process() as dead, process() as first, process() as second:
        turn = await cut_short(dead)
        await killed(database, dead)
        counts = await asyncio.gather(recover(first), recover(second), recover(first), recover(second))
        assert sorted(counts) == [0, 0, 0, 1]
        taker = first if counts[0] or counts[2] else second
        await (await resume(taker, ACME, turn.stream_id)).result()
        assert await states(database) == [("answered", 2, taker.process.id)]


@on_postgresql
async def test_who_was_taken_for_dead_stores_nothing_and_leads_its_reader_to_the_answer(database, process):
    async with process() as sleeper, process() as taker:
        turn = await cut_short(sleeper)
        await killed(database, sleeper)
        assert await recover(taker) == 1
        taken = await (await resume(taker, ACME, turn.stream_id)).result()
        with pytest.raises(Unavailable, match="另一进程"):
            await begin(sleeper, turn).result()
        assert await states(database) == [("answered", 2, taker.process.id)]
        assert await stored_answers(database) == 1
        assert (await (await resume(sleeper, ACME, turn.stream_id)).result())["content"] == taken["content"]


@on_postgresql
async def test_an_answer_that_another_process_gives_is_followed_to_its_end(process):
    async with process() as first, process() as second:
        turn = await cut_short(first)
        followed = await resume(second, ACME, turn.stream_id)
        assert await resume(second, ACME, turn.stream_id) is followed
        assert followed.ended_at is None
        given = await begin(first, turn).result()
        assert (await followed.result())["content"] == given["content"]
        assert (await resume(second, ACME, turn.stream_id)) is not followed


async def test_a_question_that_ends_its_process_each_time_is_given_up(database, process):
    async with process() as last:
        turn = await cut_short(last)
        await killed(database, last)
    async with database.write(EVERYTHING) as tx:
        await tx.run(update(turns).values(attempts=5, process_id="0" * 32))
    async with process() as following:
        assert await recover(following) == 1
        with pytest.raises(InternalError):
            await (await resume(following, ACME, turn.stream_id)).result()
        assert [state for state, *_ in await states(database)] == ["failed"]
        assert await stored_answers(database) == 0


async def test_turns_of_the_release_before_name_no_process_and_are_answered(database, process):
    async with process() as last:
        await cut_short(last)
    async with database.write(EVERYTHING) as tx:
        await tx.run(update(turns).values(process_id=None))
    async with process() as following:
        assert await recover(following) == 1
        await eventually_async(lambda: stored_answers(database))
