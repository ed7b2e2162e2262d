from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from wenshu.core.database.engine import Database
from wenshu.core.database.scope import EVERYTHING, Scope
from wenshu.kit import clock
from wenshu.kit.errors import OverBudget
from wenshu.services.gateway.metering import Meter, Metered
from wenshu.services.gateway.setups import Setup, Setups
from wenshu.services.gateway.tables import calls, usage

ZONE = ZoneInfo("Asia/Shanghai")
CALL = Metered(Scope("t"), datetime(2025, 12, 10, 17, tzinfo=UTC), "key:1", "/v1", "default", "m", 200, 3, 4, 5, "x")


def meter(database: Database, days: int = 36_500) -> Meter:
    return Meter(database, ZONE, timedelta(days=days))


async def sums(database: Database) -> list[tuple]:
    columns = usage.c.tenant_code, usage.c.day, usage.c.calls, usage.c.failures, usage.c.prompt_tokens
    async with database.read(EVERYTHING) as tx:
        rows = await tx.all(select(*columns).where(EVERYTHING.sees(usage)).order_by(usage.c.id))
    return [tuple(row) for row in rows]


async def test_calls_are_summed_by_the_day_of_the_zone(database: Database) -> None:
    first, second = meter(database), meter(database)
    for one in (first, second):  # two processes
        one.note(CALL)
        one.note(replace(CALL, status=503))
        one.note(replace(CALL, scope=Scope("u", "org")))
        await one.flush()
        await one.flush()
    assert await sums(database) == [("t", "2025-12-11", 4, 2, 12), ("u", "2025-12-11", 2, 0, 6)]


async def test_what_could_not_be_written_is_written_later(database: Database) -> None:
    one = meter(database)
    one.note(replace(CALL, caller=None))  # type: ignore[arg-type]
    with pytest.raises(Exception, match="caller"):
        await one.flush()
    assert await sums(database) == []
    one._waiting[0] = CALL
    await one.flush()
    assert (await sums(database))[0][2] == 1


async def test_a_budget_counts_what_is_not_written_yet(database: Database) -> None:
    one, scope = meter(database), Scope("t")
    setup = Setup(day_tokens=10)
    await one.admit(scope, setup)
    one.note(replace(CALL, at=clock.now()))
    await one.admit(scope, setup)
    one.note(replace(CALL, at=clock.now()))
    for limit in (setup, Setup(month_tokens=14)):
        with pytest.raises(OverBudget) as caught:
            await one.admit(scope, limit)
        assert caught.value.retry_after > 0
    await one.admit(scope, Setup(month_tokens=15))
    await one.admit(Scope("u"), setup)
    # Another process sees it, too.
    await one.flush()
    with pytest.raises(OverBudget):
        await meter(database).admit(scope, setup)


async def test_single_calls_are_kept_for_their_days(database: Database) -> None:
    one = meter(database, days=90)
    one.note(CALL)
    one.note(replace(CALL, at=clock.now()))
    await one.flush()
    await one._tidy()
    async with database.read(EVERYTHING) as tx:
        assert await tx.value(select(func.count()).select_from(calls).where(EVERYTHING.sees(calls))) == 1


async def test_a_change_of_a_setup_is_seen_at_once_and_by_others(database: Database) -> None:
    mine, theirs, scope = Setups(database), Setups(database), Scope("t")
    assert (await mine.of("t")).version == 0
    for version, words in ((1, ["一"]), (2, ["二"])):
        async with database.write(scope, lock=("gateway-setup", "t")) as tx:
            await mine.change(tx, scope, blocked=words)
        found = await mine.of("t")
        assert (found.version, list(found.blocked), found.words.found_in(words[0])) == (version, words, True)
    assert (await theirs.of("t")).version == 2
    assert (await theirs.of("u")).words.is_empty
