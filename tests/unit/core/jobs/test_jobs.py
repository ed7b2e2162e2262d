import pytest

from wenshu.core.database.scope import EVERYTHING, Scope
from wenshu.core.jobs.states import JobState
from wenshu.kit.errors import NotFound

T = Scope("t")


async def test_a_key_makes_accepting_idempotent(room):
    first = await room.accept(T, key="k", payload={"n": 1})
    assert await room.accept(T, key="k", payload={"n": 2}) == first
    assert (await room.jobs.get(T, first)).payload == {"n": 1}
    others = [
        await room.accept(T, key="other"),
        await room.accept(T, "another kind", key="k"),
        await room.accept(Scope("u"), key="k"),
        await room.accept(Scope("t", "o"), key="k"),
        await room.accept(Scope(), key="k"),
        await room.accept(T),
        await room.accept(T),
    ]
    assert len({first, *others}) == 8


async def test_a_key_can_be_renewed_once_its_job_is_over(room):
    first = await room.accept(T, key="k", renew=True)
    assert await room.accept(T, key="k", renew=True) == first
    await room.jobs.cancel(T, first)
    assert await room.accept(T, key="k") == first
    second = await room.accept(T, key="k", renew=True)
    assert second != first
    assert (await room.jobs.get(T, first)).key is None


async def test_only_its_scope_sees_a_job(room):
    job_id = await room.accept(Scope("t", "a"))
    for scope in (Scope("t", "a"), Scope("t"), EVERYTHING):
        assert (await room.jobs.get(scope, job_id)).id == job_id
        assert [job.id for job in (await room.jobs.find(scope)).items] == [job_id]
    for scope in (Scope(), Scope("u"), Scope("t", "b")):
        for call in (room.jobs.get, room.jobs.cancel, room.jobs.retry):
            with pytest.raises(NotFound):
                await call(scope, job_id)
        with pytest.raises(NotFound):
            await anext(room.jobs.follow(scope, job_id))
        assert (await room.jobs.find(scope)).items == []
        assert await room.jobs.newest_events(scope, job_id, 9) == []


async def test_a_call_for_one_kind_finds_no_other(room):
    job_id = await room.accept(T)
    for call in (room.jobs.get, room.jobs.cancel, room.jobs.retry):
        with pytest.raises(NotFound):
            await call(T, job_id, kind="another")


async def test_pages(room):
    ids = [await room.accept(T, "odd" if n % 2 else "even", key=f"{n}") for n in range(7)]
    await room.jobs.cancel(T, ids[0])
    page = await room.jobs.find(T, page=2, size=3)
    assert ([job.id for job in page.items], page.total) == (list(reversed(ids))[3:6], 7)
    assert (await room.jobs.find(T, kind="odd")).total == 3
    assert (await room.jobs.find(T, state=JobState.CANCELLED)).items[0].id == ids[0]
    assert [job.id for job in (await room.jobs.find(T, key="5")).items] == [ids[5]]
    assert (await room.jobs.find(T, page=9)).items == []
    assert len((await room.jobs.find(T, size=10**6)).items) == 7
