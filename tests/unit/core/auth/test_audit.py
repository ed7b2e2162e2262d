import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update

from wenshu.core.auth.audit import Audit, Entry, Wanted
from wenshu.core.auth.tables import audit_entries, audit_heads
from wenshu.core.database.scope import EVERYTHING, Scope
from wenshu.kit import clock

ENTRY = Entry(Scope("t", "o"), "user:1", "user.create", "user:2 张三", trace_id="trace", details={"roles": ["viewer"]})


@pytest.fixture
def audit(database):
    return Audit(database)


async def written(audit, count, entry=ENTRY):
    for number in range(count):
        await audit.write(replace(entry, target=f"第{number}个"))


async def test_what_was_written_is_read_back_the_newest_first(audit):
    await written(audit, 3)
    rows, total = await audit.page(Scope("t"), Wanted(), offset=0, limit=2)
    assert total == 3
    assert [(row.number, row.target) for row in rows] == [(3, "第2个"), (2, "第1个")]
    assert (rows[0].actor, rows[0].trace_id, rows[0].details) == ("user:1", "trace", {"roles": ["viewer"]})


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        (Wanted(actor="user:1"), 2),
        (Wanted(actor="user:"), 0),
        (Wanted(action="user.create"), 2),
        (Wanted(action="user.change"), 0),
        (Wanted(outcome="ok"), 2),
        (Wanted(outcome="denied"), 0),
        (Wanted(since=clock.now() - timedelta(hours=1)), 2),
        (Wanted(since=clock.now() + timedelta(hours=1)), 0),
        (Wanted(before=clock.now() + timedelta(hours=1)), 2),
        (Wanted(before=clock.now() - timedelta(hours=1)), 0),
    ],
)
async def test_what_is_wanted_is_found(audit, wanted, count):
    await written(audit, 2)
    assert (await audit.page(Scope("t"), wanted, offset=0, limit=10))[1] == count


async def test_each_sees_its_own(audit):
    await written(audit, 1)
    for scope, count in ((Scope("t", "o"), 1), (Scope("t", "p"), 0), (Scope("u"), 0), (Scope(), 0)):
        assert (await audit.page(scope, Wanted(), offset=0, limit=10))[1] == count


async def test_an_untouched_chain_is_whole(audit):
    assert (await audit.verify("t")).broken_at is None
    await written(audit, 5)
    chain = await audit.verify("t")
    assert (chain.entries, chain.broken_at) == (5, None)
    assert len(chain.head) == 64
    assert await audit.tenants() == ["t"]


async def test_writers_at_the_same_time_make_one_chain(audit):
    others = [replace(ENTRY, scope=Scope("u"))] * 5
    await asyncio.gather(*(audit.write(entry) for entry in [ENTRY] * 20 + others))
    chains = [await audit.verify(tenant) for tenant in ("t", "u")]
    assert [(chain.entries, chain.broken_at) for chain in chains] == [(20, None), (5, None)]


CHANGES = {
    "actor": "user:9",
    "action": "user.show",
    "target": "user:9",
    "outcome": "denied",
    "status": 403,
    "trace_id": "another",
    "address": "10.0.0.9",
    "org_code": "p",
    "details": {"roles": ["admin"]},
    "at": clock.now() - timedelta(days=1),
    "hash": "0" * 64,
}


@pytest.mark.parametrize("column", CHANGES)
async def test_a_changed_entry_breaks_the_chain_at_its_place(audit, database, column):
    await written(audit, 4)
    async with database.write(EVERYTHING) as tx:
        second = update(audit_entries).where(audit_entries.c.number == 2, EVERYTHING.sees(audit_entries))
        await tx.run(second.values({column: CHANGES[column]}))
    assert (await audit.verify("t")).broken_at == 2


@pytest.mark.parametrize("number", [1, 2, 4])
async def test_a_missing_entry_breaks_it(audit, database, number):
    await written(audit, 4)
    async with database.write(EVERYTHING) as tx:
        await tx.run(delete(audit_entries).where(audit_entries.c.number == number, EVERYTHING.sees(audit_entries)))
    assert (await audit.verify("t")).broken_at == number


async def test_a_chain_that_was_rebuilt_no_longer_holds_the_head_that_was_written_down(audit, database):
    await written(audit, 3)
    chain = await audit.verify("t")
    known = chain.entries, chain.head
    await written(audit, 1)
    assert (await audit.verify("t", known)).known_stands
    async with database.write(EVERYTHING) as tx:
        await tx.run(delete(audit_entries).where(EVERYTHING.sees(audit_entries)))
        await tx.run(delete(audit_heads).where(EVERYTHING.sees(audit_heads)))
    await written(audit, 4)
    rebuilt = await audit.verify("t", known)
    assert (rebuilt.broken_at, rebuilt.known_stands) == (None, False)


async def test_an_entry_is_there_only_with_what_it_tells_of(audit, database):
    class Undone(Exception):
        pass

    async def undone():
        async with database.write(EVERYTHING) as tx:
            await audit.record(tx, ENTRY)
            raise Undone

    with pytest.raises(Undone):
        await undone()
    async with database.read(EVERYTHING) as tx:
        assert await tx.all(select(audit_entries).where(EVERYTHING.sees(audit_entries))) == []
    await written(audit, 1)
    assert (await audit.verify("t")).broken_at is None


async def test_a_long_target_is_cut(audit):
    await audit.write(replace(ENTRY, target="长" * 1000))
    assert (await audit.verify("t")).broken_at is None
