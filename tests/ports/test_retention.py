"""What tenants let go: only what is old enough, only theirs, and a log that still verifies."""

from datetime import timedelta

from sqlalchemy import insert, select, update

from durable import Room
from everything import value
from wenshu.core.auth.audit import Audit, Entry
from wenshu.core.auth.tables import audit_entries
from wenshu.core.database.scope import EVERYTHING, Scope
from wenshu.core.jobs.retention import KIND, Retention
from wenshu.core.jobs.rules import Rules
from wenshu.core.jobs.tables import jobs
from wenshu.core.settings import StorageSettings
from wenshu.core.storage.files import Files
from wenshu.core.storage.links import Links
from wenshu.core.storage.store import open_store
from wenshu.core.storage.tables import files
from wenshu.kit import clock
from wenshu.knowledge.tables import documents
from wenshu.services.assistant.chat.tables import messages, sessions, turns
from wenshu.services.assistant.imports.tables import items
from wenshu.services.assistant.retention import OldMessages, OldSessions, OldUploads

T, U = Scope("t", "o"), Scope("u")
NOW = clock.now()
OLD, YOUNG = NOW - timedelta(days=40), NOW - timedelta(days=20)
BEFORE = NOW - timedelta(days=30)


async def put(database, table, number, scope, **values):
    """A row: these values, and of the rest what tests put into every table."""
    row = {column.name: value(table, column, number) for column in table.columns} | scope.stamp() | values
    async with database.write(scope) as tx:
        await tx.run(insert(table).values(row))


async def keys(database, table):
    (key,) = table.primary_key.columns
    async with database.read(EVERYTHING) as tx:
        return sorted(row[0] for row in await tx.all(select(key).where(EVERYTHING.sees(table))))


async def gone(database, aged, table, cut=BEFORE):
    """What goes: as many as were foretold, in as many rounds as it takes."""
    before = await keys(database, table)
    due, deleted = await aged.due(Scope("t"), cut), 0
    while some := await aged.delete_some(Scope("t"), cut):
        deleted += some
    left = await keys(database, table)
    assert deleted == due == len(before) - len(left)
    return sorted(set(before) - set(left))


async def session(database, number, scope, updated_at, **values):
    fixed = {"id": number, "session_id": f"s-{number}", "created_at": OLD, "updated_at": updated_at}
    await put(database, sessions, number, scope, **fixed, **values)


async def message(database, number, scope, of, created_at, **values):
    fixed = {"id": number, "session_key": of, "created_at": created_at, "is_pending": False, "question_key": None}
    await put(database, messages, number, scope, **(fixed | values))


async def test_sessions_without_an_update_go_with_their_messages(database):
    for number, (scope, at) in enumerate([(T, OLD), (T, YOUNG), (U, OLD), (T, OLD), (Scope("t"), OLD)], 1):
        await session(database, number, scope, at, is_deleted=number == 5)
        await message(database, number * 10, scope, number, OLD)
    named = {"stream_id": "x", "session_key": 4, "question_key": 40, "answer_key": None}
    await put(database, turns, 0, T, **named, state="answering")
    assert await gone(database, OldSessions(database), sessions) == [1, 5]
    assert await keys(database, messages) == [20, 30, 40]


async def test_old_messages_go_and_a_question_stays_with_its_answer(database):
    await session(database, 1, T, NOW)
    await session(database, 2, U, NOW)
    await message(database, 10, T, 1, OLD)
    await message(database, 11, T, 1, OLD, question_key=10)
    await message(database, 20, T, 1, OLD)
    await message(database, 21, T, 1, YOUNG, question_key=20)
    await message(database, 30, T, 1, OLD)
    await message(database, 31, T, 1, OLD, question_key=30, is_pending=True)
    await message(database, 40, T, 1, YOUNG)
    await message(database, 50, T, 1, OLD)
    await message(database, 60, U, 2, OLD)
    waiting = {"stream_id": "x", "session_key": 1, "question_key": 50, "answer_key": None}
    await put(database, turns, 0, T, **waiting, state="answering")
    assert await gone(database, OldMessages(database), messages) == [10, 11]
    assert await keys(database, sessions) == [1, 2]


async def test_uploads_go_that_no_document_is_of(database, tmp_path):
    objects = open_store(StorageSettings(), tmp_path)
    kept = Files(database, objects, Links("http://x", b"0" * 32, 60))
    (tmp_path / "body").write_text("正文", "utf-8")
    made = {}
    for name, scope in {"old": T, "young": T, "named": T, "elsewhere": T, "waiting": T, "theirs": U}.items():
        made[name] = await kept.keep(scope, tmp_path / "body", f"{name}.txt", "text/plain")
        at = YOUNG if name == "young" else OLD
        async with database.write(EVERYTHING) as tx:
            await tx.run(update(files).where(files.c.id == made[name].id).values(created_at=at))
    await put(database, documents, 1, T, doc_url=kept.link(made["named"]))
    await put(database, documents, 2, U, doc_url=kept.link(made["elsewhere"]))
    await put(database, jobs, 1, T, id="j")
    await put(database, items, 1, T, import_id="j", doc_url=kept.link(made["waiting"]), state="pending")
    assert await gone(database, OldUploads(database, kept), files) == [made["old"].id]
    assert {path.name for path in (tmp_path / "objects").iterdir()} == {
        file.id for name, file in made.items() if name != "old"
    }


async def logged(audit, tenant, *targets):
    for target in targets:
        await audit.write(Entry(Scope(tenant), "user:1", "user.create", target))


async def test_a_log_is_cut_at_its_beginning_and_still_verifies(database):
    audit = Audit(database)
    await logged(audit, "t", *"甲乙丙丁")
    await logged(audit, "u", *"甲乙")
    cut = clock.now()
    await logged(audit, "t", *"戊己庚")
    whole = await audit.verify("t")
    async with database.read(EVERYTHING) as tx:
        rows = await tx.all(select(audit_entries).where(audit_entries.c.tenant_code == "t"))
    hashes = {row.number: row.hash for row in rows}
    assert len(await gone(database, audit, audit_entries, cut)) == 4
    chain = await audit.verify("t")
    assert (chain.broken_at, chain.entries, chain.head, chain.trimmed) == (None, 7, whole.head, 4)
    assert [
        (await audit.verify("t", known)).known_stands
        for known in [(7, hashes[7]), (5, hashes[5]), (4, hashes[4]), (4, hashes[5]), (3, hashes[3]), (5, hashes[4])]
    ] == [True, True, True, False, None, False]
    assert (await audit.verify("u")).entries == 2
    await logged(audit, "t", "辛")
    assert (await audit.verify("t")).entries == 8
    # What is deleted by anybody else is still a break.
    async with database.write(EVERYTHING) as tx:
        await tx.run(audit_entries.delete().where(audit_entries.c.number == 5, audit_entries.c.tenant_code == "t"))
    assert (await audit.verify("t")).broken_at == 5


async def test_a_log_may_go_whole(database):
    audit = Audit(database)
    await logged(audit, "t", *"甲乙丙")
    assert await audit.delete_some(Scope("t"), BEFORE) == 0
    assert await audit.delete_some(Scope("t"), clock.now()) == 3
    chain = await audit.verify("t")
    assert (chain.broken_at, chain.entries, chain.trimmed) == (None, 3, 3)
    await logged(audit, "t", "辛")
    assert (await audit.verify("t")).entries == 4


async def test_rules_are_a_tenant_s_own(database):
    rules = Rules(database)
    rules.register("sessions", OldSessions(database))
    rules.register("messages", OldMessages(database))
    async with database.write(EVERYTHING) as tx:
        await rules.write(tx, "t", {"sessions": 30, "messages": 7})
        await rules.write(tx, "u", {"sessions": 5})
    async with database.write(EVERYTHING) as tx:
        await rules.write(tx, "t", {"messages": None, "sessions": 31})
    assert await rules.read("t") == {"sessions": 31, "messages": None}
    assert await rules.read("u") == {"sessions": 5, "messages": None}
    assert await rules.read("v") == {"sessions": None, "messages": None}
    await session(database, 1, T, OLD)
    await session(database, 2, U, YOUNG)
    assert (await rules.due("t"), await rules.due("u"), await rules.due("v")) == (
        {"sessions": 1, "messages": 0},
        {"sessions": 1, "messages": 0},
        {"sessions": 0, "messages": 0},
    )


async def test_the_house_carries_them_out(database, tmp_path):
    room, rules = Room(database, tmp_path), Rules(database)
    rules.register("sessions", OldSessions(database))
    async with database.write(EVERYTHING) as tx:
        await rules.write(tx, "t", {"sessions": 30, "jobs": 30})
    for number, (scope, at) in enumerate([(T, OLD), (T, YOUNG), (U, OLD)], 1):
        await session(database, number, scope, at)
        over = {"id": f"j-{number}", "state": "succeeded", "finished_at": at, "attempts": 1, "key": None}
        await put(database, jobs, number, scope, **over)
    async with room.working() as worker:
        Retention(database, worker._engine, timedelta(days=365), rules).register(room.kinds, room.schedules)
        assert await rules.due("t") == {"sessions": 1, "jobs": 1}
        (job,) = await room.over(Scope(), await room.accept(Scope(), KIND))
    assert job.result == {"jobs": 1, "events": 0, "sessions": 1}
    assert await keys(database, sessions) == [2, 3]
    assert await keys(database, jobs) == sorted(["j-2", "j-3", job.id])
    async with database.read(EVERYTHING) as tx:
        (entry,) = await tx.all(select(audit_entries))
    assert (entry.tenant_code, entry.actor, entry.action) == ("t", "retention", "retention.delete")
    assert entry.details == {"sessions": 1, "jobs": 1}
    assert await rules.due("t") == {"sessions": 0, "jobs": 0}
