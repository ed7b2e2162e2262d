from datetime import UTC, datetime, timedelta

import pytest

from wenshu.core.database.scope import Scope

NIGHT = datetime(2025, 6, 1, 19, 29, tzinfo=UTC)  # 03:29 in Shanghai


async def accepted(room):
    return sorted((job.kind, job.key) for job in (await room.jobs.find(Scope())).items)


async def test_each_due_time_is_kept_once_however_often_it_is_looked_at(room):
    room.schedules.add("night", "30 3 * * *")
    await room.schedules.accept_due(NIGHT)
    await room.schedules.accept_due(NIGHT)
    assert await accepted(room) == [("night", "2025-06-01T03:30+08:00")]
    await room.schedules.accept_due(NIGHT + timedelta(minutes=2))
    assert len(await accepted(room)) == 2


async def test_a_machine_that_was_off_makes_up_for_one(room):
    room.schedules.add("night", "30 3 * * *")
    await room.schedules.accept_due(NIGHT)
    await room.schedules.accept_due(NIGHT + timedelta(days=9))
    assert await accepted(room) == [("night", "2025-06-01T03:30+08:00"), ("night", "2025-06-10T03:30+08:00")]


def test_the_next_of_several(room):
    assert room.schedules.next_after(NIGHT) == NIGHT + timedelta(days=1)
    room.schedules.add("night", "30 3 * * *")
    room.schedules.add("hourly", "45 * * * *")
    assert room.schedules.next_after(NIGHT) == NIGHT + timedelta(minutes=1)
    assert room.schedules.next_after(NIGHT + timedelta(minutes=1)) == NIGHT + timedelta(minutes=16)


def test_a_wrong_expression_is_refused(room):
    with pytest.raises(ValueError, match="cron"):
        room.schedules.add("night", "every night")
