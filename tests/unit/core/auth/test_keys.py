from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update

from wenshu.core.auth.keys import new_key, principal_of_key
from wenshu.core.auth.tables import api_keys, tenants
from wenshu.core.database.scope import EVERYTHING, Scope
from wenshu.kit import clock
from wenshu.kit.errors import Unauthenticated

OWNER = Scope("t", "o")


@pytest.fixture
async def key(database):
    """A stored key: roles viewer and member, for two families."""
    made = new_key()
    row = {"id": "1", "name": "n", "prefix": made.prefix, "digest": made.digest, "roles": ["viewer", "member"]}
    row |= {"families": ["assistant"], "created_by": "user:1", "created_at": clock.now()}
    async with database.write(EVERYTHING) as tx:
        tenant = {"tenant_code": "t", "name": "T", "is_disabled": False, "created_at": clock.now()}
        await tx.run(insert(tenants).values(**tenant))
        await tx.run(insert(api_keys).values(**row, **OWNER.stamp()))
    return made


async def change(database, table, **values):
    async with database.write(EVERYTHING) as tx:
        await tx.run(update(table).where(EVERYTHING.sees(table)).values(**values))


async def test_a_key_speaks_for_its_tenant(database, key):
    principal = await principal_of_key(database, key.text)
    assert (principal.name, principal.tenant, principal.org) == (f"key:{key.prefix}", "t", "o")
    assert principal.roles == {"viewer", "member"}
    assert [family for family in ("assistant", "admin", "accounts") if principal.may_call(family)] == [
        "assistant",
        "accounts",
    ]
    assert principal.user_id is None
    assert not principal.operator


async def test_only_a_digest_is_stored(database, key):
    async with database.read(EVERYTHING) as tx:
        row = await tx.first(select(api_keys).where(EVERYTHING.sees(api_keys)))
    assert key.secret not in str(row)


async def test_a_changed_key_is_none(database, key):
    text = key.text
    for wrong in (
        text[:-1],
        text + "x",
        text[:-1] + ("A" if text[-1] != "A" else "B"),
        "wsk_",
        "wsk_x_y",
        text.upper(),
    ):
        with pytest.raises(Unauthenticated):
            await principal_of_key(database, wrong)


@pytest.mark.parametrize(
    ("table", "values"),
    [
        (api_keys, {"revoked_at": clock.now()}),
        (api_keys, {"expires_at": clock.now() - timedelta(seconds=1)}),
        (tenants, {"is_disabled": True}),
    ],
)
async def test_a_revoked_or_expired_key_or_one_of_a_closed_tenant_is_none(database, key, table, values):
    await change(database, table, **values)
    with pytest.raises(Unauthenticated):
        await principal_of_key(database, key.text)


async def test_the_last_use_is_known(database, key):
    async def last_used():
        async with database.read(EVERYTHING) as tx:
            return await tx.value(select(api_keys.c.last_used_at).where(EVERYTHING.sees(api_keys)))

    assert await last_used() is None
    await principal_of_key(database, key.text)
    first = await last_used()
    assert first is not None
    await principal_of_key(database, key.text)
    assert await last_used() == first
