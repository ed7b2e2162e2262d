"""The conformance suite of durable work: what a crash, a stop, an error and a cancellation leave."""

import asyncio
from datetime import timedelta

import pytest
import structlog
from sqlalchemy import delete, insert, update

from durable import Room
from serving import eventually_async
from wenshu.core.database.processes import processes
from wenshu.core.database.scope import EVERYTHING, Scope
from wenshu.core.jobs.attempt import Attempt
from wenshu.core.jobs.claims import Claims
from wenshu.core.jobs.job import Job
from wenshu.core.jobs.kinds import Retries
from wenshu.core.jobs.moves import Moves
from wenshu.core.jobs.retention import Retention
from wenshu.core.jobs.rules import Rules
from wenshu.core.jobs.states import JobState
from wenshu.core.jobs.tables import jobs
from wenshu.core.jobs.turns import Turns
from wenshu.kit import clock
from wenshu.kit.errors import Conflict, InvalidInput, NotFound, Unavailable

T = Scope("t")


@pytest.fixture
async def room(database, tmp_path):
    return Room(database, tmp_path)


async def later(value):
    await asyncio.sleep(0)
    return value


def giving(value):
    """A handler that gives this."""

    async def handler(job):
        del job
        return value

    return handler


def raising(error):
    """A handler that raises this."""

    async def handler(job):
        del job
        raise error

    return handler


async def test_a_job_runs_and_keeps_its_result(room):
    async def double(job):
        return {"n": await job.step("double", lambda: later(job.payload["n"] * 2))}

    room.kinds.register("kind", double)
    async with room.working():
        (job,) = await room.over(T, await room.accept(T, payload={"n": 21}))
    assert (job.state, job.result, job.error, job.attempts) == (JobState.SUCCEEDED, {"n": 42}, None, 1)
    assert job.started_at is not None
    assert job.finished_at >= job.started_at >= job.created_at


async def test_what_was_accepted_before_the_worker_began_is_run(room):
    room.kinds.register("kind", lambda job: later(job.payload))
    accepted = [await room.accept(T, payload={"n": n}) for n in range(5)]
    async with room.working():
        jobs = await room.over(T, *accepted)
    assert [job.result["n"] for job in jobs] == list(range(5))


async def test_nothing_is_run_of_a_transaction_that_failed(room):
    room.kinds.register("kind", lambda job: later(job.payload))
    async with room.working():
        with pytest.raises(Conflict):
            await accept_twice(room, "1")
        with pytest.raises(NotFound):
            await room.jobs.get(T, "1")


async def accept_twice(room, job_id):
    async with room.database.write(T) as tx:
        await tx.run(insert(jobs).values(Job(job_id, "t", "", "kind", {}, clock.now()).row()))
        await room.jobs.accept(tx, T, "kind", {})
        await tx.run(insert(jobs).values(Job(job_id, "t", "", "kind", {}, clock.now()).row()))


async def test_a_permanent_error_fails_at_once_with_its_words(room):
    room.kinds.register("kind", raising(InvalidInput("地址无效", field="url")))
    async with room.working():
        (job,) = await room.over(T, await room.accept(T))
    assert (job.state, job.attempts) == (JobState.FAILED, 1)
    assert job.error == {"code": "invalid_input", "message": "地址无效"}


async def test_an_unexpected_error_tells_nothing_of_itself(room):
    room.kinds.register("kind", raising(ValueError("/secret/path")))
    async with room.working():
        (job,) = await room.over(T, await room.accept(T))
    assert job.error == {"code": "internal", "message": "服务器内部错误"}


@pytest.mark.parametrize("result", [object(), 42, [1]])
async def test_a_result_that_is_no_json_object_fails(room, result):
    room.kinds.register("kind", giving(result))
    async with room.working():
        (job,) = await room.over(T, await room.accept(T))
    assert job.state is JobState.FAILED


async def test_a_transient_error_is_tried_again_and_finished_steps_are_not(room):
    done = []

    async def flaky(job):
        first = await job.step("first", lambda: note("first"))
        if job.attempt < 3:
            raise Unavailable
        return {"done": first + await job.step("second", lambda: note("second"))}

    async def note(name):
        done.append(name)
        return [name]

    room.kinds.register("kind", flaky, Retries(delays=(0.01,)))
    async with room.working():
        (job,) = await room.over(T, await room.accept(T))
    assert done == ["first", "second"]
    assert (job.state, job.attempts, job.result, job.failures) == (
        JobState.SUCCEEDED,
        3,
        {"done": ["first", "second"]},
        0,
    )


async def test_a_step_that_failed_is_done_again(room):
    tried = []

    async def flaky(job):
        return {"only": await job.step("only", lambda: attempt(job))}

    async def attempt(job):
        tried.append(job.key("only"))
        if job.attempt == 1:
            raise Unavailable
        return "done"

    room.kinds.register("kind", flaky, Retries(delays=(0.01,)))
    async with room.working():
        (job,) = await room.over(T, await room.accept(T))
    assert job.result == {"only": "done"}
    assert tried == [f"{job.id}/only"] * 2


async def test_transient_errors_in_a_row_end_in_failure_and_a_finished_step_begins_the_count_anew(room):
    async def flaky(job):
        for number in range(4):
            await job.step(f"step {number}", lambda number=number: once(job, number))
        raise Unavailable

    async def once(job, number):
        if job.attempt <= 2 * number + 1:
            raise Unavailable("数据源无响应")
        return number

    room.kinds.register("kind", flaky, Retries(delays=(0.001,), runs=3))
    async with room.working():
        (job,) = await room.over(T, await room.accept(T))
    assert (job.state, job.error["code"]) == (JobState.FAILED, "unavailable")
    assert job.attempts == 10


async def test_a_job_waits_for_its_time_and_needs_nobody_to_wake_it(room):
    room.kinds.register("kind", giving(None))
    async with room.working():
        far = await room.accept(T, run_after=clock.now() + timedelta(hours=1))
        soon = clock.now() + timedelta(seconds=0.2)
        near = await room.accept(T, run_after=soon)
        (job,) = await room.over(T, near)
    assert job.started_at >= soon
    assert (await room.jobs.get(T, far)).state is JobState.QUEUED


async def test_a_queued_job_is_cancelled_at_once_and_never_runs(room):
    ran = []

    async def note(job):
        ran.append(job.id)

    room.kinds.register("kind", note)
    job_id = await room.accept(T)
    assert (await room.jobs.cancel(T, job_id)).state is JobState.CANCELLED
    async with room.working():
        other = await room.accept(T)
        await room.over(T, other)
    assert ran == [other]
    assert (await room.jobs.get(T, job_id)).state is JobState.CANCELLED


async def test_a_running_job_is_cancelled_at_its_next_step_and_retried_from_there(room):
    entered, go = asyncio.Event(), asyncio.Event()
    done = []

    async def work(job):
        for name in ("a", "b", "c"):
            await job.step(name, lambda name=name: step(name))

    async def step(name):
        done.append(name)
        if name == "b":
            entered.set()
            await go.wait()

    room.kinds.register("kind", work)
    async with room.working():
        job_id = await room.accept(T)
        await entered.wait()
        asked = await room.jobs.cancel(T, job_id)
        assert (asked.state, asked.cancel_asked) == (JobState.RUNNING, True)
        go.set()
        (job,) = await room.over(T, job_id)
        assert (job.state, done) == (JobState.CANCELLED, ["a", "b"])
        with pytest.raises(Conflict):
            await room.jobs.cancel(T, job_id)
        await room.jobs.retry(T, job_id)
        (job,) = await room.over(T, job_id)
    assert (job.state, done) == (JobState.SUCCEEDED, ["a", "b", "c"])


async def test_a_long_step_can_look_whether_to_end(room):
    entered = asyncio.Event()

    async def work(job):
        await job.step("long", lambda: pieces(job))

    async def pieces(job):
        while True:
            entered.set()
            job.check()
            await asyncio.sleep(0.01)

    room.kinds.register("kind", work)
    async with room.working():
        job_id = await room.accept(T)
        await entered.wait()
        await room.jobs.cancel(T, job_id)
        (job,) = await room.over(T, job_id)
    assert job.state is JobState.CANCELLED


async def test_a_stop_puts_jobs_back_and_the_next_worker_goes_on(room):
    entered, done = asyncio.Event(), []

    async def work(job):
        await job.step("first", lambda: later(done.append("first")))
        if job.attempt == 1:
            entered.set()
            await asyncio.Event().wait()
        await job.step("second", lambda: later(done.append("second")))

    room.kinds.register("kind", work)
    async with room.working(seconds=0):
        job_id = await room.accept(T)
        await entered.wait()
    job = await room.jobs.get(T, job_id)
    assert (job.state, job.process_id, job.failures) == (JobState.QUEUED, None, 0)
    async with room.working():
        (job,) = await room.over(T, job_id)
    assert (job.state, done, job.attempts) == (JobState.SUCCEEDED, ["first", "second"], 2)


async def test_a_graceful_stop_ends_a_job_at_its_next_step(room):
    entered, done = asyncio.Event(), []

    async def work(job):
        for name in ("first", "second"):
            await job.step(name, lambda name=name: step(name))

    async def step(name):
        entered.set()
        await asyncio.sleep(0.2)
        done.append(name)

    room.kinds.register("kind", work)
    async with room.working():
        job_id = await room.accept(T)
        await entered.wait()
    assert done == ["first"]
    assert (await room.jobs.get(T, job_id)).state is JobState.QUEUED


async def test_two_steps_of_one_name_are_a_fault_of_the_handler(room):
    async def work(job):
        await job.step("a", lambda: later(1))
        await job.step("a", lambda: later(2))

    room.kinds.register("kind", work)
    async with room.working():
        (job,) = await room.over(T, await room.accept(T))
    assert job.error["code"] == "internal"


async def test_jobs_run_side_by_side_up_to_the_limit(room):
    running, most = 0, 0

    async def work(_job):
        nonlocal running, most
        running += 1
        most = max(most, running)
        await eventually_async(lambda: most > 2)
        await asyncio.sleep(0.02)
        running -= 1

    room.kinds.register("kind", work)
    async with room.working(concurrency=3, tenant_concurrency=3):
        ids = [await room.accept(T) for _ in range(9)]
        await room.over(T, *ids)
    assert most == 3


async def test_a_tenant_has_its_own_limit(room):
    running, most = {"t": 0, "u": 0}, {"t": 0, "u": 0}

    async def work(job):
        tenant = job.scope.tenant
        running[tenant] += 1
        most[tenant] = max(most[tenant], running[tenant])
        # The first waits for the second; a third one would be counted meanwhile.
        await eventually_async(lambda: most[tenant] > 1)
        await asyncio.sleep(0.02)
        running[tenant] -= 1

    room.kinds.register("kind", work)
    ids = [(scope, await room.accept(scope)) for scope in (T, Scope("u")) for _ in range(6)]
    async with room.working(concurrency=4, tenant_concurrency=2):
        for scope, job_id in ids:
            await room.over(scope, job_id)
    assert most == {"t": 2, "u": 2}


async def test_smaller_priorities_of_a_tenant_go_first(room):
    order = []

    async def note(job):
        order.append(job.payload["n"])

    room.kinds.register("kind", note)
    accepted = [await room.accept(T, payload={"n": n}, priority=priority) for n, priority in enumerate([0, 5, -5, 0])]
    async with room.working(concurrency=1):
        await room.over(T, *accepted)
    assert order == [2, 0, 3, 1]


async def test_one_job_is_not_starved_by_another_tenants_thousand(room):
    order = []

    async def note(job):
        order.append(job.scope.tenant)

    room.kinds.register("kind", note)
    async with room.database.write(T) as tx:
        for _ in range(1000):
            await room.jobs.accept(tx, T, "kind", {}, priority=-1)
    async with room.working(concurrency=2, tenant_concurrency=2):
        job_id = await room.accept(Scope("u"), priority=9)
        await room.over(Scope("u"), job_id)
        assert order.index("u") < 8
        assert (await room.jobs.find(T, state=JobState.QUEUED)).total > 900


async def test_a_job_of_an_unknown_kind_waits(room):
    room.kinds.register("kind", giving(None))
    unknown = await room.accept(T, "of another release")
    async with room.working():
        await room.over(T, await room.accept(T))
    assert (await room.jobs.get(T, unknown)).state is JobState.QUEUED


async def test_the_trace_of_the_call_stays_with_the_job(room):
    with structlog.contextvars.bound_contextvars(trace_id="abc"):
        job_id = await room.accept(T)
    seen = []

    async def look(job):
        seen.append((job.trace_id, structlog.contextvars.get_contextvars()["trace_id"]))

    room.kinds.register("kind", look)
    async with room.working():
        await room.over(T, job_id)
    assert seen == [("abc", "abc")]


async def test_progress_is_told_and_kept(room):
    async def count(job):
        for n in range(50):
            await job.progress(n + 1, 50, f"第 {n + 1} 个", failed=n % 2)

    room.kinds.register("kind", count)
    async with room.working():
        job_id = await room.accept(T)
        (job,) = await room.over(T, job_id)
    assert (job.progress_done, job.progress_total) == (50, 50)
    told = await room.jobs.newest_events(T, job_id, 100)
    running = [event.data for event in told if event.data["message"]]
    assert running[0] == {"state": "running", "attempt": 1, "done": 1, "total": 50, "message": "第 1 个", "failed": 0}
    assert len(running) < 10
    assert told[-1].data["done"] == 50


async def test_what_is_over_for_long_goes_with_all_that_was_kept_of_it(room):
    async def stepping(job):
        await job.step("only", lambda: later(1))

    room.kinds.register("kind", stepping)
    async with room.working() as worker:
        old, open_ = await room.accept(T), await room.accept(T, "unknown")
        await room.over(T, old)
        async with room.database.write(T) as tx:
            await room.hub.append(tx, T, "a subject of its own", {"n": 1})
        retention = Retention(room.database, worker._engine, timedelta(days=1), Rules(room.database))
        assert await retention.delete_jobs(clock.now() - timedelta(minutes=1)) == 0
        assert list(await worker._engine.finished([f"{old}.1"])) == ["only"]
        assert await retention.delete_jobs(clock.now()) == 1
        assert await retention.delete_events(clock.now()) == 1
        assert await worker._engine.finished([f"{old}.1"]) == {}
    with pytest.raises(NotFound):
        await room.jobs.get(T, old)
    assert await room.jobs.newest_events(T, old, 9) == []
    assert (await room.jobs.get(T, open_)).state is JobState.QUEUED
    assert len(await room.jobs.newest_events(T, open_, 9)) == 1


async def test_retention_is_a_job_of_the_house(room):
    async with room.working() as worker:
        Retention(room.database, worker._engine, timedelta(days=1), Rules(room.database)).register(
            room.kinds, room.schedules
        )
        await room.schedules.accept_due(clock.now())
        (job,) = (await room.jobs.find(Scope())).items
        (job,) = await room.over(Scope(), job.id)
    assert job.result == {"jobs": 0, "events": 0}


async def test_what_a_dead_process_left_is_taken_back_and_a_job_that_kills_fails_in_the_end(room):
    room.kinds.register("kind", giving(None), Retries(delays=(0.01,), runs=3))
    survivor, killer = await room.accept(T), await room.accept(T)
    for process in ("dead 1", "dead 2"):
        await left_behind(room, survivor, process, failures=0)
        async with room.working():
            (job,) = await room.over(T, survivor)
        assert (job.state, job.failures) == (JobState.SUCCEEDED, 0)
    await left_behind(room, killer, "dead 3", failures=2)
    async with room.working():
        (job,) = await room.over(T, killer)
    assert (job.state, job.error["code"], job.failures) == (JobState.FAILED, "crashed", 3)


async def left_behind(room, job_id, process_id, *, failures):
    """As a process leaves a job that is killed while it runs it."""
    async with room.database.write(T) as tx:
        running = {"state": "running", "process_id": process_id, "failures": failures, "finished_at": None}
        await tx.run(update(jobs).where(jobs.c.id == job_id).values(**running, attempts=jobs.c.attempts + 1))


async def gone(room, worker):
    """Nobody has seen the worker's process for a while."""
    async with room.database.write(EVERYTHING) as tx:
        await tx.run(delete(processes).where(processes.c.id == worker._process.id))


async def test_a_run_that_lost_its_job_finishes_nothing_more(room):
    """A process that was thought dead, and wakes amid a step: the job's other run is the one that counts."""
    entered, go, told = asyncio.Event(), asyncio.Event(), []

    async def work(job):
        await job.step("first", lambda: step(job, "first"))
        await job.step("second", lambda: step(job, "second"))
        return {"attempt": job.attempt}

    async def step(job, name):
        if job.attempt == 1:
            entered.set()
            await go.wait()
        told.append((name, job.attempt))

    room.kinds.register("kind", work)
    async with room.working() as worker:
        job_id = await room.accept(T)
        await entered.wait()
        await gone(room, worker)
        other = Claims(room.database, Moves(room.hub), room.kinds, Turns(9), "another process")
        await other.take_back()
        ((job,), _) = await other.take(1)
        await Attempt(room.database, Moves(room.hub), worker._engine, room.kinds["kind"], job).run()
        go.set()
        (job,) = await room.over(T, job_id)
    assert (job.state, job.result, job.attempts) == (JobState.SUCCEEDED, {"attempt": 2}, 2)
    assert told == [("first", 2), ("second", 2), ("first", 1)]
