import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from wenshu.core.auth.attempts import MOST_OF_ADDRESS, MOST_OF_PAIR, Attempts
from wenshu.core.auth.tables import login_failures
from wenshu.core.database.scope import EVERYTHING
from wenshu.kit import clock
from wenshu.kit.errors import RateLimited

HERE = "10.0.0.1"


@pytest.fixture
def attempts(database):
    return Attempts(database)


async def admitted(attempts, name, address=HERE):
    """Whether a try is looked at; it fails."""
    try:
        async with attempts.turn(name, address):
            await attempts.failed(name, address)
    except RateLimited:
        return False
    return True


async def test_five_failures_of_a_pair_and_no_more(attempts):
    assert [await admitted(attempts, "a") for _ in range(MOST_OF_PAIR + 2)] == [True] * MOST_OF_PAIR + [False] * 2
    assert await admitted(attempts, "b")
    assert await admitted(attempts, "a", "10.0.0.2")


async def test_fifty_failures_of_an_address_and_no_more(attempts):
    for number in range(MOST_OF_ADDRESS):
        assert await admitted(attempts, f"user-{number}")
    assert not await admitted(attempts, "another")
    assert await admitted(attempts, "another", "10.0.0.2")


async def test_guesses_sent_at_once_are_looked_at_one_by_one(attempts):
    looked_at = await asyncio.gather(*(admitted(attempts, "a") for _ in range(30)))
    assert sum(looked_at) == MOST_OF_PAIR


async def test_a_flood_does_not_queue_for_ever(attempts):
    looked_at = await asyncio.gather(*(admitted(attempts, f"user-{number}") for number in range(200)))
    assert sum(looked_at) <= MOST_OF_ADDRESS
    assert not attempts._queues


async def test_the_wait_is_told_and_ends(attempts, database):
    for _ in range(MOST_OF_PAIR):
        await admitted(attempts, "a")
    with pytest.raises(RateLimited) as caught:
        async with attempts.turn("a", HERE):
            pass
    assert 1 <= caught.value.retry_after <= 60
    async with database.write(EVERYTHING) as tx:
        older = clock.now() - timedelta(minutes=1)
        await tx.run(update(login_failures).where(EVERYTHING.sees(login_failures)).values(at=older))
    assert await admitted(attempts, "a")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("10.0.0.1", "10.0.0.2", False),
        ("", "", True),
    ],
)
async def test_an_address_of_ipv6_is_its_network(attempts, one, other, same):
    for _ in range(MOST_OF_PAIR):
        await admitted(attempts, "a", one)
    assert await admitted(attempts, "a", other) is not same


async def test_what_was_typed_for_a_name_is_not_kept(attempts, database):
    await admitted(attempts, "my-secret-password")
    async with database.read(EVERYTHING) as tx:
        (row,) = await tx.all(select(login_failures).where(EVERYTHING.sees(login_failures)))
    assert "secret" not in str(row)
