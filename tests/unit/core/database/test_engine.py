import pytest
from sqlalchemy import insert, select

from wenshu.core.database.scope import EVERYTHING, Scope
from wenshu.core.index.generation import new_generations
from wenshu.kit import clock
from wenshu.knowledge.tables import documents


def row(name, scope):
    now = clock.now()
    return insert(documents).values(
        doc_name=name,
        doc_url="",
        text="",
        chunks=0,
        generation=new_generations(1)[0],
        created_at=now,
        updated_at=now,
        **scope.stamp(),
    )


async def names(database, scope):
    async with database.read(scope) as tx:
        found = await tx.all(select(documents.c.doc_name).where(scope.sees(documents)).order_by(documents.c.doc_name))
    return [one.doc_name for one in found]


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
