import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from wenshu.core.auth.kept import LARGEST, Answer, Claim, KeptAnswers
from wenshu.core.auth.tables import kept_answers
from wenshu.core.database.scope import EVERYTHING, Scope
from wenshu.kit import clock
from wenshu.kit.errors import Conflict

CREATED = Answer(200, "application/json", '{"key":"wsk_的一把钥匙"}'.encode())


def claim(key="k-1", scope=None, call="user:1\nPOST\n/keys", body=b"{}"):
    return Claim(key, scope or Scope("t"), call, body)


@pytest.fixture
def kept(database):
    return KeptAnswers(database)


async def change(database, **values):
    async with database.write(EVERYTHING) as tx:
        await tx.run(update(kept_answers).where(EVERYTHING.sees(kept_answers)).values(**values))


async def test_the_first_call_is_made_and_its_answer_given_again(kept):
    assert await kept.begin(claim()) is None
    await kept.keep(claim(), CREATED)
    assert await kept.begin(claim()) == CREATED
    assert await kept.begin(claim()) == CREATED


@pytest.mark.parametrize(
    "other",
    [
        claim(key="k-2"),
        claim(scope=Scope("u")),
        claim(scope=Scope("t", "o")),
        claim(call="user:2\nPOST\n/keys"),
        claim(call="user:1\nPOST\n/users"),
    ],
)
async def test_another_key_caller_or_path_is_another_call(kept, other):
    await kept.begin(claim())
    await kept.keep(claim(), CREATED)
    assert await kept.begin(other) is None


async def test_another_body_is_refused(kept):
    await kept.begin(claim())
    with pytest.raises(Conflict, match="内容不同"):
        await kept.begin(claim(body=b"{} "))
    await kept.keep(claim(), CREATED)
    with pytest.raises(Conflict, match="内容不同"):
        await kept.begin(claim(body=b"{} "))


async def test_of_calls_at_the_same_time_one_is_made(kept):
    results = await asyncio.gather(*(kept.begin(claim()) for _ in range(8)), return_exceptions=True)
    assert sum(result is None for result in results) == 1
    assert sum(isinstance(result, Conflict) for result in results) == 7


async def test_what_came_to_nothing_may_be_called_again(kept):
    await kept.begin(claim())
    await kept.release(claim())
    assert await kept.begin(claim()) is None
    await kept.keep(claim(), CREATED)
    await kept.release(claim())
    assert await kept.begin(claim()) == CREATED


async def test_what_a_killed_process_left_is_taken_over_by_one(kept, database):
    await kept.begin(claim())
    await change(database, lease_until=clock.now() - timedelta(seconds=1))
    results = await asyncio.gather(*(kept.begin(claim()) for _ in range(4)), return_exceptions=True)
    assert sum(result is None for result in results) == 1
    assert sum(isinstance(result, Conflict) for result in results) == 3


async def test_after_a_day_the_key_is_free(kept, database):
    await kept.begin(claim())
    await kept.keep(claim(), CREATED)
    await change(database, expires_at=clock.now() - timedelta(seconds=1))
    assert await kept.begin(claim()) is None


async def test_nothing_of_the_call_can_be_read_from_the_database(kept, database):
    sent = claim(key="a-key-of-the-caller", body=b'{"password":"secret"}')
    await kept.begin(sent)
    await kept.keep(sent, CREATED)
    async with database.read(EVERYTHING) as tx:
        stored = str(await tx.all(select(kept_answers).where(EVERYTHING.sees(kept_answers))))
    for word in ("a-key-of", "secret", "wsk_", "user:1"):
        assert word not in stored
    assert sent.fingerprint != claim(key="another", body=b'{"password":"secret"}').fingerprint


async def test_an_answer_that_is_too_large_is_known_to_have_been_given(kept):
    await kept.begin(claim())
    await kept.keep(claim(), Answer(200, "application/json", b"x" * (LARGEST + 1)))
    assert await kept.begin(claim()) == Answer(200, "application/json", None)
