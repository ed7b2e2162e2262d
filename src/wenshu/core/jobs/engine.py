"""The engine: DBOS keeps the finished steps of each run and fences off a run that lost its job. Nobody else knows DBOS.

One run of a job is one workflow of DBOS, named by the job's id and the run's number. What people see, who runs what and
in which order is in our own rows; DBOS's queues, recovery and schedules are not used (docs/decisions/0002 says why).
"""

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, create_engine
from sqlalchemy import Engine as SyncEngine

from wenshu.core.database.examine import STEPS_SCHEMA
from wenshu.core.jobs.running import Ending, JobEnded, Step

if TYPE_CHECKING:
    from dbos import DBOS, DBOSConfig

_NAME = "wenshu"
_VERSION = "1"
"""Of the one workflow below, which only calls a body of ours; DBOS would take a hash of the source for it."""
_THREADS = 16
_CONNECTIONS = 5
_QUIET = {"DBOSAwaitedWorkflowCancelledError", "DBOSNonExistentWorkflowError"}
_MOST_IDS = 500

Body = Callable[[], Awaitable[None]]


class _NotFinished(BaseException):
    """Carries a step's error past DBOS, which would write an ``Exception`` down as the step's outcome for ever."""

    def __init__(self, error: Exception) -> None:
        self.error = error
        super().__init__(error)


class Engine:
    """Starts at its first use (some 0.2 s); one in a process, as DBOS is a singleton.

    ``url`` is that of our PostgreSQL, where DBOS has a schema of its own, or of a SQLite file of its own.
    """

    def __init__(self, executor_id: str, url: URL) -> None:
        self._executor_id = executor_id
        self._url = url
        self._starting = asyncio.Lock()
        self._dbos: type[DBOS] | None = None
        self._connections: SyncEngine | None = None
        self._bodies: dict[str, Body] = {}
        self._workflow: Callable[[str], Coroutine[Any, Any, None]] | None = None

    async def run(self, run_id: str, body: Body) -> None:
        """Run ``body``, whose steps are kept under ``run_id``; it sees to its own errors.

        Raises what keeps it from starting: a ``run_id`` that was used before, a database that does not answer.
        """
        from dbos import SetWorkflowID  # noqa: PLC0415 (takes 0.2 s, and only running jobs need it)

        dbos = await self._started()
        assert self._workflow is not None  # noqa: S101 (set by the start)
        self._bodies[run_id] = body
        try:
            with SetWorkflowID(run_id, workflow_id_reuse_policy="reject"):
                handle = await dbos.start_workflow_async(self._workflow, run_id)
            # Another run may have taken the job over meanwhile; then there is no result to have.
            with suppress(Exception):
                await handle.get_result()
        finally:
            self._bodies.pop(run_id, None)

    async def step(self, name: str, work: Step) -> Any:  # noqa: ANN401 (JSON)
        """Do a step of the run around it and write its result down. Raises what ``work`` raises, and JobEnded."""
        from dbos import DBOS, error  # noqa: PLC0415 (see ``run``)

        async def guarded() -> Any:  # noqa: ANN401 (JSON)
            try:
                return await work()
            except Exception as fault:
                raise _NotFinished(fault) from fault

        try:
            return await DBOS.run_step_async({"name": name}, guarded)
        except _NotFinished as unfinished:
            raise unfinished.error from None
        except error.DBOSBaseException as fault:
            raise JobEnded(Ending.LOST) from fault

    async def finished(self, run_ids: Iterable[str]) -> Mapping[str, Any]:
        """End these runs where they are not over, so that they finish nothing more; each finished step's result."""
        ids = list(run_ids)
        if not ids:
            return {}
        dbos = await self._started()
        await dbos.cancel_workflows_async(ids)
        steps = [step for run_id in ids for step in await dbos.list_workflow_steps_async(run_id)]
        return {step["function_name"]: step["output"] for step in steps}

    async def forget(self, run_ids: Iterable[str]) -> None:
        """Delete the runs and their steps."""
        ids = list(run_ids)
        if not ids:
            return
        dbos = await self._started()
        for start in range(0, len(ids), _MOST_IDS):
            await dbos.delete_workflows_async(ids[start : start + _MOST_IDS])

    async def close(self) -> None:
        """Stop DBOS; runs under way must be over."""
        async with self._starting:
            dbos, self._dbos = self._dbos, None
            if dbos is None:
                return
            loop = asyncio.get_running_loop()
            with ThreadPoolExecutor(1, "wenshu-jobs-stop") as own:
                await loop.run_in_executor(own, lambda: dbos.destroy(destroy_registry=True))
            if self._connections is not None:
                self._connections.dispose()
            # DBOS made its own threads the loop's default ones, and has just ended them.
            loop.set_default_executor(ThreadPoolExecutor(_THREADS, "wenshu-default"))

    async def _started(self) -> "type[DBOS]":
        async with self._starting:
            if self._dbos is not None:
                return self._dbos
            with ThreadPoolExecutor(1, "wenshu-jobs-start") as own:
                started = await asyncio.get_running_loop().run_in_executor(own, self._launch)
            self._dbos = started
            return started

    def _launch(self) -> "type[DBOS]":
        _tame_log()
        from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer  # noqa: PLC0415 (see ``run``)

        config: DBOSConfig = {
            "name": _NAME,
            **self._database(),
            "application_version": _VERSION,
            "executor_id": self._executor_id,
            "dbos_system_schema": STEPS_SCHEMA,
            "serializer": DBOSPortableJSONSerializer(),
            "max_executor_threads": _THREADS,
            "use_listen_notify": False,
            "notification_listener_polling_interval_sec": 0.25,  # how long it may hold up ``destroy``
            "scheduler_polling_interval_sec": 3600.0,
            "log_level": "WARNING",
        }
        DBOS(config=config)
        bodies = self._bodies

        @DBOS.workflow(name="run")
        async def run(run_id: str) -> None:
            await bodies[run_id]()

        self._workflow = run
        try:
            DBOS.launch()
        except BaseException:
            DBOS.destroy(destroy_registry=True)
            raise
        return DBOS

    def _database(self) -> "DBOSConfig":
        if self._url.get_backend_name() == "sqlite":
            kwargs: dict[str, Any] = {"creator": self._connect, "pool_size": _CONNECTIONS}
            return {"system_database_url": str(self._url), "db_engine_kwargs": kwargs}
        # Ours, or DBOS would look for it from the database ``postgres``, where its user may have no business.
        self._connections = create_engine(self._url, pool_size=_CONNECTIONS, max_overflow=0, pool_pre_ping=True)
        return {"system_database_engine": self._connections}

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._url.database or "", check_same_thread=False)
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL"):
            connection.execute(f"PRAGMA {pragma}")
        return connection


def sqlite_file(path: Path) -> URL:
    """The URL of the engine's own file."""
    return URL.create("sqlite", database=str(path))


def _tame_log() -> None:
    """Have DBOS write into our log: it adds a handler of its own only where there is none."""
    log = logging.getLogger("dbos")
    if not log.handlers:
        log.addHandler(logging.NullHandler())
        log.addFilter(_expected)


def _expected(record: logging.LogRecord) -> bool:
    """Drop the stack traces of runs that were ended from outside."""
    error = record.exc_info[1] if record.exc_info else None
    return type(error).__name__ not in _QUIET
