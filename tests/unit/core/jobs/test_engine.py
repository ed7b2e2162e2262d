"""What the engine needs of DBOS: a new release of it has to keep this."""

import asyncio
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar, copy_context

import pytest

from wenshu.core.jobs.engine import Engine, sqlite_file
from wenshu.core.jobs.running import Ending, JobEnded
from wenshu.kit.errors import Unavailable


@pytest.fixture
async def engine(tmp_path):
    engine = Engine("p1", sqlite_file(tmp_path / "jobs.sqlite3"))
    yield engine
    await engine.close()


async def value(given):
    return given


async def fail():
    raise Unavailable("数据源无响应")


async def test_finished_steps_are_kept_by_their_names(engine):
    results = []

    async def body():
        results.append(await engine.step("a", lambda: value({"文": [1, None, 2.5]})))
        results.append(await engine.step("b", lambda: value(None)))

    await engine.run("job.1", body)
    assert results == [{"文": [1, None, 2.5]}, None]
    assert await engine.finished(["job.1", "job.2"]) == {"a": {"文": [1, None, 2.5]}, "b": None}
    await engine.forget(["job.1"])
    assert await engine.finished(["job.1"]) == {}


async def test_steps_may_run_side_by_side(engine):
    async def body():
        await asyncio.gather(*(engine.step(str(n), lambda n=n: value(n)) for n in range(10)))

    await engine.run("job.1", body)
    assert await engine.finished(["job.1"]) == {str(n): n for n in range(10)}


async def test_a_step_that_fails_raises_its_own_error_and_is_not_kept(engine):
    errors = []

    async def body():
        try:
            await engine.step("a", fail)
        except Unavailable as error:
            errors.append(error.message)
        await engine.step("b", lambda: value(1))

    await engine.run("job.1", body)
    assert errors == ["数据源无响应"]
    assert await engine.finished(["job.1"]) == {"b": 1}


async def test_a_run_that_is_ended_from_outside_keeps_nothing_more(engine):
    endings = []

    async def body():
        await engine.step("a", lambda: value(1))
        try:
            await engine.step("b", end)
        except JobEnded as ended:
            endings.append(ended.ending)

    async def end():
        # As another process would: outside of the run's context.
        await asyncio.create_task(engine.finished(["job.1"]), context=outside)

    outside = copy_context()
    await engine.run("job.1", body)
    assert endings == [Ending.LOST]
    assert await engine.finished(["job.1"]) == {"a": 1}


async def test_a_run_begins_once(engine):
    begun = []

    async def body():
        begun.append(1)

    await engine.run("job.1", body)
    with pytest.raises(Exception, match=r"job\.1"):
        await engine.run("job.1", body)
    assert begun == [1]


async def test_an_engine_that_was_closed_starts_again_and_knows_what_it_knew(engine):
    await engine.run("job.1", lambda: engine.step("a", lambda: value(1)))
    await engine.close()
    assert await engine.finished(["job.1"]) == {"a": 1}


async def test_the_loop_s_own_threads_are_left_alone(engine):
    with ThreadPoolExecutor(1, "ours") as ours:
        asyncio.get_running_loop().set_default_executor(ours)
        await engine.run("job.1", lambda: engine.step("a", where))
        assert await engine.finished(["job.1"]) == {"a": "ours_0"}
        await engine.close()
        assert await where() == "ours_0"


async def where():
    return (await asyncio.to_thread(threading.current_thread)).name


async def test_a_step_gives_what_a_later_run_will_read(engine):
    results = []

    async def body():
        results.append(await engine.step("a", lambda: value((1, {"二": None}))))
        with pytest.raises(TypeError):
            await engine.step("b", lambda: value(object()))

    await engine.run("job.1", body)
    assert results == [[1, {"二": None}]]
    assert await engine.finished(["job.1"]) == {"a": [1, {"二": None}]}


async def test_context_variables_and_cancellation_go_both_ways(engine):
    seen, begun = [], asyncio.Event()
    word = ContextVar("word")

    async def body():
        word.set("inside")
        tasks.append(asyncio.current_task())
        await engine.step("a", wait)

    async def wait():
        seen.append(word.get())
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            seen.append("cancelled")

    tasks = []
    running = asyncio.create_task(engine.run("job.1", body))
    await begun.wait()
    tasks[0].cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert seen == ["inside", "cancelled"]
    assert await engine.finished(["job.1"]) == {}


async def test_its_file_takes_readers_while_it_writes(engine, tmp_path):
    await engine.run("job.1", lambda: engine.step("a", lambda: value(1)))
    with sqlite3.connect(tmp_path / "jobs.sqlite3") as beside:
        assert beside.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    beside.close()


async def test_nothing_starts_before_it_is_needed(tmp_path):
    engine = Engine("p1", sqlite_file(tmp_path / "jobs.sqlite3"))
    assert await engine.finished([]) == {}
    await engine.forget([])
    await engine.close()
    assert not (tmp_path / "jobs.sqlite3").exists()
