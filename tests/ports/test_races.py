"""Verbs that many callers run at once, from two processes where the database has several: nobody is lost or halved."""

import asyncio
from collections import Counter
from contextlib import AsyncExitStack

import pytest
from sqlalchemy import select

from parts import assistant, held, index_of
from wenshu.core.database.engine import Database
from wenshu.core.database.scope import EVERYTHING, Scope
from wenshu.core.documents.model import Parsed
from wenshu.core.documents.parsers.markdown import scan
from wenshu.kit.errors import Conflict
from wenshu.knowledge.items import Pair
from wenshu.knowledge.tables import documents, qa_pairs
from wenshu.services.assistant.chat import sessions as verbs
from wenshu.services.assistant.chat.ask import ask
from wenshu.services.assistant.chat.regenerate import regenerate
from wenshu.services.assistant.chat.schemas import Ask
from wenshu.services.assistant.chat.sessions import SessionRef
from wenshu.services.assistant.chat.tables import messages, sessions, turns

ACME, SALES = Scope("acme"), Scope("acme", "sales")
MANY = 16


@pytest.fixture
async def index(database, tmp_path):
    async with index_of(database, tmp_path) as index:
        yield index


@pytest.fixture
async def processes(database, database_url, index, tmp_path):
    """The parts of one process on SQLite, of two on PostgreSQL."""
    async with AsyncExitStack() as stack:
        opened = [await stack.enter_async_context(assistant(database, tmp_path, index))]
        if database.shared:
            second = Database(database_url)
            stack.push_async_callback(second.close)
            opened.append(await stack.enter_async_context(assistant(second, tmp_path, index)))
        yield opened


async def at_once(processes, verb, count=MANY):
    """The outcomes of ``verb(parts, number)``, each an answer or what was raised."""
    calls = (verb(processes[number % len(processes)], number) for number in range(count))
    return await asyncio.gather(*calls, return_exceptions=True)


async def rows(database, table):
    async with database.read(EVERYTHING) as tx:
        return await tx.all(select(table).where(EVERYTHING.sees(table)).order_by(table.c.id))


def parsed(number):
    text = "".join(f"# 第{part}章\n\n第{number}版说明了水表的用法。\n\n" for part in range(number % 5 + 1))
    return Parsed(text, tuple(scan(text)), "", "text/markdown")


async def assert_in_step(database, index):
    """Each document and pair has just its own passages; nothing else has any."""
    found = await held(database, index)
    stored = {("DOC", row.generation): row for row in await rows(database, documents)}
    stored |= {("QA", row.generation): row for row in await rows(database, qa_pairs)}
    assert {(collection, generation) for collection, generation, _ in found} == set(stored)
    counted = Counter((collection, generation) for collection, generation, _ in found)
    for key, row in stored.items():
        bodies = [body for collection, generation, body in found if (collection, generation) == key]
        assert counted[key] == (row.chunks if key[0] == "DOC" else 1)
        assert all(body in (row.text if key[0] == "DOC" else row.answer) for body in bodies)


async def test_one_name_at_once_is_one_document(processes, database, index):
    outcomes = await at_once(
        processes, lambda parts, n: parts.ingest.replace_document(ACME, "手册.md", f"u{n}", parsed(n))
    )
    assert outcomes == [None] * MANY
    assert len(await rows(database, documents)) == 1
    await assert_in_step(database, index)


async def test_the_same_questions_at_once_are_one_batch_whole(processes, database, index):
    async def put(parts, number):
        batch = [Pair(f"问题{at}", f"第{number}版答案") for at in range(5)]
        await parts.ingest.replace_pairs(ACME, batch if number % 2 else batch[::-1])

    assert await at_once(processes, put) == [None] * MANY
    stored = await rows(database, qa_pairs)
    assert len(stored) == 5
    assert len({row.answer for row in stored}) == 1
    await assert_in_step(database, index)


async def test_deleting_and_clearing_amid_additions_leave_nothing_halved(processes, database, index):
    async def either(parts, number):
        ingest = parts.ingest
        match number % 4:
            case 0:
                await ingest.replace_document(SALES, "手册.md", "", parsed(number))
            case 1:
                await ingest.delete_documents(ACME, ["手册.md"])
            case 2:
                await ingest.replace_pairs(SALES, [Pair("问题", f"答案{number}")])
            case _:
                await ingest.clear(ACME)

    assert await at_once(processes, either, 40) == [None] * 40
    await assert_in_step(database, index)


async def test_one_session_id_at_once_is_made_once(processes, database):
    outcomes = await at_once(processes, lambda parts, n: verbs.create(parts, ACME, f"u{n}", "s-1", None))
    assert Counter(type(outcome) for outcome in outcomes) == {str: 1, Conflict: MANY - 1}
    assert len(await rows(database, sessions)) == 1


def question(number, session_id="s-1"):
    return Ask.model_validate(
        {"user_id": "u", "session_id": session_id, "question": f"第{number}个问题？", "use_vector_db": False}
    )


async def answered(parts, number):
    turn = await ask(parts, ACME, question(number))
    return (await turn.result())["content"]


async def test_questions_at_once_in_a_new_session_share_it(processes, database):
    outcomes = await at_once(processes, answered)
    assert all(isinstance(outcome, str) for outcome in outcomes), outcomes
    assert len(await rows(database, sessions)) == 1
    asked = [row.content for row in await rows(database, messages) if row.role == "user"]
    assert sorted(asked) == sorted(f"第{number}个问题？" for number in range(MANY))
    async with database.read(EVERYTHING) as tx:
        states = await tx.all(select(turns.c.state).where(EVERYTHING.sees(turns)))
    assert [row.state for row in states] == ["answered"] * MANY
    # Each question is followed by the place of its own answer.
    roles = [row.role for row in await rows(database, messages)]
    assert roles == ["user", "assistant"] * MANY


async def test_a_name_that_is_given_amid_a_first_question_stays(processes, database):
    names = [f"s-{number}" for number in range(20)]
    for name in names:
        await verbs.create(processes[0], ACME, "u", name, None)

    async def rename_or_ask(parts, number):
        name = names[number // 2]
        if number % 2:
            await verbs.rename(parts, SessionRef(ACME, name), "我的标题")
        else:
            await (await ask(parts, ACME, question(number, name))).result()

    assert not [outcome for outcome in await at_once(processes, rename_or_ask, 40) if isinstance(outcome, Exception)]
    assert {row.title for row in await rows(database, sessions)} == {"我的标题"}


async def test_an_answer_is_given_again_by_one_at_a_time(processes, database):
    await answered(processes[0], 0)
    given = (await rows(database, messages))[-1].id

    async def again(parts, number):
        del number
        return (await (await regenerate(parts, SessionRef(ACME, "s-1"), given)).result())["message_id"]

    outcomes = await at_once(processes, again)
    versions = [outcome for outcome in outcomes if isinstance(outcome, int)]
    assert versions
    assert Counter(type(outcome) for outcome in outcomes if outcome not in versions) == {Conflict: MANY - len(versions)}
    shown = [row.id for row in await rows(database, messages) if row.role == "assistant" and not row.superseded]
    assert shown == [max(versions)]
