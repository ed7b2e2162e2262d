"""The census of the queue on both databases: each state by kind, and how long the oldest has waited."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from durable import Room
from wenshu.core.database.engine import Database, DatabaseUnavailable
from wenshu.core.database.scope import EVERYTHING, Scope
from wenshu.core.jobs.census import Census
from wenshu.core.jobs.tables import jobs
from wenshu.core.telemetry import metrics
from wenshu.kit import clock


def figures() -> dict[str, float]:
    lines = metrics.exposition("")[0].decode().splitlines()
    return {
        name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if line.startswith("wenshu_jobs"))
    }


async def test_jobs_are_counted_by_kind_and_state_over_all_tenants(database, tmp_path):
    room = Room(database, tmp_path)

    async def handle(_):
        return None

    for kind in ("a", "b"):
        room.kinds.register(kind, handle)
    ids = [await room.accept(Scope(tenant), "a") for tenant in ("t", "u", "v", "w")]
    now = clock.now()
    changes = [
        {"created_at": now - timedelta(seconds=100)},
        {"run_after": now + timedelta(hours=1), "created_at": now - timedelta(seconds=900)},
        {"state": "running", "created_at": now - timedelta(seconds=900)},
        {"state": "succeeded", "created_at": now - timedelta(seconds=900)},
    ]
    async with database.write(EVERYTHING) as tx:
        for job_id, values in zip(ids, changes, strict=True):
            await tx.run(update(jobs).where(jobs.c.id == job_id, EVERYTHING.sees(jobs)).values(**values))
    await Census(database, room.kinds).measure()
    found = figures()
    assert {state: found[f'wenshu_jobs{{kind="a",state="{state}"}}'] for state in ("ready", "delayed", "running")} == {
        "ready": 1,
        "delayed": 1,
        "running": 1,
    }
    assert 100 <= found['wenshu_jobs_oldest_ready_seconds{kind="a"}'] < 900
    assert found['wenshu_jobs{kind="b",state="ready"}'] == 0
    assert found['wenshu_jobs_oldest_ready_seconds{kind="b"}'] == 0


async def test_no_old_figures_are_told_while_the_database_is_away(database, tmp_path):
    room = Room(database, tmp_path)
    await room.accept(Scope("t"), "a")
    await Census(database, room.kinds).measure()
    assert figures()
    away = Database("postgresql://nobody@127.0.0.1:1/none")
    with pytest.raises(DatabaseUnavailable):
        await Census(away, room.kinds).measure()
    assert figures() == {}
    await away.close()
